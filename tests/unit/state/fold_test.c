/* Folding: which version wins, what is merged, which order the views have. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/state/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fold fold;

static int begin(void **state)
{
    (void)state;
    fold_init(&fold);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fold_fini(&fold);
    return 0;
}

/* Apply an item: its bytes lie at offset 100 * sequence + 10 * index, so that a place names its
 * version. */
static void apply(const char *type, const char *key, uint64_t sequence, uint64_t arrived_us,
    uint32_t index, const char *data)
{
    struct fold_item item = {sl_span_of(key), sl_span_of(type), sequence,
        100 * sequence + 10 * index, strlen(data), arrived_us, index};
    fold_apply(&fold, &item, sl_span_of(data));
    assert_false(fold.failed);
}

/* The entries of a class in an order, as `key@sequence+offset` with blanks between. */
static void assert_order(uint32_t *(*order_of)(const struct fold *, enum fold_class, size_t *),
    enum fold_class class, const char *expected)
{
    char text[4096] = "";
    size_t count, used = 0;
    uint32_t *order = order_of(&fold, class, &count);
    assert_non_null(order);
    for (size_t i = 0; i < count; i++) {
        const struct fold_entry *entry = &fold.entries[order[i]];
        bool diff = entry->class == FOLD_DIFF; /* its key is not text */
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s@%d+%d:%d", i ? " " : "",
            diff ? 0 : (int)entry->key.len, entry->key.ptr, (int)entry->sequence,
            (int)(entry->place.offset - 100 * entry->sequence), (int)entry->place.length);
    }
    free(order);
    assert_string_equal(text, expected);
}

#define BY_KEY(class, expected) assert_order(order_by_key, class, expected)
#define BY_ARRIVAL(class, expected) assert_order(order_by_arrival, class, expected)

static void later_arrival_wins(void **state)
{
    (void)state;
    apply("message", "message/a", 2, 1000, 0, "{}");
    apply("message", "message/a", 3, 2000, 0, "{}");
    BY_KEY(FOLD_ITEM, "message/a@3+0:2");
    apply("message", "message/a", 4, 1500, 0, "{}"); /* appended later, arrived earlier */
    BY_KEY(FOLD_ITEM, "message/a@3+0:2");
    apply("message", "message/a", 5, 2001, 0, "{ }");
    BY_KEY(FOLD_ITEM, "message/a@5+0:3");
    assert_int_equal(fold.messages, 1);
}

static void ties(void **state)
{
    (void)state;
    apply("todo", "todo", 2, 1000, 0, "1");
    apply("todo", "todo", 3, 1000, 0, "2"); /* at the same time: the later sequence */
    BY_KEY(FOLD_ITEM, "todo@3+0:1");
    apply("todo", "todo", 4, 1000, 0, "1");
    apply("todo", "todo", 4, 1000, 1, "22"); /* twice in a batch: the later one */
    BY_KEY(FOLD_ITEM, "todo@4+10:2");
    apply("x", "x/1", 4, 1000, 2, "1");
    BY_ARRIVAL(FOLD_ITEM, "todo@4+10:2 x/1@4+20:1");
}

/* Whatever the order of appending: what arrived when decides. */
static void any_order_of_appending(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint64_t sequence, arrived_us;
        uint32_t index;
    } items[] = {{"a", 2, 50, 0}, {"b", 2, 50, 1}, {"a", 3, 40, 0}, {"c", 3, 40, 1},
        {"b", 4, 60, 0}, {"c", 5, 40, 0}};
    size_t count = sizeof(items) / sizeof(items[0]);
    unsigned order[6] = {0, 1, 2, 3, 4, 5};
    for (unsigned permutation = 0; permutation < 720; permutation++) {
        unsigned pool[6], left = 6, rest = permutation;
        memcpy(pool, order, sizeof(pool));
        fold_fini(&fold);
        fold_init(&fold);
        for (; left > 0; left--) {
            unsigned pick = rest % left, i = pool[pick];
            rest /= left;
            pool[pick] = pool[left - 1];
            apply("t", items[i].key, items[i].sequence, items[i].arrived_us, items[i].index, "1");
        }
        /* of c's two versions of the same time the one of the later sequence */
        BY_KEY(FOLD_ITEM, "a@2+0:1 b@4+0:1 c@5+0:1");
        BY_ARRIVAL(FOLD_ITEM, "a@2+0:1 c@5+0:1 b@4+0:1");
    }
    assert_int_equal(count, 6);
}

