#ifndef SHARELOG_BUNDLE_CHECK_H
#define SHARELOG_BUNDLE_CHECK_H

/* One verification of a bundle, as it goes along: bundle_verify.c follows the events through the
   log, from the head to the checkpoint, bundle_content.c holds each one's items against what its
   header commits to, and bundle_record.c reads what the server's own events say. Internal to the
   three.

   The first fault ends it: err names the share, and the event and the item that are at hand. */

#include "core/event/commit.h"
#include "core/proof/bundle_read.h"
#include "core/proof/tree.h"
#include "core/proof/withheld.h"

#define NO_ITEM UINT64_MAX
#define KEY_SHOWN 96 /* bytes of a key that an error shows */
#define CLAIM_BYTES 160

struct bundle_check {
    struct bundle_reader in;
    const struct bundle_asks *asks;
    struct sl_err *err;
    struct bundle_verdict verdict;
    uint8_t ref[32];
    struct tree_edge edge; /* the log up to the last event */
    uint8_t leaf[32];      /* of the last event */
    uint64_t erased;       /* an event whose content is gone; 0: none */
    struct withheld withheld;
    struct crypto_hash positions; /* of the events so far, 8 bytes each, up to the removal's */
    /* the event at hand */
    uint64_t sequence; /* 0: none */
    struct header header;
    bool whole;        /* its own nonce is there, and no item withheld */
    struct buf nonces; /* else: the items', NONCE_ENTRY bytes each */
    bool in_content;   /* `commit` is begun */
    struct commit commit;
    size_t
        said_count; /* of the items that `commit` has gathered, those that are read to their end */
    struct bundle_said {
        uint64_t item;
        uint8_t commitment[32]; /* what the bundle says that it is */
        char key[KEY_SHOWN + 4];
    } said[COMMIT_GROUP];
    /* the item at hand */
    uint64_t item; /* NO_ITEM: none */
    char key[KEY_SHOWN + 4];
    struct buf data; /* its bytes, where they don't lie in the window and are to be looked at */
    /* The first thing that is wrong with what the event says, told once its bytes are known to be
       the ones that its header commits to: then it is the signer's fault, not the file's. */
    struct bundle_claim {
        bool wrong;
        uint64_t item;
        char key[KEY_SHOWN + 4];
        char what[CLAIM_BYTES];
    } claim;
};

/* That it is SL_CORRUPT stands here, where an analyser sees it. */
#define BUNDLE_FAULT(check, ...) (bundle_fault((check), __VA_ARGS__), SL_CORRUPT)
void bundle_fault(const struct bundle_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Something is wrong with what the event at hand, or its item, says. */
void bundle_claim(struct bundle_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* SL_OK, or what the stream has to say: its bytes' first fault, or its own failure. */
enum sl_result bundle_check_read(const struct bundle_check *check);

#endif
