/* Bundles of a store: every recorded session's, of shares whose events lie among each other's, of
 * removed and redacted ones; and what is done to them on the way. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/bundle_make.h"
#include "tests/support/core_fixture.h"

#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static struct policy *policy;
static struct note_key head_key;

static int begin(void **state)
{
    make_store(state);
    struct note_key key;
    assert_true(note_key_parse(sl_span_of(sl_store_log_key(store)), &key));
    core_expect(policy_make(&key, NULL, 0, 0, &policy, &err), SL_OK, &err);
    assert_true(note_key_parse(sl_span_of(sl_store_head_key(store)), &head_key));
    return 0;
}

static int end(void **state)
{
    policy_destroy(policy);
    return drop_store(state);
}

static void bundle(const char *id, struct buf *out)
{
    buf_clear(out);
    core_expect(sl_share_bundle(store, sl_span_of(id), core_sink(out), &err), SL_OK, &err);
    assert_false(out->failed);
}

/* Write a share's bundle, and check it. */
static struct bundle_verdict holds(const char *id, struct buf *out)
{
    struct bundle_verdict verdict;
    struct sl_share_info info;
    bundle(id, out);
    core_expect(bm_verify_head(buf_span(out), policy, &head_key, &verdict, &err), SL_OK, &err);
    core_expect(sl_share_info(store, sl_span_of(id), &info, &err), SL_OK, &err);
    assert_string_equal(verdict.share_id, id);
    assert_int_equal(verdict.events, info.sequence);
    assert_int_equal(verdict.syncs, info.syncs);
    assert_int_equal(verdict.first_ms, info.created_ms);
    assert_int_equal(verdict.last_ms, info.updated_ms);
    assert_int_equal(verdict.removed, info.state == SL_SHARE_REMOVED);
    assert_int_equal(verdict.head, BUNDLE_HEAD_HOLDS);
    assert_int_equal(verdict.statement.sequence, info.sequence);
    assert_true(verdict.statement.time_ms >= info.updated_ms);
    return verdict;
}

/* ---- recorded sessions ---- */

#define CAPTURES 16

struct capture {
    struct buf bytes;
    struct sl_span rest;
    struct sl_credentials share;
    uint64_t syncs;
};

/* The next recorded sync, if there is one. */
static bool sync_next(struct capture *capture)
{
    while (capture->rest.len) {
        const char *line_end = memchr(capture->rest.ptr, '\n', capture->rest.len);
        size_t len = line_end ? (size_t)(line_end - capture->rest.ptr) : capture->rest.len;
        struct sl_span line = {capture->rest.ptr, len}, body, data;
        len += line_end != NULL;
        capture->rest = (struct sl_span){capture->rest.ptr + len, capture->rest.len - len};
        if (!json_get(line, "body", &body) || !json_get(body, "data", &data)) continue;
        core_now_us += 1000000;
        core_sync_at(store, &capture->share, data, core_now_us - 7);
        capture->syncs++;
        return true;
    }
    return false;
}

static size_t load(struct capture captures[CAPTURES])
{
    glob_t files;
    assert_int_equal(glob("tests/captures/*.jsonl", 0, NULL, &files), 0);
    size_t count = 0;
    for (; count < files.gl_pathc && count < CAPTURES; count++) {
        char session[64];
        struct capture *capture = &captures[count];
        *capture = (struct capture){0};
        assert_true(core_read_file(files.gl_pathv[count], &capture->bytes));
        capture->rest = buf_span(&capture->bytes);
        snprintf(session, sizeof(session), "ses_capture%08zu", count);
        capture->share = core_create(store, session);
    }
    globfree(&files);
    assert_true(count >= 7);
    return count;
}

/* Their syncs in turn, so that no share's events lie side by side for long. */
static void test_captures(void **state)
{
    (void)state;
    struct capture captures[CAPTURES];
    struct buf out = {0};
    size_t count = load(captures);
    for (bool any = true; any;) {
        any = false;
        for (size_t i = 0; i < count; i++)
            any = sync_next(&captures[i]) || any;
    }
    for (size_t i = 0; i < count; i++) {
        struct bundle_verdict verdict = holds(captures[i].share.id, &out);
        assert_int_equal(verdict.syncs, captures[i].syncs);
        assert_int_equal(verdict.withheld, 0);
        buf_fini(&captures[i].bytes);
    }
    buf_fini(&out);
}

