#ifndef SHARELOG_TOOLS_WHEN_H
#define SHARELOG_TOOLS_WHEN_H

/* Times, spans of time and sizes as people read them. All of these return `out`. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEN_BYTES 40

const char *when_local(uint64_t ms, char out[WHEN_BYTES]);   /* 2025-11-22 19:04:11 */
const char *when_iso(uint64_t ms, char out[WHEN_BYTES]);     /* 2025-11-22T18:04:11.123Z */
const char *when_ago(uint64_t ms, char out[WHEN_BYTES]);     /* 3 min ago */
const char *when_span(uint64_t ms, char out[WHEN_BYTES]);    /* 1.2 s */
const char *size_text(uint64_t bytes, char out[WHEN_BYTES]); /* 14.5 KB, in powers of 1024 */

/* A span of time as it is given: a number and one of s, m, h, d, such as 90s or 7d. At least a
   second, at most WHEN_DAYS days. False: it isn't that. */
#define WHEN_DAYS 36500
bool when_seconds(const char *text, uint64_t *seconds);

#endif
