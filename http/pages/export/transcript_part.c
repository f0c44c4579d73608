/* One part of a message, as text. What no view knows is there as its JSON, so that nothing is lost.
 */

#include "http/pages/export/transcript_part.h"

#include "core/base/buf.h"
#include "http/pages/figure.h"
#include "http/pages/text/html.h"
#include "http/pages/text/spread.h"
#include "http/pages/value.h"

/* ---- values ---- */

/* A string decoded, or anything else as JSON of several lines. */
static struct sl_span text_of(struct transcript *transcript, struct sl_span value)
{
    struct buf *text = transcript->text;
    buf_clear(text);
    if (!value_is_string(value))
        spread_add(text, value, SPREAD_JSON);
    else if (!html_decode(value, text))
        return value;
    return text->failed ? value : buf_span(text);
}

bool transcript_json(struct transcript *transcript, struct sl_span value)
{
    struct buf *text = transcript->text;
    buf_clear(text);
    spread_add(text, value, SPREAD_JSON);
    return prose_block(
               transcript->reply, transcript->how, text->failed ? value : buf_span(text), "json") &&
           http_print(transcript->reply, "\n");
}

bool transcript_prose(struct transcript *transcript, struct sl_span value)
{
    if (!value.len) return true;
    if (!value_is_string(value)) return transcript_json(transcript, value);
    if (value.len == 2) return true;
    return prose_write(transcript->reply, transcript->how, text_of(transcript, value)) &&
           http_print(transcript->reply, "\n");
}

bool transcript_line(struct transcript *transcript, struct sl_span value)
{
    if (!value.len) return true;
    return prose_line(transcript->reply, transcript->how,
        value_is_string(value) ? text_of(transcript, value) : value);
}

static bool transcript_quote(struct transcript *transcript, struct sl_span value)
{
    if (!value_is_some(value)) return true;
    return prose_lines(transcript->reply, text_of(transcript, value),
               transcript->how == PROSE_MARKDOWN ? "> " : "  | ") &&
           http_print(transcript->reply, "\n");
}

bool transcript_block(struct transcript *transcript, struct sl_span value, const char *info)
{
    if (!value_is_some(value)) return true;
    if (!value_is_string(value)) return transcript_json(transcript, value);
    return prose_block(transcript->reply, transcript->how, text_of(transcript, value), info) &&
           http_print(transcript->reply, "\n");
}

/* A line of its own that begins with words of this program. */
static bool note(struct transcript *transcript, const char *before, struct sl_span value)
{
    bool markdown = transcript->how == PROSE_MARKDOWN;
    return http_print(transcript->reply, markdown ? "*%s*" : "(%s)", before) &&
           (!value.len ||
               (http_print(transcript->reply, " ") && transcript_line(transcript, value))) &&
           http_print(transcript->reply, "\n\n");
}

/* ---- errors and sums ---- */

bool transcript_error(struct transcript *transcript, struct sl_span error)
{
    if (!value_is_some(error)) return true;
    bool markdown = transcript->how == PROSE_MARKDOWN;
    const struct sl_span messages[] = {value_at(error, "data.message"), value_at(error, "message"),
        value_is_string(error) ? error : (struct sl_span){"", 0}};
    const struct sl_span names[] = {value_at(error, "name"), value_at(error, "type")};
    struct sl_span message = value_first(messages, 3), name = value_first(names, 2);
    if (!http_print(transcript->reply, markdown ? "**Error:** " : "Error: ")) return false;
    if (!message.len && !name.len)
        return http_print(transcript->reply, "\n\n") && transcript_json(transcript, error);
    return transcript_line(transcript, name) && http_print(transcript->reply, "\n\n") &&
           transcript_quote(transcript, message);
}

bool transcript_tokens(struct transcript *transcript, struct sl_span tokens, struct sl_span cost)
{
    static const struct {
        const char *path, *name;
    } sums[] = {{"input", "in"}, {"output", "out"}, {"reasoning", "reasoning"},
        {"cache.read", "cache read"}, {"cache.write", "cache write"}};
    struct http_reply *reply = transcript->reply;
    char text[FIGURE_BYTES];
    double dollars = 0;
    bool any = false;
    for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++) {
        uint64_t count = value_u64(value_at(tokens, sums[i].path));
        if (!count) continue;
        if (!http_print(reply, "%s%s %s", any ? " · " : "Tokens: ", figure_count(count, text),
                sums[i].name))
            return false;
        any = true;
    }
    if (value_number(cost, &dollars) && dollars > 0) {
        if (!http_print(reply, "%s$%.4f", any ? " · " : "Cost: ", dollars)) return false;
        any = true;
    }
    return !any || http_print(reply, "\n\n");
}

