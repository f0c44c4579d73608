#ifndef SHARELOG_HTTP_HUB_H
#define SHARELOG_HTTP_HUB_H

/* What watch.c (a request that wants to be a viewer) needs of live.c (the hub). Any thread. */

#include "http/live.h"
#include "http/viewer.h"

/* Find room for one more viewer of a share, and have the hub listen for it from now on. False: too
 * many. */
bool live_admit(struct live *live, struct sl_span id, struct topic **topic);

/* Give that room back. */
void live_dismiss(struct live *live, struct topic *topic);

/* The share has events up to `sequence` at least. */
void live_note(struct live *live, struct topic *topic, uint64_t sequence);

/* An admitted viewer's connection is the hub's from now on, and so is `viewer`. */
void live_add(struct live *live, struct topic *topic, struct viewer *viewer, int fd);

struct sl_store *live_store(struct live *live);

#endif
