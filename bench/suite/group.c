/* Group commit by three designs on one RocksDB, as group.h describes them. A put that fails makes
   group_put return false, and the part fails; the folder is the caller's to remove. */

#include "bench/suite/group.h"

#include "bench/suite/bench.h"
#include "core/base/limits.h"
#include "core/kv/kv_tuning.h"

#include <assert.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdlib.h>

struct put {
    struct sl_span value;
    bool done, leads, failed;
    pthread_cond_t changed;
    struct put *next;
};

struct group {
    enum group_kind kind;
    rocksdb_t *db;
    rocksdb_cache_t *cache;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *synced, *unsynced;
    rocksdb_readoptions_t *read;
    atomic_ullong key;
    /* puts that wait, oldest first */
    pthread_mutex_t mutex;
    pthread_cond_t came;
    struct put *first, **last;
    bool busy, stopping;
    rocksdb_writebatch_t *batch; /* of whoever is writing */
    pthread_t thread;
};

static bool rocks_ok(char *text)
{
    if (!text) return true;
    bench_fail("rocksdb: %s", text);
    rocksdb_free(text);
    return false;
}

/* ---- writing ---- */

static void add(struct group *group, rocksdb_writebatch_t *batch, struct sl_span value)
{
    char key[8];
    be_put(key, atomic_fetch_add_explicit(&group->key, 1, memory_order_relaxed), sizeof(key));
    rocksdb_writebatch_put(batch, key, sizeof(key), value.ptr, value.len);
}

static bool put_own(struct group *group, struct sl_span value)
{
    char key[8], *text = NULL;
    be_put(key, atomic_fetch_add_explicit(&group->key, 1, memory_order_relaxed), sizeof(key));
    rocksdb_put(group->db, group->synced, key, sizeof(key), value.ptr, value.len, &text);
    return rocks_ok(text);
}

/* Take what waits, write it, wake those who wait for it. Called and left with the mutex held. */
static void write_waiting(struct group *group)
{
    struct put *head = group->first, *end = head;
    size_t bytes = 0;
    assert(head && !head->done);
    while (end && bytes < SL_GROUP_BYTES) {
        bytes += end->value.len;
        end = end->next;
    }
    group->first = end;
    if (!end) group->last = &group->first;
    pthread_mutex_unlock(&group->mutex);
    char *text = NULL;
    rocksdb_writebatch_clear(group->batch);
    for (struct put *put = head; put != end; put = put->next)
        add(group, group->batch, put->value);
    rocksdb_write(group->db, group->synced, group->batch, &text);
    bool good = rocks_ok(text);
    pthread_mutex_lock(&group->mutex);
    for (struct put *put = head, *next; put != end; put = next) {
        next = put->next; /* it is gone when its owner wakes */
        put->failed = !good;
        put->done = true;
        pthread_cond_signal(&put->changed);
    }
}

static void *write_for_all(void *arg)
{
    struct group *group = arg;
    pthread_mutex_lock(&group->mutex);
    for (;;) {
        while (!group->first && !group->stopping)
            pthread_cond_wait(&group->came, &group->mutex);
        if (!group->first) break;
        write_waiting(group);
    }
    pthread_mutex_unlock(&group->mutex);
    return NULL;
}

static bool put_waiting(struct group *group, struct sl_span value)
{
    struct put put = {.value = value};
    pthread_cond_init(&put.changed, NULL);
    pthread_mutex_lock(&group->mutex);
    bool was_empty = !group->first;
    *group->last = &put;
    // cppcheck-suppress autoVariables ; it leaves the queue before we return
    group->last = &put.next;
    if (group->kind == GROUP_THREAD) {
        if (was_empty) pthread_cond_signal(&group->came);
    } else if (!group->busy) {
        group->busy = put.leads = true;
    }
    while (!put.done && !put.leads)
        pthread_cond_wait(&put.changed, &group->mutex);
    if (!put.done) {
        assert(group->busy && group->first == &put); /* the leader is the oldest that waits */
        write_waiting(group);
        group->busy = group->first != NULL;
        if (group->first) {
            group->first->leads = true;
            pthread_cond_signal(&group->first->changed);
        }
    }
    pthread_mutex_unlock(&group->mutex);
    pthread_cond_destroy(&put.changed);
    return !put.failed;
}

bool group_put(struct group *group, struct sl_span value)
{
    return group->kind == GROUP_OWN ? put_own(group, value) : put_waiting(group, value);
}

/* ---- opening ---- */

struct group *group_create(const char *folder, enum group_kind kind)
{
    struct group *group = calloc(1, sizeof(*group));
    if (!group) abort();
    char *text = NULL;
    group->kind = kind;
    group->cache = kv_tuning_cache(SL_CACHE_BYTES);
    rocksdb_options_t *db = kv_tuning_db(false);
    group->options = kv_tuning_family(db, group->cache, KV_BODY, false);
    rocksdb_options_destroy(db);
    group->synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(group->synced, 1);
    group->unsynced = rocksdb_writeoptions_create();
    group->read = rocksdb_readoptions_create();
    group->batch = rocksdb_writebatch_create();
    group->last = &group->first;
    pthread_mutex_init(&group->mutex, NULL);
    pthread_cond_init(&group->came, NULL);
    group->db = rocksdb_open(group->options, folder, &text);
    if (!rocks_ok(text)) {
        group->kind = GROUP_OWN;
        group_destroy(group);
        return NULL;
    }
    if (kind == GROUP_THREAD && pthread_create(&group->thread, NULL, write_for_all, group) != 0)
        abort();
    return group;
}

void group_destroy(struct group *group)
{
    if (!group) return;
    if (group->kind == GROUP_THREAD) {
        pthread_mutex_lock(&group->mutex);
        group->stopping = true;
        pthread_cond_signal(&group->came);
        pthread_mutex_unlock(&group->mutex);
        pthread_join(group->thread, NULL);
    }
    if (group->db) rocksdb_close(group->db);
    rocksdb_writebatch_destroy(group->batch);
    rocksdb_readoptions_destroy(group->read);
    rocksdb_writeoptions_destroy(group->synced);
    rocksdb_writeoptions_destroy(group->unsynced);
    rocksdb_options_destroy(group->options);
    rocksdb_cache_destroy(group->cache);
    pthread_mutex_destroy(&group->mutex);
    pthread_cond_destroy(&group->came);
    free(group);
}

/* ---- reading ---- */

bool group_count(struct group *group, uint64_t *puts, uint64_t *bytes)
{
    rocksdb_iterator_t *iter = rocksdb_create_iterator(group->db, group->read);
    char *text = NULL;
    *puts = *bytes = 0;
    for (rocksdb_iter_seek_to_first(iter); rocksdb_iter_valid(iter); rocksdb_iter_next(iter)) {
        size_t len;
        rocksdb_iter_value(iter, &len);
        *bytes += len;
        ++*puts;
    }
    rocksdb_iter_get_error(iter, &text);
    rocksdb_iter_destroy(iter);
    return rocks_ok(text);
}

bool group_write(struct group *group, struct sl_span key, struct sl_span value, bool sync)
{
    char *text = NULL;
    rocksdb_put(group->db, sync ? group->synced : group->unsynced, key.ptr, key.len, value.ptr,
        value.len, &text);
    return rocks_ok(text);
}

char *group_get(struct group *group, struct sl_span key, size_t *len)
{
    char *text = NULL;
    char *value = rocksdb_get(group->db, group->read, key.ptr, key.len, len, &text);
    if (rocks_ok(text)) return value;
    rocksdb_free(value);
    return NULL;
}

void group_free(char *value)
{
    rocksdb_free(value);
}
