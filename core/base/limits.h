#ifndef SHARELOG_LIMITS_H
#define SHARELOG_LIMITS_H

/* Every limit of sharelog, with how they relate. The ones marked (flag) are defaults that `sharelog
   serve` lets its operator change; `sharelog limits` prints them all. Bytes unless the name says
   otherwise. */

#include <assert.h>
#include <stddef.h>

#define SL_KIB ((size_t)1024)
#define SL_MIB (1024 * SL_KIB)
#define SL_GIB (1024 * SL_MIB)

/* names */
#define SL_SHARE_ID_BYTES 64
#define SL_SESSION_ID_BYTES 256
#define SL_SECRET_BYTES 36     /* a UUID as text */
#define SL_KEY_TEXT_BYTES 128  /* an owner or client key as text */
#define SL_ITEM_TYPE_BYTES 256 /* decoded */
#define SL_ITEM_KEY_BYTES 4096 /* encoded */
#define SL_REASON_BYTES 1024
/* a text that is redacted; shorter ones would hit everything */
#define SL_REDACT_TEXT_MIN_BYTES 4
#define SL_REDACT_TEXT_BYTES 4096

/* a batch */
#define SL_BODY_BYTES (256 * SL_MIB) /* (flag) a whole session comes in one request */
#define SL_JSON_DEPTH 512
#define SL_BATCH_ITEMS 1000000

/* what is stored */
#define SL_HEADER_BYTES 255
#define SL_BODY_ROW_BYTES (4 * SL_MIB)       /* and of a pack's rows together */
#define SL_PACK_MIN_BYTES (512 * SL_KIB)     /* of events, before a share's next pack is made */
#define SL_SNAPSHOT_ROW_BYTES (128 * SL_KIB) /* a sync waits no longer than for one */
#define SL_SNAPSHOT_MIN_BYTES (64 * SL_KIB)  /* of events, before a first snapshot is due */
#define SL_GROUP_BYTES (8 * SL_MIB)          /* a commit group ends here */

/* memory */
#define SL_CACHE_BYTES (24 * SL_MIB)        /* (flag) RocksDB's block cache */
#define SL_PACK_CACHE_BYTES (16 * SL_MIB)   /* packs, decoded */
#define SL_WRITE_BUFFER_BYTES (40 * SL_MIB) /* all memtables together */
#define SL_WAL_BYTES (256 * SL_MIB)         /* replayed at a start: about 6 s a GiB */
#define SL_SHARE_CACHE 16384                /* shares whose heads are kept in memory */
#define SL_SUMMARY_TEXT_BYTES 512           /* of title and directory of each, as JSON */

/* reads */
#define SL_HISTORY_PAGE 1000
#define SL_LIST_PAGE 1000
/* of events' bodies that one read takes in at once, rather than item by item: at most, and at least
   where it finds what it wants here and there */
#define SL_READ_AHEAD_BYTES (4 * SL_MIB)
#define SL_READ_AHEAD_MIN_BYTES (64 * SL_KIB)
/* a state larger than that is read past the cache */
#define SL_VIEW_CACHED_BYTES (4 * SL_MIB)

/* creating */
#define SL_TWIN_CREATE_MS 10000 /* the client creates twice within 0.3 s and must get one share */
#define SL_TWIN_CREATES 1024    /* remembered at a time */

/* the edge (http/) */
#define SL_SMALL_BODY_BYTES (64 * SL_KIB)     /* such bodies wait in a pool of their own */
#define SL_INFLIGHT_BYTES (1 * SL_GIB)        /* (flag) all request bodies together */
#define SL_INFLIGHT_SMALL_BYTES (64 * SL_MIB) /* the small ones' part, beside it */
#define SL_CONTROL_BODY_BYTES (64 * SL_KIB)   /* of create, delete and the owner's requests */
#define SL_BODY_RATE_BYTES_PER_S 1024         /* slowest arrival of a body … */
#define SL_BODY_RATE_GRACE_MS 30000           /* … after this long */
#define SL_THREADS 1024                       /* (flag) connections served at a time */
#define SL_VIEWERS 4096                       /* (flag) live viewers, all shares */
#define SL_VIEWERS_PER_SHARE 1024             /* (flag) */
/* a viewer that reads nothing for so long is dropped */
#define SL_VIEWER_STALL_MS 30000
#define SL_STOP_MS 20000 /* (flag) a graceful stop takes no longer */

static_assert(SL_HEADER_BYTES < 256, "a header is a log leaf with a one-byte bound");
static_assert(SL_GROUP_BYTES >= 2 * SL_BODY_ROW_BYTES, "a group takes more than one row");
static_assert(SL_PACK_MIN_BYTES <= SL_BODY_ROW_BYTES, "a pack that is due has room");
static_assert(SL_PACK_CACHE_BYTES >= 2 * SL_BODY_ROW_BYTES, "a pack stays while another comes");
static_assert(SL_SNAPSHOT_ROW_BYTES <= SL_BODY_ROW_BYTES, "snapshot rows are sent as they lie");
static_assert(SL_READ_AHEAD_MIN_BYTES < SL_READ_AHEAD_BYTES, "reading ahead grows");
static_assert(SL_READ_AHEAD_BYTES <= SL_BODY_ROW_BYTES,
    "where all that is pending is read ahead, no event of it has two rows as it was appended");
static_assert(SL_SMALL_BODY_BYTES <= SL_BODY_BYTES, "small bodies are bodies");
static_assert(
    SL_BODY_BYTES <= SL_INFLIGHT_BYTES, "the largest body fits into what may be in flight");
static_assert(SL_SHARE_ID_BYTES >= 8 + 1 + 8 + 5, "test_ + last 8 + '-' + 8 is an id");

#endif
