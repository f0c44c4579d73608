/* `sharelog rm`: a share is taken down by the API's DELETE with the owner's rights. Without a
   server this process erases the content too, and returns when that is done; interrupted, the
   next start goes on. */

#include "tools/ask/source.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"

struct values {
    struct common common;
    const char *reason;
};

static const struct option options[] = {
    {"reason", "TEXT", OPTION_TEXT, offsetof(struct values, reason), 0, 0,
        "why; kept in the history"},
    {0},
};

/* Ask on a terminal, since what is removed never comes back. */
static bool agreed(struct source *source, const char *id)
{
    struct buffer target = {0}, answer = {0}, title = {0};
    bool known = target_share(&target, id, "/metadata") &&
                 source_get(source, buffer_c(&target), &answer) == EXIT_YES;
    if (known) {
        if (!field_text(buffer_span(&answer), "title", &title)) buffer_text(&title, "no title");
        printf("Remove %s (", id);
        term_put(buffer_span(&title), false, "");
        printf(", %llu messages) for ever? [y/N] ",
            (unsigned long long)field_u64(buffer_span(&answer), "messageCount"));
    }
    bool yes = known && term_yes();
    if (known && !yes) puts("Nothing was removed.");
    buffer_free(&target);
    buffer_free(&answer);
    buffer_free(&title);
    return yes;
}

static int tell(const struct values *values, struct source *source, const char *id)
{
    struct sl_err err = {0};
    bool erased = false;
    if (source->store) {
        /* This process is the only one that could go on erasing: so it stays until that is done. */
        if (sl_store_settle(source->store, &err) != SL_OK)
            return fail("%s is removed, but erasing it was interrupted: %s; the next start goes on",
                id, err.text);
        erased = true;
    }
    if (values->common.json)
        printf("{\"removed\":\"%s\",\"erased\":%s}\n", id, erased ? "true" : "false");
    else if (erased)
        printf("%s is removed, and erased from disk.\n", id);
    else
        printf("%s is removed: nobody can read it any more. The server is erasing it from disk.\n",
            id);
    return EXIT_YES;
}

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct values *values = given;
    struct source source;
    struct buffer target = {0}, body = {0}, answer = {0};
    int code = EXIT_WRONG;
    if (values->reason && strlen(values->reason) > SL_REASON_BYTES)
        return fail("rm: a reason has at most %d bytes", SL_REASON_BYTES);
    if (!target_share(&target, words[0], "")) return EXIT_WRONG;
    const char *id = strrchr(buffer_c(&target), '/') + 1;
    if (source_open_write(&values->common, &source)) {
        buffer_text(&body, "{\"reason\":");
        buffer_json(&body, sl_span_of(values->reason ? values->reason : ""));
        buffer_text(&body, "}");
        bool ask = !values->common.yes && term_asks();
        if (ask && !agreed(&source, id))
            code = EXIT_NO;
        else
            code = source_ask(&source, "DELETE", buffer_c(&target), buffer_span(&body), &answer);
        if (code == EXIT_YES) code = tell(values, &source, id);
        source_close(&source);
    }
    buffer_free(&target);
    buffer_free(&body);
    buffer_free(&answer);
    return code;
}

const struct command command_rm = {
    .name = "rm",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON | TAKES_YES,
    .summary = "take a share down: its content is erased for ever",
    .about =
        "Who made it can't share its session here again until `sharelog allow SESSION_ID`. What stays are the headers of\n"
        "its events, so that every proof about the log still holds. Where a server runs on the data directory, it does it.",
    .examples = "  sharelog rm ID\n"
                "  sharelog rm ID --reason 'contains a password' --yes\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
