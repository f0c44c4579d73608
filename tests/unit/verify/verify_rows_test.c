/* Rows that no event leads to: in meta, in the indexes, between the shares; and those that every
   store has. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "tests/support/row_fault.h"

static struct sl_credentials first, second;

static int make_shares(void **state)
{
    make_store(state);
    first = core_create(store, "ses_0123456789abcdefghij");
    second = core_create(store, "ses_0123456789abcdefghik");
    core_sync(store, &first, "[{\"type\":\"x\",\"data\":1}]");
    core_sync(store, &second, "[{\"type\":\"x\",\"data\":2}]");
    core_verify(store);
    return 0;
}

static void test_meta(void **state)
{
    (void)state;
    struct sl_span id = sl_span_of(first.id);
    fault_extra(KV_META, row_meta("anything"), SL_SPAN(""),
        "family meta: the row anything belongs to nothing, or is damaged");
    fault_extra(KV_META, row_meta("an entry\x7f"), SL_SPAN(""),
        "family meta: the row an%%20entry%%7F belongs to nothing, or is damaged");
    fault_extra(KV_META, row_erase(SL_SPAN("nobody")), SL_SPAN(""),
        "family meta: the row erase/nobody belongs to nothing, or is damaged");
    fault_extra(KV_META, row_erase(id), SL_SPAN("x"),
        "family meta: the row erase/%s belongs to nothing, or is damaged", first.id);
    fault_extra(KV_META, row_rule(id, (const uint8_t *)"0123456789abcdef0123456789abcdef"),
        SL_SPAN("x"), "family meta: the row rule/%s%%00", first.id);
    fault_byte(KV_META, row_meta("format"), 0,
        "family meta: the row format belongs to nothing, or is damaged");
    fault_byte(KV_META, row_meta("log_key"), 31,
        "family meta: the row log_key belongs to nothing, or is damaged");
    fault_byte(KV_META, row_meta("origin"), 0,
        "family meta: the row origin belongs to nothing, or is damaged");
    fault_missing(
        KV_META, row_meta("format"), "family meta: its origin, log_key or format is missing");
}

/* The mark of a live share whose files are being rewritten is no fault. */
static void test_erase_mark(void **state)
{
    (void)state;
    store_row_put(store, KV_META, row_erase(sl_span_of(first.id)), SL_SPAN(""));
    core_verify(store);
}

static void test_index(void **state)
{
    (void)state;
    struct sl_span id = sl_span_of(first.id);
    fault_extra(KV_INDEX, row_index('z', id), SL_SPAN(""),
        "family index: the row z%s belongs to nothing, or is damaged", first.id);
    fault_extra(KV_INDEX, row_index(ROW_INDEX_DUE, SL_SPAN("nobody")), SL_SPAN(""),
        "family index: the row dnobody belongs to nothing, or is damaged");
    fault_extra(KV_INDEX, row_index(ROW_INDEX_DUE, id), SL_SPAN("x"),
        "family index: the row d%s belongs to nothing, or is damaged", first.id);
    store_row_put(store, KV_INDEX, row_index(ROW_INDEX_DUE, id), SL_SPAN(""));
    core_verify(store);
}

/* Before the first share, between the two, behind the last: their ids end in j and k. */
static void test_gaps(void **state)
{
    (void)state;
    static const enum kv_family families[] = {KV_HOT, KV_BODY, KV_SNAPSHOT};
    static const char *const nobodies[] = {"-", "cdefghij-", "zzz"};
    for (size_t f = 0; f < 3; f++)
        for (size_t i = 0; i < 3; i++)
            fault_extra(families[f], row_body(sl_span_of(nobodies[i]), 1, 0), SL_SPAN("x"),
                "family %s: the row %s%%00", kv_family_name(families[f]), nobodies[i]);
    fault_extra(KV_EVENT, row_event(SL_SPAN("nobody"), 1), SL_SPAN("x"),
        "share nobody: its record is missing");
    fault_extra(KV_BODY, row_meta("short"), SL_SPAN("x"), "family body: the row short");
}

static void test_derived_marks(void **state)
{
    (void)state;
    static const enum kv_family families[] = {
        KV_SHARE, KV_BY_SESSION, KV_TILE, KV_SNAPSHOT, KV_INDEX};
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        fault_missing(families[f], row_whole(), "derived data is missing, or of another format");
        fault_byte(families[f], row_whole(), 0, "derived data is missing, or of another format");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_shares, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_meta),
        TEST(test_erase_mark),
        TEST(test_index),
        TEST(test_gaps),
        TEST(test_derived_marks),
    };
    return cmocka_run_group_tests_name("verify_rows", tests, NULL, NULL);
}
