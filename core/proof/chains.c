/* The last header of each share in a table, by which the next one is judged. Whoever runs the log
   may lie: everything about a header but its leaf hash is looked at here. A header that doesn't
   fit, or for which there is no memory, changes nothing. */

#include "core/proof/chains.h"

#include "core/base/crypto.h"
#include "core/event/event.h"

#include <assert.h>
#include <stdlib.h>

#define ROOM_FIRST 256 /* a power of two, as every doubling of it is */

struct chain {
    uint8_t ref[32], leaf[32];
    uint64_t sequence, time_ms; /* sequence 0: the place is free */
    bool removed, whole;        /* whole: its events are known from the first on */
};

struct chains {
    struct chain *table; /* open addressing; refs are hashes already */
    size_t room, count;
    bool whole;
    uint64_t newest_ms, latest_ms; /* so far, of those that aren't ahead; 0: no bound */
    struct chains_times times;
};

struct chains *chains_create(bool whole)
{
    struct chains *chains = calloc(1, sizeof(*chains));
    if (!chains) return NULL;
    chains->whole = whole;
    chains->room = ROOM_FIRST;
    chains->table = calloc(chains->room, sizeof(*chains->table));
    if (chains->table) return chains;
    free(chains);
    return NULL;
}

void chains_destroy(struct chains *chains)
{
    if (!chains) return;
    free(chains->table);
    free(chains);
}

void chains_set_latest(struct chains *chains, uint64_t latest_ms)
{
    assert(chains->count == 0);
    chains->latest_ms = latest_ms;
}

struct chains_times chains_times(const struct chains *chains)
{
    return chains->times;
}

uint64_t chains_count(const struct chains *chains)
{
    return chains->count;
}

bool chains_leaf_is(struct sl_span header, const uint8_t leaf[32])
{
    uint8_t own[32];
    header_leaf(header, own);
    return memcmp(own, leaf, 32) == 0;
}

/* The share's place in the table, or the free one where it belongs. */
static struct chain *find(struct chain *table, size_t room, const uint8_t ref[32])
{
    size_t at = (size_t)be_get(ref, 8) & (room - 1);
    while (table[at].sequence && memcmp(table[at].ref, ref, 32) != 0)
        at = (at + 1) & (room - 1);
    return &table[at];
}

/* Room for one share more, so that the table always has a free place. */
static bool reserve(struct chains *chains)
{
    if ((chains->count + 1) * 4 <= chains->room * 3) return true;
    size_t room = chains->room * 2;
    struct chain *table = calloc(room, sizeof(*table));
    if (!table) return false;
    for (size_t i = 0; i < chains->room; i++)
        if (chains->table[i].sequence) *find(table, room, chains->table[i].ref) = chains->table[i];
    free(chains->table);
    chains->table = table;
    chains->room = room;
    return true;
}

/* What is wrong with a header behind the last one of its share; NULL: nothing. */
static const char *wrong(
    const struct chains *chains, const struct chain *chain, const struct header *header)
{
    bool first = header->sequence == 1, known = chain->sequence > 0;
    if (header->kind > SL_ALLOW) return "it is of a kind that isn't known here";
    if (first != (header->kind == SL_CREATE))
        return first ? "its share doesn't begin with a creation" : "a second creation of its share";
    if (!known && first)
        for (size_t i = 0; i < 32; i++)
            if (header->prev[i]) return "it names an event before the first of its share";
    if (!known) return first || !chains->whole ? NULL : "the first events of its share are missing";
    if (header->sequence <= chain->sequence)
        return "its share has an event of that sequence already";
    if (header->sequence != chain->sequence + 1) return "events of its share before it are missing";
    if (memcmp(header->prev, chain->leaf, 32) != 0)
        return "it names another event than the one before it in its share (prev)";
    if (header->time_ms < chain->time_ms) return "its time is before that of the event before it";
    if (chain->removed && header->kind != SL_ALLOW) return "its share was removed before";
    if (!chain->removed && chain->whole && header->kind == SL_ALLOW)
        return "it allows what was never removed";
    return NULL;
}

static void count_odd(struct chains_odd *odd, uint64_t position)
{
    if (odd->count++ == 0) odd->first = position;
}

/* A time ahead of all says nothing of the events behind it. */
static void look_at_time(struct chains *chains, uint64_t position, uint64_t time_ms)
{
    if (chains->latest_ms && time_ms > chains->latest_ms) {
        count_odd(&chains->times.ahead, position);
        return;
    }
    if (time_ms < chains->newest_ms && chains->newest_ms - time_ms > CHAINS_BACK_MS)
        count_odd(&chains->times.back, position);
    if (time_ms > chains->newest_ms) chains->newest_ms = time_ms;
}

enum sl_result chains_add(struct chains *chains, uint64_t position, struct sl_span bytes,
    const uint8_t leaf[32], struct sl_err *err)
{
    struct header header;
    if (!header_decode(bytes, &header))
        return sl_fail(err, SL_CORRUPT, "position %llu: no header", (unsigned long long)position);
    if (!reserve(chains)) return sl_fail(err, SL_NOMEM, "out of memory");
    assert(chains->count < chains->room);
    struct chain *chain = find(chains->table, chains->room, header.share_ref);
    const char *what = wrong(chains, chain, &header);
    if (what) {
        char ref[65];
        crypto_hex(header.share_ref, 32, ref);
        return sl_fail(err, SL_CORRUPT, "position %llu (event %llu of the share %.16s...): %s",
            (unsigned long long)position, (unsigned long long)header.sequence, ref, what);
    }
    look_at_time(chains, position, header.time_ms);
    if (chain->sequence == 0) {
        chains->count++;
        chain->whole = header.sequence == 1;
    }
    memcpy(chain->ref, header.share_ref, 32);
    memcpy(chain->leaf, leaf, 32);
    chain->sequence = header.sequence;
    chain->time_ms = header.time_ms;
    chain->removed = chain->removed || header.kind == SL_REMOVE;
    return SL_OK;
}
