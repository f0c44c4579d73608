/* Signing, keeping and publishing checkpoints (checkpoint.h). The lock is held while one is signed
   and written, so that two never disagree; readers of the newest one wait for that, at most once a
   second. A failure leaves what was kept before, on disk and in memory. */

#include "core/audit/checkpoint.h"

#include "core/audit/dispute.h"
#include "core/audit/verified.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/kv/rows.h"
#include "core/log/keys.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/log/tiles.h"

#include <assert.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define SIGN_EVERY_US 1000000

struct checkpoints {
    struct sl_store *store;
    pthread_mutex_t lock;
    struct sl_checkpoint newest, published; /* len 0: none */
    uint64_t signed_us;                     /* on the monotonic clock; 0: not by this process */
    struct sl_err fault;                    /* what was kept doesn't fit the log */
    bool ended;                             /* nothing is signed or kept any more */
};

static const char *const newest_name = CHECKPOINT_NEWEST;
static const char *const published_name = CHECKPOINT_PUBLISHED;

/* ---- a note and its log ---- */

/* Parse a checkpoint that this log's key signed; SL_INVALID: it is another's, or none. */
static enum sl_result parse(const struct sl_store *store, struct sl_span bytes,
    struct sl_checkpoint *checkpoint, struct sl_err *err)
{
    struct note note;
    struct checkpoint_text text;
    if (bytes.len == 0 || bytes.len > SL_CHECKPOINT_BYTES || !note_parse(bytes, &note) ||
        !checkpoint_parse(note.text, &text))
        return sl_fail(err, SL_INVALID, "it is no checkpoint");
    if (!sl_span_eq(text.origin, sl_span_of(store->keys->origin)))
        return sl_fail(err, SL_INVALID, "it is of another log, with the origin %.*s",
            (int)text.origin.len, text.origin.ptr);
    if (!note_signed_by(&note, &store->keys->signing, NULL))
        return sl_fail(err, SL_INVALID, "its signature does not hold");
    *checkpoint = (struct sl_checkpoint){.size = text.size, .len = bytes.len};
    memcpy(checkpoint->root, text.root, 32);
    memcpy(checkpoint->note, bytes.ptr, bytes.len);
    return SL_OK;
}

static enum sl_result root_at(
    struct sl_store *store, uint64_t size, uint8_t root[32], struct sl_err *err)
{
    struct tiles_reader *reader = tiles_reader_create(store->kv);
    if (!reader) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = tree_root(tiles_source(reader), size, root, err);
    tiles_reader_destroy(reader);
    return result;
}

/* Do the headers make a root, whatever the tiles say? */
static enum sl_result headers_make(
    struct sl_store *store, const struct sl_checkpoint *checkpoint, bool *make, struct sl_err *err)
{
    struct tree_edge *edge = calloc(1, sizeof(*edge));
    if (!edge) return sl_fail(err, SL_NOMEM, "out of memory");
    uint8_t leaf[32], root[32];
    struct row_key to = row_log(checkpoint->size);
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_LOG, (struct sl_span){0}, row_span(&to), KV_SCAN);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        header_leaf(kv_iter_value(iter), leaf);
        tree_add(edge, leaf);
    }
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    tree_edge_root(edge, root);
    if (result == SL_OK)
        *make = edge->size == checkpoint->size && memcmp(root, checkpoint->root, 32) == 0;
    free(edge);
    return result;
}

/* Did the log as it is grow out of the checkpoint? SL_INVALID: no. SL_CORRUPT: it did, but its
   tiles are not what its headers make. */
static enum sl_result compare(struct sl_store *store, const struct sl_checkpoint *checkpoint,
    uint64_t size, struct sl_err *err)
{
    uint8_t root[32];
    if (checkpoint->size > size)
        return sl_fail(err, SL_INVALID,
            "the log has %llu events, but one of %llu was signed: the last %llu are lost",
            (unsigned long long)size, (unsigned long long)checkpoint->size,
            (unsigned long long)(checkpoint->size - size));
    enum sl_result result = root_at(store, checkpoint->size, root, err);
    bool same = result == SL_OK && memcmp(root, checkpoint->root, 32) == 0, grown = false;
    if (same || (result != SL_OK && result != SL_CORRUPT)) return result;
    result = headers_make(store, checkpoint, &grown, err);
    if (result != SL_OK) return result;
    return grown ? sl_fail(err, SL_CORRUPT, "the log's tiles are not what its headers make")
                 : sl_fail(err, SL_INVALID,
                       "the log's first %llu events are not the ones that were signed",
                       (unsigned long long)checkpoint->size);
}

