/* Tools that look: into files, for files, at the web. */

#include "http/pages/session/tool_read.h"

#include "http/pages/session/part_text.h"
#include "http/pages/text/cut.h"
#include "http/pages/value.h"

#include <stdio.h>
#include <strings.h>

/* The tool wraps a file's text for the model; beside it, it keeps the text as it is. */
bool tool_read(struct page *page, const struct tool *tool)
{
    static const char *const names[] = {"offset", "limit"};
    struct sl_span file = value_at(tool->input, "filePath");
    struct sl_span display = value_at(tool->metadata, "display");
    struct sl_span text = value_at(display, "text");
    char path[64];
    if (!tool_put_arguments(page, tool, names, 2)) return false;
    if (!value_is_text(text)) return tool_put_output(page, tool);
    snprintf(path, sizeof(path), "%s.display.text", tool->metadata_path);
    return tool_put_code(page, text, NULL, file, path);
}

bool tool_search(struct page *page, const struct tool *tool)
{
    static const char *const names[] = {"pattern", "path", "include", "ignore"};
    static const char *const counts[] = {"matches", "count"};
    struct sl_span v[2];
    value_pick(tool->metadata, 2, counts, v);
    struct sl_span found = value_first(v, 2);
    bool cut = value_is_true(value_at(tool->metadata, "truncated"));
    if (!tool_put_arguments(page, tool, names, 4)) return false;
    if (value_is_some(found) &&
        !(put(page, "<p class=\"count\">") && put_value(page, found) && put(page, " found") &&
            put(page, cut ? ", the tool cut its output" : "") && put(page, "</p>\n")))
        return false;
    return tool_put_output(page, tool);
}

/* Only what leads to the web is a link. */
static bool put_link(struct page *page, struct sl_span url)
{
    struct sl_span raw;
    bool web = value_is_string(url) && json_string_raw(url, &raw) && raw.len < 2000 &&
               !memchr(raw.ptr, '\\', raw.len) &&
               ((raw.len > 7 && strncasecmp(raw.ptr, "http://", 7) == 0) ||
                   (raw.len > 8 && strncasecmp(raw.ptr, "https://", 8) == 0));
    if (!web) return put_span(page, "url", url);
    return put(page, "<a class=\"url\" rel=\"noopener noreferrer nofollow\" href=\"") &&
           put_attribute(page, raw) && put(page, "\">") && put_value(page, url) &&
           put(page, "</a> ");
}

bool tool_web(struct page *page, const struct tool *tool)
{
    static const char *const names[] = {"query", "format", "numResults", "type", "livecrawl"};
    struct sl_span url = value_at(tool->input, "url");
    struct sl_span format = value_at(tool->input, "format");
    if (value_is_some(url) &&
        !(put(page, "<p class=\"address\">") && put_link(page, url) && put(page, "</p>\n")))
        return false;
    if (!tool_put_arguments(page, tool, names, 5)) return false;
    bool prose =
        !value_is(format, "html") && value_is_text(tool->output) && tool->output.len < CUT_BYTES;
    if (!prose) return tool_put_output(page, tool);
    return put(page, "<div class=\"prose fetched\">\n") &&
           part_put_prose(page, tool->output, tool->output_path) && put(page, "</div>\n");
}
