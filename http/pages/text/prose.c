/* Text of a session as Markdown or plain text. */

#include "http/pages/text/prose.h"

#include <stdio.h>

/* ---- characters ---- */

/* The character at the front and its length; UINT32_MAX for a byte that is no UTF-8. */
static uint32_t character_at(struct sl_span text, size_t *bytes)
{
    unsigned char c = (unsigned char)text.ptr[0];
    size_t len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    *bytes = 1;
    if (len == 0 || len > text.len) return UINT32_MAX;
    uint32_t code = len == 1 ? c : c & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)text.ptr[i] & 0xc0) != 0x80) return UINT32_MAX;
        code = code << 6 | ((unsigned char)text.ptr[i] & 0x3f);
    }
    *bytes = len;
    return code >= 0xd800 && code < 0xe000 ? UINT32_MAX : code;
}

/* As tools/term.c has it: what changes how others look, or isn't seen. */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
           c == 0x200b || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

/* The length of ESC [ digits and semicolons m at the front, 0 if there is none. */
static size_t colour_bytes(struct sl_span text)
{
    size_t at = 2;
    if (text.len < 3 || text.ptr[0] != 0x1b || text.ptr[1] != '[') return 0;
    while (at < text.len && at < 64 &&
           ((text.ptr[at] >= '0' && text.ptr[at] <= '9') || text.ptr[at] == ';' ||
               text.ptr[at] == ':'))
        at++;
    return at < text.len && text.ptr[at] == 'm' ? at + 1 : 0;
}

