/* Results as text, and messages that grow from the bottom up: the level that fails says what, each
   level above puts before it what it was about. A message that is too long is cut at its end; the
   result is never lost. */

#include "core/base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *sl_result_text(enum sl_result result)
{
    switch (result) {
#define X(name, value, text)                                                                       \
    case name: return text;
        SL_RESULTS(X)
#undef X
    }
    return "unknown result";
}

enum sl_result(sl_fail)(struct sl_err *err, enum sl_result result, const char *format, ...)
{
    assert(result != SL_OK); /* what went well has no message */
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
        err->result = result;
    }
    return result;
}

enum sl_result sl_fail_in(struct sl_err *err, const char *format, ...)
{
    char below[sizeof(err->text)];
    assert(err->result != SL_OK);
    snprintf(below, sizeof(below), "%s", err->text);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof(err->text) - 2) {
        char *at = err->text + used;
        size_t room = sizeof(err->text) - (size_t)used - 3, len = strlen(below);
        memcpy(at, ": ", 2);
        len = len < room ? len : room;
        memcpy(at + 2, below, len);
        at[2 + len] = 0;
    }
    return err->result;
}
