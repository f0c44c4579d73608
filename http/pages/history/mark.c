/* The mark "verified", and how to do without it.

   A fault that is found is a part of the page and a line on stderr. Only a read that says nothing
   of the event (an I/O error, a redaction meanwhile) fails the page. */

#include "http/pages/history/mark.h"

#include "core/base/crypto.h"
#include "http/api/api.h"
#include "http/pages/figure.h"
#include "http/pages/text/html.h"

#include <inttypes.h>

#define MARKUP html_markup_without_escaping

void mark_log_read(struct http_call *call, struct mark_log *log)
{
    *log = (struct mark_log){0};
    log->result = sl_log_checkpoint(call->app->store, 0, &log->checkpoint, &log->err);
    if (log->result != SL_OK) api_note(call, log->result, &log->err);
}

static bool is_in(const struct mark_log *log, uint64_t position)
{
    return log->result == SL_OK && position < log->checkpoint.size;
}

/* ---- finding out ---- */

static enum sl_result check_content(struct sl_event *event, struct mark *mark, struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    enum sl_result result =
        info->bytes > MARK_BYTES ? SL_TOO_LARGE : sl_event_check(event, &mark->content_err);
    bool judged = result == SL_OK || result == SL_CORRUPT || result == SL_TOO_LARGE ||
                  (result == SL_REMOVED && info->erased);
    mark->content = result;
    if (judged) return SL_OK;
    *err = mark->content_err;
    return result;
}

static enum sl_result check_log(struct http_call *call, struct sl_event *event,
    const struct mark_log *log, struct mark *mark, struct sl_err *err)
{
    enum sl_result result = log->result;
    mark->logged_err = log->err;
    if (result == SL_OK)
        result = sl_event_included(call->app->store, event, &log->checkpoint, &mark->logged_err);
    mark->logged = result;
    if (result == SL_OK || result == SL_CORRUPT || result == SL_NOT_FOUND) return SL_OK;
    *err = mark->logged_err;
    return result;
}

enum sl_result mark_check(struct http_call *call, struct sl_event *event,
    const struct mark_log *log, struct mark *mark, struct sl_err *err)
{
    *mark = (struct mark){0};
    enum sl_result result = check_content(event, mark, err);
    if (result == SL_OK) result = check_log(call, event, log, mark, err);
    if (result != SL_OK) return result;
    if (mark->content == SL_CORRUPT) api_note(call, mark->content, &mark->content_err);
    if (mark->logged == SL_CORRUPT) api_note(call, mark->logged, &mark->logged_err);
    return SL_OK;
}

/* ---- saying it ---- */

struct verdict {
    const char *class, *title;
};

static struct verdict verdict_of(const struct mark *mark)
{
    if (mark->content == SL_CORRUPT || mark->logged == SL_CORRUPT)
        return (struct verdict){"fault", "Not verified"};
    if (mark->logged == SL_NOT_FOUND)
        return (struct verdict){"pending", "Not yet in a signed checkpoint"};
    if (mark->content == SL_REMOVED)
        return (struct verdict){"partly", "Verified, but for its content, which is gone"};
    if (mark->content == SL_TOO_LARGE)
        return (struct verdict){"partly", "Verified, but for its content, which is large"};
    return (struct verdict){"verified", "Verified"};
}

static bool write_wrong(struct http_reply *reply, const struct sl_err *err)
{
    return MARKUP(reply, "<li class=\"no\">") && html_text(reply, sl_span_of(err->text)) &&
           MARKUP(reply, ".</li>\n");
}

static uint64_t withheld_items(struct sl_event *event)
{
    uint64_t count = 0, items = sl_event_info(event)->items;
    for (uint64_t i = 0; i < items; i++)
        count += sl_event_item(event, (size_t)i).withheld;
    return count;
}

static bool write_marked(struct http_reply *reply, uint64_t marked)
{
    char count[FIGURE_BYTES];
    return !marked ||
           http_print(reply,
               "<li class=\"open\">%s of them %s redacted on arrival: what was sent in %s "
               "place was never committed to.</li>\n",
               figure_count(marked, count), marked == 1 ? "was" : "were",
               marked == 1 ? "its" : "their");
}

static bool write_withheld(struct http_reply *reply, struct sl_event *event)
{
    char count[FIGURE_BYTES];
    uint64_t withheld = withheld_items(event);
    if (sl_event_info(event)->kind == SL_CREATE)
        return MARKUP(reply, "<li class=\"open\">The item itself is withheld: it holds the hash of "
                             "the share's secret. Its commitment stands for it.</li>\n");
    if (!withheld) return true;
    return http_print(reply,
        "<li class=\"open\">%s of them %s redacted: what stands here in %s place was not "
        "committed to, and is this server's word. The commitment to what was there before still "
        "holds.</li>\n",
        figure_count(withheld, count), withheld == 1 ? "is" : "are",
        withheld == 1 ? "its" : "their");
}

