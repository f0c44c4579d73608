/* A session to read from top to bottom. */

#include "http/pages/export/transcript.h"

#include "core/base/buf.h"
#include "http/pages/export/transcript_part.h"
#include "http/pages/figure.h"
#include "http/pages/session/message.h"
#include "http/pages/session/outline.h"
#include "http/pages/text/html.h"
#include "http/pages/value.h"

#include <inttypes.h>

/* ---- the head ---- */

static bool write_fact(struct transcript *transcript, const char *name, struct sl_span value)
{
    if (!value_is_some(value)) return true;
    return http_print(transcript->reply, "- %s: ", name) && transcript_line(transcript, value) &&
           http_print(transcript->reply, "\n");
}

static bool write_time_fact(struct transcript *transcript, const char *name, uint64_t ms)
{
    char text[FIGURE_BYTES];
    return !ms || http_print(transcript->reply, "- %s: %s UTC\n", name, figure_time(ms, text));
}

static bool write_title(struct transcript *transcript, const struct sl_metadata *m)
{
    struct http_reply *reply = transcript->reply;
    if (!http_print(reply, "# ")) return false;
    if (value_is_text(m->title)) return transcript_line(transcript, m->title);
    return prose_line(reply, transcript->how, m->session_id);
}

static bool write_head(struct transcript *transcript, const struct outline *outline,
    const struct sl_metadata *m, struct sl_span session, struct sl_span link)
{
    struct http_reply *reply = transcript->reply;
    const struct outline_totals *totals = &outline->totals;
    const struct outline_spent *spent = &totals->spent;
    char a[FIGURE_BYTES], b[FIGURE_BYTES], c[FIGURE_BYTES];
    return write_title(transcript, m) && http_print(reply, "\n\n") &&
           write_fact(transcript, "Directory", m->directory) &&
           write_fact(transcript, "opencode", value_at(session, "version")) &&
           http_print(reply, "- Session: ") && prose_line(reply, transcript->how, m->session_id) &&
           http_print(reply, "\n- Link: ") && prose_lines(reply, link, "") &&
           write_time_fact(transcript, "Shared", m->created_ms) &&
           write_time_fact(transcript, "Updated", m->updated_ms) &&
           http_print(reply, "- Holds: %s messages, %s parts; %s events so far\n",
               figure_count(m->messages, a), figure_count(m->parts, b),
               figure_count(m->sequence, c)) &&
           (spent->input + spent->output <= 0 ||
               http_print(reply, "- Tokens: %.0f in, %.0f out, %.0f cache read\n", spent->input,
                   spent->output, spent->cache_read)) &&
           (spent->cost <= 0 || http_print(reply, "- Cost: $%.4f\n", spent->cost)) &&
           http_print(reply, outline->count ? "\n" : "\nNothing has been said here yet.\n\n");
}

/* ---- messages ---- */

static bool write_who(struct transcript *transcript, struct sl_span data)
{
    const struct sl_span roles[] = {value_at(data, "role"), value_at(data, "type")};
    struct sl_span role = value_first(roles, 2);
    if (!data.len) return http_print(transcript->reply, "A message that never came");
    if (value_is(role, "user")) return http_print(transcript->reply, "You");
    if (value_is(role, "assistant")) return http_print(transcript->reply, "Assistant");
    return role.len ? transcript_line(transcript, role) : http_print(transcript->reply, "Message");
}

