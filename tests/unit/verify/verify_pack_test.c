/* Packs: each decodes, has the rows of events that are there, and no row that lies elsewhere too.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/body_pack.h"
#include "tests/support/row_fault.h"

#include <stdio.h>
#include <stdlib.h>

static struct sl_credentials share;
static struct sl_span id;

/* Packs of events 2 to 4; of event 5's first row; of its second, and event 6. */
static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    id = sl_span_of(share.id);
    for (int i = 2; i <= 6; i++) {
        struct buf items = {0};
        buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
        while (items.len < (i == 5 ? SL_BODY_ROW_BYTES : 500))
            buf_add(&items, &(char){(char)('a' + i)}, 1);
        buf_add_span(&items, SL_SPAN("\"}]"));
        core_sync_at(store, &share, buf_span(&items), core_now_us);
        buf_fini(&items);
    }
    store_bodies_to(store, id, KV_COLD);
    core_verify(store);
    return 0;
}

static void test_missing(void **state)
{
    (void)state;
    fault_missing(
        KV_COLD, row_body(id, 2, 0), "share %s: event 2: body row 0 is missing", share.id);
    fault_missing(
        KV_COLD, row_body(id, 5, 0), "share %s: event 5: body row 0 is missing", share.id);
    fault_missing(
        KV_COLD, row_body(id, 5, 1), "share %s: event 5: body row 1 is missing", share.id);
}

static void test_damaged(void **state)
{
    (void)state;
    struct buf value = {0};
    store_row_get(store, KV_COLD, row_body(id, 2, 0), &value);
    static const struct {
        long at;
        const char *what;
    } flips[] = {{0, "its form is unknown"}, {1, "it doesn't fit its id"},
        {16, "it doesn't fit its id"}, {17, "it has a wrong count"}, {20, "it has no frame"},
        {24, "its frame has another length than its rows"}, {33, "it has no frame"},
        {-1, "it doesn't fit its id"}};
    for (size_t i = 0; i < sizeof(flips) / sizeof(*flips); i++)
        fault_byte(KV_COLD, row_body(id, 2, 0), flips[i].at,
            "share %s: event 2: a pack is damaged: %s", share.id, flips[i].what);
    fault_value(KV_COLD, row_body(id, 2, 0), SL_SPAN(""),
        "share %s: event 2: a pack is damaged: it is too short", share.id);
    fault_value(KV_COLD, row_body(id, 5, 1), (struct sl_span){value.ptr, value.len - 1},
        "share %s: event 5: a pack is damaged: it doesn't fit its id", share.id);
    buf_fini(&value);
}

/* A pack that is whole, of rows that are not what the events commit to. */
static void pack_of(struct sl_span row, unsigned rows, struct buf *value)
{
    struct body_packer packer;
    core_expect(body_packer_init(&packer, ZSTD_FAST, &err), SL_OK, &err);
    for (unsigned i = 0; i < rows; i++)
        body_packer_add(&packer, (struct body_place){2 + i, 0}, row);
    buf_clear(value);
    core_expect(body_packer_make(&packer, value, &err), SL_OK, &err);
    body_packer_fini(&packer);
}

static void test_rows(void **state)
{
    (void)state;
    struct buf value = {0}, row = {0};
    store_body_get(store, id, 3, 0, &row);
    pack_of(buf_span(&row), 3, &value);
    fault_value(KV_COLD, row_body(id, 2, 0), buf_span(&value),
        "share %s: event 2: its items are not the ones", share.id);
    pack_of(buf_span(&row), 2, &value);
    fault_value(KV_COLD, row_body(id, 5, 1), buf_span(&value),
        "share %s: event 5: its body is longer than its items", share.id);
    buf_fini(&value);
    buf_fini(&row);
}

static void test_counts(void **state)
{
    (void)state;
    struct buf value = {0}, row = {0};
    store_body_get(store, id, 2, 0, &row);
    pack_of(buf_span(&row), 1, &value);
    fault_extra(KV_COLD, row_body(id, 900, 0), buf_span(&value),
        "share %s: event 900: a body row of it belongs to no event", share.id);
    fault_extra(KV_COLD, row_body(id, 5, 2), buf_span(&value),
        "share %s: event 5: two packs have a row of its body", share.id);
    pack_of(buf_span(&row), 3, &value);
    fault_extra(KV_COLD, row_body(id, 1, 7), buf_span(&value), "share %s: event ", share.id);
    fault_extra(KV_COLD, row_body(id, 4, 0), buf_span(&value),
        "share %s: event 4: two packs have a row of its body", share.id);
    fault_extra(KV_COLD, row_body(SL_SPAN("nobody"), 2, 0), buf_span(&value),
        "family cold: the row nobody");
    buf_fini(&value);
    buf_fini(&row);
}

/* A pack goes with its share's content, and the create event's body stays. */
static void test_create(void **state)
{
    (void)state;
    struct buf value = {0}, hot = {0}, row = {0};
    store_body_get(store, id, 1, 0, &row);
    pack_of(buf_span(&row), 1, &value);
    store_row_get(store, KV_HOT, row_body(id, 1, 0), &hot);
    fault_extra(KV_COLD, row_body(id, 1, 0), buf_span(&value),
        "share %s: event 1: body row 0 is there twice", share.id);
    store_row_delete(store, KV_HOT, row_body(id, 1, 0));
    store_row_put(store, KV_COLD, row_body(id, 1, 0), buf_span(&value));
    fault_named("share %s: event 1: its body lies in a pack", share.id);
    buf_fini(&value);
    buf_fini(&hot);
    buf_fini(&row);
}

static void test_twice(void **state)
{
    (void)state;
    struct buf row = {0}, hot = {0};
    for (uint64_t sequence = 2; sequence <= 6; sequence++) {
        store_body_get(store, id, sequence, 0, &row);
        fault_extra(KV_BODY, row_body(id, sequence, 0), buf_span(&row),
            "share %s: event %d: body row 0 is there twice", share.id, (int)sequence);
        buf_clear(&hot);
        buf_add(&hot, "", 1);
        buf_add_span(&hot, buf_span(&row));
        fault_extra(KV_HOT, row_body(id, sequence, 0), buf_span(&hot),
            "share %s: event %d: body row 0 is there twice", share.id, (int)sequence);
    }
    buf_fini(&row);
    buf_fini(&hot);
}

/* What a removed share still has in packs is to be erased. */
static void test_left_over(void **state)
{
    (void)state;
    struct buf value = {0};
    store_row_get(store, KV_COLD, row_body(id, 2, 0), &value);
    core_expect(
        sl_share_remove(store, id, SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err), SL_OK, &err);
    core_verify(store);
    settle();
    core_verify(store);
    fault_extra(KV_COLD, row_body(id, 2, 0), buf_span(&value),
        "share %s: event 7: a body row before it belongs to no event", share.id);
    buf_fini(&value);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_missing),
        TEST(test_damaged),
        TEST(test_rows),
        TEST(test_counts),
        TEST(test_create),
        TEST(test_twice),
        TEST(test_left_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
