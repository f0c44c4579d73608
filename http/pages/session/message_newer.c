/* Messages of the newer generation, whose content is in themselves. */

#include "http/pages/session/message_newer.h"

#include "http/pages/session/attachment.h"
#include "http/pages/session/part_text.h"
#include "http/pages/session/pretty.h"
#include "http/pages/session/tool.h"
#include "http/pages/session/tool_put.h"
#include "http/pages/value.h"

#include <stdio.h>

bool message_newer_meta(struct page *page, struct sl_span data)
{
    static const char *const names[] = {"agent", "model", "finish", "time"};
    struct sl_span v[4];
    value_pick(data, 4, names, v);
    bool usual = value_is(v[2], "stop") || value_is(v[2], "tool-calls");
    return put_span(page, "provider", value_at(v[1], "providerID")) &&
           put_span(page, "agent", v[0]) && put_span(page, "variant", value_at(v[1], "variant")) &&
           (usual || put_span(page, "finish", v[2])) &&
           put_time_value(page, value_at(v[3], "created")) &&
           put_took_values(page, value_at(v[3], "created"), value_at(v[3], "completed"));
}

/* The ids of the elements need not be unique in a session: theirs are made of the message's. */
static struct sl_span element_id(struct sl_span id, size_t index, struct buf *made)
{
    char number[24];
    int n = snprintf(number, sizeof(number), "-%zu", index);
    buf_clear(made);
    buf_add_span(made, id);
    buf_add(made, number, (size_t)n);
    return buf_span(made);
}

static bool put_element(struct page *page, struct sl_span id, struct sl_span element)
{
    static const char *const names[] = {"type", "text", "time"};
    struct sl_span v[3];
    value_pick(element, 3, names, v);
    if (value_is(v[0], "text") && v[1].len) return part_put_text(page, id, v[1], "text");
    if (value_is(v[0], "reasoning") && v[1].len)
        return part_put_thought(
            page, id, v[1], value_at(v[2], "created"), value_at(v[2], "completed"), "text");
    if (value_is(v[0], "tool")) return tool_put_element(page, id, element);
    return put(page, "<details class=\"part unknown\" id=\"") && put_id(page, id) &&
           put(page, "\"><summary>Part ") && put_span(page, "part-type", v[0]) &&
           put(page, "</summary>\n") && pretty_put(page, element, NULL) &&
           put(page, "</details>\n");
}

static bool put_content(struct page *page, struct sl_span id, struct sl_span content)
{
    struct sl_span rest = content, element;
    struct buf made = {0};
    size_t front = strlen(page->front);
    bool ok = true;
    if (!value_is_some(content)) return true;
    if (!value_is_kind(content, JSON_ARRAY)) return pretty_put(page, content, "content");
    for (size_t i = 0; ok && json_next(&rest, &element); i++) {
        snprintf(page->front + front, sizeof(page->front) - front, "content.%zu.", i);
        ok = put_element(page, element_id(id, i, &made), element);
    }
    page->front[front] = 0;
    buf_fini(&made);
    return ok;
}

static bool put_agents(struct page *page, struct sl_span agents)
{
    struct sl_span rest = agents, agent;
    if (!value_is_some(agents)) return true;
    if (!value_is_kind(agents, JSON_ARRAY)) return pretty_put(page, agents, "agents");
    while (json_next(&rest, &agent)) {
        struct sl_span name = value_at(agent, "name");
        if (!(put(page, "<p class=\"part agent\">Agent <span class=\"name\">@") &&
                put_value(page, name.len ? name : agent) && put(page, "</span></p>\n")))
            return false;
    }
    return true;
}

static bool put_shell(struct page *page, struct sl_span data)
{
    struct sl_span none = {0};
    return tool_put_code(page, value_at(data, "command"), "bash", none, "command") &&
           tool_put_terminal(page, value_at(data, "output"), "output");
}

static bool put_assistant(struct page *page, struct sl_span id, struct sl_span data)
{
    static const char *const names[] = {"content", "tokens", "cost", "error", "time", "snapshot"};
    struct sl_span v[6];
    value_pick(data, 6, names, v);
    struct sl_span files = value_at(v[5], "files"), file;
    if (!put_content(page, id, v[0])) return false;
    if (value_is_kind(files, JSON_ARRAY) && value_is_some(files)) {
        if (!put(page, "<details class=\"part patch\"><summary>Changed files</summary>\n"
                       "<ul class=\"files\">\n"))
            return false;
        while (json_next(&files, &file))
            if (!(put(page, "<li>") && put_value(page, file) && put(page, "</li>\n"))) return false;
        if (!put(page, "</ul>\n</details>\n")) return false;
    }
    if (value_is_some(v[3]) && !part_put_error(page, v[3], "error.message")) return false;
    if ((value_is_some(v[1]) || value_is_some(v[2])) &&
        !(put(page, "<p class=\"totals\">") && part_put_tokens(page, v[1], v[2]) &&
            put(page, "</p>\n")))
        return false;
    bool ended = value_is_some(value_at(v[4], "completed")) || value_is_some(v[3]);
    return ended || put(page, "<p class=\"unfinished\">No end was recorded.</p>\n");
}

static bool put_compaction(struct page *page, struct sl_span data)
{
    static const char *const names[] = {"reason", "summary", "recent"};
    struct sl_span v[3];
    value_pick(data, 3, names, v);
    return put(page, "<p class=\"part compaction\"><span>The context was compacted ") &&
           put_span(page, "reason", v[0]) && put(page, "</span></p>\n") &&
           (!value_is_some(v[1]) || part_put_prose(page, v[1], "summary")) &&
           (!value_is_some(v[2]) ||
               (put(page, "<details class=\"recent\"><summary>What was kept</summary>\n") &&
                   part_put_prose(page, v[2], "recent") && put(page, "</details>\n")));
}

static bool put_user(struct page *page, struct sl_span id, struct sl_span data)
{
    static const char *const names[] = {"text", "files", "agents"};
    struct sl_span v[3];
    struct buf made = {0};
    value_pick(data, 3, names, v);
    bool ok = (!v[0].len || part_put_text(page, element_id(id, 0, &made), v[0], "text")) &&
              attachment_put_all(page, v[1], "files") && put_agents(page, v[2]);
    buf_fini(&made);
    return ok;
}

bool message_newer_body(struct page *page, struct sl_span id, struct sl_span data)
{
    struct sl_span type = value_at(data, "type"), text = value_at(data, "text");
    if (value_is(type, "assistant")) return put_assistant(page, id, data);
    if (value_is(type, "user")) return put_user(page, id, data);
    if (value_is(type, "shell") && value_at(data, "command").len) return put_shell(page, data);
    if (value_is(type, "compaction")) return put_compaction(page, data);
    if ((value_is(type, "synthetic") || value_is(type, "system")) && text.len)
        return put(page, "<details class=\"part text synthetic\"><summary>") &&
               put_value(page, type) && put(page, "</summary>\n") &&
               part_put_prose(page, text, "text") && put(page, "</details>\n");
    if (value_is(type, "agent-switched") && value_at(data, "agent").len)
        return put(page, "<p class=\"part agent\">Agent <span class=\"name\">@") &&
               put_value(page, value_at(data, "agent")) && put(page, "</span></p>\n");
    if (value_is(type, "model-switched") && value_at(data, "model").len)
        return put(page, "<p class=\"part model\">Model ") &&
               put_span(page, "provider", value_at(data, "model.providerID")) &&
               put_value(page, value_at(data, "model.id")) && put(page, "</p>\n");
    return pretty_put(page, data, NULL);
}
