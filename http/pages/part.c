/* One part of a message. */

#include "http/pages/part.h"

#include "http/pages/attachment.h"
#include "http/pages/cut.h"
#include "http/pages/markdown.h"
#include "http/pages/pretty.h"
#include "http/pages/tool.h"
#include "http/pages/value.h"

#include <stdio.h>

static bool open_part(struct page *page, const char *tag, const char *class, struct sl_span id)
{
    return put(page, "<") && put(page, tag) && put(page, " class=\"part ") && put(page, class) &&
           put(page, "\" id=\"") && put_id(page, id) && put(page, "\">");
}

/* ---- what texts are made of ---- */

bool part_put_prose(struct page *page, struct sl_span text, const char *field)
{
    struct buf plain = {0};
    struct cut cut;
    if (!value_is_string(text)) return pretty_put(page, text, field);
    bool ok = cut_decode(text, CUT_PROSE_LINES, CUT_PROSE_BYTES, &plain, &cut) &&
              markdown_write(page->reply, buf_span(&plain)) && cut_put_note(page, &cut, field);
    buf_fini(&plain);
    return ok;
}

/* A text that is sent when it begins and when it ends, and whose end never came, is empty: nothing
   is said of whether it still will. */
static bool put_prose_or_none(struct page *page, struct sl_span text, const char *field)
{
    if (value_is_string(text) && text.len <= 2)
        return put(page, "<p class=\"none\">No text arrived.</p>\n");
    return part_put_prose(page, text, field);
}

bool part_put_text(struct page *page, struct sl_span id, struct sl_span text, const char *field)
{
    return open_part(page, "div", "text", id) && put(page, "\n") &&
           put_prose_or_none(page, text, field) && put(page, "</div>\n");
}

bool part_put_thought(struct page *page, struct sl_span id, struct sl_span text,
    struct sl_span start, struct sl_span end, const char *field)
{
    char took[48];
    uint64_t from = value_u64(start), to = value_u64(end);
    took_text(to > from ? to - from : 0, took);
    return open_part(page, "details", "reasoning", id) && put(page, "<summary>") &&
           (from && to >= from ? put(page, "Thought for ") && put(page, took)
                               : put(page, "Thought")) &&
           put(page, "</summary>\n") && put_prose_or_none(page, text, field) &&
           put(page, "</details>\n");
}

static bool put_amount(struct page *page, struct sl_span value, const char *what, bool *first)
{
    uint64_t number = value_u64(value);
    if (!number) return true;
    bool ok = (*first || put(page, " · ")) && put_count(page, number) && put(page, what);
    *first = false;
    return ok;
}

bool part_put_tokens(struct page *page, struct sl_span tokens, struct sl_span cost)
{
    static const char *const names[] = {"input", "output", "reasoning", "cache"};
    struct sl_span values[4];
    bool first = true;
    double dollars = 0;
    value_pick(tokens, 4, names, values);
    if (!put(page, "<span class=\"tokens\">") || !put_amount(page, values[0], " in", &first) ||
        !put_amount(page, values[1], " out", &first) ||
        !put_amount(page, values[2], " reasoning", &first) ||
        !put_amount(page, value_at(values[3], "read"), " read from cache", &first) ||
        !put_amount(page, value_at(values[3], "write"), " written to cache", &first))
        return false;
    if (first && !put(page, "no tokens")) return false;
    if (!put(page, "</span> ")) return false;
    if (!value_number(cost, &dollars)) return put_span(page, "cost", cost);
    return dollars == 0 || http_print(page->reply, "<span class=\"cost\">$%.4f</span> ", dollars);
}

