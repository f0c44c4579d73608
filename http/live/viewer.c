/* One viewer: what it is sent next, and how far its socket takes it.

   What goes out is a front (the answer's head, a frame's head, a control frame), then an event's
   text piece by piece, then a back. Between two events a viewer is idle, ends, or is owed a pong.
   An event that can't be read, or that was redacted while it was half sent, costs the viewer its
   connection: it comes back and asks for what it lacks. */

#include "http/live/viewer.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* A viewer's turn: what it may be sent before others get theirs. */
#define TURN_BYTES (256 * SL_KIB)
/* An idle connection shows life so often: proxies cut silent ones after 30 to 60 s. */
#define BEAT_MS 15000
/* How long a peer may take to end its side. */
#define END_MS 2000

struct viewer *viewer_create(
    enum viewer_kind kind, const char *head, size_t head_len, uint64_t cursor)
{
    struct viewer *viewer = calloc(1, sizeof(*viewer));
    if (!viewer) return NULL;
    assert(head_len <= sizeof(viewer->front));
    viewer->kind = kind;
    viewer->fd = -1;
    viewer->cursor = cursor;
    memcpy(viewer->front, head, head_len);
    viewer->front_len = head_len;
    return viewer;
}

void viewer_destroy(struct viewer *viewer)
{
    if (!viewer) return;
    if (viewer->fd >= 0) close(viewer->fd);
    free(viewer);
}

/* ---- what comes next ---- */

static char *front_room(struct viewer *viewer, size_t *room)
{
    if (viewer->front_at == viewer->front_len) viewer->front_at = viewer->front_len = 0;
    *room = sizeof(viewer->front) - viewer->front_len;
    return viewer->front + viewer->front_len;
}

__attribute__((format(printf, 2, 3))) static void front_print(
    struct viewer *viewer, const char *format, ...)
{
    size_t room;
    char *to = front_room(viewer, &room);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(to, room, format, args);
    va_end(args);
    assert(n >= 0 && (size_t)n < room);
    viewer->front_len += (size_t)n;
}

static void front_add(struct viewer *viewer, const void *bytes, size_t len)
{
    size_t room;
    char *to = front_room(viewer, &room);
    assert(len <= room);
    memcpy(to, bytes, len);
    viewer->front_len += len;
}

static void say_removed(struct viewer *viewer)
{
    if (viewer->kind == VIEWER_SSE)
        front_print(viewer, "event: removed\ndata: {\"seq\":%llu}\n\n",
            (unsigned long long)viewer->topic->newest);
    viewer_end(viewer, 1000, "removed");
}

/* Put a pong or the close frame that is owed into the front, between two frames; behind a close
 * frame nothing goes out. False: nothing is owed. */
static bool pay(struct viewer *viewer)
{
    if (viewer->ending) return false;
    if (viewer->owes_pong) {
        uint8_t head[WS_HEAD_BYTES];
        size_t head_len = ws_frame_head(WS_PONG, viewer->pong_len, head);
        front_add(viewer, head, head_len);
        front_add(viewer, viewer->pong, viewer->pong_len);
        viewer->owes_pong = false;
        return true;
    }
    if (!viewer->close_reason) return false;
    viewer->ending = true;
    if (viewer->kind == VIEWER_SSE) return false;
    uint8_t frame[WS_CLOSE_BYTES];
    size_t len = ws_close_frame(viewer->close_code, viewer->close_reason, frame);
    front_add(viewer, frame, len);
    return true;
}

static void begin_sync(struct viewer *viewer, const struct piece *piece)
{
    assert(!viewer->in_frame && viewer->front_at == viewer->front_len);
    viewer->in_frame = true;
    viewer->text_bytes = piece->text_bytes;
    viewer->text_at = 0;
    viewer->back_at = 0;
    if (viewer->kind == VIEWER_SSE) {
        front_print(viewer, "id: %llu\nevent: sync\ndata: {\"seq\":%llu,\"time\":%llu,\"data\":",
            (unsigned long long)viewer->sequence, (unsigned long long)viewer->sequence,
            (unsigned long long)piece->time_ms);
        viewer->back = "}\n\n";
        viewer->back_len = 3;
    } else {
        uint8_t head[WS_HEAD_BYTES];
        size_t head_len = ws_frame_head(WS_TEXT, piece->text_bytes, head);
        front_add(viewer, head, head_len);
        viewer->back = "";
        viewer->back_len = 0;
    }
}

