/* How a share's fault is worded: the share, the event, what is wrong; cut where it is too long. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/verify/verify_check.h"

#include <stdlib.h>

static void test_fault(void **state)
{
    (void)state;
    struct share_check *check = calloc(1, sizeof(*check));
    struct sl_err err = {0};
    char reason[1000];
    strcpy(check->facts.id, "cdefghij");
    assert_int_equal(SHARE_FAULT(check, 7, &err, "row %u is %s", 3u, "missing"), SL_CORRUPT);
    assert_int_equal(err.result, SL_CORRUPT);
    assert_string_equal(err.text, "share cdefghij: event 7: row 3 is missing");
    memset(reason, 'r', sizeof(reason));
    reason[sizeof(reason) - 1] = 0;
    share_fault(check, UINT64_MAX, &err, "%s", reason);
    assert_non_null(strstr(err.text, "share cdefghij: event 18446744073709551615: rrr"));
    share_fault(check, 1, NULL, "nobody wants to know");
    free(check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fault)};
    return cmocka_run_group_tests_name("verify_check", tests, NULL, NULL);
}
