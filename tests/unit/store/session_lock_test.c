/* A session's lock: one holder at a time, whichever stripe it is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/session_lock.h"

#include <pthread.h>
#include <stdio.h>

#define THREADS 6
#define SESSIONS 100 /* more than there are stripes */
#define ROUNDS 3000

static struct session_locks *locks;
static unsigned held[SESSIONS]; /* by the session's lock */

static void *lock_on(void *arg)
{
    unsigned at = (unsigned)(uintptr_t)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned session = at = (at * 1103515245u + 12345u) % SESSIONS;
        char id[32];
        snprintf(id, sizeof(id), "ses_%u", session);
        session_lock(locks, sl_span_of(id));
        held[session]++;
        session_unlock(locks, sl_span_of(id));
    }
    return NULL;
}

static void one_at_a_time(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned sum = 0;
    locks = session_locks_create();
    assert_non_null(locks);
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, lock_on, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SESSIONS; i++)
        sum += held[i];
    assert_int_equal(sum, THREADS * ROUNDS); /* none was lost */
    session_locks_destroy(locks);
    session_locks_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_at_a_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
