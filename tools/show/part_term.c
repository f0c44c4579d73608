/* Everything that a part holds is somebody else's text, and written by term_put. */

#include "tools/show/part_term.h"

#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#define INDENT "  "

static void put_field(struct sl_span object, const char *path, bool lines)
{
    struct buffer text = {0};
    if (field_text(object, path, &text)) term_put(buffer_span(&text), lines, INDENT);
    buffer_free(&text);
}

/* ---- messages ---- */

void message_put_head(struct sl_span message, bool undone)
{
    char when[WHEN_BYTES];
    bool user = field_is(message, "role", "user");
    uint64_t created = field_u64(message, "time.created");
    printf("%s%s── ", term_style(user ? TERM_CYAN : TERM_GREEN), term_style(TERM_BOLD));
    put_field(message, "role", false);
    if (!user && field(message, "modelID").len) {
        printf(" · ");
        put_field(message, "modelID", false);
    }
    if (created) printf(" · %s", when_local(created, when));
    printf(" ──%s%s\n", undone ? " (undone)" : "", term_style(TERM_PLAIN));
}

void message_put_error(struct sl_span message)
{
    struct sl_span error = field(message, "error");
    if (!error.len || json_kind_of(error) != JSON_OBJECT) return;
    printf(INDENT "%s", term_style(TERM_RED));
    put_field(error, "name", false);
    if (field(error, "data.message").len) printf(": ");
    put_field(error, "data.message", true);
    printf("%s\n", term_style(TERM_PLAIN));
}

/* ---- parts ---- */

static bool is_type(struct sl_span part, const char *type)
{
    return field_is(part, "type", type);
}

bool part_shows(struct sl_span part)
{
    struct sl_span text = field(part, "text");
    if (is_type(part, "text") || is_type(part, "reasoning")) return text.len > 2; /* "" has two */
    return !is_type(part, "step-start") && !is_type(part, "step-finish") &&
           !is_type(part, "snapshot");
}

static enum term_style style_of(struct sl_span part)
{
    bool aside = is_type(part, "reasoning") || field_true(part, "synthetic");
    return aside ? TERM_DIM : TERM_PLAIN;
}

/* "[completed] bash  Run the tests" */
static void put_tool(struct sl_span part)
{
    bool error = field_is(part, "state.status", "error");
    bool done = error || field_is(part, "state.status", "completed");
    printf(INDENT "%s[", term_style(error ? TERM_RED : done ? TERM_BLUE : TERM_YELLOW));
    put_field(part, "state.status", false);
    printf("] %s%s", term_style(TERM_PLAIN), term_style(TERM_BOLD));
    put_field(part, "tool", false);
    printf("%s  ", term_style(TERM_PLAIN));
    /* A title comes with the end; until then the input says what it is about. */
    static const char *const about[] = {"state.title", "state.input.description",
        "state.input.command", "state.input.filePath", "state.input.pattern", "state.input.url",
        "state.input.query"};
    for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
        struct sl_span value = field(part, about[i]);
        if (value.len <= 2 || json_kind_of(value) != JSON_STRING) continue;
        put_field(part, about[i], false);
        break;
    }
    putchar('\n');
    if (error) {
        printf(INDENT INDENT "%s", term_style(TERM_RED));
        put_field(part, "state.error", true);
        printf("%s\n", term_style(TERM_PLAIN));
    }
}

static void put_patch(struct sl_span part)
{
    struct sl_span rest = field_array(part, "files"), file;
    struct buffer name = {0};
    while (json_next(&rest, &file)) {
        name.len = 0;
        value_text(file, &name);
        printf(INDENT "%schanged ", term_style(TERM_DIM));
        term_put(buffer_span(&name), false, "");
        printf("%s\n", term_style(TERM_PLAIN));
    }
    buffer_free(&name);
}

/* The kinds that are one line: what stands before the field, and the field. */
static const struct {
    const char *type, *before, *path, *more;
} lines[] = {
    {"file", "file ", "filename", "mime"},
    {"agent", "agent @", "name", NULL},
    {"subtask", "subtask @", "agent", "description"},
    {"compaction", "the context was compacted", NULL, NULL},
    {"retry", "tried again: ", "error.data.message", NULL},
};

static void put_line(struct sl_span part)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!is_type(part, lines[i].type)) continue;
        printf(INDENT "%s%s", term_style(TERM_DIM), lines[i].before);
        if (lines[i].path) put_field(part, lines[i].path, false);
        if (lines[i].more) printf(" · ");
        if (lines[i].more) put_field(part, lines[i].more, false);
        printf("%s\n", term_style(TERM_PLAIN));
        return;
    }
    printf(INDENT "%s(", term_style(TERM_DIM));
    put_field(part, "type", false);
    printf(")%s\n", term_style(TERM_PLAIN));
}

static void put_text(struct sl_span part)
{
    printf("%s" INDENT, term_style(style_of(part)));
    put_field(part, "text", true);
    printf("%s\n", term_style(TERM_PLAIN));
}

void part_put(struct sl_span part)
{
    if (!part_shows(part)) return;
    if (is_type(part, "text") || is_type(part, "reasoning"))
        put_text(part);
    else if (is_type(part, "tool"))
        put_tool(part);
    else if (is_type(part, "patch"))
        put_patch(part);
    else
        put_line(part);
}

/* ---- what is new in one ---- */

/* Write what was appended to a text field; all of it when it was rewritten. False: nothing is new.
 */
static bool put_growth(
    struct sl_span old, struct sl_span part, const char *path, enum term_style style)
{
    struct buffer before = {0}, after = {0};
    bool had = old.len && field_text(old, path, &before);
    bool grown = field_text(part, path, &after) &&
                 !(had && sl_span_eq(buffer_span(&before), buffer_span(&after)));
    grown = grown && after.len;
    if (grown) {
        bool begins =
            had && before.len <= after.len && memcmp(before.ptr, after.ptr, before.len) == 0;
        size_t skip = begins ? before.len : 0;
        struct sl_span fresh = {buffer_c(&after) + skip, after.len - skip};
        while (fresh.len > 1 && fresh.ptr[fresh.len - 1] == '\n')
            fresh.len--;
        while (skip && fresh.len > 1 && *fresh.ptr == '\n') {
            fresh.ptr++;
            fresh.len--;
        }
        printf("%s" INDENT "%s", term_style(style),
            had && before.len && !begins ? "(rewritten) " : "");
        term_put(fresh, true, INDENT);
        printf("%s\n", term_style(TERM_PLAIN));
    }
    buffer_free(&before);
    buffer_free(&after);
    return grown;
}

static bool tool_changed(struct sl_span old, struct sl_span part)
{
    static const char *const paths[] = {"state.status", "state.title", "state.error"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (!old.len || !sl_span_eq(field(old, paths[i]), field(part, paths[i]))) return true;
    return false;
}

bool part_put_change(struct sl_span old, struct sl_span part)
{
    if (sl_span_eq(old, part)) return false;
    if (is_type(part, "text") || is_type(part, "reasoning"))
        return put_growth(old, part, "text", style_of(part));
    if (is_type(part, "tool")) {
        bool changed = tool_changed(old, part);
        if (changed) put_tool(part);
        /* Of a running command the output so far comes every second. */
        bool grown = put_growth(old, part, "state.metadata.output", TERM_DIM);
        return changed || grown;
    }
    /* Other parts don't grow: one that comes again with other bytes shows nothing new. */
    if (old.len || !part_shows(part)) return false;
    part_put(part);
    return true;
}
