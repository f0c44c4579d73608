/* Redaction held against everything that reads: what is replaced is replaced everywhere, at every
 * moment, for good, and everything else still proves. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "tests/support/core_answers.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define SECRET "hunter2-is-the-word"
#define GONE "[redacted]"

static struct sl_credentials share;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

/* ---- redacting ---- */

static struct sl_redacted redact(struct sl_redaction asked)
{
    struct sl_redacted told = {0};
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_OK, &err);
    return told;
}

static struct sl_redaction by_text(const char *id, const char *text)
{
    return (struct sl_redaction){.share_id = sl_span_of(id),
        .text = sl_span_of(text),
        .who = SL_WHO_OWNER,
        .reason = SL_SPAN("a password")};
}

static struct sl_redaction by_key(const char *id, const char *key)
{
    return (struct sl_redaction){
        .share_id = sl_span_of(id), .key = sl_span_of(key), .who = SL_WHO_OWNER};
}

static struct sl_redaction by_item(const char *id, uint64_t sequence, uint64_t item)
{
    return (struct sl_redaction){
        .share_id = sl_span_of(id), .sequence = sequence, .item = item, .who = SL_WHO_OWNER};
}

/* The text is nowhere, and everything else is as it has to be: now, beside, after a rebuild. */
static void check_gone(const char *id, const char *text)
{
    struct buf before = {0}, after = {0};
    assert_int_equal(core_answers_with(store, id, text), 0);
    core_verify(store);
    settle();
    core_verify(store);
    core_check_events(store, id);
    core_check_bundle(store, id, UINT64_MAX, text);
    core_gather_answers(store, id, &before);
    reopen();
    assert_int_equal(core_answers_with(store, id, text), 0);
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    core_verify(store);
    core_gather_answers(store, id, &after);
    core_assert_same(buf_span(&after), buf_span(&before), "answers after a rebuild");
    struct sl_options options = core_options(dir);
    options.access = SL_READ_BESIDE;
    options.makes_no_keys = true;
    struct sl_store *beside = core_open(&options);
    assert_int_equal(core_answers_with(beside, id, text), 0);
    core_verify(beside);
    sl_store_close(beside);
    buf_fini(&before);
    buf_fini(&after);
}

/* ---- what it does ---- */

/* Enough of a session for several snapshots: parts that stream, the secret in some. */
static void sync_session(const struct sl_credentials *to, int batches, size_t bytes)
{
    for (int i = 0; i < batches; i++) {
        struct buf items = {0};
        char text[300];
        snprintf(text, sizeof(text),
            "[{\"type\":\"session\",\"data\":{\"id\":\"ses_1\",\"title\":\"t%d %s\"}},"
            "{\"type\":\"message\",\"data\":{\"id\":\"msg_%d\",\"role\":\"user\"}},"
            "{\"type\":\"part\",\"data\":{\"id\":\"prt_%d\",\"messageID\":\"msg_%d\",\"text\":\"",
            i, i % 3 == 1 ? SECRET : "", i / 2, i / 2, i / 2);
        buf_add(&items, text, strlen(text));
        for (size_t n = 0; n < bytes; n++)
            buf_add(&items, i % 2 ? "xy" : "z", 1);
        snprintf(text, sizeof(text),
            "%s\"}},{\"type\":\"session_diff\",\"data\":[{\"file\":\"f%d\",\"patch\":\"%s\"}]}]",
            i % 4 == 2 ? SECRET : "", i, i % 5 == 0 ? SECRET : "");
        buf_add(&items, text, strlen(text));
        core_sync_at(store, to, buf_span(&items), core_now_us);
        core_now_us += 1000000;
        buf_fini(&items);
    }
}

static void test_text_at_all_moments(void **state)
{
    (void)state;
    sync_session(&share, 24, 20 * SL_KIB);
    settle();
    struct sl_verified verified;
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
    assert_true(verified.snapshots >= 3);
    core_check_bundle(store, share.id, 0, NULL);
    assert_true(core_answers_with(store, share.id, SECRET) > 10);
    struct sl_redacted told = redact(by_text(share.id, SECRET));
    assert_int_equal(told.shares, 1);
    assert_true(told.items >= 15 && told.events >= 10);
    check_gone(share.id, SECRET);
    assert_true(core_answers_with(store, share.id, GONE) > 10);
    core_check_bundle(store, share.id, told.items, SECRET);
    told = redact(by_text(share.id, SECRET));
    assert_int_equal(told.items, 0);
}

