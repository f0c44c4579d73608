/* Proofs and bundles over real sockets: of live shares and of removed ones, verified as a third
   party does, with the log's key alone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SYNCS 40

static struct policy *policy;
static struct net_share first;

static int open_all(void **state)
{
    open_server(state);
    policy = net_log_policy(&server);
    assert_true(net_create(client, net_session_id(), &first));
    for (int i = 0; i < SYNCS; i++) {
        net_sync(client, &first,
            i % 2 ? NET_PART("m1", "p1", "once") : NET_SESSION("A") "," NET_MESSAGE("m1"));
        net_expect_status(client, 200);
    }
    return 0;
}

static int close_all(void **state)
{
    policy_destroy(policy);
    return close_server(state);
}

/* Answers are replaced by the next. The caller frees. */
/* ---- proofs ---- */

static void proofs(void **state)
{
    struct net_share share;
    struct event_verdict verdict;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    for (int i = 0; i < 3; i++) {
        net_sync(client, &share, NET_SESSION("B \xc3\xa4") "," NET_MESSAGE("m1"));
        net_expect_status(client, 200);
    }
    for (uint64_t i = 1; i <= 4; i++) { /* the newest are proven as soon as they are there */
        verdict = net_event_verify(client, share.id, i, policy);
        assert_true(verdict.content);
        assert_int_equal(verdict.kind, i == 1 ? SL_CREATE : SL_SYNC);
        assert_int_equal(verdict.withheld, i == 1);
        assert_string_equal(net_header(client, "Content-Type"), "text/plain; charset=utf-8");
        assert_string_equal(net_header(client, "Content-Disposition"),
            net_text("attachment; filename=\"%s-%" PRIu64 ".tlog-proof\"", share.id, i));
    }
    for (uint64_t i = 1; i <= SYNCS; i += 7)
        net_event_verify(client, first.id, i, policy);
    const char *const proof = "/events/2/proof";
    net_ask_as(client, "HEAD", net_path(&share, proof), NULL);
    net_expect(client, 200, "");
    net_get(client, net_path(&share, "/events/0/proof"));
    net_expect_error(client, 404, "no sequence 0: there are 1 to 4");
    assert_string_equal(net_header(client, "Content-Disposition"), "");
    net_get(client, net_path(&share, "/events/5/proof"));
    net_expect_error(client, 404, "no sequence 5: there are 1 to 4");
    net_get(client, "/api/share/nobody00/events/1/proof");
    net_expect_error(client, 404, "Share not found");
}

/* A proof of another event proves nothing. */
static void proof_of_another(void **state)
{
    struct event_verdict verdict;
    struct sl_err err = {0};
    (void)state;
    net_get(client, net_path(&first, "/events/2"));
    struct sl_span event = net_body_copy(client);
    net_get(client, net_path(&first, "/events/3/proof"));
    assert_int_equal(
        event_verify(event, net_body_span(client), policy, NULL, &verdict, &err), SL_CORRUPT);
    net_get(client, net_path(&first, "/events/2/proof"));
    assert_int_equal(
        event_verify(event, net_body_span(client), policy, NULL, &verdict, &err), SL_OK);
    net_body_drop(event);
}

/* The secret's hash would let anybody try secrets: what commits to it is shown, it is not. */
static void create_is_withheld(void **state)
{
    struct sl_span items, item, value;
    (void)state;
    net_get(client, net_path(&first, "/events/1"));
    net_expect_status(client, 200);
    assert_string_equal(net_field(client, "id"), first.id);
    assert_true(sl_span_eq(net_member(client, "data"), SL_SPAN("[]")));
    assert_true(sl_span_eq(net_member(client, "nonce"), SL_SPAN("null")));
    assert_true(json_get(net_member(client, "nonces"), "items", &value));
    assert_true(sl_span_eq(value, SL_SPAN("[null]")));
    items = net_member(client, "items");
    assert_true(json_next(&items, &item));
    assert_true(json_get(item, "withheld", &value) && json_kind_of(value) == JSON_TRUE);
    assert_true(json_get(item, "committedBytes", &value));
    assert_true(json_get(item, "commitment", &value) && value.len == 46);
    uint8_t hash[32];
    char hex[65], base64[48];
    crypto_sha256(first.secret, strlen(first.secret), hash);
    crypto_hex(hash, 32, hex);
    crypto_base64(hash, 32, base64);
    assert_null(strstr(net_answer(client)->body, hex));
    assert_null(strstr(net_answer(client)->body, base64));
}

