/* A batch for which memory runs out, anywhere between its first byte and its seal, is refused with
   SL_NOMEM and leaves nothing behind; one that is sealed is appended without any memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/batch.h"
#include "core/kv/kv.h"
#include "core/log/log.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_store.h"

#include <stdio.h>

#define ITEMS 300 /* enough for each list to have grown several times */

/* Escapes, so that keys are decoded too. */
static void make_body(struct buf *body, size_t items)
{
    char item[160];
    buf_add_span(body, SL_SPAN("{\"secret\":\"s\",\"data\":["));
    for (size_t i = 0; i < items; i++) {
        int len = snprintf(item, sizeof(item),
            "%s{\"type\":\"part\",\"data\":{\"messageID\":\"m\\u0041%zu\",\"id\":\"p%zu\"}}",
            i ? "," : "", i / 7, i);
        buf_add(body, item, (size_t)len);
    }
    buf_add_span(body, SL_SPAN("]}"));
    assert_false(body->failed);
}

static enum sl_result make_batch(struct sl_span body, struct batch *batch, struct sl_err *err)
{
    enum sl_result result = batch_parse(body, 77, batch, err);
    if (result == SL_OK) result = batch_items(batch, err);
    return result == SL_OK ? batch_seal(batch, err) : result;
}

static void parse_and_seal(void **state)
{
    (void)state;
    struct buf body = {0};
    unsigned long refused = 0;
    enum sl_result result;
    make_body(&body, ITEMS);
    do {
        struct batch batch;
        struct sl_err err = {0};
        alloc_fail_from(refused);
        result = make_batch(buf_span(&body), &batch, &err);
        alloc_never();
        if (result == SL_OK) {
            assert_int_equal(batch.count, ITEMS);
            assert_true(batch.rows.bytes.len > 0);
        } else {
            assert_int_equal(result, SL_NOMEM);
            assert_int_equal(err.result, SL_NOMEM);
            refused++;
        }
        batch_fini(&batch);
    } while (result != SL_OK);
    /* the list of items, names, packed items, a decoded key of each part's ids, the body's rows */
    assert_true(refused > ITEMS);
    buf_fini(&body);
}

static void control(void **state)
{
    (void)state;
    unsigned long refused = 0;
    enum sl_result result;
    do {
        struct batch batch;
        struct sl_err err = {0};
        alloc_fail_from(refused);
        result = batch_control("create", SL_SPAN("\x90"), 5, &batch, &err);
        alloc_never();
        assert_true(result == SL_OK || result == SL_NOMEM);
        refused += result != SL_OK;
        batch_fini(&batch);
    } while (result != SL_OK);
    assert_int_equal(refused, 3); /* its item, its packed items, the body's row */
}

static void append(void **state)
{
    (void)state;
    const char *dir = core_temp_make();
    struct sl_err err = {0};
    struct kv *kv = NULL;
    struct buf body = {0};
    struct batch batch;
    struct kv_options options = {.path = dir, .cache_bytes = SL_MIB};
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    struct kv_batch *kv_batch = kv_batch_create();
    make_body(&body, ITEMS);
    core_expect(make_batch(buf_span(&body), &batch, &err), SL_OK, &err);
    struct header header = {.kind = SL_SYNC, .sequence = 1, .time_ms = UINT64_MAX};
    struct head place = {.sequence = 1, .position = UINT64_MAX, .syncs = UINT64_MAX};
    alloc_fail_from(0);
    log_append(kv, kv_batch, SL_SPAN("share"), &header, &batch, 1, &place);
    assert_int_equal(alloc_never(), 0);
    assert_int_equal(kv_batch_count(kv_batch), 3); /* event, log, one body row */
    assert_true(place.stored > batch.data_bytes);
    kv_batch_destroy(kv_batch);
    kv_close(kv);
    batch_fini(&batch);
    buf_fini(&body);
    core_temp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_and_seal),
        cmocka_unit_test(control),
        cmocka_unit_test(append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
