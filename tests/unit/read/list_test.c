/* The list of shares by their newest event: page after page, stopped in the middle, without removed
 * ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"
#include "tests/support/words.h"

#include <stdio.h>

static bool see_share(void *words, const struct sl_metadata *metadata)
{
    char word[100];
    snprintf(word, sizeof(word), "%.*s:%llu", (int)metadata->session_id.len,
        metadata->session_id.ptr, (unsigned long long)metadata->sequence);
    return words_add(words, word);
}

static void list(void **state)
{
    (void)state;
    struct sl_credentials a = core_create(store, "ses_a"), b = core_create(store, "ses_b"),
                          c = core_create(store, "ses_c");
    core_sync(store, &a, "[]");
    struct words words = {.left = 99};
    uint64_t next = 77;
    core_expect(sl_shares(store, 0, 10, see_share, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "ses_a:2 ses_c:1 ses_b:1 ");
    assert_int_equal(next, 0);
    words = (struct words){.left = 99};
    core_expect(sl_shares(store, 0, 2, see_share, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "ses_a:2 ses_c:1 ");
    assert_int_not_equal(next, 0);
    words = (struct words){.left = 99};
    core_expect(sl_shares(store, next, 2, see_share, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "ses_b:1 ");
    assert_int_equal(next, 0);
    words = (struct words){.left = 1};
    core_expect(sl_shares(store, 0, 10, see_share, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "ses_a:2 ");
    core_expect(
        sl_share_remove(store, sl_span_of(c.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    core_sync(store, &b, "[]");
    words = (struct words){.left = 99};
    core_expect(sl_shares(store, 0, 10, see_share, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "ses_b:2 ses_a:2 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(list, make_store, drop_store),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
