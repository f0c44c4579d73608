/* One part of a message. A part without what makes it one of its kind is shown as its JSON. */

#include "http/pages/session/message_part.h"

#include "http/pages/session/attachment.h"
#include "http/pages/session/part_text.h"
#include "http/pages/session/pretty.h"
#include "http/pages/session/tool.h"
#include "http/pages/text/cut.h"
#include "http/pages/value.h"

#include <stdio.h>

/* ---- the kinds ---- */

struct part {
    struct sl_span id, data;
};

static bool show_anything(struct page *page, const struct part *part)
{
    return part_open(page, "details", "unknown", part->id) && put(page, "<summary>Part ") &&
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
    return part_open(page, "details", synthetic ? "text synthetic" : "text ignored", part->id) &&
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
    return part_open(page, "div", "file", part->id) && attachment_put(page, part->data, "") &&
           put(page, "</div>\n");
}

static bool show_tool(struct page *page, const struct part *part)
{
    return tool_put_part(page, part->id, part->data);
}

static bool show_step_start(struct page *page, const struct part *part)
{
    return part_open(page, "p", "step-start", part->id) && put(page, "Step ") &&
           put_hash(page, value_at(part->data, "snapshot")) && put(page, "</p>\n");
}

static bool show_step_finish(struct page *page, const struct part *part)
{
    static const char *const names[] = {"reason", "tokens", "cost", "snapshot"};
    struct sl_span values[4];
    value_pick(part->data, 4, names, values);
    return part_open(page, "p", "step-finish", part->id) && put(page, "Step ended ") &&
           put_span(page, "reason", values[0]) && part_put_tokens(page, values[1], values[2]) &&
           put_hash(page, values[3]) && put(page, "</p>\n");
}

static bool show_patch(struct page *page, const struct part *part)
{
    struct sl_span files = value_at(part->data, "files"), rest = files, file;
    size_t count = value_count(files), shown = 0;
    if (!value_is_kind(files, JSON_ARRAY)) return show_anything(page, part);
    if (!(part_open(page, "details", "patch", part->id) &&
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
    return part_open(page, "p", "agent", part->id) && put(page, "Agent <span class=\"name\">@") &&
           put_value(page, name) && put(page, "</span></p>\n");
}

static bool show_subtask(struct page *page, const struct part *part)
{
    static const char *const names[] = {"agent", "description", "command", "prompt", "model"};
    struct sl_span v[5];
    value_pick(part->data, 5, names, v);
    if (!v[1].len && !v[3].len) return show_anything(page, part);
    return part_open(page, "details", "prose subtask", part->id) &&
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
    return part_open(page, "p", "compaction", part->id) &&
           put(page, "<span>The context was compacted") &&
           put(page, value_is_true(v[0]) ? " by itself" : "") &&
           put(page, value_is_true(v[1]) ? ", it was full" : "") && put(page, "</span></p>\n");
}

static bool show_retry(struct page *page, const struct part *part)
{
    static const char *const names[] = {"attempt", "error", "time"};
    struct sl_span v[3];
    value_pick(part->data, 3, names, v);
    return part_open(page, "div", "retry", part->id) && put(page, "<p>Tried again ") &&
           put_span(page, "attempt", v[0]) && put_time_value(page, value_at(v[2], "created")) &&
           put(page, "</p>\n") &&
           (!value_is_some(v[1]) || part_put_error(page, v[1], "error.data.message")) &&
           put(page, "</div>\n");
}

static bool show_snapshot(struct page *page, const struct part *part)
{
    return part_open(page, "p", "snapshot", part->id) && put(page, "Snapshot ") &&
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
