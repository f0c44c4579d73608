/* `sharelog data`: a share's state as JSON, byte for byte as the API sends it. */

#include "tools/ask/source.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/term.h"

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct common *common = given;
    struct source source;
    struct buffer target = {0};
    int code = EXIT_WRONG;
    if (target_share(&target, words[0], "/data") && source_open(common, &source)) {
        target_moment(&target, common->at);
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
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON | TAKES_AT,
    .summary = "print a session as JSON, as `opencode import` takes it",
    .about = "An array of {type, data}: the newest item of each key, with the bytes it came with.",
    .examples = "  sharelog data ID >session.json\n"
                "  sharelog data ID --at 12\n"
                "  sharelog data ID --at TIME\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
