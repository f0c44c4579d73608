/* The client of the log's witnesses: a server with witnesses of the test's own, good and bad. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/note.h"
#include "core/proof/tree.h"
#include "tests/support/fake_http.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_log.h"
#include "tests/support/tools_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum mood { GOOD, REFUSES, FORGES, WRONG_KEY, BABBLES, HANGS, CONFLICTS, FLOODS };

/* A witness as the specification has it, checking what it is sent; or one in another mood. */
struct witness {
    struct fake_http http;
    struct note_key key;
    uint8_t seed[32];
    char vkey[NOTE_VKEY_BYTES];
    _Atomic enum mood mood;
    atomic_uint asked, cosigned, conflicts, bad;
    uint64_t size; /* what it has seen */
    uint8_t root[32];
};

static struct tools_run run;

/* ---- a witness ---- */

struct asked {
    uint64_t old;
    struct tree_proof proof;
    struct sl_span note;
    struct note parts;
    struct checkpoint_text text;
};

static bool parse(struct sl_span body, struct asked *asked)
{
    unsigned long long old;
    char line[128];
    const char *at = body.ptr, *end = body.ptr + body.len, *newline;
    *asked = (struct asked){0};
    for (bool first = true; (newline = memchr(at, '\n', (size_t)(end - at))); first = false) {
        size_t len = (size_t)(newline - at), got = 0;
        if (len >= sizeof(line)) return false;
        memcpy(line, at, len);
        line[len] = 0;
        at = newline + 1;
        if (len == 0 && !first) break;
        if (first && sscanf(line, "old %llu", &old) != 1) return false;
        if (first) asked->old = old;
        if (!first && (asked->proof.count == 63 ||
                          !crypto_base64_parse(sl_span_of(line),
                              asked->proof.hashes[asked->proof.count++], 32, &got) ||
                          got != 32))
            return false;
    }
    asked->note = (struct sl_span){at, (size_t)(end - at)};
    return note_parse(asked->note, &asked->parts) &&
           checkpoint_parse(asked->parts.text, &asked->text);
}

static void cosign(struct witness *witness, const struct asked *asked, struct fake_reply *reply)
{
    uint8_t other[32] = {9};
    enum mood mood = witness->mood;
    uint64_t now = (uint64_t)time(NULL);
    if (mood == BABBLES) buf_add(&reply->body, "not\na signature\n\n\xff\n", 18);
    if (mood == BABBLES) return;
    if (mood == FORGES) /* of something else */
        note_cosign(
            SL_SPAN("sharelog-x\n7\nAAAA\n"), &witness->key, witness->seed, now, &reply->body);
    else
        note_cosign(asked->parts.text, &witness->key, mood == WRONG_KEY ? other : witness->seed,
            now, &reply->body);
    witness->cosigned++;
}

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct witness *witness = ctx;
    struct asked asked;
    char text[32];
    witness->asked++;
    if (strcmp(request->path, "/w/add-checkpoint") != 0 || !parse(request->body, &asked)) {
        witness->bad++;
        reply->status = 400;
        return;
    }
    while (witness->mood == HANGS && !atomic_load(&witness->http.stop))
        net_pause_ms(20);
    if (witness->mood == REFUSES) reply->status = 403;
    if (witness->mood == FLOODS)
        for (int i = 0; i < 20000; i++)
            buf_add(&reply->body, "- and so on and so forth\n", 25);
    if (witness->mood == REFUSES || witness->mood == FLOODS) return;
    if (asked.old != witness->size || witness->mood == CONFLICTS) {
        witness->conflicts++;
        reply->status = 409;
        reply->type = "text/x.tlog.size";
        buf_add(&reply->body, text,
            (size_t)snprintf(text, sizeof(text), "%llu\n",
                (unsigned long long)witness->size + (witness->mood == CONFLICTS ? 1000000 : 0)));
        return;
    }
    if (!tree_consistency_holds(
            &asked.proof, asked.old, witness->root, asked.text.size, asked.text.root)) {
        witness->bad++;
        reply->status = 422;
        return;
    }
    witness->size = asked.text.size;
    memcpy(witness->root, asked.text.root, 32);
    cosign(witness, &asked, reply);
}