/* "Assistant · model · agent · 2025-11-22 18:04:11.123 UTC · 4.2 s (undone)" */
static bool write_message_head(struct transcript *transcript, struct sl_span data, bool undone)
{
    struct http_reply *reply = transcript->reply;
    char text[FIGURE_BYTES];
    const struct sl_span models[] = {
        value_at(data, "modelID"), value_at(data, "model.modelID"), value_at(data, "model.id")};
    struct sl_span model = value_first(models, 3), agent = value_at(data, "agent");
    bool user =
        value_is(value_at(data, "role"), "user") || value_is(value_at(data, "type"), "user");
    if (user) model = agent = (struct sl_span){"", 0}; /* the answers name them */
    uint64_t created = value_u64(value_at(data, "time.created"));
    uint64_t completed = value_u64(value_at(data, "time.completed"));
    return http_print(reply, transcript->how == PROSE_MARKDOWN ? "---\n\n## " : "\n== ") &&
           write_who(transcript, data) &&
           (!value_is_some(model) ||
               (http_print(reply, " · ") && transcript_line(transcript, model))) &&
           (!value_is_some(agent) ||
               (http_print(reply, " · ") && transcript_line(transcript, agent))) &&
           (!created || http_print(reply, " · %s UTC", figure_time(created, text))) &&
           (!created || completed < created ||
               http_print(reply, " · %s", figure_span(completed - created, text))) &&
           http_print(reply, undone ? " (undone)\n\n" : "\n\n");
}

/* The files that a turn changed. */
static bool write_diffs(struct transcript *transcript, struct sl_span diffs)
{
    struct http_reply *reply = transcript->reply;
    struct sl_span rest = diffs, diff;
    bool any = false;
    if (!value_is_some(diffs)) return true;
    if (!value_is_kind(diffs, JSON_ARRAY)) return transcript_json(transcript, diffs);
    for (; json_next(&rest, &diff); any = true)
        if (!http_print(reply, any ? "- " : "Changed files:\n\n- ") ||
            !transcript_line(transcript, value_at(diff, "file")) ||
            !http_print(reply, " +%" PRIu64 " -%" PRIu64 "\n",
                value_u64(value_at(diff, "additions")), value_u64(value_at(diff, "deletions"))))
            return false;
    return http_print(reply, "\n");
}

/* What stands behind a message's parts. */
static bool write_message_end(struct transcript *transcript, struct sl_span data)
{
    return transcript_error(transcript, value_at(data, "error")) &&
           write_diffs(transcript, value_at(data, "summary.diffs"));
}

/* A message of the newer generation holds its own content. */
static bool write_newer(struct transcript *transcript, struct sl_span data)
{
    static const char *const files[] = {"files", "agents"};
    struct sl_span content = value_at(data, "content"), rest, value;
    const struct sl_span all[] = {value_at(data, "text"), content, value_at(data, "command"),
        value_at(data, "output"), value_at(data, "summary"), value_at(data, "recent")};
    if (!value_first(all, 6).len && !value_is_some(value_at(data, "error")))
        return transcript_json(transcript, data);
    if (!transcript_prose(transcript, all[0])) return false;
    if (value_is_some(content) && !value_is_kind(content, JSON_ARRAY) &&
        !transcript_block(transcript, content, ""))
        return false;
    for (rest = content; value_is_kind(content, JSON_ARRAY) && json_next(&rest, &value);)
        if (!transcript_part(transcript, value)) return false;
    for (size_t i = 0; i < 2; i++) {
        struct sl_span list = value_at(data, files[i]);
        for (rest = list; value_is_kind(list, JSON_ARRAY) && json_next(&rest, &value);)
            if (!transcript_part(transcript, value)) return false;
    }
    return transcript_block(transcript, all[2], "sh") && transcript_block(transcript, all[3], "") &&
           transcript_prose(transcript, all[4]) && transcript_prose(transcript, all[5]) &&
           transcript_tokens(transcript, value_at(data, "tokens"), value_at(data, "cost")) &&
           transcript_error(transcript, value_at(data, "error"));
}

static enum sl_result write_parts(struct transcript *transcript, struct sl_view *view,
    const struct outline_message *message, struct sl_err *err)
{
    for (uint32_t i = 0; i < message->count; i++) {
        struct sl_view_item item;
        enum sl_result result = sl_view_item(view, SL_BY_KEY, message->first + i, &item, err);
        if (result != SL_OK) return result;
        if (!transcript_part(transcript, item.data)) return SL_STOPPED;
    }
    return SL_OK;
}