static void test_text_in_all_shares(void **state)
{
    (void)state;
    struct sl_credentials other = core_create(store, "ses_0123456789abcdefghik");
    struct sl_credentials third = core_create(store, "ses_0123456789abcdefghil");
    sync_session(&share, 5, 10);
    sync_session(&other, 5, 10);
    core_sync(store, &third, "[{\"type\":\"x\",\"data\":\"nothing\"}]");
    struct sl_redacted told = redact(by_text("", SECRET));
    assert_int_equal(told.shares, 2);
    check_gone(share.id, SECRET);
    check_gone(other.id, SECRET);
    assert_int_equal(core_last_sequence(store, third.id), 2);
    /* a share that is made later is under the rule too */
    struct sl_credentials later = core_create(store, "ses_0123456789abcdefghim");
    core_sync(store, &later, "[{\"type\":\"x\",\"data\":\"\\u0068unter2-is-the-word\"}]");
    core_assert_data(store, later.id, 0, "[{\"type\":\"x\",\"data\":\"[redacted]\"}]");
    check_gone(later.id, SECRET);
}

static void test_item_and_key(void **state)
{
    (void)state;
    core_sync(store, &share,
        "[{\"type\":\"part\",\"data\":{\"id\":\"a\",\"messageID\":\"m\",\"text\":\"hidden one\"}},"
        "{\"type\":\"x\",\"data\":{\"id\":\"k\",\"v\":\"stays one\"}}]");
    core_sync(store, &share,
        "[{\"type\":\"part\",\"data\":{\"id\":\"a\",\"messageID\":\"m\",\"text\":\"hidden two\"}}]");
    struct sl_redacted told = redact(by_item(share.id, 2, 0));
    assert_int_equal(told.items, 1);
    assert_int_equal(core_answers_with(store, share.id, "hidden one"), 0);
    assert_true(core_answers_with(store, share.id, "hidden two") > 0);
    core_assert_data(store, share.id, 2,
        "[{\"type\":\"part\",\"data\":{\"id\":\"a\",\"messageID\":\"m\",\"text\":\"[redacted]\"}},"
        "{\"type\":\"x\",\"data\":{\"id\":\"k\",\"v\":\"stays one\"}}]");
    /* the same item again */
    core_sync(store, &share,
        "[{\"type\":\"part\",\"data\":{\"id\":\"a\",\"messageID\":\"m\",\"text\":\"hidden one\"}}]");
    assert_int_equal(core_answers_with(store, share.id, "hidden one"), 0);
    told = redact(by_key(share.id, "part/m/a"));
    assert_int_equal(told.items, 1);
    check_gone(share.id, "hidden");
    core_sync(store, &share,
        "[{\"type\":\"part\",\"data\":{\"id\":\"a\",\"messageID\":\"m\",\"text\":\"hidden three\"}}]");
    check_gone(share.id, "hidden");
    assert_true(core_answers_with(store, share.id, "stays one") > 0);
}

static size_t changed_keys;
static bool count_change(void *ctx, enum sl_change change, struct sl_span key)
{
    (void)ctx, (void)change, (void)key;
    changed_keys++;
    return true;
}

/* Two versions that differ in what was redacted alone are the same from then on. */
static void test_changes(void **state)
{
    (void)state;
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"one " SECRET "\"}]");
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"two " SECRET "\"}]");
    core_expect(
        sl_share_changes(store, sl_span_of(share.id), 2, 3, count_change, NULL, &err), SL_OK, &err);
    assert_int_equal(changed_keys, 1);
    redact(by_text(share.id, SECRET));
    changed_keys = 0;
    core_expect(
        sl_share_changes(store, sl_span_of(share.id), 2, 3, count_change, NULL, &err), SL_OK, &err);
    assert_int_equal(changed_keys, 0);
}

