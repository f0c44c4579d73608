/* A server's log, from the network alone: its checkpoint, then the tiles that make its root, and
   whether it grew out of the checkpoint that was kept before. The verified one takes the kept one's
   place.

   A log that didn't grow out of the kept one has two histories. Both checkpoints are kept then, in
   a file beside the kept one, which stays as it was; so does the first such file, unless a later
   one proves more. Any other fault leaves all files alone. */

#include "tools/prove/verify_url.h"

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/base/file.h"
#include "tools/prove/conflict_file.h"
#include "tools/prove/verify_tell.h"
#include "tools/prove/walk.h"
#include "tools/shared/term.h"
#include "tools/shared/trust.h"
#include "tools/shared/when.h"

#include <assert.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>

#define STALL_S 60

/* A checkpoint, its text parsed. */
struct noted {
    struct buffer bytes; /* the note; len 0: none */
    struct checkpoint_text text;
};

struct looking {
    const struct verify_values *values;
    struct trust trust;
    struct client *client;
    struct noted kept, shown; /* what --since has; what the server shows */
    struct cosigned cosigned;
    struct walked walked;
    bool stays; /* the kept checkpoint is the newer one: it is not replaced */
};

static void parse(struct noted *noted)
{
    struct note note;
    bool parsed =
        note_parse(buffer_span(&noted->bytes), &note) && checkpoint_parse(note.text, &noted->text);
    assert(parsed); /* its policy was checked, which parses it */
}

/* ---- the checkpoint kept from before ---- */

static bool read_kept(struct looking *looking)
{
    const char *path = looking->values->since;
    struct buffer *note = &looking->kept.bytes;
    struct buf bytes = {0};
    struct sl_err err = {0};
    if (!path) return true;
    enum sl_result result = file_read(path, NOTE_BYTES, &bytes, &err);
    if (result == SL_OK) buffer_add(note, bytes.ptr, bytes.len);
    buf_fini(&bytes);
    if (result == SL_NOT_FOUND) return true; /* it will be the first */
    if (result == SL_OK) {
        result = policy_check_log(looking->trust.policy, buffer_span(note), &err);
        if (result != SL_OK) sl_fail_in(&err, "%s is no checkpoint of this log", path);
    }
    if (result != SL_OK)
        fail("verify: %s", err.text);
    else
        parse(&looking->kept);
    return result == SL_OK;
}

/* Replace the kept checkpoint, in one step. */
static int keep(struct looking *looking)
{
    const char *path = looking->values->since;
    struct sl_err err = {0};
    if (!path || looking->stays) return EXIT_YES;
    char *copy = need_text(path);
    enum sl_result result =
        file_write(dirname(copy), path, buffer_span(&looking->shown.bytes), &err);
    free(copy);
    return result == SL_OK ? EXIT_YES : fail("verify: verified, but not kept: %s", err.text);
}

/* ---- a conflict ---- */

static bool keep_conflict(const struct looking *looking, const char *path)
{
    struct sl_err err = {0};
    struct sl_span kept = buffer_span(&looking->kept.bytes),
                   shown = buffer_span(&looking->shown.bytes);
    if (conflict_keep(path, looking->trust.policy, looking->stays ? shown : kept,
            &looking->walked.roots, looking->stays ? kept : shown, &err) == SL_OK)
        return true;
    fail("verify: the two checkpoints are NOT KEPT: %s", err.text);
    return false;
}

/* The log has two histories: keep what shows it, and tell. */
static int tell_conflict(const struct looking *looking, const struct sl_err *err)
{
    struct buffer path = {0}, line = {0};
    buffer_print(&path, "%s.conflict", looking->values->since);
    bool is_kept = keep_conflict(looking, buffer_c(&path)), proven = looking->walked.proven;
    fail("CONFLICT: the log's key signed the checkpoint in %s (%" PRIu64 " events) and the one "
         "that is shown (%" PRIu64 " events), and %s",
        looking->values->since, looking->kept.text.size, looking->shown.text.size,
        proven ? "they are of two histories" : "the server doesn't show one log of both");
    if (is_kept)
        fail("both are kept in %s%s; %s stays as it was", buffer_c(&path),
            proven ? ", which proves it to anybody (sharelog verify --fork)"
                   : "; the server didn't show what would prove it to others",
            looking->values->since);
    if (looking->values->common.json) {
        buffer_text(&line, "{\"verified\":false,\"fault\":");
        buffer_json(&line, sl_span_of(err->text));
        buffer_text(&line, ",\"conflict\":");
        if (is_kept)
            buffer_json(&line, buffer_span(&path));
        else
            buffer_text(&line, "null");
        printf("%s,\"proven\":%s}\n", buffer_c(&line), proven ? "true" : "false");
    } else {
        fail("not verified: %s", err->text);
    }
    buffer_free(&path);
    buffer_free(&line);
    return EXIT_NO;
}

