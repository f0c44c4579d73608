/* Logs that nobody could have of a real server: made up here, signed by their own keys, and served
   over a socket. `sharelog verify --url` is to see what is wrong with each. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/event/event.h"
#include "core/proof/conflict.h"
#include "tests/support/fake_http.h"
#include "tests/support/tools_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 250 /* at most: one tile that isn't full */
#define SHARES 4
#define ORIGIN "forged.example/log"
#define DAY_S UINT64_C(86400)

static struct tools_run run;

/* ---- a log ---- */

struct forged {
    struct fake_http http;
    uint8_t seed[32], witness_seed[32];
    struct note_key key, witness;
    char vkey[NOTE_VKEY_BYTES], witness_vkey[NOTE_VKEY_BYTES];
    struct buf headers[EVENTS];
    uint8_t leaves[EVENTS][32];
    size_t count;
    struct header last[SHARES];
    uint8_t last_leaf[SHARES][32];
    struct buf note;    /* the checkpoint that is shown */
    struct buf full[2]; /* instead of a partial tile, which isn't there: hashes, entries */
    size_t behind_hashes, behind_entries; /* bytes behind a tile's end */
    size_t flood;                         /* a tile has so many bytes */
};

static struct forged forged;

static uint64_t now_s(void)
{
    return (uint64_t)time(NULL);
}

static void answer_tile(const struct fake_request *request, struct fake_reply *reply)
{
    bool entries = strstr(request->path, "entries") != NULL;
    size_t behind = entries ? forged.behind_entries : forged.behind_hashes;
    bool partial = strstr(request->path, ".p/") != NULL;
    if (forged.full[0].len) {
        reply->status = partial ? 404 : 200;
        if (!partial) buf_add_span(&reply->body, buf_span(&forged.full[entries]));
    } else {
        for (size_t i = 0; i < forged.count; i++) {
            uint8_t length[2];
            be_put(length, forged.headers[i].len, 2);
            if (entries) buf_add(&reply->body, length, 2);
            if (entries) buf_add_span(&reply->body, buf_span(&forged.headers[i]));
            if (!entries) buf_add(&reply->body, forged.leaves[i], 32);
        }
    }
    for (size_t i = 0; i < behind; i++)
        buf_add(&reply->body, "x", 1);
    while (reply->body.len < forged.flood)
        buf_add(&reply->body, "0123456789abcdef", 16);
}

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    (void)ctx;
    if (strcmp(request->path, "/log/checkpoint") == 0)
        buf_add_span(&reply->body, buf_span(&forged.note));
    else
        answer_tile(request, reply);
}

static void empty(void)
{
    for (size_t i = 0; i < forged.count; i++)
        buf_fini(&forged.headers[i]);
    buf_fini(&forged.note);
    buf_fini(&forged.full[0]);
    buf_fini(&forged.full[1]);
    forged.count = forged.behind_hashes = forged.behind_entries = forged.flood = 0;
    memset(forged.last, 0, sizeof(forged.last));
    memset(forged.last_leaf, 0, sizeof(forged.last_leaf));
    memset(forged.headers, 0, sizeof(forged.headers));
}

/* The next event of a share, whatever its kind. */
static void add(unsigned share, uint64_t kind, uint64_t time_ms)
{
    struct header *header = &forged.last[share];
    assert_true(forged.count < EVENTS && share < SHARES);
    header->kind = (enum sl_kind)kind;
    header->sequence++;
    header->time_ms = time_ms;
    memset(header->share_ref, (int)share + 1, 32);
    memcpy(header->prev, forged.last_leaf[share], 32);
    struct buf *bytes = &forged.headers[forged.count];
    header_encode(header, bytes);
    header_leaf(buf_span(bytes), forged.leaves[forged.count]);
    memcpy(forged.last_leaf[share], forged.leaves[forged.count], 32);
    forged.count++;
}

