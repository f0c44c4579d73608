/* The bodies of create, remove and allow events, to and from msgpack. Writing goes into a buffer,
   whose `failed` says when memory ran out; reading takes bytes that may be damaged, and gives
   nothing unless all of them are as they must be. */

#include "core/event/control.h"

#include "core/base/pack.h"

#include <assert.h>

static struct sl_span span32(const uint8_t *bytes)
{
    return (struct sl_span){(const char *)bytes, 32};
}

/* 32 bytes where they lie, or NULL. */
static const uint8_t *unpack_32(struct unpack *in)
{
    struct sl_span bytes = unpack_bin(in);
    return bytes.len == 32 ? (const uint8_t *)bytes.ptr : NULL;
}

void create_body_encode(const struct create_body *body, struct buf *out)
{
    assert(body->session_id.len <= SL_SESSION_ID_BYTES && body->share_id.len <= SL_SHARE_ID_BYTES);
    assert(body->secret_kind == SECRET_PLAIN || body->secret_kind == SECRET_BY_ID);
    pack_array(out, 6);
    pack_str(out, body->share_id);
    pack_str(out, body->session_id);
    pack_bin(out, span32(body->salt));
    pack_u64(out, body->secret_kind);
    pack_bin(out, span32(body->secret_hash));
    maker_encode(body->maker, out);
}

bool create_body_decode(struct sl_span bytes, struct create_body *body)
{
    struct unpack in;
    struct create_body b;
    unpack_begin(&in, bytes);
    bool ok = unpack_array(&in) == 6;
    b.share_id = unpack_str(&in);
    b.session_id = unpack_str(&in);
    b.salt = unpack_32(&in);
    uint64_t kind = unpack_u64(&in);
    b.secret_kind = (enum secret_kind)kind;
    b.secret_hash = unpack_32(&in);
    b.maker = maker_decode(&in);
    if (!unpack_end(&in) || !ok || kind > SECRET_BY_ID || !b.salt || !b.secret_hash || !b.maker ||
        b.session_id.len > SL_SESSION_ID_BYTES)
        return false;
    *body = b;
    return true;
}

void remove_body_encode(
    const struct remove_body *body, const uint64_t *positions, size_t count, struct buf *out)
{
    assert(body->who <= SL_WHO_OWNER);
    pack_array(out, 3);
    pack_u64(out, body->who);
    pack_str(out, body->reason);
    pack_array(out, count);
    for (size_t i = 0; i < count; i++)
        pack_u64(out, positions[i]);
}

bool remove_body_decode(struct sl_span bytes, struct remove_body *body)
{
    struct unpack in;
    struct remove_body b;
    unpack_begin(&in, bytes);
    bool ok = unpack_array(&in) == 3;
    uint64_t who = unpack_u64(&in);
    b.who = (enum sl_who)who;
    b.reason = unpack_str(&in);
    unpack_array(&in);
    if (!unpack_end(&in) || !ok || who > SL_WHO_OWNER) return false;
    *body = b;
    return true;
}

void allow_body_encode(const struct allow_body *body, struct buf *out)
{
    assert(body->who <= SL_WHO_OWNER);
    pack_array(out, 2);
    pack_u64(out, body->who);
    pack_str(out, body->reason);
}

bool allow_body_decode(struct sl_span bytes, struct allow_body *body)
{
    struct unpack in;
    struct allow_body b;
    unpack_begin(&in, bytes);
    bool ok = unpack_array(&in) == 2;
    uint64_t who = unpack_u64(&in);
    b.who = (enum sl_who)who;
    b.reason = unpack_str(&in);
    if (!unpack_end(&in) || !ok || who > SL_WHO_OWNER) return false;
    *body = b;
    return true;
}
