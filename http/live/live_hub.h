#ifndef SHARELOG_HTTP_LIVE_LIVE_HUB_H
#define SHARELOG_HTTP_LIVE_LIVE_HUB_H

/* The live hub: every viewer of every share, on one thread.

   A viewer is a browser's EventSource (SSE) or a WebSocket that wants each new event of one share.
   api_live.c checks its request and takes its connection over from CivetWeb (http/edge/socket.h),
   so that it holds a descriptor and a few hundred bytes, and no thread. The store tells the hub of
   commits; the hub reads the events piece by piece and sends them as each viewer's socket takes
   them. A sync never waits for a viewer: one that takes no byte for SL_VIEWER_STALL_MS is dropped.

       sequencer ──told──► topics (dirty) ──bell──► hub's thread ──► viewers' sockets
       worker ──admit, add──► inbox ───────bell──►       │
                                                     store, pieces

   A viewer's way: live_admit finds room for it, live_note tells the hub how far its share is,
   live_add hands its connection over; live_dismiss gives the room back where that fails. All of
   these may be called from any thread. */

#include "http/live/viewer.h"

struct live;

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

/* Viewers of a share at this moment. */
unsigned live_share_viewers(struct live *live, struct sl_span id);

/* Find room for one more viewer of a share, and have the hub listen for it from now on. False: too
   many, or no memory. */
bool live_admit(struct live *live, struct sl_span id, struct topic **topic);

/* Give that room back. */
void live_dismiss(struct live *live, struct topic *topic);

/* The share has events up to `sequence` at least. */
void live_note(struct live *live, struct topic *topic, uint64_t sequence);

/* An admitted viewer's connection is the hub's from now on, and so is `viewer`. */
void live_add(struct live *live, struct topic *topic, struct viewer *viewer, int fd);

#endif
