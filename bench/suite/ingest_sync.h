#ifndef SHARELOG_BENCH_INGEST_SYNC_H
#define SHARELOG_BENCH_INGEST_SYNC_H

/* One client's syncs into one share over HTTP, and what a server says of itself meanwhile. */

#include "bench/suite/bench.h"

/* A share and how far it is: `sent` runs ahead of `acknowledged` while a sync is under way. */
struct writer {
    struct sl_credentials credentials;
    uint64_t sent, acknowledged;
};

/* A sync's head; the body follows. */
void sync_head(const char *id, size_t body_bytes, struct buf *out);
/* The server's answer to a sync says that it was the syncs-th of its share. */
bool sync_counted(int status, struct sl_span answer, uint64_t syncs);

/* Groups that the sequencer wrote without an event in them: rows of snapshots. False: no such
   answer, and the part fails. */
bool snapshot_groups(const struct server *server, uint64_t *groups);

/* Note the most memory that this server has taken so far; and take the most of all that were noted
   since it was taken last (a round's). */
void ingest_note_rss(const struct server *server);
uint64_t ingest_take_rss(void);

#endif
