#ifndef SHARELOG_H
#define SHARELOG_H

/* sharelog's store: the public contract of core/.

   A *share* is one shared opencode session: an id, a secret, and a log of *events*. A client POSTs
   *batches*, ordered lists of *items* {type, data}; each batch becomes one event, for ever. An
   event has a *sequence* in its share (1, 2, 3 … without gaps; 1 is its creation) and a *position*
   in the whole store's log (0, 1, 2 … without gaps). Its *header* is a leaf of the log and names
   the leaf before it in the share, its *manifest* lists the items with a commitment for each, its
   *body* is the items' bytes as they were sent.

   *Folding* the events of a share up to some moment gives its state: the newest item of each *item
   key*. A *snapshot* is a folded state, stored; a background *compactor* makes one whenever the
   events since the last weigh as much as it does, so that the state at any moment is one snapshot
   and a bounded number of bytes of events away. Snapshots, shares' records and indexes are derived:
   lost ones are made again from the events.

   One thread, the *sequencer*, owns order. It gathers what waits, writes it as one RocksDB batch
   with one fsync, and wakes the callers. Reads never wait for it: what a read needs is never
   rewritten.

   Conventions, which hold where a function says nothing else:
   - It returns a result. On any but SL_OK out-parameters are untouched, nothing in the store is
     changed, and *err (which may be NULL) says why.
   - Every error is listed at its function, but for three that can come from each one that takes a
     store, a view or an event: SL_IO (the disk failed), SL_CORRUPT (what is stored is damaged, or
     missing; err names it), SL_NOMEM. A view or an event can be used on after any of them.
   - It may be called from any thread, at any time between the store's opening and its closing.
   - It doesn't keep what it is given. Spans that are given are borrowed for the call; spans that
     come back say how long they last. Callbacks run on the calling thread, inside the call.
   - A sink that returns false stops the function: SL_STOPPED. What the sink got until then, or
     until a failure, is the beginning of the text.
   - Times are milliseconds since 1970 (UTC), or microseconds where the name ends in _us; lengths
     are bytes. Limits are in limits.h. Core prints nothing and knows no HTTP. */

#include "core/base/err.h"
#include "core/base/limits.h"
#include "core/base/sink.h"
#include "core/base/span.h"

struct sl_store;
struct sl_view;
struct sl_event;

/* ---- a store ---- */

enum sl_durability {
    SL_DURABLE_FSYNC,  /* an answer means: survives power loss */
    SL_DURABLE_PROCESS /* an answer means: survives the death of the process, not of the machine */
};

enum sl_access {
    SL_READ_WRITE, /* one process at a time: SL_LOCKED otherwise */
    SL_READ_BESIDE /* read what is there, while another process may be writing; sees that process's
                      events up to the moment of opening, or of the last sl_store_catch_up */
};

struct sl_options {
    const char *dir; /* made, with its parents, when missing (SL_READ_WRITE) */
    enum sl_access access;
    enum sl_durability durability;
    size_t cache_bytes;          /* 0: SL_CACHE_BYTES */
    struct sl_span owner_key;    /* empty: the one in dir, made there at first */
    struct sl_span namespace_id; /* a UUID; empty: the one in dir, made there at first */
    struct sl_span
        origin; /* of the log; counts when the store is made, must fit it afterwards (SL_INVALID) */
    bool makes_no_keys; /* an owner key or namespace that an existing store's dir lacks stays
                           unknown */
    bool uncompressed;  /* for tests that look for bytes in files */
    bool no_compactor;  /* for tests: snapshots are made by sl_store_compact alone */
    uint64_t (*clock_us)(void); /* NULL: the system's realtime clock */
};

/* Called now and then by what takes long, on its caller's thread. NULL, or NULL `report`: never. */
struct sl_progress {
    void (*report)(
        void *ctx, const char *phase, uint64_t done, uint64_t total); /* total 0: unknown */
    void *ctx;
};

/* Open the store in options->dir, making it (format, signing key, origin, owner key, namespace)
   when there is none. Options are copied. Recovers from any crash: what was acknowledged is there,
   derived data that is missing or out of date is made again (which can take long for a large
   store), erasures go on. The caller closes it. SL_FORMAT: made by a newer version; nothing was
   touched. SL_LOCKED: another process writes to it. SL_NOT_FOUND: SL_READ_BESIDE and no store
   there. SL_INVALID: a key file or origin is malformed or doesn't fit. A store whose log doesn't
   fit its kept checkpoint opens, and takes no writes (sl_store_health). */
