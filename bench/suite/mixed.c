/* Which items a batch holds. What they hold is in mixed_item.c.

   Nothing is remembered from batch to batch. What a batch sends again of those before it is made
   once more from the same seed, so a share of any length takes no memory, and the n-th batch can be
   asked for at once. */

#include "bench/suite/mixed.h"

#include "bench/suite/bench.h"
#include "bench/suite/mixed_item.h"

#define RUNS_MOST 6 /* batches that a command prints in */

static uint64_t scrambled(uint64_t value)
{
    return bench_random(&value);
}

struct mixed mixed_of(uint64_t number)
{
    static const enum mixed_kind kinds[] = {MIXED_CODE, MIXED_TALK, MIXED_AGAIN, MIXED_TALK,
        MIXED_CODE, MIXED_LIST, MIXED_AGAIN, MIXED_TALK};
    return (struct mixed){.kind = kinds[number % (sizeof(kinds) / sizeof(*kinds))],
        .seed = scrambled(number),
        .list_syncs = MIXED_LIST_SYNCS};
}

static void begin(
    const struct mixed *mixed, uint64_t batch, struct buf *out, struct mixed_item *item)
{
    *item = (struct mixed_item){.out = out, .seed = mixed->seed, .batch = batch};
    memcpy(item->session, "ses_", 4);
    write_time(item->session + 4, scrambled(mixed->seed) >> 16);
    write_chance(item->session + 4 + ID_TIME, scrambled(mixed->seed + 1));
    buf_add(out, "[", 1);
}

static uint64_t task_of(uint64_t batch)
{
    return batch - batch % MIXED_TASK;
}

static bool shares_again(const struct mixed *mixed, uint64_t n)
{
    return mixed->kind == MIXED_AGAIN && n % MIXED_SHARED_AGAIN == MIXED_SHARED_AGAIN - 1;
}

static void talk(struct mixed_item *item, uint64_t n)
{
    bool ended = n % 2 == 1;
    item->batch = n - n % 2;
    item_session(item);
    if (!ended) {
        item_prompt(item, item->batch, false);
        item_question(item, item->batch);
    }
    item_answer(item, item->batch, ended ? PROGRESS_ENDED : PROGRESS_BEGUN);
}

/* All steps of a batch. */
static void put_steps(struct mixed_item *item, uint64_t batch, enum progress last)
{
    item->batch = batch;
    for (item->step = 0; item->step < STEPS; item->step++)
        item_step(item, task_of(batch), item->step + 1 < STEPS ? PROGRESS_ENDED : last, false);
}

/* What the batches before left under way, back to one that ended everything. */
static void go_on(const struct mixed *mixed, struct mixed_item *item, uint64_t n)
{
    item->step = STEPS - 1;
    for (uint64_t back = 1; back < RUNS_MOST && back <= n; back++) {
        if (shares_again(mixed, n - back)) return;
        item->batch = n - back;
        bool runs = item_running(item, task_of(item->batch), back + 1);
        if (back == 1 && !runs) item_step(item, task_of(item->batch), PROGRESS_ENDED, true);
    }
}

static void code(const struct mixed *mixed, struct mixed_item *item, uint64_t n)
{
    uint64_t task = task_of(n);
    item_session(item);
    go_on(mixed, item, n);
    if (n == task) {
        item_prompt(item, task, false);
        item_question(item, task);
    }
    put_steps(item, n, PROGRESS_BEGUN);
    if (n == task + MIXED_TASK - 1) item_prompt(item, task, true);
}

static void share_again(struct mixed_item *item, uint64_t from, uint64_t to)
{
    item_session(item);
    for (uint64_t n = from; n < to; n++) {
        if (n == task_of(n)) {
            item_prompt(item, n, n + MIXED_TASK <= to);
            item_question(item, n);
        }
        put_steps(item, n, PROGRESS_ENDED);
    }
}

void mixed_batch(const struct mixed *mixed, uint64_t n, struct buf *out)
{
    struct mixed_item item;
    begin(mixed, n, out, &item);
    if (mixed->kind == MIXED_TALK)
        talk(&item, n);
    else if (mixed->kind == MIXED_LIST)
        item_list(&item, n / mixed->list_syncs, n % mixed->list_syncs + 1);
    else if (shares_again(mixed, n))
        share_again(&item, n + 1 - MIXED_SHARED_AGAIN, n);
    else
        code(mixed, &item, n);
    buf_add(out, "]", 1);
}
