/* `sharelog log`: the events of a share, a line each. A page of history is asked for at a time,
   and written before the next one. */

#include "tools/ask/share_events.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

struct values {
    struct common common;
    struct option_number from, limit;
    bool reverse, utc;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"from", "SEQ", OPTION_NUMBER, AT(from), 1, UINT64_MAX / 2, "begin with this event"},
    {"limit", "N", OPTION_NUMBER, AT(limit), 1, UINT64_MAX / 2, "list so many at most"},
    {"reverse", NULL, OPTION_FLAG, AT(reverse), 0, 0, "the newest first"},
    {"utc", NULL, OPTION_FLAG, AT(utc), 0, 0, "times in UTC, to the millisecond"},
    {0},
};

/* "3 message, 12 part" */
static void put_types(struct sl_span event)
{
    struct sl_span rest = field(event, "types"), name, items;
    struct buffer text = {0};
    const char *comma = "";
    if (!rest.len || json_kind_of(rest) != JSON_OBJECT) return;
    while (json_next_member(&rest, &name, &items)) {
        text.len = 0;
        buffer_add(&text, name.ptr, name.len);
        text.len = json_decode(name, text.ptr ? text.ptr : (char[1]){0});
        printf("%s%.*s ", comma, (int)items.len, items.ptr);
        term_put(buffer_span(&text), false, "");
        comma = ", ";
    }
    buffer_free(&text);
}

static void put_line(const struct values *values, struct sl_span event)
{
    char when[WHEN_BYTES], bytes[WHEN_BYTES], kind[16], hash[65];
    uint64_t time = field_u64(event, "time");
    field_short(event, "kind", kind, sizeof(kind));
    field_short(event, "hash", hash, sizeof(hash));
    printf("%s%6llu%s  %s  %s%-6s%s  %s%.12s%s  %9s  ", term_style(TERM_BOLD),
        (unsigned long long)field_u64(event, "seq"), term_style(TERM_PLAIN),
        values->utc ? when_iso(time, when) : when_local(time, when),
        term_style(strcmp(kind, "sync") == 0 ? TERM_PLAIN : TERM_YELLOW), kind,
        term_style(TERM_PLAIN), term_style(TERM_DIM), hash, term_style(TERM_PLAIN),
        size_text(field_u64(event, "bytes"), bytes));
    put_types(event);
    uint64_t marked = field_u64(event, "redactedOnArrival");
    if (marked)
        printf("  %s(%llu redacted on arrival)%s", term_style(TERM_YELLOW),
            (unsigned long long)marked, term_style(TERM_PLAIN));
    if (field_true(event, "erased")) printf("(content erased)");
    putchar('\n');
}

static bool each(void *ctx, struct sl_span event)
{
    put_line(ctx, event);
    return !ferror(stdout);
}

static int run(const void *given, int count, char **words)
{
    (void)count;
    struct values values = *(const struct values *)given;
    struct source source;
    struct share_events history = {.id = words[0],
        .from = values.from.value,
        .limit = values.limit.value,
        .reverse = values.reverse,
        .each = each,
        .ctx = &values};
    if (!source_open(&values.common, &source)) return EXIT_WRONG;
    int code = values.common.json ? share_events_print(&source, history)
                                  : share_events_walk(&source, &history);
    source_close(&source);
    return code;
}

const struct command command_log = {
    .name = "log",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON,
    .summary = "list a share's events",
    .about =
        "A line an event: sequence, time, kind, leaf hash, size, items by type, and how many of them the\n"
        "server redacted on arrival.",
    .examples = "  sharelog log ID\n"
                "  sharelog log ID --reverse --limit 10\n"
                "  sharelog log ID --json | jq '.events[].bytes'\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
