#ifndef SHARELOG_HTTP_PAGES_HISTORY_MARK_H
#define SHARELOG_HTTP_PAGES_HISTORY_MARK_H

/* The mark "verified": what the server itself finds when it holds an event against its header and
   the log's newest checkpoint while it makes a page. That is the server's own word, and the page
   says so, and how to check without it. */

#include "http/pages/frame.h"

/* The checkpoint that a page speaks of: the newest. One is signed first if the log has grown and a
   second has gone by; none is waited for. */
struct mark_log {
    enum sl_result result; /* of reading it; SL_NOT_FOUND: there is none */
    struct sl_err err;
    struct sl_checkpoint checkpoint;
};
void mark_log_read(struct http_call *call, struct mark_log *log);

/* ---- one event ---- */

struct mark {
    enum sl_result content; /* SL_OK, SL_CORRUPT, SL_REMOVED: gone, SL_TOO_LARGE: not looked at */
    enum sl_result logged;  /* SL_OK, SL_CORRUPT, SL_NOT_FOUND: not yet */
    struct sl_err content_err, logged_err;
};

/* More content is not hashed again for a page. */
#define MARK_BYTES SL_MIB

/* Find out. Fails only where nothing could be found out, or the event went or was redacted
   meanwhile. */
enum sl_result mark_check(struct http_call *call, struct sl_event *event,
    const struct mark_log *log, struct mark *mark, struct sl_err *err);

/* Write it as <section class="proof …">, with hashes, links and the command that checks. */
bool mark_write(struct http_call *call, struct sl_event *event, const struct mark_log *log,
    const struct mark *mark);

/* ---- many events ---- */

/* Of an event in a list: is it in the checkpoint? Compares its position with the size, no more. */
bool mark_write_row(
    struct http_reply *reply, const struct mark_log *log, const struct sl_event_info *info);

/* The line above a list of a share's `events`, the last of which is at `position`; with links and
   how to verify. */
bool mark_write_line(
    struct http_call *call, const struct mark_log *log, uint64_t events, uint64_t position);

#endif
