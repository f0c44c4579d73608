/* Bundles of a made-up log, with one thing wrong in each: every bit turned, cut anywhere, and, more
 * to the point, wrong in just one way while chain, tree and signature are right for it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/bundle_make.h"
#include "tests/support/core_store.h"

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

/* ---- what holds ---- */

static void test_whole(void **state)
{
    (void)state;
    holds();
    assert_string_equal(verdict.share_id, "dXn5PvMt");
    assert_int_equal(verdict.events, 4);
    assert_int_equal(verdict.syncs, 3);
    assert_int_equal(verdict.items, 5);
    assert_int_equal(verdict.withheld, 0);
    assert_int_equal(verdict.first_ms, bm.events[0].time_ms);
    assert_int_equal(verdict.last_ms, bm.events[3].time_ms);
    assert_int_equal(verdict.log_size, 21);
    assert_false(verdict.removed);
    /* in whatever pieces the bytes come */
    for (size_t piece = 1; piece < 200; piece += 7) {
        struct bm_source source = {.bytes = buf_span(&bytes), .piece = piece};
        core_expect(bundle_verify(bm_input(&source), &(struct bundle_asks){.policy = policy}, NULL,
                        &verdict, &err),
            SL_OK, &err);
    }
}

/* The share's events anywhere in logs of any size. */
static void test_positions(void **state)
{
    (void)state;
    uint64_t seed = core_seed("positions");
    for (unsigned round = 0; round < 300 * core_rounds(); round++) {
        uint64_t at = 0;
        for (size_t i = 0; i < bm.count; i++) {
            at += core_random(&seed) % (core_random(&seed) % 2 ? 1 : 40);
            bm.events[i].position = at++;
        }
        bm.log_size = at + core_random(&seed) % 50;
        holds();
        assert_int_equal(verdict.log_size, bm.log_size);
    }
}

static void test_removed(void **state)
{
    (void)state;
    struct bm_event *removed = bm_remove(&bm, 12, SL_WHO_OWNER, &removal);
    holds();
    assert_true(verdict.removed);
    assert_int_equal(verdict.removed_by, SL_WHO_OWNER);
    assert_int_equal(verdict.removed_ms, removed->time_ms);
    assert_int_equal(verdict.events, 5);
    assert_int_equal(verdict.syncs, 3);
    struct bm_event *allow = bm_add(&bm, SL_ALLOW, 15);
    allow->items_count = 1;
    allow->items[0] =
        (struct bm_item){.type = "allow", .key = "allow", .data = SL_SPAN("\x92\x01\xa0")};
    holds();
    assert_int_equal(verdict.events, 6);
}

static void test_redacted(void **state)
{
    (void)state;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{\"title\":\"[redacted]\"}"), &redaction);
    holds();
    assert_int_equal(verdict.withheld, 1);
    assert_int_equal(verdict.items, 6);
    /* again, by something else: then the one before says so too, and is withheld */
    bm_redact(&bm, 13, 2, 1, SL_SPAN("{}"), &redaction2);
    refused("event 5: item 0 (redact): item 1 of event 2 is not replaced by what it says");
    bm.events[1].items[1].replacement = SL_SPAN("{\"title\":\"[redacted]\"}");
    refused("event 6: item 0 (redact): item 1 of event 2 is not replaced by what it says");
    /* both items, and then all of it removed */
    bm.count = bm.said = 5;
    bm_redact(&bm, 14, 2, 0, SL_SPAN("{\"id\":\"[redacted]\",\"role\":\"user\"}"), &redaction2);
    holds();
    assert_int_equal(verdict.withheld, 2);
    bm_remove(&bm, 17, SL_WHO_SECRET, &removal);
    holds();
    assert_int_equal(verdict.withheld, 0);
}

/* ---- one thing wrong, by one who can sign ---- */

