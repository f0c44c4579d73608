/* A share's bundle, or one event with its proof: files alone, but for a bundle with a URL. */

#include "tools/prove/verify_offline.h"

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/proof/proof.h"
#include "tools/prove/redacted_tell.h"
#include "tools/prove/verify_tell.h"
#include "tools/prove/who.h"
#include "tools/shared/infile.h"
#include "tools/shared/term.h"
#include "tools/shared/trust.h"
#include "tools/shared/when.h"

#define EVENT_BYTES ((size_t)2 * SL_GIB)

/* `,"redactedItems":[…]` */
static void put_redacted_json(const struct redacted_list *redacted)
{
    struct buffer out = {0};
    redacted_json(redacted, &out);
    printf(",\"redactedItems\":%s", buffer_c(&out));
    buffer_free(&out);
}

/* ---- a bundle ---- */

/* What a bundle's verification found. */
struct found {
    struct bundle_verdict verdict;
    struct redacted_list redacted;
    struct after came;
    const struct after *after; /* NULL: nobody was asked what came after it */
};

static void put_bundle_json(const struct found *found, const struct policy *policy, uint64_t ms)
{
    const struct bundle_verdict *verdict = &found->verdict;
    char root[65];
    crypto_hex(verdict->root, sizeof(verdict->root), root);
    printf("{\"verified\":true,\"id\":\"%s\",\"events\":%llu,\"syncs\":%llu,\"items\":%llu,"
           "\"bytes\":%llu,\"redacted\":%llu,\"redactedOnArrival\":%llu,\"first\":%llu,"
           "\"last\":%llu",
        verdict->share_id, (unsigned long long)verdict->events, (unsigned long long)verdict->syncs,
        (unsigned long long)verdict->items, (unsigned long long)verdict->bytes,
        (unsigned long long)verdict->withheld, (unsigned long long)verdict->marked,
        (unsigned long long)verdict->first_ms, (unsigned long long)verdict->last_ms);
    put_redacted_json(&found->redacted);
    if (verdict->removed)
        printf(",\"removed\":{\"time\":%llu,\"by\":\"%s\"}",
            (unsigned long long)verdict->removed_ms, who_name(verdict->removed_by));
    printf(",\"logSize\":%llu,\"root\":\"%s\"", (unsigned long long)verdict->log_size, root);
    verify_tell_cosigned_json(&verdict->cosigned, policy);
    verify_tell_bundle_json(verdict, found->after);
    printf(",\"ms\":%llu}\n", (unsigned long long)ms);
}

static void put_bundle(const struct found *found, const struct policy *policy, uint64_t ms)
{
    const struct bundle_verdict *verdict = &found->verdict;
    char when[WHEN_BYTES], text[200];
    verify_tell_text("share", verdict->share_id);
    verify_tell_number("events", verdict->events);
    verify_tell_number("items", verdict->items);
    verify_tell_text("bytes", size_text(verdict->bytes, when));
    if (found->redacted.count) verify_tell_number("redacted", found->redacted.count);
    verify_tell_text("first", when_iso(verdict->first_ms, when));
    verify_tell_text("last", when_iso(verdict->last_ms, when));
    snprintf(text, sizeof(text), "%llu events", (unsigned long long)verdict->log_size);
    verify_tell_text("log", text);
    verify_tell_cosigned(&verdict->cosigned, policy);
    verify_tell_text("took", when_span(ms, when));
    redacted_put(&found->redacted, SIZE_MAX);
    if (found->redacted.count)
        puts(
            "What stands in the place of redacted items is the operator's word: nothing proves that it was sent.");
    verify_tell_bundle(verdict, found->after);
}

