#ifndef TESTS_SUPPORT_STORE_ROWS_H
#define TESTS_SUPPORT_STORE_ROWS_H

/* Rows of an open store, read and changed behind its back. */

#include "core/base/buf.h"
#include "core/kv/kv.h"
#include "core/kv/rows.h"
#include "core/sharelog.h"

/* Into `out`, instead of what it holds. What fails, fails the test (cmocka). */
void store_row_get(
    struct sl_store *store, enum kv_family family, struct row_key key, struct buf *out);
/* The store's memory of shares is dropped too: it reads what is there. */
void store_row_put(
    struct sl_store *store, enum kv_family family, struct row_key key, struct sl_span value);
void store_row_delete(struct sl_store *store, enum kv_family family, struct row_key key);

/* A raw row of a body, wherever it lies; and put as a new body's is, of at most SL_BODY_ROW_BYTES,
   in the place of the one that is there. Of a share with packs, all bodies are put so first. */
void store_body_get(struct sl_store *store, struct sl_span share_id, uint64_t sequence,
    uint32_t chunk, struct buf *out);
void store_body_put(struct sl_store *store, struct sl_span share_id, uint64_t sequence,
    uint32_t chunk, struct sl_span raw);
/* All bodies of a share into one family; into KV_COLD all but the create event's, in as few packs
   as it takes. KV_BODY: as a store of format 1 has them. */
void store_bodies_to(struct sl_store *store, struct sl_span share_id, enum kv_family family);

#endif
