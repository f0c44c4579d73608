/* The sentence that names a fault of a share: the share, the event, what is wrong with it. */

#include "core/verify/verify_check.h"

#include <stdarg.h>
#include <stdio.h>

void share_fault(
    const struct share_check *check, uint64_t sequence, struct sl_err *err, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sl_fail(err, SL_CORRUPT, "share %s: event %llu: %s", check->facts.id,
        (unsigned long long)sequence, text);
}