bool part_put_error(struct page *page, struct sl_span error, const char *field)
{
    struct sl_span message = value_at(error, "data.message");
    struct sl_span name = value_at(error, "name");
    if (!value_is_some(message)) message = value_at(error, "message");
    if (!value_is_some(name)) name = value_at(error, "type");
    bool aborted = value_is(name, "MessageAbortedError");
    if (!put(page, aborted ? "<div class=\"error aborted\">\n" : "<div class=\"error\">\n"))
        return false;
    bool known = value_is_text(name) || value_is_text(message);
    if (value_is_text(name) &&
        !(put(page, "<p class=\"error-name\">") && put_value(page, name) && put(page, "</p>\n")))
        return false;
    if (value_is_text(message) && !pretty_put(page, message, field)) return false;
    struct sl_span more = value_at(error, "data.responseBody");
    if (!known || value_is_some(more)) {
        if (!put(page, known ? "<details><summary>More</summary>\n" : "") ||
            !pretty_put(page, error, field) || !put(page, known ? "</details>\n" : ""))
            return false;
    }
    return put(page, "</div>\n");
}

/* ---- the kinds ---- */

struct part {
    struct sl_span id, data;
};

static bool show_anything(struct page *page, const struct part *part)
{
    return open_part(page, "details", "unknown", part->id) && put(page, "<summary>Part ") &&
           put_span(page, "part-type", value_at(part->data, "type")) && put(page, "</summary>\n") &&
           pretty_put(page, part->data, NULL) && put(page, "</details>\n");
}

static bool show_text(struct page *page, const struct part *part)
{
    static const char *const names[] = {"text", "synthetic", "ignored"};
    struct sl_span values[3];
    value_pick(part->data, 3, names, values);
    bool synthetic = value_is_true(values[1]), ignored = value_is_true(values[2]);
    if (!values[0].len) return show_anything(page, part);
    if (!synthetic && !ignored) return part_put_text(page, part->id, values[0], "text");
    /* not written by who it seems to be from, or not read by the model: said, and folded */
    return open_part(page, "details", synthetic ? "text synthetic" : "text ignored", part->id) &&
           put(page, synthetic ? "<summary>Added by opencode" : "<summary>Not sent to the model") &&
           put(page, synthetic && ignored ? ", not sent to the model" : "") &&
           put(page, "</summary>\n") && pretty_put(page, values[0], "text") &&
           put(page, "</details>\n");
}

static bool show_reasoning(struct page *page, const struct part *part)
{
    static const char *const names[] = {"text", "time"};
    struct sl_span values[2];
    value_pick(part->data, 2, names, values);
    if (!values[0].len) return show_anything(page, part);
    return part_put_thought(page, part->id, values[0], value_at(values[1], "start"),
        value_at(values[1], "end"), "text");
}

static bool show_file(struct page *page, const struct part *part)
{
    return open_part(page, "div", "file", part->id) && attachment_put(page, part->data, "") &&
           put(page, "</div>\n");
}

static bool show_tool(struct page *page, const struct part *part)
{
    return tool_put_part(page, part->id, part->data);
}

static bool show_step_start(struct page *page, const struct part *part)
{
    return open_part(page, "p", "step-start", part->id) && put(page, "Step ") &&
           put_hash(page, value_at(part->data, "snapshot")) && put(page, "</p>\n");
}

static bool show_step_finish(struct page *page, const struct part *part)
{
    static const char *const names[] = {"reason", "tokens", "cost", "snapshot"};
    struct sl_span values[4];
    value_pick(part->data, 4, names, values);
    return open_part(page, "p", "step-finish", part->id) && put(page, "Step ended ") &&
           put_span(page, "reason", values[0]) && part_put_tokens(page, values[1], values[2]) &&
           put_hash(page, values[3]) && put(page, "</p>\n");
}

