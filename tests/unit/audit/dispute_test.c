/* What a witness holds against the log: kept, and what lifts it; and what isn't taken for that. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/audit/dispute.h"
#include "core/base/file.h"
#include "core/kv/rows.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REASON "witness w.example has cosigned another log"

static struct sl_credentials share;
static struct sl_checkpoint newest;

static char path[4096];
static const char *in_dir(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static int make_log(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    for (int i = 0; i < 600; i++)
        core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
    core_expect(sl_log_checkpoint(store, 601, &newest, &err), SL_OK, &err);
    return 0;
}

static enum sl_result try_sync(void)
{
    struct sl_synced synced;
    return core_try_sync(store, &share, SL_SPAN("[]"), core_now_us, &synced, &err);
}

static void expect_disputed(void)
{
    struct sl_log_facts facts;
    core_expect(sl_store_health(store, &err), SL_READ_ONLY, &err);
    assert_non_null(strstr(err.text, REASON));
    assert_non_null(strstr(err.text, "new-origin"));
    core_expect(try_sync(), SL_READ_ONLY, &err);
    core_expect(sl_log_facts(store, &facts, &err), SL_OK, &err);
    assert_string_equal(facts.disputed, REASON);
    struct sl_checkpoint now;
    core_expect(sl_log_checkpoint(store, 0, &now, &err), SL_OK, &err);
    assert_int_equal(now.size, newest.size); /* nothing is signed */
}

static void kept_until_another_name(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct sl_log_facts facts;
    core_expect(sl_log_dispute(store, &newest, 300, REASON, &err), SL_OK, &err);
    expect_disputed();
    /* the first one stays */
    core_expect(sl_log_dispute(store, &newest, 601, "another", &err), SL_OK, &err);
    expect_disputed();
    reopen();
    expect_disputed();
    assert_true(core_read_file(in_dir(DISPUTE_FILE), &bytes));
    size_t head = strlen(REASON "\n\n");
    assert_memory_equal(bytes.ptr, REASON "\n\n", head);
    assert_int_equal(bytes.len, head + newest.len);
    assert_memory_equal(bytes.ptr + head, newest.note, newest.len);
    buf_fini(&bytes);
    char aside[300];
    snprintf(aside, sizeof(aside), DISPUTE_FILE "-%s", sl_store_origin(store));
    core_expect(sl_log_new_origin(store, SL_SPAN("log-2"), &err), SL_OK, &err);
    assert_int_equal(access(in_dir(aside), R_OK), 0);
    reopen();
    core_expect(try_sync(), SL_OK, &err);
    core_expect(sl_log_facts(store, &facts, &err), SL_OK, &err);
    assert_string_equal(facts.disputed, "");
}

/* What can't be read as a reason is one all the same. */
static void any_file(void **state)
{
    static const char *const texts[] = {"", "\n", "no end", "\n\nnote\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        core_expect(file_write(dir, in_dir(DISPUTE_FILE), sl_span_of(texts[i]), &err), SL_OK, &err);
        reopen();
        core_expect(sl_store_health(store, &err), SL_READ_ONLY, &err);
        assert_non_null(strstr(err.text, "a witness disputes the log"));
        assert_int_equal(unlink(in_dir(DISPUTE_FILE)), 0);
        reopen();
        core_expect(try_sync(), SL_OK, &err);
    }
}

/* Sizes of which nothing was proven; tiles whose damage makes the proof wrong. */
static void not_taken(void **state)
{
    (void)state;
    core_expect(sl_log_dispute(store, &newest, 0, REASON, &err), SL_INVALID, &err);
    core_expect(sl_log_dispute(store, &newest, 602, REASON, &err), SL_INVALID, &err);
    struct row_key key = row_tile(0, 1);
    struct kv_pin pin;
    struct buf bytes = {0};
    core_expect(kv_get(store->kv, KV_TILE, row_span(&key), &pin, &err), SL_OK, &err);
    buf_add_span(&bytes, pin.value);
    kv_release(&pin);
    bytes.ptr[5] ^= 4;
    struct kv_batch *batch = kv_batch_create();
    kv_put(store->kv, batch, KV_TILE, row_span(&key), buf_span(&bytes));
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    buf_fini(&bytes);
    core_expect(sl_log_dispute(store, &newest, 300, REASON, &err), SL_CORRUPT, &err);
    assert_non_null(strstr(err.text, "tiles are damaged"));
    core_expect(sl_store_health(store, &err), SL_OK, &err);
    core_expect(try_sync(), SL_OK, &err);
    assert_int_not_equal(access(in_dir(DISPUTE_FILE), F_OK), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_log, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(kept_until_another_name),
        TEST(any_file),
        TEST(not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