static void first_arrival_orders(void **state)
{
    (void)state;
    apply("message", "message/b", 2, 1000, 0, "{}");
    apply("message", "message/a", 2, 1000, 1, "{}");
    apply("part", "part/a/x", 3, 1100, 0, "{}");
    apply("message", "message/b", 4, 1200, 0, "{}"); /* again: its place in the order stays */
    BY_ARRIVAL(FOLD_ITEM, "message/b@4+0:2 message/a@2+10:2 part/a/x@3+0:2");
    BY_KEY(FOLD_ITEM, "message/a@2+10:2 message/b@4+0:2 part/a/x@3+0:2");
    apply("part", "part/a/x", 5, 900, 0,
        "{}"); /* an earlier arrival appended late comes to the front */
    BY_ARRIVAL(FOLD_ITEM, "part/a/x@3+0:2 message/b@4+0:2 message/a@2+10:2");
    assert_int_equal(fold.messages, 2);
    assert_int_equal(fold.parts, 1);
}

/* Bytewise, a prefix first. */
static void order_of_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "part/\xc3\xa9", "part", "part/a", "PART", "part/B", "part0", "", "part%", "/"};
    for (uint32_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        apply("t", keys[i], 2, 10, i, "1");
    BY_KEY(FOLD_ITEM,
        "@2+60:1 /@2+80:1 PART@2+30:1 part@2+10:1 part%@2+70:1 part/B@2+40:1 part/a@2+20:1 "
        "part/\xc3\xa9@2+0:1 part0@2+50:1");
}

#define ADD_A "{\"providerID\":\"p\",\"id\":\"a\"}" /* 27 bytes */
#define ADD_B "{\"providerID\":\"p\",\"id\":\"b\"}"

static void models_are_merged(void **state)
{
    (void)state;
    apply("model", "model", 2, 1000, 0, "[" ADD_A ", " ADD_B "]");
    BY_ARRIVAL(FOLD_MODEL, "p/a@2+1:27 p/b@2+30:27");
    apply("model", "model", 3, 1100, 0, "[ " ADD_B "]"); /* a live batch has the newest alone */
    BY_ARRIVAL(FOLD_MODEL, "p/a@2+1:27 p/b@3+2:27");
    BY_KEY(FOLD_ITEM, "model@3+0:30");
    apply("model", "model", 4, 1200, 0, "[]"); /* none is taken away */
    BY_ARRIVAL(FOLD_MODEL, "p/a@2+1:27 p/b@3+2:27");
    apply(
        "model", "model", 5, 900, 0, "[" ADD_B "," ADD_A "]"); /* earlier: only the order changes */
    BY_ARRIVAL(FOLD_MODEL, "p/b@3+2:27 p/a@2+1:27");
    BY_KEY(FOLD_ITEM, "model@4+0:2");
    assert_int_equal(fold.models, 2);
}

static void odd_models(void **state)
{
    (void)state;
    apply("model", "model", 2, 10, 0, ADD_A); /* no list: one element */
    BY_ARRIVAL(FOLD_MODEL, "p/a@2+0:27");
    apply("model", "model", 3, 20, 0,
        "[1,{\"id\":7},null]"); /* without ids: one element of the empty key */
    BY_ARRIVAL(FOLD_MODEL, "p/a@2+0:27 /@3+12:4");
    apply("model", "model", 4, 30, 0,
        "[{\"id\":\"x/y\"},{\"providerID\":\"x\",\"id\":\"y\"},{\"providerID\":\"x/y\"}]");
    BY_KEY(FOLD_MODEL, "/@3+12:4 /x%2Fy@4+1:12 p/a@2+0:27 x%2Fy/@4+42:20 x/y@4+14:27");
    apply("model", "model", 5, 40, 0, "[" ADD_A "," ADD_A "]"); /* twice in a list: the later one */
    BY_ARRIVAL(FOLD_MODEL, "p/a@5+29:27 /@3+12:4 /x%2Fy@4+1:12 x/y@4+14:27 x%2Fy/@4+42:20");
}

