/* Differences as items hold them, cut to what a page can take. */

#include "http/pages/session/diffs.h"

#include "http/pages/session/pretty.h"
#include "http/pages/text/cut.h"
#include "http/pages/text/diff.h"
#include "http/pages/value.h"

#include <inttypes.h>
#include <stdio.h>

/* Of one list: as many bytes of differences, as many files. */
#define LIST_BYTES (3 * CUT_BYTES)
#define LIST_FILES 500

bool diffs_put_patch(
    struct page *page, struct sl_span patch, struct sl_span file, const char *field)
{
    struct buf text = {0}, name = {0};
    struct cut cut, none;
    if (!value_is_string(patch)) return pretty_put(page, patch, field);
    cut_decode(file, SIZE_MAX, CUT_VALUE_BYTES, &name, &none);
    bool ok = cut_decode(patch, CUT_LINES, CUT_BYTES, &text, &cut) &&
              diff_write_patch(page->reply, buf_span(&text), buf_span(&name)) &&
              put_cut_note(page, &cut, field);
    buf_fini(&text);
    buf_fini(&name);
    return ok;
}

bool diffs_put_texts(struct page *page, struct sl_span before, struct sl_span after,
    struct sl_span file, const char *field)
{
    struct buf old = {0}, new = {0}, name = {0};
    struct cut old_cut = {0}, cut = {0}, none;
    cut_decode(file, SIZE_MAX, CUT_VALUE_BYTES, &name, &none);
    cut_decode(before, 2 * CUT_LINES, CUT_BYTES, &old, &old_cut);
    cut_decode(after, 2 * CUT_LINES, CUT_BYTES, &new, &cut);
    bool ok = diff_write_texts(page->reply, buf_span(&old), buf_span(&new), buf_span(&name)) &&
              put_cut_note(page, cut.bytes ? &cut : &old_cut, field);
    buf_fini(&old);
    buf_fini(&new);
    buf_fini(&name);
    return ok;
}

struct entry {
    struct sl_span file, patch, additions, deletions, status, before, after;
};

static struct entry entry_of(struct sl_span value)
{
    static const char *const names[] = {"file", "patch", "additions", "deletions", "status",
        "before", "after", "relativePath", "filePath", "type", "diff"};
    struct sl_span v[11];
    value_pick(value, 11, names, v);
    return (struct entry){.file = v[0].len   ? v[0]
                                  : v[7].len ? v[7]
                                             : v[8],
        .patch = v[1].len ? v[1] : v[10],
        .additions = v[2],
        .deletions = v[3],
        .status = v[4].len ? v[4] : v[9],
        .before = v[5],
        .after = v[6]};
}

static bool put_counts(struct page *page, uint64_t plus, uint64_t minus)
{
    return http_print(page->reply,
        "<span class=\"plus\">+%" PRIu64 "</span> <span class=\"minus\">-%" PRIu64 "</span> ", plus,
        minus);
}

static bool put_files(struct page *page, struct sl_span rest)
{
    struct sl_span value;
    if (!put(page, "<ul class=\"files\">\n")) return false;
    for (size_t i = 0; i < LIST_FILES && json_next(&rest, &value); i++) {
        struct entry entry = entry_of(value);
        if (!put(page, "<li>")) return false;
        if (!value_is_some(entry.file) && !put_value(page, value)) return false;
        if (!put_span(page, "file-name", entry.file) ||
            !put_counts(page, value_u64(entry.additions), value_u64(entry.deletions)) ||
            !put_span(page, "status", entry.status) || !put(page, "</li>\n"))
            return false;
    }
    return put(page, "</ul>\n");
}

static bool put_entry(struct page *page, struct sl_span value, const char *base, size_t index)
{
    char path[160];
    const char *dot = *base ? "." : "";
    struct entry entry = entry_of(value);
    if (entry.patch.len) {
        bool diff = !value_at(value, "patch").len;
        snprintf(path, sizeof(path), "%s%s%zu.%s", base, dot, index, diff ? "diff" : "patch");
        return diffs_put_patch(page, entry.patch, entry.file, path);
    }
    snprintf(path, sizeof(path), "%s%s%zu", base, dot, index);
    if (!value_is_string(entry.before) && !value_is_string(entry.after))
        return pretty_put(page, value, path);
    snprintf(path, sizeof(path), "%s%s%zu.after", base, dot, index);
    return diffs_put_texts(page, entry.before, entry.after, entry.file, path);
}

static bool put_bodies(struct page *page, struct sl_span list, const char *base)
{
    struct sl_span rest = list, value;
    size_t shown = 0, left = 0;
    for (size_t i = 0; json_next(&rest, &value); i++) {
        if (shown >= LIST_BYTES || i >= LIST_FILES) {
            left++;
            continue;
        }
        shown += value.len < CUT_BYTES ? value.len : CUT_BYTES;
        if (!put_entry(page, value, base, i)) return false;
    }
    if (!left) return true;
    return http_print(page->reply, "<p class=\"cut\">… %zu more file%s: <a href=\"", left,
               left == 1 ? "" : "s") &&
           put_item_url(page, *base ? base : NULL) && put(page, "\">all of it</a></p>\n");
}

bool diffs_put_list(struct page *page, struct sl_span list, const char *title, const char *base)
{
    uint64_t plus = 0, minus = 0;
    size_t count = value_count(list);
    struct sl_span rest = list, value;
    if (!value_is_some(list)) return true;
    if (!value_is_kind(list, JSON_ARRAY)) return pretty_put(page, list, *base ? base : NULL);
    while (json_next(&rest, &value)) {
        struct entry entry = entry_of(value);
        plus += value_u64(entry.additions);
        minus += value_u64(entry.deletions);
    }
    return put(page, "<details class=\"diffs\"><summary>") && put(page, title) &&
           http_print(page->reply, " %zu file%s ", count, count == 1 ? "" : "s") &&
           put_counts(page, plus, minus) && put(page, "</summary>\n") && put_files(page, list) &&
           put_bodies(page, list, base) && put(page, "</details>\n");
}
