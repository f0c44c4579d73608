/* Room for bodies: a counter, and a queue of those that wait for it. Reserving never fails, it only
   waits. */

#include "http/edge/budget.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* A thread that waits, on its own stack. Each has a condition of its own, so that a release wakes
 * only those that it makes room for. */
struct waiter {
    uint64_t bytes;
    bool admitted;
    pthread_cond_t turn;
    struct waiter *next;
};

struct budget {
    pthread_mutex_t mutex;
    uint64_t capacity, used;
    unsigned waiting;
    struct waiter *first, **last;
};

struct budget *budget_create(uint64_t bytes)
{
    struct budget *budget = calloc(1, sizeof(*budget));
    if (!budget) return NULL;
    pthread_mutex_init(&budget->mutex, NULL);
    budget->capacity = bytes;
    budget->last = &budget->first;
    return budget;
}

void budget_destroy(struct budget *budget)
{
    if (!budget) return;
    assert(!budget->first && budget->used == 0);
    pthread_mutex_destroy(&budget->mutex);
    free(budget);
}

/* Under the mutex: let in from the front of the queue all that fits now. */
static void admit(struct budget *budget)
{
    while (budget->first && budget->capacity - budget->used >= budget->first->bytes) {
        struct waiter *waiter = budget->first;
        budget->used += waiter->bytes;
        budget->first = waiter->next;
        if (!budget->first) budget->last = &budget->first;
        waiter->admitted = true;
        pthread_cond_signal(&waiter->turn);
    }
}

uint64_t budget_reserve(struct budget *budget, uint64_t bytes)
{
    if (bytes > budget->capacity) bytes = budget->capacity;
    struct waiter self = {.bytes = bytes};
    pthread_mutex_lock(&budget->mutex);
    if (!budget->first && budget->capacity - budget->used >= bytes) {
        budget->used += bytes;
    } else {
        pthread_cond_init(&self.turn, NULL);
        *budget->last = &self;
        // cppcheck-suppress autoVariables ; it leaves the queue before we return
        budget->last = &self.next;
        budget->waiting++;
        while (!self.admitted)
            pthread_cond_wait(&self.turn, &budget->mutex);
        budget->waiting--;
        pthread_cond_destroy(&self.turn);
    }
    assert(budget->used <= budget->capacity);
    pthread_mutex_unlock(&budget->mutex);
    return bytes;
}

void budget_release(struct budget *budget, uint64_t reserved)
{
    pthread_mutex_lock(&budget->mutex);
    assert(budget->used >= reserved);
    budget->used -= reserved;
    admit(budget);
    pthread_mutex_unlock(&budget->mutex);
}

uint64_t budget_used(struct budget *budget, unsigned *waiting)
{
    pthread_mutex_lock(&budget->mutex);
    uint64_t used = budget->used;
    *waiting = budget->waiting;
    pthread_mutex_unlock(&budget->mutex);
    return used;
}
