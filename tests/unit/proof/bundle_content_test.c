/* An event's content in a bundle, with one thing wrong in it while chain, tree and signature are
   right for it: the first item that differs is named, with its key. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/bundle_read.h"
#include "tests/support/bundle_make.h"
#include "tests/support/core_store.h"

#include <stdio.h>

static struct bm bm;
static struct policy *policy;
static struct buf bytes, redaction, redaction2, removal; /* the bodies of such events */
static struct bundle_verdict verdict;
static struct sl_err err;

static int begin(void **state)
{
    (void)state;
    bm_init(&bm);
    policy = bm_policy(&bm);
    buf_clear(&bytes);
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_destroy(policy);
    buf_fini(&bytes);
    buf_fini(&redaction);
    buf_fini(&redaction2);
    buf_fini(&removal);
    return 0;
}

static enum sl_result verify(void)
{
    buf_clear(&bytes);
    bm_build(&bm, &bytes);
    return bm_verify(buf_span(&bytes), policy, &verdict, &err);
}

static void holds(void)
{
    core_expect(verify(), SL_OK, &err);
}

/* Refused, for that reason. */
static void refused(const char *why)
{
    enum sl_result result = verify();
    if (result != SL_CORRUPT || !strstr(err.text, why))
        fail_msg("%s: %s\n  instead of: %s", sl_result_text(result), err.text, why);
}

static void each_bit(void)
{
    holds();
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        enum sl_result result = bm_verify(buf_span(&bytes), policy, &verdict, &err);
        if (result != SL_CORRUPT || !err.text[0])
            fail_msg("bit %zu of byte %zu: %s", bit % 8, bit / 8, sl_result_text(result));
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
}

static void test_items(void **state)
{
    (void)state;
    struct bm good = bm;
    bm.events[1].data_flip = 1;
    refused("event 2: item 0 (message/msg_1): its bytes are not the ones that were committed to");
    bm = good;
    bm.events[1].nonces_apart = true;
    refused("event 2: nonces one by one, but nothing is withheld");
    bm = good;
    bm.events[1].items[1].withheld = true;
    refused("event 2: item 1: withheld, but no redact event names it");
    bm.events[1].nonces_short = true;
    refused("event 2: nonces one by one, but nothing is withheld");
    bm.events[1].items[0].withheld = true;
    refused("event 2: 2 items, but nonces of 1");
    bm = good;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    bm.events[1].items[1].replacement = SL_SPAN("{ }");
    refused("event 2: item 1: what stands in its place is not what the redact event says");
    bm = good;
    bm_remove(&bm, 12, SL_WHO_OWNER, &removal);
    bm.events[4].items[0].withheld = true;
    refused("event 5: item 0 (remove): withheld from a remove");
    bm = good;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    redaction.ptr[0] = (char)0x92;
    refused("event 5: item 0 (redact): byte ");
}

/* Items that are gathered are compared when a group ends: of two that differ the first one is
   named, and before what is read behind it. */
static void test_first_fault(void **state)
{
    (void)state;
    struct bm good = bm;
    bm.events[1].data_flip = 1;
    bm.events[1].items[1].key = "";
    refused("event 2: item 0 (message/msg_1): its bytes are not the ones that were committed to");
    bm = good;
    bm.events[2].data_flip = 1;
    bm.events[3].data_flip = 1;
    refused("event 3: item 0");
}

/* A key is a stranger's text: shown in plain characters, and cut. */
static void test_key_shown(void **state)
{
    (void)state;
    char key[200], shown[200];
    bm.events[1].items[0].key = "a\n\x1b[31m\xff";
    bm.events[1].data_flip = 1;
    refused("event 2: item 0 (a??[31m?): its bytes");
    memset(key, 'k', sizeof(key));
    key[sizeof(key) - 1] = 0;
    bm.events[1].items[0].key = key;
    snprintf(shown, sizeof(shown), "item 0 (%.96s...): its bytes", key);
    refused(shown);
}

/* Longer than what is held in one piece: its bytes are hashed as they come. */
static void test_large_item(void **state)
{
    (void)state;
    struct buf data = {0};
    for (size_t i = 0; i < 3 * READ_WINDOW_BYTES; i++)
        buf_add(&data, &(char){(char)('a' + i % 26)}, 1);
    bm.events[1].items[0].data = buf_span(&data);
    holds();
    assert_true(verdict.bytes > data.len);
    bm.events[1].data_flip = 1;
    refused("event 2: item 0 (message/msg_1): its bytes are not the ones that were committed to");
    buf_fini(&data);
}

