/* Texts are cut, never overflown: each fits WHEN_BYTES for every value there is. A time that the
   system can't break down is written as its milliseconds. */

#include "tools/shared/when.h"

#include "core/base/clock.h"
#include "core/base/decimal.h"

#include <stdio.h>
#include <time.h>

const char *when_local(uint64_t ms, char out[WHEN_BYTES])
{
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    if (!localtime_r(&seconds, &tm) || !strftime(out, WHEN_BYTES, "%Y-%m-%d %H:%M:%S", &tm))
        snprintf(out, WHEN_BYTES, "%llu ms", (unsigned long long)ms);
    return out;
}

const char *when_iso(uint64_t ms, char out[WHEN_BYTES])
{
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    size_t len =
        gmtime_r(&seconds, &tm) ? strftime(out, WHEN_BYTES - 6, "%Y-%m-%dT%H:%M:%S", &tm) : 0;
    if (len)
        snprintf(out + len, WHEN_BYTES - len, ".%03uZ", (unsigned)(ms % 1000));
    else
        snprintf(out, WHEN_BYTES, "%llu ms", (unsigned long long)ms);
    return out;
}

const char *when_span(uint64_t ms, char out[WHEN_BYTES])
{
    double seconds = (double)ms / 1000;
    if (ms < 1000)
        snprintf(out, WHEN_BYTES, "%u ms", (unsigned)ms);
    else if (seconds < 120)
        snprintf(out, WHEN_BYTES, "%.1f s", seconds);
    else if (seconds < 2 * 3600.0)
        snprintf(out, WHEN_BYTES, "%.0f min", seconds / 60);
    else if (seconds < 48 * 3600.0)
        snprintf(out, WHEN_BYTES, "%.0f h", seconds / 3600);
    else
        snprintf(out, WHEN_BYTES, "%.0f days", seconds / 86400);
    return out;
}

const char *when_ago(uint64_t ms, char out[WHEN_BYTES])
{
    uint64_t now = clock_real_ms();
    char span[WHEN_BYTES];
    if (ms + 1000 > now) { /* clocks of two machines differ a little */
        snprintf(out, WHEN_BYTES, "now");
        return out;
    }
    uint64_t whole = (now - ms) / 1000;
    if (whole < 120)
        snprintf(span, sizeof(span), "%u s", (unsigned)whole);
    else
        when_span(now - ms, span);
    snprintf(out, WHEN_BYTES, "%.30s ago", span);
    return out;
}

const char *size_text(uint64_t bytes, char out[WHEN_BYTES])
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1024) {
        snprintf(out, WHEN_BYTES, "%u B", (unsigned)bytes);
        return out;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    for (; value >= 1023.95 && unit < 5; unit++)
        value /= 1024;
    snprintf(out, WHEN_BYTES, "%.1f %s", value, units[unit]);
    return out;
}

bool when_seconds(const char *text, uint64_t *seconds)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    struct sl_span digits = sl_span_of(text);
    uint64_t number;
    if (digits.len < 2) return false;
    digits.len--;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text[digits.len] != units[i].unit) continue;
        uint64_t most = WHEN_DAYS * UINT64_C(86400) / units[i].seconds;
        if (!sl_decimal(digits, most, &number) || number == 0) return false;
        *seconds = number * units[i].seconds;
        return true;
    }
    return false;
}
