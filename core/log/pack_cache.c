/* A hash table of what is kept, and a list of it by age, both under one lock. Decoding is done
   without it: two threads that want the same pack at the same moment both decode it, and the second
   one's takes the place of the first's.

   A decoder takes up to 4 MiB, so two idle ones are kept at most; more are made where more threads
   decode at a time.

   How it fails: nothing is kept of a pack that doesn't decode, and the caller gets none. Where
   memory runs out, what is kept stays. */

#include "core/log/pack_cache.h"

#include <pthread.h>

#define BUCKETS 1024
#define IDLE_DECODERS 2
/* zstd decodes a part a third more slowly than a whole. */
#define PART_NUMERATOR 2
#define PART_DENOMINATOR 3

struct pack_cache {
    pthread_mutex_t lock;
    size_t most, kept; /* bytes */
    struct unpacked *newest, *oldest;
    struct unpacked *buckets[BUCKETS];
    struct zstd_decoder *idle[IDLE_DECODERS];
    unsigned idle_count;
};

struct pack_cache *pack_cache_create(size_t bytes)
{
    struct pack_cache *cache = calloc(1, sizeof(*cache));
    if (!cache) return NULL;
    pthread_mutex_init(&cache->lock, NULL);
    cache->most = bytes;
    return cache;
}

