#ifndef SHARELOG_HTTP_LIVE_TOPICS_H
#define SHARELOG_HTTP_LIVE_TOPICS_H

/* The shares that somebody views, found by their ids.

   The sequencer's thread looks here after every commit, so a look must be short whatever ids there
   are, and a client chooses ids. The table therefore hashes them under a random key (print.h): who
   doesn't know it can't aim at a bucket, and a chain holds more than a few topics only by a chance
   that is not worth hoping for. There are as many buckets as there may be viewers.

       buckets [ 0 ] [ 1 ] [ 2 ] …
                 │           └─► topic ─► topic       (next_in_bucket)
                 └─► topic

   The table has no lock of its own: the hub's mutex (live_hub.c) guards it. */

#include "core/base/print.h"
#include "core/sharelog.h"

struct viewer;

/* A share that somebody views. */
struct topic {
    char id[SL_SHARE_ID_BYTES + 1];
    uint64_t number; /* stands for the share among the pieces */
    /* as the hub's thread knows it: */
    uint64_t newest; /* sequence */
    bool removed;
    struct viewer *viewers;
    struct topic *next_served;
    /* under the hub's mutex: */
    uint64_t told_newest;
    bool told_removed, told_redacted;
    bool dirty;        /* is in the list of those of which something was told */
    bool held;         /* the thread is about to serve it */
    unsigned admitted; /* viewers that are, or are about to be */
    struct topic *next_in_bucket, *next_dirty;
};

struct topics {
    struct print_key key;
    struct topic **buckets;
    size_t buckets_count; /* a power of two */
    size_t count;
    uint64_t made; /* topics so far: numbers are never used again */
};

/* An empty table for about `expected` topics; more of them only make it slower. False: no memory,
   and nothing was made. topics_fini wants the table empty; a zeroed one is fine. */
bool topics_init(struct topics *topics, size_t expected);
void topics_fini(struct topics *topics);

/* The topic of a share. NULL: there is none. */
struct topic *topics_find(const struct topics *topics, struct sl_span id);

/* Make one that isn't there yet. NULL: no memory. */
struct topic *topics_make(struct topics *topics, struct sl_span id);

/* Take a topic out and free it. Nobody may view, hold or have it in a list any more. */
void topics_drop(struct topics *topics, struct topic *topic);

#endif
