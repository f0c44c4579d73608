#ifndef SHARELOG_HTTP_LIVE_VIEWER_H
#define SHARELOG_HTTP_LIVE_VIEWER_H

/* One viewer: a connection that gets a share's events, as far as its socket takes them. All of this
   but viewer_create is the hub's thread's. */

#include "http/live/pieces.h"
#include "http/live/topics.h"
#include "http/live/websocket.h"

enum viewer_kind { VIEWER_SSE, VIEWER_WS };

struct viewer {
    enum viewer_kind kind;
    bool quiet; /* SSE: is told of each sync, but not what was in it */
    int fd;
    struct topic *topic;
    uint64_t cursor; /* the next sequence to send */
    /* bytes to go out before anything else: a head, the front of a frame, a control frame */
    char front[640];
    size_t front_len, front_at;
    /* the frame that is under way */
    bool in_frame;
    uint64_t sequence, text_bytes, text_at;
    const char *back; /* behind the text */
    size_t back_len, back_at;
    /* what a WebSocket is owed between two frames */
    struct ws_reader reader;
    bool owes_pong;
    uint8_t pong[WS_CONTROL_BYTES];
    size_t pong_len;
    unsigned close_code; /* 0: none */
    const char *close_reason;
    /* state */
    bool blocked;     /* the socket takes nothing now */
    bool ending;      /* nothing comes after what is in `front` */
    bool ended;       /* all is sent and said; only the peer's end is waited for */
    bool watches_out; /* epoll tells of room */
    bool ready;       /* is in the hub's list of those with more to send */
    uint64_t progress_ms, beat_ms, end_ms;
    struct viewer *next, *prev;             /* of all */
    struct viewer *topic_next, *topic_prev; /* of the topic */
    struct viewer *next_ready;
};

/* A viewer that first gets `head` (the answer's), then the events from `cursor` on. NULL: no
 * memory. */
struct viewer *viewer_create(
    enum viewer_kind kind, const char *head, size_t head_len, uint64_t cursor);
void viewer_destroy(struct viewer *viewer); /* closes the connection */

enum viewer_state {
    VIEWER_IDLE,    /* has all there is */
    VIEWER_BLOCKED, /* its socket is full */
    VIEWER_MORE,    /* has had its turn; there is more */
    VIEWER_ENDED,   /* said good-bye, the peer's end is waited for */
    VIEWER_GONE     /* is to be destroyed */
};

/* Send what can be sent now, and no more than a turn's worth, so that others get theirs. */
enum viewer_state viewer_send(struct viewer *viewer, struct pieces *pieces, uint64_t now_ms);

/* Read what the peer sent, into `scratch`. False: it is gone. */
bool viewer_receive(struct viewer *viewer, void *scratch, size_t cap);

/* Nothing was sent for a while: show that the connection lives. */
void viewer_beat(struct viewer *viewer, uint64_t now_ms);

/* Has the peer taken nothing for too long, or not ended after it was said good-bye? */
bool viewer_stalled(const struct viewer *viewer, uint64_t now_ms);

/* End between two frames: a stream just ends, a WebSocket is closed with the code. */
void viewer_end(struct viewer *viewer, unsigned code, const char *reason);

#endif
