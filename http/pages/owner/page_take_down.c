/* The owner takes a share down: a question first, then the deed. Nothing is done without the token
   of the question's own form. */

#include "http/pages/owner/page_take_down.h"

#include "http/api/api.h"
#include "http/call/auth.h"
#include "http/call/param.h"
#include "http/pages/figure.h"
#include "http/pages/found.h"
#include "http/pages/owner/sign_in.h"
#include "http/pages/text/html.h"

#include <stdio.h>

#define MARKUP html_markup_without_escaping

/* A token for one share is none for another. */
static void name_of(const struct http_call *call, char what[96])
{
    snprintf(what, 96, "take down %s", call->id);
}

static bool write_question(struct http_call *call, const struct sl_metadata *m)
{
    struct http_reply *reply = call->reply;
    return page_begin(call, 200, "Take down") &&
           MARKUP(reply, "<nav class=\"crumbs\" aria-label=\"Place\"><a href=\"/sessions\">Sessions"
                         "</a> › Take down</nav>\n<section class=\"head\"><h1>Take this session "
                         "down?</h1>\n<p><a dir=\"auto\" ") &&
           http_print(reply, "href=\"/share/%s\">", call->id) &&
           (m->title.len ? html_json_string(reply, m->title) : html_text(reply, m->session_id)) &&
           MARKUP(reply, "</a>: ") && figure_write_count(reply, m->messages, "message") &&
           MARKUP(reply, ", last updated ") && figure_write_time(reply, m->updated_ms) &&
           MARKUP(reply,
               " UTC.</p>\n<p>Its content is erased from this server for ever, its link answers "
               "that it was removed, and the session can't be shared here again until you allow "
               "it (<code>sharelog allow</code>). The record of its events stays.</p></section>\n");
}

static bool write_form(struct http_call *call)
{
    char what[96], token[SIGN_IN_TOKEN_BYTES];
    name_of(call, what);
    sign_in_token(call->app, what, token);
    return http_print(call->reply,
        "<form class=\"take-down\" method=\"post\" action=\"/sessions/%s/remove\">\n"
        "<input type=\"hidden\" name=\"token\" value=\"%s\">\n"
        "<label>Reason, kept with the removal (may stay empty) <input name=\"reason\" "
        "maxlength=\"1000\"></label>\n<button class=\"danger\">Take it down</button>\n"
        "<a href=\"/sessions\">Leave it</a>\n</form>\n",
        call->id, token);
}

void page_take_down_ask(struct http_call *call)
{
    struct sl_view *view = NULL;
    struct sl_metadata metadata;
    struct sl_err err = {0};
    if (!auth_page_owner(call->app, call->request)) {
        sign_in_ask(call, "Taking a session down is for the owner of this server.");
        return;
    }
    enum sl_result result =
        sl_view_open(call->app->store, api_id(call), (struct sl_moment){SL_NOW, 0}, &view, &err);
    if (result == SL_OK) result = sl_view_metadata(view, &metadata, &err);
    if (result != SL_OK)
        found_fail(call, result, &err);
    else if (write_question(call, &metadata) && write_form(call))
        page_end(call);
    sl_view_close(view);
}

void page_take_down(struct http_call *call)
{
    char what[96], reason[SL_REASON_BYTES + 1];
    struct http_request form;
    struct sl_err err = {0};
    name_of(call, what);
    if (!sign_in_form(call, &form) || !sign_in_guard(call, &form, what)) return;
    enum param given = param_text(&form, "reason", reason, sizeof(reason));
    if (given == PARAM_ABSENT) reason[0] = 0;
    if (given == PARAM_WRONG) {
        page_message(call, 400, "Not understood", "The reason is too long; nothing was done.");
        return;
    }
    enum sl_result result = sl_share_remove(call->app->store, api_id(call), SL_WHO_OWNER,
        (struct sl_span){"", 0}, sl_span_of(reason), &err);
    if (result != SL_OK) {
        found_fail(call, result, &err);
        return;
    }
    http_header(call->reply, "Location", "/sessions");
    http_begin(call->reply, 303, NULL);
}
