/* `sharelog verify`: which of five things is looked at, by the options that are given; the store
   itself is verified here, the others in tools/prove. */

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "tools/ask/source.h"
#include "tools/command.h"
#include "tools/prove/verify_fork.h"
#include "tools/prove/verify_offline.h"
#include "tools/prove/verify_tell.h"
#include "tools/prove/verify_url.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#define URL_MAX_AGE_S (24 * 3600)
#define FILES 16

#define AT(field) offsetof(struct verify_values, field)
static const struct option options[] = {
    {"bundle", "FILE", OPTION_TEXT, AT(bundle), 0, 0,
        "a share's bundle (- for standard input), by itself"},
    {"proof", "FILE", OPTION_TEXT, AT(proof), 0, 0, "the proof of one event, with --event"},
    {"event", "FILE", OPTION_TEXT, AT(event), 0, 0,
        "that event, as `sharelog events ID SEQ` prints it"},
    {"url", "URL", OPTION_TEXT, AT(common.url), 0, 0,
        "the log of the server there, from its tiles alone; with --bundle: what came after it"},
    {"fork", NULL, OPTION_FLAG, AT(fork), 0, 0,
        "do these FILEs contradict each other? checkpoints, head statements, bundles, events"},
    {"key", "KEYS", OPTION_TEXT, AT(log_key), 0, 0,
        "the log's verifier keys, both lines of log-key, or a file that holds them"},
    {"policy", "FILE", OPTION_TEXT, AT(policy), 0, 0,
        "which witnesses must have cosigned, and which logs (a C2SP tlog-policy)"},
    {"max-age", "DURATION", OPTION_TEXT, AT(max_age), 0, 0,
        "how old a cosignature, or what a server says of a bundle's end, may be: 90s, 30m, 12h, 7d, none (default: --url 1d, else none)"},
    {"since", "FILE", OPTION_TEXT, AT(since), 0, 0,
        "a checkpoint kept from before; the verified one takes its place"},
    {"all", NULL, OPTION_FLAG, AT(all), 0, 0,
        "with --since: read the whole log, not only what is new"},
    {"entries", NULL, OPTION_FLAG, AT(entries), 0, 0,
        "with --url: the events' headers must be shown and fit"},
    {"owner-key", "KEY", OPTION_SECRET, AT(common.key), 0, 0,
        "with --url: the server's key (better: SHARELOG_OWNER_KEY, sent with --entries)"},
    {0},
};

/* ---- the store ---- */

static void tell_counts(const struct sl_verified *verified, bool json, uint64_t ms)
{
    static const char *const names[] = {
        "shares", "removed", "events", "items", "bytes", "snapshots", "redacted", "onArrival"};
    const uint64_t counts[] = {verified->shares, verified->removed, verified->events,
        verified->items, verified->bytes, verified->snapshots, verified->redacted,
        verified->marked};
    char root[65], took[WHEN_BYTES];
    crypto_hex(verified->root, sizeof(verified->root), root);
    if (json) printf("{\"verified\":true");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (json)
            printf(",\"%s\":%llu", names[i], (unsigned long long)counts[i]);
        else
            verify_tell_number(names[i], counts[i]);
    if (json) {
        printf(",\"root\":\"%s\",\"ms\":%llu}\n", root, (unsigned long long)ms);
        return;
    }
    verify_tell_text("root", root);
    verify_tell_text("took", when_span(ms, took));
    if (verified->redacted || verified->marked)
        puts(
            "What stands in the place of redacted items is this server's word; `sharelog audit ID` "
            "names them.");
    verify_tell_well("Everything fits together.");
}

static int verify_store(const struct verify_values *values)
{
    const char *dir;
    struct sl_store *store;
    struct sl_err err = {0};
    struct sl_verified verified;
    struct term_line line = {.force = values->common.progress};
    struct sl_progress progress = term_progress(&line);
    if (!source_open_store(&values->common, SL_READ_BESIDE, &dir, &store, NULL)) return EXIT_WRONG;
    uint64_t begun_us = clock_us();
    enum sl_result result = sl_store_verify(store, &progress, &verified, &err);
    uint64_t ms = (clock_us() - begun_us) / 1000;
    if (line.shown_us) term_line(&line, true, "%s", "");
    sl_store_close(store);
    if (result != SL_OK) return verify_tell_failed(result, &err, values->common.json);
    tell_counts(&verified, values->common.json, ms);
    return EXIT_YES;
}

/* ---- which of them ---- */

