/* A share's events and the store's: page after page in both orders, with a removed share's content
 * hidden. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"
#include "tests/support/words.h"

#include <stdio.h>

static bool see_event(void *words, const struct sl_event_info *info)
{
    char word[100];
    snprintf(word, sizeof(word), "%llu%s/%llu", (unsigned long long)info->sequence,
        sl_kind_name(info->kind), (unsigned long long)info->items);
    return words_add(words, word);
}

static void of_a_share(void **state)
{
    (void)state;
    struct sl_credentials a = core_create(store, "ses_a");
    struct sl_span id = sl_span_of(a.id);
    core_sync(store, &a, "[{\"type\":\"x\",\"data\":{\"id\":1}},{\"type\":\"y\",\"data\":2}]");
    core_sync(store, &a, "[]");
    uint64_t next = 77;
    struct words words = {.left = 99};
    assert_int_equal(
        sl_share_events(store, SL_SPAN("nobody"), 0, 9, false, see_event, &words, &next, &err),
        SL_NOT_FOUND);
    assert_int_equal(next, 77); /* untouched */
    core_expect(
        sl_share_events(store, id, 0, 2, false, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "1create/1 2sync/2 ");
    assert_int_equal(next, 3);
    words = (struct words){.left = 99};
    core_expect(
        sl_share_events(store, id, 0, 2, true, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "3sync/0 2sync/2 ");
    assert_int_equal(next, 1);
    core_expect(
        sl_share_remove(store, id, SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err), SL_OK, &err);
    words = (struct words){.left = 99}; /* what clients sent is hidden at once */
    core_expect(
        sl_share_events(store, id, 0, 9, false, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "1create/1 2sync/0 3sync/0 4remove/1 ");
    assert_int_equal(next, 0);
}

static void of_the_store(void **state)
{
    (void)state;
    struct sl_credentials a = core_create(store, "ses_a");
    uint64_t next = 77;
    struct words words = {.left = 99};
    core_sync(store, &a, "[{\"type\":\"x\",\"data\":{\"id\":1}},{\"type\":\"y\",\"data\":2}]");
    core_create(store, "ses_b");
    core_sync(store, &a, "[]");
    core_expect(sl_store_events(store, 0, 3, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "1create/1 2sync/2 1create/1 ");
    assert_int_equal(next, 3);
    words = (struct words){.left = 99};
    core_expect(sl_store_events(store, next, 9, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "3sync/0 ");
    assert_int_equal(next, 4);
    words = (struct words){.left = 1};
    core_expect(sl_store_events(store, 1, 9, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "2sync/2 ");
    assert_int_equal(next, 2);
    core_expect(
        sl_share_remove(store, sl_span_of(a.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    words = (struct words){.left = 99};
    core_expect(sl_store_events(store, 1, 9, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "2sync/0 1create/1 3sync/0 4remove/1 ");
    assert_int_equal(next, 5);
}

/* The rows of an event that is being committed are written before the store knows of it. */
static void ends_at_what_is_committed(void **state)
{
    (void)state;
    core_create(store, "ses_a");
    uint64_t next = 77;
    struct words words = {.left = 99};
    store_row_put(store, KV_LOG, row_log(1), SL_SPAN("of a share that is not made yet"));
    core_expect(sl_store_events(store, 0, 9, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "1create/1 ");
    assert_int_equal(next, 1);
    core_expect(sl_store_events(store, 1, 9, see_event, &words, &next, &err), SL_OK, &err);
    assert_string_equal(words.text, "1create/1 "); /* no more */
    assert_int_equal(next, 1);
    core_expect(sl_store_events(store, 5, 9, see_event, &words, &next, &err), SL_OK, &err);
    assert_int_equal(next, 5);
    store_row_delete(store, KV_LOG, row_log(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_a_share, make_store, drop_store),
        cmocka_unit_test_setup_teardown(of_the_store, make_store, drop_store),
        cmocka_unit_test_setup_teardown(ends_at_what_is_committed, make_store, drop_store),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
