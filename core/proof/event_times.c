/* An event's time against what is known without a store. Nothing can fail. */

#include "core/proof/event_times.h"

bool event_time_fits(uint64_t time_ms)
{
    return time_ms >= TIME_FIRST_MS && time_ms < TIME_END_MS;
}

bool event_arrival_fits(uint64_t arrived_us, uint64_t time_ms)
{
    return arrived_us / 1000 <= time_ms + ARRIVED_AHEAD_MS;
}

bool event_cosigned_fits(uint64_t time_ms, const struct cosigned *cosigned)
{
    return !cosigned->count || time_ms / 1000 <= cosigned->oldest_s + COSIGNED_BEHIND_S;
}