/* ---- keeping ---- */

static enum sl_result keep(struct sl_store *store, const char *name,
    const struct sl_checkpoint *checkpoint, struct sl_err *err)
{
    char *path = file_path(store->dir, name);
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result =
        file_write(store->dir, path, (struct sl_span){checkpoint->note, checkpoint->len}, err);
    free(path);
    return result;
}

/* SL_NOT_FOUND: none is kept. SL_INVALID: what is kept is not this log's. */
static enum sl_result load(
    struct sl_store *store, const char *name, struct sl_checkpoint *checkpoint, struct sl_err *err)
{
    struct buf bytes = {0};
    struct stat info;
    char *path = file_path(store->dir, name);
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = file_read(path, SL_CHECKPOINT_BYTES, &bytes, err);
    if (result == SL_OK) {
        result = parse(store, buf_span(&bytes), checkpoint, err);
        if (result != SL_OK) sl_fail_in(err, "%s", path);
    }
    if (result == SL_OK && stat(path, &info) == 0)
        checkpoint->signed_ms =
            (uint64_t)info.st_mtim.tv_sec * 1000 + (uint64_t)info.st_mtim.tv_nsec / 1000000;
    buf_fini(&bytes);
    free(path);
    return result;
}

/* ---- signing ---- */

/* With the lock held, or before anybody else has the store. `at_ms` is a time before which the log
   was no larger. */
static enum sl_result sign(
    struct checkpoints *checkpoints, uint64_t size, uint64_t at_ms, struct sl_err *err)
{
    struct sl_store *store = checkpoints->store;
    assert(!checkpoints->ended && checkpoints->fault.result == SL_OK);
    struct sl_checkpoint made = {.size = size};
    struct buf note = {0};
    enum sl_result result = root_at(store, size, made.root, err);
    /* the log must have grown out of the one before, or nobody may believe either */
    if (result == SL_OK && checkpoints->newest.len)
        result = compare(store, &checkpoints->newest, size, err);
    if (result == SL_INVALID && err) err->result = result = SL_CORRUPT;
    if (result == SL_OK && store->durability == SL_DURABLE_PROCESS)
        result = kv_sync(store->kv, err);
    if (result != SL_OK) return result;
    struct checkpoint_text text = {.origin = sl_span_of(store->keys->origin), .size = size};
    memcpy(text.root, made.root, 32);
    checkpoint_write(&text, &note);
    struct buf line = {0};
    note_sign(buf_span(&note), &store->keys->signing, store->keys->signing_seed, &line);
    buf_add(&note, "\n", 1);
    buf_add_span(&note, buf_span(&line));
    made.len = note.len;
    if (note.failed || line.failed || note.len > SL_CHECKPOINT_BYTES)
        result = sl_fail(err, SL_NOMEM, "out of memory");
    else
        memcpy(made.note, note.ptr, note.len);
    buf_fini(&line);
    buf_fini(&note);
    if (result == SL_OK) result = keep(store, newest_name, &made, err);
    if (result != SL_OK) return result;
    assert(made.size >= checkpoints->newest.size && made.len > 0);
    made.signed_ms = at_ms;
    checkpoints->newest = made;
    checkpoints->signed_us = clock_us();
    return SL_OK;
}

