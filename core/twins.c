#include "core/twins.h"

#include "core/base/crypto.h"

#include <stdlib.h>
#include <time.h>

struct twin {
    uint8_t who[32]; /* SHA-256 of session id and peer */
    uint64_t at_ms;
    char share_id[SL_SHARE_ID_BYTES + 1];
};

struct twins {
    size_t next;
    struct twin twin[SL_TWIN_CREATES];
};

/* Not the wall clock, which may be set meanwhile. */
static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 1;
}

static void who_of(struct sl_span session_id, struct sl_span peer, uint8_t who[32])
{
    crypto_sha256_of((struct sl_span[]){session_id, {"\0", 1}, peer}, 3, who);
}

struct twins *twins_create(void)
{
    return calloc(1, sizeof(struct twins));
}

void twins_destroy(struct twins *twins)
{
    free(twins);
}

void twins_add(
    struct twins *twins, struct sl_span session_id, struct sl_span peer, struct sl_span share_id)
{
    struct twin *twin = &twins->twin[twins->next++ % SL_TWIN_CREATES];
    *twin = (struct twin){.at_ms = now_ms()};
    who_of(session_id, peer, twin->who);
    memcpy(twin->share_id, share_id.ptr, share_id.len);
}

struct sl_span twins_find(const struct twins *twins, struct sl_span session_id, struct sl_span peer)
{
    uint8_t who[32];
    who_of(session_id, peer, who);
    uint64_t now = now_ms();
    /* The newest first: the same client may have created, synced and created again within that
       time. */
    for (size_t i = 1; i <= SL_TWIN_CREATES; i++) {
        const struct twin *twin = &twins->twin[(twins->next - i) % SL_TWIN_CREATES];
        if (twin->at_ms && now - twin->at_ms <= SL_TWIN_CREATE_MS &&
            memcmp(twin->who, who, 32) == 0)
            return sl_span_of(twin->share_id);
    }
    return (struct sl_span){0};
}
