/* The shares, on as many threads as there are processors. Each thread goes through a run of them in
   order, since a block holds the end of one share and the beginning of the next: dealt out one by
   one, a third more was decompressed. A thread that is through takes the back half of the longest
   run that is left:

       shares, by id   a b c d e f g h i j k l m n o p
       first thread    ├──at──────────────to┤
       second thread                         ├──at─to┤   through: it takes the back half of the
   first first thread    ├──at─────to┤ second thread                ├──────┤

   The first fault ends the walk: every thread stops at its next event, and no count is given out.
 */

#include "core/verify/verify_walk.h"

#include "core/verify/verify_event.h"
#include "core/verify/verify_rows.h"
#include "core/verify/verify_share.h"

#include <assert.h>
#include <sched.h>

/* A share id as a number whose digits are its bytes, zeros behind them: in the order of keys, and
   with a middle between any two. */
#define PLACE_BYTES (SL_SHARE_ID_BYTES + 1)
struct run {
    uint8_t at[PLACE_BYTES]; /* the share at hand */
    uint8_t to[PLACE_BYTES]; /* all of its shares are before that */
};

#define THREADS 16

struct walk {
    struct sl_store *store;
    const struct sl_progress *progress; /* reported to by the calling thread alone */
    uint64_t total;
    pthread_mutex_t lock;
    struct walker {
        struct walk *walk;
        struct run run;
        pthread_t thread;
    } walkers[THREADS];
    struct shares_verified out;
    struct sl_err fault; /* the first */
    atomic_bool over;
    atomic_ullong events;
};

static void end_walk(struct walk *walk, const struct sl_err *fault)
{
    pthread_mutex_lock(&walk->lock);
    if (walk->fault.result == SL_OK) walk->fault = *fault;
    pthread_mutex_unlock(&walk->lock);
    atomic_store(&walk->over, true);
}

/* ---- runs of shares ---- */

static void place_of(struct sl_span id, uint8_t place[PLACE_BYTES])
{
    assert(id.len < PLACE_BYTES);
    memset(place, 0, PLACE_BYTES);
    memcpy(place, id.ptr, id.len);
}

/* The place right behind a share: no other share lies between. */
static void place_behind(struct sl_span id, uint8_t place[PLACE_BYTES])
{
    place_of(id, place);
    place[PLACE_BYTES - 1] = 1;
}

static void run_length(const struct run *run, uint8_t length[PLACE_BYTES])
{
    int borrow = 0;
    for (size_t i = PLACE_BYTES; i-- > 0;) {
        int digit = run->to[i] - run->at[i] - borrow;
        borrow = digit < 0;
        length[i] = (uint8_t)digit;
    }
    assert(!borrow); /* it ends behind where it is at */
}

/* The middle of a run, up to its first zero byte: no id holds one. It need not be a share's id. */
static struct sl_span run_middle(const struct run *run, char id[PLACE_BYTES])
{
    unsigned sum[PLACE_BYTES], carry = 0;
    for (size_t i = PLACE_BYTES; i-- > 0; carry >>= 8)
        sum[i] = (carry += (unsigned)run->at[i] + run->to[i]) & 0xff;
    for (size_t i = 0; i < PLACE_BYTES; i++, carry &= 1)
        id[i] = (char)((carry = carry << 8 | sum[i]) >> 1);
    return (struct sl_span){id, strnlen(id, SL_SHARE_ID_BYTES)};
}

/* The longest run that has something to take besides the share at hand. */
static struct run *longest_run(struct walk *walk)
{
    struct run *longest = NULL;
    uint8_t length[PLACE_BYTES], most[PLACE_BYTES] = {[PLACE_BYTES - 1] = 1};
    for (unsigned i = 0; i < THREADS; i++) {
        run_length(&walk->walkers[i].run, length);
        if (memcmp(length, most, PLACE_BYTES) <= 0) continue;
        longest = &walk->walkers[i].run;
        memcpy(most, length, PLACE_BYTES);
    }
    return longest;
}

