/* A view that was opened, and has read, before its share was removed: it must not read on, whatever
 * it still holds in memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

static struct sl_credentials share;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

static struct sl_view *open_view(void)
{
    struct sl_view *view = NULL;
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    return view;
}

static void remove_share(void)
{
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, (struct sl_span){0},
                    SL_SPAN(""), &err),
        SL_OK, &err);
}

/* Enough for a snapshot, in one row of it. */
static void sync_large(const char *type)
{
    struct buf items = {0};
    buf_add(&items, "[{\"type\":\"", 10);
    buf_add(&items, type, strlen(type));
    buf_add(&items, "\",\"data\":{\"title\":\"content\",\"x\":\"",
        strlen("\",\"data\":{\"title\":\"content\",\"x\":\""));
    for (size_t i = 0; i < 100 * SL_KIB; i++)
        buf_add(&items, "x", 1);
    buf_add(&items, "\"}}]", 4);
    core_sync_at(store, &share, buf_span(&items), CORE_TIME_US);
    buf_fini(&items);
    settle();
}

static void reads_nothing(struct sl_view *view)
{
    struct sl_metadata metadata;
    struct sl_view_item item;
    struct buf out = {0};
    size_t count = 77; /* untouched by a failure */
    assert_int_equal(sl_view_metadata(view, &metadata, &err), SL_REMOVED);
    assert_int_equal(sl_view_data(view, core_sink(&out), &err), SL_REMOVED);
    assert_int_equal(sl_view_items(view, &count, &err), SL_REMOVED);
    assert_int_equal(count, 77);
    assert_int_equal(sl_view_item(view, SL_BY_KEY, 0, &item, &err), SL_REMOVED);
    assert_int_equal(sl_view_section(view, SL_SECTION_SESSION, core_sink(&out), &err), SL_REMOVED);
    assert_int_equal(sl_view_section(view, SL_SECTION_MESSAGES, core_sink(&out), &err), SL_REMOVED);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void test_snapshot_rows_held(void **state)
{
    (void)state;
    struct sl_metadata metadata;
    struct buf out = {0};
    sync_large("session");
    struct sl_view *view = open_view();
    core_expect(sl_view_metadata(view, &metadata, &err), SL_OK, &err);
    core_expect(sl_view_data(view, core_sink(&out), &err), SL_OK, &err);
    buf_fini(&out);
    remove_share();
    reads_nothing(view);
    sl_view_close(view);
}

static void test_metadata_of_a_snapshot_head(void **state)
{
    (void)state;
    struct sl_metadata metadata;
    sync_large("message_of_a_kind"); /* no session: the head alone is asked */
    struct sl_view *view = open_view();
    remove_share();
    assert_int_equal(sl_view_metadata(view, &metadata, &err), SL_REMOVED);
    sl_view_close(view);
}

static void test_folded(void **state)
{
    (void)state;
    core_sync(store, &share, "[{\"type\":\"session\",\"data\":{\"title\":\"content\"}}]");
    struct sl_view *view = open_view();
    size_t count;
    core_expect(sl_view_items(view, &count, &err), SL_OK, &err);
    assert_int_equal(count, 1);
    remove_share();
    reads_nothing(view);
    settle();
    reads_nothing(view);
    sl_view_close(view);
}

/* A fold that fails is begun again by the next call; nothing of the first may be lost track of. */
static void test_fold_that_fails(void **state)
{
    (void)state;
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
    struct kv_batch *batch = kv_batch_create();
    struct row_key key = row_event(sl_span_of(share.id), 2);
    struct sl_view *view = open_view();
    kv_delete(store->kv, batch, KV_EVENT, row_span(&key));
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    struct sl_view_item item;
    for (int i = 0; i < 3; i++) {
        size_t count;
        assert_int_equal(sl_view_items(view, &count, &err), SL_CORRUPT);
        assert_int_equal(sl_view_item(view, SL_BY_KEY, 0, &item, &err), SL_CORRUPT);
    }
    sl_view_close(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_snapshot_rows_held, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_metadata_of_a_snapshot_head, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_folded, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_fold_that_fails, make_share, drop_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
