/* Tools by which the model minds its work: tasks, to-do lists, questions, skills. */

#include "http/pages/session/tool_agent.h"

#include "http/pages/session/part_text.h"
#include "http/pages/session/pretty.h"
#include "http/pages/text/cut.h"
#include "http/pages/text/markdown.h"
#include "http/pages/value.h"

#include <stdio.h>
#include <stdlib.h>

#define LIST_MAX 500 /* elements of a list */

/* ---- task ---- */

/* The session that the task ran in, if it is shared here. */
static bool put_child(struct page *page, struct sl_span session)
{
    char share[SL_SHARE_ID_BYTES + 1];
    struct buf id = {0};
    if (!value_is_text(session)) return true;
    bool shared = session.len <= SL_SESSION_ID_BYTES && html_decode(session, &id) &&
                  sl_session_share(page->store, buf_span(&id), share, NULL) == SL_OK;
    buf_fini(&id);
    if (!put(page, "<p class=\"child\">")) return false;
    if (shared)
        return http_print(page->reply, "<a href=\"/share/%s\">Its session</a></p>\n", share);
    return put(page, "Session <code>") && put_value(page, session) && put(page, "</code></p>\n");
}

/* The answer without the element that it is wrapped in for the model. */
static struct sl_span unwrapped(struct sl_span text)
{
    static const char open[] = "<task_result>", close[] = "</task_result>";
    const char *from = text.len ? memmem(text.ptr, text.len, open, sizeof(open) - 1) : NULL;
    if (!from) return text;
    from += sizeof(open) - 1;
    size_t left = (size_t)(text.ptr + text.len - from);
    const char *to = memmem(from, left, close, sizeof(close) - 1);
    return (struct sl_span){from, to ? (size_t)(to - from) : left};
}

static bool put_answer(struct page *page, const struct tool *tool)
{
    struct buf text = {0};
    struct cut cut;
    if (!value_is_some(tool->output)) return true;
    if (!value_is_string(tool->output)) return tool_put_output(page, tool);
    bool ok = cut_decode(tool->output, CUT_PROSE_LINES, CUT_PROSE_BYTES, &text, &cut) &&
              put(page, "<div class=\"prose answer\">\n") &&
              markdown_write(page->reply, unwrapped(buf_span(&text))) && put(page, "</div>\n") &&
              put_cut_note(page, &cut, tool->output_path);
    buf_fini(&text);
    return ok;
}

bool tool_task(struct page *page, const struct tool *tool)
{
    static const char *const names[] = {"subagent_type", "command"};
    struct sl_span prompt = value_at(tool->input, "prompt");
    struct sl_span session = value_at(tool->metadata, "sessionId");
    if (!session.len) session = value_at(tool->metadata, "sessionID");
    return tool_put_arguments(page, tool, names, 2) && put_child(page, session) &&
           (!value_is_some(prompt) ||
               (put(page, "<details class=\"prose prompt\"><summary>Prompt</summary>\n") &&
                   part_put_prose(page, prompt, "state.input.prompt") &&
                   put(page, "</details>\n"))) &&
           put_answer(page, tool);
}

/* ---- to-do lists ---- */

static const char *mark_of(struct sl_span status)
{
    static const char *const marks[][2] = {
        {"completed", "<li class=\"todo completed\"><span class=\"mark\">✓</span> "},
        {"in_progress", "<li class=\"todo in_progress\"><span class=\"mark\">●</span> "},
        {"cancelled", "<li class=\"todo cancelled\"><span class=\"mark\">×</span> "},
        {"pending", "<li class=\"todo pending\"><span class=\"mark\">○</span> "},
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (value_is(status, marks[i][0])) return marks[i][1];
    return "<li class=\"todo\"><span class=\"mark\">?</span> ";
}

static bool put_todo(struct page *page, struct sl_span todo)
{
    static const char *const names[] = {"content", "status", "priority"};
    struct sl_span v[3];
    value_pick(todo, 3, names, v);
    bool known = value_is_some(v[0]);
    return put(page, mark_of(v[1])) && put_value(page, known ? v[0] : todo) && put(page, " ") &&
           put_span(page, "todo-status", v[1]) && put_span(page, "priority", v[2]) &&
           put(page, "</li>\n");
}

bool tool_todo(struct page *page, const struct tool *tool)
{
    struct sl_span rest = value_at(tool->input, "todos"), todo;
    if (!value_is_some(rest)) rest = value_at(tool->metadata, "todos");
    if (!value_is_kind(rest, JSON_ARRAY)) return tool_any(page, tool);
    if (!put(page, "<ul class=\"todos\">\n")) return false;
    for (size_t i = 0; i < LIST_MAX && json_next(&rest, &todo); i++)
        if (!put_todo(page, todo)) return false;
    return put(page, "</ul>\n");
}

/* ---- questions ---- */

static bool put_options(struct page *page, struct sl_span options)
{
    struct sl_span rest = options, option;
    if (!value_is_some(options)) return true;
    if (!value_is_kind(options, JSON_ARRAY)) return pretty_put(page, options, NULL);
    if (!put(page, "<ul class=\"options\">\n")) return false;
    for (size_t i = 0; i < LIST_MAX && json_next(&rest, &option); i++) {
        struct sl_span label = value_at(option, "label");
        if (!(put(page, "<li>") && put_value(page, value_is_some(label) ? label : option) &&
                put(page, " ") && put_span(page, "description", value_at(option, "description")) &&
                put(page, "</li>\n")))
            return false;
    }
    return put(page, "</ul>\n");
}

static bool put_question(struct page *page, struct sl_span question, struct sl_span answer)
{
    static const char *const names[] = {"header", "question", "options"};
    struct sl_span v[3];
    value_pick(question, 3, names, v);
    if (!value_is_some(v[1])) return pretty_put(page, question, NULL);
    return put(page, "<div class=\"question\"><p>") && put_span(page, "header", v[0]) &&
           put_value(page, v[1]) && put(page, "</p>\n") && put_options(page, v[2]) &&
           (!value_is_some(answer) || (put(page, "<p class=\"reply\">Answered: ") &&
                                          put_value(page, answer) && put(page, "</p>\n"))) &&
           put(page, "</div>\n");
}

bool tool_question(struct page *page, const struct tool *tool)
{
    struct sl_span rest = value_at(tool->input, "questions"), question;
    struct sl_span answers = value_at(tool->metadata, "answers");
    char index[24];
    if (!value_is_kind(rest, JSON_ARRAY)) return tool_any(page, tool);
    for (size_t i = 0; i < LIST_MAX && json_next(&rest, &question); i++) {
        snprintf(index, sizeof(index), "%zu", i);
        struct sl_span answer = value_at(answers, index);
        struct sl_span only = value_count(answer) == 1 ? value_at(answer, "0") : answer;
        if (!put_question(page, question, only)) return false;
    }
    return tool_put_note(page, tool);
}

/* ---- skills ---- */

bool tool_skill(struct page *page, const struct tool *tool)
{
    static const char *const names[] = {"name"};
    return tool_put_arguments(page, tool, names, 1) && put_answer(page, tool);
}
