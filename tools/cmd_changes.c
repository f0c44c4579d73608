/* `sharelog changes`: the item keys that two moments of a share don't have in common, or not
   alike. */

#include "tools/ask/source.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"

static void put_keys(
    struct sl_span answer, const char *name, const char *mark, enum term_style style)
{
    struct sl_span rest = field_array(answer, name), key;
    struct buffer text = {0};
    while (json_next(&rest, &key)) {
        text.len = 0;
        value_text(key, &text);
        printf("%s%s ", term_style(style), mark);
        term_put(buffer_span(&text), false, "");
        printf("%s\n", term_style(TERM_PLAIN));
    }
    buffer_free(&text);
}

static int print(struct source *source, bool json, const char *target)
{
    struct buffer answer = {0};
    if (json) return source_print(source, target);
    int code = source_get(source, target, &answer);
    if (code == EXIT_YES) {
        put_keys(buffer_span(&answer), "added", "+", TERM_GREEN);
        put_keys(buffer_span(&answer), "changed", "~", TERM_YELLOW);
        put_keys(buffer_span(&answer), "removed", "-", TERM_RED);
    }
    buffer_free(&answer);
    return code;
}

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct common *common = given;
    struct source source;
    struct buffer target = {0};
    uint64_t from, to;
    int code = EXIT_WRONG;
    if (!options_number(words[1], 1, UINT64_MAX / 2, &from) ||
        !options_number(words[2], 1, UINT64_MAX / 2, &to)) {
        fail("changes: A and B are sequences, such as 1 and 12 (see: sharelog log %s)", words[0]);
    } else if (target_share(&target, words[0], "/changes") && source_open(common, &source)) {
        target_number(&target, "from", from);
        target_number(&target, "to", to);
        code = print(&source, common->json, buffer_c(&target));
        source_close(&source);
    }
    buffer_free(&target);
    return code;
}

const struct command command_changes = {
    .name = "changes",
    .words = "ID A B",
    .words_min = 3,
    .words_max = 3,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON,
    .summary = "tell which items differ between two moments of a share",
    .about =
        "A and B are sequences; with A after B it walks back. An item that was sent again unchanged is no change.",
    .examples = "  sharelog changes ID 3 12\n"
                "  sharelog changes ID 3 12 --json\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