/* It has seen nothing. */
static void forget(struct witness *witness)
{
    witness->size = 0;
    crypto_sha256("", 0, witness->root);
}

static void witness_open(struct witness *witness, const char *name, uint8_t seed)
{
    uint8_t public_key[32];
    *witness = (struct witness){0};
    memset(witness->seed, seed, 32);
    forget(witness);
    crypto_sign_key(witness->seed, public_key);
    note_key_make(&witness->key, NOTE_COSIGNATURE, sl_span_of(name), public_key);
    note_key_text(&witness->key, witness->vkey);
    assert_true(fake_http_open(&witness->http, 0, answer, witness));
}

/* ---- a server with two ---- */

static struct witness one, two;

static void serve_with(unsigned quorum, const char *more)
{
    static char words[5][NOTE_VKEY_BYTES + 32]; /* a restart takes them again */
    const char *flags[8];
    snprintf(words[0], sizeof(words[0]), "--witness=%s/w", one.http.url);
    snprintf(words[1], sizeof(words[1]), "--witness-key=%s", one.vkey);
    snprintf(words[2], sizeof(words[2]), "--witness=%s/w/", two.http.url);
    snprintf(words[3], sizeof(words[3]), "--witness-key=%s", two.vkey);
    snprintf(words[4], sizeof(words[4]), "--witness-quorum=%u", quorum);
    for (int i = 0; i < 5; i++)
        flags[i] = words[i];
    flags[5] = "--witness-interval=1";
    flags[6] = more;
    flags[7] = NULL;
    open_server_with(flags);
}

static void serve(unsigned quorum)
{
    serve_with(quorum, NULL);
}

static int open_witnesses(void **state)
{
    (void)state;
    net_watchdog();
    witness_open(&one, "one.example", 1);
    witness_open(&two, "two.example", 2);
    return 0;
}

static int close_all(void **state)
{
    fake_http_close(&one.http);
    fake_http_close(&two.http);
    return close_server(state);
}

static void share_some(unsigned count)
{
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    for (unsigned i = 0; i < count; i++) /* no witness is waited for, also not one that hangs */
        assert_int_equal(net_sync(client, &share, NET_MESSAGE("m")), 200);
}

/* Wait until so many cosignatures hold on the shown checkpoint, which covers `least` events. */
static void shown_with(size_t least, size_t cosignatures)
{
    struct note_key log, keys[2] = {one.key, two.key};
    struct policy *policy;
    struct net_checkpoint checkpoint = {0};
    struct cosigned cosigned = {0};
    uint64_t since = 0;
    net_log_key(&server, &log);
    assert_int_equal(policy_make(&log, keys, 2, 0, &policy, NULL), SL_OK);
    for (;;) {
        checkpoint = net_log_checkpoint(client, &log);
        assert_int_equal(policy_check(policy, net_body_span(client), &cosigned, NULL), SL_OK);
        if (checkpoint.size >= least && cosigned.count == cosignatures) break;
        net_wait(&since);
    }
    policy_destroy(policy);
}

static void wait_asked(const struct witness *witness, unsigned times)
{
    for (uint64_t since = 0; witness->asked < times;)
        net_wait(&since);
}

