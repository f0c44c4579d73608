/* An event's content in a bundle, with one thing wrong in it while chain, tree and signature are
   right for it: the first item that differs is named, with its key. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/bundle_read.h"
#include "core/proof/event_times.h"
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
    bm.events[1].items[1].replacement = SL_SPAN("{}");
    refused("event 2: item 1: withheld, but no redact event names it");
    bm.events[1].nonces_short = true;
    refused("event 2: nonces one by one, but nothing is withheld");
    bm.events[1].items[0].withheld = true;
    refused("event 2: 2 items, but nonces of 1");
    bm = good;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    bm.events[1].items[1].replacement = SL_SPAN("[]");
    refused("event 5: item 0 (redact): item 1 of event 2 is not replaced by what it says");
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
    buf_add_span(&data, SL_SPAN("{\"id\":\"msg_1\",\"text\":\""));
    for (size_t i = 0; i < 3 * READ_WINDOW_BYTES; i++)
        buf_add(&data, &(char){(char)('a' + i % 26)}, 1);
    buf_add(&data, "\"}", 2);
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
    const struct bm_named first[] = {{2, 1, SL_SPAN("{\"title\":\"[redacted]\"}")},
        {4, 0, SL_SPAN("{\"id\":\"prt_1\",\"messageID\":\"[redacted]\"}")}};
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
    bm.events[3].items[0].replacement = SL_SPAN("{\"id\":\"prt_1\",\"messageID\":\"msg_1\"}");
    refused("event 5: item 0 (redact): item 0 of event 4 is not replaced by what it says");
    bm = good;
    bm_redact_body(second, 1, &redaction2);
    bm.events[5].items[0].data = buf_span(&redaction2);
    refused("event 5: item 0: withheld, but no redact event names it");
    const struct bm_named by_bytes[] = {second[0], {5, 0, buf_span(&now)}};
    bm_redact_body(by_bytes, 2, &redaction2);
    bm.events[5].items[0].data = buf_span(&redaction2);
    refused("event 6: item 0 (redact): item 0 of event 5 is not replaced by what it says");
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
    refused("event 4: item 0 (redact): item 0 of event 4 is not replaced by what it says");
}

/* ---- what the signer says falsely: all of it is committed to and signed ---- */

static void test_forged_items(void **state)
{
    (void)state;
    struct bm good = bm;
    struct bm_item *item = &bm.events[2].items[0];
    item->data = SL_SPAN("{\"id\":\"msg_2\",\"role\":\"assistant\"}");
    refused("event 3: item 0 (message/msg_1): its key is not the one that its type and data make");
    bm = good;
    item->type = "massage";
    refused("event 3: item 0 (message/msg_1): its key is not the one");
    bm = good;
    item->type = item->key = "message\xff";
    refused("event 3: item 0 (message?): its key is not the one");
    bm = good;
    item->data = SL_SPAN("not JSON");
    refused("event 3: item 0 (message/msg_1): its data is not one JSON value");
    item->data = SL_SPAN("{\"id\":\"msg_1\",\"text\":\"\xff\"}");
    refused("event 3: item 0 (message/msg_1): its data is not one JSON value");
    bm = good;
    bm.events[1].items[1].data = SL_SPAN("nor this"); /* the first one is named */
    item->data = SL_SPAN("not JSON");
    refused("event 2: item 1 (session): its data is not one JSON value");
    bm = good;
    bm.events[0].items[0].key = "session";
    refused("event 1: item 0 (session): its type and key are not those of a create");
}

static void test_forged_marks(void **state)
{
    (void)state;
    struct bm good = bm;
    struct bm_item *item = &bm.events[2].items[0];
    item->data = SL_SPAN("{\"id\":\"msg_1\",\"role\":\"[redacted]\"}");
    item->marked = true;
    holds();
    assert_int_equal(verdict.marked, 1);
    assert_int_equal(verdict.withheld, 0);
    each_bit();
    item->data = SL_SPAN("{\"id\":\"msg_1\",\"text\":\"I stole the money\"}");
    refused(
        "event 3: item 0 (message/msg_1): what stands in its place is not what redacting makes");
    bm = good; /* by a server from before there were marks */
    item->data = SL_SPAN("{\"id\":\"[redacted]\",\"role\":\"user\"}");
    holds();
    assert_int_equal(verdict.marked, 1);
    bm = good;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    bm.events[4].items[0].marked = true;
    refused("event 5: item 0 (redact): marked as redacted on arrival, in a redact");
}

static void test_forged_replacements(void **state)
{
    (void)state;
    static const char *const forged[][2] = {
        {"I stole the money", "what stands in its place is not one JSON value"},
        {"<script>alert(1)</script>", "what stands in its place is not one JSON value"},
        {"", "what stands in its place is not one JSON value"},
        {"null", "what stands in its place is another item by its ids"},
        {"{\"id\":\"msg_2\",\"text\":\"[redacted]\"}", "is another item by its ids"},
        {"{\"id\":\"msg_1\",\"text\":\"I stole the money\"}", "is not what redacting makes"},
        {"{\"id\":\"msg_1\",\"text\":\"[redacted]\",\"more\":\"I stole the money\"}",
            "it is longer than what was sent"},
    };
    struct bm good = bm;
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        bm = good;
        bm_redact(&bm, 12, 2, 0, sl_span_of(forged[i][0]), &redaction);
        refused(forged[i][1]);
        assert_non_null(strstr(err.text, "event 2: item 0 (message/msg_1): "));
    }
}

