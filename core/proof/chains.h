#ifndef SHARELOG_CHAINS_H
#define SHARELOG_CHAINS_H

/* A stranger's check that the headers of a log form chains, one a share:

     position   0        1        2        3        4
     share A    1 <----- 2 <-------------- 3                `prev` of each header is the leaf hash
     share B                      1 <-------------- 2       of the one before it in its share

   Headers are taken in the order of their positions. Of each share the last header is remembered,
   and the next one must continue it: sequence, `prev`, time, kind. The first that does not is named
   in an SL_CORRUPT. Memory: about 100 bytes a share; SL_NOMEM leaves what was there.

   Times of different shares need not be in order, since clocks are set; but a share that is dated
   years before its neighbours, or after the time at which witnesses saw the log, is worth a word.
   Such headers are counted, and no fault. */

#include "core/base/err.h"
#include "core/base/span.h"

struct chains;

/* `whole`: the walk begins with the log's first event, so every share must begin with its first.
   NULL: out of memory. */
struct chains *chains_create(bool whole);
void chains_destroy(struct chains *chains); /* NULL is fine */
uint64_t chains_count(const struct chains *chains);

/* Is `leaf` the leaf hash of this header? */
bool chains_leaf_is(struct sl_span header, const uint8_t leaf[32]);

/* Take the next header of the log, whose leaf hash is `leaf`. SL_CORRUPT: it is no header, of a
   kind that isn't known, or it doesn't continue its share: a gap, another past, a time that runs
   backwards, a kind that can't stand there. */
enum sl_result chains_add(struct chains *chains, uint64_t position, struct sl_span header,
    const uint8_t leaf[32], struct sl_err *err);

/* Headers whose times don't fit their neighbours'. */
struct chains_odd {
    uint64_t count, first; /* how many; the position of the first */
};
struct chains_times {
    struct chains_odd back;  /* more than CHAINS_BACK_MS before one at an earlier position */
    struct chains_odd ahead; /* later than the log can have had them */
};
#define CHAINS_BACK_MS 60000
/* No event can be later than `latest_ms`: before the first is taken. Not told: any time will do. */
void chains_set_latest(struct chains *chains, uint64_t latest_ms);
struct chains_times chains_times(const struct chains *chains);

#endif