static void text_of(size_t size, struct buf *text)
{
    struct tree_edge edge = {0};
    struct checkpoint_text checkpoint = {.origin = SL_SPAN(ORIGIN), .size = size};
    for (size_t i = 0; i < size; i++)
        tree_add(&edge, forged.leaves[i]);
    tree_edge_root(&edge, checkpoint.root);
    checkpoint_write(&checkpoint, text);
}

/* Sign it as it is; cosigned_s 0: no witness has. */
static void sign_at(uint64_t cosigned_s)
{
    struct buf text = {0};
    text_of(forged.count, &text);
    buf_clear(&forged.note);
    buf_add_span(&forged.note, buf_span(&text));
    buf_add(&forged.note, "\n", 1);
    note_sign(buf_span(&text), &forged.key, forged.seed, &forged.note);
    if (cosigned_s)
        note_cosign(
            buf_span(&text), &forged.witness, forged.witness_seed, cosigned_s, &forged.note);
    buf_fini(&text);
}

/* Two shares, one removed and allowed, at times like any others. */
static void some_events(uint64_t ago_ms)
{
    uint64_t ms = now_s() * 1000 - ago_ms;
    add(0, SL_CREATE, ms);
    add(0, SL_SYNC, ms + 5);
    add(1, SL_CREATE, ms + 6);
    add(0, SL_REMOVE, ms + 7);
    add(0, SL_ALLOW, ms + 9);
    add(1, SL_SYNC, ms + 8); /* clocks aren't that exact */
}

static int open_all(void **state)
{
    uint8_t public_key[32];
    (void)state;
    memset(forged.seed, 1, 32);
    memset(forged.witness_seed, 2, 32);
    crypto_sign_key(forged.seed, public_key);
    note_key_make(&forged.key, NOTE_ED25519, SL_SPAN(ORIGIN), public_key);
    note_key_text(&forged.key, forged.vkey);
    crypto_sign_key(forged.witness_seed, public_key);
    note_key_make(&forged.witness, NOTE_COSIGNATURE, SL_SPAN("w.example"), public_key);
    note_key_text(&forged.witness, forged.witness_vkey);
    assert_true(fake_http_open(&forged.http, 0, answer, NULL));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    fake_http_close(&forged.http);
    empty();
    return 0;
}

static int begin(void **state)
{
    (void)state;
    empty();
    return 0;
}

#define VERIFY(code, part, ...)                                                                    \
    tools_expect(&run, code, part, "verify", "--url", forged.http.url, __VA_ARGS__)
#define BY_KEY "--key", forged.vkey

/* ---- headers and tiles ---- */

static void as_it_should_be(void **state)
{
    (void)state;
    some_events(5000);
    sign_at(0);
    VERIFY(0, "6, of 2 shares", BY_KEY, "--entries");
    assert_null(strstr(run.text, "times "));
    VERIFY(0, "\"datedBack\":0,\"datedAhead\":0", BY_KEY, "--json");
}

/* A partial tile that became full is served whole: what is behind belongs to a later log, and is
   still to be entries and hashes, of one whole tile. */
static void a_tile_that_grew(void **state)
{
    (void)state;
    some_events(5000);
    sign_at(0);
    for (size_t i = 0; i < 256; i++) {
        bool own = i < forged.count;
        buf_add(&forged.full[0], forged.leaves[own ? i : 0], 32);
        if (own) {
            uint8_t length[2];
            be_put(length, forged.headers[i].len, 2);
            buf_add(&forged.full[1], length, 2);
            buf_add_span(&forged.full[1], buf_span(&forged.headers[i]));
        } else {
            buf_add(&forged.full[1], "\0\3abc", 5);
        }
    }
    VERIFY(0, "6, of 2 shares", BY_KEY, "--entries");
    forged.behind_entries = 1;
    VERIFY(1, "1 bytes behind the last one", BY_KEY);
    forged.behind_entries = 0;
    forged.behind_hashes = 32;
    VERIFY(1, "longer than any tile", BY_KEY);
}

