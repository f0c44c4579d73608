/* Differences as tables.

   Lines dropped and the lines added in their place are held until the block ends, then paired. A
   block that is too long is written as it comes, unpaired. */

#include "http/pages/text/diff.h"

#include "http/pages/text/patch.h"
#include "http/pages/text/textdiff.h"

#define MARKUP html_markup_without_escaping

/* Lines dropped, and lines added in their place, that are held to be written together. */
#define BLOCK 256

struct table {
    struct http_reply *reply;
    bool open; /* the table; a file's head may be all there is */
    size_t pair;
    struct diff_line dropped[BLOCK], added[BLOCK];
    size_t drops, adds;
    struct diff_line note; /* on the last line dropped: no line feed behind it */
    bool loose;            /* the block is too long: its lines are written as they come, unpaired */
};

/* What two lines that became each other share at either end. */
struct shared {
    size_t front, back;
};

/* ---- one line ---- */

static bool is_inside_character(struct sl_span text, size_t at)
{
    return at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80;
}

/* Nothing, unless the two are alike enough for a mark to help. */
static struct shared compare(struct sl_span a, struct sl_span b)
{
    struct shared shared = {0};
    size_t shorter = a.len < b.len ? a.len : b.len, longer = a.len < b.len ? b.len : a.len;
    while (shared.front < shorter && a.ptr[shared.front] == b.ptr[shared.front])
        shared.front++;
    while (shared.front &&
           (is_inside_character(a, shared.front) || is_inside_character(b, shared.front)))
        shared.front--;
    while (shared.back < shorter - shared.front &&
           a.ptr[a.len - 1 - shared.back] == b.ptr[b.len - 1 - shared.back])
        shared.back++;
    while (shared.back && (is_inside_character(a, a.len - shared.back) ||
                              is_inside_character(b, b.len - shared.back)))
        shared.back--;
    if ((shared.front + shared.back) * 3 < longer) shared = (struct shared){0};
    return shared;
}

static bool ends_with_return(struct sl_span text)
{
    return text.len && text.ptr[text.len - 1] == '\r';
}

/* A return at the end of a line is left out, unless it is what was changed (`other` lacks it). */
static struct sl_span shown(const struct diff_line *line, const struct diff_line *other)
{
    struct sl_span text = line->text;
    if (ends_with_return(text) && (!other || ends_with_return(other->text))) text.len--;
    return text;
}

static bool write_marked(
    struct http_reply *reply, struct sl_span text, struct shared shared, const char *tag)
{
    struct sl_span middle = {text.ptr + shared.front, text.len - shared.front - shared.back};
    struct sl_span back = {middle.ptr + middle.len, shared.back};
    return html_text(reply, (struct sl_span){text.ptr, shared.front}) &&
           (!middle.len || (http_print(reply, "<%s>", tag) && html_text(reply, middle) &&
                               http_print(reply, "</%s>", tag))) &&
           html_text(reply, back);
}

static bool write_number(struct http_reply *reply, const char *class, size_t number)
{
    return number ? http_print(reply, "<td class=\"%s\">%zu</td>", class, number)
                  : http_print(reply, "<td class=\"%s\"></td>", class);
}

/* `other`: the line that this one became or was, if any; `pair` numbers the two. */
static bool write_line(
    struct table *table, const struct diff_line *line, const struct diff_line *other, size_t pair)
{
    static const char *const classes[] = {[DIFF_HUNK] = "hunk",
        [DIFF_NOTE] = "hunk",
        [DIFF_SAME] = "same",
        [DIFF_ADD] = "add",
        [DIFF_DEL] = "del"};
    struct http_reply *reply = table->reply;
    struct sl_span text = shown(line, other);
    struct shared shared = {0};
    if (other) shared = compare(text, shown(other, line));
    bool marked = shared.front || shared.back;
    if (!table->open && !MARKUP(reply, "<table class=\"diff-lines\">\n")) return false;
    table->open = true;
    return http_print(reply, "<tr class=\"%s\"", classes[line->kind]) &&
           (!other || http_print(reply, " data-pair=\"%zu\"", pair)) && MARKUP(reply, ">") &&
           write_number(reply, "old", line->before) && write_number(reply, "new", line->after) &&
           MARKUP(reply, "<td class=\"line\">") &&
           (marked ? write_marked(reply, text, shared, line->kind == DIFF_ADD ? "ins" : "del")
                   : html_text(reply, text)) &&
           MARKUP(reply, "</td></tr>\n");
}

/* ---- blocks of lines ---- */

static bool write_block(struct table *table)
{
    size_t pairs = table->drops < table->adds ? table->drops : table->adds;
    bool ok = true;
    for (size_t i = 0; i < table->drops && ok; i++)
        ok = write_line(
            table, &table->dropped[i], i < pairs ? &table->added[i] : NULL, table->pair + i);
    if (table->note.text.len) ok = ok && write_line(table, &table->note, NULL, 0);
    for (size_t i = 0; i < table->adds && ok; i++)
        ok = write_line(
            table, &table->added[i], i < pairs ? &table->dropped[i] : NULL, table->pair + i);
    table->pair += pairs;
    table->drops = table->adds = 0;
    table->note = (struct diff_line){0};
    return ok;
}

