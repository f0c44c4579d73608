#ifndef SHARELOG_CONTROL_H
#define SHARELOG_CONTROL_H

/* The bodies of the events that the server itself writes, msgpack arrays in one fixed order:

     create   [share id, session id, salt, secret kind, secret's SHA-256, maker]
     remove   [who, reason, [position ...]]
     allow    [who, reason]

   (redact's are in redact_body.h.) A create of format 1 has a 0 in the maker's place, and is read
   for ever. Decoding returns false for anything but just that; spans then point into the bytes. */

#include "core/base/buf.h"
#include "core/event/maker.h"
#include "core/sharelog.h"

/* How a share's secret was computed: over the session id alone, or with the share's id. */
enum secret_kind { SECRET_PLAIN = 0, SECRET_BY_ID = 1 };

struct create_body {
    struct sl_span share_id, session_id;
    const uint8_t *salt, *secret_hash; /* 32 bytes each */
    enum secret_kind secret_kind;
    const uint8_t *maker; /* MAKER_BYTES; maker_unknown: as format 1 has it */
};
void create_body_encode(const struct create_body *body, struct buf *out);
bool create_body_decode(struct sl_span bytes, struct create_body *body);

struct remove_body {
    enum sl_who who;
    struct sl_span reason;
};
void remove_body_encode(
    const struct remove_body *body, const uint64_t *positions, size_t count, struct buf *out);
/* The positions are checked to be there, and not returned. */
bool remove_body_decode(struct sl_span bytes, struct remove_body *body);

struct allow_body {
    enum sl_who who;
    struct sl_span reason;
};
void allow_body_encode(const struct allow_body *body, struct buf *out);
bool allow_body_decode(struct sl_span bytes, struct allow_body *body);

#endif