/* The bundle alone, or with what came after it. */
static enum sl_result look(const struct verify_values *values, const struct trust *trust,
    struct infile *file, struct found *found, struct sl_err *err)
{
    struct term_line line = {.force = values->common.progress};
    struct sl_progress progress = term_progress(&line);
    struct evidence seen = {0};
    struct redacted_each gather = redacted_gather(&found->redacted);
    bool after = found->after;
    struct bundle_asks asks = {.policy = trust->policy,
        .head = trust->has_head ? &trust->head : NULL,
        .place = after ? evidence_add_bundle_place : NULL,
        .place_ctx = &seen,
        .redacted = &gather};
    enum sl_result result =
        bundle_verify(infile_bundle(file), &asks, &progress, &found->verdict, err);
    if (result == SL_OK && found->verdict.head == BUNDLE_HEAD_HOLDS) {
        result =
            head_statement_check_time(&found->verdict.statement, clock_real_ms() / 1000, 0, err);
        if (result != SL_OK)
            sl_fail_in(err, "share %s: its head statement", found->verdict.share_id);
    }
    if (result == SL_OK && after) {
        evidence_set_bundle(&seen, &found->verdict);
        result = verify_after(values, trust, &found->verdict, &seen, &progress, &found->came, err);
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
    struct found found = {0};
    if (values->common.url) found.after = &found.came;
    uint64_t max_age_s =
        found.after ? 0 : values->max_age_s; /* the file's; the server's is fresher */
    if (!trust_open(values->log_key, values->policy, max_age_s, &trust)) return EXIT_WRONG;
    if (found.after && !trust.has_head) {
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
    enum sl_result result = look(values, &trust, &file, &found, &err);
    uint64_t ms = (clock_us() - begun_us) / 1000;
    infile_close(&file);
    int code = result == SL_OK ? EXIT_YES : verify_tell_failed(result, &err, values->common.json);
    if (code == EXIT_YES && values->common.json)
        put_bundle_json(&found, trust.policy, ms);
    else if (code == EXIT_YES)
        put_bundle(&found, trust.policy, ms);
    trust_close(&trust);
    redacted_free(&found.redacted);
    return code;
}

/* ---- one event ---- */

static void put_event_json(const struct event_verdict *verdict,
    const struct redacted_list *redacted, const struct policy *policy)
{
    printf("{\"verified\":true,\"id\":\"%s\",\"seq\":%llu,\"position\":%llu,\"time\":%llu,"
           "\"kind\":\"%s\",\"content\":%s,\"withheld\":%zu,\"redactedOnArrival\":%zu",
        verdict->share_id, (unsigned long long)verdict->sequence,
        (unsigned long long)verdict->position, (unsigned long long)verdict->time_ms,
        sl_kind_name(verdict->kind), verdict->content ? "true" : "false", verdict->withheld,
        verdict->marked);
    put_redacted_json(redacted);
    printf(",\"logSize\":%llu", (unsigned long long)verdict->log_size);
    verify_tell_cosigned_json(&verdict->cosigned, policy);
    puts("}");
}

static void put_event(const struct event_verdict *verdict, const struct redacted_list *redacted,
    const struct policy *policy)
{
    char when[WHEN_BYTES], text[160];
    verify_tell_text("share", verdict->share_id);
    snprintf(text, sizeof(text), "%llu, a %s", (unsigned long long)verdict->sequence,
        sl_kind_name(verdict->kind));
    verify_tell_text("event", text);
    snprintf(text, sizeof(text), "%llu in a log of %llu", (unsigned long long)verdict->position,
        (unsigned long long)verdict->log_size);
    verify_tell_text("position", text);
    verify_tell_text("time", when_iso(verdict->time_ms, when));
    if (verdict->withheld) verify_tell_number("withheld", verdict->withheld);
    verify_tell_cosigned(&verdict->cosigned, policy);
    redacted_put(redacted, SIZE_MAX);
    if (redacted->count)
        puts(
            "What stands in the place of a redacted item nothing here binds: the share's bundle has "
            "who redacted it, when and why.");
    if (!verdict->content)
        verify_tell_well("Verified: it is in the log, of this share; its content is gone.");
    else if (redacted->count)
        verify_tell_well("Verified: it is in the log, of this share, and its content is what the "
                         "server recorded, but for what was redacted.");
    else if (verdict->withheld)
        verify_tell_well(
            "Verified: it is in the log, of this share, and what isn't withheld is what "
            "the server recorded.");
    else
        verify_tell_well("Verified: it is in the log, of this share, and its content is what the "
                         "server recorded.");
}

int verify_event(const struct verify_values *values)
{
    struct trust trust;
    struct buffer event = {0}, proof = {0};
    struct sl_err err = {0};
    struct event_verdict verdict;
    struct redacted_list redacted = {0};
    struct redacted_each gather = redacted_gather(&redacted);
    int code = EXIT_WRONG;
    if (!trust_open(values->log_key, values->policy, values->max_age_s, &trust)) return EXIT_WRONG;
    if (infile_all(values->proof, PROOF_BYTES, &proof) &&
        infile_all(values->event, EVENT_BYTES, &event)) {
        enum sl_result result = event_verify(
            buffer_span(&event), buffer_span(&proof), trust.policy, &gather, &verdict, &err);
        code = result == SL_OK ? EXIT_YES : verify_tell_failed(result, &err, values->common.json);
    }
    if (code == EXIT_YES && values->common.json)
        put_event_json(&verdict, &redacted, trust.policy);
    else if (code == EXIT_YES)
        put_event(&verdict, &redacted, trust.policy);
    redacted_free(&redacted);
    buffer_free(&event);
    buffer_free(&proof);
    trust_close(&trust);
    return code;
}