static void bytes_behind(void **state)
{
    (void)state;
    some_events(5000);
    sign_at(0);
    forged.behind_entries = 7;
    VERIFY(1, "7 bytes behind the last one", BY_KEY);
    forged.behind_entries = 0;
    forged.behind_hashes = 32; /* a hash more than the tile is wide */
    VERIFY(1, "has 224 bytes instead of 192", BY_KEY);
    forged.behind_hashes = 0;
    forged.flood = 1 << 20;
    VERIFY(1, "longer than any tile", BY_KEY);
}

static void kinds(void **state)
{
    (void)state;
    some_events(5000);
    add(1, 9, now_s() * 1000);
    sign_at(0);
    VERIFY(1, "of a kind that isn't known here", BY_KEY);
    empty();
    some_events(5000);
    add(1, SL_ALLOW, now_s() * 1000);
    sign_at(0);
    VERIFY(1, "it allows what was never removed", BY_KEY);
}

static void times(void **state)
{
    uint64_t ms = now_s() * 1000;
    (void)state;
    some_events(60000);
    add(2, SL_CREATE, ms - UINT64_C(3650) * DAY_S * 1000);
    add(3, SL_CREATE, ms + UINT64_C(365000) * DAY_S * 1000);
    sign_at(0);
    VERIFY(0, "1 events are dated back: before an earlier one in the log, the first at position 6",
        BY_KEY);
    VERIFY(0, "1 events are dated ahead: later than the log was seen, the first at position 7",
        BY_KEY);
    VERIFY(0, "\"datedBack\":1,\"datedAhead\":1", BY_KEY, "--json");
    /* a monitor has it looked at */
    char watched[1024];
    snprintf(watched, sizeof(watched), "log %s %s\n", forged.http.url, forged.vkey);
    tools_write("watched", sl_span_of(watched));
    tools_expect(&run, 1,
        ": times: 1 events are dated before earlier ones, the first at position 6", "monitor",
        "--logs", tools_path("watched"), "--state", tools_path("times"));
    assert_non_null(strstr(run.text, ": times: 1 events are dated after the log was seen"));
    tools_expect(&run, 0, NULL, "monitor", "--logs", tools_path("watched"), "--state",
        tools_path("times")); /* what is kept isn't read again */
    /* what a witness saw an hour ago can't be of now */
    empty();
    some_events(1000);
    sign_at(now_s() - 3600);
    tools_write("policy", sl_span_of(forged.witness_vkey));
    char policy[1024];
    snprintf(policy, sizeof(policy), "log %s\nwitness w %s\nquorum w\n", forged.vkey,
        forged.witness_vkey);
    tools_write("policy", sl_span_of(policy));
    VERIFY(0, "6 events are dated ahead", "--policy", tools_path("policy"));
}

/* ---- signatures ---- */

static const char *policy_file(const char *text)
{
    char whole[4096], *out = whole;
    for (; *text; text++) {
        const char *key = *text != '$' ? NULL : *++text == 'L' ? forged.vkey : forged.witness_vkey;
        out += snprintf(out, (size_t)(whole + sizeof(whole) - out), "%s", key ? key : "");
        if (!key) *out++ = *text;
        assert_true(out < whole + sizeof(whole) - NOTE_VKEY_BYTES);
    }
    *out = 0;
    tools_write("policy", sl_span_of(whole));
    return tools_path("policy");
}