enum sl_result sl_store_open(const struct sl_options *options, const struct sl_progress *progress,
    struct sl_store **store, struct sl_err *err);

/* Finish what is queued, stop the threads, close. No view or event may be open, no other call be
   running or come later. NULL is fine. */
void sl_store_close(struct sl_store *store);

/* SL_READ_BESIDE: take in what the writing process has committed since. No call may be running
   beside it, and no view or event be open. After a failure it shows what it showed before. */
enum sl_result sl_store_catch_up(struct sl_store *store, struct sl_err *err);

/* SL_OK, or SL_READ_ONLY with the reason in err: the store takes no writes until it is opened
   again. A durable write failed, and its fate is unknown; or the log doesn't fit its kept
   checkpoint, or a witness disputes it. Reads go on. Of one opened SL_READ_BESIDE: SL_OK. */
enum sl_result sl_store_health(struct sl_store *store, struct sl_err *err);

/* Delete all derived data and make it again from the events. The store must have been opened
   SL_READ_WRITE, with no other call running and no view or event open. Reads then give byte-equal
   answers. Interrupted, or after a failure, the next opening does it again. SL_READ_ONLY. */
enum sl_result sl_store_rebuild(
    struct sl_store *store, const struct sl_progress *progress, struct sl_err *err);

/* Make every snapshot that is due, finish every erasure, pack all live shares' events, compact the
   files. Waits until done; what a failure leaves the next call does. SL_READ_ONLY, SL_CLOSING. */
enum sl_result sl_store_compact(
    struct sl_store *store, const struct sl_progress *progress, struct sl_err *err);

/* Wait until each snapshot due now, each erasure begun, is done. SL_READ_ONLY, SL_CLOSING. */
enum sl_result sl_store_settle(struct sl_store *store, struct sl_err *err);

struct sl_stats {
    uint64_t shares_live, shares_removed, erasures_pending;
    uint64_t events;     /* the log's size */
    uint64_t disk_bytes; /* files of the store */
    uint64_t event_bytes, body_bytes, log_bytes, snapshot_bytes,
        derived_bytes;                 /* on disk, estimated by RocksDB */
    uint64_t memory_bytes;             /* caches and write buffers */
    uint64_t appended, groups, synced; /* since opening: events, commit groups, fsyncs */
};
/* At once: a snapshot of figures that go on. */
enum sl_result sl_store_stats(struct sl_store *store, struct sl_stats *stats, struct sl_err *err);

/* How many shares there are: the first call walks over all, then it is kept up to date. */
enum sl_result sl_store_shares(
    struct sl_store *store, uint64_t *live, uint64_t *removed, struct sl_err *err);

struct sl_verified {
    uint64_t shares, events, items, bytes, snapshots, removed; /* what was checked */
    uint64_t redacted, marked; /* items: withheld; redacted on arrival */
    uint8_t root[32];          /* RFC 6962 root over all leaves */
};

/* Check everything against everything: every share's chain (sequences, times, `prev`, headers, the
   commitments of every body), the whole log by position, derived records, and each snapshot against
   a fresh fold. Stops at the first fault: SL_CORRUPT, err naming it exactly (`share ID: event N:
   item I (KEY): …`). What came of it is kept beside the store (sl_log_facts). Runs on as many
   threads as there are processors, up to 16; memory is bounded by a state's keys for each. Nothing
   may be appended to the store meanwhile, since that would look like a fault: where a server
   writes, verify beside it. */
enum sl_result sl_store_verify(struct sl_store *store, const struct sl_progress *progress,
    struct sl_verified *verified, struct sl_err *err);

/* ---- keys ---- */

enum sl_role { SL_ROLE_NONE, SL_ROLE_CLIENT, SL_ROLE_OWNER };

/* Whose key `text` is, compared in constant time; of all else, empty too, SL_ROLE_NONE. */
enum sl_role sl_store_role(struct sl_store *store, struct sl_span text);

/* The keys themselves, NUL-terminated, valid until close; empty if not known here (SL_READ_BESIDE
   and makes_no_keys, when the server got them from outside). Verifier keys, of checkpoints and of
   head statements, are as C2SP signed-note writes them; the origin is the first one's name. */