/* ---- the walk ---- */

/* When the log was there at the latest: no event of it can be later. */
static uint64_t latest_ms(const struct cosigned *cosigned)
{
    uint64_t seen_ms = cosigned->count ? cosigned->oldest_s * 1000 : clock_real_ms();
    return seen_ms + POLICY_AHEAD_S * 1000;
}

static enum sl_result look(struct looking *looking, struct sl_err *err)
{
    struct term_line line = {.force = looking->values->common.progress};
    struct sl_progress progress = term_progress(&line);
    struct noted *kept = looking->kept.bytes.len ? &looking->kept : NULL, *shown = &looking->shown;
    enum sl_result result = walk_checkpoint(looking->client, &shown->bytes, err);
    if (result != SL_OK) return result;
    result =
        policy_check(looking->trust.policy, buffer_span(&shown->bytes), &looking->cosigned, err);
    if (result != SL_OK) {
        sl_fail_in(err, "the checkpoint that it shows");
        return SL_CORRUPT;
    }
    parse(shown);
    /* A server may go back to an older one that witnesses have cosigned, but not forget what it
       signed since: the tree of the kept one must be there all the same. */
    looking->stays = kept && kept->text.size > shown->text.size;
    struct walk walk = {.client = looking->client,
        .older = kept ? &kept->text : NULL,
        .newer = &shown->text,
        .all = looking->values->all,
        .latest_ms = latest_ms(&looking->cosigned),
        .entries = looking->values->entries ? WALK_ENTRIES_MUST : WALK_ENTRIES_IF_SHOWN,
        .progress = &progress};
    if (kept && looking->stays) {
        walk.older = &shown->text;
        walk.newer = &kept->text;
    }
    result = walk_log(&walk, &looking->walked, err);
    if (line.shown_us) term_line(&line, true, "%s", "");
    if (result == SL_CORRUPT && looking->stays) looking->walked.conflict = true;
    if (result == SL_CORRUPT && kept && looking->stays)
        sl_fail_in(err, "it shows a checkpoint of %llu events, but had signed one of %llu",
            (unsigned long long)shown->text.size, (unsigned long long)kept->text.size);
    return result;
}

/* ---- telling ---- */

static void put_json(const struct looking *looking, uint64_t ms)
{
    const struct walked *walked = &looking->walked;
    struct buffer line = {0};
    char root[65];
    crypto_hex(looking->shown.text.root, 32, root);
    buffer_text(&line, "{\"verified\":true,\"origin\":");
    buffer_json(&line, looking->shown.text.origin);
    buffer_print(&line, ",\"size\":%llu,\"root\":\"%s\"",
        (unsigned long long)looking->shown.text.size, root);
    fputs(buffer_c(&line), stdout);
    verify_tell_cosigned_json(&looking->cosigned, looking->trust.policy);
    line.len = 0;
    if (looking->kept.bytes.len)
        buffer_print(&line, ",\"since\":%llu", (unsigned long long)looking->kept.text.size);
    else
        buffer_text(&line, ",\"since\":null");
    buffer_print(&line, ",\"leaves\":%llu,\"tiles\":%llu", (unsigned long long)walked->leaves,
        (unsigned long long)walked->tiles);
    if (walked->shown)
        buffer_print(&line,
            ",\"entries\":%llu,\"shares\":%llu,\"datedBack\":%llu,\"datedAhead\":%llu",
            (unsigned long long)walked->entries, (unsigned long long)walked->shares,
            (unsigned long long)walked->times.back.count,
            (unsigned long long)walked->times.ahead.count);
    else
        buffer_text(
            &line, ",\"entries\":null,\"shares\":null,\"datedBack\":null,\"datedAhead\":null");
    printf("%s,\"ms\":%llu}\n", buffer_c(&line), (unsigned long long)ms);
    buffer_free(&line);
}

