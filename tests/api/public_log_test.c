/* The log over real sockets: what a third party sees of it, held against a tree that is worked out
   here from the entries, as RFC 6962 defines it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_log.h"
#include "tests/support/net_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SYNCS 560 /* two full tiles, and some */
#define OCTETS "application/octet-stream"
#define IMMUTABLE "max-age=31536000, immutable"

static struct note_key key;
static struct policy *policy;
static struct net_share first; /* its events are the log's beginning, and some more */
static struct net_checkpoint early;

static uint8_t (*leaves)[32];
static uint64_t leaves_count;

/* ---- the tree, naively ---- */

static void leaf_of(const uint8_t *entry, size_t len, uint8_t leaf[32])
{
    const struct sl_span pieces[] = {{"\0", 1}, {(const char *)entry, len}};
    crypto_sha256_of(pieces, 2, leaf);
}

/* MTH(D[from:to]), to > from. */
static void mth(uint64_t from, uint64_t to, uint8_t out[32])
{
    uint8_t bytes[65] = {1};
    uint64_t k = 1;
    if (to - from == 1) {
        memcpy(out, leaves[from], 32);
        return;
    }
    while (2 * k < to - from)
        k *= 2;
    mth(from, from + k, bytes + 1);
    mth(from + k, to, bytes + 33);
    crypto_sha256(bytes, sizeof(bytes), out);
}

/* All entries up to a checkpoint, with the owner key. */
static void read_entries(uint64_t size)
{
    free(leaves);
    leaves = calloc(size, sizeof(*leaves));
    assert_non_null(leaves);
    leaves_count = 0;
    for (uint64_t tile = 0; tile * 256 < size; tile++) {
        unsigned width = size - tile * 256 < 256 ? (unsigned)(size - tile * 256) : 256;
        net_get_as(client, net_tile_path("entries", tile, width), NET_AS_OWNER);
        net_expect_status(client, 200);
        const uint8_t *at = (const uint8_t *)net_answer(client)->body;
        const uint8_t *end = at + net_answer(client)->len;
        for (unsigned i = 0; i < width; i++) {
            assert_true(end - at >= 2);
            size_t len = (size_t)at[0] << 8 | at[1];
            assert_true((size_t)(end - at) >= 2 + len);
            leaf_of(at + 2, len, leaves[leaves_count++]);
            at += 2 + len;
        }
        assert_true(at == end);
    }
}

/* ---- the server, with a log of some size ---- */

static int open_all(void **state)
{
    static const char *const flags[] = {"--durability", "process", NULL};
    (void)state;
    open_server_with(flags);
    net_log_key(&server, &key);
    policy = net_log_policy(&server);
    assert_true(net_create(client, net_session_id(), &first));
    for (int i = 0; i < SYNCS; i++) {
        if (i == 299) early = net_log_checkpoint(client, &key);
        net_sync(client, &first,
            i % 2 ? NET_PART("m1", "p1", "once") : NET_SESSION("A") "," NET_MESSAGE("m1"));
        net_expect_status(client, 200);
    }
    net_pause_ms(1100); /* a checkpoint is signed once a second at most */
    struct net_checkpoint now = net_log_checkpoint(client, &key);
    assert_true(now.size == SYNCS + 1);
    read_entries(now.size);
    return 0;
}

static int close_all(void **state)
{
    free(leaves);
    policy_destroy(policy);
    return close_server(state);
}

/* Answers are replaced by the next. The caller frees. */
/* ---- the checkpoint ---- */

static void checkpoint(void **state)
{
    char tag[80];
    uint8_t root[32];
    (void)state;
    struct net_checkpoint now = net_log_checkpoint(client, &key);
    assert_string_equal(net_header(client, "Content-Type"), "text/plain; charset=utf-8");
    assert_string_equal(net_header(client, "Cache-Control"), "no-cache");
    snprintf(tag, sizeof(tag), "%s", net_header(client, "ETag"));
    assert_true(tag[0] == '"' && strlen(tag) > 20);
    assert_true(now.size == leaves_count);
    mth(0, now.size, root);
    assert_memory_equal(root, now.root, 32);
    struct sl_span note = net_body_copy(client);
    assert_int_equal(policy_check(policy, note, NULL, NULL), SL_OK);
    net_ask_as(client, "HEAD", "/log/checkpoint", NULL);
    net_expect(client, 200, "");
    assert_string_equal(net_header(client, "ETag"), tag);
    const char *const same[] = {
        "If-None-Match: %s", "If-None-Match: W/%s", "If-None-Match: \"x\", %s", "If-None-Match: *"};
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        char header[160];
        snprintf(header, sizeof(header), same[i], tag);
        net_ask_as(client, "GET", "/log/checkpoint", header);
        net_expect(client, 304, "");
        assert_string_equal(net_header(client, "ETag"), tag);
    }
    net_ask_as(
        client, "GET", "/log/checkpoint", "If-None-Match: \"0123456789abcdef0123456789abcdef\"");
    net_expect_status(client, 200);
    net_body_drop(note);
}

