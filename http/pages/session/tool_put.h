#ifndef SHARELOG_HTTP_PAGES_SESSION_TOOL_PUT_H
#define SHARELOG_HTTP_PAGES_SESSION_TOOL_PUT_H

/* One call of a tool, and what the views of tools are written with. Each returns false once the
   client is gone. */

#include "http/pages/session/put.h"

struct tool {
    struct sl_span name, status, title, input, output, metadata, error, attachments;
    struct sl_span start, end;
    struct sl_span raw;      /* the input as far as it had come, of a pending call */
    const char *output_path; /* where in the item `output` is */
    const char *metadata_path;
    bool newer; /* of a newer client: `content` is the output */
};

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

/* The view of a tool that is not known, and of a known one whose input isn't what it takes: input,
   output and metadata as they are. */
bool tool_any(struct page *page, const struct tool *tool);

#endif
