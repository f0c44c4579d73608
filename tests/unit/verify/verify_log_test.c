/* The log against its tree and its kept checkpoint: each position, tile and root is made anew. The
   log's part is called alone here, since the shares' part would find some of this too. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/kv/rows.h"
#include "core/verify/verify_log.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#include <stdlib.h>

#define EVENTS 301

static int make_log(void **state)
{
    make_store(state);
    struct sl_credentials share = core_create(store, "ses_0123456789abcdefghij");
    for (int i = 1; i < EVENTS; i++)
        core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
    return 0;
}

static enum sl_result check_log(uint8_t root[32])
{
    struct log_check *check = calloc(1, sizeof(*check));
    check->store = store;
    err = (struct sl_err){0};
    enum sl_result result = log_check(check, NULL, EVENTS, &err);
    if (result == SL_OK && root) {
        assert_int_equal(check->edge.size, EVENTS);
        tree_edge_root(&check->edge, root);
    }
    free(check);
    return result;
}

static void named(const char *fault)
{
    enum sl_result result = check_log(NULL);
    if (result != SL_CORRUPT || strncmp(err.text, fault, strlen(fault)) != 0)
        fail_msg("%s: %s\n  instead of: %s", sl_result_text(result), err.text, fault);
}

/* A row of it changed (ptr NULL: deleted), and put back. */
static void altered(
    enum kv_family family, struct row_key key, const struct sl_span *value, const char *fault)
{
    struct buf before = {0};
    store_row_get(store, family, key, &before);
    if (value)
        store_row_put(store, family, key, *value);
    else
        store_row_delete(store, family, key);
    named(fault);
    store_row_put(store, family, key, buf_span(&before));
    buf_fini(&before);
    core_expect(check_log(NULL), SL_OK, &err);
}

static void flipped(enum kv_family family, struct row_key key, size_t at, const char *fault)
{
    struct buf value = {0};
    store_row_get(store, family, key, &value);
    assert_true(at < value.len);
    value.ptr[at] ^= 1;
    struct sl_span changed = buf_span(&value);
    altered(family, key, &changed, fault);
    buf_fini(&value);
}

static void test_root(void **state)
{
    (void)state;
    uint8_t root[32];
    struct sl_checkpoint checkpoint;
    core_expect(sl_log_checkpoint(store, EVENTS, &checkpoint, &err), SL_OK, &err);
    core_expect(check_log(root), SL_OK, &err);
    assert_memory_equal(root, checkpoint.root, 32);
}

static void test_headers(void **state)
{
    (void)state;
    altered(KV_LOG, row_log(0), NULL, "log: position 0 is missing");
    altered(KV_LOG, row_log(100), NULL, "log: position 100 is missing");
    altered(KV_LOG, row_log(100), &SL_SPAN("x"), "log: the header at 100 is unreadable");
    store_row_put(store, KV_LOG, row_log(EVENTS + 1), SL_SPAN("x"));
    named("log: position 301 is missing");
}

/* 301 leaves: a full tile of 256, one row of those behind it, one of a level above. */
static void test_tiles(void **state)
{
    (void)state;
    flipped(KV_TILE, row_tile(0, 0), 32 * 100, "log: tile 0/0 is not what its leaves make");
    altered(KV_TILE, row_tile(0, 0), NULL, "log: tile 0/0 is not what its leaves make");
    flipped(KV_TILE, row_tile(1, 0), 5, "log: a tile at its end is not what its leaves make");
    altered(KV_TILE, row_tile(1, 0), NULL, "log: 1 tiles where there should be 2");
    store_row_put(store, KV_TILE, row_tile(0, 77), SL_SPAN("x"));
    named("log: 3 tiles where there should be 2");
    store_row_delete(store, KV_TILE, row_tile(0, 77));
    store_row_put(store, KV_TILE, row_tile(3, 0), SL_SPAN("x"));
    named("log: 3 tiles where there should be 2");
}

/* The headers that a checkpoint was signed for, a header altered behind the last full tile. */
static void test_kept_checkpoint(void **state)
{
    (void)state;
    struct sl_checkpoint checkpoint;
    core_expect(sl_log_checkpoint(store, EVENTS, &checkpoint, &err), SL_OK, &err);
    assert_int_equal(checkpoint.size, EVENTS);
    struct buf value = {0};
    store_row_get(store, KV_LOG, row_log(280), &value);
    flipped(KV_LOG, row_log(280), value.len - 1,
        "log: its first 301 events are not the ones that its checkpoint was signed for");
    altered(KV_LOG, row_log(300), NULL,
        "log: it has 300 events, but a checkpoint of 301 was signed: the last ones are lost");
    buf_fini(&value);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_log, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_root),
        TEST(test_headers),
        TEST(test_tiles),
        TEST(test_kept_checkpoint),
    };
    return cmocka_run_group_tests_name("verify_log", tests, NULL, NULL);
}
