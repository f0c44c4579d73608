/* A share's bundle, or one event with its proof: files alone, but for a bundle with a URL. */

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

/* ---- a bundle ---- */

static void put_bundle_json(const struct bundle_verdict *verdict, const struct policy *policy,
    const struct after *after, uint64_t ms)
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
            (unsigned long long)verdict->removed_ms, verify_tell_who(verdict->removed_by));
    printf(",\"logSize\":%llu,\"root\":\"%s\"", (unsigned long long)verdict->log_size, root);
    verify_tell_cosigned_json(&verdict->cosigned, policy);
    verify_tell_bundle_json(verdict, after);
    printf(",\"ms\":%llu}\n", (unsigned long long)ms);
}

static void put_bundle(const struct bundle_verdict *verdict, const struct policy *policy,
    const struct after *after, uint64_t ms)
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
    verify_tell_bundle(verdict, after);
}

/* The bundle alone, or with what came after it. */
static enum sl_result look(const struct verify_values *values, const struct trust *trust,
    struct infile *file, struct bundle_verdict *verdict, struct after *after, struct sl_err *err)
{
    struct term_line line = {.force = values->common.progress};
    struct sl_progress progress = term_progress(&line);
    struct evidence seen = {0};
    struct bundle_asks asks = {.policy = trust->policy,
        .head = trust->has_head ? &trust->head : NULL,
        .place = after ? evidence_add_bundle_place : NULL,
        .place_ctx = &seen};
    enum sl_result result = bundle_verify(infile_bundle(file), &asks, &progress, verdict, err);
    if (result == SL_OK && after) {
        evidence_set_bundle(&seen, verdict);
        result = verify_after(values, trust, verdict, &seen, &progress, after, err);
    }
    if (line.shown_us) term_line(&line, true, "%s", "");
    evidence_fini(&seen);
    return result;
}

int verify_bundle(const struct verify_values *values)
{
    struct trust trust;
    struct infile file;
    struct sl_err err = {0};
    struct bundle_verdict verdict;
    struct after came, *after = values->common.url ? &came : NULL;
    if (!trust_open(values->log_key, values->policy, values->max_age_s, &trust)) return EXIT_WRONG;
    if (after && !trust.has_head) {
        trust_close(&trust);
        return fail(
            "verify: where a share ends now is signed with another key than the log's; give "
            "--key both lines that `sharelog log-key` prints");
    }
    if (!infile_open(values->bundle, &file)) {
        trust_close(&trust);
        return EXIT_WRONG;
    }
    uint64_t begun_us = clock_us();
    enum sl_result result = look(values, &trust, &file, &verdict, after, &err);
    uint64_t ms = (clock_us() - begun_us) / 1000;
    infile_close(&file);
    int code = result == SL_OK ? EXIT_YES : verify_tell_failed(result, &err, values->common.json);
    if (code == EXIT_YES && values->common.json)
        put_bundle_json(&verdict, trust.policy, after, ms);
    else if (code == EXIT_YES)
        put_bundle(&verdict, trust.policy, after, ms);
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
