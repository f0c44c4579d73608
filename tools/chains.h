#ifndef SHARELOG_CHAINS_H
#define SHARELOG_CHAINS_H

/* The shares of a log as its headers show them: of each the last event met, so that the next one
   can be held against it. Memory: about 100 bytes a share. */

#include "core/event/event.h"

struct chains;

/* `whole`: the walk begins with the log's first event, so every share must begin with its first. */
struct chains *chains_create(bool whole);
void chains_destroy(struct chains *chains); /* NULL is fine */
uint64_t chains_count(const struct chains *chains);

/* Take the next header of the log. SL_CORRUPT: it doesn't follow the last one of its share: a gap,
   another past, a time that runs backwards, a kind that can't stand there. */
enum sl_result chains_add(struct chains *chains, uint64_t position, struct sl_span header,
    const uint8_t leaf[32], struct sl_err *err);

#endif
