/* `sharelog allow`: lift the hold that an owner's removal put on a session. */

#include "tools/ask/source.h"
#include "tools/command.h"
#include "tools/shared/term.h"

#include <stdio.h>

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct common *common = given;
    struct source source;
    struct buffer body = {0}, answer = {0};
    if (!source_open_write(common, &source)) return EXIT_WRONG;
    buffer_text(&body, "{\"sessionID\":");
    buffer_json(&body, sl_span_of(words[0]));
    buffer_text(&body, "}");
    int code = source_ask(&source, "POST", "/api/sessions/allow", buffer_span(&body), &answer);
    if (code == EXIT_YES)
        printf(common->json ? "{\"allowed\":true}\n" : "It can be shared again, as a new share.\n");
    buffer_free(&body);
    buffer_free(&answer);
    source_close(&source);
    return code;
}

const struct command command_allow = {
    .name = "allow",
    .words = "SESSION_ID",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON,
    .summary = "let a session that was taken down be shared again",
    .about =
        "After `sharelog rm` who made the share is refused its session until then. The removed share stays removed.",
    .examples = "  sharelog allow SESSION_ID\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
