/* `sharelog compact`: through the server that runs on the data directory, or in this process. */

#include "tools/ask/source.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

static uint64_t disk_bytes(struct source *source)
{
    struct buffer answer = {0};
    uint64_t bytes = 0;
    if (source_get(source, "/api/stats", &answer) == EXIT_YES)
        bytes = field_u64(buffer_span(&answer), "diskBytes");
    buffer_free(&answer);
    return bytes;
}

static int compact(struct source *source, bool force)
{
    struct sl_err err = {0};
    struct buffer answer = {0};
    struct term_line line = {.force = force};
    struct sl_progress progress = term_progress(&line);
    int code = EXIT_YES;
    if (source->store) {
        if (sl_store_compact(source->store, &progress, &err) != SL_OK) code = fail("%s", err.text);
        if (line.shown_us) term_line(&line, true, "%s", "");
    } else {
        term_line(&line, false, "the server is compacting");
        code = source_ask(source, "POST", "/api/compact", (struct sl_span){0}, &answer);
        term_line(&line, true, "%s", "");
    }
    buffer_free(&answer);
    return code;
}

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct common *common = given;
    struct source source;
    char then_text[WHEN_BYTES], now_text[WHEN_BYTES];
    if (!source_open_write(common, &source)) return EXIT_WRONG;
    uint64_t before = disk_bytes(&source);
    int code = compact(&source, common->progress);
    if (code == EXIT_YES) {
        uint64_t after = disk_bytes(&source);
        if (common->json)
            printf("{\"before\":%llu,\"after\":%llu}\n", (unsigned long long)before,
                (unsigned long long)after);
        else
            printf("Compacted: %s on disk, from %s.\n", size_text(after, now_text),
                size_text(before, then_text));
    }
    source_close(&source);
    return code;
}

const struct command command_compact = {
    .name = "compact",
    .words = "",
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON | TAKES_PROGRESS,
    .summary = "make due snapshots, finish erasures, pack events, compact the files",
    .about =
        "A server does all this by itself, in time; this does it now and waits. It packs the content of every event,\n"
        "new ones too, and as small as it gets, which the server alone doesn't: do it where room is short, or before a\n"
        "backup. Reads and syncs go on meanwhile. Where a server runs on the data directory, it goes through it.",
    .examples = "  sharelog compact\n"
                "  sharelog compact --progress --json\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