static bool write_content(struct http_reply *reply, struct sl_event *event, const struct mark *mark)
{
    char size[FIGURE_BYTES];
    const struct sl_event_info *info = sl_event_info(event);
    switch (mark->content) {
    case SL_OK:
        return http_print(reply, "<li class=\"yes\">Its ") &&
               figure_write_count(reply, info->items, "item") &&
               http_print(reply, ", with types, keys and order, and when they arrived are what "
                                 "its header commits to.</li>\n") &&
               write_marked(reply, info->marked) && write_withheld(reply, event);
    case SL_REMOVED:
        return MARKUP(reply, "<li class=\"open\">Its content was erased: nothing is left to hold "
                             "against the header, which stays.</li>\n");
    case SL_TOO_LARGE:
        return http_print(reply,
            "<li class=\"open\">Its content has %s. That much is not hashed again for a page: a "
            "bundle's check does it.</li>\n",
            figure_size(info->bytes, size));
    default: return write_wrong(reply, &mark->content_err);
    }
}

static bool write_log(struct http_reply *reply, const struct sl_event_info *info,
    const struct mark_log *log, const struct mark *mark)
{
    char count[FIGURE_BYTES];
    const struct sl_checkpoint *checkpoint = &log->checkpoint;
    if (mark->logged == SL_CORRUPT) return write_wrong(reply, &mark->logged_err);
    if (mark->logged == SL_NOT_FOUND)
        return MARKUP(reply, "<li class=\"open\">The newest checkpoint is older than this event. "
                             "One is signed once a second while the log grows: reload this "
                             "page.</li>\n");
    return http_print(reply, "<li class=\"yes\">Its header is at position %" PRIu64 " of the log",
               info->position) &&
           http_print(reply, " of %s events that this server signed",
               figure_count(checkpoint->size, count)) &&
           (!checkpoint->signed_ms ||
               (MARKUP(reply, " on ") && figure_write_time(reply, checkpoint->signed_ms) &&
                   MARKUP(reply, " UTC"))) &&
           MARKUP(reply, ": an inclusion proof leads from its hash to the checkpoint's "
                         "root.</li>\n");
}

static bool write_hash(struct http_reply *reply, const char *name, const uint8_t hash[32])
{
    char hex[65];
    crypto_hex(hash, 32, hex);
    return http_print(
        reply, "<div><dt>%s</dt><dd><code class=\"hash\">%s</code></dd></div>\n", name, hex);
}

/* What the header says, which is what the log holds for ever. */
static bool write_hashes(struct http_reply *reply, const struct sl_event *event)
{
    uint8_t prev[32], commitment[32];
    char position[FIGURE_BYTES], sequence[FIGURE_BYTES];
    const struct sl_event_info *info = sl_event_info(event);
    return http_print(reply,
               "<dl class=\"facts hashes\">\n<div><dt>Position in the log</dt><dd>%s</dd></div>\n"
               "<div><dt>Sequence in the share</dt><dd>%s</dd></div>\n",
               figure_count(info->position, position), figure_count(info->sequence, sequence)) &&
           write_hash(reply, "Leaf hash", info->leaf) &&
           (sl_event_links(event, prev, commitment)
                   ? write_hash(reply, "Previous leaf", prev) &&
                         write_hash(reply, "Commitment", commitment)
                   : MARKUP(reply, "<div><dt>Header</dt><dd>unreadable</dd></div>\n")) &&
           MARKUP(reply, "</dl>\n");
}

/* ---- without the server's word ---- */

static bool write_command(struct http_call *call)
{
    struct http_reply *reply = call->reply;
    const char *log = sl_store_log_key(call->app->store);
    const char *head = sl_store_head_key(call->app->store);
    return MARKUP(reply, "<p class=\"import\"><code>") &&
           http_print(reply, "sharelog verify --bundle %s.bundle --key &#39;", call->id) &&
           html_text(reply, sl_span_of(log)) && MARKUP(reply, " ") &&
           html_text(reply, sl_span_of(head)) &&
           MARKUP(reply, "&#39;</code> <button type=\"button\" class=\"copy\" data-copy=\"") &&
           http_print(reply, "sharelog verify --bundle %s.bundle --key &#39;", call->id) &&
           html_attribute(reply, sl_span_of(log)) && MARKUP(reply, " ") &&
           html_attribute(reply, sl_span_of(head)) &&
           MARKUP(reply, "&#39;\" hidden>Copy</button></p>\n");
}

