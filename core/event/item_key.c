/* Keys are made of components, the type first. Making one only adds to a buffer, whose `failed`
   says when memory ran out. Holding one against its item takes the key apart at its slashes, of
   which no component has one, and compares: whatever is too long to fit differs, and nothing is
   allocated. */

#include "core/event/item_key.h"

#include "core/base/json_bytes.h"
#include "core/base/limits.h"
#include "core/event/item.h"
#include "core/event/redact_whole.h"

#include <assert.h>

enum { ESCAPED = 6 }; /* bytes that a character of one byte takes at most: \u0061, %uD800 */

/* The types whose key is made in a way of their own. Their order is of no meaning. */
enum rule { RULE_SINGLE, RULE_ID, RULE_PART, RULE_SESSION_ID, RULE_OTHER };
static const struct {
    const char *type;
    enum rule rule;
} known[] = {
    {"part", RULE_PART},
    {"message", RULE_ID},
    {"session", RULE_SINGLE},
    {"model", RULE_SINGLE},
    {"session_diff", RULE_SINGLE},
    {"messages", RULE_SESSION_ID},
};

static enum rule rule_of(struct sl_span type)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (sl_span_eq(type, sl_span_of(known[i].type))) return known[i].rule;
    return RULE_OTHER;
}

/* ---- ids ---- */

bool item_ids_read(struct json *json, struct item_ids *ids, struct sl_span *data)
{
    *ids = (struct item_ids){0};
    enum json_kind kind;
    if (!json_peek(json, &kind)) return false;
    if (kind != JSON_OBJECT) return json_value(json, data);
    const char *start = json->at;
    struct sl_span name, value;
    if (!json_enter(json, JSON_OBJECT)) return false;
    while (json_member(json, &name)) {
        struct sl_span *id = json_raw_eq(name, "id")          ? &ids->id
                             : json_raw_eq(name, "messageID") ? &ids->message_id
                             : json_raw_eq(name, "sessionID") ? &ids->session_id
                                                              : NULL;
        if (!json_value(json, &value)) return false;
        if (id && !json_string_raw(value, id)) *id = (struct sl_span){0};
    }
    *data = (struct sl_span){start, (size_t)(json->at - start)};
    return !json->what;
}

/* The ids that the key is made of behind the type, in order. */
static size_t ids_of(struct sl_span type, const struct item_ids *ids, const struct sl_span *of[2])
{
    switch (rule_of(type)) {
    case RULE_SINGLE: return 0;
    case RULE_ID: of[0] = &ids->id; return 1;
    case RULE_PART: of[0] = &ids->message_id, of[1] = &ids->id; return 2;
    case RULE_SESSION_ID: of[0] = &ids->session_id; return 1;
    default: of[0] = &ids->id; return ids->id.ptr != NULL;
    }
}

const char *item_key_lacks(struct sl_span type, const struct item_ids *ids)
{
    const struct sl_span *of[2];
    size_t count = ids_of(type, ids, of);
    for (size_t i = 0; i < count; i++)
        if (!of[i]->ptr)
            return of[i] == &ids->id ? "id" : of[i] == &ids->message_id ? "messageID" : "sessionID";
    return NULL;
}

/* ---- made ---- */

/* A surrogate's three bytes, in text that is otherwise UTF-8. */
static bool surrogate_at(const char *at, const char *end)
{
    return end - at >= 3 && (uint8_t)at[0] == 0xed && (uint8_t)at[1] >= 0xa0;
}

void item_type_add(struct buf *out, struct sl_span decoded)
{
    const char *at = decoded.len ? decoded.ptr : "", *end = at + decoded.len;
    while (at < end) {
        const char *lead = memchr(at, 0xed, (size_t)(end - at));
        bool lone = lead && surrogate_at(lead, end);
        const char *plain = !lead ? end : lone ? lead : lead + 1;
        buf_add(out, at, (size_t)(plain - at));
        at = plain;
        if (!lone) continue;
        item_key_add(out, (struct sl_span){at, 3});
        at += 3;
    }
}

static void add_raw(struct buf *out, struct sl_span raw)
{
    if (!memchr(raw.ptr, '\\', raw.len)) {
        item_key_add(out, raw);
        return;
    }
    char *text = malloc(raw.len);
    if (!text) {
        out->failed = true;
        return;
    }
    item_key_add(out, (struct sl_span){text, json_decode(raw, text)});
    free(text);
}

void item_key_make(struct buf *out, struct sl_span type, const struct item_ids *ids)
{
    const struct sl_span *of[2];
    size_t count = ids_of(type, ids, of);
    item_key_add(out, type);
    for (size_t i = 0; i < count; i++) {
        assert(of[i]->ptr);
        buf_add(out, "/", 1);
        add_raw(out, *of[i]);
    }
}

