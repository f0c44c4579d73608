/* A share's bundle, or one event with its proof: files alone. */

#include "tools/prove/verify_offline.h"

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/proof/proof.h"
#include "tools/prove/verify_tell.h"
#include "tools/shared/infile.h"
#include "tools/shared/term.h"
#include "tools/shared/trust.h"
#include "tools/shared/when.h"

#define EVENT_BYTES ((size_t)2 * SL_GIB)

static const char *who_text(enum sl_who who)
{
    switch (who) {
    case SL_WHO_SECRET: return "secret";
    case SL_WHO_OWNER: return "owner";
    default: return "unknown";
    }
}

/* ---- a bundle ---- */

static void put_bundle_json(
    const struct bundle_verdict *verdict, const struct policy *policy, uint64_t ms)
{
    char root[65];
    crypto_hex(verdict->root, sizeof(verdict->root), root);
    printf("{\"verified\":true,\"id\":\"%s\",\"events\":%llu,\"syncs\":%llu,\"items\":%llu,"
           "\"bytes\":%llu,\"redacted\":%llu,\"first\":%llu,\"last\":%llu",
        verdict->share_id, (unsigned long long)verdict->events, (unsigned long long)verdict->syncs,
        (unsigned long long)verdict->items, (unsigned long long)verdict->bytes,
        (unsigned long long)verdict->withheld, (unsigned long long)verdict->first_ms,
        (unsigned long long)verdict->last_ms);
    if (verdict->removed)
        printf(",\"removed\":{\"time\":%llu,\"by\":\"%s\"}",
            (unsigned long long)verdict->removed_ms, who_text(verdict->removed_by));
    printf(",\"logSize\":%llu,\"root\":\"%s\"", (unsigned long long)verdict->log_size, root);
    verify_tell_cosigned_json(&verdict->cosigned, policy);
    printf(",\"ms\":%llu}\n", (unsigned long long)ms);
}

static void put_bundle(
    const struct bundle_verdict *verdict, const struct policy *policy, uint64_t ms)
{
    char when[WHEN_BYTES], text[200];
    verify_tell_text("share", verdict->share_id);
    verify_tell_number("events", verdict->events);
    verify_tell_number("items", verdict->items);
    verify_tell_text("bytes", size_text(verdict->bytes, when));
    if (verdict->withheld) verify_tell_number("redacted", verdict->withheld);
    verify_tell_text("first", when_iso(verdict->first_ms, when));
    verify_tell_text("last", when_iso(verdict->last_ms, when));
    snprintf(text, sizeof(text), "%llu events", (unsigned long long)verdict->log_size);
    verify_tell_text("log", text);
    verify_tell_cosigned(&verdict->cosigned, policy);
    verify_tell_text("took", when_span(ms, when));
    if (verdict->removed) {
        snprintf(text, sizeof(text), "Verified: removed at %s by its %s, %llu events.",
            when_iso(verdict->removed_ms, when), who_text(verdict->removed_by),
            (unsigned long long)verdict->events);
        verify_tell_well(text);
    } else {
        verify_tell_well("Verified: these are all of its events, as they were shared.");
    }
}

int verify_bundle(const struct verify_values *values)
{
    struct trust trust;
    struct infile file;
    struct sl_err err = {0};
    struct bundle_verdict verdict;
    struct term_line line = {.force = values->common.progress};
    struct sl_progress progress = term_progress(&line);
    if (!trust_open(values->log_key, values->policy, values->max_age_s, &trust)) return EXIT_WRONG;
    if (!infile_open(values->bundle, &file)) {
        trust_close(&trust);
        return EXIT_WRONG;
    }
    uint64_t begun_us = clock_us();
    enum sl_result result =
        bundle_verify(infile_bundle(&file), trust.policy, &progress, &verdict, &err);
    uint64_t ms = (clock_us() - begun_us) / 1000;
    if (line.shown_us) term_line(&line, true, "%s", "");
    infile_close(&file);
    int code = result == SL_OK ? EXIT_YES : verify_tell_failed(result, &err, values->common.json);
    if (code == EXIT_YES && values->common.json)
        put_bundle_json(&verdict, trust.policy, ms);
    else if (code == EXIT_YES)
        put_bundle(&verdict, trust.policy, ms);
    trust_close(&trust);
    return code;
}

/* ---- one event ---- */

static void put_event_json(const struct event_verdict *verdict, const struct policy *policy)
{
    printf("{\"verified\":true,\"seq\":%llu,\"position\":%llu,\"time\":%llu,\"kind\":\"%s\","
           "\"share\":%s,\"content\":%s,\"withheld\":%zu,\"logSize\":%llu",
        (unsigned long long)verdict->sequence, (unsigned long long)verdict->position,
        (unsigned long long)verdict->time_ms, sl_kind_name(verdict->kind),
        verdict->of_share ? "true" : "false", verdict->content ? "true" : "false",
        verdict->withheld, (unsigned long long)verdict->log_size);
    verify_tell_cosigned_json(&verdict->cosigned, policy);
    puts("}");
}

static void put_event(const struct event_verdict *verdict, const struct policy *policy)
{
    char when[WHEN_BYTES], text[160];
    snprintf(text, sizeof(text), "%llu, a %s", (unsigned long long)verdict->sequence,
        sl_kind_name(verdict->kind));
    verify_tell_text("event", text);
    snprintf(text, sizeof(text), "%llu in a log of %llu", (unsigned long long)verdict->position,
        (unsigned long long)verdict->log_size);
    verify_tell_text("position", text);
    verify_tell_text("time", when_iso(verdict->time_ms, when));
    if (verdict->withheld) verify_tell_number("withheld", verdict->withheld);
    verify_tell_cosigned(&verdict->cosigned, policy);
    if (!verdict->content)
        verify_tell_well("Verified: it is in the log; its content is gone.");
    else if (verdict->withheld)
        verify_tell_well("Verified: it is in the log, and what isn't withheld is what was shared.");
    else
        verify_tell_well("Verified: it is in the log, and its content is what was shared.");
}

int verify_event(const struct verify_values *values)
{
    struct trust trust;
    struct buffer event = {0}, proof = {0};
    struct sl_err err = {0};
    struct event_verdict verdict;
    int code = EXIT_WRONG;
    if (!trust_open(values->log_key, values->policy, values->max_age_s, &trust)) return EXIT_WRONG;
    if (infile_all(values->proof, PROOF_BYTES, &proof) &&
        infile_all(values->event, EVENT_BYTES, &event)) {
        enum sl_result result =
            event_verify(buffer_span(&event), buffer_span(&proof), trust.policy, &verdict, &err);
        code = result == SL_OK ? EXIT_YES : verify_tell_failed(result, &err, values->common.json);
    }
    if (code == EXIT_YES && values->common.json)
        put_event_json(&verdict, trust.policy);
    else if (code == EXIT_YES)
        put_event(&verdict, trust.policy);
    buffer_free(&event);
    buffer_free(&proof);
    trust_close(&trust);
    return code;
}
