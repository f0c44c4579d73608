#ifndef SHARELOG_VERIFY_CHECK_H
#define SHARELOG_VERIFY_CHECK_H

/* One share in the course of its check, handed from file to file: verify_share.c begins and ends
   it, verify_event.c takes its events, verify_body.c their bodies, verify_snapshot.c its snapshots.
   One thread has one, for all the shares that it checks, one after the other. */

#include "core/event/commit.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/share.h"
#include "core/log/store.h"
#include "core/proof/withheld.h"
#include "core/verify/verify_fold.h"

/* Where the check stands in the families: the iterators go on from share to share, so that each
   block is read once. */
struct check_cursors {
    struct kv_iter *log;       /* where it was last looked into */
    struct kv_iter *events;    /* at the event at hand */
    struct body_iter bodies;   /* as far as they were needed */
    struct kv_iter *snapshots; /* all before that one are accounted for */
    struct kv_iter *owners;    /* a row of an earlier snapshot that one refers to */
    struct row_key end;        /* the share's rows lie before it */
    struct row_key next;       /* the next share with events begins there; empty: nowhere */
};

/* The share as its events so far say it is. The derived records must say the same. */
struct check_facts {
    char id[SL_SHARE_ID_BYTES + 1]; /* empty: no share is begun */
    char session_id[SL_SESSION_ID_BYTES + 1];
    struct share_record record;
    uint8_t ref[32];
    struct head last;
    bool holds;       /* it holds its session: the owner took it down */
    uint64_t removal; /* the sequence of the remove event; 0: none */
};

/* How much of the share's content must be there, by its record and its mark in the store. */
enum check_content {
    CONTENT_WHOLE,   /* live: all of it */
    CONTENT_ERASING, /* removed, and marked: it may be there, gone or half gone */
    CONTENT_ERASED   /* removed: nothing */
};

/* Where the share's next snapshot has to be, as share_is_due has it. */
struct check_snapshot {
    uint64_t stored, size; /* of the one before */
    bool due;              /* one is marked as due: it and what follows may be missing */
};

struct share_check {
    struct sl_store *store;
    struct sl_verified *verified; /* counts, over all of the thread's shares */
    uint64_t holds;               /* shares so far that hold a session */
    struct check_cursors at;
    struct check_facts facts;
    enum check_content content;
    struct check_snapshot snapshot;
    struct check_fold fold;
    struct withheld withheld; /* items that a redact event has yet to name */
    struct commit commit;     /* of the event at hand */
    struct buf prefix;        /* of its body */
    struct buf control;       /* of a control event, its item */
};

/* `share ID: event N: …` */
void share_fault(const struct share_check *check, uint64_t sequence, struct sl_err *err,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same as an expression. That it is SL_CORRUPT stands here, where an analyser sees it. */
#define SHARE_FAULT(check, sequence, err, ...)                                                     \
    (share_fault((check), (sequence), (err), __VA_ARGS__), SL_CORRUPT)

#endif
