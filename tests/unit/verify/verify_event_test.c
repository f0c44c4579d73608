/* An event's row and header: its place in the share and in the log, its counts, what redact events
   say. A header is forged together with the log's copy of it, so that the two agree. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "tests/support/row_fault.h"

static struct sl_credentials share;
static struct sl_span id;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    id = sl_span_of(share.id);
    for (int i = 0; i < 3; i++) {
        core_now_us += 1000000;
        core_sync(store, &share, "[{\"type\":\"session\",\"data\":{\"title\":\"content\"}}]");
    }
    core_verify(store);
    return 0;
}

/* An event's row, its packed items apart. */
struct forged {
    struct buf value, header_bytes, packed;
    struct event_row row;
    struct header header;
};

static struct forged forge(uint64_t sequence)
{
    struct forged forged = {0};
    struct event_reader reader = {0};
    struct buf head = {0};
    store_row_get(store, KV_EVENT, row_event(id, sequence), &forged.value);
    assert_int_equal(event_read_begin(buf_span(&forged.value), &forged.row, &reader), SL_OK);
    event_read_end(&reader);
    assert_true(header_decode(forged.row.header, &forged.header));
    event_row_encode(&forged.row, &head);
    buf_add(&forged.packed, forged.value.ptr + head.len, forged.value.len - head.len);
    buf_fini(&head);
    return forged;
}

/* The row and the log's header as they were forged, and the fault named for them. */
static void refused(struct forged *forged, const char *why)
{
    struct buf made = {0}, before = {0};
    uint64_t sequence = forged->header.sequence;
    uint64_t position = forged->row.position;
    header_encode(&forged->header, &forged->header_bytes);
    forged->row.header = buf_span(&forged->header_bytes);
    event_row_encode(&forged->row, &made);
    buf_add_span(&made, buf_span(&forged->packed));
    store_row_get(store, KV_LOG, row_log(position), &before);
    store_row_put(store, KV_LOG, row_log(position), forged->row.header);
    store_row_put(store, KV_EVENT, row_event(id, sequence), buf_span(&made));
    fault_named("share %s: event %d: %s", share.id, (int)sequence, why);
    store_row_put(store, KV_LOG, row_log(position), buf_span(&before));
    store_row_put(store, KV_EVENT, row_event(id, sequence), buf_span(&forged->value));
    core_verify(store);
    buf_fini(&made);
    buf_fini(&before);
    buf_fini(&forged->value);
    buf_fini(&forged->header_bytes);
    buf_fini(&forged->packed);
}

static void test_header(void **state)
{
    (void)state;
    struct forged forged = forge(3);
    forged.header.prev[9] ^= 1;
    refused(&forged, "its header does not name the event before it (prev)");
    forged = forge(3);
    forged.header.time_ms -= 1001;
    refused(&forged, "its time is before that of the event before it");
    forged = forge(3);
    forged.header.share_ref[0] ^= 1;
    refused(&forged, "its header belongs to another share");
    forged = forge(3);
    forged.header.manifest_commitment[31] ^= 1;
    refused(&forged, "its items are not the ones that its header commits to");
    forged = forge(1);
    forged.header.kind = SL_SYNC;
    refused(&forged, "the first event is no creation");
}

static void test_row(void **state)
{
    (void)state;
    struct forged forged = forge(3);
    forged.row.syncs++;
    refused(&forged, "its count of syncs is wrong");
    forged = forge(3);
    forged.row.stored++;
    refused(&forged, "its count of stored bytes is wrong");
    forged = forge(3);
    forged.row.stored = 1;
    refused(&forged, "its count of stored bytes is wrong");
    forged = forge(3);
    forged.row.arrived_us++;
    refused(&forged, "its items are not the ones that its header commits to");
    forged = forge(3);
    buf_add(&forged.packed, "x", 1);
    refused(&forged, "its row or header is unreadable");
    forged = forge(3);
    forged.row.erased = true;
    buf_clear(&forged.packed);
    refused(&forged, "its content is gone, but the share is not removed");
}

static void test_sequence(void **state)
{
    (void)state;
    fault_missing(
        KV_EVENT, row_event(id, 3), "share %s: event 3: missing (the next one is 4)", share.id);
    fault_extra(KV_EVENT, row_event(id, 7), SL_SPAN("x"), "share %s: its last event is unreadable",
        share.id);
    fault_value(KV_EVENT, row_event(id, 2), SL_SPAN("x"),
        "share %s: event 2: its row or header is unreadable", share.id);
    struct buf other = {0};
    store_row_get(store, KV_EVENT, row_event(id, 3), &other);
    fault_value(KV_EVENT, row_event(id, 2), buf_span(&other),
        "share %s: event 2: its row or header is unreadable", share.id);
    buf_fini(&other);
}

/* The log is left as it is: the row says something else. */
static void test_log_differs(void **state)
{
    (void)state;
    struct buf made = {0};
    struct forged forged = forge(4);
    forged.row.position = 77;
    event_row_encode(&forged.row, &made);
    buf_add_span(&made, buf_span(&forged.packed));
    fault_value(KV_EVENT, row_event(id, 4), buf_span(&made),
        "share %s: event 4: the log has nothing at its position 77", share.id);
    buf_clear(&made);
    forged.row.position = 1;
    event_row_encode(&forged.row, &made);
    buf_add_span(&made, buf_span(&forged.packed));
    fault_value(KV_EVENT, row_event(id, 4), buf_span(&made),
        "share %s: event 4: the log has another header at its position 1", share.id);
    buf_fini(&made);
    buf_fini(&forged.value);
    buf_fini(&forged.packed);
}

/* What stands in a withheld item's place is what the redact event says. */
static void test_redaction(void **state)
{
    (void)state;
    struct sl_redacted redacted;
    struct sl_redaction asked = {.share_id = id, .text = SL_SPAN("content"), .who = SL_WHO_OWNER};
    core_expect(sl_redact(store, &asked, NULL, &redacted, &err), SL_OK, &err);
    assert_int_equal(redacted.items, 3);
    settle();
    core_verify(store);
    fault_body_byte(id, 2, 0, -4,
        "share %s: event 5: item 0 of event 2 is not replaced by what it says", share.id);
    fault_body_byte(id, 2, 0, 0, "share %s: event 2: its body doesn't begin with nonces", share.id);
}

/* Each bit of each event's row; in the short form each eleventh, others each time. */
static void test_bits(void **state)
{
    (void)state;
    uint64_t seed = core_seed("bits");
    size_t step = core_rounds() >= 10 ? 1 : 11;
    for (uint64_t sequence = 1; sequence <= 4; sequence++) {
        struct buf bytes = {0};
        struct sl_verified verified;
        store_row_get(store, KV_EVENT, row_event(id, sequence), &bytes);
        for (size_t bit = core_random(&seed) % step; bit < 8 * bytes.len; bit += step) {
            bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
            store_row_put(store, KV_EVENT, row_event(id, sequence), buf_span(&bytes));
            if (sl_store_verify(store, NULL, &verified, &err) != SL_CORRUPT)
                fail_msg("event %d: bit %zu of byte %zu", (int)sequence, bit % 8, bit / 8);
            bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        }
        store_row_put(store, KV_EVENT, row_event(id, sequence), buf_span(&bytes));
        buf_fini(&bytes);
    }
    core_verify(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_header),
        TEST(test_row),
        TEST(test_sequence),
        TEST(test_log_differs),
        TEST(test_redaction),
        TEST(test_bits),
    };
    return cmocka_run_group_tests_name("verify_event", tests, NULL, NULL);
}