enum sl_result sl_log_checkpoint(
    struct sl_store *store, uint64_t least, struct sl_checkpoint *checkpoint, struct sl_err *err)
{
    struct checkpoints *checkpoints = store->checkpoints;
    bool signs = store_writable(store, NULL) == SL_OK;
    enum sl_result result = SL_OK;
    pthread_mutex_lock(&checkpoints->lock);
    while (signs && result == SL_OK && !checkpoints->ended) {
        uint64_t at_ms = store_now_us(store) / 1000; /* read first: what comes later isn't signed */
        uint64_t size = atomic_load(&store->log_size), now_us = clock_us();
        const struct sl_checkpoint *newest = &checkpoints->newest;
        assert(newest->size <= size);
        if (newest->size == size) break;
        uint64_t wait_us = checkpoints->signed_us ? checkpoints->signed_us + SIGN_EVERY_US : 0;
        if (now_us >= wait_us) {
            result = sign(checkpoints, size, at_ms, err);
            break;
        }
        if (least <= newest->size || least > size) break;
        pthread_mutex_unlock(&checkpoints->lock);
        wait_us -= now_us;
        nanosleep(&(struct timespec){.tv_sec = (time_t)(wait_us / 1000000),
                      .tv_nsec = (long)(wait_us % 1000000) * 1000},
            NULL);
        pthread_mutex_lock(&checkpoints->lock);
    }
    if (result == SL_OK && (checkpoints->newest.len == 0 || checkpoints->newest.size < least))
        result = sl_fail(err, SL_NOT_FOUND, "no checkpoint covers that event yet");
    if (result == SL_OK) *checkpoint = checkpoints->newest;
    assert(result != SL_OK || checkpoint->size >= least);
    pthread_mutex_unlock(&checkpoints->lock);
    return result;
}

/* ---- publishing ---- */

enum sl_result sl_log_published(
    struct sl_store *store, struct sl_checkpoint *checkpoint, struct sl_err *err)
{
    struct checkpoints *checkpoints = store->checkpoints;
    pthread_mutex_lock(&checkpoints->lock);
    bool published = checkpoints->published.len > 0;
    if (published) *checkpoint = checkpoints->published;
    pthread_mutex_unlock(&checkpoints->lock);
    return published ? SL_OK : sl_log_checkpoint(store, 0, checkpoint, err);
}

enum sl_result sl_log_publish(struct sl_store *store, struct sl_span note, struct sl_err *err)
{
    struct checkpoints *checkpoints = store->checkpoints;
    struct sl_checkpoint given;
    enum sl_result result = store_writable(store, err);
    if (result == SL_OK) result = parse(store, note, &given, err);
    if (result == SL_OK) result = compare(store, &given, atomic_load(&store->log_size), err);
    if (result != SL_OK) return result;
    pthread_mutex_lock(&checkpoints->lock);
    if (checkpoints->published.len && given.size < checkpoints->published.size)
        result = sl_fail(err, SL_INVALID, "a larger checkpoint is published already");
    if (checkpoints->ended)
        result = sl_fail(err, SL_READ_ONLY, "the log goes on under a new origin");
    if (result == SL_OK) result = keep(store, published_name, &given, err);
    if (result == SL_OK) {
        assert(given.size >= checkpoints->published.size);
        given.signed_ms = store_now_us(store) / 1000;
        checkpoints->published = given;
    }
    pthread_mutex_unlock(&checkpoints->lock);
    return result;
}

enum sl_result sl_log_facts(struct sl_store *store, struct sl_log_facts *facts, struct sl_err *err)
{
    struct checkpoints *checkpoints = store->checkpoints;
    struct sl_log_facts f = {.origin = store->keys->origin,
        .log_key = store->keys->log_key,
        .head_key = store->keys->head_key};
    enum sl_result result = log_committed(store, &f.size, err);
    if (result != SL_OK) return result;
    pthread_mutex_lock(&checkpoints->lock);
    f.has_checkpoint = checkpoints->newest.len > 0;
    f.has_published = checkpoints->published.len > 0;
    f.newest = checkpoints->newest;
    f.published = checkpoints->published;
    pthread_mutex_unlock(&checkpoints->lock);
    verified_read(store, &f);
    result = dispute_read(store, f.disputed, err);
    if (result == SL_OK) *facts = f;
    return result;
}

enum sl_result checkpoints_kept(struct checkpoints *checkpoints, struct sl_checkpoint *checkpoint)
{
    pthread_mutex_lock(&checkpoints->lock);
    bool any = checkpoints->newest.len > 0;
    if (any) *checkpoint = checkpoints->newest;
    pthread_mutex_unlock(&checkpoints->lock);
    return any ? SL_OK : SL_NOT_FOUND;
}

