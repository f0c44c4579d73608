/* Keys put together byte by byte, and the parsers of those that are read back. Building can't fail:
   ids are checked where they come in. A parser returns false for a key of another shape, and its
   caller calls that damage. */

#include "core/kv/rows.h"

#include "core/base/buf.h"

#include <assert.h>

static_assert(1 + SL_SESSION_ID_BYTES + 1 + MAKER_BYTES + SL_SHARE_ID_BYTES <= ROW_KEY_BYTES,
    "the longest key fits");
static_assert(ROW_KEY_BYTES <= KV_BOUND_BYTES, "a key can be a bound");

static void add(struct row_key *key, const void *bytes, size_t len)
{
    assert(key->len + len <= ROW_KEY_BYTES);
    if (len) memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

static void add_number(struct row_key *key, uint64_t value, size_t bytes)
{
    uint8_t be[8];
    assert(bytes <= sizeof(be) && (bytes == 8 || value >> (8 * bytes) == 0));
    be_put(be, value, bytes);
    add(key, be, bytes);
}

static struct row_key of(struct sl_span name)
{
    struct row_key key;
    key.len = 0;
    add(&key, name.ptr, name.len);
    return key;
}

/* A name, and a number behind its end. */
static struct row_key of_share(struct sl_span share_id, uint64_t sequence)
{
    struct row_key key = of(share_id);
    add(&key, "", 1);
    add_number(&key, sequence, 8);
    return key;
}

struct row_key row_meta(const char *name)
{
    return of(sl_span_of(name));
}

struct row_key row_erase(struct sl_span share_id)
{
    struct row_key key = row_meta("erase/");
    add(&key, share_id.ptr, share_id.len);
    return key;
}

struct row_key row_rule(struct sl_span share_id, const uint8_t mac[32])
{
    struct row_key key = row_meta("rule/");
    add(&key, share_id.ptr, share_id.len);
    add(&key, "", 1);
    add(&key, mac, 32);
    return key;
}

struct row_key row_event(struct sl_span share_id, uint64_t sequence)
{
    return of_share(share_id, sequence);
}

struct row_key row_body(struct sl_span share_id, uint64_t sequence, uint32_t chunk)
{
    struct row_key key = of_share(share_id, sequence);
    add_number(&key, chunk, 4);
    return key;
}

struct row_key row_log(uint64_t position)
{
    struct row_key key;
    key.len = 0;
    add_number(&key, position, 8);
    return key;
}

struct row_key row_tile(unsigned level, uint64_t index)
{
    struct row_key key = of((struct sl_span){(char[]){(char)level}, 1});
    add_number(&key, index, 8);
    return key;
}

struct row_key row_share(struct sl_span share_id)
{
    return of(share_id);
}

/* A session's end, and who made its share: none, of format 1, sorts before all. */
#define MADE_UNKNOWN "\0"
#define MADE_BY "\1"
#define MADE_END "\2"

static void add_maker(struct row_key *key, const uint8_t maker[MAKER_BYTES])
{
    bool unknown = maker_same(maker, maker_unknown);
    add(key, unknown ? MADE_UNKNOWN : MADE_BY, 1);
    if (!unknown) add(key, maker, MAKER_BYTES);
}

static struct row_key of_session(struct sl_span session_id, const char *end)
{
    struct row_key key = of(session_id);
    add(&key, end, 1);
    return key;
}

struct row_key row_by_session(
    struct sl_span session_id, const uint8_t maker[MAKER_BYTES], uint64_t position)
{
    struct row_key key = of(session_id);
    add_maker(&key, maker);
    add_number(&key, position, 8);
    return key;
}

struct row_key row_by_session_from(struct sl_span session_id)
{
    return of_session(session_id, MADE_UNKNOWN);
}

struct row_key row_by_session_to(struct sl_span session_id)
{
    return of_session(session_id, MADE_END);
}

struct row_key row_snapshot(struct sl_span share_id, uint64_t sequence, uint32_t chunk)
{
    return row_body(share_id, sequence, chunk);
}

struct row_key row_newest(uint64_t position)
{
    struct row_key key = of((struct sl_span){(char[]){ROW_INDEX_NEWEST}, 1});
    add_number(&key, ~position, 8);
    return key;
}

struct row_key row_index(char index, struct sl_span name)
{
    struct row_key key = of((struct sl_span){&index, 1});
    add(&key, name.ptr, name.len);
    return key;
}

struct row_key row_held(
    struct sl_span session_id, const uint8_t maker[MAKER_BYTES], struct sl_span share_id)
{
    struct row_key key = row_index(ROW_INDEX_HELD, session_id);
    add_maker(&key, maker);
    add(&key, share_id.ptr, share_id.len);
    return key;
}

struct row_key row_held_from(struct sl_span session_id)
{
    struct row_key key = row_index(ROW_INDEX_HELD, session_id);
    add(&key, MADE_UNKNOWN, 1);
    return key;
}

struct row_key row_held_to(struct sl_span session_id)
{
    struct row_key key = row_index(ROW_INDEX_HELD, session_id);
    add(&key, MADE_END, 1);
    return key;
}

struct row_key row_ref(const uint8_t ref[32])
{
    return row_index(ROW_INDEX_REF, (struct sl_span){(const char *)ref, 32});
}

struct row_key row_share_from(struct sl_span share_id)
{
    struct row_key key = of(share_id);
    add(&key, "", 1);
    return key;
}

struct row_key row_share_to(struct sl_span share_id)
{
    struct row_key key = of(share_id);
    add(&key, "\1", 1);
    return key;
}

bool row_parse_event(struct sl_span key, struct sl_span *share_id, uint64_t *sequence)
{
    if (key.len < 10 || key.ptr[key.len - 9] != 0) return false;
    *share_id = (struct sl_span){key.ptr, key.len - 9};
    *sequence = be_get(key.ptr + key.len - 8, 8);
    return true;
}

bool row_parse_chunk(
    struct sl_span key, struct sl_span *share_id, uint64_t *sequence, uint32_t *chunk)
{
    if (key.len < 14 ||
        !row_parse_event((struct sl_span){key.ptr, key.len - 4}, share_id, sequence))
        return false;
    *chunk = (uint32_t)be_get(key.ptr + key.len - 4, 4);
    return true;
}

/* Who made it, from what follows the session id; *rest: what follows that. */
static bool parse_maker(struct sl_span made, const uint8_t **maker, struct sl_span *rest)
{
    if (made.len < 1 || (made.ptr[0] != MADE_UNKNOWN[0] && made.ptr[0] != MADE_BY[0])) return false;
    bool unknown = made.ptr[0] == MADE_UNKNOWN[0];
    size_t len = unknown ? 1 : 1 + MAKER_BYTES;
    if (made.len < len) return false;
    *maker = unknown ? maker_unknown : (const uint8_t *)made.ptr + 1;
    *rest = (struct sl_span){made.ptr + len, made.len - len};
    return true;
}

bool row_parse_by_session(
    struct sl_span key, struct sl_span session_id, const uint8_t **maker, uint64_t *position)
{
    struct sl_span rest;
    if (key.len < session_id.len) return false;
    struct sl_span made = {key.ptr + session_id.len, key.len - session_id.len};
    if (!parse_maker(made, maker, &rest) || rest.len != 8) return false;
    *position = be_get(rest.ptr, 8);
    return true;
}

bool row_parse_held(struct sl_span key, struct sl_span session_id, struct sl_span *share_id)
{
    const uint8_t *maker;
    if (key.len < 1 + session_id.len) return false;
    struct sl_span made = {key.ptr + 1 + session_id.len, key.len - 1 - session_id.len};
    return parse_maker(made, &maker, share_id) && share_id->len > 0 &&
           share_id->len <= SL_SHARE_ID_BYTES;
}

struct row_key row_whole(void)
{
    return of(SL_SPAN("\xffwhole"));
}
