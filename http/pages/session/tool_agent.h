#ifndef SHARELOG_HTTP_PAGES_SESSION_TOOL_AGENT_H
#define SHARELOG_HTTP_PAGES_SESSION_TOOL_AGENT_H

/* Tools by which the model minds its work: tasks, to-do lists, questions, skills. */

#include "http/pages/session/tool_put.h"

bool tool_task(struct page *page, const struct tool *tool);
bool tool_todo(struct page *page, const struct tool *tool);
bool tool_question(struct page *page, const struct tool *tool);
bool tool_skill(struct page *page, const struct tool *tool);

#endif
