/* Reading patches: strict enough to know what isn't one, lenient where models and tools err. */

#include "http/pages/text/patch.h"

static bool begins(struct sl_span text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.ptr, with, len) == 0;
}

static struct sl_span behind(struct sl_span text, size_t bytes)
{
    return (struct sl_span){text.ptr + bytes, text.len - bytes};
}

/* The first line of a text, without its line feed, taken off it. */
static struct sl_span take_line(struct sl_span *text)
{
    const char *end = memchr(text->ptr, '\n', text->len);
    struct sl_span line = {text->ptr, end ? (size_t)(end - text->ptr) : text->len};
    *text = behind(*text, line.len + (end != NULL));
    return line;
}

static struct sl_span trimmed(struct sl_span text)
{
    while (text.len && memchr(" \t\r", text.ptr[text.len - 1], 3))
        text.len--;
    while (text.len && (*text.ptr == ' ' || *text.ptr == '\t'))
        text = behind(text, 1);
    return text;
}

static bool is_blank(struct sl_span text)
{
    return trimmed(text).len == 0;
}

void patch_init(struct patch *patch, struct sl_span text)
{
    *patch = (struct patch){.rest = text};
    while (text.len) {
        struct sl_span line = take_line(&text);
        if (is_blank(line)) continue;
        patch->envelope = sl_span_eq(trimmed(line), SL_SPAN("*** Begin Patch"));
        if (patch->envelope) patch->rest = text;
        return;
    }
}

/* ---- unified ---- */

/* The name in `--- a/name<TAB>time`. */
static struct sl_span file_name(struct sl_span header, bool git)
{
    struct sl_span name = behind(header, 4);
    const char *tab = memchr(name.ptr, '\t', name.len);
    if (tab) name.len = (size_t)(tab - name.ptr);
    name = trimmed(name);
    if (sl_span_eq(name, SL_SPAN("/dev/null"))) return (struct sl_span){0};
    if (git && (begins(name, "a/") || begins(name, "b/"))) name = behind(name, 2);
    return name;
}

static bool is_pair(struct sl_span line, struct sl_span rest)
{
    return begins(line, "--- ") && rest.len && begins(rest, "+++ ");
}

static bool begins_file(const struct patch *patch, struct sl_span line, struct sl_span rest)
{
    return begins(line, "diff --git ") || begins(line, "Index: ") ||
           (!patch->heading && is_pair(line, rest));
}

/* The name of the file whose header begins with `line`, from whichever of its lines says it best.
 */
static struct sl_span name_ahead(struct sl_span line, struct sl_span rest)
{
    struct sl_span name = {0};
    bool git = begins(line, "diff --git ");
    if (begins(line, "Index: ")) name = trimmed(behind(line, 7));
    if (git) name = trimmed(behind(line, 11)); /* both names: for want of a better */
    for (int i = 0; i < 16; i++) {
        struct sl_span better = {0};
        if (begins(line, "--- ") || begins(line, "+++ ")) better = file_name(line, git);
        if (begins(line, "rename to ")) better = trimmed(behind(line, 10));
        if (better.len) name = better;
        if (!rest.len || begins(line, "+++ ") || begins(line, "@@ ")) break;
        line = take_line(&rest);
        if (begins(line, "diff --git ") || begins(line, "Index: ")) break;
    }
    return name;
}

static bool is_header(struct sl_span line)
{
    static const char *const known[] = {
        "diff --git ", "Index: ", "index ", "=====", "--- ", "+++ "};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (begins(line, known[i])) return true;
    return is_blank(line);
}

/* A number of a hunk's header; false if there is none, or it is beyond any file. */
static bool take_number(struct sl_span *text, size_t *number)
{
    size_t digits = 0;
    *number = 0;
    for (; text->len && *text->ptr >= '0' && *text->ptr <= '9'; digits++) {
        *number = *number * 10 + (size_t)(*text->ptr - '0');
        *text = behind(*text, 1);
    }
    return digits > 0 && digits < 10;
}

/* `-1,3`: where one side of a hunk begins, and how many lines it has. */
static bool take_range(struct sl_span *text, const char *sign, size_t *at, size_t *lines)
{
    *lines = 1;
    if (!begins(*text, sign)) return false;
    *text = behind(*text, 2);
    if (!take_number(text, at)) return false;
    if (!begins(*text, ",")) return true;
    *text = behind(*text, 1);
    return take_number(text, lines);
}

static bool begin_hunk(struct patch *patch, struct sl_span line)
{
    struct sl_span ranges = behind(line, 2);
    if (!take_range(&ranges, " -", &patch->before, &patch->before_left) ||
        !take_range(&ranges, " +", &patch->after, &patch->after_left) || !begins(ranges, " @@"))
        return false;
    patch->hunk = true;
    patch->heading = false;
    return true;
}