/* ---- bundles ---- */

static void bundles(void **state)
{
    struct bundle_verdict verdict = net_bundle_verify(client, first.id, policy);
    struct sl_err err = {0};
    uint64_t seed = net_seed();
    (void)state;
    assert_true(verdict.events == SYNCS + 1 && verdict.syncs == SYNCS && !verdict.removed);
    assert_true(verdict.withheld == 0 && verdict.log_size > SYNCS);
    assert_string_equal(net_header(client, "Content-Type"), "application/vnd.msgpack");
    assert_string_equal(net_header(client, "Content-Disposition"),
        net_text("attachment; filename=\"%s.bundle\"", first.id));
    struct sl_span bytes = net_body_copy(client);
    assert_null(memmem(bytes.ptr, bytes.len, first.secret, strlen(first.secret)));
    char *flipped = (char *)(uintptr_t)bytes.ptr;
    for (int i = 0; i < 40; i++) {
        size_t at = net_random(&seed) % bytes.len;
        char bit = (char)(1 << net_random(&seed) % 8);
        flipped[at] ^= bit;
        assert_int_equal(net_bundle_check(bytes, policy, &verdict, &err), SL_CORRUPT);
        flipped[at] ^= bit;
    }
    assert_int_equal(net_bundle_check(bytes, policy, &verdict, &err), SL_OK);
    net_body_drop(bytes);
    net_get(client, net_text("/share/%s.bundle", first.id));
    net_expect_status(client, 200);
    assert_int_equal(net_bundle_check(net_body_span(client), policy, &verdict, &err), SL_OK);
    net_get_as(client, net_path(&first, "/bundle"), "Accept-Encoding: zstd");
    net_expect_status(client, 200);
    assert_string_equal(net_header(client, "Content-Encoding"), "zstd");
    net_ask_as(client, "HEAD", net_path(&first, "/bundle"), NULL);
    net_expect(client, 200, "");
    net_get(client, "/api/share/nobody00/bundle");
    net_expect_error(client, 404, "Share not found");
}

/* What was removed is proven as that. */
static void removed(void **state)
{
    struct net_share share;
    struct event_verdict event;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    net_sync(client, &share, NET_PART("m1", "p1", "never-to-be-seen-again"));
    net_expect_status(client, 200);
    net_get(client, net_path(&share, "/events/2/proof"));
    net_expect_status(client, 200);
    struct sl_span older = net_body_copy(client);
    net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
    net_expect_status(client, 200);
    struct bundle_verdict verdict = net_bundle_verify(client, share.id, policy);
    assert_null(memmem(net_answer(client)->body, net_answer(client)->len, "never-to-be", 11));
    assert_true(verdict.removed && verdict.events == 3 && verdict.syncs == 1);
    assert_int_equal(verdict.removed_by, SL_WHO_SECRET);
    for (uint64_t i = 1; i <= 3; i++) {
        event = net_event_verify(client, share.id, i, policy);
        assert_int_equal(event.content, i != 2);
    }
    /* the proof from before still holds */
    struct sl_err err = {0};
    net_get_as(client, net_path(&share, "/events/2"), NET_AS_OWNER);
    net_expect_status(client, 200);
    assert_int_equal(event_verify(net_body_span(client), older, policy, NULL, &event, &err), SL_OK);
    net_body_drop(older);
    net_get(client, net_path(&share, "/events/2")); /* the rest stays closed */
    net_expect_error(client, 404, "Share not found");
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
        cmocka_unit_test(proofs),
        cmocka_unit_test(proof_of_another),
        cmocka_unit_test(create_is_withheld),
        cmocka_unit_test(bundles),
        cmocka_unit_test(removed),
        cmocka_unit_test(stops),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
