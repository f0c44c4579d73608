/* What differs between two moments: all keys counted, a page of them shown. */

#include "http/pages/history/page_compare.h"

#include "core/base/buf.h"
#include "http/api/api.h"
#include "http/call/param.h"
#include "http/pages/figure.h"
#include "http/pages/found.h"
#include "http/pages/history/change.h"
#include "http/pages/text/html.h"

#include <inttypes.h>

#define MARKUP html_markup_without_escaping

struct comparison {
    struct http_call *call;
    struct sl_share_info info;
    uint64_t from, to, first; /* `first`: of the keys shown, from 1 on */
    char from_text[64], to_text[64];
    uint64_t counts[3], seen; /* by enum sl_change */
    struct buf keys;          /* those shown, each with its length before it */
    uint64_t kept;
};

/* ---- what was asked for ---- */

static enum sl_result read_moment(struct comparison *comparison, const char *name, char text[64],
    uint64_t *sequence, struct sl_err *err)
{
    enum param given = param_text(comparison->call->request, name, text, 64);
    if (given == PARAM_ABSENT) text[0] = 0;
    if (given == PARAM_WRONG)
        return sl_fail(err, SL_INVALID, "%s: expected a sequence or a time.", name);
    if (!text[0]) return SL_OK;
    return found_sequence(comparison->call, &comparison->info, name, text, sequence, err);
}

static enum sl_result read_query(struct comparison *comparison, struct sl_err *err)
{
    comparison->from = 1;
    comparison->to = comparison->info.sequence;
    comparison->first = 1;
    if (param_u64(comparison->call->request, "item", &comparison->first) == PARAM_WRONG ||
        comparison->first == 0)
        return sl_fail(err, SL_INVALID, "item: expected a number from 1 on.");
    enum sl_result result =
        read_moment(comparison, "from", comparison->from_text, &comparison->from, err);
    if (result == SL_OK)
        result = read_moment(comparison, "to", comparison->to_text, &comparison->to, err);
    return result;
}

/* ---- what differs ---- */

/* All are counted, a page of them is kept: a share may hold more keys than a page should. */
static bool take_key(void *ctx, enum sl_change change, struct sl_span key)
{
    struct comparison *comparison = ctx;
    uint64_t place = comparison->seen++;
    comparison->counts[change]++;
    if (place < comparison->first - 1 || place - (comparison->first - 1) >= COMPARE_ITEMS)
        return true;
    buf_add(&comparison->keys, &key.len, sizeof(key.len));
    buf_add_span(&comparison->keys, key);
    comparison->kept++;
    return true;
}

static enum sl_result write_changes(struct comparison *comparison, struct sl_err *err)
{
    struct change_range range;
    const struct sl_span nothing = {"", 0};
    const char *at = comparison->keys.ptr;
    enum sl_result result =
        change_open(comparison->call, comparison->from, comparison->to, &range, err);
    for (uint64_t i = 0; result == SL_OK && i < comparison->kept; i++) {
        struct sl_span key;
        memcpy(&key.len, at, sizeof(key.len));
        key.ptr = at + sizeof(key.len);
        at = key.ptr + key.len;
        result = change_write(&range, key, nothing, err);
    }
    change_close(&range);
    return result;
}

/* ---- the page ---- */

static bool write_moment_link(struct comparison *comparison, const char *before, uint64_t sequence)
{
    const char *id = comparison->call->id;
    return http_print(comparison->call->reply,
        "%s<a href=\"/share/%s/history/%" PRIu64 "\">event %" PRIu64
        "</a> (<a href=\"/share/%s?at=%" PRIu64 "\">the session then</a>)",
        before, id, sequence, sequence, id, sequence);
}

static bool write_form(struct comparison *comparison)
{
    struct http_reply *reply = comparison->call->reply;
    return http_print(reply,
        "<form class=\"filter\" method=\"get\" action=\"/share/%s/compare\">\n"
        "<label>From event or time <input name=\"from\" size=\"20\" required value=\"%" PRIu64
        "\"></label>\n<label>To event or time <input name=\"to\" size=\"20\" required value=\"%" PRIu64
        "\"></label>\n<button>Compare</button>\n</form>\n",
        comparison->call->id, comparison->from, comparison->to);
}

static bool write_head(struct comparison *comparison)
{
    struct http_call *call = comparison->call;
    struct http_reply *reply = call->reply;
    return found_begin(call, &comparison->info, "Compare") &&
           http_print(reply,
               "<nav class=\"crumbs\" aria-label=\"Place\"><a href=\"/share/%s\">Session</a> › "
               "<a href=\"/share/%s/history\">History</a> › Compare</nav>\n"
               "<section class=\"head\"><h1>Compare</h1>\n<p>",
               call->id, call->id) &&
           write_moment_link(comparison, "From ", comparison->from) &&
           write_moment_link(comparison, " to ", comparison->to) &&
           http_print(reply,
               ": %" PRIu64 " added, %" PRIu64 " changed, %" PRIu64 " removed.</p></section>\n",
               comparison->counts[SL_ADDED], comparison->counts[SL_CHANGED],
               comparison->counts[SL_DROPPED]) &&
           write_form(comparison) &&
           MARKUP(reply, "<section class=\"changes\"><h2>What differs</h2>\n");
}

static bool write_page_link(struct comparison *comparison, uint64_t first, const char *text)
{
    return http_print(comparison->call->reply,
        "<a href=\"/share/%s/compare?from=%" PRIu64 "&amp;to=%" PRIu64 "&amp;item=%" PRIu64
        "\">%s</a>\n",
        comparison->call->id, comparison->from, comparison->to, first, text);
}

static bool write_end(struct comparison *comparison)
{
    struct http_reply *reply = comparison->call->reply;
    uint64_t first = comparison->first, behind = first + comparison->kept;
    if (!comparison->seen &&
        !MARKUP(reply, "<p class=\"notice\">Nothing differs between these two.</p>\n"))
        return false;
    if (!MARKUP(reply, "</section>\n")) return false;
    if (first == 1 && behind > comparison->seen) return true;
    return MARKUP(reply, "<nav class=\"pages\" aria-label=\"Pages\">\n") &&
           (first == 1 || write_page_link(comparison,
                              first > COMPARE_ITEMS ? first - COMPARE_ITEMS : 1, "Before")) &&
           (behind > comparison->seen || write_page_link(comparison, behind, "More")) &&
           MARKUP(reply, "</nav>\n");
}

void page_compare(struct http_call *call)
{
    struct comparison comparison = {.call = call};
    struct sl_err err = {0};
    if (!found_share(call, &comparison.info)) return;
    enum sl_result result =
        comparison.info.state == SL_SHARE_LIVE ? read_query(&comparison, &err) : SL_REMOVED;
    if (result == SL_OK)
        result = sl_share_changes(call->app->store, api_id(call), comparison.from, comparison.to,
            take_key, &comparison, &err);
    if (result == SL_OK && comparison.keys.failed) result = sl_fail(&err, SL_NOMEM, "compare");
    if (result == SL_OK)
        result = write_head(&comparison) ? write_changes(&comparison, &err) : SL_STOPPED;
    if (result != SL_OK)
        found_fail(call, result, &err);
    else if (write_end(&comparison))
        frame_end(call);
    buf_fini(&comparison.keys);
}
