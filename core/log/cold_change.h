#ifndef SHARELOG_COLD_CHANGE_H
#define SHARELOG_COLD_CHANGE_H

/* A change of a share's packs: some go, some come. It is prepared by who has the time, and put into
   a batch, with nothing left that could fail, by who commits.

   Every pack that comes is made by a packer (body_pack.h), so each is what it should be: the rows
   of the share, as many as fit, none left out and none twice. */

#include "core/kv/rows.h"
#include "core/log/pack_cache.h"

struct cold_change {
    struct buf values; /* of the packs that come, one behind the other */
    struct cold_step {
        struct body_place first;
        bool comes;
        size_t at, len; /* in values */
    } * steps;
    size_t count, cap;
};

/* Zeroed is no change. */
void cold_change_fini(struct cold_change *change);

/* The pack that begins at `first` goes. SL_NOMEM. */
enum sl_result cold_change_drop(
    struct cold_change *change, struct body_place first, struct sl_err *err);
/* A pack of what the packer has gathered comes; it begins anew. SL_NOMEM, SL_CORRUPT. */
enum sl_result cold_change_add(
    struct cold_change *change, struct body_packer *packer, struct sl_err *err);

/* About how many bytes it adds to a batch. */
size_t cold_change_bytes(const struct cold_change *change);
void cold_change_put(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id,
    const struct cold_change *change);

/* An event's body as it is to be: its rows, as hot_rows made them (event/hot_row.h). */
struct cold_body {
    uint64_t sequence;
    struct sl_span rows;
};
/* Exchange the bodies of events that are packed as a whole, in order of sequence, each once: the
   packs that have a row of one of them are made anew, several at once where they lie side by side.
   A body may have more rows than before, or fewer. SL_CORRUPT: a pack is damaged, or has no such
   event. SL_NOMEM, SL_IO: *change is to be thrown away. */
enum sl_result cold_exchange(struct kv *kv, struct pack_cache *cache, struct sl_span share_id,
    const struct cold_body *bodies, size_t count, struct cold_change *change, struct sl_err *err);

#endif
