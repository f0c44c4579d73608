/* The page of a session as one file.

   The handlers of the page, its updates and its timeline are called once more, each with a reply
   that rewrites what they write (struct taking): of a page only the inside of <body>, links made
   whole, pictures put in. A part that fails breaks the file off, which is a download by then. */

#include "http/pages/export/page_offline.h"

#include "core/base/buf.h"
#include "core/base/crypto.h"
#include "http/api/api.h"
#include "http/call/param.h"
#include "http/pages/asset.h"
#include "http/pages/export/offline_bundle.h"
#include "http/pages/found.h"
#include "http/pages/session/facts.h"
#include "http/pages/session/page_item.h"
#include "http/pages/session/page_share.h"
#include "http/pages/session/page_timeline.h"
#include "http/pages/session/page_update.h"
#include "http/pages/text/html.h"

#include <inttypes.h>
#include <stdio.h>

#define MARKUP html_markup_without_escaping

/* ---- what a handler writes, taken over into the file ---- */

enum part { PART_PAGE, PART_UPDATE, PART_JSON, PART_IMAGE };

/* The answer of another handler, on its way: of a page only what is inside <body>, links into this
   server made whole, pictures put in, JSON without `<` (nothing in it may end the element that
   holds it). */
struct taking {
    struct http_call *call;
    enum part part;
    bool shown, failed;
    struct buf held; /* not yet looked through: a pattern may go on in the next piece */
};

#define PATTERN_MAX 8

static bool begins(struct sl_span text, const char *pattern)
{
    size_t len = strlen(pattern);
    return text.len >= len && memcmp(text.ptr, pattern, len) == 0;
}

static bool write_span(struct taking *taking, struct sl_span text)
{
    return http_write(taking->call->reply, text.ptr, text.len);
}

/* Is what stands here left out? The page's own head and end are: the file has others. */
static bool is_left_out(struct taking *taking, struct sl_span text)
{
    if (taking->part != PART_PAGE) return false;
    if (!taking->shown && begins(text, "<body")) taking->shown = true;
    if (begins(text, "</body")) taking->shown = false;
    return !taking->shown;
}

static bool write_picture(struct taking *taking, struct sl_span address);

/* Write what stands for the front of `text`; *taken bytes of it are done with, 0 if that can't be
   told before there is more of it. */
static bool write_front(struct taking *taking, struct sl_span text, bool last, size_t *taken)
{
    *taken = 1;
    if (is_left_out(taking, text)) return true;
    if (taking->part == PART_JSON && *text.ptr == '<')
        return write_span(taking, SL_SPAN("\\u003c"));
    if (taking->part != PART_JSON && begins(text, "href=\"/")) {
        *taken = strlen("href=\"");
        return write_span(taking, (struct sl_span){text.ptr, *taken}) &&
               write_span(taking, taking->call->request->base);
    }
    if (taking->part != PART_JSON && begins(text, "src=\"/")) {
        size_t lead = strlen("src=\"");
        const char *end = memchr(text.ptr + lead, '"', text.len - lead);
        *taken = end || last ? lead : 0;
        if (!end) return !last || write_span(taking, (struct sl_span){text.ptr, lead});
        *taken = (size_t)(end - text.ptr);
        return write_span(taking, (struct sl_span){text.ptr, lead}) &&
               write_picture(taking, (struct sl_span){text.ptr + lead, *taken - lead});
    }
    size_t sure = last ? text.len : text.len - PATTERN_MAX;
    while (*taken < sure && !strchr("<hs", text.ptr[*taken]))
        ++*taken;
    return write_span(taking, (struct sl_span){text.ptr, *taken});
}

/* Texts of a session can't look like these patterns: their `<` and `"` are entities. */
static bool pass_on(struct taking *taking, bool last)
{
    struct sl_span text = buf_span(&taking->held);
    size_t done = 0, taken = 1, keep = last ? 0 : PATTERN_MAX;
    bool ok = true;
    while (ok && taken && text.len - done > keep) {
        ok = write_front(taking, (struct sl_span){text.ptr + done, text.len - done}, last, &taken);
        done += taken;
    }
    if (text.ptr && text.len > done) memmove(taking->held.ptr, text.ptr + done, text.len - done);
    taking->held.len = text.len - done;
    return ok;
}

/* Base64 takes three bytes at a time; what is left waits for more, or is the end. */
static bool pass_picture(struct taking *taking, bool last)
{
    char out[4 * 256 + 1];
    struct sl_span text = buf_span(&taking->held);
    size_t done = 0;
    bool ok = true;
    while (ok && (text.len - done >= 768 || (last && done < text.len))) {
        size_t take = text.len - done < 768 ? text.len - done : 768;
        size_t len = crypto_base64(text.ptr + done, take, out);
        ok = write_span(taking, (struct sl_span){out, len});
        done += take;
    }
    if (text.ptr && text.len > done) memmove(taking->held.ptr, text.ptr + done, text.len - done);
    taking->held.len = text.len - done;
    return ok;
}

