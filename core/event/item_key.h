#ifndef SHARELOG_ITEM_KEY_H
#define SHARELOG_ITEM_KEY_H

/* An item's key, made of its type and its data, and held against them again.

     {"type":"part","data":{"messageID":"msg_1","id":"prt/1",…}}      part/msg_1/prt%2F1
              type          the members that the type is keyed by     a component for each

   core/FORMAT.md has the table. A key is made on the way in (batch.c), before anything is redacted
   on arrival: so an id of the data may read `[redacted]` where the key still has it. */

#include "core/base/buf.h"
#include "core/base/json.h"

/* The members of an object that keys are made of: raw strings; ptr NULL: none, or no string. */
struct item_ids {
    struct sl_span id, message_id, session_id;
};

/* Step over the value at the cursor, validating it, and take its ids: of a name that is there
   several times the last counts. *data is the value's bytes. False: not a value. */
bool item_ids_read(struct json *json, struct item_ids *ids, struct sl_span *data);

/* Append a type as it is kept: decoded, a lone surrogate as %uD800, so that it is UTF-8. */
void item_type_add(struct buf *out, struct sl_span decoded);

/* The member without which an item of this type (decoded) can't be; NULL: it has what it needs. */
const char *item_key_lacks(struct sl_span type, const struct item_ids *ids);
/* Append the key of an item of that type (decoded, lone surrogates in their three bytes) which
   lacks nothing. */
void item_key_make(struct buf *out, struct sl_span type, const struct item_ids *ids);

enum item_key_fit {
    ITEM_KEY_DIFFERS,
    ITEM_KEY_FITS,
    ITEM_KEY_REDACTED /* it fits but for ids that read `[redacted]` in the data */
};
/* Is it the key that type (as it is kept, now or by format 1) and data make? The data is one valid
   JSON value, of which `ids` were read; type and key are any bytes. */
enum item_key_fit item_key_fits(
    struct sl_span type, struct sl_span key, const struct item_ids *ids, struct sl_span data);

#endif
