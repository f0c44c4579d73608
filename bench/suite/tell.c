/* What a run says while it goes; time; chance. */

#include "bench/suite/bench.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

static bool line_open; /* something overwritable stands on the terminal's last line */

void bench_tell(const char *format, ...)
{
    va_list args;
    bool terminal = isatty(STDERR_FILENO);
    if (terminal && line_open) fputs("\r\033[K", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    if (!terminal) fputc('\n', stderr);
    line_open = terminal && *format;
    fflush(stderr);
}

bool bench_fail(const char *format, ...)
{
    va_list args;
    fputs(line_open ? "\nbench: " : "bench: ", stderr);
    line_open = false;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t bench_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t bench_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
