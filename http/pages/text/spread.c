/* JSON over several lines. A value below SPREAD_DEPTH levels stays as it was sent. Memory that runs
 * out marks `out` as failed. */

#include "http/pages/text/spread.h"

#include "core/base/json.h"
#include "http/pages/text/html.h"

struct printing {
    struct buf *out;
    enum spread how;
};

static void add(struct printing *printing, const char *text)
{
    buf_add(printing->out, text, strlen(text));
}

static void new_line(struct printing *printing, unsigned depth)
{
    buf_add(printing->out, "\n", 1);
    for (unsigned i = 0; i < depth; i++)
        buf_add(printing->out, "  ", 2);
}

/* A string with line ends, as a block of lines. */
static bool add_block(struct printing *printing, struct sl_span value, unsigned depth)
{
    struct buf text = {0};
    if (printing->how != SPREAD_LINES || !memmem(value.ptr, value.len, "\\n", 2)) return false;
    if (!html_decode(value, &text) || !memchr(text.ptr, '\n', text.len)) {
        buf_fini(&text); /* the `\n` was a backslash and an n */
        return false;
    }
    add(printing, "|");
    for (struct sl_span rest = buf_span(&text);;) {
        const char *end = rest.len ? memchr(rest.ptr, '\n', rest.len) : NULL;
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
        new_line(printing, depth + 1);
        buf_add(printing->out, rest.ptr, len);
        if (!end) break;
        rest = (struct sl_span){end + 1, rest.len - len - 1};
    }
    buf_fini(&text);
    return true;
}

/* ---- objects ---- */

struct named {
    struct sl_span name, value;
    size_t place;
};

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int d = sl_span_cmp(a->name, b->name);
    return d ? d : (a->place > b->place) - (a->place < b->place);
}

static void add_value(struct printing *printing, struct sl_span value, unsigned depth);

static void add_members(
    struct printing *printing, const struct named *members, size_t count, unsigned depth)
{
    add(printing, "{");
    for (size_t i = 0; i < count; i++) {
        new_line(printing, depth + 1);
        add(printing, "\"");
        buf_add_span(printing->out, members[i].name);
        add(printing, "\": ");
        add_value(printing, members[i].value, depth + 1);
        if (i + 1 < count) add(printing, ",");
    }
    if (count) new_line(printing, depth);
    add(printing, "}");
}

static void add_object(struct printing *printing, struct sl_span value, unsigned depth)
{
    struct buf members = {0};
    struct named member = {0};
    for (struct sl_span rest = value; json_next_member(&rest, &member.name, &member.value);
         member.place++)
        buf_add(&members, &member, sizeof(member));
    if (members.failed) printing->out->failed = true;
    size_t count = members.ptr && !members.failed ? member.place : 0;
    if (printing->how == SPREAD_LINES && count)
        qsort(members.ptr, count, sizeof(struct named), by_name);
    add_members(printing, (const struct named *)(const void *)members.ptr, count, depth);
    buf_fini(&members);
}

/* ---- values ---- */

static void add_array(struct printing *printing, struct sl_span value, unsigned depth)
{
    struct sl_span rest = value, element;
    bool any = false;
    add(printing, "[");
    for (; json_next(&rest, &element); any = true) {
        if (any) add(printing, ",");
        new_line(printing, depth + 1);
        add_value(printing, element, depth + 1);
    }
    if (any) new_line(printing, depth);
    add(printing, "]");
}

static void add_value(struct printing *printing, struct sl_span value, unsigned depth)
{
    enum json_kind kind = json_kind_of(value);
    bool whole = depth >= SPREAD_DEPTH || printing->out->failed;
    if (!whole && kind == JSON_OBJECT)
        add_object(printing, value, depth);
    else if (!whole && kind == JSON_ARRAY)
        add_array(printing, value, depth);
    else if (whole || kind != JSON_STRING || !add_block(printing, value, depth))
        buf_add_span(printing->out, value);
}

void spread_add(struct buf *out, struct sl_span value, enum spread how)
{
    struct printing printing = {out, how};
    if (value.len) add_value(&printing, value, 0);
}
