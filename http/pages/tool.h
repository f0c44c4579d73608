#ifndef SHARELOG_HTTP_PAGES_TOOL_H
#define SHARELOG_HTTP_PAGES_TOOL_H

/* A tool's call: a frame that all share, and a view for each tool that is known. A call whose input
   isn't what its tool takes is shown as one of an unknown tool, by its JSON. */

#include "http/pages/page.h"

struct tool {
    struct sl_span name, status, title, input, output, metadata, error, attachments;
    struct sl_span start, end;
    struct sl_span raw;      /* the input as far as it had come, of a pending call */
    const char *output_path; /* where in the item `output` is */
    const char *metadata_path;
    bool newer; /* of a newer client: `content` is the output */
};

/* A part of a message. */
bool tool_put_part(struct page *page, struct sl_span id, struct sl_span data);
/* An element of a newer message's content. */
bool tool_put_element(struct page *page, struct sl_span id, struct sl_span data);

/* ---- what the views share ---- */

/* A string as preformatted code of a language (NULL: that of the file name), cut. */
bool tool_put_code(struct page *page, struct sl_span text, const char *language,
    struct sl_span file, const char *field);
/* The output as plain text, as terminal output, or as Markdown; cut. JSON where it is no string.
 */
bool tool_put_output(struct page *page, const struct tool *tool);
bool tool_put_terminal(struct page *page, struct sl_span text, const char *field);
/* The output where it only says that all went well: in a line. */
bool tool_put_note(struct page *page, const struct tool *tool);
/* `<p class="arguments">` of some of the input's members. */
bool tool_put_arguments(
    struct page *page, const struct tool *tool, const char *const names[], size_t count);

/* ---- the views ---- */
bool tool_bash(struct page *page, const struct tool *tool);
bool tool_edit(struct page *page, const struct tool *tool);
bool tool_multiedit(struct page *page, const struct tool *tool);
bool tool_write(struct page *page, const struct tool *tool);
bool tool_patch(struct page *page, const struct tool *tool);
bool tool_read(struct page *page, const struct tool *tool);
bool tool_search(struct page *page, const struct tool *tool); /* grep, glob, list */
bool tool_web(struct page *page, const struct tool *tool);    /* webfetch, websearch */
bool tool_task(struct page *page, const struct tool *tool);
bool tool_todo(struct page *page, const struct tool *tool);
bool tool_question(struct page *page, const struct tool *tool);
bool tool_skill(struct page *page, const struct tool *tool);
bool tool_any(struct page *page, const struct tool *tool);

#endif