/* ---- held against its item ---- */

/* `uD800` to `uDFFF`, as a lone surrogate stands in a key behind its percent sign. */
static bool surrogate_name(const char *at, const char *end)
{
    static const char digits[] = "0123456789ABCDEF";
    return end - at >= 5 && at[0] == 'u' && at[1] == 'D' && memchr("89ABCDEF", at[2], 8) &&
           memchr(digits, at[3], 16) && memchr(digits, at[4], 16);
}

/* Is it the component that the type makes? A type is kept with lone surrogates as %uD800. Such
   letters that it was sent with stand in the component behind %25, those of a surrogate behind %:
   both are a component of the type as it is kept. */
static bool type_fits(struct sl_span type, struct sl_span component)
{
    char room[6 * SL_ITEM_TYPE_BYTES];
    struct buf made = buf_fixed(room, sizeof(room));
    item_key_add(&made, type);
    if (made.failed) return false;
    const char *at = room, *end = room + made.len, *c = component.ptr, *c_end = c + component.len;
    for (; at < end && c < c_end && *at == *c; at++, c++)
        if (*c == '%' && surrogate_name(c + 1, c_end) && end - at > 3 &&
            surrogate_name(at + 3, end) && memcmp(at, "%25", 3) == 0)
            at += 2;
    return at == end && c == c_end;
}

static bool raw_fits(struct sl_span raw, struct sl_span component)
{
    char text[ESCAPED * SL_ITEM_KEY_BYTES], room[SL_ITEM_KEY_BYTES];
    struct buf made = buf_fixed(room, sizeof(room));
    if (raw.len > ESCAPED * component.len || raw.len > sizeof(text)) return false;
    item_key_add(&made, (struct sl_span){text, json_decode(raw, text)});
    return !made.failed && sl_span_eq(buf_span(&made), component);
}

/* The id that makes a component, or what stands in its place. Where a redacted text was in the id's
   name, its name reads `[redacted]`. */
static enum item_key_fit id_fits(
    struct sl_span component, const struct sl_span *id, struct sl_span data)
{
    struct sl_span name, value, raw;
    if (id->ptr && raw_fits(*id, component)) return ITEM_KEY_FITS;
    if (id->ptr) return json_raw_eq(*id, REDACTED) ? ITEM_KEY_REDACTED : ITEM_KEY_DIFFERS;
    while (json_next_member(&data, &name, &value))
        if (json_raw_eq(name, REDACTED) && json_string_raw(value, &raw) &&
            (raw_fits(raw, component) || json_raw_eq(raw, REDACTED)))
            return ITEM_KEY_REDACTED;
    return ITEM_KEY_DIFFERS;
}

/* Take the first component off. */
static struct sl_span take_component(struct sl_span *rest)
{
    const char *slash = rest->len ? memchr(rest->ptr, '/', rest->len) : NULL;
    struct sl_span first = {rest->ptr, slash ? (size_t)(slash - rest->ptr) : rest->len};
    size_t used = first.len + (slash != NULL);
    *rest = (struct sl_span){rest->ptr + used, rest->len - used};
    return first;
}

/* UTF-8; a surrogate by itself in three bytes counts where format 1 kept it so. */
static bool is_text(struct sl_span text, bool surrogates)
{
    const char *at = text.len ? text.ptr : "", *end = at + text.len;
    while (at < end) {
        unsigned n = (uint8_t)*at < 0x80 ? 1 : json_utf8_bytes(at, end);
        if (n == 0 && surrogates && surrogate_at(at, end) && json_continuation(at[1]) &&
            json_continuation(at[2]))
            n = 3;
        if (n == 0) return false;
        at += n;
    }
    return true;
}

enum item_key_fit item_key_fits(
    struct sl_span type, struct sl_span key, const struct item_ids *ids, struct sl_span data)
{
    const struct sl_span *of[2];
    size_t count = ids_of(type, ids, of), slashes = 0;
    enum item_key_fit fits = ITEM_KEY_FITS;
    if (type.len > SL_ITEM_TYPE_BYTES || key.len > SL_ITEM_KEY_BYTES) return ITEM_KEY_DIFFERS;
    for (size_t i = 0; i < key.len; i++)
        slashes += key.ptr[i] == '/';
    if (slashes != count || !is_text(type, true) || !is_text(key, false)) return ITEM_KEY_DIFFERS;
    if (!type_fits(type, take_component(&key))) return ITEM_KEY_DIFFERS;
    for (size_t i = 0; i < count; i++) {
        enum item_key_fit one = id_fits(take_component(&key), of[i], data);
        if (one == ITEM_KEY_DIFFERS) return one;
        if (one == ITEM_KEY_REDACTED) fits = one;
    }
    return fits;
}