/* ---- opening ---- */

/* Take up a kept file. One that doesn't fit the log becomes the fault that stops it. */
static enum sl_result take_up(struct checkpoints *checkpoints, const char *name, uint64_t size,
    struct sl_checkpoint *kept, struct sl_err *err)
{
    struct sl_store *store = checkpoints->store;
    struct sl_err why = {0};
    assert(kept->len == 0);
    enum sl_result result = load(store, name, kept, &why);
    /* beside a writing process the file may be newer than the log as it is seen here */
    if (result == SL_OK && store->access == SL_READ_WRITE)
        result = compare(store, kept, size, &why);
    if (result == SL_INVALID) {
        if (checkpoints->fault.result == SL_OK)
            sl_fail(&checkpoints->fault, SL_READ_ONLY,
                "%s; the log doesn't fit the %s that is kept beside it: put the right files back, or see `sharelog help new-origin`",
                why.text, name);
        *kept = (struct sl_checkpoint){0};
        return SL_OK;
    }
    if (result != SL_OK && result != SL_NOT_FOUND && err) *err = why;
    return result;
}

/* What a witness held against the log stops it too. */
static enum sl_result take_up_dispute(struct checkpoints *checkpoints, struct sl_err *err)
{
    char text[DISPUTE_TEXT_BYTES + 1];
    enum sl_result result = dispute_read(checkpoints->store, text, err);
    if (result == SL_OK && text[0] && checkpoints->fault.result == SL_OK)
        sl_fail(&checkpoints->fault, SL_READ_ONLY, "%s; " DISPUTE_ADVICE, text);
    return result;
}

enum sl_result checkpoints_open(
    struct sl_store *store, struct checkpoints **out, struct sl_err *err)
{
    struct checkpoints *checkpoints = calloc(1, sizeof(*checkpoints));
    if (!checkpoints) return sl_fail(err, SL_NOMEM, "out of memory");
    checkpoints->store = store;
    pthread_mutex_init(&checkpoints->lock, NULL);
    uint64_t size = 0;
    enum sl_result result = log_size(store->kv, &size, err);
    if (result == SL_OK) result = take_up_dispute(checkpoints, err);
    if (result == SL_OK)
        result = take_up(checkpoints, published_name, size, &checkpoints->published, err);
    if (result == SL_NOT_FOUND) result = SL_OK;
    if (result == SL_OK)
        result = take_up(checkpoints, newest_name, size, &checkpoints->newest, err);
    if (result == SL_NOT_FOUND) {
        /* the first: so that an origin, or a log, that is exchanged later is noticed */
        bool signs = store->access == SL_READ_WRITE && checkpoints->fault.result == SL_OK;
        result = signs ? sign(checkpoints, size, store_now_us(store) / 1000, err) : SL_OK;
        checkpoints->signed_us = 0;
    }
    if (result != SL_OK) {
        checkpoints_close(checkpoints);
        return result;
    }
    *out = checkpoints;
    return SL_OK;
}

enum sl_result checkpoints_fault(const struct checkpoints *checkpoints, struct sl_err *err)
{
    assert(checkpoints->fault.result == SL_OK || checkpoints->fault.result == SL_READ_ONLY);
    if (checkpoints->fault.result != SL_OK && err) *err = checkpoints->fault;
    return checkpoints->fault.result;
}

void checkpoints_end(struct checkpoints *checkpoints)
{
    pthread_mutex_lock(&checkpoints->lock);
    checkpoints->ended = true;
    pthread_mutex_unlock(&checkpoints->lock);
}

bool checkpoints_ended(struct checkpoints *checkpoints)
{
    pthread_mutex_lock(&checkpoints->lock);
    bool ended = checkpoints->ended;
    pthread_mutex_unlock(&checkpoints->lock);
    return ended;
}

void checkpoints_close(struct checkpoints *checkpoints)
{
    if (!checkpoints) return;
    pthread_mutex_destroy(&checkpoints->lock);
    free(checkpoints);
}