/* Which options don't go together, in words; NULL: all do. */
static const char *wrong(const struct verify_values *values)
{
    bool bundle = values->bundle, event = values->proof || values->event, url = values->common.url;
    bool outside = bundle || event || url || values->fork;
    if (bundle + event + values->fork > 1 || (url && (event || values->fork)))
        return "--bundle, --proof, --url and --fork are four things; only --bundle and --url go "
               "together";
    if (!values->fork && values->files_count) return "only --fork takes files without an option";
    if (values->fork && !values->files_count) return "--fork needs the files that it is to judge";
    if (event && !(values->proof && values->event))
        return "--proof and --event go together: the proof, and the event that it proves";
    if (outside && values->common.data) return "nothing is read from --data there; leave it out";
    if (outside && !values->log_key && (!values->policy || values->fork))
        return "--key is missing: the log's verifier keys, which `sharelog log-key` prints";
    if (!outside && values->log_key) return "--key belongs to --bundle, --proof, --url or --fork";
    if (values->policy && (!outside || values->fork))
        return "--policy belongs to --bundle, --proof or --url";
    if (values->max_age && !values->policy && !(bundle && url))
        return "--max-age belongs to --policy, or to --bundle with --url";
    if ((!url || bundle) && (values->since || values->all || values->entries || values->common.key))
        return "--since, --all, --entries and --owner-key belong to --url";
    if (values->all && !values->since) return "--all belongs to --since";
    return NULL;
}

/* A checkpoint that a server shows is expected to be fresh: servers have theirs cosigned again
   every hour, though nothing happen. A file may be as old as it likes. */
static bool set_max_age(struct verify_values *values)
{
    values->max_age_s = values->common.url ? URL_MAX_AGE_S : 0;
    if (!values->max_age) return true;
    values->max_age_s = 0;
    return strcmp(values->max_age, "none") == 0 ||
           when_seconds(values->max_age, &values->max_age_s);
}

static int run(const void *given, int count, char **words)
{
    struct verify_values values = *(const struct verify_values *)given;
    values.files = words;
    values.files_count = count;
    const char *what = wrong(&values);
    if (what) return fail("verify: %s (see: sharelog help verify)", what);
    if (!set_max_age(&values))
        return fail("verify: --max-age is 90s, 30m, 12h, 7d or none, not \"%s\"", values.max_age);
    if (values.fork) return verify_fork(&values);
    if (values.bundle) return verify_bundle(&values);
    if (values.proof) return verify_event(&values);
    if (values.common.url) return verify_url(&values);
    return verify_store(&values);
}

const struct command command_verify = {
    .name = "verify",
    .words = "[FILE...]",
    .words_max = FILES,
    .takes = TAKES_DATA | TAKES_JSON | TAKES_PROGRESS,
    .summary = "check a store, a bundle, an event, or a server's log",
    .about =
        "Of a data directory: walks every share's chain and the whole log: sequences, times, `prev`, leaf hashes, the\n"
        "commitments of every body, each snapshot against a fresh fold. A server may run meanwhile.\n\n"
        "With --bundle, --proof or --url nothing is opened but the files that are named, and nobody is asked but URL:\n"
        "whoever has the log's keys can check what its operator gave them. A bundle proves that every event and item of\n"
        "a share is what the server recorded, and that none before its last is missing; that its last was the share's\n"
        "last, and when, takes the operator's signature: the head statement in it, or with --url what the server says\n"
        "now. Items that were redacted are named, with who redacted them, when and why: what stands in their place nobody\n"
        "can prove. --url alone reads the log's tiles, makes its\n"
        "root from them and holds it against the signed checkpoint; with --since also that the log grew out of the\n"
        "one kept from before (the file is made when there is none). Where the server shows the headers (to the owner,\n"
        "or to all with --public-log), they are held against their hashes, and each share's chain is followed.\n"
        "If the log has two histories, both checkpoints are kept in FILE.conflict, and FILE stays as it was.\n\n"
        "A policy that names its logs needs no --key. What a server shows must have been cosigned within a day, if a\n"
        "policy asks for witnesses, and what it says of a bundle's end signed within a day (--max-age); a file's\n"
        "cosignatures may be of any time but the future.\n\n"
        "--fork is for who has two things that one log signed: bundles, checkpoints, head statements and receipts\n"
        "(/api/share/ID/head, /api/share/ID/events/SEQ/receipt), events with their proof files; or one FILE.conflict.\n"
        "Where two can't both be true, it says why, and exits with 3: that is proof of fraud, for whoever has the keys.\n\n"
        "Names the first fault and exits with 1; with 2 where it couldn't (a file or server that isn't there).",
    .examples =
        "  sharelog verify\n"
        "  sharelog verify --data /srv/sharelog --json\n"
        "  sharelog verify --bundle ID.bundle --key log.key\n"
        "  sharelog verify --bundle ID.bundle --url https://share.example.org --key log.key\n"
        "  sharelog verify --fork ID.bundle 12.json 12.tlog-proof --key log.key\n"
        "  sharelog verify --proof 12.tlog-proof --event 12.json --key \"$(cat log.key)\"\n"
        "  sharelog verify --url https://share.example.org --key log.key --since checkpoint\n",
    .options = options,
    .values_bytes = sizeof(struct verify_values),
    .run = run,
};
