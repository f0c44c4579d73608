/* What a server says of a share's end is believed when its key signed it and nothing that was given
   contradicts it. */

#include "tools/prove/verify_after.h"

#include "core/base/clock.h"
#include "tools/ask/client.h"
#include "tools/prove/bundle_fetch.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define STALL_S 60

struct asking {
    const struct verify_values *values;
    const struct trust *trust;
    const struct bundle_verdict *verdict; /* of the bundle that was given … */
    const struct evidence *seen;          /* … and all its places */
    struct client *client;
    struct evidence now; /* the server's bundle */
    struct after *after;
};

/* ---- what contradicts the bundle ---- */

/* A name for the evidence: beside the bundle, or, read from standard input, here. */
static void evidence_path(const struct asking *asking, struct buffer *path)
{
    bool standard = strcmp(asking->values->bundle, "-") == 0;
    buffer_text(path, standard ? asking->verdict->share_id : asking->values->bundle);
    buffer_text(path, ".contradicted");
}

static bool copy_file(FILE *from, FILE *to)
{
    char piece[16 * SL_KIB];
    size_t n;
    rewind(from);
    while ((n = fread(piece, 1, sizeof(piece), from)) > 0)
        if (fwrite(piece, 1, n, to) != n) return false;
    return !ferror(from);
}

/* Keep what the server gave, a note or a file, and say where. What was kept before proves as much,
   and stays. */
static enum sl_result contradicted(const struct asking *asking, enum evidence_rule rule,
    struct sl_span note, FILE *file, struct sl_err *err)
{
    struct buffer path = {0};
    evidence_path(asking, &path);
    FILE *out = fopen(buffer_c(&path), "wbxe");
    bool before = !out && errno == EEXIST;
    bool kept =
        out && (file ? copy_file(file, out) : fwrite(note.ptr, 1, note.len, out) == note.len);
    if (out && fclose(out) != 0) kept = false;
    if (out && !kept) unlink(buffer_c(&path));
    sl_fail(err, SL_CORRUPT,
        "what the server says of the share contradicts the bundle (%s), and both are signed%s%s%s",
        evidence_rule_name(rule),
        kept     ? ": it is kept in "
        : before ? "; what was kept before stays, in "
                 : "; it could not be kept in ",
        buffer_c(&path), kept ? ", and `sharelog verify --fork` with both files proves it" : "");
    buffer_free(&path);
    return SL_CORRUPT;
}

/* ---- the statement ---- */

/* An old statement was true once: anybody on the way who kept it could hide with it what came
 * since. */
static enum sl_result check_time(
    const struct asking *asking, const struct head_statement *statement, struct sl_err *err)
{
    char when[WHEN_BYTES];
    enum sl_result result = head_statement_check_time(
        statement, clock_real_ms() / 1000, asking->values->max_age_s, err);
    if (result != SL_OK)
        sl_fail_in(err, "the server's head statement, of %s", when_iso(statement->time_ms, when));
    return result;
}

static enum sl_result fetch_statement(
    struct asking *asking, struct buffer *note, struct sl_err *err)
{
    struct buffer target = {0};
    int status = 0;
    buffer_print(&target, "/api/share/%s/head", asking->verdict->share_id);
    enum sl_result result =
        client_fetch(asking->client, buffer_c(&target), HEAD_STATEMENT_BYTES, note, &status, err);
    buffer_free(&target);
    if (result == SL_TOO_LARGE)
        return sl_fail(err, SL_CORRUPT, "the server's head statement: too long");
    if (result != SL_OK || status == 200) return result;
    if (status == 404)
        return sl_fail(err, SL_CORRUPT,
            "the server gives no head statement of the share: to it, there is no such share");
    return sl_fail(err, SL_IO, "the server's head statement: the answer was %d", status);
}