const char *sl_store_owner_key(struct sl_store *store);
const char *sl_store_client_key(struct sl_store *store);
const char *sl_store_log_key(struct sl_store *store);
const char *sl_store_head_key(struct sl_store *store);
const char *sl_store_origin(struct sl_store *store);

/* A share's secret, computed: UUIDv5(namespace, session id), or over `session id#share id` for a
   share whose id is not the one its session id suggests (share_id empty: the plain one). Pure but
   for the namespace; empty if that is not known here. */
void sl_store_secret(struct sl_store *store, struct sl_span session_id, struct sl_span share_id,
    char secret[SL_SECRET_BYTES + 1]);

/* ---- shares ---- */

/* Is it [A-Za-z0-9_-]{1,64}? Nothing else is ever an id. */
bool sl_share_id_valid(struct sl_span id);

struct sl_credentials {
    char id[SL_SHARE_ID_BYTES + 1];
    char secret[SL_SECRET_BYTES + 1];
    bool recovered; /* of a share that was there before */
};

/* Create a share for a session, or recover the one there is; core/README.md has the whole rule as a
   table. `role` says which key the caller showed, and the share's create event keeps it.
   SL_ROLE_CLIENT gets back, unchanged, the newest live share of this session that this key made and
   whose recomputed secret fits; SL_ROLE_OWNER the same, and if it made none, the newest of any
   other key. SL_ROLE_NONE only gets a twin: `peer` (any text that names the client's address)
   created the session's first share without a key within SL_TWIN_CREATE_MS, and hasn't synced to
   it. Else a new share is made, durably. So what was made without a key, or by an event of format
   1, is never handed to anybody else; and an id is never given twice. SL_INVALID: session id empty,
   longer than SL_SESSION_ID_BYTES, or with control characters; or the namespace is not known here.
   SL_HELD: the owner took down a share of this session that this key made, or of which that isn't
   known; for SL_ROLE_NONE, any. SL_READ_ONLY, SL_CLOSING: nothing was made. SL_IO: its fate is
   unknown, and the store is read-only from then on. */
enum sl_result sl_share_create(struct sl_store *store, struct sl_span session_id, enum sl_role role,
    struct sl_span peer, struct sl_credentials *credentials, struct sl_err *err);

enum sl_share_state { SL_SHARE_LIVE, SL_SHARE_REMOVED };
enum sl_who { SL_WHO_SECRET, SL_WHO_OWNER };

struct sl_share_info {
    char id[SL_SHARE_ID_BYTES + 1];
    char session_id[SL_SESSION_ID_BYTES + 1];
    enum sl_share_state state;
    uint64_t created_ms;
    uint64_t sequence;   /* of the last event */
    uint64_t syncs;      /* events that are sync batches */
    uint64_t updated_ms; /* time of the last event */
    uint8_t salt[32];    /* share_ref = SHA-256(salt ‖ id) */
    /* of a removed share: */
    uint64_t removed_ms;
    enum sl_who removed_by;
    bool erased; /* nothing of its content is left on disk */
};

/* What the store knows of a share, live or removed, without folding. Copied, the caller's.
   SL_NOT_FOUND: no such id was ever given. */
enum sl_result sl_share_info(
    struct sl_store *store, struct sl_span id, struct sl_share_info *info, struct sl_err *err);

struct sl_synced {
    uint64_t sequence, position, syncs;
};

/* Append one sync batch: `body` is the request's JSON, {"secret": …, "data": [{"type": …, "data":
   …} …]}, `arrived_us` when its first byte came. Parses, checks the secret, hashes, waits for the
   sequencer. SL_OK means durable. Any other result means that nothing was or will be stored, but
   SL_IO: then its fate is unknown, and the store is read-only from then on. The body is only read,
   and not kept. SL_INVALID: what and where (`data[3].type: expected a string`). SL_TOO_LARGE: a
   limit, named. SL_NOT_FOUND: no such share. SL_REMOVED: removed. SL_BAD_SECRET. SL_READ_ONLY.
   SL_CLOSING. The secret is judged before the items: who doesn't hold it learns nothing but that,
   or that the text is no JSON. Cost: one pass over the body, two hashes an item, one copy into
   RocksDB's batch; depends on nothing but the body. */
