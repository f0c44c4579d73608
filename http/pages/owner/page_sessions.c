/* The list of sessions, newest first, and the search through them. */

#include "http/pages/owner/page_sessions.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "http/api/api.h"
#include "http/call/auth.h"
#include "http/call/param.h"
#include "http/live/live_hub.h"
#include "http/pages/figure.h"
#include "http/pages/found.h"
#include "http/pages/owner/sign_in.h"
#include "http/pages/text/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#define MARKUP html_markup_without_escaping

struct listing {
    struct http_call *call;
    bool owner;
    char query[256]; /* empty: all */
    uint64_t cursor, rows, seen;
    uint64_t now_ms;
    struct buf text; /* what is being searched */
    bool stopped;
};

/* ---- the head ---- */

static bool write_sign_out(struct listing *listing)
{
    char token[SIGN_IN_TOKEN_BYTES];
    if (!listing->owner) return true;
    sign_in_token(listing->call->app, "log out", token);
    return http_print(listing->call->reply,
        "<form class=\"sign-out\" method=\"post\" action=\"/sessions/logout\">"
        "<input type=\"hidden\" name=\"token\" value=\"%s\"><button>Log out</button></form>\n",
        token);
}

static bool write_head(struct listing *listing, uint64_t live)
{
    struct http_call *call = listing->call;
    struct http_reply *reply = call->reply;
    return page_begin(call, 200, "Sessions") &&
           MARKUP(reply, "<section class=\"head\"><h1>Sessions</h1>\n<p>") &&
           figure_write_count(reply, live, "session") && MARKUP(reply, " shared here") &&
           (!listing->owner || MARKUP(reply, ". <a href=\"/audit\">The log and its proofs</a>")) &&
           MARKUP(reply, "</p>\n") && write_sign_out(listing) &&
           MARKUP(reply, "</section>\n<form class=\"filter\" method=\"get\" action=\"/sessions\" "
                         "role=\"search\">\n<label>Title or directory <input type=\"search\" "
                         "name=\"q\" maxlength=\"200\" value=\"") &&
           html_attribute(reply, sl_span_of(listing->query)) &&
           MARKUP(reply, "\"></label>\n<button>Search</button>\n</form>\n");
}

static bool begin_rows(struct listing *listing)
{
    struct http_reply *reply = listing->call->reply;
    return MARKUP(reply, "<table class=\"sessions\">\n<thead><tr><th scope=\"col\">Session</th>"
                         "<th scope=\"col\">Updated (UTC)</th><th scope=\"col\">Messages</th>"
                         "<th scope=\"col\">Parts</th><th scope=\"col\">Events</th>"
                         "<th scope=\"col\">Size</th>") &&
           (!listing->owner || MARKUP(reply, "<th scope=\"col\">Owner</th>")) &&
           MARKUP(reply, "</tr></thead>\n<tbody>\n");
}

/* ---- searching ---- */

/* Upper and lower case are the same in ASCII; a pattern for both is not worth a table of Unicode.
 */
static bool contains(struct listing *listing, struct sl_span json_string)
{
    size_t len = strlen(listing->query);
    buf_clear(&listing->text);
    if (!json_string.len || !html_decode(json_string, &listing->text)) return false;
    for (size_t i = 0; i + len <= listing->text.len; i++)
        if (strncasecmp(listing->text.ptr + i, listing->query, len) == 0) return true;
    return false;
}

static bool fits(struct listing *listing, const struct sl_metadata *m)
{
    return !listing->query[0] || contains(listing, m->title) || contains(listing, m->directory);
}

/* ---- a row ---- */

static bool write_live(struct listing *listing, const struct sl_metadata *m)
{
    char text[64];
    struct live *live = listing->call->app->live;
    unsigned viewers = live ? live_share_viewers(live, sl_span_of(m->id)) : 0;
    bool fresh = m->updated_ms + SESSIONS_LIVE_MS >= listing->now_ms;
    if (!viewers && !fresh) return true;
    text[0] = 0;
    if (viewers) snprintf(text, sizeof(text), ", %u watching", viewers);
    return http_print(listing->call->reply, " <span class=\"live\">live%s</span>", text);
}

static bool write_name(struct listing *listing, const struct sl_metadata *m)
{
    struct http_reply *reply = listing->call->reply;
    return http_print(reply, "<tr><th scope=\"row\"><a href=\"/share/%s\" dir=\"auto\">", m->id) &&
           (m->title.len > 2 ? html_json_string(reply, m->title)
                             : html_text(reply, m->session_id)) &&
           MARKUP(reply, "</a>") && write_live(listing, m) &&
           (!m->directory.len ||
               (MARKUP(reply, "<br><code class=\"directory\" dir=\"auto\">") &&
                   html_json_string(reply, m->directory) && MARKUP(reply, "</code>"))) &&
           MARKUP(reply, "</th>");
}

