/* `sharelog events`: the events of a share as JSON, or one of them with its data. */

#include "tools/ask/share_events.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/term.h"

struct values {
    struct common common;
    struct option_number from, limit;
    bool reverse;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"from", "SEQ", OPTION_NUMBER, AT(from), 1, UINT64_MAX / 2, "begin with this event"},
    {"limit", "N", OPTION_NUMBER, AT(limit), 1, UINT64_MAX / 2, "print so many at most"},
    {"reverse", NULL, OPTION_FLAG, AT(reverse), 0, 0, "the newest first"},
    {0},
};

static int print_one(struct source *source, const char *id, const char *sequence)
{
    struct buffer target = {0};
    uint64_t number;
    int code = EXIT_WRONG;
    if (!options_number(sequence, 1, UINT64_MAX / 2, &number)) {
        fail("events: \"%s\" is no sequence: events of a share are numbered 1, 2, 3 …", sequence);
    } else if (target_share(&target, id, "/events/")) {
        buffer_print(&target, "%llu", (unsigned long long)number);
        code = source_print(source, buffer_c(&target));
    }
    buffer_free(&target);
    return code;
}

static int run(const void *given, int count, char **words)
{
    const struct values *values = given;
    struct source source;
    struct share_events history = {.id = words[0],
        .from = values->from.value,
        .limit = values->limit.value,
        .reverse = values->reverse};
    if (!source_open(&values->common, &source)) return EXIT_WRONG;
    int code =
        count > 1 ? print_one(&source, words[0], words[1]) : share_events_print(&source, history);
    source_close(&source);
    return code;
}

const struct command command_events = {
    .name = "events",
    .words = "ID [SEQ]",
    .words_min = 1,
    .words_max = 2,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON,
    .summary = "print a share's events as JSON, or one of them whole",
    .about =
        "Without SEQ: what each event is, without its data. With SEQ: that event, its data as it was sent, and\n"
        "what a verifier needs (header, nonce, salt, leaf hash).",
    .examples = "  sharelog events ID\n"
                "  sharelog events ID 12 | jq .data\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