/* Another server's key doesn't pass for this one's. */
static void checkpoint_of_another(void **state)
{
    struct net_server other;
    struct note_key others;
    struct note note;
    (void)state;
    net_server_open(&other, NULL);
    net_log_key(&other, &others);
    net_server_close(&other);
    net_get(client, "/log/checkpoint");
    assert_true(note_parse(net_body_span(client), &note));
    assert_false(note_signed_by(&note, &others, NULL));
    assert_true(note_signed_by(&note, &key, NULL));
}

/* ---- tiles ---- */

static void expect_tile(unsigned level, uint64_t index, unsigned width)
{
    const struct net_answer *answer;
    net_get_as(client, net_tile_path(net_text("%u", level), index, width), "Accept-Encoding: gzip");
    net_expect_status(client, 200);
    assert_string_equal(net_header(client, "Content-Type"), OCTETS);
    assert_string_equal(net_header(client, "Cache-Control"), "public, " IMMUTABLE);
    assert_string_equal(net_header(client, "Content-Encoding"), "");
    answer = net_answer(client);
    assert_int_equal(answer->len, (size_t)width * 32);
    uint64_t each = UINT64_C(1) << (8 * level);
    for (unsigned i = 0; i < width; i++) {
        uint8_t hash[32];
        uint64_t from = (index * 256 + i) * each;
        mth(from, from + each, hash);
        assert_memory_equal(hash, answer->body + i * 32, 32);
    }
}

static void tiles(void **state)
{
    (void)state;
    unsigned rest = (unsigned)(leaves_count % 256);
    assert_true(leaves_count / 256 == 2 && rest > 0);
    for (uint64_t tile = 0; tile < 2; tile++) {
        expect_tile(0, tile, 256);
        expect_tile(0, tile, 1);
        expect_tile(0, tile, 255); /* one that was partial once is there for ever */
    }
    for (unsigned width = 1; width <= rest; width++)
        expect_tile(0, 2, width);
    expect_tile(1, 0, 1);
    expect_tile(1, 0, 2);
    net_ask_as(client, "HEAD", net_tile_path("0", 0, 256), NULL);
    net_expect(client, 200, "");
    assert_string_equal(net_header(client, "Cache-Control"), "public, " IMMUTABLE);
    /* what the log has not */
    const struct {
        const char *what;
        uint64_t index;
        unsigned width;
    } none[] = {{"0", 2, rest + 1}, {"0", 2, 256}, {"0", 3, 1}, {"1", 0, 3}, {"1", 0, 256},
        {"1", 1, 1}, {"2", 0, 1}, {"8", 0, 1}, {"63", 0, 1}, {"63", 0, 256}, {"0", UINT64_MAX, 256},
        {"0", UINT64_MAX / 256, 255}, {"7", UINT64_MAX, 1}, {"entries", 2, rest + 1},
        {"entries", 3, 1}, {"entries", UINT64_MAX, 256}};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        net_get_as(client, net_tile_path(none[i].what, none[i].index, none[i].width), NET_AS_OWNER);
        net_expect_error(client, 404, "The log has no such tile");
        assert_string_equal(net_header(client, "Cache-Control"), "no-store");
    }
}

static void entries(void **state)
{
    (void)state;
    net_get_as(client, net_tile_path("entries", 0, 256), NET_AS_OWNER);
    net_expect_status(client, 200);
    assert_string_equal(net_header(client, "Content-Type"), OCTETS);
    assert_string_equal(net_header(client, "Cache-Control"), "private, " IMMUTABLE);
    struct sl_span full = net_body_copy(client);
    for (unsigned width = 1; width < 256; width += 27) {
        net_get_as(client, net_tile_path("entries", 0, width), NET_AS_OWNER);
        net_expect_status(client, 200);
        assert_true(net_answer(client)->len < full.len);
        assert_memory_equal(net_answer(client)->body, full.ptr, net_answer(client)->len);
    }
    net_ask(client, &(struct net_request){.method = "GET",
                        .path = net_tile_path("entries", 0, 256),
                        .headers = {NET_AS_OWNER, "Accept-Encoding: gzip"}});
    net_expect_status(client, 200);
    assert_string_equal(net_header(client, "Content-Encoding"), "gzip");
    net_body_drop(full);
}

