/* What the views of tools are written with. */

#include "http/pages/session/tool_put.h"

#include "http/pages/session/pretty.h"
#include "http/pages/text/ansi.h"
#include "http/pages/text/cut.h"
#include "http/pages/value.h"

/* An extension as the highlighter knows languages; it has aliases for the rest. */
static void language_of(struct sl_span file, char language[24])
{
    struct sl_span raw;
    language[0] = 0;
    if (!value_is_string(file) || !json_string_raw(file, &raw)) return;
    const char *dot = memrchr(raw.ptr, '.', raw.len);
    size_t len = dot ? (size_t)(raw.ptr + raw.len - dot) - 1 : 0;
    if (!len || len >= 24) return;
    for (size_t i = 0; i < len; i++) {
        char c = dot[1 + i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain) return;
    }
    memcpy(language, dot + 1, len);
    language[len] = 0;
}

bool tool_put_code(struct page *page, struct sl_span text, const char *language,
    struct sl_span file, const char *field)
{
    char named[24];
    struct buf plain = {0};
    struct cut cut;
    language_of(file, named);
    if (!language) language = named[0] ? named : "plaintext";
    if (!value_is_string(text)) return pretty_put(page, text, field);
    bool ok = cut_decode(text, CUT_LINES, CUT_BYTES, &plain, &cut) &&
              put(page, "<pre class=\"code\"><code class=\"language-") && put(page, language) &&
              put(page, "\">") && put_text(page, buf_span(&plain)) &&
              put(page, "</code></pre>\n") && put_cut_note(page, &cut, field);
    buf_fini(&plain);
    return ok;
}

bool tool_put_terminal(struct page *page, struct sl_span text, const char *field)
{
    struct buf plain = {0};
    struct cut cut;
    if (!value_is_some(text)) return true;
    if (!value_is_string(text)) return pretty_put(page, text, field);
    bool ok = cut_decode(text, CUT_LINES, CUT_BYTES, &plain, &cut) &&
              put(page, "<pre class=\"terminal\">") && ansi_write(page->reply, buf_span(&plain)) &&
              put(page, "</pre>\n") && put_cut_note(page, &cut, field);
    buf_fini(&plain);
    return ok;
}

bool tool_put_output(struct page *page, const struct tool *tool)
{
    return !value_is_some(tool->output) || pretty_put(page, tool->output, tool->output_path);
}

bool tool_put_note(struct page *page, const struct tool *tool)
{
    struct sl_span output = tool->output;
    if (!value_is_some(output)) return true;
    bool line =
        value_is_string(output) && output.len < 200 && !memmem(output.ptr, output.len, "\\n", 2);
    if (!line) return tool_put_output(page, tool);
    return put(page, "<p class=\"tool-note\">") && put_value(page, output) && put(page, "</p>\n");
}

bool tool_put_arguments(
    struct page *page, const struct tool *tool, const char *const names[], size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        struct sl_span value = value_at(tool->input, names[i]);
        if (!value_is_some(value)) continue;
        if (!put(page, any ? "" : "<p class=\"arguments\">") || !put(page, "<span>") ||
            !put(page, names[i]) || !put(page, " <code>") || !put_value(page, value) ||
            !put(page, "</code></span> "))
            return false;
        any = true;
    }
    return !any || put(page, "</p>\n");
}

bool tool_any(struct page *page, const struct tool *tool)
{
    struct buf text = {0};
    bool json = false;
    /* Many a tool's output is JSON in a string: then it is shown as such. */
    if (value_is_text(tool->output) && tool->output.len < CUT_BYTES &&
        html_decode(tool->output, &text) && text.len && (*text.ptr == '{' || *text.ptr == '['))
        json = json_check(buf_span(&text), JSON_DEPTH_CEILING, NULL) == SL_OK;
    bool ok =
        pretty_put_members(page, tool->input, "state.input") &&
        (json ? pretty_put(page, buf_span(&text), tool->output_path) : tool_put_output(page, tool));
    buf_fini(&text);
    if (!ok || !value_is_some(tool->metadata)) return ok;
    return put(page, "<details class=\"metadata\"><summary>Metadata</summary>\n") &&
           pretty_put(page, tool->metadata, tool->metadata_path) && put(page, "</details>\n");
}
