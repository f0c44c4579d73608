/* Checkpoints are gathered first and compared then, each with the largest of them: so two
   witnesses that were shown different histories give it away, whatever the server shows. A finding
   doesn't end the look: what can still be looked at is. */

#include "tools/watch/log_look.h"

#include "core/base/clock.h"
#include "tools/prove/conflict_file.h"
#include "tools/prove/walk.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"
#include "tools/watch/kept.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define STALL_S 30
#define TIMEOUT_S 120 /* of one request */

/* A checkpoint that the log signed, and who had it. */
struct seen {
    const char *whose;
    struct buffer bytes;
    struct checkpoint_text text;
};

enum { SHOWN, KEPT, WITNESSED }; /* places among those seen; of witnesses the first */

struct look {
    const struct state_dir *dir;
    const struct watched_log *log;
    struct findings findings;
    atomic_bool *give_up;
    uint64_t now_s, until_ms;
    char name[STATE_NAME_BYTES];
    struct client *client;
    struct seen seen[WITNESSED + WATCHED_WITNESSES]; /* bytes.len 0: none */
    struct kept kept;
    struct cosigned cosigned;
    bool unread; /* what was to be compared could not be read to its end */
};

/* Take a note as seen; its signature was checked. */
static void take(struct look *look, size_t place, const char *whose, struct sl_span bytes)
{
    struct seen *seen = &look->seen[place];
    struct note note;
    seen->whose = whose;
    if (seen->bytes.ptr != bytes.ptr) buffer_add(&seen->bytes, bytes.ptr, bytes.len);
    bool parsed =
        note_parse(buffer_span(&seen->bytes), &note) && checkpoint_parse(note.text, &seen->text);
    assert(parsed); /* the policy was held against it, which parses it */
}

static void drop(struct look *look, size_t place)
{
    look->seen[place].bytes.len = 0;
}

/* ---- gathering ---- */

static void look_at_kept(struct look *look)
{
    struct sl_err err = {0};
    if (kept_read(look->dir, look->name, look->log->trust.policy, &look->kept, &err) != SL_OK)
        findings_add(&look->findings, FINDING_STATE, NULL, "%s", err.text);
    else if (look->kept.bytes.len)
        take(look, KEPT, "the checkpoint that was kept", look->kept.note);
}

/* Is it a checkpoint of this log, signed by it? */
static bool is_signed(
    struct look *look, struct sl_span bytes, const char *whose, enum finding otherwise)
{
    struct sl_err err = {0};
    struct note note;
    struct checkpoint_text text;
    const char *origin = look->log->key.name;
    enum sl_result result = policy_check_log(look->log->trust.policy, bytes, &err);
    if (result == SL_OK && note_parse(bytes, &note) && checkpoint_parse(note.text, &text) &&
        !sl_span_eq(text.origin, sl_span_of(origin)))
        result = sl_fail(&err, SL_INVALID, "it is another log's");
    if (result != SL_OK) findings_add(&look->findings, otherwise, NULL, "%s: %s", whose, err.text);
    return result == SL_OK;
}

/* The quorum, and then how old it is: both are the policy's, the age by a clock that is given. */
static void look_at_cosignatures(struct look *look, struct sl_span shown)
{
    struct policy *policy = look->log->trust.policy;
    struct sl_err err = {0};
    policy_set_clock(policy, look->now_s, 0);
    if (policy_check(policy, shown, &look->cosigned, &err) != SL_OK) {
        findings_add(&look->findings, FINDING_QUORUM, NULL, "%s", err.text);
        return;
    }
    policy_set_clock(policy, look->now_s, look->log->max_age_s);
    if (policy_check(policy, shown, NULL, &err) != SL_OK)
        findings_add(&look->findings, FINDING_STALE, NULL, "%s", err.text);
}

