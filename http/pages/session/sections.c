/* What stands around the messages: undone ones, the session's difference, the items that have no
   place of their own. */

#include "http/pages/session/sections.h"

#include "http/pages/session/diffs.h"
#include "http/pages/session/pretty.h"

#include <inttypes.h>

enum sl_result sections_put_undone(
    struct page *page, struct message_reader *reader, struct sl_err *err)
{
    const struct outline *outline = reader->outline;
    uint64_t undone = outline->totals.undone;
    if (!undone) return SL_OK;
    if (!http_print(page->reply,
            "<details class=\"undone\" id=\"undone\"><summary>%" PRIu64
            " undone message%s</summary>\n",
            undone, undone == 1 ? "" : "s"))
        return SL_STOPPED;
    for (size_t i = 0; i < outline->count; i++) {
        if (!outline->messages[i].undone) continue;
        enum sl_result result = message_put(page, reader, i, err);
        if (result != SL_OK) return result;
    }
    return put(page, "</details>\n") ? SL_OK : SL_STOPPED;
}

enum sl_result sections_put_diff(
    struct page *page, const struct outline *outline, struct sl_err *err)
{
    struct sl_view_item item;
    if (!put(page, "<section class=\"session-diff\" id=\"diff\">\n")) return SL_STOPPED;
    if (outline->diff != OUTLINE_NONE) {
        enum sl_result result = sl_view_item(outline->view, SL_BY_KEY, outline->diff, &item, err);
        if (result != SL_OK) return result;
        page->key = item.key;
        page->front[0] = 0;
        if (!diffs_put_list(page, item.data, "The session changed", "")) return SL_STOPPED;
    }
    return put(page, "</section>\n") ? SL_OK : SL_STOPPED;
}

static bool put_other(struct page *page, const struct sl_view_item *item)
{
    page->key = item->key;
    page->front[0] = 0;
    return put(page, "<details class=\"item\"><summary><code>") && put_text(page, item->key) &&
           put(page, "</code></summary>\n") && pretty_put(page, item->data, NULL) &&
           put(page, "</details>\n");
}

enum sl_result sections_put_other(
    struct page *page, const struct outline *outline, struct sl_err *err)
{
    struct sl_view_item item;
    bool is_other;
    size_t count = 0, left = outline->others;
    enum sl_result counted = sl_view_items(outline->view, &count, err);
    if (counted != SL_OK) return counted;
    if (!put(page, "<section class=\"other\" id=\"other\">\n") ||
        (left && !put(page, "<h2>Other items</h2>\n")))
        return SL_STOPPED;
    for (size_t i = 0; i < count && left; i++) {
        enum sl_result result = outline_look(outline->view, i, &item, &is_other, err);
        if (result == SL_OK && !is_other) continue;
        if (result == SL_OK) result = sl_view_item(outline->view, SL_BY_KEY, i, &item, err);
        if (result != SL_OK) return result;
        left--;
        if (!put_other(page, &item)) return SL_STOPPED;
    }
    return put(page, "</section>\n") ? SL_OK : SL_STOPPED;
}
