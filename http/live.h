#ifndef SHARELOG_HTTP_LIVE_H
#define SHARELOG_HTTP_LIVE_H

/* The live hub: every viewer of every share, on one thread.

   A viewer is a browser's EventSource (SSE) or a WebSocket that wants each new event of one share.
   Its connection is taken over from the HTTP server (http/socket.h), so that it holds a descriptor
   and a few hundred bytes, and no thread. The hub is told of commits by the store, reads the events
   piece by piece and sends them as each viewer's socket takes them. A sync never waits for a
   viewer: one that takes no byte for SL_VIEWER_STALL_MS is dropped. */

#include "http/http.h"

struct live;

/* What a viewer begins with: only the events that come after it. */
#define LIVE_FROM_NOW UINT64_MAX

/* Start the hub over an open store: subscribes to it and starts the thread. The store must outlive
   the hub, and nobody else may subscribe meanwhile. At most `viewers` in all and
   `viewers_per_share` of one share are taken. SL_NOMEM, SL_IO: no thread or no descriptors; nothing
   was started. */
enum sl_result live_create(struct sl_store *store, unsigned viewers, unsigned viewers_per_share,
    struct live **live, struct sl_err *err);

/* Let every viewer go (SSE: the stream ends; WebSocket: close 1001), wait at most `timeout_ms` for
   what is under way, end the subscription and the thread, free. No call may be running or come
   later. NULL is fine. */
void live_destroy(struct live *live, unsigned timeout_ms);

/* Viewers at this moment; of all shares for tests, which wait until one has gone. Any thread. */
unsigned live_viewers(struct live *live);
unsigned live_share_viewers(struct live *live, struct sl_span id);

/* Answer GET /api/share/ID/live and GET /ws/ID: make the request's connection a viewer of
   `share_id` that gets the events from sequence `from` on (LIVE_FROM_NOW: those that come from now
   on; 0 is as 1). `quiet`: of a sync only its sequence and time are told. Always leaves an answer:
   when the connection was taken over it is the hub's, `reply` stays untouched, and the handler just
   returns. Errors are answered: 404 no such share (also a removed one), 503 `too many viewers`, 501
   where there is no socket, and for a WebSocket 426 `Expected WebSocket upgrade` (as text) without
   an upgrade, 400 for a handshake that is none. `live` may be NULL (no server runs). HEAD is
   answered with the head that GET would have. Called by a worker thread. */
void live_handle_sse(struct live *live, struct http_request *request, struct http_reply *reply,
    struct sl_span share_id, uint64_t from, bool quiet);
void live_handle_ws(struct live *live, struct http_request *request, struct http_reply *reply,
    struct sl_span share_id, uint64_t from);

/* Where a viewer wants to go on: Last-Event-ID (the last one it has), else ?from=SEQ (the first one
   it wants), else LIVE_FROM_NOW. False: one of them is there and is no number. */
bool live_from(const struct http_request *request, uint64_t *from);

#endif
