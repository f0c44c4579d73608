/* Evidence is read file by file into pieces (core/proof/evidence.h), each verified by the log's
   keys; then every two are held against each other. A file that can't be read, or isn't what that
   log signed, ends it: it is evidence of nothing. */

#include "tools/prove/verify_fork.h"

#include "core/base/crypto.h"
#include "core/proof/conflict.h"
#include "core/proof/evidence.h"
#include "core/proof/proof.h"
#include "tools/prove/verify_tell.h"
#include "tools/shared/infile.h"
#include "tools/shared/term.h"
#include "tools/shared/trust.h"

#include <stdlib.h>

#define PIECES 32
#define EVENT_BYTES ((size_t)2 * SL_GIB)
#define DASH "\xe2\x80\x94 " /* begins a signature line */

struct piece {
    const char *file, *what; /* what it is, in words */
    struct evidence evidence;
    struct head_statement statement; /* of one */
};

struct judging {
    struct trust trust;
    struct piece pieces[PIECES];
    size_t count;
    const char *events[PIECES], *proofs[PIECES]; /* files, to be paired */
    size_t events_count, proofs_count;
    const char *conflict; /* a file that proves a conflict by itself; NULL: none */
    struct conflict_verdict histories;
};

static struct piece *add(
    struct judging *judging, const char *file, const char *what, struct sl_err *err)
{
    if (judging->count == PIECES) {
        sl_fail(err, SL_INVALID, "more than %d pieces of evidence", PIECES);
        return NULL;
    }
    struct piece *piece = &judging->pieces[judging->count++];
    piece->file = file;
    piece->what = what;
    return piece;
}

/* ---- notes ---- */

static enum sl_result set_checkpoint(
    struct judging *judging, struct sl_span note, struct evidence *evidence, struct sl_err *err)
{
    struct note parts;
    struct checkpoint_text text;
    enum sl_result result = policy_check_log(judging->trust.policy, note, err);
    if (result == SL_NOT_FOUND || result == SL_INVALID) result = err->result = SL_CORRUPT;
    if (result != SL_OK) return result;
    if (!note_parse(note, &parts) || !checkpoint_parse(parts.text, &text))
        return sl_fail(err, SL_CORRUPT, "not a checkpoint");
    evidence_set_checkpoint(evidence, &text);
    return SL_OK;
}

static enum sl_result add_note(
    struct judging *judging, const char *file, struct sl_span note, struct sl_err *err)
{
    static const char form[] = HEAD_STATEMENT_FORM "\n";
    bool statement = note.len > sizeof(form) && memcmp(note.ptr, form, sizeof(form) - 1) == 0;
    struct piece *piece = add(judging, file, statement ? "a head statement" : "a checkpoint", err);
    if (!piece) return SL_INVALID;
    if (!statement) return set_checkpoint(judging, note, &piece->evidence, err);
    if (!judging->trust.has_head)
        return sl_fail(err, SL_INVALID,
            "a head statement is signed with another key than the log's; give --key both lines that "
            "`sharelog log-key` prints");
    enum sl_result result =
        head_statement_verify(note, &judging->trust.head, &piece->statement, err);
    if (result != SL_OK) return result;
    return evidence_add_statement(&piece->evidence, &piece->statement)
               ? SL_OK
               : sl_fail(err, SL_NOMEM, "out of memory");
}

/* How many bytes of the text the first note takes: to the end of the signature lines behind its
   first empty line. */
static size_t note_length(struct sl_span text)
{
    bool signed_yet = false;
    size_t at = 0;
    while (at < text.len) {
        const char *line = text.ptr + at, *end = memchr(line, '\n', text.len - at);
        size_t len = end ? (size_t)(end + 1 - line) : text.len - at;
        bool signature = len > sizeof(DASH) - 1 && memcmp(line, DASH, sizeof(DASH) - 1) == 0;
        if (signed_yet && !signature) break;
        signed_yet = signature;
        at += len;
    }
    return at;
}