static void look_at_shown(struct look *look)
{
    struct buffer *bytes = &look->seen[SHOWN].bytes;
    struct sl_err err = {0};
    if (walk_checkpoint(look->client, bytes, &err) != SL_OK) {
        findings_add(&look->findings, FINDING_UNREACHABLE, NULL, "%s", err.text);
        drop(look, SHOWN);
    } else if (is_signed(look, buffer_span(bytes), "what it shows", FINDING_UNSIGNED)) {
        take(look, SHOWN, "the checkpoint that it shows", buffer_span(bytes));
        look_at_cosignatures(look, buffer_span(bytes));
    } else {
        drop(look, SHOWN);
    }
}

/* Is it cosigned by this witness, at a time that can be and not too long ago? */
static bool is_witnessed(
    struct look *look, const struct watched_witness *witness, struct sl_span bytes)
{
    struct note note;
    uint64_t time_s = 0, max_s = look->log->max_age_s;
    const char *name = witness->key.name;
    char ago[WHEN_BYTES];
    if (!is_signed(look, bytes, name, FINDING_WITNESS)) return false;
    if (!note_parse(bytes, &note) || !note_signed_by(&note, &witness->key, &time_s)) {
        findings_add(&look->findings, FINDING_WITNESS, NULL,
            "%s: it shows a checkpoint that it hasn't cosigned", name);
        return false;
    }
    if (time_s > look->now_s + POLICY_AHEAD_S)
        findings_add(&look->findings, FINDING_WITNESS, NULL,
            "%s: its cosignature is dated in the future", name);
    else if (max_s && time_s < look->now_s && look->now_s - time_s > max_s)
        findings_add(&look->findings, FINDING_STALE, NULL, "%s: its last cosignature was %s", name,
            when_ago(time_s * 1000, ago));
    return true;
}

/* GET URL/<log>/checkpoint, of the monitoring API. */
static enum sl_result fetch_witnessed(const struct look *look,
    const struct watched_witness *witness, struct buffer *bytes, int *status, struct sl_err *err)
{
    struct client_remote remote = {
        .url = witness->url, .stall_s = STALL_S, .timeout_s = TIMEOUT_S, .stop = look->give_up};
    struct client *client = NULL;
    char path[sizeof(look->name) + sizeof("//checkpoint")];
    snprintf(path, sizeof(path), "/%s/checkpoint", look->name);
    enum sl_result result = client_create_remote(&remote, &client, err);
    if (result == SL_OK) result = client_fetch(client, path, NOTE_BYTES, bytes, status, err);
    client_destroy(client);
    return result;
}

static void look_at_witness(struct look *look, size_t i)
{
    const struct watched_witness *witness = &look->log->witnesses[i];
    struct buffer *bytes = &look->seen[WITNESSED + i].bytes;
    struct sl_err err = {0};
    int status = 0;
    if (fetch_witnessed(look, witness, bytes, &status, &err) != SL_OK) {
        findings_add(
            &look->findings, FINDING_UNREACHABLE, NULL, "%s: %s", witness->key.name, err.text);
    } else if (status != 200) {
        findings_add(&look->findings, FINDING_WITNESS, NULL, "%s: %s (%d)", witness->key.name,
            status == 404 ? "it shows no checkpoint of this log" : "it shows no checkpoint",
            status);
    } else if (is_witnessed(look, witness, buffer_span(bytes))) {
        take(look, WITNESSED + i, witness->key.name, buffer_span(bytes));
        return;
    }
    drop(look, WITNESSED + i);
}

/* ---- comparing ---- */

static void report(void *ctx, const char *what, uint64_t done, uint64_t all)
{
    const struct look *look = ctx;
    (void)what, (void)done, (void)all;
    if (clock_ms() > look->until_ms) atomic_store(look->give_up, true);
}

/* The file that shows it; NULL: it can't be kept, which is told. The caller frees it. */
static char *keep_conflict(struct look *look, const struct seen *smaller, const struct seen *larger,
    const struct conflict_roots *roots)
{
    struct sl_err err = {0};
    char *path = state_dir_file(look->dir, look->name, "conflict");
    enum sl_result result =
        path ? conflict_keep(path, look->log->trust.policy, buffer_span(&smaller->bytes), roots,
                   buffer_span(&larger->bytes), &err)
             : sl_fail(&err, SL_NOMEM, "out of memory");
    if (result == SL_OK) return path;
    findings_add(
        &look->findings, FINDING_STATE, NULL, "the two checkpoints can't be kept: %s", err.text);
    free(path);
    return NULL;
}

