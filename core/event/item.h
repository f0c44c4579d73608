#ifndef SHARELOG_ITEM_H
#define SHARELOG_ITEM_H

/* An item's texts: the key that says what it overwrites, and the JSON in front of its data. */

#include "core/base/buf.h"

/* Append a key's component: decoded, with `%`, `/` and control characters percent-encoded and lone
   surrogates as %uD800, so that keys never collide. `text` is decoded UTF-8, or WTF-8 where the
   client sent lone surrogates. */
void item_key_add(struct buf *out, struct sl_span text);

/* `{"type":T,"data":` of an item, as every text of a state and of an event has it. */
size_t item_prefix_bytes(struct sl_span type);
void item_prefix_add(struct buf *out, struct sl_span type);

#endif