static void test_head(void **state)
{
    (void)state;
    bm.said = 0;
    refused("share dXn5PvMt: byte 64: no events");
    bm.said = 3;
    refused("share dXn5PvMt: byte ");
    bm.said = 5;
    refused("share dXn5PvMt: event 5: byte ");
    bm.said = UINT64_MAX;
    refused("event 5: byte ");
    bm.said = 4;
    bm.id = "no id";
    refused("not the id of a share");
}

static void test_places(void **state)
{
    (void)state;
    struct bm good = bm;
    bm.events[2].prev_wrong = true;
    refused("event 3: its header does not name the event before it (prev)");
    bm = good;
    bm.events[2].ref_wrong = true;
    refused("event 3: its header belongs to another share");
    bm = good;
    bm.events[2].sequence = 4;
    refused("event 3: missing (the next one is 4)");
    bm = good;
    bm.events[2].time_ms = bm.events[1].time_ms - 1;
    refused("event 3: its time is before that of the event before it");
    bm.events[2].time_ms = bm.events[1].time_ms;
    holds();
    bm = good;
    bm.events[2].position = bm.events[1].position;
    refused("event 3: its position, 2, is not behind that of the event before it");
    bm.events[2].position = UINT64_MAX;
    refused("event 3: its position is beyond any log's end");
    bm = good;
    bm.log_size = 5;
    refused("event 4: the gap before it has 0 bytes, where");
    bm = good;
    bm.events[3].position = 6;
    bm.log_size = 6;
    bm.events[2].position = 5;
    refused("its checkpoint is of 6 events, and its last one is at position 6");
    bm = good;
    bm.events[2].header_is = &SL_SPAN("no header");
    refused("event 3: its header is unreadable");
}

static void test_kinds(void **state)
{
    (void)state;
    struct bm good = bm;
    bm.events[0].kind = SL_SYNC;
    refused("event 1: the first event is no creation");
    bm = good;
    bm.events[2].kind = SL_CREATE;
    refused("event 3: a second creation");
    bm = good;
    bm.events[2].kind = 77;
    refused("event 3: of an unknown kind, 77");
    bm = good;
    bm.events[0].erased = true;
    refused("event 1: its content is gone, which that of a create never is");
    bm = good;
    bm.events[2].erased = true;
    refused("event 3: its content is gone, but the share is not removed");
    bm = good;
    bm_remove(&bm, 12, SL_WHO_OWNER, &removal);
    bm_add(&bm, SL_SYNC, 13);
    refused("event 6: a sync after the removal");
    bm.events[5].kind = SL_REMOVE;
    refused("event 6: a remove after the removal");
}

/* ---- by one who can't sign ---- */

/* All made anew but the checkpoint. */
static void forged(const char *why)
{
    struct buf note = {0};
    struct bm_event events[BM_EVENTS];
    memcpy(events, bm.events, sizeof(events));
    size_t count = bm.count;
    uint64_t size = bm.log_size;
    bm_init(&bm);
    bm_build(&bm, &note); /* the true log */
    buf_clear(&note);
    bm_checkpoint(&bm, &note);
    memcpy(bm.events, events, sizeof(events));
    bm.count = bm.said = count;
    bm.log_size = size;
    bm.checkpoint = buf_span(&note);
    refused(why);
    buf_fini(&note);
    bm_init(&bm);
}

static const char not_the_logs[] =
    "share dXn5PvMt: its events are not, as they stand here, those of "
    "the log that the checkpoint signs";