static enum sl_result add_notes(
    struct judging *judging, const char *file, struct sl_span text, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    do {
        size_t len = note_length(text);
        result = add_note(judging, file, (struct sl_span){text.ptr, len}, err);
        text = (struct sl_span){text.ptr + len, text.len - len};
        while (text.len && text.ptr[0] == '\n') /* an empty line may part them */
            text = (struct sl_span){text.ptr + 1, text.len - 1};
    } while (result == SL_OK && text.len);
    return result;
}

/* ---- bundles, events ---- */

static enum sl_result add_bundle(struct judging *judging, const char *file, struct sl_err *err)
{
    struct infile in;
    struct bundle_verdict verdict;
    struct piece *piece = add(judging, file, "a bundle", err);
    if (!piece) return SL_INVALID;
    struct bundle_asks asks = {.policy = judging->trust.policy,
        .head = judging->trust.has_head ? &judging->trust.head : NULL,
        .place = evidence_add_bundle_place,
        .place_ctx = &piece->evidence};
    if (!infile_open(file, &in)) return sl_fail(err, SL_IO, "it can't be read");
    enum sl_result result = bundle_verify(infile_bundle(&in), &asks, NULL, &verdict, err);
    infile_close(&in);
    if (result != SL_OK) return result;
    evidence_set_bundle(&piece->evidence, &verdict);
    piece->statement = verdict.statement;
    return SL_OK;
}

static enum sl_result add_event(
    struct judging *judging, const char *event_file, const char *proof_file, struct sl_err *err)
{
    struct buffer event = {0}, text = {0};
    struct event_verdict verdict;
    struct proof proof;
    struct piece *piece = add(judging, event_file, "an event", err);
    if (!piece) return SL_INVALID;
    enum sl_result result =
        infile_all(event_file, EVENT_BYTES, &event) && infile_all(proof_file, PROOF_BYTES, &text)
            ? SL_OK
            : sl_fail(err, SL_IO, "it can't be read");
    if (result == SL_OK)
        result = event_verify(
            buffer_span(&event), buffer_span(&text), judging->trust.policy, NULL, &verdict, err);
    if (result == SL_OK) result = proof_parse(buffer_span(&text), &proof, err);
    if (result == SL_OK) result = set_checkpoint(judging, proof.checkpoint, &piece->evidence, err);
    if (result == SL_OK) {
        struct evidence_place place = {verdict.sequence, verdict.position, true, {0}};
        memcpy(place.leaf, verdict.leaf, 32);
        memcpy(piece->evidence.ref, verdict.ref, 32);
        memcpy(piece->evidence.share_id, verdict.share_id, sizeof(verdict.share_id));
        if (!evidence_add(&piece->evidence, &place))
            result = sl_fail(err, SL_NOMEM, "out of memory");
    }
    buffer_free(&event);
    buffer_free(&text);
    return result;
}

static int put_proven(enum evidence_rule rule)
{
    printf("%sProven: the log's key signed two things that can't both be true (%s).%s\n",
        term_style(TERM_RED), evidence_rule_name(rule), term_style(TERM_PLAIN));
    printf("Keep the files: whoever has the key can run the same command.\n");
    return EXIT_FRAUD;
}

/* ---- two histories, in one file ---- */

static enum sl_result add_conflict(struct judging *judging, const char *file, struct sl_err *err)
{
    struct buffer text = {0};
    struct conflict_verdict verdict;
    enum sl_result result =
        infile_all(file, CONFLICT_BYTES, &text) ? SL_OK : sl_fail(err, SL_IO, "it can't be read");
    if (result == SL_OK)
        result = conflict_verify(buffer_span(&text), judging->trust.policy, &verdict, err);
    if (result == SL_OK) {
        judging->conflict = file;
        judging->histories = verdict;
    }
    buffer_free(&text);
    return result;
}

static int put_conflict(const struct judging *judging, bool json)
{
    const struct conflict_verdict *of = &judging->histories;
    struct buffer line = {0};
    if (json) {
        buffer_text(&line, "{\"fraud\":true,\"rule\":\"root\",\"files\":[");
        buffer_json(&line, sl_span_of(judging->conflict));
        printf("%s]}\n", buffer_c(&line));
        buffer_free(&line);
        return EXIT_FRAUD;
    }
    buffer_print(&line,
        "checkpoints of %llu and of %llu events, of which the one never grew into the other",
        (unsigned long long)of->smaller, (unsigned long long)of->larger);
    verify_tell_text(judging->conflict, buffer_c(&line));
    buffer_free(&line);
    printf("A log only grows; these are two histories.\n");
    return put_proven(EVIDENCE_ROOT);
}

