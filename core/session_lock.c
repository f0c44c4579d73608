/* Mutexes, chosen by a seeded hash of the session id. Nothing here fails once they are made. */

#include "core/session_lock.h"

#include "core/base/crypto.h"
#include "core/base/hash.h"

#include <pthread.h>
#include <stdlib.h>

#define STRIPES 64

struct session_locks {
    uint32_t seed;
    pthread_mutex_t stripe[STRIPES];
};

struct session_locks *session_locks_create(void)
{
    struct session_locks *locks = calloc(1, sizeof(*locks));
    if (!locks) return NULL;
    crypto_random(&locks->seed, sizeof(locks->seed));
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&locks->stripe[i], NULL);
    return locks;
}

void session_locks_destroy(struct session_locks *locks)
{
    if (!locks) return;
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&locks->stripe[i]);
    free(locks);
}

static pthread_mutex_t *stripe_of(struct session_locks *locks, struct sl_span session_id)
{
    return &locks->stripe[hash_id(locks->seed, session_id) % STRIPES];
}

void session_lock(struct session_locks *locks, struct sl_span session_id)
{
    pthread_mutex_lock(stripe_of(locks, session_id));
}

void session_unlock(struct session_locks *locks, struct sl_span session_id)
{
    pthread_mutex_unlock(stripe_of(locks, session_id));
}
