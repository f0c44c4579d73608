/* Opening and closing a store. Opening goes bottom up: the database, the format and the log's
   identity, derived data if any is missing, the shares, the rules, the log's end and its last
   checkpoint, the sequencer, the compactor. A new folder becomes a store on the way, with one write
   that has its format in it.

   How it fails: whatever was opened is closed again, and *store isn't set. A store that is being
   made for the first time may leave a folder, a database without a format, and keys; opening it
   again goes on from there. A log that doesn't fit its last checkpoint, and a damaged rule of what
   is redacted again, don't fail the opening: the store is read-only, and sl_store_health says why.
 */

#include "core/log/store.h"

#include "core/audit/checkpoint.h"
#include "core/background/compactor.h"
#include "core/background/pack_make.h"
#include "core/background/rebuild.h"
#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/base/file.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/keys.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/redact/rules.h"
#include "core/session_lock.h"
#include "core/twins.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define CLOSE_FLUSH_BYTES (12 * SL_MIB) /* less is read back faster than it is written */

/* Make a folder and its parents, for its owner alone. */
static enum sl_result make_folder(const char *path, struct sl_err *err)
{
    char *part = strdup(path);
    if (!part) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = SL_OK;
    for (char *at = part + 1; result == SL_OK; at++) {
        if (*at && *at != '/') continue;
        char was = *at;
        *at = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            result = sl_fail(err, SL_IO, "%s: %s", part, strerror(errno));
        *at = was;
        if (!was) break;
    }
    free(part);
    return result;
}

/* ---- the meta family ---- */

static enum sl_result meta_get(
    struct kv *kv, const char *name, struct buf *value, struct sl_err *err)
{
    struct row_key key = row_meta(name);
    struct kv_pin pin;
    enum sl_result result = kv_get(kv, KV_META, row_span(&key), &pin, err);
    buf_clear(value);
    if (result == SL_OK) buf_add_span(value, pin.value);
    kv_release(&pin);
    return result == SL_OK && value->failed ? sl_fail(err, SL_NOMEM, "out of memory") : result;
}

static void meta_put(struct kv *kv, struct kv_batch *batch, const char *name, struct sl_span value)
{
    struct row_key key = row_meta(name);
    kv_put(kv, batch, KV_META, row_span(&key), value);
}

static void put_format(struct kv *kv, struct kv_batch *batch)
{
    uint8_t format = STORE_FORMAT;
    meta_put(kv, batch, "format", (struct sl_span){(const char *)&format, 1});
}

static enum sl_result init(
    struct sl_store *store, const struct sl_options *options, struct sl_err *err)
{
    struct keys *keys = store->keys;
    char origin[32];
    keys_default_origin(keys, origin);
    keys_set_origin(keys, options->origin.len ? options->origin : sl_span_of(origin));
    struct kv_batch *batch = kv_batch_create();
    meta_put(store->kv, batch, "origin", sl_span_of(keys->origin));
    meta_put(store->kv, batch, "log_key", (struct sl_span){(const char *)keys->signing_public, 32});
    put_format(store->kv, batch);
    rebuild_mark_whole(store->kv, batch);
    enum sl_result result = kv_write(store->kv, batch, true, err);
    kv_batch_destroy(batch);
    return result;
}

static enum sl_result check_identity(
    struct sl_store *store, const struct sl_options *options, struct sl_err *err)
{
    struct buf value = {0};
    struct keys *keys = store->keys;
    enum sl_result result = meta_get(store->kv, "log_key", &value, err);
    if (result == SL_NOT_FOUND) result = sl_fail(err, SL_CORRUPT, "the log's key is missing");
    if (result == SL_OK &&
        !sl_span_eq(buf_span(&value), (struct sl_span){(const char *)keys->signing_public, 32}))
        result = sl_fail(err, SL_INVALID,
            "%s/signing-key is not the key that this store's log was made with: put the right file back",
            store->dir);
    if (result == SL_OK) result = meta_get(store->kv, "origin", &value, err);
    if (result == SL_NOT_FOUND) result = sl_fail(err, SL_CORRUPT, "the log's origin is missing");
    if (result == SL_OK && !note_origin_valid(buf_span(&value)))
        result = sl_fail(err, SL_CORRUPT, "the log's origin is unreadable");
    if (result == SL_OK) keys_set_origin(keys, buf_span(&value));
    if (result == SL_OK && options->origin.len &&
        !sl_span_eq(options->origin, sl_span_of(keys->origin)))
        result = sl_fail(err, SL_INVALID,
            "this store's log has the origin %s; an origin is for ever: leave it out, or name this one",
            keys->origin);
    buf_fini(&value);
    return result;
}

