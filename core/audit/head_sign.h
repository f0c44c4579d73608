#ifndef SHARELOG_HEAD_SIGN_H
#define SHARELOG_HEAD_SIGN_H

/* Signing what the log says of the end of a share (proof/head_statement.h). */

#include "core/log/store.h"

#define HEAD_SIGN_BYTES 2048 /* a note as it is signed here: one signature */

struct signed_head {
    uint64_t sequence; /* of the last event that it names */
    size_t len;
    char note[HEAD_SIGN_BYTES];
};

/* As sl_share_head, into memory of the caller's. */
enum sl_result head_sign(struct sl_store *store, struct sl_span id, uint64_t sequence,
    struct signed_head *head, struct sl_err *err);

#endif
