/* kv.h on RocksDB, and the only file that calls its reading and writing functions. rocks_error
   turns its errors into ours. When memory runs out inside RocksDB, it ends the process: it has no
   error for that. */

#include "core/kv/kv.h"

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/kv/kv_tuning.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const family_names[KV_FAMILIES] = {
    [KV_META] = "default", /* RocksDB demands a family of this name */
    [KV_EVENT] = "event",
    [KV_BODY] = "body",
    [KV_HOT] = "hot",
    [KV_COLD] = "cold",
    [KV_LOG] = "log",
    [KV_SHARE] = "share",
    [KV_BY_SESSION] = "by_session",
    [KV_TILE] = "tile",
    [KV_SNAPSHOT] = "snapshot",
    [KV_INDEX] = "index",
};

struct kv {
    rocksdb_t *db;
    rocksdb_cache_t *cache;
    rocksdb_options_t *options;
    rocksdb_options_t *family_options[KV_FAMILIES];
    rocksdb_column_family_handle_t *family[KV_FAMILIES];
    rocksdb_readoptions_t *read, *read_once;
    rocksdb_writeoptions_t *write_synced, *write_unsynced, *write_unlogged;
    /* of a secondary: what it reads, and a folder of its own for its info log */
    char *path, *beside_path;
};

struct kv_batch {
    rocksdb_writebatch_t *batch;
};

struct kv_iter {
    rocksdb_iterator_t *iter;
    rocksdb_readoptions_t *read;
    size_t lower_len, upper_len;
    char lower[KV_BOUND_BYTES], upper[KV_BOUND_BYTES];
};

#define BESIDE_TRIES 50
#define BESIDE_PAUSE_US 10000

static atomic_long fault_countdown = -1;

/* kv_iter_create and kv_batch_create give these when memory runs out, so that the caller notices
   where it looks anyway: at kv_iter_check and kv_write. They have no RocksDB object and are never
   written to. */
static struct kv_iter no_iter;
static struct kv_batch no_batch;
/* Likewise, over a family that isn't there: it has run out. */
static struct kv_iter empty_iter;

