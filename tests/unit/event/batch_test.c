/* A sync request's bytes become items, types and keys; or one exact complaint. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/limits.h"
#include "core/event/batch.h"
#include "tests/support/exact_span.h"

#include <stdio.h>
#include <stdlib.h>

/* The body in memory of exactly its size, so that the address sanitizer sees a read past its end.
 */
static enum sl_result parse(
    struct sl_span body, char **copy, struct batch *batch, struct sl_err *err)
{
    *copy = malloc(body.len ? body.len : 1);
    assert_non_null(*copy);
    memcpy(*copy, body.ptr, body.len);
    *err = (struct sl_err){0};
    return batch_parse((struct sl_span){*copy, body.len}, 77, batch, err);
}

/* One item: its type, its key. */
struct item_case {
    const char *item, *type, *key;
};

static void check_item(const struct item_case *expected)
{
    char body[2048], *copy;
    snprintf(body, sizeof(body), "{\"secret\":\"s\",\"data\":[%s]}", expected->item);
    struct batch batch;
    struct sl_err err;
    enum sl_result result = parse(sl_span_of(body), &copy, &batch, &err);
    if (result == SL_OK) result = batch_items(&batch, &err);
    if (result != SL_OK) fail_msg("%s: %s", expected->item, err.text);
    assert_int_equal(batch.count, 1);
    assert_span(batch.items[0].type, expected->type);
    assert_span(batch.items[0].key, expected->key);
    batch_fini(&batch);
    free(copy);
}

#define ITEM(type, data) "{\"type\":\"" type "\",\"data\":" data "}"

