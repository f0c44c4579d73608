/* A session, readable: its head, and its messages with their parts. */

#include "tools/ask/source.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"
#include "tools/show/part_term.h"

#include <stdlib.h>

struct values {
    struct common common;
    struct option_number last;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"last", "N", OPTION_NUMBER, AT(last), 1, UINT64_MAX / 2, "the last N messages alone"},
    {0},
};

/* ---- the head ---- */

static void put_row(const char *name, struct sl_span object, const char *path)
{
    struct buffer text = {0};
    if (field_text(object, path, &text) && text.len) {
        printf("%s%-10s%s ", term_style(TERM_DIM), name, term_style(TERM_PLAIN));
        term_put(buffer_span(&text), false, "");
        putchar('\n');
    }
    buffer_free(&text);
}

static void put_models(struct sl_span answer)
{
    struct sl_span rest = field_array(answer, "models"), model;
    struct buffer name = {0};
    const char *before = "";
    if (!field_count(answer, "models")) return;
    printf("%s%-10s%s ", term_style(TERM_DIM), "models", term_style(TERM_PLAIN));
    while (json_next(&rest, &model)) {
        if (!field_text(model, "name", &name)) field_text(model, "id", &name);
        printf("%s", before);
        term_put(buffer_span(&name), false, "");
        before = ", ";
    }
    putchar('\n');
    buffer_free(&name);
}

static void put_time(const char *name, uint64_t ms)
{
    char when[WHEN_BYTES], ago[WHEN_BYTES];
    printf("%s%-10s%s %s (%s)\n", term_style(TERM_DIM), name, term_style(TERM_PLAIN),
        when_local(ms, when), when_ago(ms, ago));
}

static void put_head(struct sl_span answer, const char *id)
{
    struct sl_span session = field(answer, "session");
    struct buffer title = {0};
    if (!field_text(session, "title", &title)) buffer_text(&title, "(no title yet)");
    fputs(term_style(TERM_BOLD), stdout);
    term_put(buffer_span(&title), false, "");
    printf("%s\n%s%-10s%s %s\n", term_style(TERM_PLAIN), term_style(TERM_DIM), "share",
        term_style(TERM_PLAIN), id);
    put_row("session", answer, "metadata.sessionID");
    put_row("directory", session, "directory");
    put_row("directory", session, "location.directory"); /* a newer client's */
    put_row("opencode", session, "version");
    put_models(answer);
    put_time("created", field_u64(answer, "metadata.createdAt"));
    put_time("updated", field_u64(answer, "metadata.lastUpdated"));
    printf("%s%-10s%s %zu messages, %zu parts, %zu diffs, %llu syncs\n", term_style(TERM_DIM),
        "holds", term_style(TERM_PLAIN), field_count(answer, "messages"),
        field_count(answer, "parts"), field_count(answer, "diffs"),
        (unsigned long long)field_u64(answer, "metadata.syncCount"));
    buffer_free(&title);
}

/* ---- messages and their parts ---- */

/* As opencode itself orders them: by id, which grows with time. In the order of arrival a first
   full batch would put the newest in front. */
struct place {
    struct sl_span message_id, id, value;
    size_t order; /* of arrival */
};

static int by_id(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int d = sl_span_cmp(a->message_id, b->message_id);
    if (!d) d = sl_span_cmp(a->id, b->id);
    return d ? d : (a->order > b->order) - (a->order < b->order);
}

/* The elements of an array sorted; `owner` names what they belong to first, or is NULL. */
static struct place *sorted(struct sl_span rest, const char *owner, size_t *count)
{
    struct sl_span value;
    struct place *places = need((field_count(rest, NULL) + 1) * sizeof(*places));
    size_t n = 0;
    while (json_next(&rest, &value)) {
        places[n] = (struct place){.id = field(value, "id"), .value = value, .order = n};
        if (owner) places[n].message_id = field(value, owner);
        n++;
    }
    qsort(places, n, sizeof(*places), by_id);
    *count = n;
    return places;
}

static void put_parts(const struct place *places, size_t count, struct sl_span message_id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sl_span_cmp(places[middle].message_id, message_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && sl_span_eq(places[low].message_id, message_id); low++)
        part_put(places[low].value);
}

static void put_messages(struct sl_span answer, uint64_t last)
{
    struct sl_span revert = field(answer, "session.revert.messageID");
    size_t all, count;
    struct place *messages = sorted(field_array(answer, "messages"), NULL, &all);
    struct place *parts = sorted(field_array(answer, "parts"), "messageID", &count);
    for (size_t i = last && last < all ? all - (size_t)last : 0; i < all; i++) {
        putchar('\n');
        message_put_head(messages[i].value, revert.len && sl_span_cmp(messages[i].id, revert) >= 0);
        put_parts(parts, count, messages[i].id);
        message_put_error(messages[i].value);
    }
    free(messages);
    free(parts);
}

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct values *values = given;
    struct source source;
    struct buffer target = {0}, answer = {0};
    char id[SL_SHARE_ID_BYTES + 1];
    int code = EXIT_WRONG;
    if (target_share(&target, words[0], "") && source_open(&values->common, &source)) {
        snprintf(id, sizeof(id), "%s", strrchr(buffer_c(&target), '/') + 1);
        target_moment(&target, values->common.at);
        if (values->common.json) {
            code = source_print(&source, buffer_c(&target));
        } else if ((code = source_get(&source, buffer_c(&target), &answer)) == EXIT_YES) {
            put_head(buffer_span(&answer), id);
            put_messages(buffer_span(&answer), values->last.value);
        }
        source_close(&source);
    }
    buffer_free(&target);
    buffer_free(&answer);
    return code;
}

const struct command command_show = {
    .name = "show",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON | TAKES_AT,
    .summary = "show a session, now or at an earlier moment",
    .about =
        "Its head, then its messages with their texts, tools and errors. Control characters and the like in what\n"
        "the session holds are made visible. Colours on a terminal alone, and not with NO_COLOR.",
    .examples = "  sharelog show ID\n"
                "  sharelog show ID --at 12\n"
                "  sharelog show ID --last 4 --url http://127.0.0.1:8787\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