static bool pass(struct taking *taking, bool last)
{
    if (!taking->held.len) return true;
    return taking->part == PART_IMAGE ? pass_picture(taking, last) : pass_on(taking, last);
}

static bool take_begin(struct http_reply *reply)
{
    struct taking *taking = reply->transport;
    const char *type = reply->content_type ? reply->content_type : "";
    taking->failed =
        reply->status != 200 || (taking->part == PART_IMAGE && strncmp(type, "image/", 6) != 0);
    if (taking->failed || taking->part != PART_IMAGE) return !taking->failed;
    taking->shown = true;
    return http_print(taking->call->reply, "data:%s;base64,", type);
}

static bool take_write(struct http_reply *reply, const void *bytes, size_t len)
{
    struct taking *taking = reply->transport;
    buf_add(&taking->held, bytes, len);
    taking->failed = taking->failed || taking->held.failed;
    return !taking->failed && (taking->held.len < 4096 || pass(taking, false));
}

static void take_abort(struct http_reply *reply)
{
    struct taking *taking = reply->transport;
    taking->failed = reply->cut = true;
}

/* Another answer within this one: a call like ours, whose reply goes through `taking`. */
struct asking {
    struct taking taking;
    struct http_request request;
    struct http_reply reply;
    struct http_call call;
};

static void ask_begin(
    struct asking *asking, struct http_call *call, enum part part, struct sl_span query)
{
    asking->taking = (struct taking){.call = call, .part = part};
    asking->request = *call->request;
    asking->request.method = HTTP_GET;
    asking->request.query = query;
    asking->reply = (struct http_reply){.begin = take_begin,
        .write = take_write,
        .abort = take_abort,
        .transport = &asking->taking};
    asking->call = *call;
    asking->call.request = &asking->request;
    asking->call.reply = &asking->reply;
}

/* False: it failed, or the client is gone. */
static bool ask_end(struct asking *asking)
{
    struct taking *taking = &asking->taking;
    bool ok = asking->reply.begun && !asking->reply.cut && !taking->failed && pass(taking, true);
    buf_fini(&taking->held);
    return ok;
}

/* Ask a handler with a query of ours. False: it failed, or the client is gone; *some: something of
   it was written. */
static bool ask(struct http_call *call, enum part part, void (*handler)(struct http_call *call),
    struct sl_span query, bool *some)
{
    struct asking asking;
    ask_begin(&asking, call, part, query);
    handler(&asking.call);
    bool ok = ask_end(&asking);
    *some = asking.taking.shown;
    return ok;
}

static enum sl_result take(struct http_call *call, enum part part,
    void (*handler)(struct http_call *call), const char *query, struct sl_err *err)
{
    bool some;
    if (ask(call, part, handler, sl_span_of(query), &some)) return SL_OK;
    return call->reply->cut ? SL_STOPPED : sl_fail(err, SL_IO, "export: a part of it failed");
}

/* A picture that the page would load, as what it holds; what is none keeps its address. */
static bool write_picture(struct taking *taking, struct sl_span address)
{
    struct buf query = {0};
    bool some = false, ok = false;
    const char *question = memchr(address.ptr, '?', address.len);
    const char *end = address.ptr + address.len;
    for (const char *at = question ? question + 1 : end; at < end; at++) {
        buf_add(&query, at, 1);
        if (*at == '&' && end - at >= 5 && memcmp(at, "&amp;", 5) == 0) at += 4;
    }
    if (question && !query.failed)
        ok = ask(taking->call, PART_IMAGE, page_item, buf_span(&query), &some);
    buf_fini(&query);
    if (ok) return true;
    if (some) taking->failed = true; /* a half of it can't be taken back */
    return !some && write_span(taking, taking->call->request->base) && write_span(taking, address);
}

/* ---- the file ---- */

static bool write_hash(struct http_reply *reply, const char *asset)
{
    uint8_t hash[32];
    char text[48];
    struct sl_span content = asset_content(asset);
    crypto_sha256(content.ptr, content.len, hash);
    crypto_base64(hash, sizeof(hash), text);
    return http_print(reply, " 'sha256-%s'", text);
}

static bool write_asset(
    struct http_reply *reply, const char *before, const char *asset, const char *after)
{
    struct sl_span content = asset_content(asset);
    return MARKUP(reply, before) && http_write(reply, content.ptr, content.len) &&
           MARKUP(reply, after);
}

/* The file's own rules: only what is in it runs, and it asks nobody. */
static bool write_rules(struct http_reply *reply)
{
    return MARKUP(reply, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                         "'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src") &&
           write_hash(reply, "style.css") && MARKUP(reply, "; script-src") &&
           write_hash(reply, "theme.js") && write_hash(reply, "offline.js") &&
           write_hash(reply, "bundle.js") && write_hash(reply, "app.js") && MARKUP(reply, "\">\n");
}

