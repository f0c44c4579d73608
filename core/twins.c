/* A ring of the last SL_TWIN_CREATES creates, the oldest overwritten. Who created is kept as a
   hash, so that each takes the same room. A create that was overwritten, or is older than
   SL_TWIN_CREATE_MS, is not found, and its session's next create makes another share. */

#include "core/twins.h"

#include "core/base/clock.h"
#include "core/base/crypto.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct twin {
    bool used;
    uint8_t who[32]; /* SHA-256 of session id and peer */
    uint64_t at_ms;  /* the monotonic clock's: the wall clock may be set meanwhile */
    char share_id[SL_SHARE_ID_BYTES + 1];
};

struct twins {
    pthread_mutex_t lock;
    size_t next;
    struct twin twin[SL_TWIN_CREATES];
};

static void who_of(struct sl_span session_id, struct sl_span peer, uint8_t who[32])
{
    crypto_sha256_of((struct sl_span[]){session_id, {"\0", 1}, peer}, 3, who);
}

struct twins *twins_create(void)
{
    struct twins *twins = calloc(1, sizeof(*twins));
    if (twins) pthread_mutex_init(&twins->lock, NULL);
    return twins;
}

void twins_destroy(struct twins *twins)
{
    if (!twins) return;
    pthread_mutex_destroy(&twins->lock);
    free(twins);
}

void twins_add(
    struct twins *twins, struct sl_span session_id, struct sl_span peer, struct sl_span share_id)
{
    assert(share_id.len > 0 && share_id.len <= SL_SHARE_ID_BYTES);
    struct twin twin = {.used = true, .at_ms = clock_ms()};
    who_of(session_id, peer, twin.who);
    memcpy(twin.share_id, share_id.ptr, share_id.len);
    pthread_mutex_lock(&twins->lock);
    twins->twin[twins->next++ % SL_TWIN_CREATES] = twin;
    pthread_mutex_unlock(&twins->lock);
}

bool twins_find(struct twins *twins, struct sl_span session_id, struct sl_span peer,
    char share_id[SL_SHARE_ID_BYTES + 1])
{
    uint8_t who[32];
    who_of(session_id, peer, who);
    uint64_t now = clock_ms();
    bool found = false;
    pthread_mutex_lock(&twins->lock);
    /* The newest first: the same client may have created, synced and created again within that
       time. */
    for (size_t i = 1; i <= SL_TWIN_CREATES && !found; i++) {
        const struct twin *twin = &twins->twin[(twins->next - i) % SL_TWIN_CREATES];
        found =
            twin->used && now - twin->at_ms <= SL_TWIN_CREATE_MS && memcmp(twin->who, who, 32) == 0;
        if (found) memcpy(share_id, twin->share_id, sizeof(twin->share_id));
    }
    pthread_mutex_unlock(&twins->lock);
    return found;
}
