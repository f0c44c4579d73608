/* What a text would cost cmark-gfm, estimated from above. Text that would cost too much is shown as
   it stands. */

#include "http/pages/text/markdown_cost.h"

/* Each keeps its shape below about 0.1 s and 32 MB. */
#define TEXT_BYTES ((size_t)256 * 1024)
#define PREFIX_MARKERS 16 /* containers that one line opens or continues */
#define PREFIX_COLUMNS 128
#define BRACKETS 6000
#define REFERENCE_BYTES ((size_t)8 * 1024 * 1024) /* a definition's times all its possible uses */
#define TABLE_CELLS 100000
#define TABLE_LOOK_BACK ((size_t)400 * 1000 * 1000)
#define LINK_STEPS ((size_t)1000 * 1000)

/* A block, here: lines up to an empty one. */
struct block {
    size_t bytes, lines, pipes_max;
    bool defines; /* may hold a reference's definition */
};

struct line {
    size_t pipes, brackets, link_ends;
    bool defines, rule; /* rule: nothing but what may part a table's head from its rows */
};

static struct line count(struct sl_span text)
{
    struct line line = {.rule = memchr(text.ptr, '-', text.len) != NULL};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        line.pipes += c == '|';
        line.brackets += c == '[';
        line.link_ends += c == '@' || c == ')';
        line.defines = line.defines || (c == ':' && i && text.ptr[i - 1] == ']');
        line.rule = line.rule && memchr("|:-> \t\r\v\f", c, 9);
    }
    return line;
}

static bool is_space(struct sl_span line, size_t at)
{
    return at >= line.len || line.ptr[at] == ' ' || line.ptr[at] == '\t' || line.ptr[at] == '\r';
}

/* How many bytes a container's marker (`>`, `-`, `12.`) takes at `at`; 0: none is there. */
static size_t marker_bytes(struct sl_span line, size_t at)
{
    char c = line.ptr[at];
    size_t end = at;
    if (c == '>') return 1;
    if (c == '-' || c == '+' || c == '*') return is_space(line, at + 1);
    while (end < line.len && end - at < 9 && line.ptr[end] >= '0' && line.ptr[end] <= '9')
        end++;
    if (end == at || end >= line.len || (line.ptr[end] != '.' && line.ptr[end] != ')')) return 0;
    return is_space(line, end + 1) ? end + 1 - at : 0;
}

/* Does a line open or continue so many containers that a document of such lines is too deep? */
static bool too_deep(struct sl_span line)
{
    size_t at = 0, columns = 0, markers = 0;
    while (at < line.len) {
        size_t bytes = marker_bytes(line, at);
        if (!bytes && !is_space(line, at)) break;
        columns += line.ptr[at] == '\t' ? 4 : 1;
        markers += bytes > 0;
        at += bytes ? bytes : 1;
        if (markers > PREFIX_MARKERS || (markers && columns > PREFIX_COLUMNS)) return true;
    }
    return false;
}

struct markdown_cost markdown_cost_of(struct sl_span text)
{
    struct markdown_cost cost = {.document = text.len <= TEXT_BYTES, .tables = true, .links = true};
    struct block block = {0};
    size_t brackets = 0, definition = 0, cells = 0, looked_back = 0;
    while (text.len && cost.document) {
        const char *end = memchr(text.ptr, '\n', text.len);
        struct sl_span bytes = {text.ptr, end ? (size_t)(end - text.ptr) : text.len};
        struct line line = count(bytes);
        size_t step = bytes.len + (end != NULL);
        text = (struct sl_span){text.ptr + step, text.len - step};

        if (line.rule) looked_back += block.bytes * block.bytes;
        block.bytes += step;
        block.lines++;
        if (line.pipes > block.pipes_max) block.pipes_max = line.pipes;
        block.defines = block.defines || line.defines;
        brackets += line.brackets;
        if (line.link_ends * bytes.len > LINK_STEPS) cost.links = false;
        if (too_deep(bytes)) cost.document = false;
        if (bytes.len && text.len) continue;

        if (block.defines && block.bytes > definition) definition = block.bytes;
        cells += block.pipes_max * block.lines;
        block = (struct block){0};
    }
    if (brackets > BRACKETS || definition * brackets > REFERENCE_BYTES) cost.document = false;
    cost.tables = cells <= TABLE_CELLS && looked_back <= TABLE_LOOK_BACK;
    return cost;
}
