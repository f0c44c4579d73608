#ifndef TESTS_SUPPORT_CORE_ANSWERS_H
#define TESTS_SUPPORT_CORE_ANSWERS_H

/* All that a store says of a share: searched, gathered, held against its proofs. */

#include "tests/support/core_store.h"

uint64_t core_last_sequence(struct sl_store *store, const char *id);

/* In how many of all answers about a share, at all of its moments, the text is. */
size_t core_answers_with(struct sl_store *store, const char *id, const char *text);

/* What it reads as at every moment, as one text: for comparing before and after. */
void core_gather_answers(struct sl_store *store, const char *id, struct buf *out);

/* Each item of each event against its header's commitment, by nonces and commitments alone. */
void core_check_events(struct sl_store *store, const char *id);

/* Its bundle verifies, with so many withheld items (UINT64_MAX: any), and `never` (may be NULL) is
   not in it. */
void core_check_bundle(
    struct sl_store *store, const char *id, uint64_t withheld, const char *never);

#endif
