/* What an item says of itself: that what redacting makes is taken, and that nothing else is put in
   a redacted item's place. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/redact_whole.h"
#include "core/proof/item_check.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_store.h"

#include <string.h>

static const char *check(enum claim_state state, const char *data, uint64_t committed)
{
    const char *fault = "";
    bool unmarked;
    struct sl_err err = {0};
    struct item_claim claim = {
        SL_SPAN("message"), SL_SPAN("message/msg_1"), sl_span_of(data), state, committed};
    core_expect(item_check(&claim, &fault, &unmarked, &err), SL_OK, &err);
    return fault;
}

static void refused(enum claim_state state, const char *data, uint64_t committed, const char *why)
{
    const char *fault = check(state, data, committed);
    if (!fault || !strstr(fault, why)) fail_msg("%s: %s", data, fault ? fault : "taken");
}

static void sent(void **state)
{
    (void)state;
    bool unmarked;
    const char *fault;
    struct sl_err err = {0};
    assert_null(check(CLAIM_SENT, "{\"id\":\"msg_1\",\"text\":\"anything\"}", 0));
    refused(CLAIM_SENT, "", 0, "its data is not one JSON value");
    refused(CLAIM_SENT, "{\"id\":\"msg_1\"} ", 0, "its data is not one JSON value");
    refused(CLAIM_SENT, " {\"id\":\"msg_1\"}", 0, "its data is not one JSON value");
    refused(CLAIM_SENT, "{\"id\":\"msg_1\"}{}", 0, "its data is not one JSON value");
    refused(CLAIM_SENT, "{\"id\":\"msg_1\",\"x\":\"\xff\"}", 0, "its data is not one JSON value");
    refused(CLAIM_SENT, "{\"id\":\"msg_2\"}", 0, "its key is not the one");
    refused(CLAIM_SENT, "null", 0, "its key is not the one");
    /* before there were marks */
    struct item_claim claim = {SL_SPAN("message"), SL_SPAN("message/msg_1"),
        SL_SPAN("{\"id\":\"[redacted]\"}"), CLAIM_SENT, 0};
    core_expect(item_check(&claim, &fault, &unmarked, &err), SL_OK, &err);
    assert_true(!fault && unmarked);
}

static void replaced(void **state)
{
    (void)state;
    static const char text[] =
        "{\"id\":\"msg_1\",\"role\":\"user\",\"text\":\"[redacted]\",\"n\":1}";
    for (int marked = 0; marked <= 1; marked++) {
        enum claim_state is = marked ? CLAIM_MARKED : CLAIM_WITHHELD;
        assert_null(check(is, text, 1000));
        assert_null(check(is, "{\"id\":\"msg_1\",\"role\":\"user\",\"input\":{}}", 1000));
        assert_null(check(is, "{\"id\":\"[redacted]\"}", 1000));
        assert_null(
            check(is, "{\"id\":\"msg_1\",\"[redacted]\":\"beside it, the server's word\"}", 99));
        refused(
            is, "{\"id\":\"msg_1\",\"text\":\"I stole the money\"}", 1000, "not what redacting");
        refused(is, "{\"id\":\"msg_1\",\"text\":\"[redacted] \"}", 1000, "not what redacting");
        refused(is, "{\"id\":\"msg_1\",\"text\":\"\\\"[redacted]\"}", 1000, "not what redacting");
        refused(is, "{\"id\":\"msg_1\" }", 1000, "not what redacting");
        refused(is, "{\"id\":\"msg_1\",\"input\":{\"a\":1}}", 1000, "not what redacting");
    }
    refused(CLAIM_WITHHELD, "I stole the money", 1000, "not one JSON value");
    refused(CLAIM_WITHHELD, "<script>", 1000, "not one JSON value");
    refused(CLAIM_WITHHELD, "", 1000, "not one JSON value");
    refused(CLAIM_WITHHELD, "null", 1000, "another item by its ids");
    refused(CLAIM_WITHHELD, "\"[redacted]\"", 1000, "another item by its ids");
    refused(CLAIM_WITHHELD, "{\"id\":\"msg_2\",\"text\":\"[redacted]\"}", 1000, "another item by");
    /* ten bytes more for the one string, and none for what stands beside it */
    assert_null(check(CLAIM_WITHHELD, text, sizeof(text) - 1 - 10));
    refused(CLAIM_WITHHELD, text, sizeof(text) - 1 - 11, "longer than what was sent");
    assert_null(check(CLAIM_MARKED, text, 0));
}

static void no_memory(void **state)
{
    (void)state;
    const char *fault;
    bool unmarked;
    struct sl_err err = {0};
    struct item_claim claim = {SL_SPAN("message"), SL_SPAN("message/msg_1"),
        SL_SPAN("{\"id\":\"msg_1\",\"role\":\"user\"}"), CLAIM_WITHHELD, 100};
    alloc_fail_from(0);
    enum sl_result result = item_check(&claim, &fault, &unmarked, &err);
    alloc_never();
    assert_int_equal(result, SL_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sent), cmocka_unit_test(replaced), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests_name("item_check", tests, NULL, NULL);
}