static void both_cosign(void **state)
{
    struct net_share share;
    char vkey[512];
    (void)state;
    serve(2);
    share_some(5);
    shown_with(6, 2);
    share_some(3); /* grown: a proof from what they saw */
    shown_with(10, 2);
    assert_int_equal(one.bad + two.bad, 0);
    /* after a restart nothing is known of what they saw: they say so (409), and it goes on */
    net_server_stop(&server);
    start_again();
    shown_with(10, 2); /* published is kept */
    assert_true(net_create(client, net_session_id(), &share));
    shown_with(11, 2);
    assert_true(one.conflicts > 0);
    assert_int_equal(one.bad + two.bad, 0);

    /* what is shown passes a verifier that asks for both, and what a bundle holds */
    assert_int_equal(net_server_run(&server, "log-key", vkey, sizeof(vkey)), 0);
    vkey[strcspn(vkey, "\n")] = 0;
    const char *policy = net_text(
        "witness a %s\nwitness b %s\ngroup both all a b\nquorum both\n", one.vkey, two.vkey);
    tools_write("policy", sl_span_of(policy));
    tools_expect(&run, 0, "cosigned   2", "verify", "--url", server.url, "--key", vkey, "--policy",
        tools_path("policy"));
    tools_expect(
        &run, 0, NULL, "bundle", share.id, "--url", server.url, "-o", tools_path("w.bundle"));
    tools_expect(&run, 0, "\"cosignatures\":2", "verify", "--bundle", tools_path("w.bundle"),
        "--key", vkey, "--policy", tools_path("policy"), "--json");
    uint8_t public_key[32] = {3};
    struct note_key third;
    char text[NOTE_VKEY_BYTES];
    note_key_make(&third, NOTE_COSIGNATURE, SL_SPAN("three"), public_key);
    note_key_text(&third, text);
    tools_write("policy", sl_span_of(net_text("witness c %s\nquorum c\n", text)));
    tools_expect(&run, 1, "not verified", "verify", "--url", server.url, "--key", vkey, "--policy",
        tools_path("policy"));
    tools_expect(&run, 1, "not verified", "verify", "--bundle", tools_path("w.bundle"), "--key",
        vkey, "--policy", tools_path("policy"));
    tools_write("policy", SL_SPAN("quorum nobody\n"));
    tools_expect(&run, 2, "policy", "verify", "--url", server.url, "--key", vkey, "--policy",
        tools_path("policy"));
}

/* One that is not as it should be: what it says is dropped, and with a quorum of one of them the
   other's cosignature is published; with both, nothing is. */
static void a_bad_one(enum mood mood, unsigned quorum)
{
    two.mood = mood;
    serve(quorum);
    share_some(4);
    wait_asked(&two, 1);
    if (quorum == 1) {
        shown_with(5, 1);
    } else {
        wait_asked(&one, 1);
        net_pause_ms(1500);
        shown_with(5, 0);
    }
    share_some(2);
    if (quorum == 1) shown_with(8, 1);
    assert_int_equal(one.bad, 0);
    net_server_stop(&server);
}

static void a_forger(void **state)
{
    (void)state, a_bad_one(FORGES, 1);
}
static void another_key(void **state)
{
    (void)state, a_bad_one(WRONG_KEY, 2);
}
static void a_babbler(void **state)
{
    (void)state, a_bad_one(BABBLES, 1);
}
static void a_refuser(void **state)
{
    (void)state, a_bad_one(REFUSES, 2);
}
static void a_hanging_one(void **state)
{
    (void)state, a_bad_one(HANGS, 1);
}
static void a_conflict_for_ever(void **state)
{
    (void)state, a_bad_one(CONFLICTS, 1);
}
static void a_flood(void **state)
{
    (void)state, a_bad_one(FLOODS, 1);
}

/* Down at first, then up: it is asked again. */
static void down_and_up(void **state)
{
    unsigned port = two.http.port;
    (void)state;
    fake_http_close(&two.http);
    serve(2);
    share_some(3);
    wait_asked(&one, 1);
    shown_with(4, 0);
    assert_true(fake_http_open(&two.http, port, answer, &two));
    shown_with(4, 2);
    net_get_as(client, "/api/log", NET_AS_OWNER);
    net_expect_status(client, 200);
}

/* ---- another log by this name ---- */

static void wait_ready(int status)
{
    for (uint64_t since = 0; net_get(client, "/readyz") != status;)
        net_wait(&since);
}

/* The witness has seen another log than ours, of as many events: it answers 422 to the next
   checkpoint. The server takes no writes from then on, and after a restart. */
