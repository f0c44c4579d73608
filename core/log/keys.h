#ifndef SHARELOG_KEYS_H
#define SHARELOG_KEYS_H

/* The store's secrets and what follows from them. They lie in files of the data directory (0600),
   made with the store; an owner key or namespace given from outside takes the file's place and is
   not written. */

#include "core/event/maker.h"
#include "core/kv/kv.h"
#include "core/proof/note.h"
#include "core/sharelog.h"

struct keys {
    char owner[SL_KEY_TEXT_BYTES + 1];
    char client[44]; /* HMAC(owner key, "client"), base62 */
    uint8_t namespace_id[16];
    bool has_namespace;
    uint8_t signing_seed[32], signing_public[32];
    char origin[NOTE_ORIGIN_BYTES + 1]; /* the log's name */
    struct note_key signing;            /* what checks its checkpoints … */
    char log_key[NOTE_VKEY_BYTES];      /* … as text */
    /* what signs its head statements; follows from signing_seed */
    uint8_t head_seed[32], head_public[32];
    struct note_key head;           /* what checks them … */
    char head_key[NOTE_VKEY_BYTES]; /* … as text */
};

/* Load them, or make what is missing when `make`; else an owner key or namespace that is missing
   stays unknown. */
enum sl_result keys_load(
    const struct sl_options *options, bool make, struct keys *keys, struct sl_err *err);

/* Set the origin, and the verifier keys that are called after it. */
void keys_set_origin(struct keys *keys, struct sl_span origin);

/* Who makes a share that this role asks for (event/maker.h). Can't fail. */
void keys_maker(const struct keys *keys, enum sl_role role, uint8_t maker[MAKER_BYTES]);

/* The origin of a store that is made without one: `sharelog-` and 8 hex digits of the key. */
void keys_default_origin(const struct keys *keys, char origin[32]);

#endif
