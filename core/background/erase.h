#ifndef SHARELOG_ERASE_H
#define SHARELOG_ERASE_H

/* Erasing from disk what was removed or redacted, on the calling thread. Its mark in the store
   (`erase/` rows of meta) was written with the event that says so and goes last, so that a crash
   anywhere in between has it done once more.

   Shares are erased together, since the files are rewritten for all of them at once; what came of
   each is said with it. A share that isn't there is erased. The list comes back in order of ids. */

#include "core/log/store.h"

struct erasing {
    char id[SL_SHARE_ID_BYTES + 1];
    enum sl_result result;
    struct sl_err err;
    /* erase_shares' own: */
    struct share *share; /* held meanwhile, so that its epoch stays comparable */
    bool redaction;      /* it is live: its rows are exchanged already, its files are not */
    unsigned long seen;  /* the share's epoch, before the files are rewritten */
};
void erase_shares(struct sl_store *store, struct erasing *list, size_t count);

#endif
