/* What differs between two moments, forwards and backwards, and stopped in the middle. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"
#include "tests/support/words.h"

#include <stdio.h>

static bool see_change(void *words, enum sl_change change, struct sl_span key)
{
    char word[100];
    snprintf(word, sizeof(word), "%c%.*s",
        change == SL_ADDED     ? '+'
        : change == SL_CHANGED ? '~'
                               : '-',
        (int)key.len, key.ptr);
    return words_add(words, word);
}

static void assert_changes(
    const struct sl_credentials *share, uint64_t from, uint64_t to, const char *expected)
{
    struct words words = {.left = 99};
    core_expect(sl_share_changes(store, sl_span_of(share->id), from, to, see_change, &words, &err),
        SL_OK, &err);
    assert_string_equal(words.text, expected);
}

static void changes(void **state)
{
    (void)state;
    struct sl_credentials a = core_create(store, "ses_a");
    core_sync(store, &a, "[{\"type\":\"x\",\"data\":1},{\"type\":\"y\",\"data\":22}]");
    core_sync(store, &a, "[{\"type\":\"x\",\"data\":1},{\"type\":\"y\",\"data\":33}]");
    core_sync(store, &a, "[{\"type\":\"y\",\"data\":4},{\"type\":\"a\",\"data\":5}]");
    assert_changes(&a, 2, 2, "");
    assert_changes(&a, 1, 2, "+x +y ");
    assert_changes(&a, 2, 3, "~y "); /* x was merely sent again */
    assert_changes(&a, 2, 4, "+a ~y ");
    assert_changes(&a, 4, 2, "~y -a ");
    struct words words = {.left = 1};
    core_expect(
        sl_share_changes(store, sl_span_of(a.id), 1, 4, see_change, &words, &err), SL_OK, &err);
    assert_string_equal(words.text, "+a ");
    assert_int_equal(
        sl_share_changes(store, sl_span_of(a.id), 1, 5, see_change, &words, &err), SL_NO_MOMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes, make_store, drop_store),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
