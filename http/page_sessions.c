/* The owner's list of sessions, and the way in. */

#include "http/api.h"
#include "http/auth.h"
#include "http/html.h"
#include "http/pages.h"
#include "http/param.h"

#include <inttypes.h>
#include <stdio.h>

#define MARKUP html_markup_without_escaping
#define PAGE_SESSIONS 100

/* ---- the way in ---- */

static void ask_for_key(struct http_call *call, const char *line)
{
    struct http_reply *reply = call->reply;
    if (page_begin(call, 401, "Sessions") && MARKUP(reply, "<h1>Sessions</h1>\n<p>") &&
        html_text(reply, sl_span_of(line)) &&
        MARKUP(reply,
            "</p>\n<form method=\"post\" action=\"/sessions\">\n<label>Owner key "
            "<input type=\"password\" name=\"key\" autocomplete=\"current-password\" required>"
            "</label>\n<button>Open</button>\n</form>\n"))
        page_end(call);
}

/* A page that goes on by itself, not a redirect: after a redirect from another site's link a
   browser would hold the SameSite=Strict cookie back. The key is then out of the address bar. */
static void let_in(struct http_call *call)
{
    char cookie[160];
    struct http_reply *reply = call->reply;
    struct sl_span base = call->request->base;
    bool https = base.len >= 8 && memcmp(base.ptr, "https://", 8) == 0;
    snprintf(cookie, sizeof(cookie), AUTH_COOKIE "=%s; HttpOnly; SameSite=Strict; Path=/%s",
        call->app->cookie, https ? "; Secure" : "");
    http_header(reply, "Set-Cookie", cookie);
    http_header(reply, "Refresh", "0; url=/sessions");
    if (page_begin(call, 200, "Sessions") &&
        MARKUP(reply, "<p><a href=\"/sessions\">Sessions</a></p>\n"))
        page_end(call);
}

static void try_key(struct http_call *call, const struct http_request *form)
{
    char key[SL_KEY_TEXT_BYTES + 1];
    enum param given = param_text(form, "key", key, sizeof(key));
    if (given == PARAM_GIVEN && auth_key_role(call->app, sl_span_of(key)) == SL_ROLE_OWNER)
        let_in(call);
    else
        ask_for_key(call, "That is not the owner key.");
    explicit_bzero(key, sizeof(key));
}

void page_sign_in(struct http_call *call)
{
    struct http_request *request = call->request;
    struct sl_span body;
    struct sl_err err = {0};
    if (!request->has_length || request->length > call->route->body_bytes) {
        page_message(
            call, request->has_length ? 413 : 411, "Not understood", "Try the form again.");
        return;
    }
    enum sl_result result = request->read_body(request, call->route->body_bytes, &body, &err);
    if (result == SL_OK) { /* a form's body is written as a query is */
        struct http_request form = *request;
        form.query = body;
        try_key(call, &form);
    } else if (result == SL_IO) { /* as in api_body */
        call->reply->close = true;
    } else {
        page_message(call, 400, "Not understood", "Try the form again.");
    }
}

/* ---- the list ---- */

struct rows {
    struct http_call *call;
    uint64_t written;
    bool stopped;
};

static bool begin_list(struct http_call *call)
{
    return page_begin(call, 200, "Sessions") && MARKUP(call->reply, "<h1>Sessions</h1>\n<ul>\n");
}

static bool write_row(void *ctx, const struct sl_metadata *m)
{
    struct rows *rows = ctx;
    struct http_reply *reply = rows->call->reply;
    rows->stopped =
        !((rows->written || begin_list(rows->call)) &&
            http_print(reply, "<li><a href=\"/share/%s\" dir=\"auto\">", m->id) &&
            (m->title.len ? html_json_string(reply, m->title) : html_text(reply, m->session_id)) &&
            http_print(
                reply, "</a> · %" PRIu64 " messages, %" PRIu64 " syncs", m->messages, m->syncs) &&
            (!m->directory.len ||
                (MARKUP(reply, " · <code>") && html_json_string(reply, m->directory) &&
                    MARKUP(reply, "</code>"))) &&
            MARKUP(reply, "</li>\n"));
    rows->written++;
    return !rows->stopped;
}

static void list_sessions(struct http_call *call)
{
    struct rows rows = {.call = call};
    struct http_reply *reply = call->reply;
    struct sl_err err = {0};
    uint64_t cursor = 0, next = 0;
    if (!api_number(call, "cursor", 0, UINT64_MAX, &cursor)) return;
    enum sl_result result =
        sl_shares(call->app->store, cursor, PAGE_SESSIONS, write_row, &rows, &next, &err);
    if (rows.stopped) return;
    if (result != SL_OK) {
        api_finish(call, result, &err, "Not found");
        return;
    }
    if (!rows.written && !(begin_list(call) && MARKUP(reply, "<li>Nothing is shared yet.</li>\n")))
        return;
    if (MARKUP(reply, "</ul>\n") &&
        (!next ||
            http_print(reply, "<p><a href=\"/sessions?cursor=%" PRIu64 "\">Older</a></p>\n", next)))
        page_end(call);
}

void page_sessions(struct http_call *call)
{
    char key[2];
    if (param_text(call->request, "key", key, sizeof(key)) != PARAM_ABSENT)
        try_key(call, call->request);
    else if (auth_page_owner(call->app, call->request))
        list_sessions(call);
    else
        ask_for_key(call, "The list is for the owner of this server.");
}