/* A text that is a member's name, or part of one that folding goes by. */
static void test_names_that_folding_needs(void **state)
{
    (void)state;
    core_sync(store, &share,
        "[{\"type\":\"model\",\"data\":[{\"id\":\"m1\",\"providerID\":\"p\"},{\"id\":\"m2\",\"providerID\":\"p\"}]},"
        "{\"type\":\"message\",\"data\":{\"id\":\"msg_1\",\"role\":\"user\"}},"
        "{\"type\":\"messages\",\"data\":{\"sessionID\":\"s\",\"messages\":[]}}]");
    redact(by_text(share.id, "providerID"));
    redact(by_text(share.id, "sessionID"));
    redact(by_text(share.id, "msg_1"));
    check_gone(share.id, "providerID");
    core_sync(
        store, &share, "[{\"type\":\"model\",\"data\":[{\"id\":\"m3\",\"providerID\":\"p\"}]}]");
    check_gone(share.id, "providerID");
}

/* ---- again and again ---- */

static size_t event_bytes(uint64_t sequence)
{
    struct sl_event *event = NULL;
    core_expect(sl_event_open(store, sl_span_of(share.id), sequence, &event, &err), SL_OK, &err);
    size_t bytes = (size_t)sl_event_info(event)->bytes;
    sl_event_close(event);
    return bytes;
}

/* One item that is redacted many times: redact events that hold each other's bodies would double
 * with each. */
