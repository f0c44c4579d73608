/* A tool's call: which view it has, and the frame that all share. */

#include "http/pages/session/tool.h"

#include "http/pages/session/attachment.h"
#include "http/pages/session/part_text.h"
#include "http/pages/session/pretty.h"
#include "http/pages/session/tool_agent.h"
#include "http/pages/session/tool_edit.h"
#include "http/pages/session/tool_put.h"
#include "http/pages/session/tool_read.h"
#include "http/pages/value.h"

#include <stdio.h>

/* What is known of the tools. `about` is the member of the input that says what a call is about; a
 * view shows nothing without it. */
static const struct known {
    const char *name, *about;
    bool open; /* shown unfolded: what changes something, or was asked for by the reader */
    bool (*show)(struct page *page, const struct tool *tool);
} known[] = {
    {"bash", "command", true, tool_bash},
    {"shell", "command", true, tool_bash},
    {"edit", "filePath", true, tool_edit},
    {"multiedit", "filePath", true, tool_multiedit},
    {"write", "filePath", true, tool_write},
    {"patch", "patchText", true, tool_patch},
    {"apply_patch", "patchText", true, tool_patch},
    {"read", "filePath", false, tool_read},
    {"grep", "pattern", false, tool_search},
    {"glob", "pattern", false, tool_search},
    {"list", "path", false, tool_search},
    {"ls", "path", false, tool_search},
    {"webfetch", "url", false, tool_web},
    {"websearch", "query", false, tool_web},
    {"codesearch", "query", false, tool_web},
    {"task", "description", true, tool_task},
    {"todowrite", "todos", true, tool_todo},
    {"todoread", NULL, false, tool_todo},
    {"question", "questions", true, tool_question},
    {"skill", "name", false, tool_skill},
};

static const struct known unknown = {"other", NULL, false, tool_any};

static const struct known *known_of(struct sl_span name)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (value_is(name, known[i].name)) return &known[i];
    return &unknown;
}

static const char *status_of(struct sl_span status)
{
    static const char *const names[] = {"pending", "running", "completed", "error"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (value_is(status, names[i])) return names[i];
    return "unclear";
}

/* ---- the frame ---- */

static bool put_title(struct page *page, const struct tool *tool, const struct known *view)
{
    struct sl_span about = view->about ? value_at(tool->input, view->about) : tool->error;
    bool titled = value_is_some(tool->title) || (view->about && value_is_text(about));
    if (!titled) return true;
    return put_span(page, "tool-title", value_is_some(tool->title) ? tool->title : about);
}

static bool put_summary(struct page *page, const struct tool *tool, const struct known *view)
{
    return put(page, "<summary><span class=\"tool-name\">") &&
           (value_is_some(tool->name) ? put_value(page, tool->name) : put(page, "tool")) &&
           put(page, "</span> ") && put_title(page, tool, view) &&
           put(page, "<span class=\"tool-status\">") &&
           (value_is_some(tool->status) ? put_value(page, tool->status) : put(page, "no status")) &&
           put(page, "</span> ") && put_took_values(page, tool->start, tool->end) &&
           put_time_value(page, tool->start) && put(page, "</summary>\n");
}

static bool put_error(struct page *page, const struct tool *tool)
{
    if (!value_is_some(tool->error)) return true;
    if (value_is_kind(tool->error, JSON_OBJECT))
        return part_put_error(page, tool->error, "state.error");
    return put(page, "<div class=\"error\">\n") && pretty_put(page, tool->error, "state.error") &&
           put(page, "</div>\n");
}

static bool put_body(struct page *page, const struct tool *tool, const struct known *view)
{
    bool fits = !view->about || value_is_some(value_at(tool->input, view->about));
    bool bare = !value_is_some(tool->input) && !value_is_some(tool->output);
    if (bare && value_is_some(tool->raw)) /* its input is still being written */
        return tool_put_code(page, tool->raw, "json", (struct sl_span){0}, "state.raw");
    if (bare && !value_is_some(tool->metadata) && !value_is_some(tool->error))
        return put(page, "<p class=\"none\">Nothing was given to it yet.</p>\n");
    return (fits ? view->show : tool_any)(page, tool);
}

static bool put_call(struct page *page, struct sl_span id, const struct tool *tool)
{
    const struct known *view = known_of(tool->name);
    const char *status = status_of(tool->status);
    bool open = view->open || strcmp(status, "error") == 0 || strcmp(status, "running") == 0;
    return put(page, "<details class=\"part tool tool-") && put(page, view->name) &&
           put(page, " ") && put(page, status) && put(page, "\" id=\"") && put_id(page, id) &&
           put(page, open ? "\" open>\n" : "\">\n") && put_summary(page, tool, view) &&
           put(page, "<div class=\"tool-body\">\n") && put_body(page, tool, view) &&
           put_error(page, tool) &&
           attachment_put_all(page, tool->attachments, "state.attachments") &&
           put(page, "<p class=\"raw\"><a href=\"") && put_item_url(page, NULL) &&
           put(page, "\">JSON</a></p>\n</div></details>\n");
}

static struct tool state_of(struct sl_span state)
{
    static const char *const names[] = {"status", "title", "input", "output", "metadata", "error",
        "attachments", "time", "raw", "structured", "content"};
    struct sl_span v[11];
    value_pick(state, 11, names, v);
    return (struct tool){.status = v[0],
        .title = v[1],
        .input = v[2],
        .output = v[3],
        .metadata = v[4].len ? v[4] : v[9],
        .error = v[5],
        .attachments = v[6],
        .start = value_at(v[7], "start"),
        .end = value_at(v[7], "end"),
        .raw = v[8],
        .output_path = "state.output",
        .metadata_path = v[4].len ? "state.metadata" : "state.structured"};
}

static bool put_odd(struct page *page, struct sl_span id, struct sl_span data)
{
    return put(page, "<details class=\"part unknown\" id=\"") && put_id(page, id) &&
           put(page, "\"><summary>Tool</summary>\n") && pretty_put(page, data, NULL) &&
           put(page, "</details>\n");
}

bool tool_put_part(struct page *page, struct sl_span id, struct sl_span data)
{
    static const char *const names[] = {"tool", "state"};
    struct sl_span v[2];
    value_pick(data, 2, names, v);
    if (!value_is_kind(v[1], JSON_OBJECT)) return put_odd(page, id, data);
    struct tool tool = state_of(v[1]);
    tool.name = v[0];
    return put_call(page, id, &tool);
}

bool tool_put_element(struct page *page, struct sl_span id, struct sl_span data)
{
    static const char *const names[] = {"name", "state", "time"};
    struct sl_span v[3], content, first;
    value_pick(data, 3, names, v);
    if (!value_is_kind(v[1], JSON_OBJECT)) return put_odd(page, id, data);
    struct tool tool = state_of(v[1]);
    tool.newer = true;
    tool.name = v[0];
    tool.start = value_at(v[2], "ran").len ? value_at(v[2], "ran") : value_at(v[2], "created");
    tool.end = value_at(v[2], "completed");
    content = value_at(v[1], "content");
    first = value_at(content, "0.text");
    /* one text is the output; more of them, or files, are shown as what they are */
    if (value_count(content) == 1 && value_is_string(first)) {
        tool.output = first;
        tool.output_path = "state.content.0.text";
    } else {
        tool.output = content;
        tool.output_path = "state.content";
    }
    if (value_is_string(tool.input)) { /* pending: the text so far */
        tool.raw = tool.input;
        tool.input = (struct sl_span){0};
    }
    return put_call(page, id, &tool);
}