enum sl_result sl_share_sync(struct sl_store *store, struct sl_span id, struct sl_span body,
    uint64_t arrived_us, struct sl_synced *synced, struct sl_err *err);

/* Take a share's content away for ever: unreadable when this returns, erased from disk soon after
   by the compactor (journalled: it goes on after a crash). Headers stay, and with them every proof.
   `who` SL_WHO_SECRET checks `secret` first, the others ignore it. Removing a removed share is
   SL_OK and changes nothing (with its secret, or by the owner). An owner's removal holds its
   session for whoever made the share (sl_share_create): it can't be shared again until
   sl_session_allow. `reason` may be empty. SL_NOT_FOUND, SL_BAD_SECRET, SL_READ_ONLY, SL_CLOSING:
   nothing was removed. SL_INVALID: a reason longer than SL_REASON_BYTES. SL_IO: its fate is
   unknown, and the store is read-only from then on. */
enum sl_result sl_share_remove(struct sl_store *store, struct sl_span id, enum sl_who who,
    struct sl_span secret, struct sl_span reason, struct sl_err *err);

/* Where readers of a session are led to: the newest of its live shares that a key made; if there is
   none, of those whose event doesn't say; if there is none, of those made without a key.
   SL_NOT_FOUND: it isn't shared here. */
enum sl_result sl_session_share(struct sl_store *store, struct sl_span session_id,
    char id[SL_SHARE_ID_BYTES + 1], struct sl_err *err);

/* Let a session that the owner took down be shared again (as a new share), by everybody, durably.
   SL_OK when it was not held too. SL_READ_ONLY, SL_CLOSING. SL_IO: as in sl_share_remove. */
enum sl_result sl_session_allow(
    struct sl_store *store, struct sl_span session_id, struct sl_err *err);

/* ---- a share at a moment ---- */

enum sl_moment_kind { SL_NOW, SL_AT_SEQUENCE, SL_AT_TIME };
struct sl_moment {
    enum sl_moment_kind kind;
    uint64_t value; /* a sequence, or milliseconds: the last event at or before it */
};

/* A share as it was at a moment. The view stays what it is whatever is appended later; it holds
   keys and places, not contents, which are read as they are asked for. The caller closes it with
   sl_view_close; one thread at a time uses it. The share is folded by the first call that needs it:
   that one costs a snapshot's table and the events behind it, the next ones nothing of the kind.
   SL_NOT_FOUND: no such id. SL_REMOVED. SL_NO_MOMENT: no such sequence, or before the first event;
   err names the range that exists.

   Each function of a view, besides what it lists: SL_REMOVED, SL_REDACTED when the share was
   removed or redacted since the view was opened (redaction: since the moment, however far back).
   Nothing that was taken away is given out; the view is good for nothing but closing then. */
enum sl_result sl_view_open(struct sl_store *store, struct sl_span id, struct sl_moment moment,
    struct sl_view **view, struct sl_err *err);
void sl_view_close(struct sl_view *view); /* NULL is fine */

/* What a list or a page's head says of a share. Spans are JSON values as the client sent them (a
   string with its quotes), empty when there is none or it is not a string; valid until the view is
   closed, or for the callback. */
struct sl_metadata {
    const char *id;
    struct sl_span session_id;       /* plain text */
    struct sl_span title, directory; /* JSON */
    uint64_t messages, parts, diffs, models;
    uint64_t syncs, sequence;
    uint64_t created_ms, updated_ms; /* updated: the last event at or before the moment */
    uint64_t bytes;                  /* of the state: what /data sends */
};
/* Costs nothing where the summary is in memory or a snapshot lies at the moment; else a fold. */
enum sl_result sl_view_metadata(
    struct sl_view *view, struct sl_metadata *metadata, struct sl_err *err);

/* The upstream view, `[{"type":…,"data":…},…]`: the newest item of each key, in bytewise order of
   key. With nothing pending since a snapshot its rows go to the sink as they lie. SL_STOPPED. */
enum sl_result sl_view_data(struct sl_view *view, struct sl_sink sink, struct sl_err *err);

/* How many bytes that will be: exactly so many, or sl_view_data fails. */
enum sl_result sl_view_data_bytes(struct sl_view *view, uint64_t *bytes, struct sl_err *err);

