/* A new origin for a log that must not go on under its old one, since events that were signed are
   lost or changed. In this order: nothing is signed any more, the name is put into the store, what
   a witness holds against the log and the kept checkpoints are put aside. A failure leaves the
   steps before it done; the next try with the same name does the rest. */

#include "core/audit/checkpoint.h"
#include "core/audit/dispute.h"
#include "core/base/file.h"
#include "core/kv/rows.h"
#include "core/log/keys.h"

#include <assert.h>
#include <stdio.h>
#include <sys/stat.h>

/* The origin that a checkpoint's file names; "": there is no file, or no checkpoint in it. */
static enum sl_result origin_in(
    const char *path, char origin[NOTE_ORIGIN_BYTES + 1], struct sl_err *err)
{
    struct buf bytes = {0};
    struct note note;
    struct checkpoint_text text;
    origin[0] = 0;
    enum sl_result result = file_read(path, SL_CHECKPOINT_BYTES, &bytes, err);
    if (result == SL_OK && note_parse(buf_span(&bytes), &note) &&
        checkpoint_parse(note.text, &text) && text.origin.len <= NOTE_ORIGIN_BYTES) {
        memcpy(origin, text.origin.ptr, text.origin.len);
        origin[text.origin.len] = 0;
    }
    buf_fini(&bytes);
    return result == SL_NOT_FOUND || result == SL_INVALID ? SL_OK : result;
}

/* `DIR/NAME-ORIGIN`, a name of no file in use; without an origin `DIR/NAME`. The caller frees;
   NULL: no memory. */
static char *path_of(const struct sl_store *store, const char *name, const char *origin)
{
    char *path;
    if (asprintf(&path, "%s/%s%s%s", store->dir, name, origin ? "-" : "", origin ? origin : "") < 0)
        return NULL;
    for (char *c = path + strlen(store->dir) + 1; *c; c++)
        if (*c == '/') *c = '_';
    return path;
}

/* *used: a checkpoint with the origin was kept here; *other: one with another. */
static enum sl_result look(const struct sl_store *store, const char *name, const char *aside,
    const char *origin, bool *used, bool *other, struct sl_err *err)
{
    assert(!aside || strcmp(aside, origin) == 0);
    char found[NOTE_ORIGIN_BYTES + 1];
    char *path = path_of(store, name, aside);
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    struct stat info;
    bool there = stat(path, &info) == 0;
    enum sl_result result = origin_in(path, found, err);
    free(path);
    if (result != SL_OK) return result;
    *used |= aside ? there : strcmp(found, origin) == 0;
    *other |= found[0] && strcmp(found, origin) != 0;
    return SL_OK;
}

/* Under the origin that the checkpoint in the file `of` names. */
static enum sl_result put_aside(
    struct sl_store *store, const char *name, const char *of, struct sl_err *err)
{
    char origin[NOTE_ORIGIN_BYTES + 1];
    char *from = path_of(store, name, NULL), *named = path_of(store, of, NULL), *to = NULL;
    struct stat info;
    enum sl_result result =
        from && named ? origin_in(named, origin, err) : sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK && stat(from, &info) == 0) {
        to = path_of(store, name, origin[0] ? origin : store->keys->origin);
        result =
            to ? file_rename(store->dir, from, to, err) : sl_fail(err, SL_NOMEM, "out of memory");
    }
    free(from);
    free(named);
    free(to);
    return result;
}

/* May the log go on under this origin? Not if anything was ever signed under it: the log would be
   the second of that name. The origin that it has may be given again while a kept checkpoint is of
   another: putting it aside was cut short. */
static enum sl_result check_origin(struct sl_store *store, const char *origin, struct sl_err *err)
{
    assert(origin[0]);
    bool used = false, other = false, has = strcmp(origin, store->keys->origin) == 0;
    static const char *const names[] = {CHECKPOINT_NEWEST, CHECKPOINT_PUBLISHED};
    enum sl_result result = SL_OK;
    for (int i = 0; i < 2 && result == SL_OK; i++) {
        bool ignored = false;
        result = look(store, names[i], NULL, origin, &used, &other, err);
        if (result == SL_OK) result = look(store, names[i], origin, origin, &used, &ignored, err);
    }
    if (result != SL_OK) return result;
    if (has && (used || !other)) return sl_fail(err, SL_INVALID, "the log has this origin");
    if (used)
        return sl_fail(err, SL_INVALID,
            "checkpoints were signed under this origin before: a name that nobody knows yet is needed");
    return SL_OK;
}

static enum sl_result put_origin(struct sl_store *store, struct sl_span origin, struct sl_err *err)
{
    assert(checkpoints_ended(store->checkpoints));
    struct kv_batch *kv_batch = kv_batch_create();
    struct row_key key = row_meta("origin");
    kv_put(store->kv, kv_batch, KV_META, row_span(&key), origin);
    enum sl_result result = kv_write(store->kv, kv_batch, true, err);
    kv_batch_destroy(kv_batch);
    return result;
}

enum sl_result sl_log_new_origin(struct sl_store *store, struct sl_span origin, struct sl_err *err)
{
    char name[NOTE_ORIGIN_BYTES + 1];
    if (!store->sequencer) return sl_fail(err, SL_READ_ONLY, "the store was opened to be read");
    if (!note_origin_valid(origin))
        return sl_fail(
            err, SL_INVALID, "an origin is 1 to 200 visible characters without '+' or spaces");
    assert(origin.len < sizeof(name));
    memcpy(name, origin.ptr, origin.len);
    name[origin.len] = 0;
    pthread_mutex_lock(&store->naming);
    enum sl_result result = check_origin(store, name, err);
    /* this process knows only the old origin: a checkpoint that it signed from here on would stop
       the store at its next opening */
    if (result == SL_OK) checkpoints_end(store->checkpoints);
    if (result == SL_OK) result = put_origin(store, origin, err);
    /* a second try after a crash in between finds the new origin, and the files still there */
    if (result == SL_OK) result = put_aside(store, DISPUTE_FILE, CHECKPOINT_NEWEST, err);
    if (result == SL_OK) result = put_aside(store, CHECKPOINT_PUBLISHED, CHECKPOINT_PUBLISHED, err);
    if (result == SL_OK) result = put_aside(store, CHECKPOINT_NEWEST, CHECKPOINT_NEWEST, err);
    pthread_mutex_unlock(&store->naming);
    return result;
}
