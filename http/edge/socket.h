#ifndef SHARELOG_HTTP_EDGE_SOCKET_H
#define SHARELOG_HTTP_EDGE_SOCKET_H

/* What CivetWeb does not let a program do with its connections: learn the descriptor, take it away,
   set its own pace.

   Why. CivetWeb keeps one thread for a connection for as long as it lives. A thousand viewers of
   live sessions would be a thousand threads, and they would use up the ones that answer requests.
   It also reads a body without any limit of time as long as a byte trickles in, and gives a worker
   thread a stack of 100 KB.

   How. CivetWeb is a shared library that reaches `recv`, `shutdown`, `listen` and
   `pthread_attr_setstacksize` through the dynamic linker, and the linker asks the program first. So
   the program defines them (socket.c). Outside of CivetWeb's worker threads they do what the
   system's own do; on a worker thread, which says so by socket_worker_begin:
   - recv notes the descriptor and when a request's first byte came, and fails with ETIMEDOUT for a
   body that comes slower than its pace;
   - shutdown does nothing once the connection was taken over or is to be broken off. Taking over is
   dup(): the hub keeps the copy, CivetWeb closes its own, and the peer notices nothing.

   What it relies on, in CivetWeb 1.15: one worker serves one connection at a time, from
   init_connection to connection_closed; it calls recv before begin_request; it ends a connection by
   `shutdown(fd, SHUT_WR)`, then `close(fd)`, with no linger set, both between connection_close and
   connection_closed. It also sets the descriptor to blocking before that, and the copy with it:
   whoever took a connection over must pass MSG_DONTWAIT. If an update changes any of this,
   tests/unit/http/server_test.c fails (a taken connection must outlive its request, a trickling
   body must be cut). */

#include "core/base/err.h"
#include "core/base/span.h"

/* Callbacks of the same names of CivetWeb; each is called by the worker thread itself. */
void socket_worker_begin(void);
void socket_worker_end(void);
void socket_connection_begin(void);
void socket_connection_close(void);
void socket_connection_closed(void);

/* When the first byte of the request that this worker is answering came, in microseconds since
   1970: now, if it came together with an earlier one. */
uint64_t socket_arrived_us(void);
void socket_request_end(void);

/* Take this worker's connection over: *fd is the caller's to close, the worker's own use of it is
   over. SL_IO: no descriptor is left, or this is no worker. */
enum sl_result socket_take(int *fd, struct sl_err *err);
bool socket_taken(void);

/* Make this worker's connection end in a reset, so that a peer that takes the end of the connection
   for the end of the answer (HTTP/1.0) knows that it is not whole. The caller makes CivetWeb close
   it. */
void socket_break(void);

/* Say that nothing more will be sent, then read on for a while and drop what comes: closing a
   connection while the peer still sends resets it, and the peer may never see its answer. */
void socket_linger(unsigned timeout_ms, size_t max_bytes);

/* From now on this worker's recv fails with ETIMEDOUT when in any span of `grace_ms` fewer than
   bytes_per_s bytes a second came. A peer that sends nothing at all is not in recv but in poll:
   socket_pace_kept asks the same question outside. */
void socket_pace_begin(size_t bytes_per_s, unsigned grace_ms);
bool socket_pace_kept(void);
void socket_pace_end(void);

/* Let every connection that waits for a request see its end now (at a stop; requests under way are
 * over). */
void socket_wake_idle(void);

/* The descriptors on which this thread begins to listen between these two calls. */
#define SOCKET_LISTENERS 4
void socket_listeners_begin(void);
size_t socket_listeners_end(int fds[SOCKET_LISTENERS]);

/* Stop listening at once, and put a silent descriptor in the listener's place (CivetWeb goes on
   polling it, and closes it in the end). Ringing the bell ends that poll, now and ever after; it is
   the caller's to close. */
struct socket_bell {
    int event, listener;
};
enum sl_result socket_listener_replace(int listener, struct socket_bell *bell, struct sl_err *err);
void socket_bell_ring(const struct socket_bell *bell);
void socket_bell_close(const struct socket_bell *bell);

#endif