/* `named` says what the redact event behind the others says. */
static void redact_says(const struct bm_named *named, size_t count, const char *why)
{
    struct bm good = bm;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    bm_redact_body(named, count, &redaction);
    bm.events[4].items[0].data = buf_span(&redaction);
    refused(why);
    bm = good;
}

static void test_forged_targets(void **state)
{
    (void)state;
    const struct bm_named right = {2, 1, SL_SPAN("{}")};
    redact_says((struct bm_named[]){{2, 0, SL_SPAN("{}")}, right}, 2,
        "event 5: item 0 (redact): item 0 of event 2 is not replaced"); /* it stands */
    redact_says((struct bm_named[]){right, {2, 7, SL_SPAN("{}")}}, 2, "item 7 of event 2 is not");
    redact_says((struct bm_named[]){right, {99, 0, SL_SPAN("{}")}}, 2, "item 0 of event 99 is not");
    redact_says((struct bm_named[]){{1, 0, SL_SPAN("")}, right}, 2, "item 0 of event 1 is not");
    redact_says((struct bm_named[]){right, {5, 0, SL_SPAN("")}}, 2, "item 0 of event 5 is not");
    redact_says((struct bm_named[]){right, right}, 2, "the items that it names are not in order");
    redact_says((struct bm_named[]){{2, 1, SL_SPAN("[]")}}, 1, "item 1 of event 2 is not replaced");
}

static void test_forged_records(void **state)
{
    (void)state;
    struct bm good = bm;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    redaction.ptr[1] = 7; /* who */
    refused("event 5: item 0 (redact): byte ");
    assert_non_null(strstr(err.text, "done by nobody known"));
    bm = good;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    buf_add(&redaction, "\0", 1);
    bm.events[4].items[0].data = buf_span(&redaction);
    refused("something follows what the record says");
    bm = good;
    bm.events[3].position = 8; /* and put back: the removal names position 8 */
    bm_remove(&bm, 12, SL_WHO_OWNER, &removal);
    bm.events[3].position = 9;
    refused("event 5: item 0 (remove): it removes other positions than those of the share's");
    bm = good;
    bm_remove(&bm, 12, SL_WHO_OWNER, &removal);
    removal.len--; /* its last position */
    removal.ptr[removal.len - 4] = (char)0x93;
    bm.events[4].items[0].data = buf_span(&removal);
    refused("event 5: item 0 (remove): it removes other positions");
}

static void allow_says(struct sl_span record)
{
    struct bm_event *allow = bm_add(&bm, SL_ALLOW, 15);
    allow->items_count = 1;
    allow->items[0] = (struct bm_item){.type = "allow", .key = "allow", .data = record};
}

static void test_forged_allow(void **state)
{
    (void)state;
    struct bm good = bm;
    allow_says(SL_SPAN("\x92\x01\xa0"));
    refused("event 5: an allow, but the owner did not remove the share before");
    bm = good;
    bm_remove(&bm, 12, SL_WHO_SECRET, &removal);
    allow_says(SL_SPAN("\x92\x01\xa0"));
    refused("event 6: an allow, but the owner did not remove the share before");
    static const struct sl_span records[] = {{"\x92\x07\xa0", 3}, {"\x93\x01\xa0\x90", 4},
        {"\x92\x01\xa0\xa0", 4}, {"\x91\x01", 2}, {"", 0}};
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        bm = good;
        bm_remove(&bm, 12, SL_WHO_OWNER, &removal);
        allow_says(records[i]);
        refused("event 6: item 0 (allow): byte ");
    }
}

static void test_forged_times(void **state)
{
    (void)state;
    struct bm good = bm;
    static const uint64_t times[] = {0, TIME_FIRST_MS - 1, TIME_END_MS, UINT64_MAX};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        for (size_t event = 0; event < bm.count; event++)
            bm.events[event].time_ms = times[i];
        refused("event 1: its time is before the year 2000 or after 9999");
        bm = good;
    }
    for (size_t event = 0; event < bm.count; event++)
        bm.events[event].time_ms = TIME_END_MS - 1;
    holds();
    bm = good;
    bm.events[2].arrived_late_us = 1000 * ARRIVED_AHEAD_MS;
    holds();
    bm.events[2].arrived_late_us += 2000;
    refused("event 3: it arrived after the time that its header says");
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
        TEST(test_forged_items),
        TEST(test_forged_marks),
        TEST(test_forged_replacements),
        TEST(test_forged_targets),
        TEST(test_forged_records),
        TEST(test_forged_allow),
        TEST(test_forged_times),
    };
    return cmocka_run_group_tests_name("bundle_content", tests, NULL, NULL);
}
