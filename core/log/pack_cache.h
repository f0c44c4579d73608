#ifndef SHARELOG_PACK_CACHE_H
#define SHARELOG_PACK_CACHE_H

/* Packs as they are read: decoded, and the last of them kept, since a reader who wants a row of one
   mostly wants its neighbours next. What is kept takes at most so many bytes; the one that was
   asked for longest ago goes first. What somebody holds lives until it is released, in the cache or
   not.

   A pack is known by its id, which stands in its row: whoever asks has just read the row, so one
   that was rewritten or deleted since is never found here. It would only take room, so the cache
   is cleared where content is taken away.

   Functions may be called from any thread at any time, but for destroy. */

#include "core/log/body_pack.h"

#include <stdatomic.h>

/* A pack's first rows, or all of them. */
struct unpacked {
    uint32_t count; /* of the pack's rows */
    uint32_t there; /* so many of them are here */
    uint32_t *at;   /* where each row begins in bytes; one more for the end; of all `count` */
    char *bytes;
    /* pack_cache.c's own: */
    uint8_t id[BODY_PACK_ID_BYTES];
    size_t weight; /* what it takes of memory */
    atomic_uint holders;
    struct unpacked *hash_next, *older, *newer;
};

static inline struct sl_span unpacked_row(const struct unpacked *unpacked, uint32_t index)
{
    assert(index < unpacked->there);
    return (struct sl_span){
        unpacked->bytes + unpacked->at[index], unpacked->at[index + 1] - unpacked->at[index]};
}

void unpacked_hold(struct unpacked *unpacked);    /* once more, for another holder */
void unpacked_release(struct unpacked *unpacked); /* NULL is fine */

struct pack_cache;
/* For at most so many bytes. NULL: out of memory. */
struct pack_cache *pack_cache_create(size_t bytes);
void pack_cache_destroy(struct pack_cache *cache); /* NULL is fine */

/* The rows of a pack, given as its value: at least the first `rows`, 1 to all of them; held by the
   caller. It is decoded unless it is kept; `keep`: it is kept from now on. A part costs about its
   share of the whole; asked for more than the part that is kept, all of it is decoded.

   SL_CORRUPT: the value is damaged. SL_NOMEM. */
enum sl_result pack_cache_get(struct pack_cache *cache, const struct body_pack *pack, uint32_t rows,
    bool keep, struct unpacked **out, struct sl_err *err);

/* Keep nothing of what is kept now. */
void pack_cache_clear(struct pack_cache *cache);

/* What is kept: never more than it was created for. */
size_t pack_cache_bytes(struct pack_cache *cache);

#endif
