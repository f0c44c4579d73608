/* The fold of a check: an event's items wait until they are applied, and each entry has the print
   of its newest version. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/verify/verify_fold.h"

static struct check_fold fold;

static int begin(void **state)
{
    (void)state;
    fold = (struct check_fold){0};
    print_key_init(&fold.key);
    check_fold_begin(&fold);
    return 0;
}

static int end(void **state)
{
    (void)state;
    check_fold_fini(&fold);
    return 0;
}

static void take(const char *key, const char *type, const char *data)
{
    struct event_item item = {
        .type = sl_span_of(type), .key = sl_span_of(key), .length = strlen(data)};
    struct fold_taken *taken = check_fold_take(&fold, &item);
    assert_non_null(taken);
    assert_int_equal(taken->looked_into, fold_looks_into(item.type));
    taken->print = print_of(&fold.key, sl_span_of(data));
    taken->data_at = fold.data.len;
    if (taken->looked_into) buf_add_span(&fold.data, sl_span_of(data));
}

static void apply(uint64_t sequence)
{
    struct sl_err err = {0};
    assert_int_equal(check_fold_apply(&fold, sequence, 1000 * sequence, &err), SL_OK);
    check_fold_clear(&fold);
}

static void has_print(enum fold_class class, const char *key, const char *data)
{
    const struct fold_entry *entry = fold_find(&fold.fold, class, sl_span_of(key));
    assert_non_null(entry);
    assert_true(fold.prints[entry - fold.fold.entries] == print_of(&fold.key, sl_span_of(data)));
}

static void test_newest(void **state)
{
    (void)state;
    take("part/m/a", "part", "{\"id\":\"a\"}");
    take("part/m/b", "part", "{\"id\":\"b\"}");
    apply(2);
    take("part/m/a", "part", "{\"id\":\"a\",\"v\":2}");
    apply(3);
    assert_int_equal(fold.fold.count, 2);
    has_print(FOLD_ITEM, "part/m/a", "{\"id\":\"a\",\"v\":2}");
    has_print(FOLD_ITEM, "part/m/b", "{\"id\":\"b\"}");
    assert_int_equal(fold_find(&fold.fold, FOLD_ITEM, SL_SPAN("part/m/a"))->sequence, 3);
}

/* What the fold looks into has the print of each part. */
static void test_models(void **state)
{
    (void)state;
    const char *first = "{\"id\":\"m1\",\"providerID\":\"p\"}";
    const char *second = "{\"id\":\"m2\",\"providerID\":\"p\"}";
    char both[100];
    strcat(strcat(strcat(strcat(strcpy(both, "["), first), ","), second), "]");
    take("part/m/a", "part", "{}");
    take("model", "model", both);
    apply(2);
    assert_int_equal(fold.fold.models, 2);
    size_t found = 0;
    for (size_t i = 0; i < fold.fold.count; i++) {
        if (fold.fold.entries[i].class != FOLD_MODEL) continue;
        found += fold.prints[i] == print_of(&fold.key, sl_span_of(first));
        found += fold.prints[i] == print_of(&fold.key, sl_span_of(second));
    }
    assert_int_equal(found, 2);
}

/* An event that was found to be none of the log's leaves nothing behind. */
static void test_not_applied(void **state)
{
    (void)state;
    take("part/m/a", "part", "{}");
    assert_int_equal(fold.fold.count, 0);
    check_fold_clear(&fold);
    apply(2);
    assert_int_equal(fold.fold.count, 0);
}

/* Another share begins with nothing; many entries, more than the room for prints at first. */
static void test_next_share(void **state)
{
    (void)state;
    static char keys[1000][12];
    take("part/m/x", "part", "{}");
    apply(2);
    check_fold_end(&fold);
    assert_false(fold.folds);
    check_fold_begin(&fold);
    assert_int_equal(fold.fold.count, 0);
    for (int i = 0; i < 1000; i++) {
        char *key = strcpy(keys[i], "part/m/aaaa");
        key[7] += (char)(i / 100);
        key[8] += (char)(i / 10 % 10);
        key[9] += (char)(i % 10);
        take(key, "part", key);
    }
    apply(2);
    assert_int_equal(fold.fold.count, 1000);
    has_print(FOLD_ITEM, "part/m/aaaa", "part/m/aaaa");
    has_print(FOLD_ITEM, "part/m/jjja", "part/m/jjja");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_newest, begin, end),
        cmocka_unit_test_setup_teardown(test_models, begin, end),
        cmocka_unit_test_setup_teardown(test_not_applied, begin, end),
        cmocka_unit_test_setup_teardown(test_next_share, begin, end),
    };
    return cmocka_run_group_tests_name("verify_fold", tests, NULL, NULL);
}
