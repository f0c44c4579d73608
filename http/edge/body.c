/* A request's body, on its way from the connection into memory.

   The room it takes is reserved first, which may wait; then the client is told to go on, and the
   bytes are read at no less than the least pace. A client that goes away, or is too slow, leaves
   `gone` (and `late`): the connection then ends, and body_fini gives room and memory back as it
   always does. */

#include "http/edge/body.h"

#include "http/edge/socket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* How much is read at a time. The pace is judged between two pieces. */
#define PIECE_BYTES (256 * SL_KIB)
/* How much of a body that nobody asked for is read away, so that the connection can go on. */
#define DROP_BYTES SL_SMALL_BODY_BYTES
#define DROP_GRACE_MS 2000

/* Most bodies are small and come one after the other: one buffer a thread, kept
   for as long as the connection lasts. */
static _Thread_local char *small_buffer;

void body_connection_end(void)
{
    free(small_buffer);
    small_buffer = NULL;
}

/* A large body has a mapping of its own. Pages of it that no byte has come for take no memory, and
 * unmapping gives all of it back to the system; malloc, once it has seen a few such sizes, keeps
 * them. */
static enum sl_result allocate(struct body *body, size_t len, struct sl_err *err)
{
    if (len <= SL_SMALL_BODY_BYTES) {
        if (!small_buffer) small_buffer = malloc(SL_SMALL_BODY_BYTES);
        body->bytes = small_buffer;
    } else {
        void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        body->bytes = map == MAP_FAILED ? NULL : map;
        body->mapped = body->bytes ? len : 0;
    }
    return body->bytes ? SL_OK : sl_fail(err, SL_NOMEM, "no memory for a body of %zu bytes", len);
}

static bool go_on(struct body *body)
{
    if (!body->expects_continue || body->told_to_go_on) return true;
    body->told_to_go_on = true;
    return body->source.go_on(body->source.ctx);
}

/* Read up to `len` bytes of what is declared, or mark the body as gone or late. */
static void read_some(struct body *body, void *bytes, size_t len)
{
    uint64_t left = body->declared.length - body->arrived;
    if (len > left) len = (size_t)left;
    for (;;) {
        long n = body->source.read(body->source.ctx, bytes, len);
        assert(n <= (long)len);
        if (n > 0) body->arrived += (uint64_t)n;
        body->late = body->arrived < body->declared.length && !socket_pace_kept();
        if (n < 0 || body->late) body->gone = true;
        if (n > 0 || body->gone) return;
    }
}

static enum sl_result arrive(struct body *body, struct sl_err *err)
{
    socket_pace_begin(
        SL_BODY_RATE_BYTES_PER_S, body->grace_ms ? body->grace_ms : SL_BODY_RATE_GRACE_MS);
    if (!go_on(body)) body->gone = true;
    while (!body->gone && body->arrived < body->declared.length)
        read_some(body, body->bytes + body->arrived, PIECE_BYTES);
    socket_pace_end();
    if (body->late) return sl_fail(err, SL_IO, "the body came too slowly");
    if (body->gone) return sl_fail(err, SL_IO, "the client went away");
    assert(body->arrived == body->declared.length);
    body->whole = true;
    return SL_OK;
}

enum sl_result body_read(struct body *body, size_t max, struct sl_span *bytes, struct sl_err *err)
{
    body->unmeasured = !body->declared.has_length;
    if (body->unmeasured)
        return sl_fail(err, SL_INVALID, "Content-Length is required%s",
            body->declared.chunked ? ", not chunked" : "");
    if (body->declared.length > max)
        return sl_fail(err, SL_TOO_LARGE, "body of %llu bytes, the limit is %zu",
            (unsigned long long)body->declared.length, max);
    if (body->gone) return sl_fail(err, SL_IO, "the client went away");
    size_t len = (size_t)body->declared.length;
    if (!body->whole && len > 0) {
        struct budget *pool = len <= SL_SMALL_BODY_BYTES ? body->small : body->large;
        if (pool && !body->reserved) body->reserved = budget_reserve(pool, len);
        if (!body->bytes) {
            enum sl_result result = allocate(body, len, err);
            if (result != SL_OK) return result;
        }
        enum sl_result result = arrive(body, err);
        if (result != SL_OK) return result;
    }
    body->whole = true;
    *bytes = (struct sl_span){len ? body->bytes : "", len};
    return SL_OK;
}

bool body_leaves_connection(const struct body *body)
{
    if (body->gone || body->declared.chunked || body->unmeasured) return false;
    if (body->whole || body->declared.length == 0) return true;
    /* A client that waits for 100 Continue may send its body or the next request: which, can't be
     * known. */
    return !body->expects_continue && body->declared.length - body->arrived <= DROP_BYTES;
}

bool body_drop_rest(struct body *body)
{
    char dropped[4096];
    if (!body_leaves_connection(body)) return false;
    if (body->whole || body->arrived == body->declared.length) return true;
    socket_pace_begin(DROP_BYTES, DROP_GRACE_MS);
    while (!body->gone && body->arrived < body->declared.length)
        read_some(body, dropped, sizeof(dropped));
    socket_pace_end();
    return !body->gone;
}

void body_fini(struct body *body)
{
    assert(!body->mapped || body->bytes);
    if (body->mapped) munmap(body->bytes, body->mapped);
    if (body->reserved)
        budget_release(body->declared.length <= SL_SMALL_BODY_BYTES ? body->small : body->large,
            body->reserved);
    body->bytes = NULL;
    body->mapped = 0;
    body->reserved = 0;
}
