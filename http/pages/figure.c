/* Times, sizes and counts as people read them. */

#include "http/pages/figure.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static const char *stamp(uint64_t ms, const char *format, const char *zone, char out[FIGURE_BYTES])
{
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    size_t len = gmtime_r(&seconds, &tm) ? strftime(out, FIGURE_BYTES - 6, format, &tm) : 0;
    if (len)
        snprintf(out + len, FIGURE_BYTES - len, ".%03u%s", (unsigned)(ms % 1000), zone);
    else
        snprintf(out, FIGURE_BYTES, "%" PRIu64 " ms", ms);
    return out;
}

static const char *figure_iso(uint64_t ms, char out[FIGURE_BYTES])
{
    return stamp(ms, "%Y-%m-%dT%H:%M:%S", "Z", out);
}

const char *figure_time(uint64_t ms, char out[FIGURE_BYTES])
{
    return stamp(ms, "%Y-%m-%d %H:%M:%S", "", out);
}

const char *figure_size(uint64_t bytes, char out[FIGURE_BYTES])
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;
    if (bytes < 1024) {
        snprintf(out, FIGURE_BYTES, "%u B", (unsigned)bytes);
        return out;
    }
    for (; value >= 1023.95 && unit < 5; unit++)
        value /= 1024;
    snprintf(out, FIGURE_BYTES, "%.1f %s", value, units[unit]);
    return out;
}

const char *figure_count(uint64_t count, char out[FIGURE_BYTES])
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count), at = 0;
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

const char *figure_span(uint64_t ms, char out[FIGURE_BYTES])
{
    uint64_t seconds = ms / 1000;
    if (ms < 1000)
        snprintf(out, FIGURE_BYTES, "%u ms", (unsigned)ms);
    else if (seconds < 60)
        snprintf(out, FIGURE_BYTES, "%.1f s", (double)ms / 1000);
    else if (seconds < 3600)
        snprintf(
            out, FIGURE_BYTES, "%u min %u s", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
    else
        snprintf(out, FIGURE_BYTES, "%" PRIu64 " h %u min", seconds / 3600,
            (unsigned)(seconds / 60 % 60));
    return out;
}

bool figure_write_time(struct http_reply *reply, uint64_t ms)
{
    char iso[FIGURE_BYTES], text[FIGURE_BYTES];
    return http_print(
        reply, "<time datetime=\"%s\">%s</time>", figure_iso(ms, iso), figure_time(ms, text));
}

bool figure_write_count(struct http_reply *reply, uint64_t count, const char *noun)
{
    char text[FIGURE_BYTES];
    return http_print(reply, "%s %s%s", figure_count(count, text), noun, count == 1 ? "" : "s");
}
