/* The orders of a fold, made at once and made again after it has grown. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/state/orders.h"

static struct fold fold;
static struct orders orders;

static int begin(void **state)
{
    (void)state;
    fold_init(&fold);
    orders = (struct orders){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    orders_fini(&orders);
    fold_fini(&fold);
    return 0;
}

static void apply(const char *type, const char *key, uint64_t arrived_us, const char *data)
{
    static uint64_t sequence = 1;
    struct fold_item item = {
        sl_span_of(key), sl_span_of(type), ++sequence, 100, strlen(data), arrived_us, 0};
    fold_apply(&fold, &item, sl_span_of(data));
}

/* The keys, each with a space behind it. */
static void assert_keys(const uint32_t *order, size_t count, const char *expected)
{
    struct buf keys = {0};
    for (size_t i = 0; i < count; i++) {
        buf_add_span(&keys, fold.entries[order[i]].key);
        buf_add(&keys, " ", 1);
    }
    assert_true(sl_span_eq(buf_span(&keys), sl_span_of(expected)));
    buf_fini(&keys);
}

static void of_nothing(void **state)
{
    (void)state;
    assert_true(orders_make_arrival(&orders, &fold));
    assert_int_equal(orders.items, 0);
    assert_int_equal(orders.models_count, 0);
    assert_int_equal(orders_models_bytes(&orders, &fold), 2); /* [] */
}

static void both_orders(void **state)
{
    (void)state;
    apply("part", "part/b", 30, "1");
    apply("part", "part/a", 20, "2");
    apply("message", "message/z", 10, "3");
    assert_true(orders_make(&orders, &fold));
    assert_keys(orders.by_key, orders.items, "message/z part/a part/b ");
    assert_null(orders.by_arrival);
    assert_true(orders_make_arrival(&orders, &fold));
    assert_keys(orders.by_arrival, orders.items, "message/z part/a part/b ");
    apply("part", "part/b", 5, "4"); /* an older version arrives: its key comes first now */
    orders_outdate(&orders);
    assert_true(orders_make_arrival(&orders, &fold));
    assert_keys(orders.by_arrival, orders.items, "part/b message/z part/a ");
    assert_keys(orders.by_key, orders.items, "message/z part/a part/b ");
}

/* by_key goes on from where it was, wherever the new keys belong. */
static void grown(void **state)
{
    (void)state;
    char key[16];
    for (unsigned round = 0; round < 8; round++) {
        for (unsigned i = 0; i < 40; i++) {
            unsigned n = (i * 97 + round * 31) % 1000;
            key[0] = 'k';
            key[1] = (char)('0' + n / 100);
            key[2] = (char)('0' + n / 10 % 10);
            key[3] = (char)('0' + n % 10);
            key[4] = 0;
            apply("part", key, 1000 - n, "1");
        }
        orders_outdate(&orders);
        assert_true(orders_make_arrival(&orders, &fold));
        assert_int_equal(orders.items, fold.count);
        assert_int_equal(orders.seen, fold.count);
        for (size_t i = 1; i < orders.items; i++) {
            const struct fold_entry *a = &fold.entries[orders.by_key[i - 1]],
                                    *b = &fold.entries[orders.by_key[i]];
            assert_true(sl_span_cmp(a->key, b->key) < 0);
            a = &fold.entries[orders.by_arrival[i - 1]];
            b = &fold.entries[orders.by_arrival[i]];
            assert_true(a->first_arrived_us <= b->first_arrived_us);
        }
    }
}

static void models(void **state)
{
    (void)state;
    apply("model", "model", 20,
        "[{\"providerID\":\"p\",\"id\":\"b\"},{\"providerID\":\"p\",\"id\":\"a\"}]");
    apply("model", "model", 10, "[{\"providerID\":\"p\",\"id\":\"c\"}]");
    assert_true(orders_make(&orders, &fold));
    assert_int_equal(orders.items, 1);
    assert_true(fold_is_models(&fold.entries[orders.by_key[0]]));
    assert_keys(orders.models, orders.models_count, "p/c p/b p/a ");
    /* three elements of 27 bytes, two commas, two brackets */
    assert_int_equal(orders_models_bytes(&orders, &fold), 3 * 27 + 2 + 2);
    size_t count;
    uint32_t *by_key = order_by_key(&fold, FOLD_MODEL, &count);
    assert_keys(by_key, count, "p/a p/b p/c ");
    free(by_key);
}

int main(void)
{
#define ORDERS_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        ORDERS_TEST(of_nothing), ORDERS_TEST(both_orders), ORDERS_TEST(grown), ORDERS_TEST(models)};
    return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