static void test_chain(void **state)
{
    (void)state;
    enum { TIMES = 14 };
    struct buf items = {0};
    char text[64];
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":[\"kept\""));
    for (int i = 0; i < TIMES; i++) {
        snprintf(text, sizeof(text), ",\"secret-%02d\"", i);
        buf_add(&items, text, strlen(text));
    }
    buf_add_span(&items, SL_SPAN("]},{\"type\":\"y\",\"data\":\"secret-00\"}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    size_t whole = items.len;
    buf_fini(&items);
    for (int i = 0; i < TIMES; i++) {
        snprintf(text, sizeof(text), "secret-%02d", i);
        redact(by_text(share.id, text));
        core_verify(store);
        core_check_events(store, share.id);
        core_check_bundle(store, share.id, i == 0 ? 2 : 2, text);
        if (event_bytes(core_last_sequence(store, share.id)) > 4 * whole + 64 * TIMES)
            fail_msg("redaction %d takes %zu bytes", i,
                event_bytes(core_last_sequence(store, share.id)));
    }
    redact(by_item(share.id, 2, 0));
    redact(by_key(share.id, "y"));
    check_gone(share.id, "secret-");
}

/* Several redact events of one call, each of which takes the earlier ones in. */
static void test_large(void **state)
{
    (void)state;
    const int events = 60;
    for (int i = 0; i < events; i++) {
        struct buf items = {0};
        buf_add_span(&items, SL_SPAN("["));
        for (int k = 0; k < 200; k++) {
            char item[160];
            snprintf(item, sizeof(item),
                "%s{\"type\":\"x\",\"data\":{\"id\":\"%d-%d\",\"v\":\"" SECRET
                " and another-word here\"}}",
                k ? "," : "", i, k);
            buf_add(&items, item, strlen(item));
        }
        buf_add_span(&items, SL_SPAN("]"));
        core_sync_at(store, &share, buf_span(&items), core_now_us);
        buf_fini(&items);
    }
    uint64_t before = core_last_sequence(store, share.id);
    struct sl_redacted told = redact(by_text(share.id, "another-word"));
    assert_int_equal(told.items, events * 200);
    assert_true(core_last_sequence(store, share.id) >= before + 3);
    core_verify(store);
    told = redact(by_text(share.id, SECRET)); /* gone with it: whole strings are replaced */
    assert_int_equal(told.items, 0);
    told = redact(by_item(share.id, 30, 7));
    assert_int_equal(told.items, 0);
    settle();
    core_verify(store);
    core_check_bundle(store, share.id, (uint64_t)events * 200, SECRET);
}

static void test_body_of_several_rows(void **state)
{
    (void)state;
    struct buf items = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"a\",\"data\":[\""));
    while (items.len < 5 * SL_MIB)
        buf_add_span(&items, SL_SPAN("0123456789abcdef"));
    buf_add_span(
        &items, SL_SPAN("\",\"" SECRET "\"]},{\"type\":\"b\",\"data\":[\"" SECRET "\",\""));
    while (items.len < 9 * SL_MIB)
        buf_add_span(&items, SL_SPAN("fedcba9876543210"));
    buf_add_span(&items, SL_SPAN("\"]},{\"type\":\"c\",\"data\":\"stays here\"}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    buf_fini(&items);
    assert_int_equal(redact(by_text(share.id, SECRET)).items, 2);
    check_gone(share.id, SECRET);
    assert_int_equal(
        redact(by_key(share.id, "a")).items, 1); /* the body shrinks by a row and more */
    check_gone(share.id, "0123456789abcdef");
    assert_true(core_answers_with(store, share.id, "stays here") > 0);
}

/* Events that are much larger than what is replaced in them: not all at once. */
static void test_large_events(void **state)
{
    (void)state;
    const int events = 7;
    for (int i = 0; i < events; i++) {
        struct buf items = {0};
        char head[100];
        snprintf(head, sizeof(head),
            "[{\"type\":\"a\",\"data\":\"%s %d\"},{\"type\":\"b\",\"data\":\"", SECRET, i);
        buf_add(&items, head, strlen(head));
        while (items.len < 9 * SL_MIB)
            buf_add_span(&items, SL_SPAN("0123456789abcdef"));
        buf_add_span(&items, SL_SPAN("\"}]"));
        core_sync_at(store, &share, buf_span(&items), core_now_us);
        buf_fini(&items);
    }
    uint64_t before = core_last_sequence(store, share.id);
    assert_int_equal(redact(by_text(share.id, SECRET)).items, events);
    assert_int_equal(core_last_sequence(store, share.id), before + 2);
    core_verify(store);
    struct buf out = {0};
    for (uint64_t at = 2; at <= before; at++) {
        core_data(store, share.id, at, &out);
        assert_null(memmem(out.ptr, out.len, SECRET, strlen(SECRET)));
    }
    buf_fini(&out);
}

/* ---- what comes again ---- */

static void test_rules_stay(void **state)
{
    (void)state;
    struct sl_credentials other = core_create(store, "ses_0123456789abcdefghik");
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"say " SECRET " now\"}]");
    core_sync(store, &share, "[{\"type\":\"k\",\"data\":\"say this\"}]");
    redact(by_text(share.id, SECRET)); /* by the owner: in every share */
    redact(by_key(share.id, "k"));
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_SECRET,
                    sl_span_of(share.secret), SL_SPAN(""), &err),
        SL_OK, &err);
    settle();
    core_verify(store);
    for (int i = 0; i < 2; i++) {
        core_sync(
            store, &other, "[{\"type\":\"x\",\"data\":[\"\\u0068\\u0075nter2-is-the-word\",1]}]");
        core_assert_data(store, other.id, 0, "[{\"type\":\"x\",\"data\":[\"[redacted]\",1]}]");
        reopen();
    }
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    core_sync(store, &other, "[{\"type\":\"z\",\"data\":\"" SECRET "\"}]");
    check_gone(other.id, SECRET);
    struct sl_redaction gone = by_text(share.id, SECRET);
    struct sl_redacted told;
    core_expect(sl_redact(store, &gone, NULL, &told, &err), SL_REMOVED, &err);
    gone = by_text("", "say this"); /* a removed share is passed over */
    core_expect(sl_redact(store, &gone, NULL, &told, &err), SL_OK, &err);
    assert_int_equal(told.items, 0);
}

/* ---- what is redacted on arrival says so ---- */

static struct sl_item item_of(uint64_t sequence, size_t index, uint64_t marked)
{
    struct sl_event *event = NULL;
    core_expect(sl_event_open(store, sl_span_of(share.id), sequence, &event, &err), SL_OK, &err);
    assert_int_equal(sl_event_info(event)->marked, marked);
    struct sl_item item = sl_event_item(event, index);
    item.type = item.key = (struct sl_span){0}; /* they go with the event */
    sl_event_close(event);
    return item;
}

