/* Enough of redis's protocol and of NATS's to publish a batch, to know its acknowledgement, and to
   ask whether what was acknowledged is there. An answer that says an error is shown on stderr and
   breaks its connection, which fails the load. */

#include "bench/suite/neighbours_wire.h"
#include "bench/suite/server_process.h"
#include "core/base/decimal.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REDIS_ID_BYTES 64       /* of an entry: "MILLISECONDS-NUMBER" */
#define NATS_ANSWER_BYTES 65536 /* an acknowledgement is some 50 */

static struct sl_span next_body(struct neighbour *neighbour, unsigned connection)
{
    return bodies_get(
        &neighbour->bodies, neighbour->sent[connection]++ * NEIGHBOUR_CONNECTIONS + connection);
}

bool neighbour_acknowledged(void *ctx, unsigned connection, int status, struct sl_span body)
{
    struct neighbour *neighbour = ctx;
    (void)body;
    if (status == 200) neighbour->acknowledged[connection]++;
    return status == 200;
}

/* ---- redis ---- */

void redis_request(void *ctx, unsigned connection, struct buf *out)
{
    struct sl_span body = next_body(ctx, connection);
    add_format(out, "*5\r\n$4\r\nXADD\r\n$8\r\nbench:%02u\r\n$1\r\n*\r\n$4\r\ndata\r\n$%zu\r\n",
        connection, body.len);
    buf_add_span(out, body);
    buf_add(out, "\r\n", 2);
}

/* `$LENGTH`, and the new entry's id; anything else is an error. */
enum answer_state redis_answer(struct buf *in, struct answer *answer, bool ended)
{
    const char *end = in->len ? memmem(in->ptr, in->len, "\r\n", 2) : NULL;
    if (!end) return ended ? ANSWER_BROKEN : ANSWER_MORE;
    if (*in->ptr != '$') {
        fprintf(stderr, "redis: %.*s\n", (int)(end - in->ptr), in->ptr);
        return ANSWER_BROKEN;
    }
    size_t head = (size_t)(end - in->ptr) + 2;
    uint64_t length;
    struct sl_span digits = {in->ptr + 1, (size_t)(end - in->ptr) - 1};
    if (!sl_decimal(digits, REDIS_ID_BYTES, &length)) return ANSWER_BROKEN;
    if (in->len < head + length + 2) return ended ? ANSWER_BROKEN : ANSWER_MORE;
    answer->status = 200;
    answer->body = (struct sl_span){in->ptr + head, length};
    answer->used = head + length + 2;
    return ANSWER_WHOLE;
}

/* `:NUMBER`, a line for each stream that was asked for. */
bool redis_kept(const struct neighbour *neighbour, unsigned port)
{
    struct buf in = {0}, out = {0};
    int fd = connect_to(port);
    for (unsigned i = 0; i < NEIGHBOUR_CONNECTIONS; i++)
        add_format(&out, "XLEN bench:%02u\r\n", i);
    add_format(&out, "QUIT\r\n");
    bool good = fd >= 0 && send_all(fd, out.ptr, out.len);
    for (ssize_t n = 1; good && n > 0 && buf_reserve(&in, 4096); in.len += n > 0 ? (size_t)n : 0)
        n = recv(fd, in.ptr + in.len, in.cap - in.len - 1, 0);
    buf_add(&in, "", 1);
    const char *at = in.ptr;
    for (unsigned i = 0; good && i < NEIGHBOUR_CONNECTIONS; i++) {
        const char *end = at ? strstr(at, "\r\n") : NULL;
        uint64_t entries;
        good = end && *at == ':' &&
               sl_decimal((struct sl_span){at + 1, (size_t)(end - at) - 1}, UINT64_MAX, &entries) &&
               entries == neighbour->acknowledged[i];
        at = good ? end + 2 : NULL;
    }
    if (fd >= 0) close(fd);
    buf_fini(&in);
    buf_fini(&out);
    return good || bench_fail("redis doesn't have what it acknowledged");
}

/* ---- NATS ---- */

/* A PONG before each, since nobody answers the server's PINGs otherwise. */
void nats_request(void *ctx, unsigned connection, struct buf *out)
{
    struct neighbour *neighbour = ctx;
    if (neighbour->sent[connection] == 0)
        add_format(out, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB _INBOX.%u 1\r\n",
            connection);
    struct sl_span body = next_body(neighbour, connection);
    add_format(out, "PONG\r\nPUB bench.%u _INBOX.%u %zu\r\n", connection, connection, body.len);
    buf_add_span(out, body);
    buf_add(out, "\r\n", 2);
}

enum answer_state nats_answer(struct buf *in, struct answer *answer, bool ended)
{
    for (;;) {
        const char *line = in->ptr + answer->at;
        const char *end =
            in->len > answer->at ? memmem(line, in->len - answer->at, "\r\n", 2) : NULL;
        if (!end) return ended ? ANSWER_BROKEN : ANSWER_MORE;
        size_t behind = (size_t)(end - in->ptr) + 2;
        if (*line == '-') {
            fprintf(stderr, "nats: %.*s\n", (int)(end - line), line);
            return ANSWER_BROKEN;
        }
        if (strncmp(line, "MSG ", 4) == 0) {
            const char *space = memrchr(line, ' ', (size_t)(end - line));
            uint64_t length;
            if (!space || !sl_decimal((struct sl_span){space + 1, (size_t)(end - space) - 1},
                              NATS_ANSWER_BYTES, &length))
                return ANSWER_BROKEN;
            if (in->len < behind + length + 2) return ended ? ANSWER_BROKEN : ANSWER_MORE;
            answer->body = (struct sl_span){in->ptr + behind, length};
            answer->status = memmem(in->ptr + behind, length, "\"error\"", 7) ? 500 : 200;
            if (answer->status != 200)
                fprintf(stderr, "nats: %.*s\n", (int)length, in->ptr + behind);
            answer->used = behind + length + 2;
            return ANSWER_WHOLE;
        }
        answer->at = behind; /* INFO, PING, +OK */
    }
}

bool nats_prepare(unsigned port)
{
    static const char stream[] = "{\"name\":\"bench\",\"subjects\":[\"bench.*\"],\"storage\":"
                                 "\"file\",\"num_replicas\":1}";
    struct buf in = {0}, out = {0};
    struct answer answer = {0};
    int fd = connect_to(port);
    add_format(&out,
        "CONNECT {\"verbose\":false}\r\nSUB _INBOX.made 1\r\n"
        "PUB $JS.API.STREAM.CREATE.bench _INBOX.made %zu\r\n%s\r\n",
        sizeof(stream) - 1, stream);
    bool good = fd >= 0 && send_all(fd, out.ptr, out.len) &&
                receive_answer(fd, nats_answer, &in, &answer) == ANSWER_WHOLE &&
                answer.status == 200;
    if (fd >= 0) close(fd);
    buf_fini(&in);
    buf_fini(&out);
    return good || bench_fail("nats: no stream");
}