/* ---- bits of a large one ---- */

static void sync_large(const struct sl_credentials *share, size_t bytes)
{
    struct buf items = {0};
    buf_add_span(&items,
        SL_SPAN("[{\"type\":\"part\",\"data\":{\"messageID\":\"m\",\"id\":\"p\",\"text\":\""));
    for (size_t i = 0; i < bytes; i++)
        buf_add(&items, &(char){(char)('a' + i * i % 26)}, 1);
    buf_add_span(&items, SL_SPAN("\"}},{\"type\":\"session\",\"data\":{\"id\":\"s\"}},"
                                 "{\"type\":\"session\",\"data\":null}]"));
    core_now_us += 1000;
    core_sync_at(store, share, buf_span(&items), core_now_us);
    buf_fini(&items);
}

static void test_sampled_bits(void **state)
{
    (void)state;
    uint64_t seed = core_seed("sampled bits");
    struct buf out = {0};
    struct bundle_verdict verdict;
    struct sl_credentials share = core_create(store, "ses_00000001"),
                          other = core_create(store, "ses_00000002");
    for (size_t i = 0; i < 40; i++) {
        sync_large(&share, i * 100);
        if (i % 3) sync_large(&other, 5);
    }
    holds(share.id, &out);
    for (unsigned round = 0; round < 4000 * core_rounds(); round++) {
        size_t bit = core_random(&seed) % (8 * out.len);
        /* half of them in the last events, where most is at stake */
        if (round % 2) bit = 8 * out.len - 1 - bit % (8 * 4096);
        out.ptr[bit / 8] ^= (char)(1 << bit % 8);
        enum sl_result result = bm_verify_head(buf_span(&out), policy, &head_key, &verdict, &err);
        if (result != SL_CORRUPT || !err.text[0])
            fail_msg("bit %zu of byte %zu: %s", bit % 8, bit / 8, sl_result_text(result));
        out.ptr[bit / 8] ^= (char)(1 << bit % 8);
        size_t len = core_random(&seed) % out.len;
        if (round % 4 == 0)
            assert_int_equal(
                bm_verify_head((struct sl_span){out.ptr, len}, policy, &head_key, &verdict, &err),
                SL_CORRUPT);
    }
    core_expect(bm_verify_head(buf_span(&out), policy, &head_key, &verdict, &err), SL_OK, &err);
    buf_fini(&out);
}

/* Each bit of what a store writes for a share of two events. */
static void test_each_bit(void **state)
{
    (void)state;
    struct buf out = {0};
    struct bundle_verdict verdict;
    core_create(store, "ses_00000002");
    struct sl_credentials share = core_create(store, "ses_00000001");
    core_sync(store, &share, "[{\"type\":\"session\",\"data\":{\"title\":\"T\"}}]");
    holds(share.id, &out);
    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        out.ptr[bit / 8] ^= (char)(1 << bit % 8);
        if (bm_verify_head(buf_span(&out), policy, &head_key, &verdict, &err) != SL_CORRUPT)
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        out.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    buf_fini(&out);
}

/* ---- batches of all sizes ---- */

/* A batch of more items than are hashed at once, longer than the reader's window, with one item
   that is too long to be hashed beside others: whichever item has a bit turned over is the one that
   is named, and so it is when the bundle also ends behind it. */
