#ifndef SHARELOG_HTTP_PAGES_SESSION_TOOL_READ_H
#define SHARELOG_HTTP_PAGES_SESSION_TOOL_READ_H

/* Tools that look: into files, for files, at the web. */

#include "http/pages/session/tool_put.h"

bool tool_read(struct page *page, const struct tool *tool);
bool tool_search(struct page *page, const struct tool *tool); /* grep, glob, list */
bool tool_web(struct page *page, const struct tool *tool);    /* webfetch, websearch */

#endif