/* Both are signed by the log, and one isn't the beginning of the other as far as the server shows.
 */
static void tell_conflict(struct look *look, const struct seen *smaller, const struct seen *larger,
    const struct walked *walked, const struct sl_err *err)
{
    char *path = keep_conflict(look, smaller, larger, &walked->roots);
    if (walked->conflict)
        findings_add(&look->findings, FINDING_FORK, path,
            "%s (%" PRIu64 " events) and %s (%" PRIu64
            " events) are of two histories, and it signed both%s",
            smaller->whose, smaller->text.size, larger->whose, larger->text.size,
            walked->proven ? "" : "; it doesn't show what would prove it to others");
    else
        findings_add(&look->findings, FINDING_LOG, path,
            "it no longer shows the log of %s (%" PRIu64 " events), which it signed: %s",
            larger->whose, larger->text.size, err->text);
    free(path);
}

static void tell_times(struct look *look, const struct chains_times *times)
{
    if (times->back.count)
        findings_add(&look->findings, FINDING_TIMES, NULL,
            "%" PRIu64 " events are dated before earlier ones, the first at position %" PRIu64,
            times->back.count, times->back.first);
    if (times->ahead.count)
        findings_add(&look->findings, FINDING_TIMES, NULL,
            "%" PRIu64 " events are dated after the log was seen, the first at position %" PRIu64,
            times->ahead.count, times->ahead.first);
}

/* No event of a checkpoint can be later than its first cosignature, or than now. */
static uint64_t latest_ms(const struct look *look, const struct seen *of)
{
    bool cosigned = of == &look->seen[SHOWN] && look->cosigned.count;
    return ((cosigned ? look->cosigned.oldest_s : look->now_s) + POLICY_AHEAD_S) * 1000;
}

/* Is `smaller` (NULL: nothing) the beginning of `larger`? What is between them is read. A server
   that can't show the tree of a checkpoint that it signed and shows no more has another one. */
static void compare(struct look *look, const struct seen *smaller, const struct seen *larger)
{
    struct sl_progress progress = {report, look};
    struct walked walked = {0};
    struct sl_err err = {0};
    struct walk walk = {.client = look->client,
        .older = smaller ? &smaller->text : NULL,
        .newer = &larger->text,
        .latest_ms = latest_ms(look, larger),
        .entries = WALK_ENTRIES_IF_SHOWN,
        .progress = &progress};
    enum sl_result result = walk_log(&walk, &walked, &err);
    if (result == SL_OK)
        tell_times(look, &walked.times);
    else if (result == SL_CORRUPT && smaller && (walked.conflict || larger != &look->seen[SHOWN]))
        tell_conflict(look, smaller, larger, &walked, &err);
    else if (result == SL_CORRUPT)
        findings_add(&look->findings, FINDING_LOG, NULL, "%s", err.text);
    else {
        findings_add(&look->findings, FINDING_UNREACHABLE, NULL, "%s", err.text);
        look->unread = true;
    }
}

static bool is_same(const struct seen *a, const struct seen *b)
{
    return a->text.size == b->text.size && memcmp(a->text.root, b->text.root, 32) == 0;
}

/* A server that shows nothing has no tiles either: then only roots of one size are compared. */
static void compare_all(struct look *look)
{
    const struct seen *largest = NULL;
    size_t count = WITNESSED + look->log->witnesses_count;
    bool shown = look->seen[SHOWN].bytes.len > 0;
    for (size_t i = 0; i < count; i++) {
        const struct seen *seen = &look->seen[i];
        if (seen->bytes.len && (!largest || seen->text.size > largest->text.size)) largest = seen;
    }
    if (!largest) return;
    if (shown && !look->seen[KEPT].bytes.len) compare(look, NULL, largest);
    for (size_t i = 0; i < count; i++) {
        const struct seen *seen = &look->seen[i];
        if (!seen->bytes.len || is_same(seen, largest)) continue;
        if (shown || seen->text.size == largest->text.size) compare(look, seen, largest);
    }
}

