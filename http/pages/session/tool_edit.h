#ifndef SHARELOG_HTTP_PAGES_SESSION_TOOL_EDIT_H
#define SHARELOG_HTTP_PAGES_SESSION_TOOL_EDIT_H

/* Tools that change something: a shell's commands, edits, whole files, patches. */

#include "http/pages/session/tool_put.h"

bool tool_bash(struct page *page, const struct tool *tool);
bool tool_edit(struct page *page, const struct tool *tool);
bool tool_multiedit(struct page *page, const struct tool *tool);
bool tool_write(struct page *page, const struct tool *tool);
bool tool_patch(struct page *page, const struct tool *tool);

#endif