static void test_marks(void **state)
{
    (void)state;
    struct sl_verified verified;
    core_sync(
        store, &share, "[{\"type\":\"message\",\"data\":{\"id\":\"m\",\"a\":\"" SECRET "\"}}]");
    redact(by_text(share.id, SECRET));
    core_sync(store, &share,
        "[{\"type\":\"x\",\"data\":\"plain\"},"
        "{\"type\":\"message\",\"data\":{\"id\":\"m\",\"a\":\"" SECRET "\",\"b\":\"other-word\"}},"
        "{\"type\":\"message\",\"data\":{\"id\":\"" SECRET "\"}}]");
    assert_false(item_of(2, 0, 0).marked); /* it was there before, and is withheld */
    assert_true(item_of(2, 0, 0).withheld);
    assert_false(item_of(4, 0, 2).marked);
    assert_true(item_of(4, 1, 2).marked && !item_of(4, 1, 2).withheld);
    assert_true(item_of(4, 2, 2).marked);
    core_check_events(store, share.id);
    core_check_bundle(store, share.id, UINT64_MAX, NULL); /* a key has it */
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
    assert_int_equal(verified.marked, 2);
    assert_int_equal(verified.redacted, 1);
    /* redacted once more: the mark stays */
    redact(by_text(share.id, "other-word"));
    assert_true(item_of(4, 1, 2).marked && item_of(4, 1, 2).withheld);
    assert_true(item_of(4, 2, 2).marked && !item_of(4, 2, 2).withheld);
    core_check_events(store, share.id);
    core_check_bundle(store, share.id, UINT64_MAX, NULL); /* a key has it */
    reopen();
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
    assert_int_equal(verified.marked, 2);
    assert_int_equal(verified.redacted, 2);
    /* what reads so already was sent so */
    core_sync(store, &share, "[{\"type\":\"k\",\"data\":{\"a\":\"a word\"}}]");
    redact(by_key(share.id, "k"));
    core_sync(store, &share, "[{\"type\":\"k\",\"data\":{\"a\":\"[redacted]\"}}]");
    core_sync(store, &share, "[{\"type\":\"k\",\"data\":{\"a\":\"a word\"}}]");
    assert_false(item_of(8, 0, 0).marked);
    assert_true(item_of(9, 0, 1).marked);
}

static void test_secret_holder(void **state)
{
    (void)state;
    struct sl_credentials other = core_create(store, "ses_0123456789abcdefghik");
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"" SECRET "\"}]");
    core_sync(store, &other, "[{\"type\":\"x\",\"data\":\"" SECRET "\"}]");
    struct sl_redaction asked = by_text(share.id, SECRET);
    asked.who = SL_WHO_SECRET;
    asked.secret = sl_span_of(other.secret);
    struct sl_redacted told;
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_BAD_SECRET, &err);
    asked.secret = sl_span_of(share.secret);
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_OK, &err);
    reopen();
    core_sync(store, &share, "[{\"type\":\"y\",\"data\":\"" SECRET "\"}]");
    core_sync(store, &other, "[{\"type\":\"y\",\"data\":\"" SECRET "\"}]");
    assert_int_equal(core_answers_with(store, share.id, SECRET), 0);
    assert_true(core_answers_with(store, other.id, SECRET) > 0);
}

static void refused(struct sl_redaction asked, enum sl_result expected)
{
    struct sl_redacted told = {.items = 77};
    uint64_t before = core_last_sequence(store, share.id);
    core_expect(sl_redact(store, &asked, NULL, &told, &err), expected, &err);
    assert_int_equal(told.items, 77);
    assert_int_equal(core_last_sequence(store, share.id), before);
}

static size_t rules_stored(void)
{
    struct row_key from = row_meta("rule/"), to = row_meta("rule0");
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_META, row_span(&from), row_span(&to), KV_CACHED);
    size_t rules = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        rules++;
    kv_iter_destroy(iter);
    return rules;
}

