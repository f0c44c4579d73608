/* Ids of shares, the encoding of keys, the JSON in front of an item's data. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/event/item.h"
#include "core/sharelog.h"

static void share_ids(void **state)
{
    (void)state;
    char longest[SL_SHARE_ID_BYTES + 1];
    memset(longest, 'x', sizeof(longest));
    assert_true(sl_share_id_valid(SL_SPAN("aZ09_-")));
    assert_true(sl_share_id_valid((struct sl_span){longest, SL_SHARE_ID_BYTES}));
    assert_false(sl_share_id_valid((struct sl_span){longest, SL_SHARE_ID_BYTES + 1}));
    assert_false(sl_share_id_valid(SL_SPAN("")));
    static const char allowed[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
    for (int c = 0; c < 256; c++) {
        char id[2] = {'a', (char)c};
        bool valid = memchr(allowed, c, sizeof(allowed) - 1) != NULL;
        assert_int_equal(sl_share_id_valid((struct sl_span){id, 2}), valid);
    }
}

static void keys(void **state)
{
    (void)state;
    const struct {
        struct sl_span text;
        const char *key;
    } all[] = {{SL_SPAN(""), ""}, {SL_SPAN("prt_1"), "prt_1"}, {SL_SPAN("a/b%c"), "a%2Fb%25c"},
        {SL_SPAN("\0\x1f\x7f"), "%00%1F%7F"}, {SL_SPAN("\xc2\x80\xc2\x9f"), "%C2%80%C2%9F"},
        {SL_SPAN("\xc2\xa0\xc3\xa9"), "\xc2\xa0\xc3\xa9"},
        {SL_SPAN("\xed\xa0\x80\xed\xbf\xbf"), "%uD800%uDFFF"},
        {SL_SPAN("\xed\x9f\xbf"), "\xed\x9f\xbf"},
        {SL_SPAN("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80"}};
    struct buf key = {0};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        buf_clear(&key);
        item_key_add(&key, all[i].text);
        if (!sl_span_eq(buf_span(&key), sl_span_of(all[i].key)))
            fail_msg("%zu: %.*s", i, (int)key.len, key.ptr);
    }
    buf_fini(&key);
}

/* What the prefix begins is JSON, whatever the type, and as long as was said. */
static void prefixes(void **state)
{
    (void)state;
    struct buf text = {0};
    for (unsigned c = 0; c < 256; c++) {
        char type[3] = {'t', (char)c, '\"'};
        struct sl_span value;
        buf_clear(&text);
        item_prefix_add(&text, (struct sl_span){type, 3});
        assert_int_equal(text.len, item_prefix_bytes((struct sl_span){type, 3}));
        buf_add(&text, "[1]}", 4);
        assert_int_equal(json_check(buf_span(&text), 2, NULL), SL_OK);
        assert_true(json_get(buf_span(&text), "data", &value));
        assert_true(sl_span_eq(value, SL_SPAN("[1]")));
    }
    buf_clear(&text);
    item_prefix_add(&text, SL_SPAN("part"));
    assert_true(sl_span_eq(buf_span(&text), SL_SPAN("{\"type\":\"part\",\"data\":")));
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_ids),
        cmocka_unit_test(keys),
        cmocka_unit_test(prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