static void ages(void **state)
{
    (void)state;
    some_events(3 * DAY_S * 1000);
    sign_at(now_s() - 2 * DAY_S);
    const char *policy = policy_file("log $L\nwitness w $W\nquorum w\n");
    VERIFY(1, "w (cosigned too long ago)", "--policy", policy); /* frozen, or nobody told us */
    VERIFY(0, "(2 days ago)", "--policy", policy, "--max-age", "3d");
    VERIFY(0, "cosigned   1, ", "--policy", policy, "--max-age", "none");
    VERIFY(1, "too long ago", "--policy", policy, "--max-age", "47h");
    VERIFY(2, "--max-age is", "--policy", policy, "--max-age", "2 days");
    VERIFY(2, "--max-age is", "--policy", policy, "--max-age", "0d");
    VERIFY(2, "--max-age belongs to --policy", BY_KEY, "--max-age", "2d");
    VERIFY(0, "age        not known", BY_KEY);
    char last[64];
    snprintf(last, sizeof(last), "\"cosigned\":{\"first\":%" PRIu64, (now_s() - 2 * DAY_S) / 10);
    VERIFY(0, last, "--policy", policy, "--max-age", "3d", "--json");
    /* a file may be as old as it likes, unless it is said */
    sign_at(now_s() + 7200);
    VERIFY(1, "w (dated in the future)", "--policy", policy, "--max-age", "none");
    sign_at(UINT64_C(7258118400));
    VERIFY(1, "w (dated in the future)", "--policy", policy);
    sign_at(now_s());
    VERIFY(0, "Verified", "--policy", policy);
}

static void policies(void **state)
{
    (void)state;
    some_events(5000);
    sign_at(now_s());
    VERIFY(0, "log        " ORIGIN, "--policy", policy_file("log $L\nquorum none\n"));
    VERIFY(2, "it names no log", "--policy", policy_file("witness w $W\nquorum w\n"));
    VERIFY(0, "Verified", "--policy", policy_file("witness w $W\nquorum w\n"), BY_KEY);
    tools_expect(&run, 2, "--key is missing", "verify", "--url", forged.http.url);
    char text[4096], typed[1313], base64[1800];
    memset(typed, 3, sizeof(typed));
    typed[0] = 6;
    crypto_base64(typed, sizeof(typed), base64);
    snprintf(text, sizeof(text),
        "log $L\nwitness w $W\nwitness pq pq.example+01234567+%s\ngroup g any w pq\nquorum g\n",
        base64);
    const char *policy = policy_file(text);
    VERIFY(0, "unchecked  1 of 2 witnesses", "--policy", policy);
    VERIFY(0, "\"unchecked\":1", "--policy", policy, "--json");
    sign_at(0);
    VERIFY(1, "pq (its key is of an unknown type)", "--policy", policy);
    /* one that somebody touched, beside one that holds */
    sign_at(now_s());
    note_cosign(SL_SPAN("x\n"), &forged.witness, forged.witness_seed, 5, &forged.note);
    VERIFY(1, "the cosignature of w doesn't hold", "--policy", policy);
}

/* Sixteen signatures of the next kind of key, and as many bytes as a note may have. */
static void long_notes(void **state)
{
    uint8_t bytes[4 + 8 + 2420];
    char base64[sizeof(bytes) / 3 * 4 + 8];
    (void)state;
    some_events(5000);
    sign_at(0);
    memset(bytes, 0x5a, sizeof(bytes));
    crypto_base64(bytes, sizeof(bytes), base64);
    for (int i = 0; i < 16; i++) {
        char line[4096];
        snprintf(line, sizeof(line), "\xe2\x80\x94 pq%d.example %s\n", i, base64);
        buf_add_span(&forged.note, sl_span_of(line));
    }
    const char *since = tools_path("long");
    VERIFY(0, "Verified", BY_KEY, "--since", since);
    VERIFY(0, "since      6", BY_KEY, "--since", since);
    for (size_t more = NOTE_BYTES - forged.note.len - 7, i = 0; i < more; i += 4)
        buf_add(&forged.note, i ? "AAAA" : "\xe2\x80\x94 x ", i ? 4 : 6);
    buf_add(&forged.note, "\n", 1);
    assert_true(forged.note.len <= NOTE_BYTES && forged.note.len > NOTE_BYTES - 8);
    VERIFY(0, "Verified", BY_KEY);
    forged.note.len--;
    buf_add(&forged.note, "AAAAAAAA\n", 9);
    VERIFY(2, "the answer is longer than", BY_KEY);
}