static void keys(void **state)
{
    (void)state;
    static const struct item_case table[] = {
        /* the known types */
        {ITEM("session", "{\"id\":\"ses_1\"}"), "session", "session"},
        {ITEM("session", "null"), "session", "session"},
        {ITEM("session_diff", "[]"), "session_diff", "session_diff"},
        {ITEM("session_diff", "{\"id\":\"x\"}"), "session_diff", "session_diff"},
        {ITEM("model", "[{\"id\":\"x\"}]"), "model", "model"},
        {ITEM("model", "{\"id\":\"x\"}"), "model", "model"},
        {ITEM("message", "{\"id\":\"msg_1\",\"sessionID\":\"ses_1\"}"), "message", "message/msg_1"},
        {ITEM("part", "{\"sessionID\":\"ses_1\",\"messageID\":\"msg_1\",\"id\":\"prt_1\"}"), "part",
            "part/msg_1/prt_1"},
        {ITEM("messages", "{\"sessionID\":\"ses_1\",\"messages\":[{\"id\":\"no\"}]}"), "messages",
            "messages/ses_1"},
        {ITEM("message", "{\"id\":\"\"}"), "message", "message/"}, /* empty is a string too */
        {ITEM("part", "{\"messageID\":\"\",\"id\":\"\"}"), "part", "part//"},
        /* others: by id if it is a string, else alone */
        {ITEM("todo", "{\"id\":\"t1\",\"messageID\":\"m\"}"), "todo", "todo/t1"},
        {ITEM("todo", "{\"id\":7}"), "todo", "todo"},
        {ITEM("todo", "{\"id\":null}"), "todo", "todo"},
        {ITEM("todo", "{\"ID\":\"t\"}"), "todo", "todo"},
        {ITEM("todo", "{\"x\":{\"id\":\"inner\"}}"), "todo", "todo"},
        {ITEM("todo", "[{\"id\":\"inner\"}]"), "todo", "todo"},
        {ITEM("todo", "\"id\""), "todo", "todo"},
        {ITEM("todo", "12"), "todo", "todo"},
        {ITEM("", "{}"), "", ""},
        {ITEM("", "{\"id\":\"x\"}"), "", "/x"},
        {ITEM("Session", "{\"id\":\"x\"}"), "Session", "Session/x"},
        {ITEM("session ", "{}"), "session ", "session "},
        /* a type spelled with escapes is the same type */
        {ITEM("p\\u0061rt", "{\"messageID\":\"m\",\"id\":\"p\"}"), "part", "part/m/p"},
        {ITEM("sessio\\u006e", "{}"), "session", "session"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        check_item(&table[i]);
    char *copy;
    struct batch batch;
    struct sl_err err;
    assert_int_equal(
        parse(SL_SPAN("{\"secret\":\"s\",\"data\":[" ITEM("session\\u0000", "{}") "]}"), &copy,
            &batch, &err),
        SL_OK);
    assert_true(sl_span_eq(batch.items[0].type, SL_SPAN("session\0")));
    assert_span(batch.items[0].key, "session%00");
    batch_fini(&batch);
    free(copy);
}

#define MESSAGE(id) ITEM("message", "{\"id\":\"" id "\"}")

static void encoded_keys(void **state)
{
    (void)state;
    static const struct item_case table[] = {
        {MESSAGE("a/b"), "message", "message/a%2Fb"},
        {MESSAGE("a\\/b"), "message", "message/a%2Fb"},
        {MESSAGE("a%2Fb"), "message", "message/a%252Fb"},
        {MESSAGE("%"), "message", "message/%25"},
        {MESSAGE("%uD800"), "message",
            "message/%25uD800"}, /* text that looks like an encoded surrogate */
        {MESSAGE("\\ud800"), "message", "message/%uD800"},
        {MESSAGE("\\uDFFF"), "message", "message/%uDFFF"},
        {MESSAGE("\\uDC00\\uD800x"), "message", "message/%uDC00%uD800x"},
        {MESSAGE("\\ud83d\\ude00"), "message", "message/\xf0\x9f\x98\x80"},
        {MESSAGE("\xf0\x9f\x98\x80"), "message", "message/\xf0\x9f\x98\x80"},
        {MESSAGE("\\ud7ff\xed\x9f\xbf"), "message", "message/\xed\x9f\xbf\xed\x9f\xbf"},
        {MESSAGE("\\u0000\\u0001\\n\\u001f"), "message", "message/%00%01%0A%1F"},
        {MESSAGE("\\u007f\x7f~ "), "message", "message/%7F%7F~ "},
        {MESSAGE("\\u0080\xc2\x85\xc2\x9f"), "message", "message/%C2%80%C2%85%C2%9F"},
        {MESSAGE("\\u00a0\xc2\xa0\xc3\x80"), "message", "message/\xc2\xa0\xc2\xa0\xc3\x80"},
        {MESSAGE("\\\"\\\\"), "message", "message/\"\\"},
        {MESSAGE("\xe2\x80\xae"), "message",
            "message/\xe2\x80\xae"}, /* direction marks are no control characters */
        {ITEM("part", "{\"messageID\":\"a/b\",\"id\":\"c\"}"), "part", "part/a%2Fb/c"},
        {ITEM("part", "{\"messageID\":\"a\",\"id\":\"b/c\"}"), "part", "part/a/b%2Fc"},
        {ITEM("messages", "{\"sessionID\":\"\\ud800/%\"}"), "messages", "messages/%uD800%2F%25"},
        {ITEM("message/m", "{}"), "message/m", "message%2Fm"},
        {ITEM("x\\ud800", "{\"id\":\"y\"}"), "x%uD800", "x%uD800/y"},
        {ITEM("x%", "{\"id\":\"\\u0085\"}"), "x%", "x%25/%C2%85"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        check_item(&table[i]);
}

static void last_name_counts(void **state)
{
    (void)state;
    static const struct item_case table[] = {
        {ITEM("message", "{\"id\":\"a\",\"id\":\"b\"}"), "message", "message/b"},
        {ITEM("message", "{\"id\":7,\"id\":\"b\"}"), "message", "message/b"},
        {ITEM("message", "{\"\\u0069d\":\"a\"}"), "message", "message/a"},
        {ITEM("message", "{\"id\":\"a\",\"\\u0069\\u0064\":\"b\"}"), "message", "message/b"},
        {ITEM("part", "{\"m\\u0065ssageID\":\"m\",\"id\":\"p\",\"messageID\":\"n\"}"), "part",
            "part/n/p"},
        {ITEM("todo", "{\"id\":\"a\",\"id\":7}"), "todo", "todo"},
        {"{\"type\":\"x\",\"type\":\"message\",\"data\":{\"id\":\"a\"}}", "message", "message/a"},
        {"{\"type\":7,\"t\\u0079pe\":\"message\",\"data\":{\"id\":\"a\"}}", "message", "message/a"},
        {"{\"data\":{\"id\":\"a\"},\"type\":\"message\",\"data\":{\"id\":\"b\"}}", "message",
            "message/b"},
        {"{\"data\":{\"id\":\"a\"},\"type\":\"todo\",\"data\":[]}", "todo", "todo"},
        {"{\"data\":{\"id\":\"a\",\"x\":{\"id\":\"no\"}},\"type\":\"message\",\"more\":[{\"data\":1}]}",
            "message", "message/a"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        check_item(&table[i]);
    /* of the request's own members too */
    char *copy;
    struct batch batch;
    struct sl_err err;
    assert_int_equal(parse(SL_SPAN("{\"data\":[{\"type\":7}],\"secret\":7,\"d\\u0061ta\":[" MESSAGE(
                               "a") "],"
                                    "\"secret\":\"b\\u0063\"}"),
                         &copy, &batch, &err),
        SL_OK);
    assert_int_equal(batch_items(&batch, &err), SL_OK);
    assert_span(batch.secret_raw, "b\\u0063");
    assert_int_equal(batch.count, 1);
    assert_span(batch.items[0].key, "message/a");
    batch_fini(&batch);
    free(copy);
}

/* The bytes of `data`, as they were sent, white space around them left out. */
static void data_spans(void **state)
{
    (void)state;
    char *copy;
    struct batch batch;
    struct sl_err err;
    static const char body[] =
        " { \"secret\" : \"s\" , \"data\" : [ { \"type\" : \"a\" , \"data\" :  { \"x\" : 1 }  } ,"
        "{\"data\":\t-0.0e+1\n,\"type\":\"b\"},{\"type\":\"c\",\"data\":\"\\ud800\\/\"},"
        "{\"type\":\"d\",\"data\": [ ] }\r]\n} ";
    static const char *const data[] = {"{ \"x\" : 1 }", "-0.0e+1", "\"\\ud800\\/\"", "[ ]"};
    assert_int_equal(parse(sl_span_of(body), &copy, &batch, &err), SL_OK);
    assert_int_equal(batch_items(&batch, &err), SL_OK);
    assert_int_equal(batch.count, 4);
    assert_int_equal(batch.arrived_us, 77);
    for (size_t i = 0; i < 4; i++) {
        assert_span(batch.items[i].data, data[i]);
        assert_true(
            batch.items[i].data.ptr > copy && batch.items[i].data.ptr < copy + sizeof(body));
    }
    batch_fini(&batch);
    free(copy);
    assert_int_equal(parse(SL_SPAN("{\"secret\":\"\",\"data\":[]}"), &copy, &batch, &err), SL_OK);
    assert_int_equal(batch_items(&batch, &err), SL_OK);
    assert_int_equal(batch.count, 0); /* an empty batch is a batch */
    batch_fini(&batch);
    free(copy);
}

/* What is wrong, and where. `at_once`: said before the secret is looked at. */
static void complaints(void **state)
{
    (void)state;
    static const struct {
        const char *body, *text;
        bool at_once;
    } table[] = {
        {"", "invalid JSON at byte 0: ", true},
        {"[]", "expected an object with secret and data", true},
        {"7", "expected an object with secret and data", true},
        {"{\"secret\":\"s\",\"data\":[]", "invalid JSON at byte 23: ", true},
        {"{\"secret\":\"s\",\"data\":[]}x", "invalid JSON at byte 24: ", true},
        {"{\"secret\":\"s\",\"data\":[{\"type\":7,\"data\":\xff}]}",
            "invalid JSON at byte 39: ", true},
        {"[\xff]", "invalid JSON at byte 1: ", true},
        {"{\"data\":[]}", "secret: missing", true},
        {"{\"secret\":7,\"data\":[]}", "secret: expected a string", true},
        {"{\"secret\":\"s\",\"secret\":null,\"data\":[]}", "secret: expected a string", true},
        {"{\"secret\":\"s\"}", "data: missing", true},
        {"{\"secret\":\"s\",\"data\":{}}", "data: expected an array", true},
        {"{\"secret\":\"s\",\"data\":[],\"data\":\"\"}", "data: expected an array", true},
        {"{\"secret\":\"s\",\"data\":[7]}", "data[0]: expected an object", false},
        {"{\"secret\":\"s\",\"data\":[" MESSAGE("a") ",[]]}", "data[1]: expected an object", false},
        {"{\"secret\":\"s\",\"data\":[{\"data\":1}]}", "data[0].type: missing", false},
        {"{\"secret\":\"s\",\"data\":[{\"type\":null,\"data\":1}]}",
            "data[0].type: expected a string", false},
        {"{\"secret\":\"s\",\"data\":[" MESSAGE("a") "," MESSAGE("b") "," MESSAGE(
             "c") ",{\"type\":1}]}",
            "data[3].type: expected a string", false},
        {"{\"secret\":\"s\",\"data\":[{\"type\":\"x\"}]}", "data[0].data: missing", false},
        {"{\"secret\":\"s\",\"data\":[" ITEM("message", "{}") "]}",
            "data[0].data.id: expected a string (an item of type message needs it)", false},
        {"{\"secret\":\"s\",\"data\":[" ITEM("message", "{\"id\":7}") "]}",
            "data[0].data.id: expected a string (an item of type message needs it)", false},
        {"{\"secret\":\"s\",\"data\":[" ITEM("message", "{\"id\":\"a\",\"id\":7}") "]}",
            "data[0].data.id: expected a string (an item of type message needs it)", false},
        {"{\"secret\":\"s\",\"data\":[" ITEM("message", "[]") "]}",
            "data[0].data.id: expected a string (an item of type message needs it)", false},
        {"{\"secret\":\"s\",\"data\":[" ITEM("part", "{\"id\":\"p\"}") "]}",
            "data[0].data.messageID: expected a string (an item of type part needs it)", false},
        {"{\"secret\":\"s\",\"data\":[" ITEM("part", "{\"messageID\":\"m\",\"id\":{}}") "]}",
            "data[0].data.id: expected a string (an item of type part needs it)", false},
        {"{\"secret\":\"s\",\"data\":[" ITEM("messages", "{\"id\":\"x\"}") "]}",
            "data[0].data.sessionID: expected a string (an item of type messages needs it)", false},
        /* the first is named */
        {"{\"secret\":\"s\",\"data\":[" MESSAGE("a") ",{\"type\":1},7]}",
            "data[1].type: expected a string", false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char *copy;
        struct batch batch;
        struct sl_err err;
        enum sl_result result = parse(sl_span_of(table[i].body), &copy, &batch, &err);
        if (table[i].at_once != (result != SL_OK))
            fail_msg("%s: %s (%s)", table[i].body, sl_result_text(result), err.text);
        if (result == SL_OK) {
            assert_span(batch.secret_raw, "s"); /* so it can be judged first */
            result = batch_items(&batch, &err);
        }
        assert_int_equal(result, SL_INVALID);
        assert_int_equal(err.result, SL_INVALID);
        if (strncmp(err.text, table[i].text, strlen(table[i].text)) != 0 ||
            (strncmp(table[i].text, "invalid JSON", 12) != 0 &&
                strcmp(err.text, table[i].text) != 0))
            fail_msg("%s: \"%s\" instead of \"%s\"", table[i].body, err.text, table[i].text);
        batch_fini(&batch);
        free(copy);
    }
}

static enum sl_result check_limit(const struct buf *body, char text[480])
{
    char *copy;
    struct batch batch;
    struct sl_err err;
    assert_false(body->failed);
    enum sl_result result = parse(buf_span(body), &copy, &batch, &err);
    if (result == SL_OK) result = batch_items(&batch, &err);
    memcpy(text, err.text, sizeof(err.text));
    batch_fini(&batch);
    free(copy);
    return result;
}

static void repeat(struct buf *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_add(out, text, strlen(text));
}

static void limits_of_names(void **state)
{
    (void)state;
    struct buf body = {0};
    char text[480];
    for (int over = 0; over <= 1; over++) {
        buf_clear(&body);
        repeat(&body, "{\"secret\":\"s\",\"data\":[{\"type\":\"", 1);
        repeat(&body, "\\u0061", SL_ITEM_TYPE_BYTES + (size_t)over); /* decoded, not as spelled */
        repeat(&body, "\",\"data\":1}]}", 1);
        assert_int_equal(check_limit(&body, text), over ? SL_TOO_LARGE : SL_OK);
        if (over) assert_string_equal(text, "data[0].type: longer than 256 bytes");
        buf_clear(&body);
        repeat(&body, "{\"secret\":\"s\",\"data\":[{\"type\":\"message\",\"data\":{\"id\":\"", 1);
        repeat(&body, "/", (SL_ITEM_KEY_BYTES - 8) / 3); /* three bytes each, encoded */
        repeat(&body, "x", (SL_ITEM_KEY_BYTES - 8) % 3 + (size_t)over);
        repeat(&body, "\"}}]}", 1);
        assert_int_equal(check_limit(&body, text), over ? SL_TOO_LARGE : SL_OK);
        if (over) assert_string_equal(text, "data[0]: its ids make a key longer than 4096 bytes");
    }
    buf_fini(&body);
}

static void limit_of_depth(void **state)
{
    (void)state;
    struct buf body = {0};
    char text[480];
    for (int over = 0; over <= 1; over++) {
        size_t depth =
            SL_JSON_DEPTH - 3 + (size_t)over; /* inside the request, its list and the item */
        buf_clear(&body);
        repeat(&body, "{\"secret\":\"s\",\"data\":[{\"type\":\"x\",\"data\":", 1);
        repeat(&body, "[", depth);
        repeat(&body, "]", depth);
        repeat(&body, "}]}", 1);
        assert_int_equal(check_limit(&body, text), over ? SL_INVALID : SL_OK);
        if (over) assert_non_null(strstr(text, "invalid JSON at byte"));
    }
    buf_fini(&body);
}

static void limit_of_items(void **state)
{
    (void)state;
    struct buf body = {0};
    char text[480];
    for (int over = 0; over <= 1; over++) {
        buf_clear(&body);
        repeat(&body, "{\"secret\":\"s\",\"data\":[{\"type\":\"a\",\"data\":0}", 1);
        repeat(&body, ",{\"type\":\"a\",\"data\":0}", SL_BATCH_ITEMS - 1 + (size_t)over);
        repeat(&body, "]}", 1);
        assert_int_equal(check_limit(&body, text), over ? SL_TOO_LARGE : SL_OK);
        if (over) assert_string_equal(text, "data: more than 1000000 items");
    }
    buf_fini(&body);
}

/* What was sealed is what the event's formats say of the items. */
static void check_seal(const struct batch *batch)
{
    struct buf manifest = {0}, packed = {0};
    uint8_t nonce[16], commitment[32];
    uint64_t bytes = 0;
    manifest_begin(&manifest, batch->arrived_us, batch->count);
    event_items_begin(&packed, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_item *item = &batch->items[i];
        event_item_nonce(batch->nonce, (uint32_t)i, nonce);
        event_commitment(nonce, item->data, commitment);
        manifest_add(&manifest, item->type, item->key, item->marked, item->data.len, commitment);
        event_items_add(&packed, item->type, item->key, item->marked, item->data.len);
        bytes += item->data.len;
    }
    event_manifest_nonce(batch->nonce, nonce);
    event_commitment(nonce, buf_span(&manifest), commitment);
    assert_memory_equal(commitment, batch->manifest_commitment, 32);
    assert_true(sl_span_eq(buf_span(&packed), buf_span(&batch->packed)));
    assert_int_equal(bytes, batch->data_bytes);
    buf_fini(&manifest);
    buf_fini(&packed);
}

static void sealing(void **state)
{
    (void)state;
    static const char body[] =
        "{\"secret\":\"s\",\"data\":[" MESSAGE("a") "," MESSAGE("a") "," ITEM("x", "[]") "]}";
    uint8_t nonces[2][32];
    for (int i = 0; i < 2; i++) {
        char *copy;
        struct batch batch;
        struct sl_err err;
        assert_int_equal(parse(sl_span_of(body), &copy, &batch, &err), SL_OK);
        assert_int_equal(batch_seal(&batch, &err), SL_OK);
        check_seal(&batch);
        memcpy(nonces[i], batch.nonce, 32);
        batch_fini(&batch);
        free(copy);
    }
    assert_memory_not_equal(nonces[0], nonces[1], 32); /* drawn anew for each event */
    struct batch control;
    struct sl_err err;
    assert_int_equal(batch_control("create", SL_SPAN("\x90"), 5, &control, &err), SL_OK);
    assert_int_equal(control.count, 1);
    assert_span(control.items[0].type, "create");
    assert_span(control.items[0].key, "create");
    assert_int_equal(control.arrived_us, 5);
    check_seal(&control);
    batch_fini(&control);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(encoded_keys),
        cmocka_unit_test(last_name_counts),
        cmocka_unit_test(data_spans),
        cmocka_unit_test(complaints),
        cmocka_unit_test(limits_of_names),
        cmocka_unit_test(limit_of_depth),
        cmocka_unit_test(limit_of_items),
        cmocka_unit_test(sealing),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