const char *kv_family_name(enum kv_family family)
{
    assert(family < KV_FAMILIES);
    return family == KV_META ? "meta" : family_names[family];
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The one place where RocksDB's errors become ours. */
static enum sl_result rocks_error(struct sl_err *err, const char *what, char *text)
{
    /* By how the text begins: it names a file as well, whose path may hold any word. */
    enum sl_result result = SL_IO;
    if (begins(text, "Corruption: "))
        result = SL_CORRUPT;
    else if (begins(text, "Invalid argument: Column families not opened"))
        result = SL_FORMAT;
    else if (begins(text, "IO error: While lock file: ") ||
             begins(text, "IO error: lock hold by current process"))
        result = SL_LOCKED;
    if (result == SL_FORMAT)
        sl_fail(err, result, "%s: made by a newer version of sharelog: use that version (%s)", what,
            text);
    else
        sl_fail(err, result, "%s: %s", what, text);
    rocksdb_free(text);
    return result;
}

/* ---- opening ---- */

static void make_options(struct kv *kv, const struct kv_options *options)
{
    kv->cache = kv_tuning_cache(options->cache_bytes);
    kv->options = kv_tuning_db(options->beside);
    for (enum kv_family i = 0; i < KV_FAMILIES; i++)
        kv->family_options[i] = kv_tuning_family(kv->options, kv->cache, i, options->uncompressed);
    kv->read = rocksdb_readoptions_create();
    kv->read_once = rocksdb_readoptions_create();
    rocksdb_readoptions_set_fill_cache(kv->read_once, 0);
    kv->write_synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(kv->write_synced, 1);
    kv->write_unsynced = rocksdb_writeoptions_create();
    kv->write_unlogged = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(kv->write_unlogged, 1);
}

static bool is_listed(char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* A secondary makes no families, and fails where it is asked for one that isn't there. */
static rocksdb_t *open_those_there(
    struct kv *kv, rocksdb_column_family_handle_t **family, char **text)
{
    size_t listed = 0;
    char **there = rocksdb_list_column_families(kv->options, kv->path, &listed, text);
    if (*text) {
        rocksdb_list_column_families_destroy(there, listed); /* of none, but there */
        return NULL;
    }
    const char *names[KV_FAMILIES];
    const rocksdb_options_t *options[KV_FAMILIES];
    rocksdb_column_family_handle_t *handles[KV_FAMILIES] = {0};
    int count = 0;
    enum kv_family is[KV_FAMILIES];
    for (enum kv_family i = 0; i < KV_FAMILIES; i++) {
        if (kv_family_optional(i) && !is_listed(there, listed, family_names[i])) continue;
        names[count] = family_names[i];
        options[count] = kv->family_options[i];
        is[count++] = i;
    }
    rocksdb_list_column_families_destroy(there, listed);
    rocksdb_t *db = rocksdb_open_as_secondary_column_families(
        kv->options, kv->path, kv->beside_path, count, names, options, handles, text);
    for (int i = 0; i < count; i++)
        family[is[i]] = handles[i];
    return db;
}

static void close_db(rocksdb_t *db, rocksdb_column_family_handle_t **family)
{
    for (enum kv_family i = 0; i < KV_FAMILIES; i++)
        if (family[i]) rocksdb_column_family_handle_destroy(family[i]);
    if (db) rocksdb_close(db);
}

/* Open anew what the writing process has by now, in place of what is open. RocksDB's own catching
   up alone is not enough: a memtable that was filled from the log stays until the log says more of
   its family. Once the writer has flushed and compacted a deletion away, the deleted row is still
   in it, and is found before anything in the files.

   Files come and go while they are opened, hence some tries; what fell between the files and the
   logs just read, the catching up behind it finds. */
static enum sl_result open_secondary(struct kv *kv, struct sl_err *err)
{
    rocksdb_t *db = NULL;
    rocksdb_column_family_handle_t *family[KV_FAMILIES] = {0};
    char *text = NULL;
    for (int tries = 0; tries < BESIDE_TRIES && !db; tries++) {
        if (text) usleep(BESIDE_PAUSE_US);
        rocksdb_free(text);
        text = NULL;
        db = open_those_there(kv, family, &text);
    }
    if (!text) rocksdb_try_catch_up_with_primary(db, &text);
    if (text) {
        if (db) close_db(db, family);
        return rocks_error(err, kv->path, text);
    }
    close_db(kv->db, kv->family);
    kv->db = db;
    memcpy(kv->family, family, sizeof(family));
    return SL_OK;
}

static enum sl_result open_beside(struct kv *kv, const char *path, struct sl_err *err)
{
    char current[4096];
    snprintf(current, sizeof(current), "%s/CURRENT", path);
    if (access(current, R_OK) != 0) return sl_fail(err, SL_NOT_FOUND, "%s: no store there", path);
    const char *tmp = getenv("TMPDIR");
    if (asprintf(&kv->beside_path, "%s/sharelog-read-XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0) {
        kv->beside_path = NULL;
        return sl_fail(err, SL_NOMEM, "out of memory");
    }
    if (!mkdtemp(kv->beside_path))
        return sl_fail(err, SL_IO, "%s: %s", kv->beside_path, strerror(errno));
    kv->path = strdup(path);
    return kv->path ? open_secondary(kv, err) : sl_fail(err, SL_NOMEM, "out of memory");
}

enum sl_result kv_open(const struct kv_options *options, struct kv **out, struct sl_err *err)
{
    struct kv *kv = calloc(1, sizeof(*kv));
    if (!kv) return sl_fail(err, SL_NOMEM, "out of memory");
    make_options(kv, options);
    enum sl_result result = SL_OK;
    if (options->beside) {
        result = open_beside(kv, options->path, err);
    } else {
        char *text = NULL;
        kv->db = rocksdb_open_column_families(kv->options, options->path, KV_FAMILIES, family_names,
            (const rocksdb_options_t *const *)kv->family_options, kv->family, &text);
        if (text) result = rocks_error(err, options->path, text);
    }
    if (result != SL_OK) {
        kv_close(kv);
        return result;
    }
    *out = kv;
    return SL_OK;
}

void kv_close(struct kv *kv)
{
    if (!kv) return;
    close_db(kv->db, kv->family);
    for (enum kv_family i = 0; i < KV_FAMILIES; i++)
        if (kv->family_options[i]) rocksdb_options_destroy(kv->family_options[i]);
    rocksdb_readoptions_destroy(kv->read);
    rocksdb_readoptions_destroy(kv->read_once);
    rocksdb_writeoptions_destroy(kv->write_synced);
    rocksdb_writeoptions_destroy(kv->write_unsynced);
    rocksdb_writeoptions_destroy(kv->write_unlogged);
    rocksdb_options_destroy(kv->options);
    rocksdb_cache_destroy(kv->cache);
    if (kv->beside_path) file_remove_folder(kv->beside_path);
    free(kv->beside_path);
    free(kv->path);
    free(kv);
}

enum sl_result kv_catch_up(struct kv *kv, struct sl_err *err)
{
    return open_secondary(kv, err);
}

/* ---- reading ---- */

static enum sl_result get(struct kv *kv, const rocksdb_readoptions_t *read, enum kv_family family,
    struct sl_span key, struct kv_pin *pin, struct sl_err *err)
{
    char *text = NULL;
    *pin = (struct kv_pin){0};
    if (!kv->family[family]) return SL_NOT_FOUND;
    rocksdb_pinnableslice_t *slice =
        rocksdb_get_pinned_cf(kv->db, read, kv->family[family], key.ptr, key.len, &text);
    if (text) return rocks_error(err, kv_family_name(family), text);
    if (!slice) return SL_NOT_FOUND;
    pin->slice = slice;
    pin->value.ptr = rocksdb_pinnableslice_value(slice, &pin->value.len);
    return SL_OK;
}

enum sl_result kv_get(struct kv *kv, enum kv_family family, struct sl_span key, struct kv_pin *pin,
    struct sl_err *err)
{
    return get(kv, kv->read, family, key, pin, err);
}

enum sl_result kv_get_once(struct kv *kv, enum kv_family family, struct sl_span key,
    struct kv_pin *pin, struct sl_err *err)
{
    return get(kv, kv->read_once, family, key, pin, err);
}

void kv_release(struct kv_pin *pin)
{
    if (pin->slice) rocksdb_pinnableslice_destroy(pin->slice);
    *pin = (struct kv_pin){0};
}

struct kv_iter *kv_iter_create(struct kv *kv, enum kv_family family, struct sl_span lower,
    struct sl_span upper, enum kv_reading reading)
{
    assert(lower.len <= KV_BOUND_BYTES && upper.len <= KV_BOUND_BYTES);
    if (!kv->family[family]) return &empty_iter;
    struct kv_iter *iter = calloc(1, sizeof(*iter));
    if (!iter) return &no_iter;
    iter->read = rocksdb_readoptions_create();
    if (lower.len) {
        memcpy(iter->lower, lower.ptr, iter->lower_len = lower.len);
        rocksdb_readoptions_set_iterate_lower_bound(iter->read, iter->lower, iter->lower_len);
    }
    if (upper.len) {
        memcpy(iter->upper, upper.ptr, iter->upper_len = upper.len);
        rocksdb_readoptions_set_iterate_upper_bound(iter->read, iter->upper, iter->upper_len);
    }
    rocksdb_readoptions_set_fill_cache(iter->read, reading == KV_CACHED);
    if (reading == KV_SCAN) rocksdb_readoptions_set_readahead_size(iter->read, SL_MIB);
    iter->iter = rocksdb_create_iterator_cf(kv->db, iter->read, kv->family[family]);
    return iter;
}

void kv_iter_destroy(struct kv_iter *iter)
{
    if (!iter || iter == &no_iter || iter == &empty_iter) return;
    rocksdb_iter_destroy(iter->iter);
    rocksdb_readoptions_destroy(iter->read);
    free(iter);
}

void kv_iter_first(struct kv_iter *iter)
{
    if (iter->iter) rocksdb_iter_seek_to_first(iter->iter);
}

void kv_iter_last(struct kv_iter *iter)
{
    if (iter->iter) rocksdb_iter_seek_to_last(iter->iter);
}

void kv_iter_seek(struct kv_iter *iter, struct sl_span key)
{
    if (iter->iter) rocksdb_iter_seek(iter->iter, key.ptr, key.len);
}

void kv_iter_seek_back(struct kv_iter *iter, struct sl_span key)
{
    if (iter->iter) rocksdb_iter_seek_for_prev(iter->iter, key.ptr, key.len);
}

void kv_iter_next(struct kv_iter *iter)
{
    assert(kv_iter_valid(iter));
    rocksdb_iter_next(iter->iter);
}

void kv_iter_prev(struct kv_iter *iter)
{
    assert(kv_iter_valid(iter));
    rocksdb_iter_prev(iter->iter);
}

bool kv_iter_valid(struct kv_iter *iter)
{
    return iter->iter && rocksdb_iter_valid(iter->iter);
}

struct sl_span kv_iter_key(struct kv_iter *iter)
{
    struct sl_span key;
    assert(iter->iter);
    key.ptr = rocksdb_iter_key(iter->iter, &key.len);
    return key;
}

struct sl_span kv_iter_value(struct kv_iter *iter)
{
    struct sl_span value;
    assert(iter->iter);
    value.ptr = rocksdb_iter_value(iter->iter, &value.len);
    return value;
}

enum sl_result kv_iter_check(struct kv_iter *iter, struct sl_err *err)
{
    char *text = NULL;
    if (iter == &empty_iter) return SL_OK;
    if (!iter->iter) return sl_fail(err, SL_NOMEM, "out of memory");
    rocksdb_iter_get_error(iter->iter, &text);
    return text ? rocks_error(err, "read", text) : SL_OK;
}

/* ---- writing ---- */

struct kv_batch *kv_batch_create(void)
{
    struct kv_batch *batch = calloc(1, sizeof(*batch));
    if (!batch) return &no_batch;
    batch->batch = rocksdb_writebatch_create();
    return batch;
}

bool kv_batch_is_there(const struct kv_batch *batch)
{
    return batch != &no_batch;
}

void kv_batch_destroy(struct kv_batch *batch)
{
    if (!batch || batch == &no_batch) return;
    rocksdb_writebatch_destroy(batch->batch);
    free(batch);
}

void kv_batch_clear(struct kv_batch *batch)
{
    if (batch == &no_batch) return;
    if (kv_batch_bytes(batch) <= 2 * SL_GROUP_BYTES) {
        rocksdb_writebatch_clear(batch->batch);
        return;
    }
    /* A cleared batch keeps its memory: after one large body that would be as much again, for ever.
     */
    rocksdb_writebatch_destroy(batch->batch);
    batch->batch = rocksdb_writebatch_create();
}

size_t kv_batch_bytes(const struct kv_batch *batch)
{
    size_t bytes;
    if (batch == &no_batch) return 0;
    rocksdb_writebatch_data(batch->batch, &bytes);
    return bytes;
}

size_t kv_batch_count(const struct kv_batch *batch)
{
    return batch == &no_batch ? 0 : (size_t)rocksdb_writebatch_count(batch->batch);
}

void kv_put(struct kv *kv, struct kv_batch *batch, enum kv_family family, struct sl_span key,
    struct sl_span value)
{
    assert(key.len > 0 && key.len <= KV_BOUND_BYTES);
    if (batch == &no_batch) return;
    rocksdb_writebatch_put_cf(
        batch->batch, kv->family[family], key.ptr, key.len, value.ptr, value.len);
}

void kv_put_pieces(struct kv *kv, struct kv_batch *batch, enum kv_family family, struct sl_span key,
    const char *const *pieces, const size_t *lens, size_t count)
{
    assert(key.len > 0 && key.len <= KV_BOUND_BYTES && count <= INT_MAX);
    if (batch == &no_batch) return;
    rocksdb_writebatch_putv_cf(
        batch->batch, kv->family[family], 1, &key.ptr, &key.len, (int)count, pieces, lens);
}

void kv_delete(struct kv *kv, struct kv_batch *batch, enum kv_family family, struct sl_span key)
{
    assert(key.len > 0 && key.len <= KV_BOUND_BYTES);
    if (batch == &no_batch) return;
    rocksdb_writebatch_delete_cf(batch->batch, kv->family[family], key.ptr, key.len);
}

void kv_delete_single(
    struct kv *kv, struct kv_batch *batch, enum kv_family family, struct sl_span key)
{
    assert(key.len > 0 && key.len <= KV_BOUND_BYTES);
    if (batch == &no_batch) return;
    rocksdb_writebatch_singledelete_cf(batch->batch, kv->family[family], key.ptr, key.len);
}

void kv_delete_range(struct kv *kv, struct kv_batch *batch, enum kv_family family,
    struct sl_span from, struct sl_span to)
{
    assert(sl_span_cmp(from, to) <= 0);
    if (batch == &no_batch) return;
    rocksdb_writebatch_delete_range_cf(
        batch->batch, kv->family[family], from.ptr, from.len, to.ptr, to.len);
}

void kv_fault_after(long writes)
{
    atomic_store(&fault_countdown, writes);
}

static bool faulted(void)
{
    long left = atomic_load_explicit(&fault_countdown, memory_order_relaxed);
    if (left < 0) return false;
    if (left == 0) return true;
    atomic_store(&fault_countdown, left - 1);
    return false;
}

static enum sl_result write_with(struct kv *kv, const rocksdb_writeoptions_t *options,
    struct kv_batch *batch, struct sl_err *err)
{
    if (batch == &no_batch) return sl_fail(err, SL_NOMEM, "out of memory");
    if (faulted()) return sl_fail(err, SL_IO, "write: injected fault");
    char *text = NULL;
    rocksdb_write(kv->db, options, batch->batch, &text);
    return text ? rocks_error(err, "write", text) : SL_OK;
}

enum sl_result kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct sl_err *err)
{
    return write_with(kv, sync ? kv->write_synced : kv->write_unsynced, batch, err);
}

enum sl_result kv_write_unlogged(struct kv *kv, struct kv_batch *batch, struct sl_err *err)
{
    return write_with(kv, kv->write_unlogged, batch, err);
}

enum sl_result kv_sync(struct kv *kv, struct sl_err *err)
{
    char *text = NULL;
    rocksdb_flush_wal(kv->db, 1, &text);
    return text ? rocks_error(err, "sync", text) : SL_OK;
}

enum sl_result kv_flush_family(struct kv *kv, enum kv_family family, struct sl_err *err)
{
    rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
    char *text = NULL;
    rocksdb_flushoptions_set_wait(options, 1);
    rocksdb_flush_cf(kv->db, options, kv->family[family], &text);
    rocksdb_flushoptions_destroy(options);
    return text ? rocks_error(err, "flush", text) : SL_OK;
}

enum sl_result kv_flush(struct kv *kv, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    for (enum kv_family family = 0; family < KV_FAMILIES && result == SL_OK; family++)
        result = kv_flush_family(kv, family, err);
    if (result != SL_OK) return result;
    /* A family whose memtable was on its way to a file when the log ended holds on to that log
       until the next one ends, which an empty one doesn't. So there is one record more. */
    char *text = NULL;
    rocksdb_delete_cf(kv->db, kv->write_unsynced, kv->family[KV_META], "-", 1, &text);
    return text ? rocks_error(err, "flush", text) : kv_flush_family(kv, KV_META, err);
}

static uint64_t property(struct kv *kv, enum kv_family family, const char *name)
{
    uint64_t value = 0;
    if (!kv->family[family]) return 0;
    rocksdb_property_int_cf(kv->db, kv->family[family], name, &value);
    return value;
}

enum sl_result kv_pack_hard(struct kv *kv, bool hard, struct sl_err *err)
{
    static const enum kv_family families[] = {KV_EVENT, KV_BODY, KV_SNAPSHOT};
    const char *key = "bottommost_compression_opts";
    /* Level 3 is what zstd does when it isn't told; 9 takes three times the time. */
    const char *value = hard ? "{level=9;enabled=true;}" : "{level=3;enabled=true;}";
    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
        char *text = NULL;
        rocksdb_set_options_cf(kv->db, kv->family[families[i]], 1, &key, &value, &text);
        if (text) return rocks_error(err, "set options", text);
    }
    return SL_OK;
}

enum sl_result kv_compact(struct kv *kv, enum kv_family family, struct sl_span from,
    struct sl_span to, struct sl_err *err)
{
    uint64_t errors = property(kv, KV_META, "rocksdb.background-errors");
    rocksdb_compactoptions_t *options = rocksdb_compactoptions_create();
    rocksdb_compactoptions_set_bottommost_level_compaction(options, 2); /* force */
    rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0);
    rocksdb_compact_range_cf_opt(kv->db, kv->family[family], options, from.len ? from.ptr : NULL,
        from.len, to.len ? to.ptr : NULL, to.len);
    rocksdb_compactoptions_destroy(options);
    /* The C API doesn't say how it went, and a full disk leaves the store writable. */
    if (property(kv, KV_META, "rocksdb.background-errors") != errors)
        return sl_fail(
            err, SL_IO, "compaction of %s: it failed, see the store's LOG", kv_family_name(family));
    return SL_OK;
}

uint64_t kv_family_bytes(struct kv *kv, enum kv_family family)
{
    return property(kv, family, "rocksdb.total-sst-files-size") +
           property(kv, family, "rocksdb.cur-size-active-mem-table");
}

uint64_t kv_unflushed_bytes(struct kv *kv)
{
    uint64_t bytes = 0;
    for (enum kv_family i = 0; i < KV_FAMILIES; i++)
        bytes += property(kv, i, "rocksdb.cur-size-all-mem-tables");
    return bytes;
}

uint64_t kv_memory_bytes(struct kv *kv)
{
    uint64_t bytes = rocksdb_cache_get_usage(kv->cache);
    for (enum kv_family i = 0; i < KV_FAMILIES; i++)
        bytes += property(kv, i, "rocksdb.size-all-mem-tables") +
                 property(kv, i, "rocksdb.estimate-table-readers-mem");
    return bytes;
}