/* ---- tools ---- */

static bool is_short(struct sl_span value)
{
    return !value_is_string(value) ? value.len <= 80
                                   : value.len <= 120 && !memmem(value.ptr, value.len, "\\n", 2);
}

/* Each input by its name: a short one in its line, a long one as a block. */
static bool write_input(struct transcript *transcript, struct sl_span input)
{
    struct sl_span rest = input, name, value;
    struct http_reply *reply = transcript->reply;
    if (!value_is_some(input)) return true;
    if (!value_is_kind(input, JSON_OBJECT)) return transcript_block(transcript, input, "");
    while (json_next_member(&rest, &name, &value)) {
        struct sl_span quoted = {name.ptr - 1, name.len + 2}; /* a member's name is a JSON string */
        bool line = is_short(value);
        if (!http_print(reply, "- ") || !transcript_line(transcript, quoted) ||
            !http_print(reply, line ? ": " : ":\n\n") ||
            !(line ? transcript_line(transcript, value)
                   : transcript_block(transcript, value, "")) ||
            (line && !http_print(reply, "\n")))
            return false;
    }
    return http_print(reply, "\n");
}

/* A newer client's: a list of what the tool gave back. */
static bool write_content(struct transcript *transcript, struct sl_span content)
{
    struct sl_span rest = content, element;
    if (!value_is_some(content)) return true;
    if (!value_is_kind(content, JSON_ARRAY)) return transcript_block(transcript, content, "");
    while (json_next(&rest, &element)) {
        struct sl_span text = value_at(element, "text");
        bool ok = value_is_string(text) ? transcript_block(transcript, text, "")
                                        : transcript_part(transcript, element);
        if (!ok) return false;
    }
    return true;
}

static bool write_took(struct transcript *transcript, struct sl_span state, struct sl_span time)
{
    char span[FIGURE_BYTES];
    uint64_t start = value_u64(value_at(state, "time.start"));
    uint64_t end = value_u64(value_at(state, "time.end"));
    if (!start) start = value_u64(value_at(time, "created"));
    if (!end) end = value_u64(value_at(time, "completed"));
    return !start || end < start ||
           http_print(transcript->reply, " · %s", figure_span(end - start, span));
}

static bool write_files(struct transcript *transcript, struct sl_span files)
{
    struct sl_span rest = files, file;
    if (!value_is_kind(files, JSON_ARRAY)) return true;
    while (json_next(&rest, &file))
        if (!transcript_part(transcript, file)) return false;
    return true;
}

static bool write_tool(struct transcript *transcript, struct sl_span part)
{
    struct http_reply *reply = transcript->reply;
    bool markdown = transcript->how == PROSE_MARKDOWN;
    struct sl_span state = value_at(part, "state"), status = value_at(state, "status");
    const struct sl_span names[] = {value_at(part, "tool"), value_at(part, "name")};
    struct sl_span name = value_first(names, 2);
    const struct sl_span outputs[] = {
        value_at(state, "output"), value_at(state, "metadata.output")};
    if (!name.len || !value_is_kind(state, JSON_OBJECT)) return transcript_json(transcript, part);
    return http_print(reply, markdown ? "**" : "[") && transcript_line(transcript, name) &&
           http_print(reply, markdown ? "**" : "]") &&
           (!status.len || (http_print(reply, " · ") && transcript_line(transcript, status))) &&
           (!value_is_some(value_at(state, "title")) ||
               (http_print(reply, " · ") &&
                   transcript_line(transcript, value_at(state, "title")))) &&
           write_took(transcript, state, value_at(part, "time")) && http_print(reply, "\n\n") &&
           write_input(transcript, value_at(state, "input")) &&
           transcript_block(transcript, value_at(state, "metadata.diff"), "diff") &&
           transcript_block(transcript, value_first(outputs, 2), "") &&
           write_content(transcript, value_at(state, "content")) &&
           transcript_error(transcript, value_at(state, "error")) &&
           write_files(transcript, value_at(state, "attachments"));
}

/* ---- parts ---- */

