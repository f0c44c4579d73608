/* A server's log, as a stranger sees it. */

#include "tests/support/net_log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- key, checkpoint ---- */

void net_log_key(struct net_server *server, struct note_key *key)
{
    char text[NOTE_VKEY_BYTES + 8] = "";
    assert_int_equal(net_server_run(server, "log-key", text, sizeof(text)), 0);
    text[strcspn(text, "\r\n")] = 0;
    if (!note_key_parse(sl_span_of(text), key)) fail_msg("not a key: %s", text);
}

struct policy *net_log_policy(struct net_server *server)
{
    struct policy *policy;
    struct note_key key;
    net_log_key(server, &key);
    assert_int_equal(policy_make(&key, NULL, 0, 0, &policy, NULL), SL_OK);
    return policy;
}

struct net_checkpoint net_log_checkpoint(struct net_client *client, const struct note_key *key)
{
    struct net_checkpoint out = {0};
    struct checkpoint_text text;
    struct note note;
    net_get(client, "/log/checkpoint");
    net_expect_status(client, 200);
    assert_true(note_parse(net_body_span(client), &note));
    assert_true(note_signed_by(&note, key, NULL));
    assert_true(checkpoint_parse(note.text, &text));
    assert_true(text.origin.len < sizeof(out.origin));
    memcpy(out.origin, text.origin.ptr, text.origin.len);
    assert_string_equal(out.origin, key->name);
    out.size = text.size;
    memcpy(out.root, text.root, 32);
    return out;
}

/* ---- tiles ---- */

const char *net_tile_path(const char *what, uint64_t index, unsigned width)
{
    char groups[48], *at = groups + sizeof(groups);
    *--at = 0;
    for (bool last = true; last || index; last = false, index /= 1000) {
        char group[8];
        int n = snprintf(group, sizeof(group), "%s%03u%s", last ? "" : "x",
            (unsigned)(index % 1000), last ? "" : "/");
        at -= n;
        memcpy(at, group, (size_t)n);
    }
    return width == 256 ? net_text("/log/tile/%s/%s", what, at)
                        : net_text("/log/tile/%s/%s.p/%u", what, at, width);
}

static enum sl_result subtree(
    void *ctx, unsigned level, uint64_t index, uint8_t root[32], struct sl_err *err)
{
    struct net_tiles *tiles = ctx;
    unsigned tile_level = level / 8, above = level % 8;
    uint64_t first = index << above, tile = first / 256;
    uint64_t hashes = tiles->size >> (8 * tile_level);
    unsigned width = hashes - tile * 256 < 256 ? (unsigned)(hashes - tile * 256) : 256;
    struct tree_edge edge = {0};
    (void)err;
    net_get(tiles->client, net_tile_path(net_text("%u", tile_level), tile, width));
    net_expect_status(tiles->client, 200);
    assert_int_equal(net_answer(tiles->client)->len, (size_t)width * 32);
    const uint8_t *at = (const uint8_t *)net_answer(tiles->client)->body + first % 256 * 32;
    assert_true(first % 256 + (1u << above) <= width);
    for (size_t i = 0; i < 1u << above; i++)
        tree_add(&edge, at + i * 32);
    tree_edge_root(&edge, root);
    return SL_OK;
}

struct tree_source net_tiles_source(struct net_tiles *tiles)
{
    return (struct tree_source){subtree, tiles};
}

/* ---- proofs, bundles ---- */

struct event_verdict net_event_verify(
    struct net_client *client, const char *id, uint64_t sequence, const struct policy *policy)
{
    struct event_verdict verdict = {0};
    struct sl_err err = {0};
    net_get_as(client, net_text("/api/share/%s/events/%" PRIu64, id, sequence), NET_AS_OWNER);
    net_expect_status(client, 200);
    struct sl_span answer = net_body_span(client);
    char *event = malloc(answer.len);
    assert_non_null(event);
    memcpy(event, answer.ptr, answer.len);
    net_get(client, net_text("/api/share/%s/events/%" PRIu64 "/proof", id, sequence));
    net_expect_status(client, 200);
    enum sl_result result = event_verify(
        (struct sl_span){event, answer.len}, net_body_span(client), policy, NULL, &verdict, &err);
    free(event);
    if (result != SL_OK) fail_msg("%s: event %" PRIu64 ": %s", id, sequence, err.text);
    assert_string_equal(verdict.share_id, id);
    assert_true(verdict.sequence == sequence);
    return verdict;
}

static enum sl_result give(void *ctx, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    struct sl_span *rest = ctx;
    (void)err;
    *len = rest->len < cap ? rest->len : cap;
    if (*len) memcpy(out, rest->ptr, *len);
    *rest = (struct sl_span){rest->ptr + *len, rest->len - *len};
    return SL_OK;
}

enum sl_result net_bundle_check(struct sl_span bytes, const struct policy *policy,
    struct bundle_verdict *verdict, struct sl_err *err)
{
    struct bundle_input input = {give, &bytes, bytes.len};
    struct bundle_asks asks = {.policy = policy};
    return bundle_verify(input, &asks, NULL, verdict, err);
}

struct bundle_verdict net_bundle_verify(
    struct net_client *client, const char *id, const struct policy *policy)
{
    struct bundle_verdict verdict = {0};
    struct sl_err err = {0};
    net_get(client, net_text("/api/share/%s/bundle", id));
    net_expect_status(client, 200);
    if (net_bundle_check(net_body_span(client), policy, &verdict, &err) != SL_OK)
        fail_msg("%s: bundle: %s", id, err.text);
    assert_string_equal(verdict.share_id, id);
    return verdict;
}
