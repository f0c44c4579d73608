/* libgit2's wall: what differs between two texts, line by line. Texts over the bounds are not
   compared. */

#include "http/pages/text/textdiff.h"

#include <git2.h>
#include <pthread.h>
#include <stdlib.h>

struct textdiff {
    git_patch *patch; /* NULL: nothing differs */
    size_t hunk, line, lines;
    bool inside;      /* lines of `hunk` are being given */
    bool end_differs; /* one text ends with a line feed, the other doesn't */
};

static pthread_once_t ready = PTHREAD_ONCE_INIT;
static bool usable;

static void make_ready(void)
{
    usable = git_libgit2_init() > 0;
}

static bool too_large(struct sl_span text)
{
    size_t lines = 0;
    if (text.len > TEXTDIFF_BYTES) return true;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines > TEXTDIFF_LINES;
}

static bool ends_line(struct sl_span text)
{
    return text.ptr[text.len - 1] == '\n';
}

enum textdiff_result textdiff_create(
    struct sl_span before, struct sl_span after, struct textdiff **diff)
{
    git_diff_options options;
    if (too_large(before) || too_large(after)) return TEXTDIFF_TOO_LARGE;
    pthread_once(&ready, make_ready);
    struct textdiff *made = usable ? calloc(1, sizeof(*made)) : NULL;
    if (!made) return TEXTDIFF_FAILED;
    made->end_differs = before.len && after.len && ends_line(before) != ends_line(after);
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_FORCE_TEXT | GIT_DIFF_INDENT_HEURISTIC;
    bool same = sl_span_eq(before, after);
    if (!same && git_patch_from_buffers(&made->patch, before.len ? before.ptr : "", before.len,
                     NULL, after.len ? after.ptr : "", after.len, NULL, &options) < 0) {
        textdiff_destroy(made);
        return TEXTDIFF_FAILED;
    }
    *diff = made;
    return TEXTDIFF_OK;
}

void textdiff_destroy(struct textdiff *diff)
{
    if (!diff) return;
    git_patch_free(diff->patch);
    free(diff);
}

void textdiff_counts(const struct textdiff *diff, size_t *added, size_t *dropped)
{
    *added = *dropped = 0;
    if (diff->patch) git_patch_line_stats(NULL, added, dropped, diff->patch);
}

static struct sl_span without_end(const char *text, size_t len)
{
    return (struct sl_span){text, len && text[len - 1] == '\n' ? len - 1 : len};
}

/* A line as libgit2 gives it; false: it isn't worth a line here. */
static bool convert(const struct textdiff *diff, const git_diff_line *from, struct diff_line *to)
{
    *to = (struct diff_line){.text = without_end(from->content, from->content_len)};
    if (from->old_lineno > 0) to->before = (size_t)from->old_lineno;
    if (from->new_lineno > 0) to->after = (size_t)from->new_lineno;
    switch (from->origin) {
    case GIT_DIFF_LINE_CONTEXT: to->kind = DIFF_SAME; return true;
    case GIT_DIFF_LINE_ADDITION: to->kind = DIFF_ADD; return true;
    case GIT_DIFF_LINE_DELETION: to->kind = DIFF_DEL; return true;
    default: /* a line feed is missing at an end: of two fragments that says nothing */
        *to = (struct diff_line){.kind = DIFF_NOTE, .text = SL_SPAN("No newline at end of file")};
        return diff->end_differs;
    }
}

bool textdiff_next(struct textdiff *diff, struct diff_line *line)
{
    while (diff->patch && diff->hunk < git_patch_num_hunks(diff->patch)) {
        const git_diff_hunk *hunk;
        const git_diff_line *from;
        if (!diff->inside) {
            if (git_patch_get_hunk(&hunk, &diff->lines, diff->patch, diff->hunk)) return false;
            diff->inside = true;
            diff->line = 0;
            /* where the texts begin needs no saying */
            if (hunk->old_start <= 1 && hunk->new_start <= 1) continue;
            *line = (struct diff_line){
                .kind = DIFF_HUNK, .text = without_end(hunk->header, hunk->header_len)};
            return true;
        }
        if (diff->line >= diff->lines) {
            diff->inside = false;
            diff->hunk++;
            continue;
        }
        if (git_patch_get_line_in_hunk(&from, diff->patch, diff->hunk, diff->line++)) return false;
        if (convert(diff, from, line)) return true;
    }
    return false;
}