/* One array of the AgentSession view, or its session, as JSON: messages, parts and models in order
   of first arrival, diffs of all batches in order. SL_SECTION_SESSION gives the session's value, or
   null. SL_STOPPED. SL_INVALID: no such section. */
enum sl_section {
    SL_SECTION_SESSION,
    SL_SECTION_MESSAGES,
    SL_SECTION_PARTS,
    SL_SECTION_DIFFS,
    SL_SECTION_LATEST_DIFFS,
    SL_SECTION_MODELS
};
enum sl_result sl_view_section(
    struct sl_view *view, enum sl_section section, struct sl_sink sink, struct sl_err *err);

/* Item by item, in order of first arrival or of key, for pages and programs. */
struct sl_view_item {
    struct sl_span key, type;      /* type decoded; valid until the view is closed */
    struct sl_span data;           /* JSON; valid until the next call on the view */
    uint64_t arrived_us, sequence; /* of this version */
    uint64_t first_sequence;       /* where the key first appeared */
};
enum sl_order { SL_BY_ARRIVAL, SL_BY_KEY };
/* How many items there are. */
enum sl_result sl_view_items(struct sl_view *view, size_t *count, struct sl_err *err);
/* The index-th in that order, from 0, in memory as a whole. SL_NOT_FOUND: there are fewer. */
enum sl_result sl_view_item(struct sl_view *view, enum sl_order order, size_t index,
    struct sl_view_item *item, struct sl_err *err);
/* The same without its data, which stays unread and empty. */
enum sl_result sl_view_item_key(struct sl_view *view, enum sl_order order, size_t index,
    struct sl_view_item *item, struct sl_err *err);

/* Which keys differ between two moments of one share (sequences; from > to walks back). A key is
   changed when its bytes differ, not when it was merely sent again. Keys come in bytewise order,
   each kind by itself: added, changed, dropped; each valid for the call. False stops with SL_OK.
   Memory: two views. SL_NOT_FOUND, SL_REMOVED, SL_REDACTED, SL_NO_MOMENT as for a view. */
enum sl_change { SL_ADDED, SL_CHANGED, SL_DROPPED };
enum sl_result sl_share_changes(struct sl_store *store, struct sl_span id, uint64_t from,
    uint64_t to, bool (*each)(void *ctx, enum sl_change change, struct sl_span key), void *ctx,
    struct sl_err *err);

/* ---- events ---- */

enum sl_kind { SL_CREATE = 0, SL_SYNC = 1, SL_REMOVE = 2, SL_REDACT = 3, SL_ALLOW = 4 };
const char *sl_kind_name(enum sl_kind kind); /* "create" …, "unknown"; for ever */

struct sl_type_count {
    struct sl_span type; /* as it is kept */
    uint64_t items;
};
struct sl_event_info {
    const char *share_id;
    uint64_t sequence, position, time_ms, arrived_us;
    enum sl_kind kind;
    bool erased;                   /* content gone: items, bytes, types, arrived_us are then 0 */
    uint64_t items, bytes, marked; /* marked: items that were redacted on arrival */
    const struct sl_type_count *types; /* in bytewise order of type */
    size_t types_count;
    uint8_t leaf[32]; /* the leaf hash */
};

/* A share's history, live or removed, from sequence `from` on (0: the first, or the last when
   newest_first), at most `limit` events; no body is read. What `each` gets is valid for the call;
   false stops with SL_OK. SL_NOT_FOUND. *next is where to go on, 0 at the end. */
enum sl_result sl_share_events(struct sl_store *store, struct sl_span id, uint64_t from,
    size_t limit, bool newest_first, bool (*each)(void *ctx, const struct sl_event_info *info),
    void *ctx, uint64_t *next, struct sl_err *err);

/* The whole store's history by position, in the same way, from position `from` on. *next is the
   position after the last one given. */
enum sl_result sl_store_events(struct sl_store *store, uint64_t from, size_t limit,
    bool (*each)(void *ctx, const struct sl_event_info *info), void *ctx, uint64_t *next,
    struct sl_err *err);

/* One event. The caller closes it with sl_event_close; one thread at a time uses it. An event whose
   content is gone opens too: it has a header, but no items. Memory: its items' names. SL_NOT_FOUND:
   no such share. SL_NO_MOMENT: no such sequence. SL_REMOVED, SL_REDACTED: while it was being
   opened; opening it again gives it as it is then.

   Each function of an event that returns a result, besides what it lists: SL_REMOVED, SL_REDACTED
   when its content was taken away or exchanged since it was opened. */