static void test_forged(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) { /* times changed, all chained again */
        bm.events[i].time_ms += i == 0 ? (uint64_t)-1 : 1;
        forged(not_the_logs);
    }
    for (size_t i = 1; i < 4; i++) { /* an event replaced */
        bm.events[i].items[0].data = SL_SPAN("{\"id\":\"msg_1\",\"role\":\"forged\"}");
        if (i == 3)
            bm.events[i].items[0].data =
                SL_SPAN("{\"id\":\"prt_1\",\"messageID\":\"msg_1\",\"text\":\"forged\"}");
        forged(not_the_logs);
    }
    for (size_t i = 1; i < 3; i++) { /* one left out, those behind it counted and chained again */
        memmove(&bm.events[i], &bm.events[i + 1], (3 - i) * sizeof(bm.events[0]));
        bm.count = 3;
        for (size_t k = i; k < 3; k++)
            bm.events[k].sequence = k + 1;
        forged(not_the_logs);
    }
    struct bm_event second = bm.events[1]; /* two in another order */
    memcpy(bm.events[1].items, bm.events[2].items, sizeof(second.items));
    bm.events[1].items_count = bm.events[2].items_count;
    memcpy(bm.events[2].items, second.items, sizeof(second.items));
    bm.events[2].items_count = second.items_count;
    forged(not_the_logs);
    bm.events[3].position = 10; /* elsewhere */
    forged(not_the_logs);
    bm.log_size = 20; /* of a shorter log than the checkpoint's */
    forged("the gap before it has");
    bm.seed[0] ^= 1; /* signed by another */
    refused("its checkpoint: ");
}

/* A history made up before the true last event: that one is in the log, but doesn't name them. */
static void test_only_the_last_is_true(void **state)
{
    (void)state;
    static struct buf true_header, note;
    struct header header;
    holds();
    /* the last header lies in the bytes as it is */
    char *at = bytes.ptr;
    for (size_t i = 0; i < 4; i++) {
        at = memmem(at + 1, (size_t)(bytes.ptr + bytes.len - at - 1), "\x97\x01", 2);
        assert_non_null(at);
    }
    for (size_t len = 100; len < 140; len++)
        if (header_decode((struct sl_span){at, len}, &header)) buf_add(&true_header, at, len);
    assert_int_equal(header.sequence, 4);
    bm_checkpoint(&bm, &note);
    struct sl_span last = buf_span(&true_header);
    bm.checkpoint = buf_span(&note);
    bm.events[3].header_is = &last;
    holds();
    bm.events[1].items[0].data = SL_SPAN("{\"id\":\"msg_1\",\"role\":\"forged\"}");
    refused("event 4: its header does not name the event before it (prev)");
    bm.events[1].items[0].data =
        SL_SPAN("{\"id\":\"msg_1\"}"); /* … nor if that is all there is of it */
    bm.events[0] = bm.events[3];
    bm.count = bm.said = 1;
    refused("event 1: missing (the next one is 4)");
    buf_fini(&true_header);
    buf_fini(&note);
}

/* ---- bits, ends, sizes ---- */

static void test_bits(void **state)
{
    (void)state;
    each_bit();
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    each_bit();
    bm_remove(&bm, 15, SL_WHO_OWNER, &removal);
    each_bit();
}

static void test_ends(void **state)
{
    (void)state;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    holds();
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(
            bm_verify((struct sl_span){bytes.ptr, len}, policy, &verdict, &err), SL_CORRUPT);
    size_t whole = bytes.len;
    for (unsigned byte = 0; byte < 256; byte++) {
        buf_add(&bytes, &(uint8_t){(uint8_t)byte}, 1);
        assert_int_equal(bm_verify(buf_span(&bytes), policy, &verdict, &err), SL_CORRUPT);
        bytes.len = whole;
    }
    /* a byte more or less anywhere */
    for (size_t at = 0; at < whole; at++) {
        struct buf other = {0};
        buf_add(&other, bytes.ptr, at);
        buf_add(&other, bytes.ptr + at + 1, whole - at - 1);
        assert_int_equal(bm_verify(buf_span(&other), policy, &verdict, &err), SL_CORRUPT);
        buf_clear(&other);
        buf_add(&other, bytes.ptr, at + 1);
        buf_add(&other, bytes.ptr + at, whole - at);
        assert_int_equal(bm_verify(buf_span(&other), policy, &verdict, &err), SL_CORRUPT);
        buf_fini(&other);
    }
}

