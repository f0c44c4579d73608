/* A redact event's body, to and from msgpack. Decoding allocates the list of entries, of which
   there can't be more than the body has bytes; where memory runs out or the body is malformed there
   is nothing to free. */

#include "core/event/redact_body.h"

#include "core/base/pack.h"

#include <assert.h>

void redact_body_encode(const struct redact_body *body, struct buf *out)
{
    assert(body->who <= SL_WHO_OWNER);
    assert(body->entries || body->count == 0);
    pack_array(out, 3);
    pack_u64(out, body->who);
    pack_str(out, body->reason);
    pack_array(out, body->count);
    for (size_t i = 0; i < body->count; i++) {
        pack_array(out, 3);
        pack_u64(out, body->entries[i].sequence);
        pack_u64(out, body->entries[i].item);
        pack_bin(out, body->entries[i].replacement);
    }
}

static bool read_entries(struct unpack *in, struct redact_body *body)
{
    body->count = unpack_array(in);
    body->entries = calloc(body->count + 1, sizeof(*body->entries));
    if (!body->entries) return false;
    for (size_t i = 0; i < body->count && !in->bad; i++) {
        struct redact_entry *entry = &body->entries[i];
        if (unpack_array(in) != 3) in->bad = true;
        entry->sequence = unpack_u64(in);
        entry->item = unpack_u64(in);
        entry->replacement = unpack_bin(in);
        if (!in->bad) unpack_leave(in);
    }
    return true;
}

enum sl_result redact_body_decode(struct sl_span bytes, struct redact_body *out)
{
    struct unpack in;
    struct redact_body body = {0};
    unpack_begin(&in, bytes);
    if (unpack_array(&in) != 3) in.bad = true;
    uint64_t who = unpack_u64(&in);
    body.who = (enum sl_who)who;
    body.reason = unpack_str(&in);
    bool memory = read_entries(&in, &body);
    bool ok = unpack_end(&in) && who <= SL_WHO_OWNER;
    if (memory && ok) {
        assert(body.entries);
        *out = body;
        return SL_OK;
    }
    redact_body_fini(&body);
    return memory ? SL_CORRUPT : SL_NOMEM;
}

void redact_body_fini(struct redact_body *body)
{
    free(body->entries);
    *body = (struct redact_body){0};
}