enum sl_result sl_event_open(struct sl_store *store, struct sl_span id, uint64_t sequence,
    struct sl_event **event, struct sl_err *err);
void sl_event_close(struct sl_event *event); /* NULL is fine */

/* Valid until the event is closed. The nonce is empty once the content is gone, and where an item
   is withheld, which it would give away. */
const struct sl_event_info *sl_event_info(const struct sl_event *event);
struct sl_span sl_event_header(const struct sl_event *event);
/* The hashes that the header names: the leaf before it in the share (zeros: none), and its
   manifest's commitment. False: the header is unreadable. */
bool sl_event_links(const struct sl_event *event, uint8_t prev[32], uint8_t commitment[32]);
struct sl_span sl_event_nonce(const struct sl_event *event);
/* The manifest's own nonce, 16 bytes: all that is needed of the nonce where items are withheld. */
struct sl_span sl_event_manifest_nonce(const struct sl_event *event);
struct sl_span sl_event_salt(const struct sl_event *event);

struct sl_item {
    struct sl_span type, key; /* decoded; encoded */
    uint64_t bytes;           /* as it is stored */
    /* Withheld: redacted, `bytes` being the replacement's; or a create's. Marked: on arrival. */
    bool withheld, marked;
    uint64_t committed_bytes;  /* of the data that the event committed to */
    const uint8_t *nonce;      /* 16 bytes; NULL: withheld, or the content is gone */
    const uint8_t *commitment; /* 32 bytes, of a withheld item; else NULL: SHA-256(nonce ‖ data) */
};
/* Pointers are valid until the next call on the event. All zero: there are not so many. */
struct sl_item sl_event_item(struct sl_event *event, size_t index);
/* An item's bytes; of a sync they are JSON, of other kinds msgpack. SL_NOT_FOUND: there are not so
   many items. SL_STOPPED. */
enum sl_result sl_event_item_data(
    struct sl_event *event, size_t index, struct sl_sink sink, struct sl_err *err);

/* A sync's `[{"type":…,"data":…},…]` as one text of known length, readable from any offset: copy up
   to `cap` bytes from `offset` on into `out`; *len is 0 only at the end. Holds no memory of the
   store between calls. Of kinds other than sync, and of erased events, the text is `[]`. */
uint64_t sl_event_text_bytes(const struct sl_event *event);
enum sl_result sl_event_text(struct sl_event *event, uint64_t offset, char *out, size_t cap,
    size_t *len, struct sl_err *err);

/* What the server's own events say: a removal, a redaction, an allowance. Of a redaction `each`
   (may be NULL) gets what it replaced, with spans that are valid for the call, until false, which
   is SL_OK. Memory: the event's content. SL_INVALID: an event of another kind. SL_REMOVED: its
   content is gone. */
struct sl_control {
    enum sl_who who;
    uint64_t replaced; /* items, of a redaction */
    size_t reason_bytes;
    char reason[SL_REASON_BYTES + 1]; /* terminated */
};
struct sl_replaced {
    uint64_t sequence, item; /* item from 0 */
    struct sl_span replacement;
};
enum sl_result sl_event_control(struct sl_event *event,
    bool (*each)(void *ctx, const struct sl_replaced *replaced), void *ctx,
    struct sl_control *control, struct sl_err *err);

/* Is the event what its header commits to: of this share, with these items, types, keys and lengths
   in this order, arrived at this time? Reads all of its content; of what is withheld the commitment
   counts. SL_CORRUPT: no, and err says what differs. SL_REMOVED: its content is gone, all else
   holds. */
enum sl_result sl_event_check(struct sl_event *event, struct sl_err *err);

/* ---- the log ---- */

/* All shares' events by position are the leaves of one Merkle tree (RFC 6962, 2.1). A *checkpoint*
   is its size and root, signed: a signed note as C2SP has it. */

#define SL_CHECKPOINT_BYTES 8192 /* one of this store's; a stranger's may be larger (note.h) */
struct sl_checkpoint {
    uint64_t size;
    uint8_t root[32];
    uint64_t signed_ms; /* when; 0: not known */
    size_t len;
    char note[SL_CHECKPOINT_BYTES + 1]; /* terminated */
};

