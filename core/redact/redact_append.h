#ifndef SHARELOG_REDACT_APPEND_H
#define SHARELOG_REDACT_APPEND_H

/* What a redaction finds in one share, gathered and appended: in as many redact events as it takes,
   each with the rows that it makes anew, in one write. While that is written the share is REDACTING
   and its epoch odd (share.h), and readers of the share begin again. */

#include "core/log/body_rows.h"
#include "core/redact/redact_event.h"
#include "core/redact/redact_text.h"
#include "core/state/snapshot.h"

/* The rule by which redacted content is recognised when it is sent again. */
struct rule_use {
    struct sl_span share_id; /* empty: in every share */
    struct redact_rule rule;
    bool is_new; /* in force through this call */
    bool kept;   /* in the store */
};

/* A redaction of one share, in as many redact events as it takes. */
struct redacting {
    struct sl_store *store;
    const struct sl_redaction *asked;
    struct share *share;
    struct rule_use *rule;
    uint64_t *earlier; /* sequences of the share's redact events so far */
    size_t earlier_count;
    struct redact_target *targets; /* in order of sequence, then item */
    size_t count, cap;
    size_t bytes;                  /* of their replacements */
    uint64_t rewritten;            /* bytes of their events, and of the packs that these lie in */
    struct body_place pack;        /* the last of these that was counted */
    struct redacted_event *events; /* to be put */
    size_t events_count;
    struct cold_change packs;    /* made anew with these events in them */
    struct snapshot_head before; /* the last snapshot that stays */
    struct sl_redacted *counts;  /* what the caller is answered */
};

/* Takes the replacement over. In order of sequence, then item. */
enum sl_result redacting_add(struct redacting *redacting, uint64_t sequence, uint64_t item,
    struct buf *replacement, struct sl_err *err);
/* As much is gathered as one redact event may say. */
bool redacting_full(const struct redacting *redacting);
/* Append what is gathered, if anything is. */
enum sl_result redacting_append(struct redacting *redacting, struct sl_err *err);
void redacting_fini(struct redacting *redacting);

#endif