void pack_cache_destroy(struct pack_cache *cache)
{
    if (!cache) return;
    pack_cache_clear(cache);
    while (cache->idle_count > 0)
        zstd_decoder_destroy(cache->idle[--cache->idle_count]);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* ---- holding ---- */

void unpacked_hold(struct unpacked *unpacked)
{
    unsigned before = atomic_fetch_add(&unpacked->holders, 1);
    assert(before > 0);
}

void unpacked_release(struct unpacked *unpacked)
{
    if (!unpacked) return;
    unsigned before = atomic_fetch_sub(&unpacked->holders, 1);
    assert(before > 0);
    if (before == 1) free(unpacked);
}

/* ---- what is kept; under the lock ---- */

/* An id's bytes are a hash's already. */
static struct unpacked **slot(struct pack_cache *cache, const void *id)
{
    struct unpacked **at = &cache->buckets[be_get(id, 4) % BUCKETS];
    while (*at && memcmp((*at)->id, id, BODY_PACK_ID_BYTES) != 0)
        at = &(*at)->hash_next;
    return at;
}

static void unlink_age(struct pack_cache *cache, struct unpacked *unpacked)
{
    *(unpacked->newer ? &unpacked->newer->older : &cache->newest) = unpacked->older;
    *(unpacked->older ? &unpacked->older->newer : &cache->oldest) = unpacked->newer;
}

static void link_newest(struct pack_cache *cache, struct unpacked *unpacked)
{
    unpacked->newer = NULL;
    unpacked->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = unpacked;
    cache->newest = unpacked;
}

static void drop(struct pack_cache *cache, struct unpacked *unpacked)
{
    struct unpacked **at = slot(cache, unpacked->id);
    assert(*at == unpacked && cache->kept >= unpacked->weight);
    *at = unpacked->hash_next;
    unlink_age(cache, unpacked);
    assert(cache->oldest != unpacked && cache->newest != unpacked);
    cache->kept -= unpacked->weight;
    unpacked_release(unpacked);
}

/* One with fewer rows, or with as many, gives its place up. */
static void keep(struct pack_cache *cache, struct unpacked *unpacked)
{
    if (unpacked->weight > cache->most) return;
    struct unpacked *there = *slot(cache, unpacked->id);
    if (there && there->there > unpacked->there) return;
    if (there) drop(cache, there);
    while (cache->oldest && cache->kept + unpacked->weight > cache->most)
        drop(cache, cache->oldest);
    struct unpacked **at = slot(cache, unpacked->id);
    assert(!*at);
    unpacked->hash_next = NULL;
    *at = unpacked;
    link_newest(cache, unpacked);
    cache->kept += unpacked->weight;
    unpacked_hold(unpacked);
}

void pack_cache_clear(struct pack_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    while (cache->oldest)
        drop(cache, cache->oldest);
    assert(cache->kept == 0);
    pthread_mutex_unlock(&cache->lock);
}

size_t pack_cache_bytes(struct pack_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    size_t bytes = cache->kept;
    pthread_mutex_unlock(&cache->lock);
    return bytes;
}

/* ---- decoders ---- */

static struct zstd_decoder *take_decoder(struct pack_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    struct zstd_decoder *decoder = cache->idle_count ? cache->idle[--cache->idle_count] : NULL;
    pthread_mutex_unlock(&cache->lock);
    return decoder ? decoder : zstd_decoder_create();
}

static void give_decoder(struct pack_cache *cache, struct zstd_decoder *decoder)
{
    pthread_mutex_lock(&cache->lock);
    bool room = cache->idle_count < IDLE_DECODERS;
    if (room) cache->idle[cache->idle_count++] = decoder;
    pthread_mutex_unlock(&cache->lock);
    if (!room) zstd_decoder_destroy(decoder);
}

/* ---- decoding ---- */

/* Without its rows' bytes, held once. NULL: out of memory. */
static struct unpacked *make(const struct body_pack *pack, uint32_t rows)
{
    size_t at = sizeof(struct unpacked), bytes = at + ((size_t)pack->count + 1) * sizeof(uint32_t);
    size_t wanted = 0, all = pack->bytes;
    for (uint32_t i = 0; i < rows; i++)
        wanted += body_pack_row_bytes(pack, i);
    bool part = wanted * PART_DENOMINATOR < all * PART_NUMERATOR;
    size_t weight = bytes + (part ? wanted : all);
    struct unpacked *unpacked = malloc(weight);
    if (!unpacked) return NULL;
    *unpacked = (struct unpacked){.count = pack->count,
        .there = part ? rows : pack->count,
        .at = (uint32_t *)(void *)((char *)unpacked + at),
        .bytes = (char *)unpacked + bytes,
        .weight = weight};
    memcpy(unpacked->id, pack->id.ptr, BODY_PACK_ID_BYTES);
    atomic_init(&unpacked->holders, 1);
    unpacked->at[0] = 0;
    for (uint32_t i = 0; i < pack->count; i++)
        unpacked->at[i + 1] = unpacked->at[i] + (uint32_t)body_pack_row_bytes(pack, i);
    assert(unpacked->at[pack->count] == all && all <= SL_BODY_ROW_BYTES);
    return unpacked;
}

static enum sl_result decode(struct pack_cache *cache, const struct body_pack *pack, uint32_t rows,
    struct unpacked **out, struct sl_err *err)
{
    struct unpacked *unpacked = make(pack, rows);
    struct zstd_decoder *decoder = unpacked ? take_decoder(cache) : NULL;
    enum sl_result result = SL_OK;
    if (!decoder) {
        result = sl_fail(err, SL_NOMEM, "out of memory");
    } else {
        result = zstd_decode(
            decoder, pack->frame, pack->bytes, unpacked->bytes, unpacked->at[unpacked->there], err);
        give_decoder(cache, decoder);
    }
    if (result == SL_OK)
        *out = unpacked;
    else
        unpacked_release(unpacked);
    return result;
}

enum sl_result pack_cache_get(struct pack_cache *cache, const struct body_pack *pack, uint32_t rows,
    bool keeps, struct unpacked **out, struct sl_err *err)
{
    assert(rows > 0 && rows <= pack->count);
    pthread_mutex_lock(&cache->lock);
    struct unpacked *there = *slot(cache, pack->id.ptr);
    bool found = there && there->there >= rows;
    if (found) {
        unpacked_hold(there);
        unlink_age(cache, there);
        link_newest(cache, there);
    }
    pthread_mutex_unlock(&cache->lock);
    if (found) {
        *out = there;
        return SL_OK;
    }
    /* who comes back for more than a part will come for the rest */
    enum sl_result result = decode(cache, pack, there ? pack->count : rows, out, err);
    if (result != SL_OK || !keeps) return result;
    pthread_mutex_lock(&cache->lock);
    keep(cache, *out);
    pthread_mutex_unlock(&cache->lock);
    return SL_OK;
}
