/* `sharelog new-origin`: tells why the store takes no writes, asks, and lets core begin another
   log. */

#include "tools/ask/source.h"
#include "tools/command.h"
#include "tools/shared/buffer.h"
#include "tools/shared/term.h"

/* The operator learns first why the store takes no writes, if it takes none. */
static void tell_why(struct sl_store *store)
{
    struct sl_err err = {0};
    if (sl_store_health(store, &err) == SL_OK)
        printf("The store takes writes: nothing asks for another origin.\n");
    else
        printf("The store takes no writes: %s\n", err.text);
    printf("The log's origin is %s.\n", sl_store_origin(store));
}

static bool agreed(const char *origin)
{
    printf(
        "What was signed under the old one stays signed: whoever holds such a checkpoint can prove that events\n"
        "were lost or changed. Go on as %s? [y/N] ",
        origin);
    bool yes = term_yes();
    if (!yes) puts("Nothing was changed.");
    return yes;
}

static void tell(const char *origin, bool json)
{
    struct buffer line = {0};
    buffer_text(&line, "{\"origin\":");
    buffer_json(&line, sl_span_of(origin));
    if (json)
        printf("%s}\n", buffer_c(&line));
    else
        printf("The log goes on as %s, with new verifier keys (sharelog log-key); tell those who\n"
               "verify it. The old checkpoints are put aside in the data directory.\n",
            origin);
    buffer_free(&line);
}

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct common *common = given;
    const char *dir;
    struct sl_store *store;
    struct sl_err err = {0};
    bool json = common->json;
    int code = EXIT_YES;
    if (!source_open_store(common, SL_READ_WRITE, &dir, &store, NULL)) return EXIT_WRONG;
    if (!json) tell_why(store);
    if (!common->yes && !json && term_asks() && !agreed(words[0])) code = EXIT_NO;
    if (code == EXIT_YES && sl_log_new_origin(store, sl_span_of(words[0]), &err) != SL_OK)
        code = fail("new-origin: %s", err.text);
    sl_store_close(store);
    if (code == EXIT_YES) tell(words[0], json);
    return code;
}

const struct command command_new_origin = {
    .name = "new-origin",
    .words = "ORIGIN",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_JSON | TAKES_YES,
    .summary = "let a log that lost events go on, under another name",
    .about =
        "A store whose log is shorter than a checkpoint that it signed, or differs from it (an old backup was put\n"
        "back, files were lost), takes no writes: to sign another log under the same name would be to lie. Put the\n"
        "right files back if there are any. If there are none, this goes on with the log as it is, under another name.\n"
        "The same where a witness has cosigned another log by that name (the file `disputed` in the data directory). If\n"
        "that witness was wrong, remove the file while no server runs.\n\n"
        "What was signed under the old origin stays signed: whoever holds such a checkpoint can prove that events were\n"
        "lost or changed. Those who verify the log need its new key; their kept checkpoints are of the old log.",
    .examples = "  sharelog new-origin share.example.org/log-2\n"
                "  sharelog new-origin share.example.org/log-3 --data /srv/sharelog --yes\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
