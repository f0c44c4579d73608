/* Counting. How many shares there are is counted once and kept up to date by the sequencer from
   then on; a count that shares come or go beside is answered, but not kept. Bytes are RocksDB's own
   estimates, but for those on disk, which the file system tells; a folder that can't be read counts
   as none, since figures are no reason to fail. */

#include "core/base/file.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"

#include <assert.h>

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

/* A scan of one family, once after the store was opened: records are small and few beside events.
 */
static enum sl_result scan_shares(
    struct sl_store *store, uint64_t *live, uint64_t *removed, struct sl_err *err)
{
    struct row_key whole = row_whole();
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_SHARE, (struct sl_span){0}, row_span(&whole), KV_SCAN);
    enum sl_result result = SL_OK;
    *live = *removed = 0;
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct share_record record;
        if (!share_record_decode(kv_iter_value(iter), &record))
            result = sl_fail(err, SL_CORRUPT,
                "share %.*s: its record is unreadable; `sharelog rebuild` makes it again",
                (int)kv_iter_key(iter).len, kv_iter_key(iter).ptr);
        else if (record.state == SL_SHARE_LIVE)
            ++*live;
        else
            ++*removed;
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

enum sl_result sl_store_shares(
    struct sl_store *store, uint64_t *live, uint64_t *removed, struct sl_err *err)
{
    shares_lock(store->shares);
    bool counted = store->counted;
    uint64_t before = store->moves_done;
    bool settled = atomic_load(&store->moves_begun) == before;
    if (counted) {
        *live = store->live;
        *removed = store->removed;
    }
    shares_unlock(store->shares);
    if (counted) return SL_OK;
    uint64_t l, r;
    enum sl_result result = scan_shares(store, &l, &r, err);
    if (result != SL_OK) return result;
    shares_lock(store->shares);
    if (settled && atomic_load(&store->moves_begun) == before) {
        assert(store->moves_done == before);
        store->counted = true;
        store->live = l;
        store->removed = r;
    }
    shares_unlock(store->shares);
    *live = l;
    *removed = r;
    return SL_OK;
}

static enum sl_result count_erasures(
    struct sl_store *store, struct sl_stats *stats, struct sl_err *err)
{
    struct row_key from = row_erase(SL_SPAN("")), to = row_erase(SL_SPAN("\x7f"));
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_META, row_span(&from), row_span(&to), KV_CACHED);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        stats->erasures_pending++;
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

static uint64_t folder_bytes(const char *dir)
{
    char *path = file_path(dir, "db");
    if (!path) return 0;
    uint64_t bytes = 0;
    DIR *folder = opendir(path);
    struct dirent *entry;
    struct stat file;
    while (folder && (entry = readdir(folder)))
        if (fstatat(dirfd(folder), entry->d_name, &file, 0) == 0 && S_ISREG(file.st_mode))
            bytes += (uint64_t)file.st_blocks * 512;
    if (folder) closedir(folder);
    free(path);
    return bytes;
}

enum sl_result sl_store_stats(struct sl_store *store, struct sl_stats *out, struct sl_err *err)
{
    struct sl_stats stats = {0};
    enum sl_result result = log_size(store->kv, &stats.events, err);
    if (result == SL_OK)
        result = sl_store_shares(store, &stats.shares_live, &stats.shares_removed, err);
    if (result == SL_OK) result = count_erasures(store, &stats, err);
    if (result != SL_OK) return result;
    stats.disk_bytes = folder_bytes(store->dir);
    stats.event_bytes = kv_family_bytes(store->kv, KV_EVENT);
    for (size_t i = 0; i < BODY_FAMILIES; i++)
        stats.body_bytes += kv_family_bytes(store->kv, body_families[i]);
    stats.log_bytes = kv_family_bytes(store->kv, KV_LOG);
    stats.snapshot_bytes = kv_family_bytes(store->kv, KV_SNAPSHOT);
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        if (kv_family_derived(family) && family != KV_SNAPSHOT)
            stats.derived_bytes += kv_family_bytes(store->kv, family);
    stats.memory_bytes = kv_memory_bytes(store->kv) + bodies_memory_bytes(store->bodies);
    if (store->sequencer)
        sequencer_counts(store->sequencer, &stats.appended, &stats.groups, &stats.synced);
    *out = stats;
    return SL_OK;
}
