/* JSON for a person: indented, and cut where a page can't take more. Without memory what was made
   so far is shown. */

#include "http/pages/session/pretty.h"

#include "core/base/json.h"
#include "http/pages/text/cut.h"
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

static bool is_open(char c)
{
    return c == '{' || c == '[';
}

/* As much of a token as there is room for, no character cut in two. */
static size_t fitting(struct sl_span token, size_t room)
{
    if (token.len <= room) return token.len;
    while (room && ((unsigned char)token.ptr[room] & 0xc0) == 0x80)
        room--;
    return room;
}

/* One pass over the tokens, no recursion: depth and size are a client's to choose. Returns how many
   bytes of `json` were taken before a limit was reached. */
static size_t indent(struct sl_span json, struct buf *out)
{
    struct sl_span rest = json, token;
    size_t depth = 0, lines = 0, taken = 0;
    while (lines < CUT_LINES && out->len < CUT_BYTES && json_token(&rest, &token)) {
        char c = *token.ptr;
        bool open = is_open(c), close = c == '}' || c == ']';
        bool full = open && !(rest.len && (*rest.ptr == '}' || *rest.ptr == ']'));
        size_t fits = fitting(token, CUT_BYTES - out->len);
        taken = (size_t)(token.ptr - json.ptr) + fits;
        if (fits < token.len) {
            buf_add(out, token.ptr, fits);
            return taken;
        }
        if (close) {
            bool empty = out->len && is_open(out->ptr[out->len - 1]);
            depth -= depth > 0;
            if (!empty) add_line(out, depth), lines++;
        }
        buf_add_span(out, token);
        if (c == ':') buf_add(out, " ", 1);
        depth += open;
        if (full || c == ',') add_line(out, depth), lines++;
    }
    return rest.len ? taken : json.len;
}

static bool put_string(struct page *page, struct sl_span string, const char *field)
{
    struct buf text = {0};
    struct cut cut;
    bool ok = cut_decode(string, CUT_LINES, CUT_BYTES, &text, &cut) &&
              put(page, "<pre class=\"plain\">") && put_text(page, buf_span(&text)) &&
              put(page, "</pre>\n") && put_cut_note(page, &cut, field);
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
              put_cut_note(page, &cut, field);
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