static enum sl_result get_format(struct kv *kv, uint8_t *format, struct sl_err *err)
{
    struct buf value = {0};
    enum sl_result result = meta_get(kv, "format", &value, err);
    if (result == SL_OK && (value.len != 1 || value.ptr[0] == 0))
        result = sl_fail(err, SL_CORRUPT, "the store's format is unreadable");
    if (result == SL_OK) *format = (uint8_t)value.ptr[0];
    buf_fini(&value);
    return result;
}

/* The format, before anything is touched. SL_NOT_FOUND: a store that is just being made. */
static enum sl_result check_format(struct kv *kv, struct sl_err *err)
{
    uint8_t format = 0;
    enum sl_result result = get_format(kv, &format, err);
    if (result == SL_OK && format > STORE_FORMAT)
        result = sl_fail(err, SL_FORMAT,
            "made by a newer version of sharelog (format %u, this one knows %u): use that version",
            (unsigned)format, STORE_FORMAT);
    return result;
}

/* A store of an older format is marked before anything of this one's is written to it: what doesn't
   know the format then refuses it. */
static enum sl_result raise_format(struct kv *kv, struct sl_err *err)
{
    uint8_t format = 0;
    enum sl_result result = get_format(kv, &format, err);
    if (result != SL_OK || format >= STORE_FORMAT) return result;
    struct kv_batch *batch = kv_batch_create();
    put_format(kv, batch);
    result = kv_write(kv, batch, true, err);
    kv_batch_destroy(batch);
    return result;
}

/* ---- opening ---- */

static enum sl_result open_kv(
    struct sl_store *store, const struct sl_options *options, struct sl_err *err)
{
    char *path = file_path(options->dir, "db");
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    struct kv_options kv_options = {.path = path,
        .beside = options->access == SL_READ_BESIDE,
        .cache_bytes = options->cache_bytes ? options->cache_bytes : SL_CACHE_BYTES,
        .uncompressed = options->uncompressed};
    enum sl_result result = kv_open(&kv_options, &store->kv, err);
    free(path);
    if (result == SL_OK && !(store->bodies = bodies_create(store->kv)))
        result = sl_fail(err, SL_NOMEM, "out of memory");
    return result;
}

/* While the writing process flushes, a reader can find a family's rows neither in the files it
   knows nor in a log that is just going away; a moment later it finds them in a new file. */
static void wait_until_whole(struct kv *kv)
{
    for (int tries = 0; tries < 100; tries++) {
        if (check_format(kv, NULL) != SL_NOT_FOUND && rebuild_is_whole(kv)) return;
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
        kv_catch_up(kv, NULL);
    }
}

static enum sl_result open_contents(struct sl_store *store, const struct sl_options *options,
    const struct sl_progress *progress, struct sl_err *err)
{
    bool writes = options->access == SL_READ_WRITE;
    if (!writes) wait_until_whole(store->kv);
    enum sl_result result = check_format(store->kv, err);
    bool is_new = result == SL_NOT_FOUND;
    if (is_new && !writes)
        return sl_fail(err, SL_NOT_FOUND, "%s: no store there yet", options->dir);
    uint64_t events = 0;
    if (is_new) result = log_size(store->kv, &events, err);
    if (result == SL_OK && events > 0)
        result = sl_fail(err, SL_CORRUPT, "the store's format is missing");
    if (result != SL_OK) return result;
    result = keys_load(options, is_new || (writes && !options->makes_no_keys), store->keys, err);
    if (result == SL_OK)
        result = is_new ? init(store, options, err) : check_identity(store, options, err);
    if (result == SL_OK && writes) result = raise_format(store->kv, err);
    if (result == SL_OK && !rebuild_is_whole(store->kv)) {
        result = writes ? rebuild(store, progress, err)
                        : sl_fail(err, SL_CORRUPT,
                              "derived data is missing: `sharelog rebuild` makes it again");
    }
    return result;
}