static bool write_bundle_link(struct http_call *call)
{
    return http_print(call->reply,
        "<a href=\"/api/share/%s/bundle\" download=\"%s.bundle\">bundle</a>", call->id, call->id);
}

static bool write_how(struct http_call *call)
{
    struct http_reply *reply = call->reply;
    return MARKUP(reply,
               "<p class=\"quiet\">The server looked just now, at itself: this is its own "
               "word. To check without trusting it, take the share's ") &&
           write_bundle_link(call) &&
           http_print(reply,
               " (or this event's <a href=\"/api/share/%s/events/%" PRIu64 "\">JSON</a> and "
               "<a href=\"/api/share/%s/events/%" PRIu64 "/proof\">proof</a>) and hold it, "
               "offline, against the log's key. Have that key, or a "
               "<a href=\"/log/checkpoint\">checkpoint</a>, from before or from somebody "
               "else: a server that lies would show another one here.</p>\n",
               call->id, call->sequence, call->id, call->sequence) &&
           write_command(call);
}

bool mark_write(struct http_call *call, struct sl_event *event, const struct mark_log *log,
    const struct mark *mark)
{
    struct http_reply *reply = call->reply;
    struct verdict verdict = verdict_of(mark);
    return http_print(reply,
               "<section class=\"proof %s\" aria-labelledby=\"proof\"><h2 id=\"proof\">%s</h2>\n"
               "<ul class=\"checks\">\n",
               verdict.class, verdict.title) &&
           write_content(reply, event, mark) && write_log(reply, sl_event_info(event), log, mark) &&
           MARKUP(reply, "</ul>\n") && write_hashes(reply, event) && write_how(call) &&
           MARKUP(reply, "</section>\n");
}

/* ---- many events ---- */

bool mark_write_row(
    struct http_reply *reply, const struct mark_log *log, const struct sl_event_info *info)
{
    char hash[65];
    bool in = is_in(log, info->position);
    const char *title = in ? "in the newest checkpoint" : "not yet in a checkpoint";
    crypto_hex(info->leaf, sizeof(info->leaf), hash);
    return http_print(reply,
        "<span class=\"logged %s\" role=\"img\" aria-label=\"%s\" title=\"%s\"></span> "
        "<span class=\"position\" title=\"position in the log\">%" PRIu64 "</span> "
        "<code title=\"leaf hash %s\">%.12s</code>",
        in ? "yes" : "open", title, title, info->position, hash, hash);
}

static bool write_coverage(
    struct http_reply *reply, const struct mark_log *log, uint64_t events, uint64_t position)
{
    char size[FIGURE_BYTES];
    const struct sl_checkpoint *checkpoint = &log->checkpoint;
    if (log->result == SL_NOT_FOUND) return MARKUP(reply, "No checkpoint of the log is signed yet");
    if (log->result != SL_OK) return MARKUP(reply, "The log's checkpoint can't be read now");
    const char *lead = !is_in(log, position) ? "The last of them is not yet in"
                       : events == 1         ? "It is in"
                                             : "All of them are in";
    return http_print(reply, "%s the checkpoint of %s events", lead,
               figure_count(checkpoint->size, size)) &&
           (!checkpoint->signed_ms ||
               (MARKUP(reply, " signed on ") && figure_write_time(reply, checkpoint->signed_ms) &&
                   MARKUP(reply, " UTC")));
}

bool mark_write_line(
    struct http_call *call, const struct mark_log *log, uint64_t events, uint64_t position)
{
    struct http_reply *reply = call->reply;
    bool wrong = log->result != SL_OK && log->result != SL_NOT_FOUND;
    return http_print(reply, "<div class=\"proof-line %s\"><p>",
               wrong                  ? "fault"
               : is_in(log, position) ? "verified"
                                      : "pending") &&
           write_coverage(reply, log, events, position) &&
           MARKUP(reply, ". <a href=\"/log/checkpoint\">Checkpoint</a>, ") &&
           write_bundle_link(call) &&
           MARKUP(reply, "</p>\n<details><summary>How to verify it</summary>\n"
                         "<p class=\"quiet\">The bundle holds the whole history. This command "
                         "checks, without the server, that every event is in the log that the key "
                         "signed, that none before the last is missing, and that every item is "
                         "the one that this server recorded; of items that were redacted it says "
                         "which, by whom and when. Have the key from somebody else than this "
                         "page.</p>\n") &&
           write_command(call) && MARKUP(reply, "</details></div>\n");
}