static bool write_head(struct http_call *call, struct sl_span title)
{
    struct http_reply *reply = call->reply;
    return MARKUP(
               reply, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n") &&
           write_rules(reply) &&
           MARKUP(reply,
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"referrer\" content=\"no-referrer\">\n"
               "<meta name=\"color-scheme\" content=\"light dark\">\n<title>") &&
           html_attribute(reply, title) && MARKUP(reply, "</title>\n") &&
           write_asset(reply, "<script>", "theme.js", "</script>\n") &&
           write_asset(reply, "<style>", "style.css", "</style>\n</head>\n");
}

/* On from *side, which becomes the side that it led to. */
static enum sl_result write_step(
    struct http_call *call, struct update_side **side, uint64_t to, struct sl_err *err)
{
    struct asking asking;
    struct update_side *next = NULL;
    if (!http_print(
            call->reply, "<script type=\"text/plain\" class=\"step\" data-to=\"%" PRIu64 "\">", to))
        return SL_STOPPED;
    enum sl_result result = update_side_open(call, to, *side, &next, err);
    if (result != SL_OK) return result;
    ask_begin(&asking, call, PART_UPDATE, (struct sl_span){"", 0});
    result = update_write(&asking.call, *side, next, err);
    if (!ask_end(&asking) && result == SL_OK)
        result = call->reply->cut ? SL_STOPPED : sl_fail(err, SL_IO, "export: a step failed");
    update_side_close(*side);
    *side = next;
    if (result != SL_OK) return result;
    return MARKUP(call->reply, "</script>\n") ? SL_OK : SL_STOPPED;
}

/* The way back to the beginning, then each step forward. From these any version of any message is
   known, and so what differs between any two moments. */
static enum sl_result write_steps(struct http_call *call, uint64_t last, struct sl_err *err)
{
    uint64_t steps = last < OFFLINE_STEPS ? last : OFFLINE_STEPS;
    struct update_side *side = NULL;
    enum sl_result result = update_side_open(call, last, NULL, &side, err);
    if (result == SL_OK) result = write_step(call, &side, 1, err);
    for (uint64_t i = 1; result == SL_OK && i < steps; i++) {
        uint64_t to = steps == last ? i + 1 : 1 + (last - 1) * i / (steps - 1);
        result = write_step(call, &side, to, err);
    }
    update_side_close(side);
    return result;
}

static enum sl_result write_file(
    struct http_call *call, struct sl_span title, uint64_t last, bool now, struct sl_err *err)
{
    char query[32] = "";
    struct http_reply *reply = call->reply;
    struct offline_bundle bundle = {0};
    if (!now) snprintf(query, sizeof(query), "at=%" PRIu64, last);
    if (!write_head(call, title)) return SL_STOPPED;
    enum sl_result result = offline_bundle_plan(call, last, &bundle, err);
    if (result == SL_OK) result = take(call, PART_PAGE, page_share, query, err);
    if (result == SL_OK && !offline_bundle_write_note(call, &bundle)) result = SL_STOPPED;
    if (result == SL_OK) result = write_steps(call, last, err);
    if (result == SL_OK && !MARKUP(reply, "<script type=\"application/json\" id=\"timeline\">"))
        result = SL_STOPPED;
    if (result == SL_OK) result = take(call, PART_JSON, page_timeline, "", err);
    if (result == SL_OK && !MARKUP(reply, "</script>\n")) result = SL_STOPPED;
    if (result == SL_OK) result = offline_bundle_write(call, &bundle, err);
    if (result != SL_OK) return result;
    return write_asset(reply, "<script>", "offline.js", "</script>\n") &&
                   write_asset(reply, "<script>", "bundle.js", "</script>\n") &&
                   write_asset(reply, "<script>", "app.js", "</script>\n</body>\n</html>\n")
               ? SL_OK
               : SL_STOPPED;
}

static bool begin(struct http_call *call)
{
    char disposition[128];
    struct http_reply *reply = call->reply;
    snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s.html\"", call->id);
    http_header(reply, "Content-Disposition", disposition);
    frame_protect(reply);
    reply->compress = true;
    return http_begin(reply, 200, "text/html; charset=utf-8");
}

void page_offline(struct http_call *call)
{
    struct sl_moment moment = {SL_NOW, 0};
    struct sl_view *view = NULL;
    struct sl_metadata metadata;
    struct buf title = {0};
    struct sl_err err = {0};
    enum sl_result result = param_moment(call->request, &moment, &err);
    if (result == SL_OK) result = sl_view_open(call->app->store, api_id(call), moment, &view, &err);
    if (result == SL_OK) result = sl_view_metadata(view, &metadata, &err);
    if (result == SL_OK) {
        facts_title(&metadata, &title);
        result = begin(call) ? write_file(call, buf_span(&title), metadata.sequence,
                                   moment.kind == SL_NOW, &err)
                             : SL_STOPPED;
    }
    found_fail(call, result, &err);
    buf_fini(&title);
    sl_view_close(view);
}
