/* Leaves are read tile by tile and put onto the tree's edge; above them each tile that fills up
   is held against the server's own:

     level 1     [ root of tile 0 | root of tile 1 | … ]     made here, must be what the server has
     level 0     [ leaf 0 … 255 ] [ leaf 256 … 511 ]  …      fetched; entries must hash to them

   At the older checkpoint's size the edge must have its root, at the end the newer one's.
   Memory: one tile a level, and 100 bytes a share where entries are shown. The first fault ends
   the walk, but for one: where the older checkpoint's root isn't met, the walk goes on. If its end
   is the newer one's then both are proven to contradict each other, and the roots that prove it are
   gathered. */

#include "tools/prove/walk.h"

#include "core/base/buf.h"
#include "core/base/limits.h"
#include "core/proof/chains.h"
#include "core/proof/tree.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define LEVELS 8 /* of tiles: 256^8 leaves */
#define ENTRIES_BYTES ((size_t)TILE_WIDTH * (2 + SL_HEADER_BYTES))

/* What the tile at a level's edge must hold, made from those below it. */
struct level {
    uint64_t index;
    unsigned width;
    bool grown; /* this walk added hashes; without that the tile is only the server's word */
    uint8_t hashes[TILE_BYTES];
};

struct walker {
    const struct walk *walk;
    struct walked walked;
    struct sl_err *err;
    struct tree_edge edge; /* of the leaves up to where it is */
    struct level level[LEVELS];
    struct {
        uint64_t index;
        bool held;
        struct buffer bytes;
    } tile[LEVELS]; /* the last one fetched of each */
    struct buffer entries;
    bool entries_asked;
    struct chains *chains;
};

/* ---- fetching ---- */

/* C2SP tlog-tiles: N in groups of three digits, all but the last with an x before it. */
static void put_index(struct buffer *path, uint64_t index)
{
    if (index >= 1000) {
        uint64_t groups[8], rest = index / 1000;
        size_t count = 0;
        for (; rest; rest /= 1000)
            groups[count++] = rest % 1000;
        while (count > 0)
            buffer_print(path, "x%03u/", (unsigned)groups[--count]);
    }
    buffer_print(path, "%03u", (unsigned)(index % 1000));
}

static unsigned width_of(const struct walker *walker, unsigned level, uint64_t index)
{
    uint64_t left = (walker->walk->newer->size >> (8 * level)) - index * TILE_WIDTH;
    return left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH;
}

/* One tile, hashes or entries, *width wide; a partial one may have become full since. */
static enum sl_result fetch(struct walker *walker, const char *kind, uint64_t index,
    unsigned *width, size_t cap, struct buffer *out, int *status)
{
    struct buffer path = {0};
    enum sl_result result = SL_OK;
    for (bool partial = *width < TILE_WIDTH;; partial = false) {
        path.len = 0;
        buffer_print(&path, WALK_PREFIX "/tile/%s/", kind);
        put_index(&path, index);
        if (partial)
            buffer_print(&path, ".p/%u", *width);
        else
            *width = TILE_WIDTH;
        result = client_fetch(walker->walk->client, buffer_c(&path), cap, out, status, walker->err);
        walker->walked.tiles++;
        if (result != SL_OK || *status != 404 || !partial) break;
    }
    if (result == SL_TOO_LARGE)
        result = sl_fail(
            walker->err, SL_CORRUPT, "tile %s: it is longer than any tile", buffer_c(&path));
    else if (result == SL_OK && *status == 404)
        result = sl_fail(walker->err, SL_CORRUPT,
            "tile %s is not there, though a checkpoint of %llu events was signed", buffer_c(&path),
            (unsigned long long)walker->walk->newer->size);
    buffer_free(&path);
    return result;
}

static enum sl_result fetch_hashes(
    struct walker *walker, unsigned level, uint64_t index, const uint8_t **hashes)
{
    struct buffer *bytes = &walker->tile[level].bytes;
    unsigned width = width_of(walker, level, index);
    char kind[16];
    int status = 0;
    assert(level < LEVELS);
    *hashes = NULL;
    if (!walker->tile[level].held || walker->tile[level].index != index) {
        walker->tile[level].held = false;
        snprintf(kind, sizeof(kind), "%u", level);
        enum sl_result result = fetch(walker, kind, index, &width, TILE_BYTES, bytes, &status);
        if (result != SL_OK) return result;
        if (status != 200)
            return sl_fail(walker->err, SL_IO, "tile %u/%llu: the answer was %d", level,
                (unsigned long long)index, status);
        if (bytes->len != (size_t)width * 32)
            return sl_fail(walker->err, SL_CORRUPT, "tile %u/%llu has %zu bytes instead of %u",
                level, (unsigned long long)index, bytes->len, width * 32);
        walker->tile[level].index = index;
        walker->tile[level].held = true;
    }
    *hashes = (const uint8_t *)bytes->ptr;
    return SL_OK;
}

