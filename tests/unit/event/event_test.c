/* An event's bytes. Whole encodings and hashes are constants that a few lines of Python (hashlib,
 * hmac, the msgpack specification by hand) gave, so that nothing of core vouches for itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/pack.h"
#include "core/event/event.h"

#define REF "eb8bcb3876a3b43d4d4f811ac5b66c032f520e097747f70d423835de83e65004"
#define ZEROES "0000000000000000000000000000000000000000000000000000000000000000"
#define MANIFEST_COMMITMENT "928e367df19368cc9e0d2c6468202c0a5a13901602b0231e5cdcce38a88c5966"
#define SESSION_COMMITMENT "6f75bc9fad76939ce91c337831ee42fcb1d51633713ec7f2d98a7afa5a24bc11"
#define PART_COMMITMENT "ae9a21e2b73cf9f4c942f95bdf07543d28b36853cf489a97338528392efbb494"

/* [1, 1, share_ref, 2, 1700000000123, 32 zeroes, commitment]: fixarray 7, fixints, bin 8, uint 64
 */
#define HEADER                                                                                     \
    "97"                                                                                           \
    "01"                                                                                           \
    "01"                                                                                           \
    "c420" REF "02"                                                                                \
    "cf0000018bcfe5687b"                                                                           \
    "c420" ZEROES "c420" MANIFEST_COMMITMENT

static const struct sl_span session_data = {"{\"id\":\"ses_1\"}", 14};
static const struct sl_span part_data = {"{\"id\":\"prt_1\",\"messageID\":\"msg_1\"}", 34};
#define ARRIVED_US 1700000000000001u

static void assert_hex(struct sl_span bytes, const char *hex)
{
    char text[1024];
    assert_true(bytes.len < sizeof(text) / 2);
    crypto_hex(bytes.ptr, bytes.len, text);
    assert_string_equal(text, hex);
}

static void assert_hash(const uint8_t hash[32], const char *hex)
{
    assert_hex((struct sl_span){(const char *)hash, 32}, hex);
}

static void fill(uint8_t *out, size_t len, unsigned first)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(first + i);
}

static void make_manifest(struct buf *manifest)
{
    uint8_t event_nonce[32], nonce[16], commitment[32];
    fill(event_nonce, 32, 0x20);
    manifest_begin(manifest, ARRIVED_US, 2);
    event_item_nonce(event_nonce, 0, nonce);
    event_commitment(nonce, session_data, commitment);
    assert_hash(commitment, SESSION_COMMITMENT);
    manifest_add(manifest, SL_SPAN("session"), SL_SPAN("session"), false, 14, commitment);
    event_item_nonce(event_nonce, 1, nonce);
    event_commitment(nonce, part_data, commitment);
    assert_hash(commitment, PART_COMMITMENT);
    manifest_add(manifest, SL_SPAN("part"), SL_SPAN("part/msg_1/prt_1"), false, 34, commitment);
}

static struct header make_header(void)
{
    struct header header = {.kind = SL_SYNC, .sequence = 2, .time_ms = 1700000000123u};
    uint8_t salt[32], event_nonce[32], nonce[16];
    fill(salt, 32, 0);
    fill(event_nonce, 32, 0x20);
    event_share_ref(salt, SL_SPAN("q7Zk2bXa"), header.share_ref);
    struct buf manifest = {0};
    make_manifest(&manifest);
    event_manifest_nonce(event_nonce, nonce);
    event_commitment(nonce, buf_span(&manifest), header.manifest_commitment);
    buf_fini(&manifest);
    return header;
}

static void nonces(void **state)
{
    (void)state;
    uint8_t event_nonce[32], nonce[16];
    fill(event_nonce, 32, 0x20);
    struct sl_span bytes = {(const char *)nonce, 16};
    event_item_nonce(event_nonce, 0, nonce);
    assert_hex(bytes, "b8e24f7e96db658d0af64156310d3347");
    event_item_nonce(event_nonce, 1, nonce);
    assert_hex(bytes, "828035edf3cf4dbb1956a05d3c1edb0b");
    event_item_nonce(event_nonce, 256, nonce);
    assert_hex(bytes, "c2144fb91bc7d0c3fda1d2a5780950ca");
    event_manifest_nonce(event_nonce, nonce);
    assert_hex(bytes, "e1239b5e7a186bf87465a77c485a65dc");
}