static void test_which_item(void **state)
{
    (void)state;
    enum { ITEMS = 310, LONG = 120 };
    struct buf items = {0}, out = {0};
    struct bundle_verdict verdict;
    struct sl_credentials share = core_create(store, "ses_0123456789abcdefwhich");
    for (int i = 0; i < ITEMS; i++) {
        char head[80];
        snprintf(head, sizeof(head), "%c{\"type\":\"x\",\"data\":{\"id\":\"#%d#\",\"v\":\"",
            i ? ',' : '[', i);
        buf_add(&items, head, strlen(head));
        for (int n = i == LONG ? 90000 : 10 + i % 7 * 300; n > 0; n--)
            buf_add(&items, "x", 1);
        buf_add(&items, "\"}}", 3);
    }
    buf_add(&items, "]", 1);
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    assert_int_equal(holds(share.id, &out).items, 1 + ITEMS);
    for (int i = 0; i < ITEMS; i += 3) {
        char mark[32], name[96];
        snprintf(mark, sizeof(mark), "\"#%d#\"", i);
        snprintf(name, sizeof(name), "event 2: item %d (x/#%d#): its bytes are not", i, i);
        char *at = memmem(out.ptr, out.len, mark, strlen(mark));
        assert_non_null(at);
        *at ^= 4;
        size_t behind = (size_t)(at - out.ptr) + 3000 + (i == LONG ? 90000 : 0);
        for (size_t len = out.len; len; len = len == out.len && behind < len ? behind : 0) {
            struct sl_span bytes = {out.ptr, len};
            assert_int_equal(bm_verify_head(bytes, policy, &head_key, &verdict, &err), SL_CORRUPT);
            if (!strstr(err.text, name)) fail_msg("%s\n  instead of: %s", err.text, name);
        }
        *at ^= 4;
    }
    buf_fini(&items);
    buf_fini(&out);
}

