#ifndef SHARELOG_KV_TUNING_H
#define SHARELOG_KV_TUNING_H

/* How RocksDB is set up. The store is opened with these options, and so is the bare database that
   the benchmarks hold it against. The reasons are measurements (bench/README.md). None of the
   functions fails: RocksDB ends the process when its own memory runs out. Any thread may call
   them. */

#include "core/kv/kv.h"

struct rocksdb_cache_t;
struct rocksdb_options_t;

/* Blocks of all families. The caller's to destroy, once what uses it is closed. */
struct rocksdb_cache_t *kv_tuning_cache(size_t bytes);

/* The options of the database as a whole. The caller's to destroy. The first call also makes the
   threads of this process that flush and compact. `beside`: for a secondary, which creates
   nothing. */
struct rocksdb_options_t *kv_tuning_db(bool beside);

/* The options of a family, `db`'s among them. The caller's to destroy. */
struct rocksdb_options_t *kv_tuning_family(struct rocksdb_options_t *db,
    struct rocksdb_cache_t *cache, enum kv_family family, bool uncompressed);

#endif