/* A value of `len` bytes at most, replaced by the head of one of four thousand million, or by any
   other kind of value: refused, and without that memory. */
static void test_sizes(void **state)
{
    (void)state;
    static const struct sl_span heads[] = {{"\xc6\xff\xff\xff\xff", 5}, {"\xdb\xff\xff\xff\xff", 5},
        {"\xdd\xff\xff\xff\xff", 5}, {"\xc5\xff\xff", 3}, {"\xda\xff\xff", 3}, {"\xdc\xff\xff", 3},
        {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9}, {"\xdf\xff\xff\xff\xff", 5}, {"\xc0", 1},
        {"\xc1", 1}, {"\xff", 1}, {"\xcb", 1}, {"\xc9\xff\xff\xff\xff", 5}};
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    holds();
    struct buf other = {0};
    for (size_t at = 0; at < bytes.len; at++)
        for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
            buf_clear(&other);
            buf_add(&other, bytes.ptr, at);
            buf_add_span(&other, heads[i]);
            buf_add(&other, bytes.ptr + at, bytes.len - at);
            assert_int_equal(bm_verify(buf_span(&other), policy, &verdict, &err), SL_CORRUPT);
        }
    buf_fini(&other);
}

/* Bytes of any kind. */
static void test_noise(void **state)
{
    (void)state;
    uint64_t seed = core_seed("noise");
    struct buf other = {0};
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    holds();
    for (unsigned round = 0; round < 5000 * core_rounds(); round++) {
        buf_clear(&other);
        buf_add_span(&other, buf_span(&bytes));
        for (unsigned n = 1 + (unsigned)(core_random(&seed) % 8); n > 0; n--)
            other.ptr[core_random(&seed) % other.len] = (char)core_random(&seed);
        enum sl_result result = bm_verify(buf_span(&other), policy, &verdict, &err);
        bool same = sl_span_eq(buf_span(&other), buf_span(&bytes));
        if (result != (same ? SL_OK : SL_CORRUPT)) fail_msg("%s", sl_result_text(result));
    }
    buf_fini(&other);
}

/* ---- its end ---- */

static enum sl_result verify_head(const struct note_key *head)
{
    buf_clear(&bytes);
    bm_build(&bm, &bytes);
    return bm_verify_head(buf_span(&bytes), policy, head, &verdict, &err);
}

/* What came later is known by a statement alone, and that by its own key. */
static void test_statement(void **state)
{
    (void)state;
    struct note_key head;
    bm_head_key(&bm, &head);
    core_expect(verify_head(&head), SL_OK, &err);
    assert_int_equal(verdict.head, BUNDLE_HEAD_NONE);
    bm.states = true;
    core_expect(verify_head(&head), SL_OK, &err);
    assert_int_equal(verdict.head, BUNDLE_HEAD_HOLDS);
    assert_int_equal(verdict.statement.sequence, 4);
    assert_int_equal(verdict.statement.size, 21);
    assert_int_equal(verdict.first, 1);
    assert_int_equal(verdict.last, 9);
    assert_string_equal(verdict.origin, BM_ORIGIN);
    core_expect(verify_head(NULL), SL_OK, &err);
    assert_int_equal(verdict.head, BUNDLE_HEAD_UNCHECKED);
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        if (bm_verify_head(buf_span(&bytes), policy, &head, &verdict, &err) != SL_CORRUPT)
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(
            bm_verify_head((struct sl_span){bytes.ptr, len}, policy, &head, &verdict, &err),
            SL_CORRUPT);
}

/* An old bundle with the events after it hidden in the last gap, and the newest checkpoint behind:
   it once verified as all of the share's events. */