/* The root over a power of two of hashes. */
static void join_all(const uint8_t *hashes, unsigned count, uint8_t root[32])
{
    uint8_t joined[TILE_BYTES];
    memcpy(joined, hashes, (size_t)count * 32);
    for (; count > 1; count /= 2)
        for (unsigned i = 0; i < count / 2; i++)
            tree_join(
                joined + (size_t)i * 64, joined + (size_t)i * 64 + 32, joined + (size_t)i * 32);
    memcpy(root, joined, 32);
}

/* ---- what is before the walk ---- */

static bool root_is(const struct walker *walker, const struct checkpoint_text *checkpoint)
{
    uint8_t root[32];
    tree_edge_root(&walker->edge, root);
    return memcmp(root, checkpoint->root, 32) == 0;
}

static enum sl_result other_root(
    struct walker *walker, const struct checkpoint_text *checkpoint, const char *what)
{
    return sl_fail(walker->err, SL_CORRUPT,
        "the first %llu events are not the ones that %s was signed for",
        (unsigned long long)checkpoint->size, what);
}

/* The edge is at the older checkpoint's size. */
static void look_at_older(struct walker *walker)
{
    walker->walked.conflict = !root_is(walker, walker->walk->older);
}

/* The root of a subtree, as the server has it. */
static enum sl_result subtree_root(
    struct walker *walker, struct tree_subtree subtree, uint8_t root[32])
{
    unsigned level = subtree.level / 8, width = 1u << subtree.level % 8;
    uint64_t first = subtree.index << subtree.level % 8;
    const uint8_t *hashes;
    enum sl_result result = fetch_hashes(walker, level, first / TILE_WIDTH, &hashes);
    if (result == SL_OK) join_all(hashes + first % TILE_WIDTH * 32, width, root);
    return result;
}

/* Begin behind the first `size` events without reading them. Their subtrees' roots and the tiles
   above come from the server; whether they are those of the older checkpoint is looked at then. */
static enum sl_result begin_behind(struct walker *walker, uint64_t size)
{
    struct tree_subtree cover[TREE_COVER];
    size_t count = tree_cover(0, size, cover);
    const uint8_t *hashes;
    for (size_t i = 0; i < count; i++) {
        uint8_t root[32];
        enum sl_result result = subtree_root(walker, cover[i], root);
        if (result != SL_OK) return result;
        bool fits = tree_add_subtree(&walker->edge, cover[i].level, root);
        assert(fits); /* the cover is in order and without gaps */
    }
    for (unsigned level = 1; level < LEVELS; level++) {
        struct level *at = &walker->level[level];
        uint64_t n = size >> (8 * level);
        at->index = n / TILE_WIDTH;
        at->width = (unsigned)(n % TILE_WIDTH);
        if (!at->width) continue;
        enum sl_result result = fetch_hashes(walker, level, at->index, &hashes);
        if (result != SL_OK) return result;
        memcpy(at->hashes, hashes, (size_t)at->width * 32);
    }
    look_at_older(walker);
    return SL_OK;
}

/* ---- tiles above the leaves ---- */

static enum sl_result check_level(struct walker *walker, unsigned level)
{
    const struct level *made = &walker->level[level];
    const uint8_t *hashes;
    enum sl_result result = fetch_hashes(walker, level, made->index, &hashes);
    if (result != SL_OK) return result;
    for (unsigned i = 0; i < made->width; i++)
        if (memcmp(hashes + (size_t)i * 32, made->hashes + (size_t)i * 32, 32) != 0)
            return sl_fail(walker->err, SL_CORRUPT,
                "tile %u/%llu: hash %u is not the root of tile %u/%llu below it", level,
                (unsigned long long)made->index, i, level - 1,
                (unsigned long long)(made->index * TILE_WIDTH + i));
    return SL_OK;
}