/* ---- files ---- */

/* A file's first bytes tell what it is. */
static enum sl_result add_file(struct judging *judging, const char *file, struct sl_err *err)
{
    static const char proof[] = "c2sp.org/tlog-proof@";
    char first[sizeof(proof) - 1] = {0};
    FILE *in = fopen(file, "rbe");
    if (!in) return sl_fail(err, SL_IO, "it can't be read");
    size_t len = fread(first, 1, sizeof(first), in);
    fclose(in);
    if (len && (uint8_t)first[0] == 0x94) return add_bundle(judging, file, err);
    if (len == sizeof(first) && memcmp(first, CONFLICT_FORM, len) == 0)
        return add_conflict(judging, file, err);
    bool is_proof = len == sizeof(first) && memcmp(first, proof, len) == 0;
    if (is_proof || (len && first[0] == '{')) {
        size_t *count = is_proof ? &judging->proofs_count : &judging->events_count;
        if (*count == PIECES)
            return sl_fail(err, SL_INVALID, "more than %d pieces of evidence", PIECES);
        (is_proof ? judging->proofs : judging->events)[(*count)++] = file;
        return SL_OK;
    }
    struct buffer text = {0};
    enum sl_result result = infile_all(file, PIECES * HEAD_STATEMENT_BYTES, &text)
                                ? add_notes(judging, file, buffer_span(&text), err)
                                : sl_fail(err, SL_IO, "it can't be read");
    buffer_free(&text);
    return result;
}

static enum sl_result read_all(
    struct judging *judging, const struct verify_values *values, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    for (int i = 0; i < values->files_count && result == SL_OK; i++) {
        result = add_file(judging, values->files[i], err);
        if (result != SL_OK) sl_fail_in(err, "%s", values->files[i]);
    }
    if (result == SL_OK && judging->events_count != judging->proofs_count)
        result = sl_fail(err, SL_INVALID, "an event goes with its proof file: give both");
    for (size_t i = 0; i < judging->events_count && result == SL_OK; i++) {
        result = add_event(judging, judging->events[i], judging->proofs[i], err);
        if (result != SL_OK) sl_fail_in(err, "%s, %s", judging->events[i], judging->proofs[i]);
    }
    return result;
}

/* ---- telling ---- */

static const char *why(enum evidence_rule rule)
{
    switch (rule) {
    case EVIDENCE_AGREES: break;
    case EVIDENCE_ROOT:
        return "A log only grows, so of one size it has one root; these are two histories.";
    case EVIDENCE_SHARE: return "A share's id is given once, with one salt; these are two shares.";
    case EVIDENCE_EVENT:
        return "An event never changes and never moves; these are two events in one place.";
    case EVIDENCE_ORDER:
        return "A share's events lie in the log in their order; these can't lie in one log.";
    case EVIDENCE_LEFT_OUT:
        return "The statement says that the share has no other event below its size; it has one.";
    case EVIDENCE_POSITION:
        return "A position of the log has one event, which never changes; these are two.";
    }
    return "";
}

/* What a piece says, as far as the rule is about it. */
static void put_claim(const struct piece *piece, const struct evidence_found *found,
    const struct evidence_place *place)
{
    const struct evidence *evidence = &piece->evidence;
    struct buffer line = {0};
    char hex[65];
    buffer_text(&line, piece->what);
    if (found->rule == EVIDENCE_ROOT) {
        crypto_hex(evidence->root, 32, hex);
        buffer_print(&line, ": %llu events, root %s", (unsigned long long)evidence->size, hex);
    } else {
        crypto_hex(evidence->ref, 32, hex);
        buffer_print(
            &line, ": share %s (ref %s)", evidence->share_id[0] ? evidence->share_id : "?", hex);
    }
    if (place->sequence) {
        buffer_print(&line, ", event %llu at position %llu", (unsigned long long)place->sequence,
            (unsigned long long)place->position);
        if (place->has_leaf) {
            crypto_hex(place->leaf, 32, hex);
            buffer_print(&line, ", leaf %s", hex);
        }
    } else if (found->rule == EVIDENCE_LEFT_OUT) {
        buffer_print(&line, ", whose last event below position %llu is event %llu",
            (unsigned long long)evidence->end_size, (unsigned long long)evidence->end_sequence);
    }
    verify_tell_text(piece->file, buffer_c(&line));
    buffer_free(&line);
}

