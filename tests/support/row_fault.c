/* One row of the fixture's store altered, and the fault that sl_store_verify names for it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/store.h"
#include "tests/support/row_fault.h"

#include <stdio.h>

static void expect(const char *format, va_list args)
{
    struct sl_verified verified;
    struct sl_err found = {0};
    char text[400];
    vsnprintf(text, sizeof(text), format, args);
    enum sl_result result = sl_store_verify(store, NULL, &verified, &found);
    if (result != SL_CORRUPT || strncmp(found.text, text, strlen(text)) != 0)
        fail_msg("%s: %s\n  instead of: %s", sl_result_text(result), found.text, text);
}

void fault_named(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    expect(format, args);
    va_end(args);
}

static void expect_of_value(enum kv_family family, struct row_key key, struct sl_span value,
    const char *format, va_list args)
{
    struct buf before = {0};
    store_row_get(store, family, key, &before);
    store_row_put(store, family, key, value);
    expect(format, args);
    store_row_put(store, family, key, buf_span(&before));
    buf_fini(&before);
    core_verify(store);
}

void fault_value(
    enum kv_family family, struct row_key key, struct sl_span value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    expect_of_value(family, key, value, format, args);
    va_end(args);
}

void fault_missing(enum kv_family family, struct row_key key, const char *format, ...)
{
    struct buf before = {0};
    va_list args;
    store_row_get(store, family, key, &before);
    store_row_delete(store, family, key);
    va_start(args, format);
    expect(format, args);
    va_end(args);
    store_row_put(store, family, key, buf_span(&before));
    buf_fini(&before);
    core_verify(store);
}

void fault_extra(
    enum kv_family family, struct row_key key, struct sl_span value, const char *format, ...)
{
    struct kv_pin pin;
    va_list args;
    assert_int_equal(kv_get(store->kv, family, row_span(&key), &pin, &err), SL_NOT_FOUND);
    store_row_put(store, family, key, value);
    va_start(args, format);
    expect(format, args);
    va_end(args);
    store_row_delete(store, family, key);
    core_verify(store);
}

static void turn_bit(struct buf *value, long at)
{
    size_t index = at < 0 ? value->len - (size_t)-at : (size_t)at;
    assert_true(index < value->len);
    value->ptr[index] ^= 1;
}

void fault_byte(enum kv_family family, struct row_key key, long at, const char *format, ...)
{
    struct buf value = {0};
    va_list args;
    store_row_get(store, family, key, &value);
    turn_bit(&value, at);
    va_start(args, format);
    expect_of_value(family, key, buf_span(&value), format, args);
    va_end(args);
    buf_fini(&value);
}

/* ---- bodies ---- */

static void expect_of_body(struct sl_span share_id, uint64_t sequence, uint32_t chunk,
    struct sl_span raw, const char *format, va_list args)
{
    struct buf before = {0};
    store_body_get(store, share_id, sequence, chunk, &before);
    store_body_put(store, share_id, sequence, chunk, raw);
    expect(format, args);
    store_body_put(store, share_id, sequence, chunk, buf_span(&before));
    buf_fini(&before);
    core_verify(store);
}

void fault_body(struct sl_span share_id, uint64_t sequence, uint32_t chunk, struct sl_span raw,
    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    expect_of_body(share_id, sequence, chunk, raw, format, args);
    va_end(args);
}

void fault_body_byte(
    struct sl_span share_id, uint64_t sequence, uint32_t chunk, long at, const char *format, ...)
{
    struct buf raw = {0};
    va_list args;
    store_body_get(store, share_id, sequence, chunk, &raw);
    turn_bit(&raw, at);
    va_start(args, format);
    expect_of_body(share_id, sequence, chunk, buf_span(&raw), format, args);
    va_end(args);
    buf_fini(&raw);
}