/* The share that an iterator stands at. False: it has run out, or failed, which sets `fault`. */
static bool share_at(struct kv_iter *events, struct sl_span *id, struct sl_err *fault)
{
    uint64_t sequence;
    if (!kv_iter_valid(events)) return kv_iter_check(events, fault), false;
    if (row_parse_event(kv_iter_key(events), id, &sequence) && sl_share_id_valid(*id)) return true;
    sl_fail(fault, SL_CORRUPT, "an event's key is unreadable");
    return false;
}

/* Is the iterator at a share before `to`? */
static bool share_before(struct kv_iter *events, const uint8_t to[PLACE_BYTES],
    uint8_t at[PLACE_BYTES], struct sl_err *fault)
{
    struct sl_span id;
    uint8_t place[PLACE_BYTES];
    if (!share_at(events, &id, fault)) return false;
    place_of(id, place);
    if (memcmp(place, to, PLACE_BYTES) >= 0) return false;
    memcpy(at, place, PLACE_BYTES);
    return true;
}

/* Take over the back half of the longest run; the iterator comes to stand at its beginning. */
static bool take_run(
    struct walk *walk, struct run *mine, struct kv_iter *events, struct sl_err *fault)
{
    struct run *from;
    while (fault->result == SL_OK && (from = longest_run(walk))) {
        char id[PLACE_BYTES];
        struct sl_span middle = run_middle(from, id);
        struct row_key behind = row_share_to(middle);
        kv_iter_seek(events, row_span(&behind));
        if (share_before(events, from->to, mine->at, fault)) {
            memcpy(mine->to, from->to, PLACE_BYTES);
            memcpy(from->to, mine->at, PLACE_BYTES);
            assert(memcmp(from->at, from->to, PLACE_BYTES) < 0); /* the share at hand is kept */
            return true;
        }
        place_behind(middle, from->to); /* no share lies in the back half */
    }
    return false;
}

/* The next share of this thread's run, or the first of a run that it takes over. */
static bool next_share(struct walker *walker, struct share_check *check,
    char id[SL_SHARE_ID_BYTES + 1], struct sl_err *fault)
{
    struct walk *walk = walker->walk;
    struct run *run = &walker->run;
    pthread_mutex_lock(&walk->lock);
    bool more = !atomic_load(&walk->over);
    if (more && !share_before(check->at.events, run->to, run->at, fault)) {
        memset(run, 0, sizeof(*run));
        more = take_run(walk, run, check->at.events, fault);
        share_check_jump(check);
    }
    memcpy(id, run->at, PLACE_BYTES);
    pthread_mutex_unlock(&walk->lock);
    return more;
}

/* ---- the walk ---- */

static struct kv_iter *all_events(struct walk *walk, enum kv_reading reading)
{
    return kv_iter_create(
        walk->store->kv, KV_EVENT, (struct sl_span){0}, (struct sl_span){0}, reading);
}