static enum sl_result write_message(struct transcript *transcript, struct message_reader *reader,
    const struct outline_message *message, struct sl_err *err)
{
    struct sl_view *view = reader->outline->view;
    struct sl_span data;
    enum sl_result result = message_data(reader, message, &data, err);
    if (result != SL_OK) return result;
    if (!write_message_head(transcript, data, message->undone)) return SL_STOPPED;
    /* The newer generation has a type where the older one has a role. */
    bool newer = data.len && !value_at(data, "role").len && value_is_string(value_at(data, "type"));
    if (newer && !write_newer(transcript, data)) return SL_STOPPED;
    result = write_parts(transcript, view, message, err);
    if (result != SL_OK || newer || message->item == OUTLINE_NONE) return result;
    result = message_data(reader, message, &data, err); /* reading the parts took it away */
    if (result != SL_OK) return result;
    return write_message_end(transcript, data) ? SL_OK : SL_STOPPED;
}

/* ---- what else there is ---- */

static bool write_other(struct transcript *transcript, const struct sl_view_item *item)
{
    struct http_reply *reply = transcript->reply;
    return http_print(reply, transcript->how == PROSE_MARKDOWN ? "---\n\n## " : "\n== ") &&
           prose_line(reply, transcript->how, item->key) && http_print(reply, "\n\n") &&
           transcript_json(transcript, item->data);
}

static enum sl_result write_others(struct transcript *transcript, struct sl_view *view,
    const struct outline *outline, struct sl_err *err)
{
    struct sl_view_item item;
    bool is_other;
    size_t count = 0;
    enum sl_result counted = outline->others ? sl_view_items(view, &count, err) : SL_OK;
    if (counted != SL_OK) return counted;
    for (size_t i = 0; i < count; i++) {
        enum sl_result result = outline_look(view, i, &item, &is_other, err);
        if (result == SL_OK && !is_other) continue;
        if (result == SL_OK) result = sl_view_item(view, SL_BY_KEY, i, &item, err);
        if (result != SL_OK) return result;
        if (!write_other(transcript, &item)) return SL_STOPPED;
    }
    return SL_OK;
}

/* ---- all of it ---- */

static enum sl_result write_session(struct transcript *transcript, const struct outline *outline,
    struct sl_span link, struct sl_err *err)
{
    struct sl_view_item item = {0};
    struct sl_metadata metadata;
    enum sl_result result = sl_view_metadata(outline->view, &metadata, err);
    if (result == SL_OK && outline->session != OUTLINE_NONE)
        result = sl_view_item(outline->view, SL_BY_KEY, outline->session, &item, err);
    if (result == SL_OK && !write_head(transcript, outline, &metadata, item.data, link))
        result = SL_STOPPED;
    return result;
}

enum sl_result transcript_write(struct http_reply *reply, enum prose how, struct sl_view *view,
    struct sl_span link, struct sl_err *err)
{
    struct buf text = {0};
    struct outline outline = {0};
    struct transcript transcript = {reply, how, &text};
    struct message_reader reader = {.outline = &outline};
    struct sl_view_item item;
    enum sl_result result = outline_make(view, NULL, &outline, err);
    if (result == SL_OK) result = write_session(&transcript, &outline, link, err);
    for (size_t i = 0; result == SL_OK && i < outline.count; i++)
        result = write_message(&transcript, &reader, &outline.messages[i], err);
    if (result == SL_OK && outline.diff != OUTLINE_NONE) {
        result = sl_view_item(view, SL_BY_KEY, outline.diff, &item, err);
        if (result == SL_OK && !write_diffs(&transcript, item.data)) result = SL_STOPPED;
    }
    if (result == SL_OK) result = write_others(&transcript, view, &outline, err);
    outline_fini(&outline);
    buf_fini(&text);
    return result;
}