static enum sl_result push(struct walker *walker, unsigned level, const uint8_t hash[32])
{
    uint8_t root[32];
    enum sl_result result = SL_OK;
    memcpy(root, hash, 32);
    for (; level < LEVELS && result == SL_OK; level++) {
        struct level *at = &walker->level[level];
        assert(at->width < TILE_WIDTH); /* a full tile was handed up and begun anew */
        memcpy(at->hashes + (size_t)at->width * 32, root, 32);
        at->grown = true;
        if (++at->width < TILE_WIDTH) break;
        result = check_level(walker, level);
        join_all(at->hashes, TILE_WIDTH, root);
        at->index++;
        at->width = 0;
        at->grown = false;
    }
    return result;
}

static enum sl_result check_edge_tiles(struct walker *walker)
{
    enum sl_result result = SL_OK;
    for (unsigned level = 1; level < LEVELS && result == SL_OK; level++)
        if (walker->level[level].width && walker->level[level].grown)
            result = check_level(walker, level);
    return result;
}

/* ---- leaves ---- */

static bool entry_take(struct sl_span *rest, struct sl_span *header)
{
    size_t len = rest->len < 2 ? 0 : (size_t)be_get(rest->ptr, 2);
    if (rest->len < 2 || rest->len - 2 < len) return false;
    *header = (struct sl_span){rest->ptr + 2, len};
    *rest = (struct sl_span){header->ptr + len, rest->len - 2 - len};
    return true;
}

/* Of `got` headers check the first `width` against their leaf hashes, and from `from` on against
   the one before it in its share. What is behind them is of a later log, and not looked at. */
static enum sl_result check_headers(struct walker *walker, uint64_t index, const uint8_t *hashes,
    unsigned from, unsigned width, unsigned got)
{
    struct sl_span rest = buffer_span(&walker->entries), header;
    for (unsigned i = 0; i < got; i++) {
        uint64_t position = index * TILE_WIDTH + i;
        const uint8_t *leaf = hashes + (size_t)i * 32;
        if (!entry_take(&rest, &header))
            return sl_fail(walker->err, SL_CORRUPT, "entries %llu: they end before position %llu",
                (unsigned long long)index, (unsigned long long)position);
        if (i >= width) continue;
        if (!chains_leaf_is(header, leaf))
            return sl_fail(walker->err, SL_CORRUPT,
                "position %llu: its entry is not what its leaf hash was made of",
                (unsigned long long)position);
        if (i < from) continue;
        enum sl_result result = chains_add(walker->chains, position, header, leaf, walker->err);
        if (result != SL_OK) return result;
        walker->walked.entries++;
    }
    if (rest.len)
        return sl_fail(walker->err, SL_CORRUPT, "entries %llu: %zu bytes behind the last one",
            (unsigned long long)index, rest.len);
    return SL_OK;
}

static enum sl_result check_entries(
    struct walker *walker, uint64_t index, const uint8_t *hashes, unsigned from, unsigned width)
{
    int status = 0;
    unsigned got = width;
    bool first = !walker->entries_asked;
    if (!first && !walker->walked.shown) return SL_OK;
    walker->entries_asked = true;
    enum sl_result result =
        fetch(walker, "entries", index, &got, ENTRIES_BYTES, &walker->entries, &status);
    if (result != SL_OK) return result;
    if (first && (status == 401 || status == 403) && walker->walk->entries == WALK_ENTRIES_IF_SHOWN)
        return SL_OK;
    if (status == 401 || status == 403)
        return sl_fail(walker->err, SL_INVALID,
            "the log's entries are shown with the owner key alone (environment SHARELOG_OWNER_KEY, or --owner-key)");
    if (status != 200)
        return sl_fail(walker->err, SL_IO, "entries %llu: the answer was %d",
            (unsigned long long)index, status);
    walker->walked.shown = true;
    return check_headers(walker, index, hashes, from, width, got);
}

/* Put a tile of leaves onto the edge, check the older checkpoint's root where it is passed, and
   hand a full tile's root to the level above. */