static void manifest_bytes(void **state)
{
    (void)state;
    struct buf manifest = {0};
    make_manifest(&manifest);
    assert_hex(buf_span(&manifest),
        "93" /* arrival and two items */
        "cf00060a24181e4001"
        "94a773657373696f6ea773657373696f6e0ec420" SESSION_COMMITMENT
        "94a470617274b0706172742f6d73675f312f7072745f3122c420" PART_COMMITMENT);
    buf_fini(&manifest);
}

static void header_bytes(void **state)
{
    (void)state;
    struct header header = make_header(), again;
    struct buf bytes = {0};
    uint8_t leaf[32];
    assert_hash(header.share_ref, REF);
    assert_hash(header.manifest_commitment, MANIFEST_COMMITMENT);
    header_encode(&header, &bytes);
    assert_hex(buf_span(&bytes), HEADER);
    header_leaf(buf_span(&bytes), leaf);
    assert_hash(leaf, "8c9be742e310c3f60f3370c27aa08390ed01d239c152c3f8cf2acb619024e38a");
    assert_true(header_decode(buf_span(&bytes), &again));
    assert_int_equal(again.kind, SL_SYNC);
    assert_int_equal(again.sequence, 2);
    assert_int_equal(again.time_ms, 1700000000123u);
    assert_memory_equal(again.share_ref, header.share_ref, 32);
    assert_memory_equal(again.prev, header.prev, 32);
    assert_memory_equal(again.manifest_commitment, header.manifest_commitment, 32);
    buf_fini(&bytes);
}

/* However large its numbers, a header stays below the bound of one. */
static void largest_header(void **state)
{
    (void)state;
    struct header header = {.kind = SL_ALLOW, .sequence = UINT64_MAX, .time_ms = UINT64_MAX}, again;
    struct buf bytes = {0};
    header_encode(&header, &bytes);
    assert_true(bytes.len <= SL_HEADER_BYTES);
    assert_true(header_decode(buf_span(&bytes), &again));
    assert_true(again.sequence == UINT64_MAX && again.time_ms == UINT64_MAX);
    buf_fini(&bytes);
}

/* One header, one encoding: any byte changed, added or left out gives another header or none. */
static void header_has_one_encoding(void **state)
{
    (void)state;
    struct header header = make_header(), decoded;
    struct buf bytes = {0}, again = {0};
    header_encode(&header, &bytes);
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(header_decode((struct sl_span){bytes.ptr, len}, &decoded));
    for (size_t i = 0; i < bytes.len; i++)
        for (unsigned value = 0; value < 256; value++) {
            char kept = bytes.ptr[i];
            bytes.ptr[i] = (char)value;
            if (header_decode(buf_span(&bytes), &decoded)) {
                buf_clear(&again);
                header_encode(&decoded, &again);
                assert_true(sl_span_eq(buf_span(&again), buf_span(&bytes)));
            }
            bytes.ptr[i] = kept;
        }
    /* the sequence 2 as two bytes instead of one */
    struct buf longer = {0};
    buf_add(&longer, bytes.ptr, 37);
    buf_add(&longer, "\xcc\x02", 2);
    buf_add(&longer, bytes.ptr + 38, bytes.len - 38);
    assert_int_equal(bytes.ptr[37], 2);
    assert_false(header_decode(buf_span(&longer), &decoded));
    buf_add(&bytes, "\0", 1);
    assert_false(header_decode(buf_span(&bytes), &decoded));
    buf_fini(&bytes);
    buf_fini(&longer);
    buf_fini(&again);
}

static void encode_row(struct event_row *row, bool items, struct buf *out)
{
    buf_clear(out);
    event_row_encode(row, out);
    if (!items) return;
    event_items_begin(out, 2);
    event_items_add(out, SL_SPAN("session"), SL_SPAN("session"), false, 14);
    event_items_add(out, SL_SPAN("part"), SL_SPAN("part/msg_1/prt_1"), false, 34);
}

