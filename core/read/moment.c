/* A moment is found from what was asked for: now is the share's head in memory, a sequence is
   compared with the head's, a time is looked for by bisection. A time before the first event and a
   sequence that the share doesn't have are refused with the range that it has. */

#include "core/read/moment.h"

#include "core/log/log.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

void moment_begin(struct moment *moment, struct sl_store *store, struct share *share)
{
    *moment = (struct moment){.store = store, .share = share};
    share_hold(share);
    moment->epoch = share_epoch(store->shares, share);
    memcpy(moment->id, share->id, sizeof(moment->id));
    memcpy(moment->session_id, share->session_id, sizeof(moment->session_id));
}

void moment_fini(struct moment *moment)
{
    assert(moment->share);
    share_release(moment->share);
    moment->share = NULL;
}

/* ---- the snapshot ---- */

enum sl_result moment_seek_base(struct moment *moment, struct sl_err *err)
{
    if (moment->sought != BASE_UNSOUGHT) return SL_OK;
    assert(moment->at.sequence > 0); /* the moment is set */
    enum sl_result result = snapshot_last(
        moment->store->kv, sl_span_of(moment->id), moment->at.sequence, &moment->base, err);
    if (result != SL_OK && result != SL_NOT_FOUND) return result;
    moment->sought = result == SL_OK ? BASE_SNAPSHOT : BASE_NONE;
    assert(moment->base.sequence <= moment->at.sequence);
    return SL_OK;
}

enum sl_result moment_row_missing(struct moment *moment, struct sl_err *err)
{
    assert(moment_has_base(moment));
    enum sl_result result = moment_still_there(moment, err);
    return result != SL_OK
               ? result
               : sl_fail(err, SL_CORRUPT, "share %s: a row of the snapshot at %llu is missing",
                     moment->id, (unsigned long long)moment->base.sequence);
}

/* ---- finding it ---- */

enum sl_result moment_set(struct moment *moment, uint64_t sequence, struct sl_err *err)
{
    assert(moment->sought == BASE_UNSOUGHT);
    enum sl_result result =
        log_place(moment->store->kv, sl_span_of(moment->id), sequence, &moment->at, err);
    if (result != SL_NOT_FOUND) return result;
    return sl_fail(err, SL_CORRUPT, "share %s: event %llu is missing", moment->id,
        (unsigned long long)sequence);
}

/* Milliseconds for a program, the date for a person. */
static void time_text(uint64_t time_ms, char text[64])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    char day[24];
    gmtime_r(&seconds, &utc);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(
        text, 64, "%llu (%s.%03uZ)", (unsigned long long)time_ms, day, (unsigned)(time_ms % 1000));
}

static enum sl_result before_first(uint64_t first_ms, uint64_t last_ms, struct sl_err *err)
{
    char first[64], last[64];
    time_text(first_ms, first);
    time_text(last_ms, last);
    return sl_fail(err, SL_NO_MOMENT,
        "no event at or before that time: the first is at %s, the last at %s", first, last);
}

static enum sl_result resolve(const struct moment *moment, const struct head *last,
    struct sl_moment asked, uint64_t *sequence, struct sl_err *err)
{
    if (asked.kind == SL_NOW) {
        *sequence = last->sequence;
        return SL_OK;
    }
    if (asked.kind == SL_AT_SEQUENCE) {
        if (asked.value < 1 || asked.value > last->sequence)
            return sl_fail(err, SL_NO_MOMENT, "no sequence %llu: there are 1 to %llu",
                (unsigned long long)asked.value, (unsigned long long)last->sequence);
        *sequence = asked.value;
        return SL_OK;
    }
    uint64_t found = 0;
    enum sl_result result = log_at_time(
        moment->store->kv, sl_span_of(moment->id), last->sequence, asked.value, &found, err);
    if (result != SL_OK) return result;
    if (found == 0) return before_first(moment->created_ms, last->time_ms, err);
    *sequence = found;
    return SL_OK;
}

/* The newest moment is known without a read. */
enum sl_result moment_find(
    struct moment *moment, struct sl_moment asked, bool *newest, struct sl_err *err)
{
    assert(moment->sought == BASE_UNSOUGHT);
    struct shares *shares = moment->store->shares;
    const struct share *share = moment->share;
    if (!share_exists(share)) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (!share_is_live(share)) return sl_fail(err, SL_REMOVED, "share %s: removed", share->id);
    shares_lock(shares);
    struct head last = share->head;
    moment->created_ms = share->record.created_ms;
    shares_unlock(shares);
    uint64_t sequence = 0;
    enum sl_result result = resolve(moment, &last, asked, &sequence, err);
    if (result != SL_OK) return result;
    assert(sequence >= 1 && sequence <= last.sequence);
    if (sequence != last.sequence)
        result = moment_set(moment, sequence, err);
    else
        moment->at = last;
    if (result == SL_OK) *newest = sequence == last.sequence;
    return result;
}
