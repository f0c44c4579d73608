#ifndef SHARELOG_ROWS_H
#define SHARELOG_ROWS_H

/* The bytes of every key in the store, built here and nowhere else. Numbers are big-endian, so that
   bytewise order is the order of sequences and positions. Golden files pin them: a change here is a
   new storage format. FORMAT.md says what lies under the keys.

       meta         name | "erase/" share | "rule/" share 00 mac[32]
       event        share 00 sequence[8]
       body         share 00 sequence[8] chunk[4]
       hot          share 00 sequence[8] chunk[4]
       cold         share 00 sequence[8] chunk[4], of the first row in it
       log          position[8]
       share        share
       by_session   session made-by position[8]
       tile         level[1] index[8]
       snapshot     share 00 sequence[8] chunk[4]
       index        'n' ~position[8] | 'r' ref[32] | 'd' share | 'h' session made-by share

       made-by      01 maker[32] | 00: the share's create event is of format 1, which doesn't say

   No session id holds a byte below 20, so that either end of it ends it. No share id holds a byte
   below '-', so that 00 behind it ends it, and the rows of one share lie between `share 00` and
   `share 01`. Building a key can't fail: ids are checked where they come in. */

#include "core/base/limits.h"
#include "core/event/maker.h"
#include "core/kv/kv.h"

#define ROW_KEY_BYTES 368

struct row_key {
    size_t len;
    char bytes[ROW_KEY_BYTES];
};

static inline struct sl_span row_span(const struct row_key *key)
{
    return (struct sl_span){key->bytes, key->len};
}

struct row_key row_meta(const char *name);
/* `erase/` and a share id: it is removed, and its bytes are not yet erased. The mark is among the
   truth, since no event says it. */
struct row_key row_erase(struct sl_span share_id);
/* `rule/`, a share id (empty: every share), 0x00, a rule's MAC: a text that was redacted
   there and is to be redacted again. It is among the truth too: it outlives the share whose event
   says it. */
struct row_key row_rule(struct sl_span share_id, const uint8_t mac[32]);
struct row_key row_event(struct sl_span share_id, uint64_t sequence);
/* of `body`, `hot` and `cold` */
struct row_key row_body(struct sl_span share_id, uint64_t sequence, uint32_t chunk);
struct row_key row_log(uint64_t position);
struct row_key row_tile(unsigned level, uint64_t index);
struct row_key row_share(struct sl_span share_id);
/* The live shares of a session, by who made them. The create event's position stands for "created":
   it orders the same way and never ties. */
struct row_key row_by_session(
    struct sl_span session_id, const uint8_t maker[MAKER_BYTES], uint64_t position);
struct row_key row_snapshot(struct sl_span share_id, uint64_t sequence, uint32_t chunk);

/* The index family: one letter says which index. */
/* by the position of a live share's last event, newest first -> share id */
#define ROW_INDEX_NEWEST 'n'
#define ROW_INDEX_REF 'r' /* share_ref -> share id */
#define ROW_INDEX_DUE 'd' /* share id: a snapshot of it is due */
/* session id, who made the share, share id: the owner took it down, and holds its session */
#define ROW_INDEX_HELD 'h'
struct row_key row_newest(uint64_t position);
struct row_key row_ref(const uint8_t ref[32]);
struct row_key row_index(char index, struct sl_span name); /* due */
/* an empty share id: before the first */
struct row_key row_held(
    struct sl_span session_id, const uint8_t maker[MAKER_BYTES], struct sl_span share_id);

/* Every key of one session in by_session, and every hold of it, lies in [from, to). */
struct row_key row_by_session_from(struct sl_span session_id);
struct row_key row_by_session_to(struct sl_span session_id);
struct row_key row_held_from(struct sl_span session_id);
struct row_key row_held_to(struct sl_span session_id);

/* Every key of one share in event, body, hot, cold or snapshot lies in [from, to). */
struct row_key row_share_from(struct sl_span share_id);
struct row_key row_share_to(struct sl_span share_id);

/* A key's parts again. False: not such a key. The id points into the key. */
bool row_parse_event(struct sl_span key, struct sl_span *share_id, uint64_t *sequence);
bool row_parse_chunk(
    struct sl_span key, struct sl_span *share_id, uint64_t *sequence, uint32_t *chunk);
/* Of one that begins with that session: `*maker` points into the key too, or is maker_unknown. */
bool row_parse_by_session(
    struct sl_span key, struct sl_span session_id, const uint8_t **maker, uint64_t *position);
bool row_parse_held(struct sl_span key, struct sl_span session_id, struct sl_span *share_id);

/* In each derived family, a row that says that the family is whole: the format of its contents. Its
   first byte, 0xff, begins no other key. */
#define ROW_DERIVED_FORMAT 3
struct row_key row_whole(void);

#endif
