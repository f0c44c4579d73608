/* Tools that change files, and the shell. */

#include "http/pages/session/tool_edit.h"

#include "http/pages/session/diffs.h"
#include "http/pages/session/pretty.h"
#include "http/pages/text/cut.h"
#include "http/pages/value.h"

#include <stdio.h>

/* ---- bash ---- */

bool tool_bash(struct page *page, const struct tool *tool)
{
    static const char *const names[] = {"command", "description", "workdir", "timeout"};
    struct sl_span v[4], none = {0};
    value_pick(tool->input, 4, names, v);
    /* While it runs its output so far is in the metadata. */
    bool so_far = !value_is_some(tool->output);
    struct sl_span output = so_far ? value_at(tool->metadata, "output") : tool->output;
    struct sl_span exit = value_at(tool->metadata, "exit");
    if (value_is_some(v[1]) &&
        !(put(page, "<p class=\"description\">") && put_value(page, v[1]) && put(page, "</p>\n")))
        return false;
    if (!tool_put_arguments(page, tool, names + 2, 2) ||
        !tool_put_code(page, v[0], "bash", none, "state.input.command") ||
        !tool_put_terminal(page, output, so_far ? "state.metadata.output" : tool->output_path))
        return false;
    if (!value_is_some(output) && value_is(tool->status, "completed") &&
        !put(page, "<p class=\"none\">No output.</p>\n"))
        return false;
    if (!value_is_some(exit) || (exit.len == 1 && *exit.ptr == '0')) return true;
    return put(page, "<p class=\"exit\">Exit code ") && put_value(page, exit) &&
           put(page, "</p>\n");
}

/* ---- files ---- */

/* What the tool itself says it changed; false, with *shown unset, when it doesn't. */
static bool put_changed(
    struct page *page, const struct tool *tool, struct sl_span file, bool *shown)
{
    static const char *const names[] = {"filediff", "diff", "files"};
    struct sl_span v[3];
    char path[64];
    value_pick(tool->metadata, 3, names, v);
    struct sl_span patch = value_at(v[0], "patch");
    *shown = true;
    if (value_count(v[2])) {
        snprintf(path, sizeof(path), "%s.files", tool->metadata_path);
        return diffs_put_list(page, v[2], "Changed", path);
    }
    if (value_is_text(patch)) {
        snprintf(path, sizeof(path), "%s.filediff.patch", tool->metadata_path);
        return diffs_put_patch(page, patch, file, path);
    }
    if (value_is_text(v[1])) {
        snprintf(path, sizeof(path), "%s.diff", tool->metadata_path);
        return diffs_put_patch(page, v[1], file, path);
    }
    *shown = false;
    return true;
}

static bool put_pair(struct page *page, struct sl_span input, struct sl_span file, const char *base)
{
    static const char *const names[] = {"oldString", "newString"};
    struct sl_span v[2];
    char path[64];
    value_pick(input, 2, names, v);
    snprintf(path, sizeof(path), "%s.newString", base);
    if (!value_is_string(v[0]) && !value_is_string(v[1])) return pretty_put(page, input, base);
    return diffs_put_texts(page, v[0], v[1], file, path);
}

/* Complaints of the language servers: {file: [{message, severity, range}]}. Empty almost always. */
static bool put_diagnostics(struct page *page, const struct tool *tool)
{
    struct sl_span diagnostics = value_at(tool->metadata, "diagnostics");
    if (!value_is_some(diagnostics)) return true;
    return put(page, "<details class=\"diagnostics\"><summary>Diagnostics</summary>\n") &&
           pretty_put(page, diagnostics, "state.metadata.diagnostics") && put(page, "</details>\n");
}

bool tool_edit(struct page *page, const struct tool *tool)
{
    static const char *const names[] = {"replaceAll"};
    struct sl_span file = value_at(tool->input, "filePath");
    bool shown;
    return put_changed(page, tool, file, &shown) &&
           (shown || put_pair(page, tool->input, file, "state.input")) &&
           tool_put_arguments(page, tool, names, 1) && put_diagnostics(page, tool) &&
           tool_put_note(page, tool);
}

bool tool_multiedit(struct page *page, const struct tool *tool)
{
    struct sl_span file = value_at(tool->input, "filePath"), edit;
    struct sl_span rest = value_at(tool->input, "edits");
    char path[64];
    bool shown;
    if (!put_changed(page, tool, file, &shown)) return false;
    if (!shown && !value_is_kind(rest, JSON_ARRAY)) return tool_any(page, tool);
    for (size_t i = 0; !shown && i < 100 && json_next(&rest, &edit); i++) {
        snprintf(path, sizeof(path), "state.input.edits.%zu", i);
        if (!put_pair(page, edit, file, path)) return false;
    }
    return put_diagnostics(page, tool) && tool_put_note(page, tool);
}

bool tool_write(struct page *page, const struct tool *tool)
{
    static const char *const names[] = {"filePath", "content"};
    struct sl_span v[2];
    bool shown;
    value_pick(tool->input, 2, names, v);
    return put_changed(page, tool, v[0], &shown) &&
           (shown || tool_put_code(page, v[1], NULL, v[0], "state.input.content")) &&
           put_diagnostics(page, tool) && tool_put_note(page, tool);
}

bool tool_patch(struct page *page, const struct tool *tool)
{
    struct sl_span patch = value_at(tool->input, "patchText"), none = {0};
    bool shown;
    return put_changed(page, tool, none, &shown) &&
           (shown || diffs_put_patch(page, patch, none, "state.input.patchText")) &&
           put_diagnostics(page, tool) && tool_put_note(page, tool);
}