static void put_odd(const struct chains_odd *odd, const char *what)
{
    char text[200];
    if (!odd->count) return;
    snprintf(text, sizeof(text), "%" PRIu64 " %s, the first at position %" PRIu64, odd->count, what,
        odd->first);
    verify_tell_text("times", text);
}

static void put_text(const struct looking *looking, uint64_t ms)
{
    const struct walked *walked = &looking->walked;
    char root[65], text[200], took[WHEN_BYTES];
    const struct sl_span origin = looking->shown.text.origin;
    crypto_hex(looking->shown.text.root, 32, root);
    snprintf(text, sizeof(text), "%.*s", (int)origin.len, origin.ptr);
    verify_tell_text("log", text);
    verify_tell_number("events", looking->shown.text.size);
    verify_tell_text("root", root);
    verify_tell_cosigned(&looking->cosigned, looking->trust.policy);
    if (!looking->cosigned.count)
        verify_tell_text("age", "not known: no witness of a --policy has said when it saw it");
    if (looking->kept.bytes.len) verify_tell_number("since", looking->kept.text.size);
    snprintf(text, sizeof(text), "%llu, of %llu leaves", (unsigned long long)walked->tiles,
        (unsigned long long)walked->leaves);
    verify_tell_text("tiles", text);
    if (walked->shown)
        snprintf(text, sizeof(text), "%llu, of %llu shares", (unsigned long long)walked->entries,
            (unsigned long long)walked->shares);
    else
        snprintf(text, sizeof(text), "not looked at%s",
            walked->leaves ? ": the server shows them with its owner key alone" : "");
    verify_tell_text("headers", text);
    put_odd(&walked->times.back, "events are dated back: before an earlier one in the log");
    put_odd(&walked->times.ahead, "events are dated ahead: later than the log was seen");
    verify_tell_text("took", when_span(ms, took));
    if (looking->stays)
        printf("The checkpoint that was kept is newer than the one shown; it stays.\n");
    verify_tell_well(looking->kept.bytes.len
                         ? "Verified: the log is what was signed, and grew out of what was before."
                         : "Verified: the log is what was signed.");
}

int verify_url(const struct verify_values *values)
{
    struct looking looking = {.values = values};
    struct sl_err err = {0};
    /* The environment's key belongs to the user's own server: it is sent only with --entries, which
       needs it. */
    const char *key = values->common.key ? values->common.key
                      : values->entries  ? getenv("SHARELOG_OWNER_KEY")
                                         : NULL;
    struct client_remote remote = {
        .url = values->common.url, .key = key && *key ? key : NULL, .stall_s = STALL_S};
    int code = EXIT_WRONG;
    if (!trust_open(values->log_key, values->policy, values->max_age_s, &looking.trust))
        return EXIT_WRONG;
    client_global_init();
    uint64_t begun_us = clock_us();
    if (!read_kept(&looking)) {
        code = EXIT_WRONG;
    } else if (client_create_remote(&remote, &looking.client, &err) != SL_OK) {
        code = fail("verify: %s", err.text);
    } else {
        enum sl_result result = look(&looking, &err);
        uint64_t ms = (clock_us() - begun_us) / 1000;
        if (result == SL_OK)
            code = keep(&looking);
        else if (result == SL_CORRUPT && looking.walked.conflict)
            code = tell_conflict(&looking, &err);
        else
            code = verify_tell_failed(result, &err, values->common.json);
        if (code == EXIT_YES && values->common.json)
            put_json(&looking, ms);
        else if (code == EXIT_YES)
            put_text(&looking, ms);
    }
    client_destroy(looking.client);
    buffer_free(&looking.kept.bytes);
    buffer_free(&looking.shown.bytes);
    trust_close(&looking.trust);
    return code;
}
