/* A server's log, from the network alone. */

#include "tools/prove/verify_url.h"

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/base/file.h"
#include "tools/prove/verify_tell.h"
#include "tools/prove/walk.h"
#include "tools/shared/term.h"
#include "tools/shared/trust.h"
#include "tools/shared/when.h"

#include <assert.h>
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
    size_t cosignatures;
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
    enum sl_result result = file_read(path, WALK_NOTE_BYTES, &bytes, &err);
    if (result == SL_OK) buffer_add(note, bytes.ptr, bytes.len);
    buf_fini(&bytes);
    if (result == SL_NOT_FOUND) return true; /* it will be the first */
    if (result == SL_OK) {
        result = policy_check(looking->trust.alone, buffer_span(note), NULL, &err);
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

/* ---- the walk ---- */

static enum sl_result look(struct looking *looking, struct sl_err *err)
{
    struct term_line line = {.force = looking->values->common.progress};
    struct sl_progress progress = term_progress(&line);
    struct noted *kept = looking->kept.bytes.len ? &looking->kept : NULL, *shown = &looking->shown;
    enum sl_result result = walk_checkpoint(looking->client, &shown->bytes, err);
    if (result != SL_OK) return result;
    result = policy_check(
        looking->trust.policy, buffer_span(&shown->bytes), &looking->cosignatures, err);
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
        .entries = looking->values->entries ? WALK_ENTRIES_MUST : WALK_ENTRIES_IF_SHOWN,
        .progress = &progress};
    if (kept && looking->stays) {
        walk.older = &shown->text;
        walk.newer = &kept->text;
    }
    result = walk_log(&walk, &looking->walked, err);
    if (line.shown_us) term_line(&line, true, "%s", "");
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
    buffer_print(&line, ",\"size\":%llu,\"root\":\"%s\",\"cosignatures\":%zu",
        (unsigned long long)looking->shown.text.size, root, looking->cosignatures);
    if (looking->kept.bytes.len)
        buffer_print(&line, ",\"since\":%llu", (unsigned long long)looking->kept.text.size);
    else
        buffer_text(&line, ",\"since\":null");
    buffer_print(&line, ",\"leaves\":%llu,\"tiles\":%llu", (unsigned long long)walked->leaves,
        (unsigned long long)walked->tiles);
    if (walked->shown)
        buffer_print(&line, ",\"entries\":%llu,\"shares\":%llu",
            (unsigned long long)walked->entries, (unsigned long long)walked->shares);
    else
        buffer_text(&line, ",\"entries\":null,\"shares\":null");
    printf("%s,\"ms\":%llu}\n", buffer_c(&line), (unsigned long long)ms);
    buffer_free(&line);
}

static void put_text(const struct looking *looking, uint64_t ms)
{
    const struct walked *walked = &looking->walked;
    char root[65], text[200], took[WHEN_BYTES];
    crypto_hex(looking->shown.text.root, 32, root);
    verify_tell_text("log", looking->trust.log.name);
    verify_tell_number("events", looking->shown.text.size);
    verify_tell_text("root", root);
    if (looking->cosignatures) verify_tell_number("cosigned", looking->cosignatures);
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
    if (!trust_open(values->log_key, values->policy, &looking.trust)) return EXIT_WRONG;
    client_global_init();
    uint64_t begun_us = clock_us();
    if (!read_kept(&looking)) {
        code = EXIT_WRONG;
    } else if (client_create_remote(&remote, &looking.client, &err) != SL_OK) {
        code = fail("verify: %s", err.text);
    } else {
        enum sl_result result = look(&looking, &err);
        uint64_t ms = (clock_us() - begun_us) / 1000;
        code = result == SL_OK ? keep(&looking)
                               : verify_tell_failed(result, &err, values->common.json);
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
