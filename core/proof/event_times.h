#ifndef SHARELOG_EVENT_TIMES_H
#define SHARELOG_EVENT_TIMES_H

/* Which times a verifier takes an event to have: by itself, against its arrival, against the
   witnesses of the log that it is in. Pure; any thread. */

#include "core/proof/note.h"

#include <stdbool.h>
#include <stdint.h>

/* What a verifier takes for a time at all: from the year 2000 to the end of 9999. Debian's clock is
   never before its own making, so no server has other times. */
#define TIME_FIRST_MS ((uint64_t)946684800000)
#define TIME_END_MS ((uint64_t)253402300800000)
/* An event is committed after it arrived. A clock that is put back in between says otherwise: so
   far that is taken, of servers that didn't see to it yet. */
#define ARRIVED_AHEAD_MS ((uint64_t)60 * 60 * 1000)
bool event_time_fits(uint64_t time_ms);
bool event_arrival_fits(uint64_t arrived_us, uint64_t time_ms);
/* A witness that cosigned a log has seen its events, so none is dated later than its cosignature,
   but for what two clocks may differ. */
#define COSIGNED_BEHIND_S ((uint64_t)60 * 60)
bool event_cosigned_fits(uint64_t time_ms, const struct cosigned *cosigned);

#endif
