/* Where a fold's entries come to lie in the stream of a snapshot. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/state/snapshot_layout.h"

static struct fold fold;
static struct orders orders;

static void apply(const char *type, const char *key, uint64_t sequence, const char *data)
{
    struct fold_item item = {
        sl_span_of(key), sl_span_of(type), sequence, 50, strlen(data), sequence, 0};
    fold_apply(&fold, &item, sl_span_of(data));
}

static const struct fold_entry *find(enum fold_class class, const char *key)
{
    const struct fold_entry *entry = fold_find(&fold, class, sl_span_of(key));
    assert_non_null(entry);
    return entry;
}

static void assert_out(const struct fold_entry *entry, const char *text, const char *data)
{
    size_t offset = (size_t)(strstr(text, data) - text);
    assert_int_equal(entry->out.offset, offset);
    assert_int_equal(entry->out.length, strlen(data));
}

static void lay_out(struct snapshot_head *head)
{
    orders_outdate(&orders);
    assert_true(orders_make(&orders, &fold));
    snapshot_layout(&fold, &orders, head);
}

static void laid_out(void **state)
{
    (void)state;
    struct snapshot_head head;
    fold_init(&fold);
    lay_out(&head);
    assert_int_equal(head.data_bytes, 2); /* [] */
    assert_int_equal(head.stream_bytes, 2);
    assert_int_equal(head.session_length, 0);
    apply("session", "session", 2, "{\"title\":1}");
    apply("part", "part/a", 3, "\"A\"");
    apply("model", "model", 4, "[{\"id\":\"m\"} , {\"id\":\"n\"}]");
    apply("message", "message/a", 5, "\"M\"");
    const char *text = "[{\"type\":\"message\",\"data\":\"M\"},"
                       "{\"type\":\"model\",\"data\":[{\"id\":\"m\"},{\"id\":\"n\"}]},"
                       "{\"type\":\"part\",\"data\":\"A\"},"
                       "{\"type\":\"session\",\"data\":{\"title\":1}}]";
    lay_out(&head);
    assert_int_equal(head.items, 4);
    assert_int_equal(head.messages, 1);
    assert_int_equal(head.parts, 1);
    assert_int_equal(head.models, 2);
    assert_int_equal(head.data_bytes, strlen(text));
    assert_int_equal(head.stream_bytes, strlen(text));
    assert_out(find(FOLD_ITEM, "message/a"), text, "\"M\"");
    assert_out(find(FOLD_ITEM, "model"), text, "[{\"id\":\"m\"},{\"id\":\"n\"}]");
    assert_out(find(FOLD_MODEL, "/n"), text, "{\"id\":\"n\"}");
    assert_out(find(FOLD_ITEM, "part/a"), text, "\"A\"");
    assert_int_equal(head.session_offset, find(FOLD_ITEM, "session")->out.offset);
    assert_int_equal(head.session_length, strlen("{\"title\":1}"));
    orders_fini(&orders);
    fold_fini(&fold);
}

/* Of session_diffs the newest lies in the text; of those before it the entries lie behind. */
static void diffs(void **state)
{
    (void)state;
    struct snapshot_head head;
    unsigned in_text = 0, in_rest = 0;
    fold_init(&fold);
    apply("session_diff", "session_diff", 2, "[\"old\"]");
    apply("session_diff", "session_diff", 3, "[]");
    apply("session_diff", "session_diff", 4, "[\"new\",1]");
    lay_out(&head);
    const char *text = "[{\"type\":\"session_diff\",\"data\":[\"new\",1]}]";
    assert_int_equal(head.data_bytes, strlen(text));
    assert_int_equal(head.stream_bytes, strlen(text) + strlen("\"old\""));
    assert_int_equal(head.diffs, 3);
    for (size_t i = 0; i < fold.count; i++) {
        const struct fold_entry *entry = &fold.entries[i];
        if (entry->class != FOLD_DIFF) continue;
        bool rest = snapshot_layout_rest(&fold, entry);
        assert_int_equal(rest, entry->sequence == 2);
        if (rest) assert_int_equal(entry->out.offset, head.data_bytes);
        if (!rest) assert_out(entry, text, "\"new\",1");
        in_rest += rest;
        in_text += !rest;
    }
    assert_int_equal(in_text, 1);
    assert_int_equal(in_rest, 1);
    orders_fini(&orders);
    fold_fini(&fold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(laid_out), cmocka_unit_test(diffs)};
    return cmocka_run_group_tests_name("snapshot_layout", tests, NULL, NULL);
}
