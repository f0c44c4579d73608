#ifndef SHARELOG_RULES_H
#define SHARELOG_RULES_H

/* What was redacted is redacted again when it is sent again. The store's rules (redact_text.h), in
   memory and in `meta`: of one share, or of every share. None of them holds a text. */

#include "core/event/batch.h"
#include "core/log/share.h"
#include "core/log/store.h"
#include "core/redact/redact_text.h"

struct rules;
enum sl_result rules_open(struct sl_store *store, struct rules **rules, struct sl_err *err);
void rules_close(struct rules *rules); /* NULL is fine */

/* The rule of a subject in a share; an empty id: in every share. */
void rules_make(const struct rules *rules, enum redact_rule_kind kind, struct sl_span subject,
    struct redact_rule *rule);

/* In force from now on: every batch that is appended after this has been held against it. *added is
   false: it was already. SL_NOMEM: it is not. */
enum sl_result rules_add(struct rules *rules, struct sl_span share_id,
    const struct redact_rule *rule, bool *added, struct sl_err *err);
void rules_drop(struct rules *rules, struct sl_span share_id, const struct redact_rule *rule);
/* Put it where the next opening finds it. Allocates nothing: who commits calls it. */
void rules_put(const struct rules *rules, struct kv *kv, struct kv_batch *kv_batch,
    struct sl_span share_id, const struct redact_rule *rule);
/* Is it a rule's row as this store put it? For who verifies. */
bool rules_row_fits(const struct sl_store *store, struct sl_span key, struct sl_span value);
/* SL_OK, or SL_READ_ONLY: a row is damaged, so that what was redacted could come back. */
enum sl_result rules_fault(const struct rules *rules, struct sl_err *err);

/* The rules' epoch (epoch.h), which passes whenever one comes or goes. */
const struct epoch *rules_epoch(const struct rules *rules);

/* Hold a batch that is not yet sealed against the rules: what they hit is replaced in it. *seen is
   their epoch: the guard under which the batch is appended. Without rules it costs an atomic load.
   SL_NOMEM. */
enum sl_result rules_apply(struct rules *rules, struct sl_span share_id, struct batch *batch,
    unsigned long *seen, struct sl_err *err);

#endif