static void test_cut(void **state)
{
    (void)state;
    struct note_key head;
    struct head_statement newest;
    struct buf note = {0}, whole = {0};
    bm_head_key(&bm, &head);
    bm_add(&bm, SL_SYNC, 12);
    bm_build(&bm, &whole);
    bm_statement(&bm, &newest);
    bm_sign_statement(&bm, &newest, &note);
    bm.hidden = 1;
    core_expect(verify_head(&head), SL_OK, &err);
    assert_int_equal(verdict.events, 4);
    assert_int_equal(verdict.log_size, 21);
    assert_int_equal(verdict.head, BUNDLE_HEAD_NONE); /* nothing is said of its end */
    bm.states = true;
    bm.statement = buf_span(&note);
    assert_int_equal(verify_head(&head), SL_CORRUPT);
    assert_string_equal(err.text, "share dXn5PvMt: its head statement ends at another event");
    assert_int_equal(verify_head(NULL), SL_CORRUPT);
    buf_fini(&note);
    buf_fini(&whole);
}

static enum sl_result stop_at(void *ctx, const struct bundle_place *place, struct sl_err *why)
{
    uint64_t *last = ctx;
    if (place->sequence == *last) return sl_fail(why, SL_STOPPED, "that is enough");
    assert_int_equal(place->position, bm.events[place->sequence - 1].position);
    assert_int_equal(place->kind, bm.events[place->sequence - 1].kind);
    assert_int_equal(place->time_ms, bm.events[place->sequence - 1].time_ms);
    return SL_OK;
}

static void test_places_are_told(void **state)
{
    (void)state;
    for (uint64_t last = 1; last <= 5; last++) {
        holds();
        struct bm_source source = {.bytes = buf_span(&bytes)};
        struct bundle_asks asks = {.policy = policy, .place = stop_at, .place_ctx = &last};
        enum sl_result result = bundle_verify(bm_input(&source), &asks, NULL, &verdict, &err);
        assert_int_equal(result, last <= 4 ? SL_STOPPED : SL_OK);
    }
}

static enum sl_result failing_read(
    void *ctx, char *out, size_t cap, size_t *len, struct sl_err *why)
{
    struct bundle_input input = bm_input(ctx);
    enum sl_result result = input.read(ctx, out, cap, len, why);
    return *len ? result : sl_fail(why, SL_IO, "disk: gone");
}

static void test_input_fails(void **state)
{
    (void)state;
    holds();
    struct bm_source source = {.bytes = {bytes.ptr, bytes.len / 2}};
    struct bundle_input input = {failing_read, &source, 0};
    assert_int_equal(
        bundle_verify(input, &(struct bundle_asks){.policy = policy}, NULL, &verdict, &err), SL_IO);
    assert_string_equal(err.text, "bundle: disk: gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, begin, end),
        cmocka_unit_test_setup_teardown(test_positions, begin, end),
        cmocka_unit_test_setup_teardown(test_removed, begin, end),
        cmocka_unit_test_setup_teardown(test_redacted, begin, end),
        cmocka_unit_test_setup_teardown(test_head, begin, end),
        cmocka_unit_test_setup_teardown(test_places, begin, end),
        cmocka_unit_test_setup_teardown(test_kinds, begin, end),
        cmocka_unit_test_setup_teardown(test_forged, begin, end),
        cmocka_unit_test_setup_teardown(test_only_the_last_is_true, begin, end),
        cmocka_unit_test_setup_teardown(test_bits, begin, end),
        cmocka_unit_test_setup_teardown(test_ends, begin, end),
        cmocka_unit_test_setup_teardown(test_sizes, begin, end),
        cmocka_unit_test_setup_teardown(test_noise, begin, end),
        cmocka_unit_test_setup_teardown(test_statement, begin, end),
        cmocka_unit_test_setup_teardown(test_cut, begin, end),
        cmocka_unit_test_setup_teardown(test_places_are_told, begin, end),
        cmocka_unit_test_setup_teardown(test_input_fails, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