static bool add_line(struct table *table, const struct diff_line *line)
{
    bool add = line->kind == DIFF_ADD, drop = line->kind == DIFF_DEL;
    if (line->kind == DIFF_NOTE && table->drops && !table->adds) { /* what was added is to come */
        table->note = *line;
        return true;
    }
    if (!add && !drop) {
        bool ok = write_block(table) && write_line(table, line, NULL, 0);
        table->loose = false;
        return ok;
    }
    if (drop && table->adds && !write_block(table)) return false; /* another block begins */
    if (!table->loose && (add ? table->adds : table->drops) < BLOCK) {
        if (add)
            table->added[table->adds++] = *line;
        else
            table->dropped[table->drops++] = *line;
        return true;
    }
    table->loose = true;
    return write_block(table) && write_line(table, line, NULL, 0);
}

static bool begin_file(struct table *table, struct sl_span name, size_t added, size_t dropped)
{
    return MARKUP(table->reply, "<div class=\"diff\"><div class=\"diff-head\">"
                                "<span class=\"diff-file\">") &&
           html_text(table->reply, name) &&
           http_print(table->reply,
               "</span> <span class=\"plus\">+%zu</span> <span class=\"minus\">-%zu</span></div>",
               added, dropped);
}

static bool end_file(struct table *table)
{
    bool ok = write_block(table) && (!table->open || MARKUP(table->reply, "</table>")) &&
              MARKUP(table->reply, "</div>\n");
    table->open = table->loose = false;
    return ok;
}

/* ---- patches ---- */

/* How much of each there is up to the next file, or the end. */
static void count(struct patch patch, size_t *added, size_t *dropped)
{
    struct diff_line line;
    *added = *dropped = 0;
    while (patch_next(&patch, &line) && line.kind != DIFF_FILE) {
        *added += line.kind == DIFF_ADD;
        *dropped += line.kind == DIFF_DEL;
    }
}

/* Can it be read to its end as a patch? And of how many files. */
static bool is_patch(struct sl_span text, size_t *files)
{
    struct patch patch;
    struct diff_line line;
    bool any = false;
    *files = 0;
    patch_init(&patch, text);
    while (patch_next(&patch, &line)) {
        *files += line.kind == DIFF_FILE;
        any = any || line.kind == DIFF_HUNK || line.kind == DIFF_ADD || line.kind == DIFF_DEL ||
              patch.envelope;
    }
    return any && !patch.bad;
}

static bool write_files(struct table *table, struct sl_span text, struct sl_span file, size_t files)
{
    struct patch patch;
    struct diff_line line;
    bool ok = true, begun = false;
    patch_init(&patch, text);
    while (ok && patch_next(&patch, &line)) {
        if (line.kind != DIFF_FILE) {
            ok = add_line(table, &line);
            continue;
        }
        size_t added, dropped;
        count(patch, &added, &dropped);
        ok = (!begun || end_file(table)) &&
             begin_file(table, (files > 1 && line.text.len) || !file.len ? line.text : file, added,
                 dropped);
        begun = true;
    }
    return ok && (!begun || end_file(table));
}

bool diff_write_patch(struct http_reply *reply, struct sl_span patch, struct sl_span file)
{
    struct table table = {.reply = reply};
    size_t files;
    if (is_patch(patch, &files)) return write_files(&table, patch, file, files);
    return MARKUP(reply, "<div class=\"diff\"><div class=\"diff-head\">"
                         "<span class=\"diff-file\">") &&
           html_text(reply, file) &&
           MARKUP(reply, "</span></div><pre class=\"code\"><code class=\"language-diff\">") &&
           html_text(reply, patch) && MARKUP(reply, "</code></pre></div>\n");
}

/* ---- texts ---- */

static bool write_without(struct http_reply *reply, struct sl_span before, struct sl_span after,
    struct sl_span file, const char *why)
{
    return MARKUP(reply, "<div class=\"diff\"><div class=\"diff-head\">"
                         "<span class=\"diff-file\">") &&
           html_text(reply, file) && MARKUP(reply, "</span></div><p class=\"diff-note\">") &&
           http_print(
               reply, "%s: %zu bytes before, %zu after.</p></div>\n", why, before.len, after.len);
}

bool diff_write_texts(
    struct http_reply *reply, struct sl_span before, struct sl_span after, struct sl_span file)
{
    struct table table = {.reply = reply};
    struct textdiff *diff = NULL;
    struct diff_line line;
    size_t added, dropped;
    switch (textdiff_create(before, after, &diff)) {
    case TEXTDIFF_OK: break;
    case TEXTDIFF_TOO_LARGE:
        return write_without(reply, before, after, file, "Too large to compare");
    default: return write_without(reply, before, after, file, "Not compared");
    }
    textdiff_counts(diff, &added, &dropped);
    bool ok = begin_file(&table, file, added, dropped);
    if (sl_span_eq(before, after))
        ok = ok && MARKUP(reply, "<p class=\"diff-note\">No difference.</p>");
    while (ok && textdiff_next(diff, &line))
        ok = add_line(&table, &line);
    textdiff_destroy(diff);
    return ok && end_file(&table);
}