/* ---- two histories ---- */

static struct conflict_verdict judged(const char *name)
{
    struct conflict_verdict verdict = {0};
    struct policy *policy;
    struct sl_err err = {0};
    size_t len;
    char *bytes = tools_read(name, &len);
    assert_int_equal(policy_make(&forged.key, NULL, 0, 0, &policy, NULL), SL_OK);
    if (conflict_verify((struct sl_span){bytes, len}, policy, &verdict, &err) != SL_OK)
        print_message("%s: %s\n", name, err.text);
    policy_destroy(policy);
    free(bytes);
    return verdict;
}

/* The log of one of two histories, `count` events long. */
static void history(unsigned which, size_t count)
{
    uint64_t ms = now_s() * 1000 - 100000;
    empty();
    add(0, SL_CREATE, ms);
    for (size_t i = 1; i < count; i++)
        add(0, SL_SYNC, ms + i + (i > 4 ? which : 0));
    sign_at(0);
}

static void same_file(const char *name, struct sl_span expected)
{
    size_t len;
    char *bytes = tools_read(name, &len);
    assert_true(sl_span_eq((struct sl_span){bytes, len}, expected));
    free(bytes);
}

static void conflicts(void **state)
{
    static const struct {
        size_t kept, shown;
    } cases[] = {{20, 20}, {20, 33}, {16, 64}, {7, 200}};
    (void)state;
    char since[256];
    snprintf(since, sizeof(since), "%s", tools_path("kept"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf kept = {0};
        unlink(since);
        unlink(tools_path("kept.conflict"));
        history(0, cases[i].kept);
        VERIFY(0, "Verified", BY_KEY, "--since", since);
        buf_add_span(&kept, buf_span(&forged.note));
        history(1, cases[i].shown);
        VERIFY(1, "CONFLICT: ", BY_KEY, "--since", since);
        assert_non_null(strstr(run.text, "not verified: "));
        assert_non_null(strstr(run.text, "which proves it to anybody"));
        same_file("kept", buf_span(&kept)); /* it stays what it was */
        struct conflict_verdict verdict = judged("kept.conflict");
        assert_int_equal(verdict.smaller, cases[i].kept);
        assert_int_equal(verdict.larger, cases[i].shown);
        tools_expect(&run, 3, "these are two histories", "verify", "--fork",
            tools_path("kept.conflict"), BY_KEY);
        VERIFY(1, "\"proven\":true}", BY_KEY, "--since", since, "--json", "--all");
        /* the first proof stays */
        history(1, cases[i].shown + 1);
        VERIFY(1, "CONFLICT: ", BY_KEY, "--since", since);
        assert_int_equal(judged("kept.conflict").larger, cases[i].shown);
        buf_fini(&kept);
    }
}

/* A server that doesn't show the log of what it signed proves nothing to others; both checkpoints
   are kept all the same, until there is a proof. */
static void unproven(void **state)
{
    (void)state;
    const char *since = tools_path("some");
    history(0, 20);
    VERIFY(0, "Verified", BY_KEY, "--since", since);
    history(1, 12); /* older than the one that is kept, and of another log */
    VERIFY(1, "CONFLICT: ", BY_KEY, "--since", since);
    assert_non_null(strstr(run.text, "didn't show what would prove it"));
    assert_int_equal(judged("some.conflict").larger, 0);
    tools_expect(&run, 1, "not verified", "verify", "--fork", tools_path("some.conflict"), BY_KEY);
    history(1, 40);
    VERIFY(1, "which proves it to anybody", BY_KEY, "--since", since);
    assert_int_equal(judged("some.conflict").larger, 40);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(as_it_should_be),
        TEST(a_tile_that_grew),
        TEST(bytes_behind),
        TEST(kinds),
        TEST(times),
        TEST(ages),
        TEST(policies),
        TEST(long_notes),
        TEST(conflicts),
        TEST(unproven),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
