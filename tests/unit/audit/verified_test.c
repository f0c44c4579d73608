/* What the last verification found is kept, and a file that can't be read is as if there were
 * none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#include <stdio.h>
#include <stdlib.h>

static void facts(struct sl_log_facts *out)
{
    core_expect(sl_log_facts(store, out, &err), SL_OK, &err);
}

static void kept(void **state)
{
    (void)state;
    struct sl_log_facts *f = calloc(1, sizeof(*f));
    struct sl_verified verified;
    struct sl_credentials share = core_create(store, "ses_a");
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
    facts(f);
    assert_int_equal(f->verified_ms, 0);
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
    assert_int_equal(verified.events, 2);
    reopen();
    facts(f);
    assert_int_equal(f->verified_ms, core_now_us / 1000);
    assert_int_equal(f->verified_size, 2);
    assert_true(f->verified_ok);
    assert_string_equal(f->verified_fault, "");
    struct buf row = {0};
    store_body_get(store, sl_span_of(share.id), 2, 0, &row);
    row.ptr[row.len - 1] ^= 1;
    store_body_put(store, sl_span_of(share.id), 2, 0, buf_span(&row));
    assert_int_equal(sl_store_verify(store, NULL, &verified, &err), SL_CORRUPT);
    facts(f);
    assert_false(f->verified_ok);
    assert_string_equal(f->verified_fault, err.text);
    buf_fini(&row);
    char path[400];
    snprintf(path, sizeof(path), "%s/verified", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("nonsense", file);
    fclose(file);
    facts(f);
    assert_int_equal(f->verified_ms, 0);
    assert_false(f->verified_ok);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kept, make_store, drop_store)};
    return cmocka_run_group_tests_name("verified", tests, NULL, NULL);
}