/* Whatever is not the one path of a tile is none: never a 200, never a 500. */
static void paths(void **state)
{
    static const char *const wrong[] = {"/log", "/log/", "/log//checkpoint", "/log/checkpoint/",
        "/log/Checkpoint", "/log/checkpoint%00", "/log/tile", "/log/tile/", "/log/tile/0",
        "/log/tile/0/", "/log/tile/0/0", "/log/tile/0/00", "/log/tile/0/0000", "/log/tile/00/000",
        "/log/tile/+0/000", "/log/tile/-1/000", "/log/tile/64/000", "/log/tile/256/000",
        "/log/tile/18446744073709551616/000", "/log/tile/0/x000/000", "/log/tile/0/x000",
        "/log/tile/0/000/x000", "/log/tile/0/000/000", "/log/tile/0/000.p", "/log/tile/0/000.p/",
        "/log/tile/0/000.p/0", "/log/tile/0/000.p/00", "/log/tile/0/000.p/01",
        "/log/tile/0/000.p/256", "/log/tile/0/000.p/1/", "/log/tile/0/000.p/-1",
        "/log/tile/0/000.p/1.p/1", "/log/tile/0/000.P/1", "/log/tile/0/000p/1",
        "/log/tile/0/000%2ep/1", "/log/tile/0/%30%30%30", "/log/tile/0/../0/000",
        "/log/tile/0/./000", "/log/tile/0//000", "//log/tile/0/000", "/log/tile//0/000",
        "/log/tile/0/000\\", "/log/tile/0/000;x", "/log/tile/0/x001/x002",
        "/log/tile/0/x999/x999/x999/x999/x999/x999/999",
        "/log/tile/0/x018/x446/x744/x073/x709/x551/616", "/log/tile/entries", "/log/tile/entries/",
        "/log/tile/entries/0", "/log/tile/entries/x000/000", "/log/tile/entries/000.p/256",
        "/log/tile/ENTRIES/000", "/log/tile/entries/../0/000", "/log/tile/data/000",
        "/api/log/checkpoint", "/api/share/a/events/1/proof/x", "/api/share/a/events/x/proof",
        "/api/share/a/bundle/", "/share/a.bundle/", "/share/.bundle", "/share/a.b.bundle"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct net_stream stream = {.fd = -1};
        const char *request =
            net_text("GET %s HTTP/1.1\r\nHost: x\r\n" NET_AS_OWNER "\r\nConnection: close\r\n\r\n",
                wrong[i]);
        int status = net_stream_once(&stream, server.port, sl_span_of(request));
        if (status != 404 && status != 400) fail_msg("%s: %d", wrong[i], status);
        if (stream.body.len > 8192) fail_msg("%s: a long answer", wrong[i]);
        net_stream_close(&stream);
    }
    const char *const posts[] = {"/log/checkpoint", "/log/tile/0/000", "/log/tile/entries/000",
        "/api/log", "/share/abcdefgh.bundle"};
    for (size_t i = 0; i < sizeof(posts) / sizeof(*posts); i++) {
        net_ask_as(client, "POST", posts[i], NULL);
        net_expect_status(client, 405);
        assert_string_equal(net_header(client, "Allow"), "GET, HEAD");
    }
}

/* What was signed early is the beginning of what is signed now. */
static void consistency(void **state)
{
    struct net_checkpoint now = net_log_checkpoint(client, &key);
    struct net_tiles tiles_now = {client, now.size}, tiles_then = {client, early.size};
    struct tree_proof proof;
    uint8_t root[32];
    (void)state;
    assert_true(early.size > 0 && early.size < now.size);
    assert_int_equal(tree_root(net_tiles_source(&tiles_then), early.size, root, NULL), SL_OK);
    assert_memory_equal(root, early.root, 32);
    assert_int_equal(tree_root(net_tiles_source(&tiles_now), now.size, root, NULL), SL_OK);
    assert_memory_equal(root, now.root, 32);
    assert_int_equal(
        tree_consistency(net_tiles_source(&tiles_now), early.size, now.size, &proof, NULL), SL_OK);
    assert_true(tree_consistency_holds(&proof, early.size, early.root, now.size, now.root));
    early.root[7] ^= 1;
    assert_false(tree_consistency_holds(&proof, early.size, early.root, now.size, now.root));
    early.root[7] ^= 1;
}

/* ---- rights ---- */

