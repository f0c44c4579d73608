#ifndef SHARELOG_HTTP_LIVE_WEBSOCKET_H
#define SHARELOG_HTTP_LIVE_WEBSOCKET_H

/* WebSocket (RFC 6455): the handshake's answer, the heads of our frames, the frames that a client
 * sends. Pure. */

#include "core/base/span.h"

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key. False: the key is not the base64 of 16 bytes. */
#define WS_ACCEPT_BYTES 29
bool ws_accept(struct sl_span key, char out[WS_ACCEPT_BYTES]);

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

/* The head of a whole (unfragmented) frame of ours with a payload of `len` bytes; returns its own
 * length. */
#define WS_HEAD_BYTES 10
size_t ws_frame_head(enum ws_opcode opcode, uint64_t len, uint8_t out[WS_HEAD_BYTES]);

/* A control frame's payload is never longer. */
#define WS_CONTROL_BYTES 125

/* A whole close frame. `reason` is cut to fit. */
#define WS_CLOSE_BYTES (2 + WS_CONTROL_BYTES)
size_t ws_close_frame(unsigned code, const char *reason, uint8_t out[WS_CLOSE_BYTES]);

/* What a client may send us in one message; we don't listen, so it is only dropped. */
#define WS_MESSAGE_BYTES ((uint64_t)64 * 1024)

/* Reads a client's frames as their bytes come, in pieces of any size. All zero is the beginning. */
struct ws_reader {
    uint8_t head[14];
    size_t head_len;
    bool in_payload, final, in_message;
    uint8_t opcode;
    uint64_t payload_len, payload_at, message_bytes;
    uint8_t control[WS_CONTROL_BYTES]; /* the payload of the control frame last read, unmasked */
    size_t control_len;
};

/* WS_GOT_NOTHING: all bytes are read, and nothing calls for an answer. Otherwise it stopped behind
   a frame: ping and close are to be answered (payload in reader->control), or the client broke the
   protocol and the connection must be closed with the code told: 1002, or 1009 for a message that
   is too long. */
enum ws_got { WS_GOT_NOTHING, WS_GOT_PING, WS_GOT_CLOSE, WS_GOT_ERROR, WS_GOT_TOO_LONG };
enum ws_got ws_read(struct ws_reader *reader, struct sl_span *bytes);

/* The code to answer a close frame with: the client's own, 1000 if it gave none, 1002 if it isn't
 * one a client may give. */
unsigned ws_close_code(const struct ws_reader *reader);

#endif
