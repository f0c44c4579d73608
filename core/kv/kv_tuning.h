#ifndef SHARELOG_KV_TUNING_H
#define SHARELOG_KV_TUNING_H

/* How RocksDB is set up. The reasons are measurements: see bench/README.md. The store is opened
   with this, and so is what the benchmarks hold it against, which would else be a floor of
   something else. None fails: what memory is short for ends the process. Any thread may call these.
 */

#include "core/kv/kv.h"

struct rocksdb_cache_t;
struct rocksdb_options_t;

/* Blocks of all families. The caller's to destroy, once what uses it is closed. */
struct rocksdb_cache_t *kv_tuning_cache(size_t bytes);

/* What holds for the database as a whole. The caller's to destroy. The first call also makes the
   threads of this process that flush and compact. `beside`: for a secondary, which creates
   nothing. */
struct rocksdb_options_t *kv_tuning_db(bool beside);

/* `db`, and what holds for that family. The caller's to destroy. */
struct rocksdb_options_t *kv_tuning_family(struct rocksdb_options_t *db,
    struct rocksdb_cache_t *cache, enum kv_family family, bool uncompressed);

#endif
