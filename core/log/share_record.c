/* A share's record in bytes, and its secret. Encoding fails for want of memory alone (buf's
   `failed`), and not at all into SHARE_RECORD_BYTES that are reserved. Decoding refuses everything
   that encoding doesn't make: damage is told, never guessed at. */

#include "core/log/share_record.h"

#include "core/base/crypto.h"
#include "core/base/pack.h"

#include <assert.h>

#define RECORD_VERSION 1

void share_record_encode(const struct share_record *record, struct buf *out)
{
    assert(record->session_id.len <= SL_SESSION_ID_BYTES);
    assert(record->state == SL_SHARE_LIVE || record->state == SL_SHARE_REMOVED);
    size_t before = out->len;
    pack_array(out, 11);
    pack_u64(out, RECORD_VERSION);
    pack_str(out, record->session_id);
    pack_u64(out, record->created_ms);
    pack_u64(out, record->position);
    pack_bin(out, (struct sl_span){(const char *)record->salt, 32});
    pack_u64(out, record->secret_kind);
    pack_bin(out, (struct sl_span){(const char *)record->secret_hash, 32});
    maker_encode(record->maker, out);
    pack_u64(out, record->state);
    pack_u64(out, record->removed_ms);
    pack_u64(out, record->removed_by);
    assert(out->len - before <= SHARE_RECORD_BYTES);
}

bool share_record_decode(struct sl_span bytes, struct share_record *record)
{
    struct unpack in;
    struct share_record r;
    unpack_begin(&in, bytes);
    bool ok = unpack_array(&in) == 11 && unpack_u64(&in) == RECORD_VERSION;
    r.session_id = unpack_str(&in);
    r.created_ms = unpack_u64(&in);
    r.position = unpack_u64(&in);
    unpack_bin_into(&in, r.salt, 32);
    r.secret_kind = (enum secret_kind)unpack_u64(&in);
    unpack_bin_into(&in, r.secret_hash, 32);
    const uint8_t *maker = maker_decode(&in);
    r.state = (enum sl_share_state)unpack_u64(&in);
    r.removed_ms = unpack_u64(&in);
    r.removed_by = (enum sl_who)unpack_u64(&in);
    if (!unpack_end(&in) || !ok || !maker || r.session_id.len > SL_SESSION_ID_BYTES ||
        r.state > SL_SHARE_REMOVED)
        return false;
    memcpy(r.maker, maker, MAKER_BYTES);
    *record = r;
    return true;
}

struct share_record share_record_begin(
    const struct create_body *body, uint64_t created_ms, uint64_t position)
{
    struct share_record record = {.session_id = body->session_id,
        .created_ms = created_ms,
        .position = position,
        .secret_kind = body->secret_kind,
        .state = SL_SHARE_LIVE};
    memcpy(record.salt, body->salt, 32);
    memcpy(record.secret_hash, body->secret_hash, 32);
    memcpy(record.maker, body->maker, MAKER_BYTES);
    return record;
}

bool share_secret_fits(const struct share_record *record, struct sl_span secret)
{
    uint8_t hash[32];
    crypto_sha256(secret.ptr, secret.len, hash);
    return crypto_equal((struct sl_span){(const char *)hash, 32},
        (struct sl_span){(const char *)record->secret_hash, 32});
}
