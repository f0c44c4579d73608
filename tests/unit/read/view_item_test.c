/* A view's items one by one: in both orders, merged models, none behind the last, redacted ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/read/view.h"
#include "tests/support/core_fixture.h"

static struct sl_credentials share;

#define MESSAGE "{\"id\":\"m\",\"text\":\"hello\"}"
#define MODEL_A "{\"providerID\":\"p\",\"id\":\"a\"}"
#define MODEL_B "{\"providerID\":\"p\",\"id\":\"b\"}"

static int make(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    core_sync(
        store, &share, "[{\"type\":\"x\",\"data\":1},{\"type\":\"model\",\"data\":[" MODEL_B "]}]");
    core_now_us += 1000;
    core_sync(store, &share,
        "[{\"type\":\"message\",\"data\":" MESSAGE "},{\"type\":\"x\",\"data\":22},"
        "{\"type\":\"model\",\"data\":[" MODEL_A "]}]");
    return 0;
}

static struct sl_view *open_view(uint64_t sequence)
{
    struct sl_view *view;
    core_expect(
        sl_view_open(store, sl_span_of(share.id), core_at(sequence), &view, &err), SL_OK, &err);
    return view;
}

struct expected {
    const char *key, *type, *data;
    uint64_t sequence, first_sequence;
};

static void assert_items(
    struct sl_view *view, enum sl_order order, const struct expected *expected, size_t count)
{
    size_t items;
    struct sl_view_item item;
    core_expect(sl_view_items(view, &items, &err), SL_OK, &err);
    assert_int_equal(items, count);
    for (size_t i = 0; i < count; i++) {
        core_expect(sl_view_item(view, order, i, &item, &err), SL_OK, &err);
        assert_true(sl_span_eq(item.key, sl_span_of(expected[i].key)));
        assert_true(sl_span_eq(item.type, sl_span_of(expected[i].type)));
        assert_true(sl_span_eq(item.data, sl_span_of(expected[i].data)));
        assert_int_equal(item.sequence, expected[i].sequence);
        assert_int_equal(item.first_sequence, expected[i].first_sequence);
        assert_int_equal(item.arrived_us, CORE_TIME_US + (item.sequence - 2) * 1000);
        core_expect(sl_view_item_key(view, order, i, &item, &err), SL_OK, &err);
        assert_true(sl_span_eq(item.key, sl_span_of(expected[i].key)));
        assert_int_equal(item.sequence, expected[i].sequence);
        assert_int_equal(item.data.len, 0);
    }
}

static void in_both_orders(void **state)
{
    (void)state;
    static const struct expected by_key[] = {{"message/m", "message", MESSAGE, 3, 3},
        {"model", "model", "[" MODEL_B "," MODEL_A "]", 3, 2}, {"x", "x", "22", 3, 2}};
    static const struct expected by_arrival[] = {{"x", "x", "22", 3, 2},
        {"model", "model", "[" MODEL_B "," MODEL_A "]", 3, 2},
        {"message/m", "message", MESSAGE, 3, 3}};
    static const struct expected before[] = {
        {"model", "model", "[" MODEL_B "]", 2, 2}, {"x", "x", "1", 2, 2}};
    struct sl_view *view = open_view(0);
    assert_items(view, SL_BY_KEY, by_key, 3);
    assert_items(view, SL_BY_ARRIVAL, by_arrival, 3);
    sl_view_close(view);
    view = open_view(2);
    assert_items(view, SL_BY_KEY, before, 2);
    sl_view_close(view);
    view = open_view(1);
    assert_items(view, SL_BY_KEY, NULL, 0);
    sl_view_close(view);
}

static void none_behind_the_last(void **state)
{
    (void)state;
    struct sl_view *view = open_view(0);
    struct sl_view_item item = {.sequence = 77};
    assert_int_equal(sl_view_item(view, SL_BY_KEY, 3, &item, &err), SL_NOT_FOUND);
    assert_string_equal(err.text, "there are 3 items");
    assert_int_equal(sl_view_item(view, SL_BY_ARRIVAL, SIZE_MAX, &item, &err), SL_NOT_FOUND);
    assert_int_equal(sl_view_item_key(view, SL_BY_KEY, 3, &item, &err), SL_NOT_FOUND);
    assert_int_equal(item.sequence, 77); /* untouched */
    sl_view_close(view);
}

static void redacted(void **state)
{
    (void)state;
    struct sl_redacted counts;
    struct sl_redaction asked = {
        .share_id = sl_span_of(share.id), .text = SL_SPAN("hello"), .who = SL_WHO_OWNER};
    struct sl_view *view = open_view(0);
    struct sl_view_item item;
    core_expect(sl_view_item(view, SL_BY_KEY, 0, &item, &err), SL_OK, &err);
    core_expect(sl_redact(store, &asked, NULL, &counts, &err), SL_OK, &err);
    assert_int_equal(counts.items, 1);
    assert_int_equal(sl_view_item(view, SL_BY_KEY, 0, &item, &err), SL_REDACTED);
    assert_int_equal(sl_view_item_key(view, SL_BY_KEY, 0, &item, &err), SL_REDACTED);
    sl_view_close(view);
    view = open_view(0);
    core_expect(sl_view_item(view, SL_BY_KEY, 0, &item, &err), SL_OK, &err);
    assert_true(sl_span_eq(item.data, SL_SPAN("{\"id\":\"m\",\"text\":\"[redacted]\"}")));
    assert_int_equal(item.sequence, 3);
    sl_view_close(view);
}

int main(void)
{
#define ITEM_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop_store)
    const struct CMUnitTest tests[] = {
        ITEM_TEST(in_both_orders), ITEM_TEST(none_behind_the_last), ITEM_TEST(redacted)};
    return cmocka_run_group_tests_name("view_item", tests, NULL, NULL);
}