static void rights(void **state)
{
    char clients[200];
    const char *const refused[] = {NULL, "Authorization: Bearer wrong", clients,
        "Authorization: Bearer", "x-opencode-share-key: owner-key-of-the-api-test",
        "Cookie: sharelog_owner=" NET_OWNER};
    (void)state;
    snprintf(clients, sizeof(clients), "Authorization: Bearer %s", server.client_key);
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        const char *const closed[] = {
            net_tile_path("entries", 0, 256), net_tile_path("entries", 999, 1), "/api/log"};
        for (size_t j = 0; j < sizeof(closed) / sizeof(*closed); j++) {
            net_ask_as(client, "GET", closed[j], refused[i]);
            net_expect_error(client, 401, "The owner key is needed");
            assert_string_equal(net_header(client, "WWW-Authenticate"), "Bearer");
            assert_string_equal(net_header(client, "Cache-Control"), "no-store");
        }
        net_ask_as(client, "GET", net_tile_path("0", 0, 256), refused[i]);
        net_expect_status(client, 200);
        net_ask_as(client, "GET", "/log/checkpoint", refused[i]);
        net_expect_status(client, 200);
    }
    net_get(client, net_text("/k/%s/log/tile/entries/000", server.client_key));
    net_expect_status(client, 401);
    net_get_as(client, net_tile_path("entries", 0, 256), "x-opencode-share-key: " NET_OWNER);
    net_expect_status(client, 200);
}

static void public_log(void **state)
{
    static const char *const flags[] = {"--public-log", NULL};
    struct net_server other;
    struct net_share share;
    (void)state;
    net_server_open(&other, flags);
    struct net_client *asker = net_client_create(other.url);
    assert_true(net_create(asker, net_session_id(), &share));
    net_get(asker, "/log/tile/entries/000.p/1");
    net_expect_status(asker, 200);
    assert_string_equal(net_header(asker, "Cache-Control"), "public, " IMMUTABLE);
    net_get(asker, "/api/log"); /* this stays the owner's */
    net_expect_status(asker, 401);
    net_client_destroy(asker);
    net_server_close(&other);
}

static void facts(void **state)
{
    struct sl_span value;
    uint64_t number = 0;
    (void)state;
    net_get_as(client, "/api/log", NET_AS_OWNER);
    net_expect_status(client, 200);
    assert_int_equal(json_check(net_body_span(client), 16, NULL), SL_OK);
    assert_true(net_field_u64(client, "size") >= leaves_count);
    assert_string_equal(net_field(client, "origin"), key.name);
    char text[NOTE_VKEY_BYTES];
    note_key_text(&key, text);
    assert_string_equal(net_field(client, "key"), text);
    assert_true(
        json_get(net_member(client, "checkpoint"), "size", &value) && json_u64(value, &number));
    assert_true(number >= early.size);
    assert_true(
        json_get(net_member(client, "checkpoint"), "signedAt", &value) && json_u64(value, &number));
    assert_true(number > UINT64_C(1600000000000));
    assert_true(json_get(net_member(client, "checkpoint"), "note", &value));
    assert_true(json_kind_of(value) == JSON_STRING);
    assert_true(json_get(net_member(client, "checkpoint"), "root", &value));
    assert_int_equal(value.len, 46);
    assert_true(sl_span_eq(net_member(client, "published"), SL_SPAN("null")));
    assert_true(sl_span_eq(net_member(client, "verified"), SL_SPAN("null")));
}

/* ---- a crash ---- */

/* What a proof shows is still there after kill -9, and what was signed is grown out of. */
static void after_a_kill(void **state)
{
    struct net_checkpoint before, after;
    struct net_tiles of_after = {client, 0};
    struct tree_proof proof;
    (void)state;
    net_sync(client, &first, NET_MESSAGE("m9"));
    net_expect_status(client, 200);
    net_get(client, net_path(&first, net_text("/events/%d/proof", SYNCS + 2)));
    net_expect_status(client, 200);
    before = net_log_checkpoint(client, &key);
    net_server_kill(&server);
    start_again();
    net_sync(client, &first, NET_MESSAGE("m10"));
    net_expect_status(client, 200);
    net_event_verify(client, first.id, SYNCS + 3, policy);
    after = net_log_checkpoint(client, &key);
    assert_true(after.size == before.size + 1);
    of_after = (struct net_tiles){client, after.size};
    assert_int_equal(
        tree_consistency(net_tiles_source(&of_after), before.size, after.size, &proof, NULL),
        SL_OK);
    assert_true(tree_consistency_holds(&proof, before.size, before.root, after.size, after.root));
}

/* Under sanitizers this is where a leak shows. */
static void stops(void **state)
{
    (void)state;
    net_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoint),
        cmocka_unit_test(checkpoint_of_another),
        cmocka_unit_test(tiles),
        cmocka_unit_test(entries),
        cmocka_unit_test(paths),
        cmocka_unit_test(consistency),
        cmocka_unit_test(rights),
        cmocka_unit_test(public_log),
        cmocka_unit_test(facts),
        cmocka_unit_test(after_a_kill),
        cmocka_unit_test(stops),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