/* An event of a stream that is told of without its text. */
static void tell(struct viewer *viewer, const char *name, uint64_t time_ms)
{
    front_print(viewer, "id: %llu\nevent: %s\ndata: {\"seq\":%llu,\"time\":%llu}\n\n",
        (unsigned long long)viewer->sequence, name, (unsigned long long)viewer->sequence,
        (unsigned long long)time_ms);
}

static enum sl_result get(
    struct viewer *viewer, struct pieces *pieces, uint64_t index, struct piece *piece)
{
    return pieces_get(
        pieces, viewer->topic->number, viewer->topic->id, viewer->sequence, index, piece, NULL);
}

/* Begin with the next event that viewers see, between two frames. False: there is none, or it can't
   be read (then *gone). */
static bool begin_next(struct viewer *viewer, struct pieces *pieces, bool *gone)
{
    while (viewer->cursor <= viewer->topic->newest && !viewer->topic->removed) {
        struct piece piece;
        viewer->sequence = viewer->cursor;
        enum sl_result result = get(viewer, pieces, viewer->quiet ? PIECE_NONE : 0, &piece);
        if (result == SL_REMOVED || result == SL_NOT_FOUND) {
            viewer->topic->removed = true;
            break;
        }
        if (result != SL_OK) {
            *gone = true;
            return false;
        }
        viewer->cursor++;
        if (piece.kind == SL_SYNC) {
            if (viewer->quiet)
                tell(viewer, "sync", piece.time_ms);
            else
                begin_sync(viewer, &piece);
            return true;
        }
        if (piece.kind == SL_REDACT && viewer->kind == VIEWER_SSE) {
            tell(viewer, "redact", piece.time_ms);
            return true;
        }
    }
    if (!viewer->topic->removed || viewer->close_reason) return false;
    say_removed(viewer);
    return true;
}

/* ---- sending ---- */

/* Between its tokens a client's JSON may have line ends, which would end the line of an event
 * stream: a space is as good. */
static const char *one_line(const char *bytes, size_t len, char *scratch)
{
    memcpy(scratch, bytes, len);
    for (size_t i = 0; i < len; i++)
        if (scratch[i] == '\n' || scratch[i] == '\r') scratch[i] = ' ';
    return scratch;
}

/* An iovec's bytes are not const, but sendmsg only reads them. */
static struct iovec outgoing(const char *bytes, size_t len)
{
    return (struct iovec){(void *)(uintptr_t)bytes, len};
}

/* Gather what goes out next: front, text, back. False: the text can't be read any more. */
static bool gather(
    struct viewer *viewer, struct pieces *pieces, struct iovec out[3], size_t *count, char *scratch)
{
    *count = 0;
    if (viewer->front_at < viewer->front_len)
        out[(*count)++] =
            outgoing(viewer->front + viewer->front_at, viewer->front_len - viewer->front_at);
    if (!viewer->in_frame) return true;
    size_t text = 0;
    if (viewer->text_at < viewer->text_bytes) {
        struct piece piece;
        if (get(viewer, pieces, viewer->text_at / PIECE_BYTES, &piece) != SL_OK) return false;
        size_t skip = (size_t)(viewer->text_at % PIECE_BYTES);
        if (piece.text_bytes != viewer->text_bytes || piece.len <= skip)
            return false; /* redacted meanwhile */
        const char *bytes = piece.bytes + skip;
        text = piece.len - skip;
        if (piece.line_ends && viewer->kind == VIEWER_SSE) bytes = one_line(bytes, text, scratch);
        out[(*count)++] = outgoing(bytes, text);
    }
    if (viewer->text_at + text == viewer->text_bytes && viewer->back_at < viewer->back_len)
        out[(*count)++] =
            outgoing(viewer->back + viewer->back_at, viewer->back_len - viewer->back_at);
    return true;
}

static void advance(struct viewer *viewer, size_t sent)
{
    size_t front = viewer->front_len - viewer->front_at;
    size_t n = sent < front ? sent : front;
    viewer->front_at += n;
    sent -= n;
    if (!viewer->in_frame) return;
    uint64_t text = viewer->text_bytes - viewer->text_at;
    n = sent < text ? sent : (size_t)text;
    viewer->text_at += n;
    viewer->back_at += sent - n;
    assert(viewer->text_at <= viewer->text_bytes && viewer->back_at <= viewer->back_len);
    if (viewer->front_at == viewer->front_len && viewer->text_at == viewer->text_bytes &&
        viewer->back_at == viewer->back_len)
        viewer->in_frame = false;
}