/* The kept checkpoint first: it tells a log whose tiles are damaged from one that was changed. */
static enum sl_result try_log(struct sl_store *store, struct sl_err *err)
{
    checkpoints_close(store->checkpoints);
    store->checkpoints = NULL;
    enum sl_result result = checkpoints_open(store, &store->checkpoints, err);
    if (result == SL_OK && store->access == SL_READ_WRITE)
        result = sequencer_create(store, &store->sequencer, err);
    return result;
}

static enum sl_result open_log(struct sl_store *store, struct sl_err *err)
{
    enum sl_result result = try_log(store, err);
    if (result != SL_CORRUPT || store->access != SL_READ_WRITE) return result;
    result = rebuild_tiles(store, err); /* what can be made again is made again */
    return result == SL_OK ? try_log(store, err) : result;
}

enum sl_result sl_store_open(const struct sl_options *options, const struct sl_progress *progress,
    struct sl_store **out, struct sl_err *err)
{
    bool writes = options->access == SL_READ_WRITE;
    if (options->origin.len && !note_origin_valid(options->origin))
        return sl_fail(
            err, SL_INVALID, "an origin is 1 to 200 visible ASCII characters without '+'");
    struct sl_store *store = calloc(1, sizeof(*store));
    if (!store) return sl_fail(err, SL_NOMEM, "out of memory");
    store->access = options->access;
    store->durability = options->durability;
    store->no_compactor = options->no_compactor;
    store->clock_us = options->clock_us ? options->clock_us : clock_real_us;
    pthread_mutex_init(&store->naming, NULL);
    pthread_mutex_init(&store->redacting, NULL);
    pthread_mutex_init(&store->subscriber_lock, NULL);
    store->dir = strdup(options->dir);
    store->keys = calloc(1, sizeof(*store->keys));
    store->session_locks = session_locks_create();
    store->twins = twins_create();
    bool whole = store->dir && store->keys && store->session_locks && store->twins;
    enum sl_result result = whole ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK && writes) result = make_folder(options->dir, err);
    if (result == SL_OK) result = open_kv(store, options, err);
    if (result == SL_OK) result = open_contents(store, options, progress, err);
    if (result == SL_OK && !(store->shares = shares_create(store->kv)))
        result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK && writes) result = rules_open(store, &store->rules, err);
    if (result == SL_OK) result = open_log(store, err);
    struct sl_err fault;
    if (result == SL_OK && writes && checkpoints_fault(store->checkpoints, &fault) != SL_OK)
        sequencer_stop(store->sequencer, &fault);
    if (result == SL_OK && writes && rules_fault(store->rules, &fault) != SL_OK)
        sequencer_stop(store->sequencer, &fault);
    if (result == SL_OK && writes) result = compactor_create(store, &store->compactor, err);
    if (result != SL_OK) {
        sl_store_close(store);
        return result;
    }
    *out = store;
    return SL_OK;
}

void sl_store_close(struct sl_store *store)
{
    if (!store) return;
    bool healthy = store->sequencer && sequencer_health(store->sequencer, NULL) == SL_OK;
    compactor_destroy(store->compactor);
    sequencer_destroy(store->sequencer);
    /* With --durability=process the last events may not be on disk yet; a clean end leaves them
       there. */
    if (store->kv && store->sequencer) kv_sync(store->kv, NULL);
    /* What the next start would have to read back from the write-ahead log goes into files now. */
    if (store->kv && healthy && kv_unflushed_bytes(store->kv) > CLOSE_FLUSH_BYTES)
        kv_flush(store->kv, NULL);
    checkpoints_close(store->checkpoints);
    rules_close(store->rules);
    shares_destroy(store->shares);
    bodies_destroy(store->bodies);
    kv_close(store->kv);
    twins_destroy(store->twins);
    session_locks_destroy(store->session_locks);
    free(store->keys);
    free(store->dir);
    pthread_mutex_destroy(&store->naming);
    pthread_mutex_destroy(&store->redacting);
    pthread_mutex_destroy(&store->subscriber_lock);
    free(store);
}