static void row_bytes(void **state)
{
    (void)state;
    struct event_row row = {.position = 300,
        .header = SL_SPAN("HEAD"),
        .syncs = 1,
        .stored = 1000,
        .arrived_us = ARRIVED_US};
    struct buf out = {0};
    encode_row(&row, true, &out);
    assert_hex(buf_span(&out),
        "96"
        "cd012c"
        "c40448454144"
        "01"
        "cf00000000000003e8" /* always nine bytes: its length is part of what it counts */
        "cf00060a24181e4001"
        "92"
        "93a773657373696f6ea773657373696f6e0e"
        "93a470617274b0706172742f6d73675f312f7072745f3122");
    struct event_row again;
    struct event_reader reader = {0};
    struct event_item item;
    assert_int_equal(event_read_begin(buf_span(&out), &again, &reader), SL_OK);
    assert_int_equal(again.position, 300);
    assert_true(sl_span_eq(again.header, SL_SPAN("HEAD")));
    assert_int_equal(again.syncs, 1);
    assert_int_equal(again.stored, 1000);
    assert_false(again.erased);
    assert_int_equal(again.arrived_us, ARRIVED_US);
    assert_int_equal(again.items, 2);
    assert_true(event_read_next(&reader, &item));
    assert_true(
        sl_span_eq(item.type, SL_SPAN("session")) && sl_span_eq(item.key, SL_SPAN("session")));
    assert_true(item.offset == BODY_PREFIX_BYTES && item.length == 14);
    assert_true(event_read_next(&reader, &item));
    assert_true(sl_span_eq(item.type, SL_SPAN("part")) &&
                sl_span_eq(item.key, SL_SPAN("part/msg_1/prt_1")));
    assert_true(item.offset == BODY_PREFIX_BYTES + 14 && item.length == 34);
    assert_false(event_read_next(&reader, &item));
    assert_true(event_read_end(&reader));
    buf_fini(&out);
}

static void erased_row(void **state)
{
    (void)state;
    struct event_row row = {
        .position = 300, .header = SL_SPAN("HEAD"), .syncs = 1, .stored = 1000, .erased = true};
    struct buf out = {0};
    encode_row(&row, false, &out);
    assert_hex(buf_span(&out), "94cd012cc4044845414401cf00000000000003e8");
    struct event_row again;
    struct event_reader reader = {0};
    struct event_item item;
    assert_int_equal(event_read_begin(buf_span(&out), &again, &reader), SL_OK);
    assert_true(again.erased && again.items == 0 && again.arrived_us == 0 && again.stored == 1000);
    assert_false(event_read_next(&reader, &item));
    assert_true(event_read_end(&reader));
    buf_fini(&out);
}

/* A row is damaged at any byte: reading it ends, with an error or with other contents, and touches
 * nothing beyond. */
static void damaged_rows(void **state)
{
    (void)state;
    struct event_row row = {.position = 300,
        .header = SL_SPAN("HEAD"),
        .syncs = 1,
        .stored = 1000,
        .arrived_us = ARRIVED_US};
    struct buf out = {0};
    encode_row(&row, true, &out);
    for (size_t i = 0; i <= out.len; i++)
        for (unsigned value = 0; value < 256; value += i < out.len ? 1 : 256) {
            /* a copy of its own, so that the address sanitizer sees a read past its end */
            size_t len = i < out.len ? out.len : out.len - 1;
            char *copy = malloc(len);
            assert_non_null(copy);
            memcpy(copy, out.ptr, len);
            if (i < out.len) copy[i] = (char)value;
            struct event_row again;
            struct event_reader reader = {0};
            struct event_item item;
            if (event_read_begin((struct sl_span){copy, len}, &again, &reader) == SL_OK) {
                unsigned items = 0;
                while (event_read_next(&reader, &item))
                    items++;
                assert_true(items <= 2);
                event_read_end(&reader);
            }
            free(copy);
        }
    for (size_t len = 0; len < out.len; len++) {
        struct event_row again;
        struct event_reader reader = {0};
        assert_int_equal(
            event_read_begin((struct sl_span){out.ptr, len}, &again, &reader), SL_CORRUPT);
    }
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonces),
        cmocka_unit_test(manifest_bytes),
        cmocka_unit_test(header_bytes),
        cmocka_unit_test(largest_header),
        cmocka_unit_test(header_has_one_encoding),
        cmocka_unit_test(row_bytes),
        cmocka_unit_test(erased_row),
        cmocka_unit_test(damaged_rows),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