static int put_fraud(
    const struct piece *a, const struct piece *b, const struct evidence_found *found, bool json)
{
    struct buffer line = {0};
    if (json) {
        buffer_print(
            &line, "{\"fraud\":true,\"rule\":\"%s\",\"origin\":", evidence_rule_name(found->rule));
        buffer_json(&line, sl_span_of(a->evidence.origin));
        buffer_text(&line, ",\"files\":[");
        buffer_json(&line, sl_span_of(a->file));
        buffer_text(&line, ",");
        buffer_json(&line, sl_span_of(b->file));
        printf("%s]}\n", buffer_c(&line));
        buffer_free(&line);
        return EXIT_FRAUD;
    }
    verify_tell_text("log", a->evidence.origin);
    put_claim(a, found, &found->a);
    put_claim(b, found, &found->b);
    printf("%s\n", why(found->rule));
    return put_proven(found->rule);
}

static int put_none(const struct judging *judging, size_t pairs, bool json)
{
    if (json) {
        printf("{\"fraud\":false,\"pieces\":%zu,\"pairs\":%zu}\n", judging->count, pairs);
        return EXIT_YES;
    }
    for (size_t i = 0; i < judging->count; i++) {
        const struct piece *piece = &judging->pieces[i];
        struct buffer line = {0};
        buffer_text(&line, piece->what);
        if (piece->evidence.has_root)
            buffer_print(
                &line, ", checkpoint of %llu events", (unsigned long long)piece->evidence.size);
        if (piece->evidence.share_id[0])
            buffer_print(&line, ", share %s", piece->evidence.share_id);
        if (piece->evidence.has_end)
            buffer_print(&line, ", %llu events as of a log of %llu",
                (unsigned long long)piece->evidence.end_sequence,
                (unsigned long long)piece->evidence.end_size);
        verify_tell_text(piece->file, buffer_c(&line));
        buffer_free(&line);
    }
    printf(
        "No contradiction shows: roots of one size, share ids, and events' places, leaves and ends "
        "were compared.\nCheckpoints of two sizes are compared by the log's tiles: sharelog verify "
        "--url URL --since FILE\n");
    return EXIT_YES;
}

static int judge(const struct judging *judging, bool json)
{
    size_t pairs = 0;
    if (judging->conflict) return put_conflict(judging, json);
    for (size_t i = 0; i < judging->count; i++)
        for (size_t k = i + 1; k < judging->count; k++, pairs++) {
            struct evidence_found found =
                evidence_judge(&judging->pieces[i].evidence, &judging->pieces[k].evidence);
            if (found.rule != EVIDENCE_AGREES)
                return put_fraud(&judging->pieces[i], &judging->pieces[k], &found, json);
        }
    return put_none(judging, pairs, json);
}

int verify_fork(const struct verify_values *values)
{
    struct sl_err err = {0};
    struct judging *judging = need(sizeof(*judging));
    if (!trust_open(values->log_key, NULL, 0, &judging->trust)) {
        free(judging);
        return EXIT_WRONG;
    }
    enum sl_result result = read_all(judging, values, &err);
    if (result == SL_OK && judging->count < 2 && !judging->conflict)
        result = sl_fail(&err, SL_INVALID, "one piece of evidence contradicts nothing: give two");
    int code = result == SL_OK ? judge(judging, values->common.json)
                               : verify_tell_failed(result, &err, values->common.json);
    for (size_t i = 0; i < judging->count; i++)
        evidence_fini(&judging->pieces[i].evidence);
    trust_close(&judging->trust);
    free(judging);
    return code;
}
