/* The operator's report: over the whole store, or over a share. */

#include "core/base/clock.h"
#include "tools/prove/audit_report.h"

#include "tools/ask/source.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/prove/bundle_fetch.h"
#include "tools/prove/walk.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/trust.h"
#include "tools/shared/when.h"

struct values {
    struct common common;
    bool csv, no_verify;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"csv", NULL, OPTION_FLAG, AT(csv), 0, 0, "instead of the report a line of CSV for each event"},
    {"no-verify", NULL, OPTION_FLAG, AT(no_verify), 0, 0, "don't verify now"},
    {0},
};

/* ---- CSV ---- */

static void put_csv(const struct audit_event *event)
{
    char when[WHEN_BYTES];
    printf("%s,%llu,%llu,%s,%s,%llu,%llu,%s\r\n", event->share, (unsigned long long)event->sequence,
        (unsigned long long)event->position, when_iso(event->time_ms, when),
        audit_kind(event->kind), (unsigned long long)event->items, (unsigned long long)event->bytes,
        event->leaf);
}

/* ---- verifying now ---- */

struct verifying {
    struct audit *audit;
    struct source *source;
    struct trust trust;
    const struct sl_progress *progress;
};

/* A share is verified by its bundle, as a stranger would. */
static enum sl_result verify_share(struct verifying *verifying, struct sl_err *err)
{
    struct bundle_verdict verdict;
    struct redacted_each gather = redacted_gather(&verifying->audit->redacted);
    struct bundle_asks asks = {.policy = verifying->trust.policy, .redacted = &gather};
    return bundle_fetch(verifying->source->client, verifying->audit->share, &asks,
        verifying->progress, &verdict, NULL, err);
}

/* A server's log by its tiles. */
static enum sl_result verify_tiles(struct verifying *verifying, struct sl_err *err)
{
    struct buffer bytes = {0};
    struct note note;
    struct checkpoint_text text;
    struct walked walked;
    enum sl_result result = walk_checkpoint(verifying->source->client, &bytes, err);
    if (result == SL_OK &&
        policy_check(verifying->trust.policy, buffer_span(&bytes), NULL, err) != SL_OK)
        result = err->result = SL_CORRUPT;
    if (result == SL_OK &&
        !(note_parse(buffer_span(&bytes), &note) && checkpoint_parse(note.text, &text)))
        result = sl_fail(err, SL_CORRUPT, "the checkpoint is none");
    if (result == SL_OK) {
        struct walk walk = {.client = verifying->source->client,
            .newer = &text,
            .entries = WALK_ENTRIES_MUST,
            .progress = verifying->progress};
        result = walk_log(&walk, &walked, err);
    }
    buffer_free(&bytes);
    return result;
}

static enum sl_result verify_now(struct verifying *verifying, struct sl_err *err)
{
    struct sl_verified verified;
    if (verifying->source->store && !verifying->audit->share)
        return sl_store_verify(verifying->source->store, verifying->progress, &verified, err);
    return verifying->audit->share ? verify_share(verifying, err) : verify_tiles(verifying, err);
}

static int verify(struct audit *audit, struct source *source, bool force)
{
    struct term_line line = {.force = force};
    struct sl_progress progress = term_progress(&line);
    struct verifying verifying = {.audit = audit, .source = source, .progress = &progress};
    struct buffer key = {0};
    struct sl_err err = {0};
    field_text(buffer_span(&audit->log), "key", &key);
    if (!trust_open(buffer_c(&key), NULL, 0, &verifying.trust)) {
        buffer_free(&key);
        return EXIT_WRONG;
    }
    uint64_t begun_us = clock_us();
    enum sl_result result = verify_now(&verifying, &err);
    audit->verified_took_ms = (clock_us() - begun_us) / 1000;
    if (line.shown_us) term_line(&line, true, "%s", "");
    trust_close(&verifying.trust);
    buffer_free(&key);
    audit->verified = result == SL_OK || result == SL_CORRUPT;
    audit->verified_ok = result == SL_OK;
    snprintf(audit->fault, sizeof(audit->fault), "%s", err.text);
    return audit->verified ? EXIT_YES : fail("audit: verifying: %s", err.text);
}

/* ---- the command ---- */

static int report(const struct values *values, struct audit *audit, struct source *source)
{
    int code = audit_gather(audit, source);
    if (code != EXIT_YES) return code;
    if (!values->csv) {
        int verifying =
            values->no_verify ? EXIT_YES : verify(audit, source, values->common.progress);
        if (values->common.json)
            audit_put_json(audit);
        else
            audit_put_text(audit);
        if (verifying != EXIT_YES) return verifying;
    }
    char why[512];
    bool disputed = field_short(buffer_span(&audit->log), "disputed", why, sizeof(why)) && why[0];
    bool faulty = audit->gaps_count || (audit->verified && !audit->verified_ok) || disputed;
    return faulty ? EXIT_NO : EXIT_YES;
}

static int run(const void *given, int count, char **words)
{
    const struct values *values = given;
    struct audit audit = {0};
    struct source source;
    struct buffer target = {0};
    int code = EXIT_WRONG;
    if (values->csv && values->common.json)
        return fail("audit: --csv and --json are two forms; give one");
    if (count && !target_share(&target, words[0], "")) return EXIT_WRONG;
    if (count) audit.share = strrchr(buffer_c(&target), '/') + 1;
    if (values->csv) audit.each = put_csv;
    /* A share's bundle may take a new checkpoint, which only a process that writes signs. */
    bool opened = count && !values->csv && !values->no_verify
                      ? source_open_write(&values->common, &source)
                      : source_open(&values->common, &source);
    if (opened) {
        if (values->csv) printf("share,seq,position,time,kind,items,bytes,leaf\r\n");
        code = report(values, &audit, &source);
        source_close(&source);
    }
    audit_fini(&audit);
    buffer_free(&target);
    return code;
}

const struct command command_audit = {
    .name = "audit",
    .words = "[ID]",
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON | TAKES_PROGRESS,
    .summary = "report on all that was ever shared, removed and redacted",
    .about =
        "Of the whole store, or of a share: events by kind, the first and the last, what was removed and redacted (when,\n"
        "by whom, why; of a share each redacted item), gaps in sequences or positions, neighbours in the log whose times run backwards or lie more than\n"
        "a day apart, the largest shares, the checkpoint and its witnesses, the last verification, and one now: of the\n"
        "data directory, of a server's tiles and headers, or of the share's bundle.\n\n"
        "Exits with 1 where something is missing, doesn't verify, or a witness disputes the log. A removal, a redaction or a step of the clock is no\n"
        "fault. Of --url the owner key is needed.",
    .examples = "  sharelog audit\n"
                "  sharelog audit ID\n"
                "  sharelog audit --json | jq .removals\n"
                "  sharelog audit --csv >events.csv\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
