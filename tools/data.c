#include "tools/command.h"
#include "tools/source.h"
#include "tools/target.h"

struct values {
    struct common common;
    const char *at;
};

static const struct option options[] = {
    {"at", "SEQ|TIME", OPTION_TEXT, offsetof(struct values, at), 0, 0,
        "as it was after this event, or at this time (ISO 8601)"},
    {0},
};

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct values *values = given;
    struct source source;
    struct buffer target = {0};
    int code = EXIT_WRONG;
    if (target_share(&target, words[0], "/data") && source_open(&values->common, &source)) {
        target_moment(&target, values->at);
        code = source_print(&source, buffer_c(&target));
        source_close(&source);
    }
    buffer_free(&target);
    return code;
}

const struct command command_data = {
    .name = "data",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON,
    .summary = "print a session as JSON, as `opencode import` takes it",
    .about = "An array of {type, data}: the newest item of each key, with the bytes it came with.",
    .examples = "  sharelog data q7Zk2bXa >session.json\n"
                "  sharelog data q7Zk2bXa --at 12\n"
                "  sharelog data q7Zk2bXa --at 2025-11-22T18:04:00Z\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
