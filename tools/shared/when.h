#ifndef SHARELOG_TOOLS_WHEN_H
#define SHARELOG_TOOLS_WHEN_H

/* Times, spans of time and sizes as people read them. All of these return `out`. */

#include <stddef.h>
#include <stdint.h>

#define WHEN_BYTES 40

const char *when_local(uint64_t ms, char out[WHEN_BYTES]);   /* 2025-11-22 19:04:11 */
const char *when_iso(uint64_t ms, char out[WHEN_BYTES]);     /* 2025-11-22T18:04:11.123Z */
const char *when_ago(uint64_t ms, char out[WHEN_BYTES]);     /* 3 min ago */
const char *when_span(uint64_t ms, char out[WHEN_BYTES]);    /* 1.2 s */
const char *size_text(uint64_t bytes, char out[WHEN_BYTES]); /* 14.5 KB, in powers of 1024 */

#endif