static size_t counted(size_t *at)
{
    return *at ? (*at)++ : 0;
}

/* A line of a hunk by its sign; false: it is none. */
static bool hunk_line(struct patch *patch, struct sl_span line, struct diff_line *out)
{
    char sign = line.len ? *line.ptr : ' '; /* an empty context line that lost its blank */
    struct sl_span text = line.len ? behind(line, 1) : line;
    if (sign == '\r' && line.len == 1) sign = ' ', text = line;
    size_t *before_left = &patch->before_left, *after_left = &patch->after_left;
    *out = (struct diff_line){.text = text};
    switch (sign) {
    case ' ': out->kind = DIFF_SAME; break;
    case '+': out->kind = DIFF_ADD; break;
    case '-': out->kind = DIFF_DEL; break;
    case '\\': *out = (struct diff_line){.kind = DIFF_NOTE, .text = trimmed(text)}; return true;
    default: return false;
    }
    if (sign != '+') out->before = counted(&patch->before);
    if (sign != '-') out->after = counted(&patch->after);
    if (sign != '+' && *before_left) (*before_left)--;
    if (sign != '-' && *after_left) (*after_left)--;
    return true;
}

static bool unified_next(struct patch *patch, struct diff_line *out)
{
    while (patch->rest.len) {
        struct sl_span whole = patch->rest;
        struct sl_span line = take_line(&patch->rest);
        bool inside = patch->hunk && (patch->before_left || patch->after_left);
        bool hunk = begins(line, "@@ ");
        bool begin = begins_file(patch, line, patch->rest) && !(inside && begins(line, "--- "));
        if (begin) {
            *out = (struct diff_line){.text = name_ahead(line, patch->rest)};
            *patch = (struct patch){.rest = patch->rest, .named = true, .heading = true};
            return true;
        }
        bool ended = patch->hunk && !inside && (is_blank(line) || !memchr("+- \\", *line.ptr, 4));
        if (patch->hunk && !hunk && !ended) {
            patch->bad = !hunk_line(patch, line, out);
            return !patch->bad;
        }
        if (!hunk && is_header(line)) continue;
        if (!patch->named) { /* no header says whose lines these are */
            patch->named = true;
            patch->rest = whole;
            *out = (struct diff_line){0};
            return true;
        }
        *out = (struct diff_line){.kind = hunk ? DIFF_HUNK : DIFF_NOTE, .text = line};
        if (!hunk) patch->hunk = false;
        patch->bad = hunk && !begin_hunk(patch, line);
        return !patch->bad;
    }
    return false;
}

/* ---- *** Begin Patch ---- */

static bool begin_named(struct patch *patch, struct sl_span line, struct diff_line *out)
{
    static const char *const verbs[] = {"*** Add File: ", "*** Update File: ", "*** Delete File: "};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
        size_t len = strlen(verbs[i]);
        if (!begins(line, verbs[i])) continue;
        *out = (struct diff_line){.text = trimmed(behind(line, len))};
        *patch = (struct patch){.rest = patch->rest, .envelope = true, .named = true};
        patch->after = i == 0; /* of a new file the numbers are known */
        if (i == 2) patch->note = SL_SPAN("deleted");
        return true;
    }
    return false;
}

static bool envelope_next(struct patch *patch, struct diff_line *out)
{
    while (patch->rest.len) {
        struct sl_span line = take_line(&patch->rest);
        if (begin_named(patch, line, out)) return true;
        if (begins(line, "*** End of File")) continue;
        if (begins(line, "*** End Patch")) break;
        if (!patch->named) {
            if (is_blank(line)) continue;
            patch->bad = true;
            return false;
        }
        if (begins(line, "*** Move to: ")) {
            *out = (struct diff_line){.kind = DIFF_NOTE, .text = behind(line, 4)};
            return true;
        }
        if (begins(line, "@@")) {
            *out = (struct diff_line){.kind = DIFF_HUNK, .text = line};
            return true;
        }
        if (!line.len && !patch->rest.len) break;
        patch->bad = !hunk_line(patch, line, out);
        return !patch->bad;
    }
    patch->rest.len = 0;
    return false;
}

bool patch_next(struct patch *patch, struct diff_line *line)
{
    if (patch->bad) return false;
    if (patch->note.len) {
        *line = (struct diff_line){.kind = DIFF_NOTE, .text = patch->note};
        patch->note.len = 0;
        return true;
    }
    return patch->envelope ? envelope_next(patch, line) : unified_next(patch, line);
}