static void dispute_it(void)
{
    struct net_share share;
    serve(2);
    share_some(3);
    shown_with(4, 2); /* and neither is asked again until the log grows */
    two.root[0] ^= 1;
    assert_true(net_create(client, net_session_id(), &share));
    wait_ready(503);
    assert_false(net_create(client, net_session_id(), &share));
    net_server_stop(&server);
    start_again();
    assert_int_equal(net_get(client, "/readyz"), 503);
    assert_false(net_create(client, net_session_id(), &share));
}

static void another_log(void **state)
{
    struct net_share share;
    (void)state;
    dispute_it();
    net_get_as(client, "/api/log", NET_AS_OWNER);
    net_expect_has(client, "\"disputed\":\"witness two.example has cosigned another log");
    run.as_owner = true;
    tools_expect(&run, 1, "DISPUTED", "audit", "--url", server.url);
    tools_expect(&run, 1, "witness two.example has cosigned another log", "audit", "--data",
        server.dir, "--no-verify");
    run.as_owner = false;
    tools_expect(&run, 0, "\n5\n", "checkpoint", "--data", server.dir, "--newest");
    net_server_stop(&server);
    tools_expect(
        &run, 0, "has cosigned another log", "new-origin", "x/log-2", "--data", server.dir);
    const char *aside = net_text("%s/disputed", server.dir);
    assert_int_not_equal(access(aside, F_OK), 0);
    forget(&one); /* a log that they don't know yet */
    forget(&two);
    start_again();
    assert_int_equal(net_get(client, "/readyz"), 200);
    assert_true(net_create(client, net_session_id(), &share));
    net_get_as(client, "/api/log", NET_AS_OWNER);
    net_expect_has(client, "\"disputed\":null");
    shown_with(6, 2);
}

/* An operator who knows that the witness was wrong removes the file. */
static void a_wrong_witness(void **state)
{
    struct net_share share;
    (void)state;
    dispute_it();
    net_server_stop(&server);
    two.root[0] ^= 1;
    assert_int_equal(unlink(net_text("%s/disputed", server.dir)), 0);
    start_again();
    assert_int_equal(net_get(client, "/readyz"), 200);
    assert_true(net_create(client, net_session_id(), &share));
    shown_with(6, 2);
}

/* A log to which nothing comes is cosigned again. */
static void a_quiet_log(void **state)
{
    (void)state;
    serve_with(2, "--witness-refresh=2");
    share_some(2);
    shown_with(3, 2);
    for (uint64_t since = 0; one.cosigned < 4 || two.cosigned < 4;)
        net_wait(&since);
    shown_with(3, 2);
    assert_int_equal(one.bad + two.bad, 0);
}

static void wrong_use(void **state)
{
    (void)state;
    const char *dir = tools_path("data");
    tools_expect(&run, 2, "--witness-key", "serve", "--data", dir, "--listen", "127.0.0.1:0",
        "--witness", one.http.url);
    tools_expect(&run, 2, "verifier key", "serve", "--data", dir, "--listen", "127.0.0.1:0",
        "--witness", one.http.url, "--witness-key", "nonsense");
    tools_expect(&run, 2, "of 1 witnesses", "serve", "--data", dir, "--listen", "127.0.0.1:0",
        "--witness", one.http.url, "--witness-key", one.vkey, "--witness-quorum", "2");
    tools_expect(&run, 2, "no URL", "serve", "--data", dir, "--listen", "127.0.0.1:0", "--witness",
        "nonsense", "--witness-key", one.vkey);
    tools_expect(&run, 2, "one key", "serve", "--data", dir, "--listen", "127.0.0.1:0", "--witness",
        one.http.url, "--witness-key", one.vkey, "--witness", two.http.url, "--witness-key",
        one.vkey);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, open_witnesses, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(both_cosign),
        WITH(a_forger),
        WITH(another_key),
        WITH(a_babbler),
        WITH(a_refuser),
        WITH(a_hanging_one),
        WITH(a_conflict_for_ever),
        WITH(a_flood),
        WITH(down_and_up),
        WITH(another_log),
        WITH(a_wrong_witness),
        WITH(a_quiet_log),
        WITH(wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
