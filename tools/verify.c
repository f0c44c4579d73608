#include "buffer.h"
#include "command.h"
#include "core/crypto.h"
#include "source.h"
#include "term.h"
#include "when.h"

struct values {
    struct common common;
    bool progress;
};

static const struct option options[] = {
    {"progress", NULL, OPTION_FLAG, offsetof(struct values, progress), 0, 0,
        "tell how far it is on stderr, without a terminal too"},
    {0},
};

static void tell_counts(const struct sl_verified *verified, bool json, uint64_t ms)
{
    static const char *const names[] = {
        "shares", "removed", "events", "items", "bytes", "snapshots"};
    const uint64_t counts[] = {verified->shares, verified->removed, verified->events,
        verified->items, verified->bytes, verified->snapshots};
    char root[65], took[WHEN_BYTES];
    crypto_hex(verified->root, sizeof(verified->root), root);
    if (json) printf("{\"verified\":true");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        printf(json ? ",\"%s\":%llu" : "%-10s %llu\n", names[i], (unsigned long long)counts[i]);
    if (json)
        printf(",\"root\":\"%s\",\"ms\":%llu}\n", root, (unsigned long long)ms);
    else
        printf("%-10s %s\n%-10s %s\n%sEverything fits together.%s\n", "root", root, "took",
            when_span(ms, took), term_style(TERM_GREEN), term_style(TERM_PLAIN));
}

static int tell_fault(const struct sl_err *err, bool json)
{
    if (json) {
        struct buffer line = {0};
        buffer_text(&line, "{\"verified\":false,\"fault\":");
        buffer_json(&line, sl_span_of(err->text));
        printf("%s}\n", buffer_c(&line));
        buffer_free(&line);
    } else {
        fail("not verified: %s", err->text);
    }
    return EXIT_NO;
}

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct values *values = given;
    const char *dir;
    struct sl_store *store;
    struct sl_err err = {0};
    struct sl_verified verified;
    struct term_line line = {.force = values->progress};
    struct sl_progress progress = term_progress(&line);
    if (!source_open_store(&values->common, SL_READ_BESIDE, &dir, &store, NULL)) return EXIT_WRONG;
    uint64_t begun_us = when_tick_us();
    enum sl_result result = sl_store_verify(store, &progress, &verified, &err);
    uint64_t ms = (when_tick_us() - begun_us) / 1000;
    if (line.shown_us) term_line(&line, true, "%s", "");
    sl_store_close(store);
    if (result == SL_CORRUPT) return tell_fault(&err, values->common.json);
    if (result != SL_OK) return fail("verify: couldn't go on: %s", err.text);
    tell_counts(&verified, values->common.json, ms);
    return EXIT_YES;
}

const struct command command_verify = {
    .name = "verify",
    .words = "",
    .takes = TAKES_DATA | TAKES_JSON,
    .summary = "check every event, chain, hash and snapshot",
    .about =
        "Walks every share's chain and the whole log: sequences, times, `prev`, leaf hashes, the commitments of every\n"
        "body, each snapshot against a fresh fold. Names the first fault and exits with 1. A server may run meanwhile.",
    .examples = "  sharelog verify\n"
                "  sharelog verify --data /srv/sharelog --json\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
