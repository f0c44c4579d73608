/* What every page stands in: head, header, footer, and the headers that keep it harmless. */

#include "http/pages/frame.h"

#include "http/pages/asset.h"
#include "http/pages/text/html.h"

#include <inttypes.h>

#define MARKUP html_markup_without_escaping

void frame_protect(struct http_reply *reply)
{
    http_header(reply, "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'");
    http_header(reply, "Referrer-Policy", "no-referrer");
    http_header(reply, "X-Robots-Tag", "noindex, nofollow");
    http_header(reply, "Cross-Origin-Opener-Policy", "same-origin");
}

static bool write_assets(struct http_reply *reply)
{
    return http_print(reply,
        "<script src=\"%s\"></script>\n"
        "<link rel=\"stylesheet\" href=\"%s\">\n"
        "<link rel=\"icon\" type=\"image/svg+xml\" href=\"%s\">\n"
        "<script src=\"%s\" defer></script>\n",
        asset_url("theme.js"), asset_url("style.css"), asset_url("icon.svg"), asset_url("app.js"));
}

static bool write_meta(struct http_reply *reply, const char *name, struct sl_span content)
{
    return !content.len || (http_print(reply, "<meta %s content=\"", name) &&
                               html_attribute(reply, content) && MARKUP(reply, "\">\n"));
}

static bool write_head(struct http_reply *reply, const struct frame *frame)
{
    return MARKUP(reply, "<title>") && html_attribute(reply, frame->title) &&
           MARKUP(reply, " · sharelog</title>\n") &&
           write_meta(reply, "property=\"og:title\"", frame->title) &&
           write_meta(reply, "property=\"og:description\"", frame->description) &&
           write_meta(reply, "name=\"description\"", frame->description) &&
           (!frame->share || MARKUP(reply, "<meta property=\"og:type\" content=\"article\">\n")) &&
           MARKUP(reply, "<meta property=\"og:site_name\" content=\"sharelog\">\n") &&
           MARKUP(reply, "</head>\n");
}

static bool write_body_tag(struct http_reply *reply, const struct frame *frame)
{
    if (!http_print(reply, "<body class=\"%s\"", frame->class)) return false;
    if (!frame->is_session) return MARKUP(reply, ">\n");
    return http_print(reply,
               " data-share=\"%s\" data-seq=\"%" PRIu64 "\" data-last=\"%" PRIu64 "\" data-at=\"",
               frame->share, frame->sequence, frame->last) &&
           (!frame->at || http_print(reply, "%" PRIu64, frame->at)) &&
           http_print(reply, "\" data-live=\"%d\" data-updated=\"%" PRIu64 "\">\n", !frame->at,
               frame->updated_ms);
}

/* A page of the past leads to the past. */
static bool write_link(
    struct http_reply *reply, const struct frame *frame, const char *ending, const char *name)
{
    if (!http_print(reply, "<a href=\"/share/%s%s", frame->share, ending)) return false;
    if (frame->at && *ending == '.' && !http_print(reply, "?at=%" PRIu64, frame->at)) return false;
    return http_print(reply, "\">%s</a> ", name);
}

static bool write_top(struct http_reply *reply, const struct frame *frame)
{
    if (!MARKUP(reply, frame->is_session
                           ? "<a class=\"skip\" href=\"#messages\">Skip to the session</a>\n"
                           : "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n") ||
        !MARKUP(reply, "<header class=\"top\"><a class=\"brand\" href=\"/\">sharelog</a>\n"))
        return false;
    if (frame->share &&
        !(MARKUP(reply, "<nav aria-label=\"Share\">") &&
            (frame->is_session || write_link(reply, frame, "", "Session")) &&
            write_link(reply, frame, "/history", "History") &&
            write_link(reply, frame, ".md", "Markdown") &&
            write_link(reply, frame, ".txt", "Text") && write_link(reply, frame, ".json", "JSON") &&
            write_link(reply, frame, ".jsonl", "Events") &&
            write_link(reply, frame, ".html", "Offline") && MARKUP(reply, "</nav>")))
        return false;
    return MARKUP(reply, "</header>\n<main id=\"main\">\n");
}

static bool open_page(struct http_call *call, int status)
{
    struct http_reply *reply = call->reply;
    frame_protect(reply);
    reply->compress = true;
    return http_begin(reply, status, "text/html; charset=utf-8") &&
           MARKUP(reply, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width, "
                         "initial-scale=1\">\n"
                         "<meta name=\"robots\" content=\"noindex\">\n"
                         "<meta name=\"color-scheme\" content=\"light dark\">\n") &&
           write_assets(reply);
}

bool frame_open(struct http_call *call)
{
    return open_page(call, 200) && http_flush(call->reply);
}

bool frame_begin(struct http_call *call, int status, const struct frame *frame)
{
    struct http_reply *reply = call->reply;
    return (reply->begun || open_page(call, status)) && write_head(reply, frame) &&
           write_body_tag(reply, frame) && write_top(reply, frame);
}

bool frame_end(struct http_call *call)
{
    return MARKUP(call->reply, "</main>\n<footer class=\"foot\">Served by sharelog " SL_VERSION
                               "</footer>\n</body>\n</html>\n");
}

bool page_begin(struct http_call *call, int status, const char *title)
{
    struct frame frame = {.class = "page", .title = sl_span_of(title)};
    return frame_begin(call, status, &frame);
}

void page_end(struct http_call *call)
{
    frame_end(call);
}

void page_message(struct http_call *call, int status, const char *title, const char *text)
{
    struct http_reply *reply = call->reply;
    struct frame frame = {.class = "page message-page", .title = sl_span_of(title)};
    if (frame_begin(call, status, &frame) && MARKUP(reply, "<h1>") &&
        html_text(reply, sl_span_of(title)) && MARKUP(reply, "</h1>\n<p>") &&
        html_text(reply, sl_span_of(text)) && MARKUP(reply, "</p>\n"))
        frame_end(call);
}

void page_missing(struct http_call *call)
{
    page_message(call, 404, "Not found", "There is nothing here.");
}

void page_root(struct http_call *call)
{
    http_header(call->reply, "Location", "/sessions");
    http_begin(call->reply, 302, NULL);
}