static void diffs_of_all_batches(void **state)
{
    (void)state;
    apply("session_diff", "session_diff", 2, 1000, 0, "[{\"f\":1} , {\"f\":2}]");
    apply("session_diff", "session_diff", 3, 1100, 0, "[]");
    apply("session_diff", "session_diff", 4, 1200, 0, "[ {\"f\":3} ]");
    apply(
        "session_diff", "session_diff", 5, 900, 0, "7"); /* no list: one entry; it arrived first */
    BY_ARRIVAL(FOLD_DIFF, "@5+0:1 @2+1:17 @4+2:7");
    BY_KEY(FOLD_ITEM, "session_diff@4+0:11");
    assert_int_equal(fold.diffs, 4);
    apply("session_diff", "session_diff", 6, 1300, 0, "[{}]"); /* two in one batch are two */
    apply("session_diff", "session_diff", 6, 1300, 1, "[{}]");
    BY_ARRIVAL(FOLD_DIFF, "@5+0:1 @2+1:17 @4+2:7 @6+1:2 @6+11:2");
    BY_KEY(FOLD_ITEM, "session_diff@6+10:4");
    assert_int_equal(fold.diffs, 6);
}

static void what_must_be_looked_into(void **state)
{
    (void)state;
    assert_true(fold_looks_into(SL_SPAN("model")));
    assert_true(fold_looks_into(SL_SPAN("session_diff")));
    assert_false(fold_looks_into(SL_SPAN("session")));
    assert_false(fold_looks_into(SL_SPAN("model ")));
    assert_false(fold_looks_into(SL_SPAN("mode")));
    /* an unknown type is not looked into, whatever its key */
    apply("mode", "mode/l", 2, 10, 0, "[{}]");
    size_t count;
    free(order_by_key(&fold, FOLD_MODEL, &count));
    assert_int_equal(count, 0);
}

/* A fold that goes on from another's entries is the fold of all. */
static void restored(void **state)
{
    (void)state;
    apply("message", "message/a", 2, 1000, 0, "{}");
    apply("model", "model", 2, 1000, 1, "[" ADD_A "]");
    apply("session_diff", "session_diff", 2, 1000, 2, "[{}]");
    struct fold first = fold;
    fold_init(&fold);
    for (size_t i = 0; i < first.count; i++)
        fold_restore(&fold, &first.entries[i]);
    assert_int_equal(fold.messages, 1);
    assert_int_equal(fold.models, 1);
    assert_int_equal(fold.diffs, 1);
    fold_fini(&first); /* keys and types were copied */
    apply("message", "message/a", 3, 900, 0, "{}");
    apply("message", "message/b", 3, 900, 1, "{}");
    BY_ARRIVAL(FOLD_ITEM, "message/a@2+0:2 message/b@3+10:2 model@2+10:29 session_diff@2+20:4");
    apply("message", "message/a", 4, 1000, 0, "{}");
    BY_KEY(FOLD_ITEM, "message/a@4+0:2 message/b@3+10:2 model@2+10:29 session_diff@2+20:4");
}

static void many_keys(void **state)
{
    (void)state;
    char key[64];
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 20000; i++) {
            snprintf(key, sizeof(key), "part/%u/%u", i % 100, i);
            apply(i % 3 ? "part" : "message", key, 2 + round, 10 + round, i, "{}");
        }
    assert_int_equal(fold.count, 20000);
    assert_int_equal(fold.parts + fold.messages, 20000);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(key, sizeof(key), "part/%u/%u", i % 100, i);
        const struct fold_entry *entry = fold_find(&fold, FOLD_ITEM, sl_span_of(key));
        assert_non_null(entry);
        assert_int_equal(entry->sequence, 3);
        assert_null(fold_find(&fold, FOLD_DIFF, sl_span_of(key)));
    }
    size_t count;
    uint32_t *order = order_by_arrival(&fold, FOLD_ITEM, &count);
    assert_int_equal(count, 20000);
    for (uint32_t i = 0; i < 20000; i++)
        assert_int_equal(fold.entries[order[i]].first_index >> 32, i);
    free(order);
}

static void empty(void **state)
{
    (void)state;
    assert_null(fold_find(&fold, FOLD_ITEM, SL_SPAN("a")));
    BY_KEY(FOLD_ITEM, "");
    BY_ARRIVAL(FOLD_DIFF, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(later_arrival_wins),
        TEST(ties),
        TEST(any_order_of_appending),
        TEST(first_arrival_orders),
        TEST(order_of_keys),
        TEST(models_are_merged),
        TEST(odd_models),
        TEST(diffs_of_all_batches),
        TEST(what_must_be_looked_into),
        TEST(restored),
        TEST(many_keys),
        TEST(empty),
    };
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
