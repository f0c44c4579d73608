/* Twin creates: found by session and peer, the newest first, forgotten when the ring has gone
 * round. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/twins.h"

#include <stdio.h>

static void found_by_session_and_peer(void **state)
{
    (void)state;
    char id[SL_SHARE_ID_BYTES + 1] = "untouched";
    struct twins *twins = twins_create();
    assert_false(twins_find(twins, SL_SPAN("ses_1"), SL_SPAN("1.2.3.4"), id));
    assert_string_equal(id, "untouched");
    twins_add(twins, SL_SPAN("ses_1"), SL_SPAN("1.2.3.4"), SL_SPAN("one"));
    assert_true(twins_find(twins, SL_SPAN("ses_1"), SL_SPAN("1.2.3.4"), id));
    assert_string_equal(id, "one");
    assert_false(twins_find(twins, SL_SPAN("ses_1"), SL_SPAN("1.2.3.5"), id));
    assert_false(twins_find(twins, SL_SPAN("ses_2"), SL_SPAN("1.2.3.4"), id));
    /* the two parts aren't taken for each other's */
    assert_false(twins_find(twins, SL_SPAN("ses_11"), SL_SPAN(".2.3.4"), id));
    twins_add(twins, SL_SPAN("ses_1"), SL_SPAN("1.2.3.4"), SL_SPAN("two"));
    assert_true(twins_find(twins, SL_SPAN("ses_1"), SL_SPAN("1.2.3.4"), id));
    assert_string_equal(id, "two");
    twins_destroy(twins);
}

static void the_oldest_go(void **state)
{
    (void)state;
    char id[SL_SHARE_ID_BYTES + 1], longest[SL_SHARE_ID_BYTES];
    struct twins *twins = twins_create();
    memset(longest, 'x', sizeof(longest));
    for (unsigned i = 0; i <= SL_TWIN_CREATES; i++) {
        char session[32];
        snprintf(session, sizeof(session), "ses_%u", i);
        twins_add(twins, sl_span_of(session), SL_SPAN("p"), (struct sl_span){longest, i % 64 + 1});
    }
    assert_false(twins_find(twins, SL_SPAN("ses_0"), SL_SPAN("p"), id));
    assert_true(twins_find(twins, SL_SPAN("ses_1"), SL_SPAN("p"), id));
    assert_string_equal(id, "xx");
    assert_true(twins_find(twins, SL_SPAN("ses_63"), SL_SPAN("p"), id));
    assert_int_equal(strlen(id), SL_SHARE_ID_BYTES);
    twins_destroy(twins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_session_and_peer),
        cmocka_unit_test(the_oldest_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