static void test_errors(void **state)
{
    (void)state;
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"" SECRET "\"}]");
    refused(by_text("nobody", SECRET), SL_NOT_FOUND);
    refused(by_text("no/id", SECRET), SL_NOT_FOUND);
    refused(by_text(share.id, "abc"), SL_INVALID);
    refused(by_item(share.id, 1, 0), SL_INVALID);
    refused(by_item(share.id, 9, 0), SL_NOT_FOUND);
    refused(by_item(share.id, 2, 1), SL_NOT_FOUND);
    refused(by_item(share.id, 2, UINT64_MAX), SL_NOT_FOUND);
    refused(by_item(share.id, UINT64_MAX, 0), SL_NOT_FOUND);
    refused((struct sl_redaction){.share_id = sl_span_of(share.id)}, SL_INVALID);
    refused(by_key("", "x"), SL_INVALID);
    struct sl_redaction two = by_text(share.id, SECRET);
    two.key = SL_SPAN("x");
    refused(two, SL_INVALID);
    struct sl_redaction secret = by_text("", SECRET);
    secret.who = SL_WHO_SECRET;
    refused(secret, SL_INVALID);
    uint64_t before = core_last_sequence(store, share.id);
    assert_int_equal(redact(by_text(share.id, "nowhere at all")).items, 0);
    assert_int_equal(redact(by_key(share.id, "nokey")).items, 0);
    assert_int_equal(core_last_sequence(store, share.id), before);
    assert_int_equal(rules_stored(), 0);
    core_sync(store, &share, "[{\"type\":\"y\",\"data\":\"nowhere at all\"}]");
    assert_true(core_answers_with(store, share.id, "nowhere at all") > 0);
    reopen();
    struct sl_options options = core_options(dir);
    options.access = SL_READ_BESIDE;
    struct sl_store *beside = core_open(&options), *own = store;
    store = beside;
    refused(by_text(share.id, SECRET), SL_READ_ONLY);
    sl_store_close(beside);
    store = own;
}

static void test_open_views_fail(void **state)
{
    (void)state;
    struct sl_view *view = NULL;
    struct sl_event *event = NULL;
    struct buf out = {0};
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"" SECRET "\"}]");
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    core_expect(sl_event_open(store, sl_span_of(share.id), 2, &event, &err), SL_OK, &err);
    core_expect(sl_view_data(view, core_sink(&out), &err), SL_OK, &err);
    redact(by_text(share.id, SECRET));
    buf_clear(&out);
    core_expect(sl_view_data(view, core_sink(&out), &err), SL_REDACTED, &err);
    core_expect(sl_event_item_data(event, 0, core_sink(&out), &err), SL_REDACTED, &err);
    assert_int_equal(out.len, 0);
    sl_view_close(view);
    sl_event_close(event);
    buf_fini(&out);
}

/* A write that fails at any moment of it: after reopening all of it is there, or none. */
static void test_writes_that_fail(void **state)
{
    (void)state;
    bool reached = true;
    for (long k = 0; reached; k++) {
        drop_store(state);
        make_share(state);
        sync_session(&share, 6, 20 * SL_KIB);
        settle();
        struct sl_redaction asked = by_text(share.id, SECRET);
        struct sl_redacted told = {0};
        kv_fault_after(k);
        enum sl_result result = sl_redact(store, &asked, NULL, &told, &err);
        if (result == SL_OK) result = sl_store_settle(store, &err);
        reached = result != SL_OK;
        kv_fault_after(-1);
        reopen();
        core_verify(store);
        settle();
        core_verify(store);
        if (told.items) assert_int_equal(core_answers_with(store, share.id, SECRET), 0);
        core_check_events(store, share.id);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_text_at_all_moments),
        TEST(test_text_in_all_shares),
        TEST(test_item_and_key),
        TEST(test_changes),
        TEST(test_names_that_folding_needs),
        TEST(test_chain),
        TEST(test_large),
        TEST(test_body_of_several_rows),
        TEST(test_large_events),
        TEST(test_rules_stay),
        TEST(test_marks),
        TEST(test_secret_holder),
        TEST(test_errors),
        TEST(test_open_views_fail),
        TEST(test_writes_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
