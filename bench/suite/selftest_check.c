/* What the self-test counts. */

#include "bench/suite/selftest_check.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned checks, faults;

void check(bool good, const char *format, ...)
{
    va_list args;
    checks++;
    if (good) return;
    faults++;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

bool check_end(void)
{
    printf("%u checks, %u faults\n", checks, faults);
    return faults == 0;
}