enum sl_result sl_store_catch_up(struct sl_store *store, struct sl_err *err)
{
    enum sl_result result = kv_catch_up(store->kv, err);
    shares_clear(store->shares);
    bodies_forget(store->bodies);
    store->counted = false;
    return result;
}

enum sl_result sl_store_health(struct sl_store *store, struct sl_err *err)
{
    return store->sequencer ? sequencer_health(store->sequencer, err) : SL_OK;
}

enum sl_result sl_store_settle(struct sl_store *store, struct sl_err *err)
{
    enum sl_result result = store_writable(store, err);
    return result == SL_OK ? compactor_settle(store->compactor, NULL, err) : result;
}

enum sl_result sl_store_compact(
    struct sl_store *store, const struct sl_progress *progress, struct sl_err *err)
{
    enum sl_result result = store_writable(store, err);
    uint64_t live = 0, removed = 0;
    if (result == SL_OK) result = compactor_settle(store->compactor, progress, err);
    if (result == SL_OK) result = sl_store_shares(store, &live, &removed, err);
    if (result == SL_OK) result = pack_all(store, live, progress, err);
    if (result == SL_OK) result = kv_flush(store->kv, err);
    if (result == SL_OK) result = kv_pack_hard(store->kv, true, err);
    if (result != SL_OK) return result;
    for (enum kv_family family = 0; family < KV_FAMILIES && result == SL_OK; family++) {
        progress_report(progress, "files", (uint64_t)family, KV_FAMILIES);
        result = kv_compact(store->kv, family, (struct sl_span){0}, (struct sl_span){0}, err);
    }
    struct sl_err ignored = {0};
    enum sl_result eased = kv_pack_hard(store->kv, false, result == SL_OK ? err : &ignored);
    return result == SL_OK ? eased : result;
}

void sl_store_subscribe(
    struct sl_store *store, void (*told)(void *ctx, const struct sl_told *told), void *ctx)
{
    pthread_mutex_lock(&store->subscriber_lock);
    store->subscriber = told;
    store->subscriber_ctx = ctx;
    pthread_mutex_unlock(&store->subscriber_lock);
}

/* ---- keys ---- */

enum sl_role sl_store_role(struct sl_store *store, struct sl_span text)
{
    if (text.len == 0) return SL_ROLE_NONE; /* a key that is not known here is empty too */
    /* Both are always compared, so that the time tells nothing of which one it is not. */
    bool owner = crypto_equal(text, sl_span_of(store->keys->owner));
    bool client = crypto_equal(text, sl_span_of(store->keys->client));
    return owner ? SL_ROLE_OWNER : client ? SL_ROLE_CLIENT : SL_ROLE_NONE;
}

const char *sl_store_owner_key(struct sl_store *store)
{
    return store->keys->owner;
}

const char *sl_store_client_key(struct sl_store *store)
{
    return store->keys->client;
}

const char *sl_store_log_key(struct sl_store *store)
{
    return store->keys->log_key;
}

const char *sl_store_head_key(struct sl_store *store)
{
    return store->keys->head_key;
}

const char *sl_store_origin(struct sl_store *store)
{
    return store->keys->origin;
}

enum sl_result sl_store_rebuild(
    struct sl_store *store, const struct sl_progress *progress, struct sl_err *err)
{
    enum sl_result result = store_writable(store, err);
    if (result != SL_OK) return result;
    compactor_destroy(store->compactor);
    sequencer_destroy(store->sequencer);
    store->compactor = NULL;
    store->sequencer = NULL;
    shares_clear(store->shares);
    result = rebuild(store, progress, err);
    if (result == SL_OK) result = sequencer_create(store, &store->sequencer, err);
    if (result == SL_OK) result = compactor_create(store, &store->compactor, err);
    if (result == SL_OK) result = compactor_settle(store->compactor, progress, err);
    return result;
}
