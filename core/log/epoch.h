#ifndef SHARELOG_EPOCH_H
#define SHARELOG_EPOCH_H

/* Has something been taken away, or exchanged, since it was looked at? An epoch is a number that
   moves whenever that happens. Who is going to look notes it first (it must be even), then reads;
   what was read counts as long as the epoch holds, which is one atomic load to ask.

     number   4 ───────────────> 5 ───────────────────────> 6 ──────────────────────> 8
                a redaction is       its rows are written,      a removal is written
                staged: old and      or were given up
                new rows may mix

   Each share has one (share.h moves it, with the share's phase, in one place). The rules of what is
   redacted on the way in have one of their own (redact/rules.h), since they answer for what is
   still to come: a new rule takes nothing away from a reader, and a redaction of what is stored
   changes no rule that a batch was held against. The question and the check are the same.

   Who asks, and what happens when the epoch moves under it:

   - A view and an open event ask before and after each row that they read, and fail with
   SL_REDACTED or SL_REMOVED, having given out nothing of what they read since. A redaction moves
   the number before the sequencer writes the first of its rows: who saw a new row sees the number
   too. Who saw old rows alone and asked just before gave out what was there until then, as if a
   moment earlier. Nobody notes an odd number: who would waits until the rows are written.
   - The maker of a snapshot notes it, reads, and has each row and the head refused by the sequencer
     once it has moved (`guard` of sequencer.h). The sequencer stages one append behind the other: a
     row staged before a redaction is deleted by the redaction's own write, one staged behind it is
     refused. A row staged before a removal is deleted by the erasure, which begins later.
   - A summary is kept with the share only if the epoch under which it was read holds, judged under
     the lock under which the epoch moves and which drops the summary that was there.
   - An erasure notes it before the files are rewritten, and drops its mark under that guard alone:
   a redaction that came meanwhile has put the mark for itself, and its own erasure drops it.
   - A batch is held against the rules under their epoch, and appended under it as its guard: when a
     rule came meanwhile it is refused, unseen by anybody, and held against the rules again.

   An epoch is compared by who holds its share alone: a share that is forgotten by the cache and
   loaded again begins at 0, and whoever had noted a number of before would take it for that. */

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>

struct epoch {
    atomic_ulong number;
};

static inline unsigned long epoch_number(const struct epoch *epoch)
{
    return atomic_load(&epoch->number);
}

/* Is nothing being written under this number? */
static inline bool epoch_is_even(unsigned long number)
{
    return number % 2 == 0;
}

/* Does what was read under `seen` still count? */
static inline bool epoch_holds(const struct epoch *epoch, unsigned long seen)
{
    assert(epoch_is_even(seen));
    return epoch_number(epoch) == seen;
}

/* ---- for who changes what the epoch stands for, one at a time ---- */

/* Rows are about to be written that mix with those of before … */
static inline void epoch_begin(struct epoch *epoch)
{
    unsigned long before = atomic_fetch_add(&epoch->number, 1);
    assert(epoch_is_even(before));
}

/* … and are written, or never will be. */
static inline void epoch_end(struct epoch *epoch)
{
    unsigned long before = atomic_fetch_add(&epoch->number, 1);
    assert(!epoch_is_even(before));
}

/* Changed at once. */
static inline void epoch_pass(struct epoch *epoch)
{
    unsigned long before = atomic_fetch_add(&epoch->number, 2);
    assert(epoch_is_even(before));
}

#endif