static void test_sizes(void **state)
{
    (void)state;
    struct buf out = {0}, items = {0};
    struct sl_credentials share = core_create(store, "ses_00000001");
    core_sync(store, &share, "[]");
    sync_large(&share, 1);
    sync_large(&share, 2 * SL_BODY_ROW_BYTES + 77); /* over rows of the store */
    buf_add(&items, "[", 1);
    for (int i = 0; i < 70000; i++) { /* more than two bytes count */
        char item[64];
        buf_add(&items, item,
            (size_t)snprintf(
                item, sizeof(item), "%s{\"type\":\"t%d\",\"data\":%d}", i ? "," : "", i % 300, i));
    }
    buf_add(&items, "]", 1);
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    buf_clear(&items);
    buf_add_span(&items, SL_SPAN("[{\"type\":\"message\",\"data\":{\"id\":\""));
    for (size_t i = 0; i + 8 < SL_ITEM_KEY_BYTES; i++)
        buf_add(&items, "k", 1);
    buf_add_span(&items, SL_SPAN("\"}}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us); /* the longest key */
    struct bundle_verdict verdict = holds(share.id, &out);
    assert_int_equal(verdict.items, 1 + 0 + 3 + 3 + 70000 + 1);
    buf_fini(&items);
    buf_fini(&out);
}

/* ---- removed ---- */

static void test_removed(void **state)
{
    (void)state;
    struct buf before = {0}, out = {0};
    struct bundle_verdict verdict;
    struct sl_credentials share = core_create(store, "ses_00000001");
    for (int i = 0; i < 3; i++)
        sync_large(&share, 300);
    holds(share.id, &before);
    core_now_us += 5000000;
    core_expect(sl_share_remove(
                    store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN("why"), &err),
        SL_OK, &err);
    verdict = holds(share.id, &out);
    assert_true(verdict.removed);
    assert_int_equal(verdict.removed_by, SL_WHO_OWNER);
    assert_int_equal(verdict.removed_ms, core_now_us / 1000);
    assert_int_equal(verdict.items, 2);
    assert_null(memmem(out.ptr, out.len, "messageID", 9));
    settle();
    struct bundle_verdict erased = holds(share.id, &out);
    assert_int_equal(erased.items, 2);
    core_expect(sl_session_allow(store, SL_SPAN("ses_00000001"), &err), SL_OK, &err);
    erased = holds(share.id, &out);
    assert_int_equal(erased.events, 6);
    /* what was given out before still holds */
    core_expect(bm_verify_head(buf_span(&before), policy, &head_key, &verdict, &err), SL_OK, &err);
    assert_false(verdict.removed);
    buf_fini(&before);
    buf_fini(&out);
    assert_int_equal(
        sl_share_bundle(store, SL_SPAN("nothing"), core_sink(&out), &err), SL_NOT_FOUND);
}

struct interrupted {
    struct sl_credentials share;
    size_t taken;
};

static bool remove_meanwhile(void *ctx, const void *bytes, size_t len)
{
    struct interrupted *interrupted = ctx;
    (void)bytes;
    if (interrupted->taken == 0)
        core_expect(sl_share_remove(store, sl_span_of(interrupted->share.id), SL_WHO_OWNER,
                        SL_SPAN(""), SL_SPAN(""), &err),
            SL_OK, &err);
    interrupted->taken += len;
    return true;
}

static void test_removed_meanwhile(void **state)
{
    (void)state;
    struct interrupted interrupted = {.share = core_create(store, "ses_00000001")};
    for (int i = 0; i < 8; i++)
        sync_large(&interrupted.share, 100000);
    assert_int_equal(sl_share_bundle(store, sl_span_of(interrupted.share.id),
                         (struct sl_sink){remove_meanwhile, &interrupted}, &err),
        SL_REMOVED);
    assert_true(interrupted.taken < 300000);
}

static bool stop(void *ctx, const void *bytes, size_t len)
{
    (void)ctx, (void)bytes, (void)len;
    return false;
}

static void test_reader_stops(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_00000001");
    sync_large(&share, 200000);
    assert_int_equal(
        sl_share_bundle(store, sl_span_of(share.id), (struct sl_sink){stop, NULL}, &err),
        SL_STOPPED);
}

/* ---- redacted ---- */

static void redact(const char *id, const char *text)
{
    struct sl_redacted redacted;
    struct sl_redaction redaction = {.share_id = sl_span_of(id),
        .text = sl_span_of(text),
        .who = SL_WHO_OWNER,
        .reason = SL_SPAN("why")};
    core_expect(sl_redact(store, &redaction, NULL, &redacted, &err), SL_OK, &err);
    assert_true(redacted.items > 0);
}

static void test_redacted(void **state)
{
    (void)state;
    struct buf before = {0}, out = {0};
    struct bundle_verdict verdict;
    struct sl_credentials share = core_create(store, "ses_00000001");
    for (int i = 0; i < 3; i++) {
        core_sync(store, &share,
            "[{\"type\":\"message\",\"data\":{\"id\":\"m\",\"a\":\"hush-hush\",\"b\":\"psst-psst\"}},"
            "{\"type\":\"session\",\"data\":{\"title\":\"plain\"}}]");
        sync_large(&share, 1000);
    }
    holds(share.id, &before);
    assert_non_null(memmem(before.ptr, before.len, "hush-hush", 9));
    redact(share.id, "hush-hush");
    verdict = holds(share.id, &out);
    assert_int_equal(verdict.withheld, 3);
    assert_null(memmem(out.ptr, out.len, "hush-hush", 9));
    assert_non_null(memmem(out.ptr, out.len, "plain", 5));
    redact(share.id, "psst-psst"); /* the same items once more */
    verdict = holds(share.id, &out);
    assert_int_equal(verdict.withheld, 3);
    core_sync(store, &share,
        "[{\"type\":\"message\",\"data\":{\"id\":\"m\",\"a\":\"hush-hush\",\"b\":\"psst-psst\"}}]");
    holds(share.id, &out);
    settle();
    verdict = holds(share.id, &out);
    assert_null(memmem(out.ptr, out.len, "hush-hush", 9));
    /* what was given out before still holds */
    core_expect(bm_verify_head(buf_span(&before), policy, &head_key, &verdict, &err), SL_OK, &err);
    assert_int_equal(verdict.withheld, 0);
    holds(share.id, &out);
    for (size_t bit = 0; bit < 8 * out.len; bit += 7) {
        out.ptr[bit / 8] ^= (char)(1 << bit % 8);
        if (bm_verify_head(buf_span(&out), policy, &head_key, &verdict, &err) != SL_CORRUPT)
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        out.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    core_expect(sl_share_remove(
                    store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN("why"), &err),
        SL_OK, &err);
    verdict = holds(share.id, &out);
    assert_int_equal(verdict.withheld, 0);
    buf_fini(&before);
    buf_fini(&out);
}

static bool redact_meanwhile(void *ctx, const void *bytes, size_t len)
{
    struct interrupted *interrupted = ctx;
    (void)bytes;
    if (interrupted->taken == 0) redact(interrupted->share.id, "hush-hush");
    interrupted->taken += len;
    return true;
}

/* The redact event is not among the bundle's, so what it withheld would be without a reason. */
static void test_redacted_meanwhile(void **state)
{
    (void)state;
    struct buf out = {0};
    struct interrupted interrupted = {.share = core_create(store, "ses_00000001")};
    for (int i = 0; i < 4; i++)
        sync_large(&interrupted.share, 100000);
    core_sync(store, &interrupted.share,
        "[{\"type\":\"message\",\"data\":{\"id\":\"m\",\"text\":\"hush-hush\"}}]");
    assert_int_equal(sl_share_bundle(store, sl_span_of(interrupted.share.id),
                         (struct sl_sink){redact_meanwhile, &interrupted}, &err),
        SL_REDACTED);
    assert_int_equal(holds(interrupted.share.id, &out).withheld, 1);
    buf_fini(&out);
}

/* A store that signs nothing says nothing of a share's end, and the bundle is none the worse. */
static void test_unsigned(void **state)
{
    (void)state;
    struct buf out = {0};
    struct bundle_verdict verdict;
    struct sl_credentials share = core_create(store, "ses_00000001");
    core_sync(store, &share, "[{\"type\":\"session\",\"data\":{\"title\":\"T\"}}]");
    holds(share.id, &out);
    close_store();
    struct sl_options options = core_options(dir);
    options.access = SL_READ_BESIDE;
    open_store(&options);
    bundle(share.id, &out);
    core_expect(bm_verify_head(buf_span(&out), policy, &head_key, &verdict, &err), SL_OK, &err);
    assert_int_equal(verdict.head, BUNDLE_HEAD_NONE);
    assert_int_equal(verdict.events, 2);
    buf_fini(&out);
}

/* ---- while others write ---- */

static void *write_on(void *ctx)
{
    struct sl_credentials *share = ctx;
    for (int i = 0; i < 200; i++)
        core_sync(store, share, "[{\"type\":\"session\",\"data\":{\"title\":\"T\"}}]");
    return NULL;
}

static void test_beside_writers(void **state)
{
    (void)state;
    pthread_t threads[2];
    struct buf out = {0};
    struct bundle_verdict verdict;
    struct sl_credentials one = core_create(store, "ses_00000001"),
                          two = core_create(store, "ses_00000002");
    pthread_create(&threads[0], NULL, write_on, &one);
    pthread_create(&threads[1], NULL, write_on, &two);
    uint64_t last = 0;
    for (int i = 0; i < 3; i++) {
        bundle(one.id, &out);
        core_expect(bm_verify_head(buf_span(&out), policy, &head_key, &verdict, &err), SL_OK, &err);
        assert_true(verdict.events >= last);
        last = verdict.events;
    }
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    holds(two.id, &out);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_captures, begin, end),
        cmocka_unit_test_setup_teardown(test_sampled_bits, begin, end),
        cmocka_unit_test_setup_teardown(test_each_bit, begin, end),
        cmocka_unit_test_setup_teardown(test_which_item, begin, end),
        cmocka_unit_test_setup_teardown(test_sizes, begin, end),
        cmocka_unit_test_setup_teardown(test_removed, begin, end),
        cmocka_unit_test_setup_teardown(test_removed_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(test_reader_stops, begin, end),
        cmocka_unit_test_setup_teardown(test_redacted, begin, end),
        cmocka_unit_test_setup_teardown(test_redacted_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(test_unsigned, begin, end),
        cmocka_unit_test_setup_teardown(test_beside_writers, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
