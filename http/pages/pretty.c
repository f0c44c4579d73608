/* JSON for a person. */

#include "http/pages/pretty.h"

#include "http/pages/cut.h"
#include "http/pages/value.h"

#include <stdio.h>

#define INDENT_MAX 40 /* levels: deeper ones stay there, or a deep one would be mostly spaces */
#define MEMBERS 100   /* of an object in a list */

static void add_line(struct buf *out, size_t depth)
{
    static const char spaces[2 * INDENT_MAX + 1] =
        "                                                                                ";
    buf_add(out, "\n", 1);
    buf_add(out, spaces, 2 * (depth < INDENT_MAX ? depth : INDENT_MAX));
}

/* From a quote to behind the closing one. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\') at++;
    return at < end ? at + 1 : end;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One pass over the tokens, no recursion: depth and size are a client's to choose. Returns how many
   bytes of `json` were taken before a limit was reached. */
static size_t indent(struct sl_span json, struct buf *out)
{
    const char *at = json.ptr, *end = at + json.len;
    size_t depth = 0, lines = 0;
    while (at < end && lines < CUT_LINES && out->len < CUT_BYTES) {
        const char *from = at;
        char c = *at;
        if (c == '"')
            at = string_end(at, end);
        else
            at++;
        size_t room = CUT_BYTES - out->len;
        if ((size_t)(at - from) > room) {
            for (at = from + room; at > from && ((unsigned char)*at & 0xc0) == 0x80;)
                at--;
            buf_add(out, from, (size_t)(at - from));
            break;
        }
        if (is_space(c)) continue;
        const char *next = at;
        while (next < end && is_space(*next))
            next++;
        bool open = c == '{' || c == '[', close = c == '}' || c == ']';
        bool empty = open && next < end && (*next == '}' || *next == ']');
        if (close) {
            bool none =
                out->len && (out->ptr[out->len - 1] == '{' || out->ptr[out->len - 1] == '[');
            depth -= depth > 0;
            if (!none) add_line(out, depth), lines++;
        }
        buf_add(out, from, (size_t)(at - from));
        if (c == ':') buf_add(out, " ", 1);
        if (open) depth++;
        if ((open && !empty) || c == ',') add_line(out, depth), lines++;
    }
    return (size_t)(at - json.ptr);
}

static bool put_string(struct page *page, struct sl_span string, const char *field)
{
    struct buf text = {0};
    struct cut cut;
    bool ok = cut_decode(string, CUT_LINES, CUT_BYTES, &text, &cut) &&
              put(page, "<pre class=\"plain\">") && put_text(page, buf_span(&text)) &&
              put(page, "</pre>\n") && cut_put_note(page, &cut, field);
    buf_fini(&text);
    return ok;
}

bool pretty_put(struct page *page, struct sl_span value, const char *field)
{
    struct buf text = {0};
    struct cut cut = {0};
    if (!value.len) return true;
    if (value_is_string(value)) return put_string(page, value, field);
    size_t taken = indent(value, &text);
    if (taken < value.len) cut = (struct cut){.bytes = value.len - taken};
    bool ok = put(page, "<pre class=\"code\"><code class=\"language-json\">") &&
              put_text(page, buf_span(&text)) && put(page, "</code></pre>\n") &&
              cut_put_note(page, &cut, field);
    buf_fini(&text);
    return ok;
}

/* The path of a member, when a path can name it. */
static const char *member_path(const char *base, struct sl_span name_raw, char path[128])
{
    if (memchr(name_raw.ptr, '.', name_raw.len) || memchr(name_raw.ptr, '\\', name_raw.len))
        return base;
    int n = snprintf(path, 128, "%s.%.*s", base, (int)name_raw.len, name_raw.ptr);
    return n > 0 && n < 128 ? path : base;
}

static bool put_member(
    struct page *page, struct sl_span name_raw, struct sl_span value, const char *base)
{
    char path[128];
    bool block =
        value_is_kind(value, JSON_OBJECT) || value_is_kind(value, JSON_ARRAY) ||
        (value_is_string(value) && (value.len > 120 || memmem(value.ptr, value.len, "\\n", 2)));
    struct sl_span name = {name_raw.ptr, name_raw.len < 200 ? name_raw.len : 200};
    return put(page, "<div><dt>") && put_text(page, name) && put(page, "</dt><dd>") &&
           (block ? pretty_put(page, value, member_path(base, name_raw, path))
                  : put_value(page, value)) &&
           put(page, "</dd></div>\n");
}

bool pretty_put_members(struct page *page, struct sl_span object, const char *base)
{
    struct sl_span rest = object, name, value;
    size_t count = 0;
    if (!value_is_kind(object, JSON_OBJECT)) return pretty_put(page, object, base);
    if (!value_is_some(object)) return true;
    while (json_next_member(&rest, &name, &value))
        count++;
    if (count > MEMBERS) return pretty_put(page, object, base);
    if (!put(page, "<dl class=\"fields\">\n")) return false;
    for (rest = object; json_next_member(&rest, &name, &value);)
        if (!put_member(page, name, value, base)) return false;
    return put(page, "</dl>\n");
}