static bool show_patch(struct page *page, const struct part *part)
{
    struct sl_span files = value_at(part->data, "files"), rest = files, file;
    size_t count = value_count(files), shown = 0;
    if (!value_is_kind(files, JSON_ARRAY)) return show_anything(page, part);
    if (!(open_part(page, "details", "patch", part->id) &&
            http_print(page->reply, "<summary>Changed %zu file%s</summary>\n<ul class=\"files\">\n",
                count, count == 1 ? "" : "s")))
        return false;
    while (shown++ < CUT_LINES && json_next(&rest, &file))
        if (!(put(page, "<li>") && put_value(page, file) && put(page, "</li>\n"))) return false;
    if (count > CUT_LINES &&
        !(put(page, "<li>… ") && put_count(page, count - CUT_LINES) && put(page, " more</li>\n")))
        return false;
    return put(page, "</ul>\n<p>") && put_hash(page, value_at(part->data, "hash")) &&
           put(page, "</p></details>\n");
}

static bool show_agent(struct page *page, const struct part *part)
{
    struct sl_span name = value_at(part->data, "name");
    if (!value_is_some(name)) return show_anything(page, part);
    return open_part(page, "p", "agent", part->id) && put(page, "Agent <span class=\"name\">@") &&
           put_value(page, name) && put(page, "</span></p>\n");
}

static bool show_subtask(struct page *page, const struct part *part)
{
    static const char *const names[] = {"agent", "description", "command", "prompt", "model"};
    struct sl_span v[5];
    value_pick(part->data, 5, names, v);
    if (!v[1].len && !v[3].len) return show_anything(page, part);
    return open_part(page, "details", "prose subtask", part->id) &&
           put(page, "<summary>Subtask ") && put_span(page, "name", v[0]) &&
           put_span(page, "description", v[1]) && put_span(page, "command", v[2]) &&
           put_span(page, "model", value_at(v[4], "modelID")) && put(page, "</summary>\n") &&
           part_put_prose(page, v[3], "prompt") && put(page, "</details>\n");
}

static bool show_compaction(struct page *page, const struct part *part)
{
    static const char *const names[] = {"auto", "overflow"};
    struct sl_span v[2];
    value_pick(part->data, 2, names, v);
    return open_part(page, "p", "compaction", part->id) &&
           put(page, "<span>The context was compacted") &&
           put(page, value_is_true(v[0]) ? " by itself" : "") &&
           put(page, value_is_true(v[1]) ? ", it was full" : "") && put(page, "</span></p>\n");
}

static bool show_retry(struct page *page, const struct part *part)
{
    static const char *const names[] = {"attempt", "error", "time"};
    struct sl_span v[3];
    value_pick(part->data, 3, names, v);
    return open_part(page, "div", "retry", part->id) && put(page, "<p>Tried again ") &&
           put_span(page, "attempt", v[0]) && put_time_value(page, value_at(v[2], "created")) &&
           put(page, "</p>\n") &&
           (!value_is_some(v[1]) || part_put_error(page, v[1], "error.data.message")) &&
           put(page, "</div>\n");
}

static bool show_snapshot(struct page *page, const struct part *part)
{
    return open_part(page, "p", "snapshot", part->id) && put(page, "Snapshot ") &&
           put_hash(page, value_at(part->data, "snapshot")) && put(page, "</p>\n");
}

static const struct {
    const char *type;
    bool (*show)(struct page *page, const struct part *part);
} kinds[] = {
    {"text", show_text},
    {"tool", show_tool},
    {"reasoning", show_reasoning},
    {"step-start", show_step_start},
    {"step-finish", show_step_finish},
    {"patch", show_patch},
    {"file", show_file},
    {"agent", show_agent},
    {"subtask", show_subtask},
    {"compaction", show_compaction},
    {"retry", show_retry},
    {"snapshot", show_snapshot},
};

static bool show(struct page *page, const struct part *part)
{
    struct sl_span type = value_at(part->data, "type");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (value_is(type, kinds[i].type)) return kinds[i].show(page, part);
    return show_anything(page, part);
}

bool part_write(struct page *page, struct sl_span id, struct sl_span data, bool undone)
{
    struct part part = {id, data};
    page->front[0] = 0;
    if (!undone) return show(page, &part);
    return put(page, "<details class=\"undone-part\"><summary>Undone</summary>\n") &&
           show(page, &part) && put(page, "</details>\n");
}