static enum viewer_state end_side(struct viewer *viewer, uint64_t now_ms)
{
    if (!viewer->ended) {
        viewer->ended = true;
        viewer->end_ms = now_ms + END_MS;
        if (shutdown(viewer->fd, SHUT_WR) != 0) return VIEWER_GONE;
    }
    return VIEWER_ENDED;
}

/* What to do when nothing is gathered: find something, or be idle. */
static bool next(struct viewer *viewer, struct pieces *pieces, bool *gone)
{
    return pay(viewer) || (!viewer->ending && begin_next(viewer, pieces, gone));
}

enum viewer_state viewer_send(struct viewer *viewer, struct pieces *pieces, uint64_t now_ms)
{
    char scratch[PIECE_BYTES];
    assert(viewer->fd >= 0 && !(viewer->ended && viewer->in_frame));
    for (size_t turn = 0; turn < TURN_BYTES;) {
        struct iovec out[3];
        size_t count;
        bool gone = false;
        if (!viewer->in_frame && viewer->front_at == viewer->front_len &&
            !next(viewer, pieces, &gone)) {
            if (gone) return VIEWER_GONE;
            if (viewer->ending) return end_side(viewer, now_ms);
            return VIEWER_IDLE;
        }
        if (!gather(viewer, pieces, out, &count, scratch)) return VIEWER_GONE;
        if (count == 0) {
            viewer->in_frame = false;
            continue;
        }
        struct msghdr message = {.msg_iov = out, .msg_iovlen = count};
        /* MSG_DONTWAIT: CivetWeb has set the socket to blocking (http/edge/socket.h). */
        ssize_t n = sendmsg(viewer->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!viewer->blocked) viewer->progress_ms = now_ms;
            viewer->blocked = true;
            return VIEWER_BLOCKED;
        }
        if (n < 0) return VIEWER_GONE;
        advance(viewer, (size_t)n);
        turn += (size_t)n;
        viewer->blocked = false;
        viewer->progress_ms = now_ms;
        viewer->beat_ms = now_ms + BEAT_MS;
    }
    return VIEWER_MORE;
}

/* ---- receiving ---- */

static void answer(struct viewer *viewer, enum ws_got got)
{
    if (viewer->close_reason) return;
    switch (got) {
    case WS_GOT_PING:
        /* Only the last of several pings need be answered (RFC 6455, 5.5.3), so what is owed
         * doesn't grow. */
        viewer->owes_pong = true;
        viewer->pong_len = viewer->reader.control_len;
        memcpy(viewer->pong, viewer->reader.control, viewer->pong_len);
        break;
    case WS_GOT_CLOSE: viewer_end(viewer, ws_close_code(&viewer->reader), ""); break;
    case WS_GOT_TOO_LONG: viewer_end(viewer, 1009, "nothing is expected from a viewer"); break;
    case WS_GOT_ERROR: viewer_end(viewer, 1002, "protocol error"); break;
    case WS_GOT_NOTHING: break;
    }
}

bool viewer_receive(struct viewer *viewer, void *scratch, size_t cap)
{
    ssize_t n = recv(viewer->fd, scratch, cap, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (n == 0) return false;
    if (viewer->kind == VIEWER_SSE) return true; /* nothing that it could say means anything */
    struct sl_span bytes = {scratch, (size_t)n};
    while (bytes.len > 0 && !viewer->close_reason) {
        enum ws_got got = ws_read(&viewer->reader, &bytes);
        if (got == WS_GOT_NOTHING) break;
        answer(viewer, got);
    }
    return true;
}

/* ---- time ---- */

void viewer_beat(struct viewer *viewer, uint64_t now_ms)
{
    if (viewer->in_frame || viewer->ending || viewer->front_at < viewer->front_len ||
        now_ms < viewer->beat_ms)
        return;
    viewer->beat_ms = now_ms + BEAT_MS;
    if (viewer->kind == VIEWER_SSE) {
        front_print(viewer, ": here\n\n");
    } else {
        uint8_t head[WS_HEAD_BYTES];
        size_t head_len = ws_frame_head(WS_PING, 0, head);
        front_add(viewer, head, head_len);
    }
}

bool viewer_stalled(const struct viewer *viewer, uint64_t now_ms)
{
    if (viewer->ended) return now_ms >= viewer->end_ms;
    return viewer->blocked && now_ms - viewer->progress_ms >= SL_VIEWER_STALL_MS;
}

void viewer_end(struct viewer *viewer, unsigned code, const char *reason)
{
    if (viewer->close_reason) return;
    viewer->close_code = code;
    viewer->close_reason = reason;
}
