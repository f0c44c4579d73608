/* The lists: shares by their newest event, a share's events, the store's, and what differs between
 * two moments; page after page, and stopped in the middle. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"

#include <stdio.h>

/* What came, in words with a space behind each; stops when `left` is 0. */
struct seen {
    char text[400];
    unsigned left;
};

static bool add(struct seen *seen, const char *word)
{
    size_t at = strlen(seen->text);
    snprintf(seen->text + at, sizeof(seen->text) - at, "%s ", word);
    return --seen->left > 0;
}

static bool see_share(void *seen, const struct sl_metadata *metadata)
{
    char word[100];
    snprintf(word, sizeof(word), "%.*s:%llu", (int)metadata->session_id.len,
        metadata->session_id.ptr, (unsigned long long)metadata->sequence);
    return add(seen, word);
}

static void list(void **state)
{
    (void)state;
    struct sl_credentials a = core_create(store, "ses_a"), b = core_create(store, "ses_b"),
                          c = core_create(store, "ses_c");
    core_sync(store, &a, "[]");
    struct seen seen = {.left = 99};
    uint64_t next = 77;
    core_expect(sl_shares(store, 0, 10, see_share, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "ses_a:2 ses_c:1 ses_b:1 ");
    assert_int_equal(next, 0);
    seen = (struct seen){.left = 99};
    core_expect(sl_shares(store, 0, 2, see_share, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "ses_a:2 ses_c:1 ");
    assert_int_not_equal(next, 0);
    seen = (struct seen){.left = 99};
    core_expect(sl_shares(store, next, 2, see_share, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "ses_b:1 ");
    assert_int_equal(next, 0);
    seen = (struct seen){.left = 1};
    core_expect(sl_shares(store, 0, 10, see_share, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "ses_a:2 ");
    core_expect(
        sl_share_remove(store, sl_span_of(c.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    core_sync(store, &b, "[]");
    seen = (struct seen){.left = 99};
    core_expect(sl_shares(store, 0, 10, see_share, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "ses_b:2 ses_a:2 ");
}

static bool see_event(void *seen, const struct sl_event_info *info)
{
    char word[100];
    snprintf(word, sizeof(word), "%llu%s/%llu", (unsigned long long)info->sequence,
        sl_kind_name(info->kind), (unsigned long long)info->items);
    return add(seen, word);
}

static void history(void **state)
{
    (void)state;
    struct sl_credentials a = core_create(store, "ses_a");
    struct sl_span id = sl_span_of(a.id);
    core_sync(store, &a, "[{\"type\":\"x\",\"data\":{\"id\":1}},{\"type\":\"y\",\"data\":2}]");
    core_sync(store, &a, "[]");
    uint64_t next = 77;
    struct seen seen = {.left = 99};
    assert_int_equal(
        sl_share_events(store, SL_SPAN("nobody"), 0, 9, false, see_event, &seen, &next, &err),
        SL_NOT_FOUND);
    assert_int_equal(next, 77); /* untouched */
    core_expect(
        sl_share_events(store, id, 0, 2, false, see_event, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "1create/1 2sync/2 ");
    assert_int_equal(next, 3);
    seen = (struct seen){.left = 99};
    core_expect(sl_share_events(store, id, 0, 2, true, see_event, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "3sync/0 2sync/2 ");
    assert_int_equal(next, 1);
    core_expect(
        sl_share_remove(store, id, SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err), SL_OK, &err);
    seen = (struct seen){.left = 99}; /* what was sent is hidden at once */
    core_expect(
        sl_share_events(store, id, 0, 9, false, see_event, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "1create/1 2sync/0 3sync/0 4remove/1 ");
    assert_int_equal(next, 0);
    core_create(store, "ses_b");
    seen = (struct seen){.left = 99};
    core_expect(sl_store_events(store, 3, 9, see_event, &seen, &next, &err), SL_OK, &err);
    assert_string_equal(seen.text, "4remove/1 1create/1 ");
    assert_int_equal(next, 5);
}

static bool see_change(void *seen, enum sl_change change, struct sl_span key)
{
    char word[100];
    snprintf(word, sizeof(word), "%c%.*s",
        change == SL_ADDED     ? '+'
        : change == SL_CHANGED ? '~'
                               : '-',
        (int)key.len, key.ptr);
    return add(seen, word);
}

static void assert_changes(
    const struct sl_credentials *share, uint64_t from, uint64_t to, const char *expected)
{
    struct seen seen = {.left = 99};
    core_expect(sl_share_changes(store, sl_span_of(share->id), from, to, see_change, &seen, &err),
        SL_OK, &err);
    assert_string_equal(seen.text, expected);
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
    struct seen seen = {.left = 1};
    core_expect(
        sl_share_changes(store, sl_span_of(a.id), 1, 4, see_change, &seen, &err), SL_OK, &err);
    assert_string_equal(seen.text, "+a ");
    assert_int_equal(
        sl_share_changes(store, sl_span_of(a.id), 1, 5, see_change, &seen, &err), SL_NO_MOMENT);
}

int main(void)
{
#define LIST_TEST(test) cmocka_unit_test_setup_teardown(test, make_store, drop_store)
    const struct CMUnitTest tests[] = {LIST_TEST(list), LIST_TEST(history), LIST_TEST(changes)};
    return cmocka_run_group_tests_name("lists", tests, NULL, NULL);
}
