/* RocksDB's options, and the threads that flush and compact. Options that its C API has no function
   for are given as text; the text is ours, so a refusal is a fault of this file. */

#include "core/kv/kv_tuning.h"

#include "core/base/limits.h"

#include <assert.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define BACKGROUND_NICE 10

/* An option that RocksDB's C API has no function for. */
static void set(rocksdb_options_t *options, const char *text)
{
    char *error = NULL;
    rocksdb_get_options_from_string(options, text, options, &error);
    assert(!error); /* the text is ours */
}

/* ---- threads ---- */

/* The process's threads that flush and compact inherit the niceness of the thread that makes them.
   A sync wakes up several times before its bytes are on disk, and would wait behind them each time.
   At nice 19, which RocksDB offers, a flush beside other work took seconds, and all writers wait
   for it in the end. */
static void *make_nice(void *env)
{
    setpriority(PRIO_PROCESS, (id_t)gettid(), BACKGROUND_NICE);
    rocksdb_env_set_background_threads(env, 1);
    rocksdb_env_set_high_priority_background_threads(env, 1);
    return NULL;
}

static void make_background(void)
{
    pthread_t thread;
    rocksdb_env_t *env = rocksdb_create_default_env();
    if (pthread_create(&thread, NULL, make_nice, env) == 0) pthread_join(thread, NULL);
    rocksdb_env_destroy(env);
}

/* ---- options ---- */

rocksdb_cache_t *kv_tuning_cache(size_t bytes)
{
    /* A value that is larger than a shard is never cached, so the shards are few. */
    rocksdb_lru_cache_options_t *options = rocksdb_lru_cache_options_create();
    rocksdb_lru_cache_options_set_capacity(options, bytes);
    rocksdb_lru_cache_options_set_num_shard_bits(options, 2);
    rocksdb_cache_t *cache = rocksdb_cache_create_lru_opts(options);
    rocksdb_lru_cache_options_destroy(options);
    return cache;
}

rocksdb_options_t *kv_tuning_db(bool beside)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_background);
    rocksdb_options_t *o = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(o, !beside);
    rocksdb_options_set_create_missing_column_families(o, !beside);
    rocksdb_options_set_db_write_buffer_size(o, SL_WRITE_BUFFER_BYTES);
    rocksdb_options_set_max_total_wal_size(o, SL_WAL_BYTES);
    rocksdb_options_set_allow_concurrent_memtable_write(o, 0); /* there is one writer */
    /* The next sync waits for what the disk was given before it. */
    set(o, "bytes_per_sync=131072;writable_file_max_buffer_size=131072");
    rocksdb_options_set_max_open_files(o, beside ? -1 : 512);
    /* The manifest is begun anew at every start and hardly grows: 64 KiB are enough, not 4 MiB. */
    set(o, "max_background_jobs=2;manifest_preallocation_size=65536;keep_log_file_num=2;"
           "max_log_file_size=4194304;stats_dump_period_sec=0;paranoid_checks=true");
    /* RocksDB would flush every family at the end once anything went past the log, and would slow
       writers down to 16 MB/s once compactions are behind: seconds of hardly any syncs. */
    set(o, "avoid_flush_during_shutdown=true;delayed_write_rate=134217728");
    return o;
}

static bool is_body(enum kv_family family)
{
    return family == KV_BODY || family == KV_HOT || family == KV_COLD;
}

/* Where RocksDB compresses bodies, those of one share lie together and repeat each other: large
   blocks compress them. Blocks of 512 KiB make files a twentieth smaller, and slow reads past the
   cache down; of snapshots many rows are read together, and 512 KiB cost nothing. Rows that come
   compressed gain nothing by a large block, and one of them is read faster from a small one. */
static size_t block_bytes(enum kv_family family)
{
    if (family == KV_SNAPSHOT) return 512 * SL_KIB;
    if (family == KV_BODY) return 256 * SL_KIB;
    return is_body(family) ? 32 * SL_KIB : 16 * SL_KIB;
}

rocksdb_options_t *kv_tuning_family(
    rocksdb_options_t *db, rocksdb_cache_t *cache, enum kv_family family, bool uncompressed)
{
    rocksdb_options_t *options = rocksdb_options_create_copy(db);
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(table, cache);
    /* the cache bounds them too */
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1);
    rocksdb_block_based_options_set_format_version(table, 5);
    rocksdb_block_based_options_set_block_size(table, block_bytes(family));
    if (family == KV_SHARE || family == KV_EVENT || family == KV_HOT)
        rocksdb_block_based_options_set_filter_policy(
            table, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_block_based_options_destroy(table);
    bool bulky = is_body(family) || family == KV_SNAPSHOT;
    /* rows of these are compressed before they come here, once and for all */
    bool packed = family == KV_HOT || family == KV_COLD;
    rocksdb_options_set_write_buffer_size(options, bulky ? 16 * SL_MIB : 4 * SL_MIB);
    if (bulky) /* rows that are rewritten less often are compressed less often */
        set(options, "level0_file_num_compaction_trigger=8;level0_slowdown_writes_trigger=32;"
                     "level0_stop_writes_trigger=48;max_bytes_for_level_multiplier=4");
    rocksdb_options_set_compression(
        options, uncompressed || packed ? rocksdb_no_compression : rocksdb_lz4_compression);
    rocksdb_options_set_bottommost_compression(
        options, uncompressed || packed ? rocksdb_no_compression : rocksdb_zstd_compression);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
    return options;
}