static void test_control_items(void **state)
{
    (void)state;
    struct bm good = bm;
    bm.events[0].items[0].withheld = false;
    refused("event 1: item 0 (create): a create's item, and not withheld");
    bm = good;
    bm.events[0].items[0].replacement = SL_SPAN("x");
    refused("event 1: item 0 (create): something stands in its place");
    bm = good;
    bm_remove(&bm, 12, (enum sl_who)9, &removal);
    refused("event 5: item 0 (remove): byte ");
    bm.events[4].items_count = 0;
    refused("event 5: a remove of 0 items, not 1");
}

/* What a redact event put in an item's place is itself redacted: it says the newest one now, and
   the event that did that names both. */
static void test_redaction_redacted(void **state)
{
    (void)state;
    struct buf now = {0};
    const struct bm_named first[] = {
        {2, 1, SL_SPAN("{\"old\":1}")}, {4, 0, SL_SPAN("{\"kept\":1}")}};
    bm_redact(&bm, 12, 2, 1, first[0].replacement, &redaction);
    bm_redact_body(first, 2, &redaction);
    bm.events[4].items[0].data = buf_span(&redaction);
    bm.events[3].items[0].withheld = true;
    bm.events[3].items[0].replacement = first[1].replacement;
    holds();
    assert_int_equal(verdict.withheld, 2);
    const struct bm_named then[] = {{2, 1, SL_SPAN("{}")}, first[1]};
    bm_redact_body(then, 2, &now);
    bm_redact(&bm, 13, 5, 0, buf_span(&now), &redaction2);
    uint8_t hash[32]; /* of another redact event it says no more */
    crypto_sha256(now.ptr, now.len, hash);
    const struct bm_named second[] = {
        {2, 1, SL_SPAN("{}")}, {5, 0, {(const char *)hash, sizeof(hash)}}};
    bm_redact_body(second, 2, &redaction2);
    bm.events[5].items[0].data = buf_span(&redaction2);
    bm.events[1].items[1].replacement = SL_SPAN("{}");
    struct bm good = bm;
    holds();
    assert_int_equal(verdict.withheld, 2);
    each_bit();
    /* the earlier event alone names event 4's item: only as it stands now */
    bm.events[3].items[0].replacement = SL_SPAN("{}");
    refused("event 4: item 0: what stands in its place is not what the redact event says");
    bm = good;
    bm_redact_body(second, 1, &redaction2);
    bm.events[5].items[0].data = buf_span(&redaction2);
    refused("event 5: item 0: withheld, but no redact event names it");
    const struct bm_named by_bytes[] = {second[0], {5, 0, buf_span(&now)}};
    bm_redact_body(by_bytes, 2, &redaction2);
    bm.events[5].items[0].data = buf_span(&redaction2);
    refused("event 5: item 0: what stands in its place is not what the redact event says");
    bm_redact_body(second, 2, &redaction2);
    bm.events[5].items[0].data = buf_span(&redaction2);
    bm.events[4].items[0].replacement = SL_SPAN("{}");
    refused("event 5: item 0 (redact): byte ");
    bm = good;
    bm.events[5].items[0].withheld = true; /* the last one by nobody */
    bm.events[5].items[0].replacement = buf_span(&redaction2);
    refused("event 6: item 0: withheld, but no redact event names it");
    buf_fini(&now);
}

/* A redaction before the item that it names: it can't have meant that one. */
static void test_redacted_too_early(void **state)
{
    (void)state;
    struct bm_event *redacted = bm_redact(&bm, 12, 4, 0, SL_SPAN("{}"), &redaction);
    struct bm_event early = *redacted, late = bm.events[3];
    late.sequence = 5;
    late.time_ms = early.time_ms;
    late.position = 12;
    early.sequence = 4;
    early.position = 9;
    bm.events[3] = early;
    bm.events[4] = late;
    refused("event 5: item 0: withheld, but no redact event names it");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_items),
        TEST(test_first_fault),
        TEST(test_key_shown),
        TEST(test_large_item),
        TEST(test_control_items),
        TEST(test_redaction_redacted),
        TEST(test_redacted_too_early),
    };
    return cmocka_run_group_tests_name("bundle_content", tests, NULL, NULL);
}