/* ---- over time ---- */

static void look_at_growth(struct look *look)
{
    const struct seen *shown = &look->seen[SHOWN], *kept = &look->seen[KEPT];
    uint64_t grew_s = look->kept.grew_s, max_s = look->log->max_still_s;
    char ago[WHEN_BYTES];
    if (!shown->bytes.len || !kept->bytes.len) return;
    if (shown->text.size < kept->text.size)
        findings_add(&look->findings, FINDING_OLDER, NULL,
            "it shows a checkpoint of %" PRIu64 " events, and has shown one of %" PRIu64,
            shown->text.size, kept->text.size);
    else if (shown->text.size == kept->text.size && max_s && look->now_s > grew_s &&
             look->now_s - grew_s > max_s)
        findings_add(&look->findings, FINDING_STILL, NULL,
            "it has %" PRIu64 " events as when it was seen to grow, %s", shown->text.size,
            when_ago(grew_s * 1000, ago));
}

/* Only what a later look may rely on is kept: a log that is stale or still can be trusted as far as
   it goes, and a witness that is down says nothing of it. A server that gives a checkpoint and not
   its tiles would have another history taken for the log. */
static void keep(struct look *look)
{
    static const enum finding bad[] = {
        FINDING_FORK, FINDING_LOG, FINDING_UNSIGNED, FINDING_QUORUM, FINDING_OLDER, FINDING_STATE};
    const struct seen *shown = &look->seen[SHOWN], *kept = &look->seen[KEPT];
    bool grown = !kept->bytes.len || shown->text.size > kept->text.size;
    struct sl_err err = {0};
    if (!shown->bytes.len || look->unread) return;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (findings_have(&look->findings, bad[i])) return;
    if (kept_write(look->dir, look->name, buffer_span(&shown->bytes),
            grown ? look->now_s : look->kept.grew_s, &err) != SL_OK)
        findings_add(&look->findings, FINDING_STATE, NULL, "%s", err.text);
}

/* ---- the whole ---- */

static void look_around(struct look *look)
{
    struct client_remote remote = {
        .url = look->log->url, .stall_s = STALL_S, .timeout_s = TIMEOUT_S, .stop = look->give_up};
    struct sl_err err = {0};
    if (client_create_remote(&remote, &look->client, &err) != SL_OK) {
        findings_add(&look->findings, FINDING_UNREACHABLE, NULL, "%s", err.text);
        return;
    }
    look_at_kept(look);
    look_at_shown(look);
    for (size_t i = 0; i < look->log->witnesses_count; i++)
        look_at_witness(look, i);
    compare_all(look);
    look_at_growth(look);
    keep(look);
    client_destroy(look->client);
}

int log_look(
    const struct state_dir *dir, const struct watched_log *log, bool json, atomic_bool *give_up)
{
    struct look *look = need(sizeof(*look));
    look->dir = dir;
    look->log = log;
    look->findings = (struct findings){.log = log->key.name, .url = log->url, .json = json};
    look->give_up = give_up;
    look->now_s = clock_real_ms() / 1000;
    look->until_ms = clock_ms() + LOOK_MS;
    state_dir_name(sl_span_of(log->key.name), look->name);
    look_around(look);
    struct findings_seen seen = {.any = look->seen[SHOWN].bytes.len > 0,
        .size = look->seen[SHOWN].text.size,
        .cosignatures = look->cosigned.count,
        .newest_s = look->cosigned.newest_s};
    int code = findings_end(&look->findings, &seen);
    for (size_t i = 0; i < WITNESSED + WATCHED_WITNESSES; i++)
        buffer_free(&look->seen[i].bytes);
    kept_fini(&look->kept);
    free(look);
    return code;
}
