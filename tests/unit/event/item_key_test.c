/* Keys, held against the items that they were made of: every one that a batch makes fits, whatever
   is in its ids; one of another item doesn't; ids that read `[redacted]` are known as such. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/limits.h"
#include "core/event/batch.h"
#include "core/event/item_key.h"
#include "tests/support/core_store.h"

#include <stdio.h>

static enum item_key_fit fit(struct sl_span type, struct sl_span key, struct sl_span data)
{
    struct json json;
    struct item_ids ids;
    struct sl_span value;
    json_init(&json, data, JSON_DEPTH_CEILING);
    assert_true(item_ids_read(&json, &ids, &value));
    return item_key_fits(type, key, &ids, value);
}

static enum item_key_fit fit_of(const char *type, const char *key, const char *data)
{
    return fit(sl_span_of(type), sl_span_of(key), sl_span_of(data));
}

static void fits(void **state)
{
    (void)state;
    static const char *const table[][3] = {
        {"session", "session", "{\"id\":\"not looked at\"}"},
        {"model", "model", "[]"},
        {"message", "message/m", "{\"id\":\"m\"}"},
        {"message", "message/a%2Fb%25", "{\"id\":\"a\\/b%\"}"},
        {"message", "message/", "{\"id\":\"\"}"},
        {"message", "message/[redacted]", "{\"id\":\"[redacted]\"}"},
        {"part", "part/m/p", "{\"id\":\"p\",\"messageID\":\"m\",\"id\":\"p\"}"},
        {"messages", "messages/s", "{\"sessionID\":\"s\"}"},
        {"todo", "todo", "{\"id\":7}"},
        {"todo", "todo/t", "{\"id\":\"t\"}"},
        {"", "", "1"},
        {"part/a", "part%2Fa/b", "{\"id\":\"b\"}"},
        {"x\xed\xa0\x80", "x%uD800", "1"}, /* as format 1 kept it */
        {"x%uD800", "x%uD800", "1"},       /* a lone surrogate, as it is kept now */
        {"x%uD800", "x%25uD800", "1"},     /* these very letters */
        {"%uDFFF%uD800", "%uDFFF%25uD800/\xc3\xa9", "{\"id\":\"\\u00e9\"}"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (fit_of(table[i][0], table[i][1], table[i][2]) != ITEM_KEY_FITS)
            fail_msg("%s, %s", table[i][1], table[i][2]);
}