static bool write_row(struct listing *listing, const struct sl_metadata *m)
{
    char messages[FIGURE_BYTES], parts[FIGURE_BYTES], events[FIGURE_BYTES], size[FIGURE_BYTES];
    struct http_reply *reply = listing->call->reply;
    return write_name(listing, m) && MARKUP(reply, "<td>") &&
           figure_write_time(reply, m->updated_ms) &&
           http_print(reply,
               "</td><td class=\"number\">%s</td><td class=\"number\">%s</td>"
               "<td class=\"number\"><a href=\"/share/%s/history\">%s</a></td>"
               "<td class=\"number\">%s</td>",
               figure_count(m->messages, messages), figure_count(m->parts, parts), m->id,
               figure_count(m->sequence, events), figure_size(m->bytes, size)) &&
           (!listing->owner ||
               http_print(
                   reply, "<td><a href=\"/sessions/%s/remove\">Take down…</a></td>", m->id)) &&
           MARKUP(reply, "</tr>\n");
}

static bool take_share(void *ctx, const struct sl_metadata *m)
{
    struct listing *listing = ctx;
    listing->seen++;
    if (!fits(listing, m)) return true;
    listing->stopped = !((listing->rows || begin_rows(listing)) && write_row(listing, m));
    listing->rows++;
    return !listing->stopped;
}

/* ---- the page ---- */

static bool write_next(struct listing *listing, uint64_t next)
{
    struct http_reply *reply = listing->call->reply;
    bool searched = listing->query[0] != 0;
    if (!next && !listing->cursor) return true;
    if (!MARKUP(reply, "<nav class=\"pages\" aria-label=\"Pages\">\n")) return false;
    for (int older = 0; older < 2; older++) {
        if (older ? !next : !listing->cursor) continue;
        if (!MARKUP(reply, "<a href=\"/sessions") ||
            (older && !http_print(reply, "?cursor=%" PRIu64, next)) ||
            (searched && !MARKUP(reply, older ? "&amp;q=" : "?q=")))
            return false;
        for (const char *at = listing->query; *at; at++)
            if (!http_print(reply, "%%%02X", (unsigned char)*at)) return false;
        const char *text = !older                          ? "Newest"
                           : listing->rows < SESSIONS_ROWS ? "Look further"
                                                           : "Older";
        if (!http_print(reply, "\">%s</a>\n", text)) return false;
    }
    return MARKUP(reply, "</nav>\n");
}

static bool write_end(struct listing *listing, uint64_t next)
{
    struct http_reply *reply = listing->call->reply;
    bool some = listing->rows > 0;
    if (some && !MARKUP(reply, "</tbody></table>\n")) return false;
    if (!some && !listing->query[0] &&
        !MARKUP(reply, "<p class=\"notice\">Nothing is shared yet.</p>\n"))
        return false;
    if (listing->query[0] &&
        !(MARKUP(reply, some ? "<p class=\"quiet\">" : "<p class=\"notice\">") &&
            figure_write_count(reply, listing->seen, "session") &&
            http_print(reply, " looked through, %" PRIu64 " found.%s</p>\n", listing->rows,
                next ? " There are more to look through." : "")))
        return false;
    return write_next(listing, next) &&
           (listing->owner ||
               MARKUP(reply, "<p class=\"quiet\"><a href=\"/sessions?login=1\">Log in"
                             "</a> as the owner of this server</p>\n"));
}

/* A few at a time: no read of the store is held open for as long as a slow client takes. */
static void list_sessions(struct listing *listing)
{
    struct http_call *call = listing->call;
    struct sl_err err = {0};
    uint64_t next = listing->cursor, live = 0, removed = 0;
    enum sl_result result = sl_store_shares(call->app->store, &live, &removed, &err);
    if (result == SL_OK && !write_head(listing, live)) return;
    while (result == SL_OK && listing->rows < SESSIONS_ROWS && listing->seen < SESSIONS_SCAN) {
        size_t limit = listing->query[0] ? 10 : SESSIONS_ROWS - (size_t)listing->rows;
        result = sl_shares(call->app->store, next, limit, take_share, listing, &next, &err);
        if (listing->stopped) return;
        if (!next) break;
    }
    if (result != SL_OK)
        found_fail(call, result, &err);
    else if (write_end(listing, next))
        page_end(call);
}

void page_sessions(struct http_call *call)
{
    char text[2];
    const struct http_request *request = call->request;
    struct listing listing = {.call = call, .now_ms = request->arrived_us / 1000};
    if (param_text(request, "key", text, sizeof(text)) != PARAM_ABSENT) {
        sign_in_try(call, request);
        return;
    }
    listing.owner = auth_page_owner(call->app, request);
    bool asks = param_text(request, "login", text, sizeof(text)) != PARAM_ABSENT;
    if (!listing.owner && (!call->app->config.public_index || asks)) {
        sign_in_ask(call, "The list is for the owner of this server.");
        return;
    }
    enum param given = param_text(request, "q", listing.query, sizeof(listing.query));
    if (given == PARAM_ABSENT) listing.query[0] = 0;
    if (given == PARAM_WRONG)
        page_message(call, 400, "Not understood", "q: expected at most 255 bytes to search for.");
    else if (param_u64(request, "cursor", &listing.cursor) == PARAM_WRONG)
        page_message(call, 400, "Not understood", "cursor: expected a number.");
    else
        list_sessions(&listing);
    buf_fini(&listing.text);
}
