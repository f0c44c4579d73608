/* The store's rules: in force from when they are added, held against batches, kept over a
   reopening, refused when damaged; their epoch passes whenever one comes or goes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/redact/rules.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#define WORD "hunter2-is-the-word"

static const char body[] = "{\"secret\":\"s\",\"data\":[{\"type\":\"x\",\"data\":\"say " WORD
                           "\"},{\"type\":\"y\",\"data\":\"nothing\"}]}";

static struct redact_rule rule;

static int make_rule(void **state)
{
    make_store(state);
    rules_make(store->rules, REDACT_RULE_TEXT, SL_SPAN(WORD), &rule);
    return 0;
}

static void put(struct sl_span share_id)
{
    struct kv_batch *batch = kv_batch_create();
    rules_put(store->rules, store->kv, batch, share_id, &rule);
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

/* Is the word replaced in a batch for the share? */
static bool hits(const char *share_id)
{
    struct batch batch;
    unsigned long seen = 77;
    core_expect(batch_parse(SL_SPAN(body), core_now_us, &batch, &err), SL_OK, &err);
    core_expect(rules_apply(store->rules, sl_span_of(share_id), &batch, &seen, &err), SL_OK, &err);
    assert_true(epoch_holds(rules_epoch(store->rules), seen));
    bool hit = sl_span_eq(batch.items[0].data, SL_SPAN("\"[redacted]\""));
    assert_true(hit || sl_span_eq(batch.items[0].data, SL_SPAN("\"say " WORD "\"")));
    assert_true(sl_span_eq(batch.items[1].data, SL_SPAN("\"nothing\"")));
    batch_fini(&batch);
    return hit;
}

static void of_one_share_or_all(void **state)
{
    (void)state;
    bool added;
    assert_false(hits("one"));
    core_expect(rules_add(store->rules, SL_SPAN("one"), &rule, &added, &err), SL_OK, &err);
    assert_true(added);
    assert_true(hits("one"));
    assert_false(hits("two"));
    core_expect(rules_add(store->rules, SL_SPAN(""), &rule, &added, &err), SL_OK, &err);
    assert_true(added);
    assert_true(hits("two"));
    rules_drop(store->rules, SL_SPAN("one"), &rule);
    assert_true(hits("one")); /* by the other */
    rules_drop(store->rules, SL_SPAN(""), &rule);
    assert_false(hits("one"));
}

static void epoch_passes(void **state)
{
    (void)state;
    bool added;
    const struct epoch *epoch = rules_epoch(store->rules);
    unsigned long seen = epoch_number(epoch);
    core_expect(rules_add(store->rules, SL_SPAN("one"), &rule, &added, &err), SL_OK, &err);
    assert_false(epoch_holds(epoch, seen));
    seen = epoch_number(epoch);
    core_expect(rules_add(store->rules, SL_SPAN("one"), &rule, &added, &err), SL_OK, &err);
    assert_false(added); /* it is in force already */
    assert_true(epoch_holds(epoch, seen));
    rules_drop(store->rules, SL_SPAN("two"), &rule); /* it has none */
    assert_true(epoch_holds(epoch, seen));
    rules_drop(store->rules, SL_SPAN("one"), &rule);
    assert_false(epoch_holds(epoch, seen));
}

static void kept(void **state)
{
    (void)state;
    put(SL_SPAN("one"));
    reopen();
    assert_true(hits("one"));
    assert_false(hits("two"));
    put(SL_SPAN(""));
    reopen();
    assert_true(hits("two"));
    struct row_key key = row_rule(SL_SPAN(""), rule.mac);
    struct buf value = {0};
    store_row_get(store, KV_META, key, &value);
    assert_true(rules_row_fits(store, row_span(&key), buf_span(&value)));
    key = row_rule(SL_SPAN("two"), rule.mac); /* another share's */
    assert_false(rules_row_fits(store, row_span(&key), buf_span(&value)));
    value.ptr[1] ^= 1;
    assert_false(rules_row_fits(store, row_span(&key), buf_span(&value)));
    assert_false(rules_row_fits(store, SL_SPAN("rule/"), buf_span(&value)));
    buf_fini(&value);
}

/* What was redacted could come back: nothing is taken in any more. */
static void damaged(void **state)
{
    (void)state;
    put(SL_SPAN("one"));
    core_expect(rules_fault(store->rules, &err), SL_OK, &err);
    store_row_put(store, KV_META, row_rule(SL_SPAN("one"), rule.mac), SL_SPAN("damaged"));
    reopen();
    assert_int_equal(rules_fault(store->rules, &err), SL_READ_ONLY);
    assert_int_equal(sl_store_health(store, &err), SL_READ_ONLY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_rule, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(of_one_share_or_all),
        TEST(epoch_passes),
        TEST(kept),
        TEST(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
