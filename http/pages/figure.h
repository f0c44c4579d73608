#ifndef SHARELOG_HTTP_PAGES_FIGURE_H
#define SHARELOG_HTTP_PAGES_FIGURE_H

/* Times, sizes and counts as people read them. All that take `out` return it. Times are UTC: the
   server doesn't know where its reader is, and a page must read the same for all. */

#include "http/call/reply.h"

#define FIGURE_BYTES 48

const char *figure_time(uint64_t ms, char out[FIGURE_BYTES]);     /* 2025-11-22 18:04:11.123 */
const char *figure_size(uint64_t bytes, char out[FIGURE_BYTES]);  /* 14.5 KB, powers of 1024 */
const char *figure_count(uint64_t count, char out[FIGURE_BYTES]); /* 12,345 */
const char *figure_span(uint64_t ms, char out[FIGURE_BYTES]);     /* 4.2 s, 3 min 10 s */

/* `<time datetime="…">…</time>` */
bool figure_write_time(struct http_reply *reply, uint64_t ms);

/* "1 part", "2 parts" */
bool figure_write_count(struct http_reply *reply, uint64_t count, const char *noun);

#endif
