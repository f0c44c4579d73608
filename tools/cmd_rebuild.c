/* `sharelog rebuild`: everything that is derived from the events is deleted and made again. */

#include "core/base/clock.h"
#include "tools/ask/source.h"
#include "tools/command.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct common *common = given;
    const char *dir;
    char took[WHEN_BYTES];
    struct sl_store *store;
    struct sl_err err = {0};
    struct term_line line = {.force = common->progress};
    struct sl_progress progress = term_progress(&line);
    if (!source_open_store(common, SL_READ_WRITE, &dir, &store, NULL)) return EXIT_WRONG;
    uint64_t begun_us = clock_us();
    enum sl_result result = sl_store_rebuild(store, &progress, &err);
    if (line.shown_us) term_line(&line, true, "%s", "");
    sl_store_close(store);
    if (result != SL_OK) return fail("rebuild: %s", err.text);
    uint64_t ms = (clock_us() - begun_us) / 1000;
    if (common->json)
        printf("{\"rebuilt\":true,\"ms\":%llu}\n", (unsigned long long)ms);
    else
        printf("Rebuilt in %s: every answer is made from the events again.\n", when_span(ms, took));
    return EXIT_YES;
}

const struct command command_rebuild = {
    .name = "rebuild",
    .words = "",
    .takes = TAKES_DATA | TAKES_JSON | TAKES_PROGRESS,
    .summary = "delete all derived data and make it again from the events",
    .about =
        "Needs the data directory for itself: stop the server first. Safe to interrupt; the next start goes on.",
    .examples = "  sharelog rebuild\n"
                "  sharelog rebuild --data /srv/sharelog --progress\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