/* The newest checkpoint. A new one is signed when the log has grown, but at most once a second, and
   is kept on disk before it is returned; with `least` > 0 it covers at least so many events, for
   which this waits up to that second. Only what is durable is signed. A store that is read-only, or
   read beside, gives the one that is kept. SL_NOT_FOUND: none there that covers `least`.
   SL_CORRUPT: the log is not one that grew out of the last one signed; nothing is signed. */
enum sl_result sl_log_checkpoint(
    struct sl_store *store, uint64_t least, struct sl_checkpoint *checkpoint, struct sl_err *err);

/* What /log/checkpoint shows: the newest one that enough witnesses have cosigned, where there is
   one; else the newest. SL_NOT_FOUND: there is none. */
enum sl_result sl_log_published(
    struct sl_store *store, struct sl_checkpoint *checkpoint, struct sl_err *err);
/* Take a checkpoint of this log with cosignatures, which the caller has checked, as the published
   one; kept on disk. SL_INVALID: not signed by this log, not of this tree, or smaller than the
   one published. SL_READ_ONLY. */
enum sl_result sl_log_publish(struct sl_store *store, struct sl_span note, struct sl_err *err);

/* C2SP tiles. *hashes* of `width` (1 … 256) of tile `index` at `level`, 32 bytes each, into `out`.
   *entries*: the leaves themselves, each behind its length as big-endian u16. SL_NOT_FOUND: the log
   is not that large, or `width` is not in that range. SL_STOPPED. */
enum sl_result sl_log_tile(struct sl_store *store, unsigned level, uint64_t index, unsigned width,
    uint8_t out[256 * 32], struct sl_err *err);
enum sl_result sl_log_entries(struct sl_store *store, uint64_t index, unsigned width,
    struct sl_sink sink, struct sl_err *err);

/* Proofs for checkpoints' sizes, as many hashes as *count says, 32 bytes each. SL_NOT_FOUND: beyond
   the log's end; SL_INVALID: from > to. */
#define SL_PROOF_HASHES 64
enum sl_result sl_log_inclusion(struct sl_store *store, uint64_t position, uint64_t size,
    uint8_t hashes[SL_PROOF_HASHES][32], size_t *count, struct sl_err *err);
enum sl_result sl_log_consistency(struct sl_store *store, uint64_t from, uint64_t to,
    uint8_t hashes[SL_PROOF_HASHES][32], size_t *count, struct sl_err *err);

/* Is the event's leaf in a checkpoint's log, at its position? A proof is made and checked.
   SL_NOT_FOUND: the checkpoint is older, or the log smaller than it. SL_CORRUPT: it is not. */
enum sl_result sl_event_included(struct sl_store *store, const struct sl_event *event,
    const struct sl_checkpoint *checkpoint, struct sl_err *err);

/* An event's proof file (c2sp.org/tlog-proof@v1): its inclusion in the published checkpoint if that
   covers it, else in the newest (waits for one as sl_log_checkpoint does). SL_NOT_FOUND: no such
   share, or no checkpoint that covers it. SL_NO_MOMENT: no such sequence. SL_STOPPED. */
enum sl_result sl_event_proof(struct sl_store *store, struct sl_span id, uint64_t sequence,
    struct sl_sink sink, struct sl_err *err);

/* Where a share ends, live or removed, signed (proof/head_statement.h): as it is now (sequence 0),
   or as it was when an event was its last, which is a receipt of that. Results and waiting as
   above; SL_READ_ONLY: nothing is signed any more, or not by a store that was opened to be read. */
enum sl_result sl_share_head(struct sl_store *store, struct sl_span id, uint64_t sequence,
    struct sl_sink sink, struct sl_err *err);

/* Everything that is needed to verify a share without the store (bundle.h says how it looks), of
   its events up to now, live or removed; without a head statement where none is signed. Memory: the
   largest event's names. SL_NOT_FOUND. SL_REMOVED, SL_REDACTED: just now. SL_STOPPED. */
enum sl_result sl_share_bundle(
    struct sl_store *store, struct sl_span id, struct sl_sink sink, struct sl_err *err);

