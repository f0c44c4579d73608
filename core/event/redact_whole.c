/* A value redacted as a whole: one pass over its tokens, each put as it is, replaced or left out.

   Verifiers know by this file what was redacted as a whole (proof/item_check.c), and core/FORMAT.md
   states it. Of what another release made they take what this one leaves alone: a name may come to
   the kept ones, none may go, and the free ones stay. */

#include "core/event/redact_whole.h"

#include "core/base/json.h"

enum { NAME_BYTES = 64, KEPT_BYTES = 128, NUMBER_BYTES = 32, ESCAPED = 6 /* \u0061 is one byte */ };

/* Members whose strings stay: by them a client knows an item for what it is. opencode decodes what
   it imports by a schema: `type`, `role`, `status` and `action` are of a few words each, an error
   is known by its `name`, and ids begin with `ses`, `msg`, `prt`. By the others a page says what
   ran where. */
static const char *const kept_names[] = {
    "id", "type", "role", "status", "action", "tool", "mode", "agent", "finish", "mime"};

/* Objects that hold whatever a tool, a provider or a caller put there. */
static const char *const free_names[] = {"input", "metadata", "structured", "schema", "headers",
    "responseHeaders", "options", "variants"};

struct whole {
    struct json json;
    struct buf *out;
    char closers[JSON_DEPTH_CEILING];
    bool error[JSON_DEPTH_CEILING]; /* is this level an object called `error`? */
    unsigned depth;
    bool first; /* a bracket was just opened: no comma */
    char name[NAME_BYTES +
              1]; /* of the value at the cursor; "" for none, or one that was redacted */
};

static bool among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

/* `sessionID`, `callID`, `childSessionId`, `tail_start_id`; not `VALID`. */
static bool id_name(const char *name)
{
    size_t len = strlen(name);
    if (len < 3) return false;
    const char *end = name + len - 2;
    if (strcmp(end, "id") == 0) return end[-1] == '_';
    if (strcmp(end, "ID") != 0 && strcmp(end, "Id") != 0) return false;
    return (end[-1] >= 'a' && end[-1] <= 'z') || (end[-1] >= '0' && end[-1] <= '9');
}

static bool kept_name(const struct whole *whole)
{
    const char *name = whole->name;
    if (among(name, kept_names, sizeof(kept_names) / sizeof(kept_names[0])) || id_name(name))
        return true;
    return whole->depth > 0 && whole->error[whole->depth - 1] && strcmp(name, "name") == 0;
}

static bool free_name(const char *name)
{
    return among(name, free_names, sizeof(free_names) / sizeof(free_names[0]));
}

static bool alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Decode a raw string into `text`, terminated, if it has at most `max` bytes, each alphanumeric or
   among `others`. */
static bool plain(struct sl_span raw, size_t max, const char *others, char *text)
{
    char decoded[KEPT_BYTES * ESCAPED];
    if (raw.len > max * ESCAPED) return false;
    size_t len = json_decode(raw, decoded);
    if (len > max) return false;
    for (size_t i = 0; i < len; i++)
        if (!alnum(decoded[i]) && (decoded[i] == 0 || !strchr(others, decoded[i]))) return false;
    memcpy(text, decoded, len);
    text[len] = 0;
    return true;
}

static void put(struct whole *whole, const char *text)
{
    buf_add(whole->out, text, strlen(text));
}

static void put_string(struct whole *whole, const char *text)
{
    put(whole, "\"");
    put(whole, text);
    put(whole, "\"");
}

static bool scalar(struct whole *whole, enum json_kind kind)
{
    struct sl_span value;
    char text[KEPT_BYTES + 1];
    if (!json_value(&whole->json, &value)) return false;
    whole->first = false;
    if (kind == JSON_STRING) {
        struct sl_span raw = {value.ptr + 1, value.len - 2};
        bool stays = kept_name(whole) && plain(raw, KEPT_BYTES, "_.:/@-", text);
        put_string(whole, stays ? text : REDACTED);
    } else if (kind == JSON_NUMBER && value.len > NUMBER_BYTES) {
        put(whole, "0"); /* no double is written so long: digits are letters to who wants to */
    } else {
        buf_add_span(whole->out, value);
    }
    return true;
}

static bool container(struct whole *whole, enum json_kind kind)
{
    bool object = kind == JSON_OBJECT;
    whole->first = !free_name(whole->name);
    if (!whole->first) {
        put(whole, object ? "{}" : "[]");
        return json_value(&whole->json, NULL);
    }
    if (!json_enter(&whole->json, kind)) return false;
    put(whole, object ? "{" : "[");
    whole->closers[whole->depth] = object ? '}' : ']';
    whole->error[whole->depth] = object && strcmp(whole->name, "error") == 0;
    whole->depth++;
    return true;
}

/* To the next member or element, closing what ends on the way. False: the value is complete, or the
   cursor says what is wrong. */
static bool next(struct whole *whole)
{
    while (whole->depth > 0) {
        bool object = whole->closers[whole->depth - 1] == '}';
        struct sl_span raw;
        whole->name[0] = 0;
        if (object ? json_member(&whole->json, &raw) : json_element(&whole->json)) {
            if (!whole->first) put(whole, ",");
            if (!object) return true;
            if (!plain(raw, NAME_BYTES, "_$.-", whole->name) || whole->name[0] == 0) {
                whole->name[0] = 0;
                put_string(whole, REDACTED);
            } else {
                put_string(whole, whole->name);
            }
            put(whole, ":");
            return true;
        }
        if (whole->json.what) return false;
        put(whole, object ? "}" : "]");
        whole->depth--;
        whole->first = false;
    }
    return false;
}

enum sl_result redact_whole(struct sl_span data, struct buf *out, struct sl_err *err)
{
    struct whole whole; /* the arrays are written before they are read, level by level */
    size_t before = out->len;
    enum json_kind kind;
    bool ok;
    json_init(&whole.json, data, JSON_DEPTH_CEILING);
    whole.out = out;
    whole.depth = 0;
    whole.name[0] = 0;
    do {
        ok = json_peek(&whole.json, &kind) &&
             (kind == JSON_OBJECT || kind == JSON_ARRAY ? container(&whole, kind)
                                                        : scalar(&whole, kind));
    } while (ok && next(&whole));
    if (json_end(&whole.json) && !out->failed) return SL_OK;
    out->len = before;
    if (out->failed) return sl_fail(err, SL_NOMEM, "redact: out of memory");
    return sl_fail(err, SL_INVALID, "redact: %s at byte %zu", whole.json.what,
        (size_t)(whole.json.at - whole.json.start));
}
