/* The page of a session, in three steps.

   What stands in every head goes out once the page is known to exist; head and turns once the
   outline knows the messages; then message by message. A failure before the first step has its
   status; a later one breaks the page off. */

#include "http/pages/session/page_share.h"

#include "http/api/api.h"
#include "http/call/param.h"
#include "http/pages/found.h"
#include "http/pages/frame.h"
#include "http/pages/session/facts.h"
#include "http/pages/session/sections.h"
#include "http/pages/session/turns.h"

/* What a page is made from. */
struct session {
    struct sl_moment moment;
    struct sl_share_info info;
    struct sl_view *view;
    struct sl_metadata metadata;
    struct outline outline;
};

/* Is it there? Once the page is begun no status can be told, so this comes before. */
static enum sl_result find_session(
    struct http_call *call, struct session *session, struct sl_err *err)
{
    struct sl_store *store = call->app->store;
    enum sl_result result = param_moment(call->request, &session->moment, err);
    if (result == SL_OK)
        result = sl_view_open(store, api_id(call), session->moment, &session->view, err);
    if (result == SL_OK) result = sl_share_info(store, api_id(call), &session->info, err);
    return result;
}

/* The long part: one pass over the session's keys and messages. */
static enum sl_result read_session(struct session *session, struct sl_err *err)
{
    enum sl_result result = sl_view_metadata(session->view, &session->metadata, err);
    if (result == SL_OK) result = outline_make(session->view, NULL, &session->outline, err);
    return result;
}

static bool begin(struct http_call *call, const struct session *session, const struct facts *facts)
{
    struct buf title = {0}, line = {0};
    facts_title(&session->metadata, &title);
    facts_description(facts, &line);
    struct frame frame = {.class = "share",
        .title = buf_span(&title),
        .description = buf_span(&line),
        .share = call->id,
        .sequence = session->metadata.sequence,
        .last = facts->last,
        .at = session->moment.kind == SL_NOW ? 0 : session->metadata.sequence,
        .updated_ms = session->metadata.updated_ms,
        .is_session = true};
    bool ok = frame_begin(call, 200, &frame);
    buf_fini(&title);
    buf_fini(&line);
    return ok;
}

static enum sl_result put_messages(
    struct page *page, const struct outline *outline, struct sl_err *err)
{
    struct message_reader reader = {.outline = outline};
    if (!put(page, "<div class=\"messages\" id=\"messages\">\n")) return SL_STOPPED;
    for (size_t i = 0; i < outline->count; i++) {
        if (outline->messages[i].undone) continue;
        enum sl_result result = message_put(page, &reader, i, err);
        if (result != SL_OK) return result;
    }
    enum sl_result result = sections_put_undone(page, &reader, err);
    if (result != SL_OK) return result;
    return put(page, "</div>\n") ? SL_OK : SL_STOPPED;
}

void page_share(struct http_call *call)
{
    struct session session = {0};
    struct sl_err err = {0};
    struct page page = {.reply = call->reply, .store = call->app->store, .share = call->id};
    enum sl_result result = find_session(call, &session, &err);
    if (result == SL_OK && !frame_open(call)) result = SL_STOPPED;
    if (result == SL_OK) result = read_session(&session, &err);
    struct facts facts = {.outline = &session.outline,
        .metadata = &session.metadata,
        .last = session.info.sequence,
        .base = call->request->base};
    if (session.moment.kind != SL_NOW) page.at = session.metadata.sequence;
    if (result == SL_OK && !begin(call, &session, &facts)) result = SL_STOPPED;
    if (result == SL_OK) result = facts_put(&page, &facts, &err);
    if (result == SL_OK) result = turns_put(&page, &session.outline, &err);
    /* What fills the first screen goes out before the rest is made. */
    if (result == SL_OK && !http_flush(page.reply)) result = SL_STOPPED;
    if (result == SL_OK) result = put_messages(&page, &session.outline, &err);
    if (result == SL_OK) result = sections_put_diff(&page, &session.outline, &err);
    if (result == SL_OK) result = sections_put_other(&page, &session.outline, &err);
    if (result == SL_OK)
        frame_end(call);
    else
        found_fail(call, result, &err);
    outline_fini(&session.outline);
    sl_view_close(session.view);
}
