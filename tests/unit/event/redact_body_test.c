/* A redact event's body: what is written is read again; what is cut, or for which there is no
   memory, leaves nothing behind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/redact_body.h"
#include "tests/support/alloc_fault.h"

#include <stdlib.h>

static struct redact_entry entries[] = {
    {2, 0, {"[redacted]", 10}}, {2, 9, {"", 0}}, {UINT64_MAX, 300, {"\0\xff", 2}}};

static void make(size_t count, struct buf *out)
{
    struct redact_body body = {SL_WHO_OWNER, SL_SPAN("why"), entries, count};
    buf_clear(out);
    redact_body_encode(&body, out);
    assert_false(out->failed);
}

static void again(void **state)
{
    (void)state;
    struct buf bytes = {0};
    for (size_t count = 0; count <= 3; count++) {
        struct redact_body body;
        make(count, &bytes);
        assert_int_equal(redact_body_decode(buf_span(&bytes), &body), SL_OK);
        assert_int_equal(body.who, SL_WHO_OWNER);
        assert_true(sl_span_eq(body.reason, SL_SPAN("why")));
        assert_int_equal(body.count, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(body.entries[i].sequence == entries[i].sequence);
            assert_true(body.entries[i].item == entries[i].item);
            assert_true(sl_span_eq(body.entries[i].replacement, entries[i].replacement));
        }
        redact_body_fini(&body);
        redact_body_fini(&body);
    }
    buf_fini(&bytes);
}

static void refused(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct redact_body body = {.count = 77};
    make(3, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        char *copy = malloc(len + !len);
        assert_non_null(copy);
        memcpy(copy, bytes.ptr, len);
        assert_int_equal(redact_body_decode((struct sl_span){copy, len}, &body), SL_CORRUPT);
        free(copy);
    }
    alloc_fail_from(0);
    enum sl_result result = redact_body_decode(buf_span(&bytes), &body);
    alloc_never();
    assert_int_equal(result, SL_NOMEM);
    bytes.ptr[1] = SL_WHO_OWNER + 1;
    assert_int_equal(redact_body_decode(buf_span(&bytes), &body), SL_CORRUPT);
    assert_int_equal(body.count, 77); /* untouched, all the while */
    buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(again), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