static bool write_text(struct transcript *transcript, struct sl_span part)
{
    bool aside = value_is_true(value_at(part, "synthetic"));
    bool ignored = value_is_true(value_at(part, "ignored"));
    const struct sl_span none = {"", 0};
    struct sl_span text = value_at(part, "text");
    if (!value_is_string(text)) return transcript_json(transcript, part);
    return (!aside || note(transcript, "added by opencode", none)) &&
           (!ignored || note(transcript, "not shown to the model", none)) &&
           transcript_prose(transcript, text);
}

static bool write_reasoning(struct transcript *transcript, struct sl_span part)
{
    struct sl_span text = value_at(part, "text");
    if (!value_is_string(text)) return transcript_json(transcript, part);
    if (!value_is_some(text)) return true;
    return note(transcript, "thought", (struct sl_span){"", 0}) &&
           transcript_quote(transcript, text);
}

/* What it holds is told by its size: a picture is no text. */
static bool write_file(struct transcript *transcript, struct sl_span part)
{
    char size[FIGURE_BYTES];
    struct http_reply *reply = transcript->reply;
    const struct sl_span names[] = {value_at(part, "filename"), value_at(part, "name")};
    const struct sl_span links[] = {value_at(part, "url"), value_at(part, "uri")};
    struct sl_span name = value_first(names, 2), url = value_first(links, 2);
    bool inside = url.len > 6 && memcmp(url.ptr, "\"data:", 6) == 0;
    if (!value_is_string(url)) return transcript_json(transcript, part);
    return http_print(reply, transcript->how == PROSE_MARKDOWN ? "*file* " : "(file) ") &&
           transcript_line(transcript, name) && (!name.len || http_print(reply, " · ")) &&
           transcript_line(transcript, value_at(part, "mime")) && http_print(reply, " · ") &&
           (inside ? http_print(reply, "%s here", figure_size(url.len - 2, size))
                   : transcript_line(transcript, url)) &&
           http_print(reply, "\n\n");
}

static bool write_patch(struct transcript *transcript, struct sl_span part)
{
    struct sl_span files = value_at(part, "files"), file;
    if (!value_is_kind(files, JSON_ARRAY)) return transcript_json(transcript, part);
    while (json_next(&files, &file))
        if (!note(transcript, "changed", file)) return false;
    return true;
}

static bool write_subtask(struct transcript *transcript, struct sl_span part)
{
    return note(transcript, "subtask", value_at(part, "agent")) &&
           transcript_prose(transcript, value_at(part, "description")) &&
           transcript_quote(transcript, value_at(part, "prompt")) &&
           transcript_block(transcript, value_at(part, "command"), "");
}

static bool write_agent(struct transcript *transcript, struct sl_span part)
{
    return note(transcript, "agent", value_at(part, "name"));
}

static bool write_compaction(struct transcript *transcript, struct sl_span part)
{
    (void)part;
    return note(transcript, "the context was compacted here", (struct sl_span){"", 0});
}

static bool write_retry(struct transcript *transcript, struct sl_span part)
{
    return note(transcript, "tried again", value_at(part, "attempt")) &&
           transcript_error(transcript, value_at(part, "error"));
}

static bool write_step_finish(struct transcript *transcript, struct sl_span part)
{
    return transcript_tokens(transcript, value_at(part, "tokens"), value_at(part, "cost"));
}

static bool write_snapshot(struct transcript *transcript, struct sl_span part)
{
    return note(transcript, "snapshot", value_at(part, "snapshot"));
}

static bool write_nothing(struct transcript *transcript, struct sl_span part)
{
    (void)transcript, (void)part;
    return true;
}

bool transcript_part(struct transcript *transcript, struct sl_span part)
{
    static const struct {
        const char *type;
        bool (*write)(struct transcript *transcript, struct sl_span part);
    } types[] = {{"text", write_text}, {"reasoning", write_reasoning}, {"tool", write_tool},
        {"file", write_file}, {"patch", write_patch}, {"subtask", write_subtask},
        {"agent", write_agent}, {"compaction", write_compaction}, {"retry", write_retry},
        {"step-start", write_nothing}, {"step-finish", write_step_finish},
        {"snapshot", write_snapshot}};
    struct sl_span type = value_at(part, "type");
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (value_is(type, types[i].type)) return types[i].write(transcript, part);
    if (!type.len && value_is_string(value_at(part, "uri"))) return write_file(transcript, part);
    return transcript_json(transcript, part);
}