static bool is_letter(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* An underline within a word, as names of tools and ids have it, means nothing in Markdown. */
static bool is_inside(struct sl_span text, char before, uint32_t c)
{
    return c == '_' && is_letter(before) && text.len > 1 && is_letter(text.ptr[1]);
}

/* What stands for the character at the front: NULL for itself, "" for nothing. *taken bytes of the
   text are done with. Line ends are the caller's. */
static const char *stand_in(
    struct sl_span text, char before, bool escape, char out[16], size_t *taken)
{
    uint32_t c = character_at(text, taken);
    size_t colour = c == 0x1b ? colour_bytes(text) : 0;
    if (colour) {
        *taken = colour;
        return "";
    }
    if (c == UINT32_MAX) return "\xef\xbf\xbd";
    if (c == '\t') return NULL;
    if (c < 0x20 || c == 0x7f)
        snprintf(out, 16, escape ? "^\\%c" : "^%c", (char)(c ^ 0x40));
    else if (is_unsafe(c))
        snprintf(out, 16, escape ? "\\<U+%04X\\>" : "<U+%04X>", (unsigned)c);
    else if (escape && c < 0x80 && strchr("\\`*_[]<>|~&#", (int)c) && !is_inside(text, before, c))
        snprintf(out, 16, "\\%c", (char)c);
    else
        return NULL;
    return out;
}

/* A text without line ends. */
static bool put_safe(struct http_reply *reply, struct sl_span text, bool escape)
{
    char out[16];
    size_t done = 0, taken;
    for (size_t i = 0; i < text.len; i += taken) {
        unsigned char c = (unsigned char)text.ptr[i];
        taken = 1;
        if (!escape && c >= 0x20 && c < 0x7f) continue;
        const char *instead = stand_in((struct sl_span){text.ptr + i, text.len - i},
            i ? text.ptr[i - 1] : 0, escape, out, &taken);
        if (!instead) continue;
        if (i > done && !http_write(reply, text.ptr + done, i - done)) return false;
        if (!http_write(reply, instead, strlen(instead))) return false;
        done = i + taken;
    }
    return done >= text.len || http_write(reply, text.ptr + done, text.len - done);
}

/* ---- lines ---- */

/* Take a line off the front: up to \n, \r or \r\n. False at the end. */
static bool next_line(struct sl_span *rest, struct sl_span *line)
{
    size_t len = 0;
    if (rest->len == 0) return false;
    while (len < rest->len && rest->ptr[len] != '\n' && rest->ptr[len] != '\r')
        len++;
    *line = (struct sl_span){rest->ptr, len};
    size_t end = len < rest->len;
    if (end && rest->ptr[len] == '\r' && len + 1 < rest->len && rest->ptr[len + 1] == '\n') end = 2;
    *rest = (struct sl_span){rest->ptr + len + end, rest->len - len - end};
    return true;
}

bool prose_line(struct http_reply *reply, enum prose how, struct sl_span text)
{
    struct sl_span line;
    for (bool first = true; next_line(&text, &line); first = false)
        if ((!first && !http_write(reply, " ", 1)) || !put_safe(reply, line, how == PROSE_MARKDOWN))
            return false;
    return true;
}

bool prose_lines(struct http_reply *reply, struct sl_span text, const char *prefix)
{
    struct sl_span line;
    while (next_line(&text, &line))
        if (!http_write(reply, prefix, strlen(prefix)) || !put_safe(reply, line, false) ||
            !http_write(reply, "\n", 1))
            return false;
    return true;
}

/* ---- Markdown ---- */

static size_t spaces_of(struct sl_span line)
{
    size_t spaces = 0;
    while (spaces < line.len && line.ptr[spaces] == ' ')
        spaces++;
    return spaces;
}

struct fence {
    char mark; /* 0: none is open */
    size_t len;
};

/* What a line does to the fence that is open, as CommonMark has it. */
static void note_fence(struct fence *fence, struct sl_span line)
{
    size_t spaces = spaces_of(line), at = spaces;
    if (spaces > 3 || at == line.len) return;
    char mark = line.ptr[at];
    while (at < line.len && line.ptr[at] == mark)
        at++;
    struct sl_span behind = {line.ptr + at, line.len - at};
    if ((mark != '`' && mark != '~') || at - spaces < 3) return;
    if (!fence->mark) {
        if (mark == '`' && memchr(behind.ptr, '`', behind.len)) return;
        *fence = (struct fence){mark, at - spaces};
    } else if (mark == fence->mark && at - spaces >= fence->len &&
               spaces_of(behind) == behind.len) {
        fence->mark = 0;
    }
}

/* Where a line would begin a block of HTML; its length if it doesn't. A link in angle brackets
   is none. */
static size_t html_block(struct sl_span line)
{
    size_t at = spaces_of(line), name;
    if (at > 3 || at + 1 >= line.len || line.ptr[at] != '<') return line.len;
    char c = line.ptr[at + 1];
    if (c == '!' || c == '?' || c == '/') return at;
    for (name = at + 1; name < line.len; name++) {
        c = line.ptr[name];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-') break;
    }
    bool tag = name > at + 1 && (name == line.len || strchr(" \t/>", line.ptr[name]));
    return tag ? at : line.len;
}

static bool write_markdown_line(
    struct http_reply *reply, const struct fence *fence, struct sl_span line)
{
    size_t at = fence->mark ? line.len : html_block(line);
    struct sl_span rest = {line.ptr + at, line.len - at};
    return put_safe(reply, (struct sl_span){line.ptr, at}, false) &&
           (!rest.len || (http_write(reply, "\\", 1) && put_safe(reply, rest, false))) &&
           http_write(reply, "\n", 1);
}

bool prose_write(struct http_reply *reply, enum prose how, struct sl_span text)
{
    struct fence fence = {0};
    struct sl_span line;
    if (how == PROSE_TEXT) return prose_lines(reply, text, "");
    while (next_line(&text, &line)) {
        if (!write_markdown_line(reply, &fence, line)) return false;
        note_fence(&fence, line);
    }
    for (size_t i = 0; fence.mark && i < fence.len; i++)
        if (!http_write(reply, &fence.mark, 1)) return false;
    return !fence.mark || http_write(reply, "\n", 1);
}

bool prose_block(struct http_reply *reply, enum prose how, struct sl_span text, const char *info)
{
    static const char ticks[] = "````````````````````````````````";
    size_t longest = 0, run = 0;
    if (how == PROSE_TEXT) return prose_lines(reply, text, "    ");
    for (size_t i = 0; i < text.len; i++) {
        run = text.ptr[i] == '`' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    for (int end = 0; end < 2; end++) {
        for (size_t left = longest < 3 ? 3 : longest + 1; left;) {
            size_t len = left < sizeof(ticks) - 1 ? left : sizeof(ticks) - 1;
            if (!http_write(reply, ticks, len)) return false;
            left -= len;
        }
        if (!http_print(reply, "%s\n", end ? "" : info)) return false;
        if (!end && !prose_lines(reply, text, "")) return false;
    }
    return true;
}
