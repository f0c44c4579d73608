/* What a run says while it goes; chance. */

#include "bench/suite/bench.h"

#include <stdarg.h>
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

uint64_t bench_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
