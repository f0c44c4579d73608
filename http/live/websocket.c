/* WebSocket's frames (RFC 6455), ours and the client's.

   A client's frames are checked as their bytes come, and only control frames are kept. The first
   breach of the protocol ends the reading with the code to close with. */

#include "http/live/websocket.h"

#include "core/base/crypto.h"

#include <assert.h>

#define KEY_BYTES 24
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static bool base64_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

bool ws_accept(struct sl_span key, char out[WS_ACCEPT_BYTES])
{
    if (key.len != KEY_BYTES || key.ptr[22] != '=' || key.ptr[23] != '=') return false;
    for (size_t i = 0; i < 22; i++)
        if (!base64_digit(key.ptr[i])) return false;
    char text[KEY_BYTES + sizeof(GUID)];
    uint8_t hash[20];
    memcpy(text, key.ptr, KEY_BYTES);
    memcpy(text + KEY_BYTES, GUID, sizeof(GUID));
    crypto_sha1(text, KEY_BYTES + sizeof(GUID) - 1, hash);
    crypto_base64(hash, sizeof(hash), out);
    return true;
}

size_t ws_frame_head(enum ws_opcode opcode, uint64_t len, uint8_t out[WS_HEAD_BYTES])
{
    out[0] = (uint8_t)(0x80 | opcode);
    if (len < 126) {
        out[1] = (uint8_t)len;
        return 2;
    }
    size_t bytes = len <= 0xffff ? 2 : 8;
    out[1] = bytes == 2 ? 126 : 127;
    for (size_t i = 0; i < bytes; i++)
        out[2 + i] = (uint8_t)(len >> (8 * (bytes - 1 - i)));
    return 2 + bytes;
}

size_t ws_close_frame(unsigned code, const char *reason, uint8_t out[WS_CLOSE_BYTES])
{
    size_t len = strlen(reason);
    if (len > WS_CONTROL_BYTES - 2) len = WS_CONTROL_BYTES - 2;
    out[0] = 0x80 | WS_CLOSE;
    out[1] = (uint8_t)(2 + len);
    out[2] = (uint8_t)(code >> 8);
    out[3] = (uint8_t)code;
    memcpy(out + 4, reason, len);
    return 4 + len;
}

/* How long the head of the frame is, by its first two bytes. */
static size_t head_bytes(const uint8_t head[2])
{
    size_t len = head[1] & 0x7f;
    return 2 + (len == 126 ? 2 : len == 127 ? 8 : 0) + 4;
}

static uint64_t payload_bytes(const uint8_t *head)
{
    uint64_t len = head[1] & 0x7f;
    size_t more = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (more == 0) return len;
    len = 0;
    for (size_t i = 0; i < more; i++)
        len = len << 8 | head[2 + i];
    return len;
}

/* The head is complete: judge it. */
static enum ws_got begin_payload(struct ws_reader *reader)
{
    const uint8_t *head = reader->head;
    reader->final = head[0] & 0x80;
    reader->opcode = head[0] & 0x0f;
    reader->payload_len = payload_bytes(head);
    reader->payload_at = 0;
    reader->in_payload = true;
    if (reader->opcode >= WS_CLOSE) {
        if (reader->opcode > WS_PONG || !reader->final || reader->payload_len > WS_CONTROL_BYTES)
            return WS_GOT_ERROR;
        reader->control_len = (size_t)reader->payload_len;
        return WS_GOT_NOTHING;
    }
    bool continues = reader->opcode == WS_CONTINUATION;
    if (reader->opcode > WS_BINARY || continues != reader->in_message) return WS_GOT_ERROR;
    if (!continues) reader->message_bytes = 0;
    if (reader->payload_len > WS_MESSAGE_BYTES - reader->message_bytes) return WS_GOT_TOO_LONG;
    reader->message_bytes += reader->payload_len;
    return WS_GOT_NOTHING;
}

static enum ws_got end_payload(struct ws_reader *reader)
{
    reader->in_payload = false;
    reader->head_len = 0;
    if (reader->opcode < WS_CLOSE) reader->in_message = !reader->final;
    if (reader->opcode == WS_PING) return WS_GOT_PING;
    if (reader->opcode != WS_CLOSE) return WS_GOT_NOTHING;
    return reader->control_len == 1 ? WS_GOT_ERROR : WS_GOT_CLOSE;
}

/* Take bytes of the head; its first two are judged at once, so that nobody waits for the rest of a
 * wrong one. */
static enum ws_got read_head(struct ws_reader *reader, struct sl_span *bytes)
{
    while (bytes->len > 0) {
        reader->head[reader->head_len++] = (uint8_t)*bytes->ptr++;
        bytes->len--;
        if (reader->head_len == 1 && (reader->head[0] & 0x70))
            return WS_GOT_ERROR; /* an extension's bits */
        if (reader->head_len < 2) continue;
        if (!(reader->head[1] & 0x80)) return WS_GOT_ERROR; /* a client masks */
        if (reader->head_len == head_bytes(reader->head)) return begin_payload(reader);
    }
    return WS_GOT_NOTHING;
}

static void read_payload(struct ws_reader *reader, struct sl_span *bytes)
{
    uint64_t left = reader->payload_len - reader->payload_at;
    size_t n = bytes->len < left ? bytes->len : (size_t)left;
    if (reader->opcode >= WS_CLOSE) {
        const uint8_t *mask = reader->head + head_bytes(reader->head) - 4;
        assert(reader->payload_at + n <= WS_CONTROL_BYTES);
        for (size_t i = 0; i < n; i++) {
            size_t at = (size_t)reader->payload_at + i;
            reader->control[at] = (uint8_t)bytes->ptr[i] ^ mask[at % 4];
        }
    }
    reader->payload_at += n;
    bytes->ptr += n;
    bytes->len -= n;
}

enum ws_got ws_read(struct ws_reader *reader, struct sl_span *bytes)
{
    for (;;) {
        if (!reader->in_payload) {
            if (bytes->len == 0) return WS_GOT_NOTHING;
            enum ws_got got = read_head(reader, bytes);
            if (got != WS_GOT_NOTHING) return got;
            if (!reader->in_payload) return WS_GOT_NOTHING;
        }
        read_payload(reader, bytes);
        if (reader->payload_at < reader->payload_len) return WS_GOT_NOTHING;
        enum ws_got got = end_payload(reader);
        if (got != WS_GOT_NOTHING) return got;
    }
}

unsigned ws_close_code(const struct ws_reader *reader)
{
    if (reader->control_len < 2) return 1000;
    unsigned code = (unsigned)reader->control[0] << 8 | reader->control[1];
    bool defined = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    return defined || (code >= 3000 && code < 5000) ? code : 1002;
}
