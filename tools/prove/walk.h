#ifndef SHARELOG_TOOLS_WALK_H
#define SHARELOG_TOOLS_WALK_H

/* A log as a stranger sees it: its tiles, fetched from a server, held against each other and
   against checkpoints, whose signatures the caller has checked. */

#include "core/proof/chains.h"
#include "core/proof/conflict.h"
#include "tools/ask/client.h"

#define WALK_PREFIX "/log"

enum walk_entries {
    WALK_ENTRIES_IF_SHOWN, /* a server that doesn't show them to us is passed over */
    WALK_ENTRIES_MUST
};

struct walk {
    struct client *client;
    /* Two states of the log, the second not smaller. From the first on everything is read; what is
       before it, only as far as is needed to see that it is the same. */
    const struct checkpoint_text *older; /* NULL: none is known */
    const struct checkpoint_text *newer;
    bool all;           /* read it from the beginning, though there is an older one */
    uint64_t latest_ms; /* no event can be later; 0: not known */
    enum walk_entries entries;
    const struct sl_progress *progress; /* may be NULL */
};

struct walked {
    uint64_t tiles;  /* fetched */
    uint64_t leaves; /* leaf hashes read */
    bool shown;      /* the headers were, and fit: */
    uint64_t entries, shares;
    struct chains_times times;
    /* The two checkpoints contradict each other. Proven: by their own signatures and these roots,
       which conflict.h judges. */
    bool conflict, proven;
    struct conflict_roots roots;
};

/* SL_OK: the log is what the checkpoints say. SL_CORRUPT: it is not; err names the first fault, and
   of `walked` what it says of a conflict is set. SL_IO, SL_INVALID, SL_NOMEM: the walk couldn't be
   finished, err says why. */
enum sl_result walk_log(const struct walk *walk, struct walked *walked, struct sl_err *err);

/* The checkpoint that a server shows: a note. */
enum sl_result walk_checkpoint(struct client *client, struct buffer *note, struct sl_err *err);

#endif