/* What the log is, for the operator. The caller's, but for origin and keys. */
struct sl_log_facts {
    uint64_t size;
    const char *origin, *log_key, *head_key; /* valid until close */
    bool has_checkpoint, has_published;
    struct sl_checkpoint newest, published;
    uint64_t verified_ms, verified_size; /* sl_store_verify keeps what it found last; 0: never */
    bool verified_ok;
    char verified_fault[480];
    char disputed[301]; /* what a witness holds against it (sl_log_dispute); empty: nothing */
};
enum sl_result sl_log_facts(struct sl_store *store, struct sl_log_facts *facts, struct sl_err *err);

/* A witness refuses the proof that `checkpoint` grew out of the log's first `size` events. No
   writes until sl_log_new_origin (dispute.h). SL_IO, SL_NOMEM: that may end with the closing. With
   SL_CORRUPT (damaged tiles made the proof wrong), SL_INVALID, SL_READ_ONLY nothing changes. */
enum sl_result sl_log_dispute(struct sl_store *store, const struct sl_checkpoint *checkpoint,
    uint64_t size, const char *reason, struct sl_err *err);

/* Go on under a new origin, for a store that is read-only since its log is shorter than, or differs
   from, a checkpoint that was signed, or is disputed. What was signed stays signed: whoever has one
   of the old origin can prove that. Checkpoints and dispute are put aside (`checkpoint-ORIGIN`). It
   takes effect with the next opening; until then nothing is signed. Can be tried again. SL_INVALID:
   no name, or one that this log has or had. */
enum sl_result sl_log_new_origin(struct sl_store *store, struct sl_span origin, struct sl_err *err);

/* ---- redaction ---- */

/* What to take out of events that stay: exactly one of an item of an event, every version of an
   item key, every item whose strings hold a text. */
struct sl_redaction {
    struct sl_span share_id;  /* empty, with a text: in every live share */
    uint64_t sequence;        /* an item: its event … */
    uint64_t item;            /* … and number, from 0 */
    struct sl_span key, text; /* empty: not meant */
    enum sl_who who;          /* SL_WHO_SECRET: `secret` is checked, and share_id given */
    struct sl_span secret, reason;
};
struct sl_redacted {
    uint64_t shares, events, items;
    uint64_t in_keys; /* items whose key or type holds the text: those stay, being no content */
};

/* Replace what is meant (redact_text.h says by what) in the store, in snapshots, in what is read
   from now on; append redact events that say who, when, why and which; erase the bytes from disk
   soon after, as a removal does. Every header and proof stays valid. Reading it is possible until
   this returns and never after; views that were open fail with SL_REDACTED. Nothing that fits:
   SL_OK, all counts 0, nothing appended.

   Where something fitted a rule is kept, and the same is redacted again when it is sent again: an
   item or key in its share, a text in every share (in its share alone, where its secret asked for
   it).

   SL_NOT_FOUND: no such share, event or item. SL_REMOVED. SL_BAD_SECRET. SL_INVALID: a text or key
   too short or too long, an event that is no sync, more or less than one thing meant, a reason
   longer than SL_REASON_BYTES. SL_READ_ONLY, SL_CLOSING. After a failure in the middle (of many
   shares, or of a large one) what was redacted until then stays so; the same call goes on. */
enum sl_result sl_redact(struct sl_store *store, const struct sl_redaction *redaction,
    const struct sl_progress *progress, struct sl_redacted *redacted, struct sl_err *err);

/* ---- the list of shares ---- */

/* Live shares, the one with the newest event first, at most `limit`, each with its metadata as of
   now (folded as it is listed; valid for the call). `cursor` 0 begins; *next is the cursor to go on
   with, 0 at the end. False stops with SL_OK. A share that is removed meanwhile is passed over. */
enum sl_result sl_shares(struct sl_store *store, uint64_t cursor, size_t limit,
    bool (*each)(void *ctx, const struct sl_metadata *metadata), void *ctx, uint64_t *next,
    struct sl_err *err);

/* ---- being told ---- */

/* Call `told` from the sequencer after each commit, once an event, in order of position: it must be
   quick, must not block and must not call into the store. One subscriber; NULL ends it (no call is
   running when that returns). */
struct sl_told {
    const char *share_id;
    uint64_t sequence;
    enum sl_kind kind;
};
void sl_store_subscribe(
    struct sl_store *store, void (*told)(void *ctx, const struct sl_told *told), void *ctx);

#endif