static enum sl_result take_leaves(struct walker *walker, uint64_t index)
{
    const struct checkpoint_text *older = walker->walk->older;
    unsigned width = width_of(walker, 0, index);
    unsigned from = (unsigned)(walker->edge.size - index * TILE_WIDTH);
    bool passes =
        older && older->size > walker->edge.size && older->size < index * TILE_WIDTH + width;
    const uint8_t *hashes;
    uint8_t root[32];
    enum sl_result result = fetch_hashes(walker, 0, index, &hashes);
    if (result != SL_OK) return result;
    if (width == TILE_WIDTH) join_all(hashes, width, root);
    if (width == TILE_WIDTH && from == 0 && !passes) {
        bool fits = tree_add_subtree(&walker->edge, 8, root);
        assert(fits); /* the edge stands at the beginning of a tile */
    } else {
        for (unsigned i = from; i < width; i++) {
            tree_add(&walker->edge, hashes + (size_t)i * 32);
            if (passes && walker->edge.size == older->size) look_at_older(walker);
        }
    }
    walker->walked.leaves += width - from;
    if (older && !passes && walker->edge.size == older->size) look_at_older(walker);
    if (width == TILE_WIDTH) result = push(walker, 1, root);
    return result == SL_OK ? check_entries(walker, index, hashes, from, width) : result;
}

/* ---- the whole ---- */

static enum sl_result read_all(struct walker *walker)
{
    const struct walk *walk = walker->walk;
    const struct checkpoint_text *older = walk->older, *newer = walk->newer;
    enum sl_result result = SL_OK;
    if (older && !walk->all && older->size) result = begin_behind(walker, older->size);
    if (result == SL_OK && !(walker->chains = chains_create(walker->edge.size == 0)))
        result = sl_fail(walker->err, SL_NOMEM, "out of memory");
    if (result == SL_OK) chains_set_latest(walker->chains, walk->latest_ms);
    while (result == SL_OK && walker->edge.size < newer->size) {
        result = take_leaves(walker, walker->edge.size / TILE_WIDTH);
        if (walk->progress)
            walk->progress->report(walk->progress->ctx, "events", walker->edge.size, newer->size);
    }
    if (result == SL_OK) result = check_edge_tiles(walker);
    if (result == SL_OK && !root_is(walker, newer))
        result = other_root(walker, newer, "the checkpoint");
    if (result != SL_OK) return result;
    walker->walked.shares = chains_count(walker->chains);
    walker->walked.times = chains_times(walker->chains);
    return SL_OK;
}

/* The roots of both checkpoints' covers, in the newer one's tree. */
static enum sl_result gather_roots(struct walker *walker)
{
    const struct walk *walk = walker->walk;
    struct conflict_roots *roots = &walker->walked.roots;
    struct tree_subtree cover[2 * TREE_COVER];
    size_t count = tree_cover(0, walk->older->size, cover);
    count += tree_cover(walk->older->size, walk->newer->size, cover + count);
    enum sl_result result = SL_OK;
    for (size_t i = 0; i < count && result == SL_OK; i++)
        result = subtree_root(walker, cover[i], roots->roots[i]);
    if (result == SL_OK) roots->count = count;
    return result;
}

static enum sl_result go(struct walker *walker)
{
    const struct checkpoint_text *older = walker->walk->older, *newer = walker->walk->newer;
    struct walked *walked = &walker->walked;
    if (older && older->size == newer->size && memcmp(older->root, newer->root, 32) != 0) {
        walked->conflict = walked->proven = true;
        return sl_fail(walker->err, SL_CORRUPT, "two different logs of %llu events were signed",
            (unsigned long long)newer->size);
    }
    enum sl_result result = read_all(walker);
    if (!walked->conflict) return result;
    assert(older); /* it takes two */
    walked->proven = result == SL_OK && gather_roots(walker) == SL_OK;
    return other_root(walker, older, "the older checkpoint");
}

enum sl_result walk_log(const struct walk *walk, struct walked *walked, struct sl_err *err)
{
    struct walker *walker = need(sizeof(*walker));
    struct sl_err own = {0};
    walker->walk = walk;
    walker->err = &own;
    enum sl_result result = go(walker);
    if (result == SL_OK || result == SL_CORRUPT) *walked = walker->walked;
    if (result != SL_OK && err) *err = own;
    chains_destroy(walker->chains);
    buffer_free(&walker->entries);
    for (unsigned level = 0; level < LEVELS; level++)
        buffer_free(&walker->tile[level].bytes);
    free(walker);
    return result;
}

enum sl_result walk_checkpoint(struct client *client, struct buffer *note, struct sl_err *err)
{
    int status = 0;
    enum sl_result result =
        client_fetch(client, WALK_PREFIX "/checkpoint", NOTE_BYTES, note, &status, err);
    if (result == SL_OK && status != 200)
        return sl_fail(err, SL_IO, "%s/checkpoint: the answer was %d; is that a sharelog server?",
            WALK_PREFIX, status);
    return result;
}