static enum sl_result check_statement(
    struct asking *asking, struct sl_span note, struct sl_err *err)
{
    struct head_statement *statement = &asking->after->statement;
    struct evidence says = {0};
    enum sl_result result = head_statement_verify(note, &asking->trust->head, statement, err);
    if (result != SL_OK) {
        sl_fail_in(err, "the server's head statement");
        return result;
    }
    if (strcmp(statement->share_id, asking->verdict->share_id) != 0)
        return sl_fail(err, SL_CORRUPT, "the server's head statement: of another share");
    bool added = evidence_add_statement(&says, statement);
    enum evidence_rule rule = added ? evidence_judge(asking->seen, &says).rule : EVIDENCE_AGREES;
    evidence_fini(&says);
    if (!added) return sl_fail(err, SL_NOMEM, "out of memory");
    if (rule != EVIDENCE_AGREES) return contradicted(asking, rule, note, NULL, err);
    if (statement->sequence < asking->verdict->events)
        return sl_fail(err, SL_CORRUPT,
            "the server's head statement is of a log of %llu events, when the share had %llu: it "
            "shows an older end than the bundle has",
            (unsigned long long)statement->size, (unsigned long long)statement->sequence);
    return check_time(asking, statement, err);
}

/* ---- the events behind ---- */

static enum sl_result hear(void *ctx, const struct bundle_place *place, struct sl_err *err)
{
    struct asking *asking = ctx;
    struct after *after = asking->after;
    if (place->sequence > asking->verdict->events) {
        after->events++;
        after->kinds[place->kind]++;
        if (place->kind != SL_SYNC && after->told_count < AFTER_TOLD)
            after->told[after->told_count++] = *place;
    }
    return evidence_add_bundle_place(&asking->now, place, err);
}

static enum sl_result check_bundle(
    struct asking *asking, const struct bundle_verdict *now, FILE *file, struct sl_err *err)
{
    evidence_set_bundle(&asking->now, now);
    enum evidence_rule rule = evidence_judge(asking->seen, &asking->now).rule;
    if (rule != EVIDENCE_AGREES) return contradicted(asking, rule, (struct sl_span){0}, file, err);
    if (now->head != BUNDLE_HEAD_HOLDS)
        return sl_fail(err, SL_CORRUPT, "the server's bundle says nothing of its end");
    if (now->events < asking->after->statement.sequence)
        return sl_fail(err, SL_CORRUPT,
            "the server's bundle ends at event %llu, its head statement at %llu",
            (unsigned long long)now->events, (unsigned long long)asking->after->statement.sequence);
    asking->after->statement = now->statement;
    return check_time(asking, &now->statement, err);
}

static enum sl_result read_bundle(
    struct asking *asking, const struct sl_progress *progress, struct sl_err *err)
{
    struct bundle_verdict now;
    FILE *file;
    struct bundle_asks asks = {.policy = asking->trust->policy,
        .head = &asking->trust->head,
        .place = hear,
        .place_ctx = asking};
    enum sl_result result =
        bundle_fetch(asking->client, asking->verdict->share_id, &asks, progress, &now, &file, err);
    if (result == SL_OK)
        result = check_bundle(asking, &now, file, err);
    else
        sl_fail_in(err, "the server's bundle");
    if (result == SL_NOT_FOUND) result = err->result = SL_CORRUPT; /* it had signed its end */
    if (file) fclose(file);
    return result;
}

enum sl_result verify_after(const struct verify_values *values, const struct trust *trust,
    const struct bundle_verdict *verdict, const struct evidence *seen,
    const struct sl_progress *progress, struct after *after, struct sl_err *err)
{
    struct asking asking = {
        .values = values, .trust = trust, .verdict = verdict, .seen = seen, .after = after};
    struct client_remote remote = {.url = values->common.url, .stall_s = STALL_S};
    struct buffer note = {0};
    *after = (struct after){0};
    client_global_init();
    policy_set_clock(trust->policy, clock_real_ms() / 1000, values->max_age_s);
    enum sl_result result = client_create_remote(&remote, &asking.client, err);
    if (result == SL_OK) result = fetch_statement(&asking, &note, err);
    if (result == SL_OK) result = check_statement(&asking, buffer_span(&note), err);
    if (result == SL_OK && after->statement.sequence > verdict->events)
        result = read_bundle(&asking, progress, err);
    client_destroy(asking.client);
    evidence_fini(&asking.now);
    buffer_free(&note);
    return result;
}
