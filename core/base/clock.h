#ifndef SHARELOG_CLOCK_H
#define SHARELOG_CLOCK_H

/* The two clocks. The monotonic one measures how long something takes: it begins anywhere, never
   goes back and is no time of day. The real one says when something happened, since 1970 (UTC); it
   may be set back or forward at any moment, so that two of its readings have no difference.

   Neither can fail: both clocks exist on every Linux. */

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* The monotonic clock. */
static inline uint64_t clock_ns(void)
{
    return clock_read_ns(CLOCK_MONOTONIC);
}

static inline uint64_t clock_us(void)
{
    return clock_ns() / 1000;
}

static inline uint64_t clock_ms(void)
{
    return clock_ns() / 1000000;
}

/* The real clock. */
static inline uint64_t clock_real_us(void)
{
    return clock_read_ns(CLOCK_REALTIME) / 1000;
}

static inline uint64_t clock_real_ms(void)
{
    return clock_read_ns(CLOCK_REALTIME) / 1000000;
}

#endif
