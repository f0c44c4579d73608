/* libFuzzer on the scanner: whatever the bytes are, nothing is read outside them; and if they are
   valid, the ways to walk them agree.

   clang -std=c17 -D_GNU_SOURCE -I. -g -fsanitize=fuzzer,address,undefined \
       core/base/json.c core/base/json_text.c core/base/err.c tests/fuzz/json_fuzz.c -o
   /tmp/json_fuzz /tmp/json_fuzz -max_total_time=60 */

#include "core/base/json.h"

#include <stdlib.h>

enum { DEPTH_MAX = 64 };

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) abort();                                                                 \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A string, and a name: what is decoded and quoted again means the same. */
static void string_agrees(struct sl_span raw)
{
    char *text = malloc(raw.len + 1);
    MUST(text);
    size_t len = json_decode(raw, text);
    MUST(len <= raw.len);
    struct sl_span decoded = {text, len};
    size_t quoted_bytes = json_quoted_bytes(decoded);
    char *quoted = malloc(quoted_bytes), *again = malloc(quoted_bytes);
    MUST(quoted && again);
    MUST(json_quote(decoded, quoted) == quoted_bytes);
    MUST(json_check((struct sl_span){quoted, quoted_bytes}, 0, NULL) == SL_OK);
    size_t again_len = json_decode((struct sl_span){quoted + 1, quoted_bytes - 2}, again);
    MUST(sl_span_eq(decoded, (struct sl_span){again, again_len}));
    text[len] = '\0';
    bool ascii = true;
    for (size_t i = 0; i < len; i++)
        ascii = ascii && text[i] > 0;
    if (ascii) MUST(json_raw_eq(raw, text));
    free(text);
    free(quoted);
    free(again);
}

/* The cursor entered where json_next walks from outside: they yield the same spans. */
static void value_agrees(struct sl_span value)
{
    struct json json;
    struct sl_span rest = value, raw, name = {NULL, 0}, element, stepped, got;
    enum json_kind kind = json_kind_of(value);
    bool object = kind == JSON_OBJECT;
    MUST(json_check(value, DEPTH_MAX, NULL) == SL_OK);
    if (json_string_raw(value, &raw)) string_agrees(raw);
    MUST((kind == JSON_STRING) == json_string_raw(value, &raw));
    if (!object && kind != JSON_ARRAY) {
        MUST(!json_next(&rest, &element) && !json_next_member(&rest, &name, &element));
        return;
    }
    json_init(&json, value, DEPTH_MAX);
    MUST(json_enter(&json, kind));
    while (object ? json_next_member(&rest, &raw, &element) : json_next(&rest, &element)) {
        MUST(object ? json_member(&json, &name) : json_element(&json));
        MUST(json_value(&json, &stepped));
        MUST(stepped.ptr == element.ptr && stepped.len == element.len);
        if (object) {
            MUST(name.ptr == raw.ptr && name.len == raw.len);
            string_agrees(name);
        }
        value_agrees(element);
    }
    MUST(!(object ? json_member(&json, &name) : json_element(&json)));
    MUST(!json.what && json.depth == 0 && json_end(&json) && rest.len == 0);
    json_get(value, "type", &got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_span text = {(const char *)data, size};
    struct sl_err err = {0};
    enum sl_result result = json_check(text, DEPTH_MAX, &err);
    struct json json;
    struct sl_span value;
    json_init(&json, text, DEPTH_MAX);
    bool valid = json_value(&json, &value) && json_end(&json);
    MUST(valid == (result == SL_OK) && valid == !json.what && json.at <= json.end);
    MUST(valid || err.result == SL_INVALID);
    if (valid) value_agrees(value);

    /* Any bytes can be quoted; and what has a wrong claim to be valid is still read inside its
     * bounds. */
    char *quoted = malloc(json_quoted_bytes(text)), *decoded = malloc(size + 1);
    MUST(quoted && decoded);
    MUST(json_check((struct sl_span){quoted, json_quote(text, quoted)}, 0, NULL) == SL_OK);
    MUST(json_decode(text, decoded) <= size);
    free(quoted);
    free(decoded);
    uint64_t number;
    struct sl_span rest = text;
    if (json_next(&rest, &value)) json_u64(value, &number);
    json_get(text, "type", &value);
    json_raw_eq(text, "type");
    return 0;
}