static void differs(void **state)
{
    (void)state;
    static const char *const table[][3] = {
        {"message", "message/m", "{\"id\":\"n\"}"},
        {"message", "message/m", "null"},
        {"message", "message/m", "{}"},
        {"message", "message/m", "{\"id\":\"m\",\"id\":1}"},
        {"message", "message", "{\"id\":\"m\"}"},
        {"message", "message/m/", "{\"id\":\"m\"}"},
        {"message", "massage/m", "{\"id\":\"m\"}"},
        {"message", "message/m", "{\"[redacted]\":\"n\"}"},
        {"message", "message/m", "[{\"[redacted]\":\"m\"}]"},
        {"part", "part/p/m", "{\"id\":\"p\",\"messageID\":\"m\"}"},
        {"part", "part/p", "{\"id\":\"p\",\"messageID\":\"m\"}"},
        {"todo", "todo", "{\"id\":\"t\"}"},
        {"todo", "todo/t", "{\"id\":1}"},
        {"todo", "todo/t", "[]"},
        {"x%uD800", "x%uD801", "1"},
        {"x%uD800", "x%25uD80", "1"},
        {"x%25uD800", "x%uD800", "1"},
        {"x%u0041", "x%u0041", "1"}, /* no surrogate: its percent sign is escaped */
        {"x\xff", "x\xff", "1"},
        {"x\xed\xa0", "x\xed\xa0", "1"},
        {"message", "message/\xff", "{\"id\":\"m\"}"},
        {"message", "message/m%2f", "{\"id\":\"m/\"}"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (fit_of(table[i][0], table[i][1], table[i][2]) != ITEM_KEY_DIFFERS)
            fail_msg("%s, %s", table[i][1], table[i][2]);
}

static void redacted(void **state)
{
    (void)state;
    static const char *const table[][3] = {
        {"message", "message/m", "{\"id\":\"[redacted]\"}"},
        {"part", "part/m/p", "{\"id\":\"[redacted]\",\"messageID\":\"m\"}"},
        {"part", "part/m/p", "{\"id\":\"p\",\"[redacted]\":\"m\"}"}, /* "message" was the text */
        {"part", "part/m/p", "{\"id\":\"p\",\"[redacted]\":1,\"[redacted]\":\"[redacted]\"}"},
        {"messages", "messages/s", "{\"\\u005bredacted]\":\"s\"}"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (fit_of(table[i][0], table[i][1], table[i][2]) != ITEM_KEY_REDACTED)
            fail_msg("%s, %s", table[i][1], table[i][2]);
}

static void sizes(void **state)
{
    (void)state;
    static char type[SL_ITEM_TYPE_BYTES + 1], key[SL_ITEM_KEY_BYTES + 1],
        data[6 * SL_ITEM_KEY_BYTES + 64];
    struct sl_span whole_type = {type, SL_ITEM_TYPE_BYTES};
    memset(type, 't', sizeof(type));
    memset(key, 'k', sizeof(key));
    memset(key, 't', SL_ITEM_TYPE_BYTES);
    key[SL_ITEM_TYPE_BYTES] = '/';
    int id = SL_ITEM_KEY_BYTES - SL_ITEM_TYPE_BYTES - 1;
    snprintf(data, sizeof(data), "{\"id\":\"%.*s\"}", id, key + SL_ITEM_TYPE_BYTES + 1);
    struct sl_span longest = {key, SL_ITEM_KEY_BYTES}, longer = {key, SL_ITEM_KEY_BYTES + 1};
    assert_int_equal(fit(whole_type, longest, sl_span_of(data)), ITEM_KEY_FITS);
    assert_int_equal(fit(whole_type, longer, sl_span_of(data)), ITEM_KEY_DIFFERS);
    whole_type.len++;
    assert_int_equal(fit(whole_type, longest, sl_span_of(data)), ITEM_KEY_DIFFERS);
    size_t at = (size_t)snprintf(data, sizeof(data), "{\"id\":\"");
    for (int i = 0; i < id; i++, at += 6)
        memcpy(data + at, "\\u006b", 6);
    memcpy(data + at, "\"}", 3);
    whole_type.len--;
    assert_int_equal(fit(whole_type, longest, sl_span_of(data)), ITEM_KEY_FITS);
}

/* A character of a JSON string: plain, escaped, a surrogate. */
static void put_character(struct buf *out, uint64_t *seed)
{
    static const char *const texts[] = {"a", "%", "/", "\\/", "\\u0000", "\\n", "\\u0085",
        "\\ud800", "\\udfff", "\\ud83d\\ude00", "\xf0\x9f\x98\x80", "\xc3\xa9", "%uD800", "25",
        "\\\\", "\x7f", "u", "D8"};
    const char *text = texts[core_random(seed) % (sizeof(texts) / sizeof(texts[0]))];
    buf_add(out, text, strlen(text));
}

static void put_string(struct buf *out, uint64_t *seed)
{
    buf_add(out, "\"", 1);
    for (uint64_t n = core_random(seed) % 6; n > 0; n--)
        put_character(out, seed);
    buf_add(out, "\"", 1);
}

/* Whatever is sent, the key that a batch gives it fits its type and data. */
static void whatever_is_sent(void **state)
{
    (void)state;
    static const char *const types[] = {
        "\"message\"", "\"part\"", "\"messages\"", "\"session\"", NULL, NULL, NULL};
    uint64_t seed = core_seed("item_key");
    struct buf body = {0};
    struct batch batch;
    struct sl_err err;
    for (unsigned round = 0; round < 3000 * core_rounds(); round++) {
        const char *type = types[core_random(&seed) % 7];
        buf_clear(&body);
        buf_add_span(&body, SL_SPAN("{\"secret\":\"s\",\"data\":[{\"type\":"));
        if (type)
            buf_add_span(&body, sl_span_of(type));
        else
            put_string(&body, &seed);
        buf_add_span(&body, SL_SPAN(",\"data\": {\"id\":"));
        put_string(&body, &seed);
        buf_add_span(&body, SL_SPAN(",\"messageID\":"));
        put_string(&body, &seed);
        buf_add_span(&body, SL_SPAN(" ,\"sessionID\":"));
        put_string(&body, &seed);
        buf_add_span(&body, SL_SPAN("} }]}"));
        core_expect(batch_parse(buf_span(&body), 1, &batch, &err), SL_OK, &err);
        core_expect(batch_items(&batch, &err), SL_OK, &err);
        const struct batch_item *item = &batch.items[0];
        if (fit(item->type, item->key, item->data) != ITEM_KEY_FITS)
            fail_msg("%.*s: %.*s", (int)body.len, body.ptr, (int)item->key.len, item->key.ptr);
        batch_fini(&batch);
    }
    buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits),
        cmocka_unit_test(differs),
        cmocka_unit_test(redacted),
        cmocka_unit_test(sizes),
        cmocka_unit_test(whatever_is_sent),
    };
    return cmocka_run_group_tests_name("item_key", tests, NULL, NULL);
}