static enum sl_result check_share(struct walk *walk, struct share_check *check, struct sl_span id,
    bool reports, struct sl_err *err)
{
    enum sl_result result = share_check_begin(check, id, err);
    struct kv_iter *iter = check->at.events;
    for (; result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key = kv_iter_key(iter), key_id;
        uint64_t sequence;
        if (sl_span_cmp(key, row_span(&check->at.end)) >= 0) break;
        if (!row_parse_event(key, &key_id, &sequence) || !sl_span_eq(key_id, id))
            result =
                sl_fail(err, SL_CORRUPT, "share %s: an event's key is unreadable", check->facts.id);
        if (result == SL_OK) result = share_check_event(check, sequence, kv_iter_value(iter), err);
        uint64_t events = atomic_fetch_add(&walk->events, 1);
        if (reports && events % 256 == 0)
            progress_report(walk->progress, "shares", events, walk->total);
        if (atomic_load(&walk->over)) break;
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    struct sl_span next;
    uint64_t first;
    check->at.next.len = 0;
    if (kv_iter_valid(iter) && row_parse_event(kv_iter_key(iter), &next, &first))
        check->at.next = row_share_from(next);
    bool whole = result == SL_OK && !atomic_load(&walk->over);
    return whole ? share_check_end(check, err) : result;
}

/* No body or snapshot may lie before the first event of all. The iterators stay for the first
   share. */
static enum sl_result check_before(struct share_check *check, struct sl_err *err)
{
    struct row_key first = {0};
    struct sl_span id;
    struct sl_err fault = {0};
    struct kv *kv = check->store->kv;
    kv_iter_first(check->at.events);
    if (share_at(check->at.events, &id, &fault)) first = row_share_from(id);
    if (fault.result != SL_OK) return *err = fault, fault.result;
    body_iter_init(
        &check->at.bodies, check->store->bodies, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    check->at.snapshots =
        kv_iter_create(kv, KV_SNAPSHOT, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    body_iter_first(&check->at.bodies);
    kv_iter_first(check->at.snapshots);
    enum sl_result result = rows_gap_bodies(&check->at.bodies, &first, err);
    return result == SL_OK ? rows_gap_snapshots(check->at.snapshots, &first, err) : result;
}

static void check_shares(struct walker *walker, bool first)
{
    struct walk *walk = walker->walk;
    struct sl_verified verified = {0}, *all = &walk->out.verified;
    struct share_check check = {.store = walk->store, .verified = &verified};
    struct sl_err fault = {0};
    char id[PLACE_BYTES];
    print_key_init(&check.fold.key);
    check.at.events = all_events(walk, KV_SCAN);
    if (first) check_before(&check, &fault);
    while (fault.result == SL_OK && next_share(walker, &check, id, &fault))
        check_share(walk, &check, sl_span_of(id), first, &fault);
    share_check_fini(&check);
    if (fault.result != SL_OK) end_walk(walk, &fault);
    pthread_mutex_lock(&walk->lock);
    all->shares += verified.shares;
    all->events += verified.events;
    all->items += verified.items;
    all->redacted += verified.redacted;
    all->marked += verified.marked;
    all->bytes += verified.bytes;
    all->snapshots += verified.snapshots;
    all->removed += verified.removed;
    walk->out.holds += check.holds;
    pthread_mutex_unlock(&walk->lock);
}

static void *run_walker(void *walker)
{
    pthread_setname_np(pthread_self(), "verify");
    check_shares(walker, false);
    return NULL;
}

static unsigned processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : count > THREADS ? THREADS : (unsigned)count;
}

/* All shares, as one run. */
static void find_shares(struct walk *walk, struct run *run)
{
    struct sl_span id;
    struct kv_iter *events = all_events(walk, KV_CACHED);
    kv_iter_first(events);
    if (share_at(events, &id, &walk->fault)) {
        place_of(id, run->at);
        kv_iter_last(events);
        if (share_at(events, &id, &walk->fault)) place_behind(id, run->to);
    }
    kv_iter_destroy(events);
}

enum sl_result shares_check(struct sl_store *store, struct log_check *log, uint64_t total,
    const struct sl_progress *progress, struct shares_verified *out, struct sl_err *err)
{
    struct walk *walk = calloc(1, sizeof(*walk));
    if (!walk) return sl_fail(err, SL_NOMEM, "out of memory");
    walk->store = store;
    walk->progress = progress;
    walk->total = total;
    pthread_mutex_init(&walk->lock, NULL);
    find_shares(walk, &walk->walkers[0].run);
    unsigned count = 1, wanted = walk->fault.result == SL_OK ? processors() : 0;
    for (unsigned i = 0; i < THREADS; i++)
        walk->walkers[i].walk = walk;
    while (count < wanted && pthread_create(&walk->walkers[count].thread, NULL, run_walker,
                                 &walk->walkers[count]) == 0)
        count++;
    struct sl_err fault = {0};
    if (wanted > 0 && !atomic_load(&walk->over) && log_check(log, progress, total, &fault) != SL_OK)
        end_walk(walk, &fault);
    check_shares(&walk->walkers[0], true);
    while (count-- > 1)
        pthread_join(walk->walkers[count].thread, NULL);
    enum sl_result result = walk->fault.result;
    if (result == SL_OK) *out = walk->out;
    if (result != SL_OK && err) *err = walk->fault;
    pthread_mutex_destroy(&walk->lock);
    free(walk);
    return result;
}
