#ifndef SHARELOG_REDACT_TEXT_H
#define SHARELOG_REDACT_TEXT_H

/* What stands in the place of redacted JSON, and how redacted text is known again without being
   kept. Pure: nothing here knows a store.

   Redacted as a whole, an item keeps its shape (event/redact_whole.h). Redacted for a text, every
   string that holds it, ids too, reads `[redacted]`, and so does a member's name.

   A string that reads `[redacted]` is never hit again, whatever the text is a part of. */

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/limits.h"
#include "core/event/redact_whole.h"

/* `data` with every string that holds `text` redacted. Strings are compared decoded: it doesn't
   matter how characters were escaped. *found false: none does, and nothing is appended. On failure
   `out` is as it was, here and below: SL_INVALID (the text's length is out of bounds), SL_NOMEM. */
enum sl_result redact_matches(
    struct sl_span data, struct sl_span text, struct buf *out, bool *found, struct sl_err *err);

/* ---- rules: what was redacted is redacted again when it is sent again ---- */

/* A rule knows a text by keyed hashes alone: its length, a rolling hash that finds where it may
   stand (masked, so that it tells nothing without the key), an HMAC that decides. Or it knows an
   item key, or an item's whole data, by HMAC. */
enum redact_rule_kind { REDACT_RULE_TEXT = 0, REDACT_RULE_KEY = 1, REDACT_RULE_DATA = 2 };
struct redact_rule {
    enum redact_rule_kind kind;
    uint64_t length;  /* TEXT: bytes, decoded; DATA: bytes */
    uint64_t rolling; /* TEXT: its rolling hash under the key */
    uint8_t mac[32];
};

/* The key of all rules of a store: any 32 secret bytes that stay the same. A text's length is
   within bounds. */
void redact_rule_make(struct redact_rule *rule, enum redact_rule_kind kind, struct sl_span subject,
    const uint8_t key[32]);

/* Rules made ready for many items: some microseconds, and about 0.1 more a rule. For one thread at
   a time; `rules` must outlive it. NULL: out of memory. A rule that no redact_rule_make with this
   key made hits nothing. */
struct redact_rules;
struct redact_rules *redact_rules_create(
    const struct redact_rule *rules, size_t count, const uint8_t key[32]);
void redact_rules_destroy(struct redact_rules *rules);

/* Hold an item against them: its key, its data. A key or data rule redacts as a whole, text rules
   each string they hit, also of what is left then. *found false: none applies, nothing is appended
   to `out`. Cost: one pass over the strings for each length of text rules, one HMAC of the item's
   key if there are key rules, one of its data if a data rule has its length. Valid `data` can fail
   for want of memory alone. */
enum sl_result redact_by_rules(struct redact_rules *rules, struct sl_span item_key,
    struct sl_span data, struct buf *out, bool *found, struct sl_err *err);

#endif
