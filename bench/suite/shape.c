/* Batches as clients send them.

   *Recorded.* All recordings' sync bodies in order make one cycle, which is played again and again;
   a share begins at a place in it that its seed picks, so many shares together send at every moment
   what was recorded, in the proportion in which it was recorded. Only the secret and ids change:
     - every session id that a recording shares becomes the share's own; ids of sub-sessions too
     - message and part ids keep their form (`msg_` or `prt_`, 12 hexadecimal digits of time, 14
       of base62). Their last 14 are replaced by what the share's seed, the number of the play and
       the old id give; to their time the number of the play times PLAY_TICKS is added. So one id
       stays one id within a play, a play's messages and parts are new to the share and come after
       those of the plays before, and no two shares have an id in common
   Lengths don't change, nor do the texts: a share that is long enough repeats itself after a cycle
   (some 3 MB), which is further than a block of RocksDB's reaches, and than zstd at its level
   looks.

   *Mixed.* Sessions of several kinds whose texts and ids never come again: mixed.h. A share's seed
   says which kind it is.

   *Synthetic.* Items are parts with text of a given length, one message for every PARTS_A_MESSAGE
   of them, and a session first of all. Text is words, picked by their rank as in English. A part
   that is sent again is the same text with another last eighth, as one that grows. */

#include "bench/suite/bench.h"
#include "bench/suite/chain.h"
#include "bench/suite/mixed.h"
#include "bench/suite/shape_id.h"
#include "core/base/decimal.h"
#include "core/base/json.h"

#include <assert.h>
#include <glob.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#define PLAY_TICKS (UINT64_C(3600000) << 12) /* an hour, as opencode counts in its ids */
#define PARTS_A_MESSAGE 8
#define POOL_BYTES (4u << 20)
#define ITEM_MIN_BYTES 160

const struct shape_kind shape_capture = {.name = "capture", .source = SHAPE_RECORDED};
const struct shape_kind shape_mixed = {.name = "mixed", .source = SHAPE_MIXED};
const struct shape_kind shape_2k = {.name = "2k", .items = 2, .bytes = 1000, .resent = 50};
const struct shape_kind shape_10k = {.name = "10k", .items = 8, .bytes = 1250, .resent = 25};

bool shape_named(const char *name, struct shape_kind *kind)
{
    static const struct shape_kind *const known[] = {
        &shape_capture, &shape_mixed, &shape_2k, &shape_10k};
    uint64_t items, bytes, resent = 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(known[i]->name, name) == 0) {
            *kind = *known[i];
            return true;
        }
    const char *times = strchr(name, 'x'), *colon = strchr(name, ':');
    const char *end = colon ? colon : name + strlen(name);
    if (!times || times > end ||
        !sl_decimal((struct sl_span){name, (size_t)(times - name)}, 1000, &items) ||
        !sl_decimal((struct sl_span){times + 1, (size_t)(end - times - 1)}, 1000000, &bytes) ||
        (colon && !sl_decimal(sl_span_of(colon + 1), 99, &resent)))
        return false;
    *kind = (struct shape_kind){
        .name = name, .items = (size_t)items, .bytes = (size_t)bytes, .resent = (unsigned)resent};
    return items >= 1 && bytes >= ITEM_MIN_BYTES && items * bytes <= 16000000;
}

struct place { /* of an id in a batch's data */
    uint32_t offset;
    bool session; /* else a message's or a part's */
    uint64_t time, hash;
};

struct batch {
    struct sl_span data;
    struct place *places;
    size_t places_count, places_cap;
};

/* What all shapes of the process read from; never freed. */
static struct {
    struct batch *batches;
    size_t count, cap;
    char *pool;
} shared;

struct shape {
    struct shape_kind kind;
    uint64_t seed;
    size_t start; /* in the recordings' cycle */
    struct mixed mixed;
};

static uint64_t scrambled(uint64_t value)
{
    return bench_random(&value);
}

/* ---- recordings ---- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool id_at(struct sl_span text, size_t at, struct place *place)
{
    const char *id = text.ptr + at;
    if (at + ID_BYTES > text.len || (at > 0 && is_word(id[-1]))) return false;
    bool session = memcmp(id, "ses_", 4) == 0;
    if (!session && memcmp(id, "msg_", 4) != 0 && memcmp(id, "prt_", 4) != 0) return false;
    *place = (struct place){.offset = (uint32_t)at, .session = session};
    for (size_t i = 4; i < ID_BYTES; i++) {
        int digit = hex_digit(id[i]);
        if (!is_word(id[i]) || id[i] == '_' || (i < 4 + ID_TIME && digit < 0)) return false;
        if (i < 4 + ID_TIME) place->time = place->time << 4 | (uint64_t)digit;
        place->hash = scrambled(place->hash ^ (unsigned char)id[i]);
    }
    return at + ID_BYTES == text.len || !is_word(id[ID_BYTES]);
}

static void find_ids(struct batch *batch)
{
    struct place place;
    const char *end = batch->data.ptr + batch->data.len;
    for (const char *at = batch->data.ptr; (at = memchr(at, '_', (size_t)(end - at))); at++) {
        size_t offset = (size_t)(at - batch->data.ptr);
        if (offset < 3 || !id_at(batch->data, offset - 3, &place)) continue;
        if (batch->places_count == batch->places_cap) {
            batch->places_cap = batch->places_cap ? 2 * batch->places_cap : 32;
            batch->places = realloc(batch->places, batch->places_cap * sizeof(*batch->places));
            if (!batch->places) abort();
        }
        batch->places[batch->places_count++] = place;
    }
}

static bool add_recording(const char *path)
{
    char *text = NULL;
    size_t cap = 0;
    FILE *file = fopen(path, "r");
    ssize_t len = file ? getdelim(&text, &cap, EOF, file) : -1;
    if (file) fclose(file);
    if (len < 0) return bench_fail("can't read %s", path);
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        struct sl_span value = {line, (size_t)(end - line)}, sync, body, data;
        if (json_check(value, 64, NULL) != SL_OK) return bench_fail("%s: not a line of JSON", path);
        if (!json_get(value, "path", &sync) || sync.len < 7 ||
            memcmp(sync.ptr + sync.len - 6, "/sync\"", 6) != 0 || !json_get(value, "body", &body) ||
            !json_get(body, "data", &data))
            continue;
        if (shared.count == shared.cap) {
            shared.cap = shared.cap ? 2 * shared.cap : 64;
            shared.batches = realloc(shared.batches, shared.cap * sizeof(*shared.batches));
            if (!shared.batches) abort();
        }
        struct batch *batch = &shared.batches[shared.count++];
        *batch = (struct batch){.data = data};
        find_ids(batch);
        chain_learn(data);
    }
    return true;
}

bool shapes_load(const char *folder)
{
    char pattern[4096];
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/*.jsonl", folder);
    if (glob(pattern, 0, NULL, &found) != 0)
        return bench_fail("no recordings in %s; name their folder with --captures", folder);
    bool good = true;
    for (size_t i = 0; good && i < found.gl_pathc; i++)
        good = add_recording(found.gl_pathv[i]);
    globfree(&found);
    return good && (shared.count > 0 || bench_fail("no sync is recorded in %s", folder)) &&
           chain_make();
}

static void play_batch(const struct shape *shape, uint64_t n, struct buf *out)
{
    uint64_t at = shape->start + n, play = at / shared.count;
    const struct batch *batch = &shared.batches[at % shared.count];
    size_t begin = out->len;
    buf_add_span(out, batch->data);
    if (out->failed) return;
    for (size_t i = 0; i < batch->places_count; i++) {
        const struct place *place = &batch->places[i];
        char *id = out->ptr + begin + place->offset;
        if (place->session) {
            write_time(id + 4, scrambled(shape->seed) >> 16);
            write_chance(id + 4 + ID_TIME, scrambled(shape->seed + 1));
        } else {
            write_time(id + 4, place->time + play * PLAY_TICKS);
            write_chance(id + 4 + ID_TIME,
                scrambled(place->hash ^ scrambled(shape->seed ^ scrambled(play))));
        }
    }
}

/* ---- synthetic ---- */

/* Words of two to four syllables, the r-th of them about 1/r as often as the first. */
static void make_pool(void)
{
    static const char *const syllables[] = {"ba", "con", "de", "ex", "fi", "gra", "in", "ju", "ker",
        "lo", "ment", "na", "or", "pre", "qui", "re", "sta", "tion", "ul", "ver", "we", "yet"};
    static char words[1024][16];
    uint64_t state = 20;
    for (size_t i = 0; i < 1024; i++) {
        words[i][0] = 0;
        for (uint64_t left = 1 + bench_random(&state) % 3; left > 0; left--)
            strcat(words[i], syllables[bench_random(&state) % 22]);
    }
    char *pool = malloc(POOL_BYTES + 32);
    if (!pool) abort();
    for (size_t len = 0; len < POOL_BYTES;) {
        /* 2^(10 u), u even over 0 … 1, in whole bits and a linear rest */
        uint64_t chance = bench_random(&state), power = UINT64_C(1) << (chance % 10);
        const char *word = words[power - 1 + (chance >> 8) % power];
        len += (size_t)sprintf(pool + len, "%s%s", word, chance >> 60 ? " " : ".\\n");
    }
    shared.pool = pool;
}

/* A slice of the pool, never beginning or ending within an escape. */
static void shape_text(uint64_t chance, size_t len, struct buf *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_pool);
    while (len > 0) {
        size_t piece = len < POOL_BYTES / 2 ? len : POOL_BYTES / 2;
        size_t begin = out->len;
        buf_add(out, shared.pool + chance % (POOL_BYTES / 2), piece);
        if (out->failed) return;
        if (out->ptr[begin] == 'n') out->ptr[begin] = ' ';
        if (out->ptr[out->len - 1] == '\\') out->ptr[out->len - 1] = '.';
        len -= piece;
        chance = scrambled(chance);
    }
}

void add_format(struct buf *out, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_add(out, text, (size_t)len);
}

static void add_part(const struct shape *shape, uint64_t part, uint64_t n, struct buf *out)
{
    uint64_t own = scrambled(shape->seed ^ scrambled(part));
    size_t begin = out->len;
    unsigned tag = (unsigned)(shape->seed & 0xffff);
    if (part % PARTS_A_MESSAGE == 0)
        add_format(out,
            "{\"type\":\"message\",\"data\":{\"id\":\"msg_%04x%010llu\",\"role\":\"%s\",\"time\":{\"created\":%llu},\"cost\":0}},",
            tag, (unsigned long long)(part / PARTS_A_MESSAGE),
            part / PARTS_A_MESSAGE % 2 ? "assistant" : "user", 1795368000000ull + part * 100);
    begin = out->len;
    add_format(out,
        "{\"type\":\"part\",\"data\":{\"id\":\"prt_%04x%010llu\",\"messageID\":\"msg_%04x%010llu\",\"type\":\"text\",\"text\":\"",
        tag, (unsigned long long)part, tag, (unsigned long long)(part / PARTS_A_MESSAGE));
    size_t around = out->len - begin + 3;
    size_t text = shape->kind.bytes > around ? shape->kind.bytes - around : 0, tail = text / 8;
    shape_text(own, text - tail, out);
    shape_text(scrambled(own ^ n), tail, out);
    buf_add(out, "\"}}", 3);
}

/* Batch n holds the parts from n * fresh on, so its first are the last of the batch before. */
static void make_batch(const struct shape *shape, uint64_t n, struct buf *out)
{
    size_t resent = shape->kind.items * shape->kind.resent / 100;
    uint64_t first = n * (shape->kind.items - resent);
    buf_add(out, "[", 1);
    if (n == 0)
        add_format(out,
            "{\"type\":\"session\",\"data\":{\"id\":\"ses_%016llx\",\"title\":\"Benchmark %llu\",\"directory\":\"/home/dev/bench\",\"version\":\"1.0\",\"time\":{\"created\":1795368000000,\"updated\":1795368000000}}},",
            (unsigned long long)scrambled(shape->seed), (unsigned long long)(shape->seed % 100000));
    for (size_t i = 0; i < shape->kind.items; i++) {
        if (i > 0) buf_add(out, ",", 1);
        add_part(shape, first + i, n, out);
    }
    buf_add(out, "]", 1);
}

/* ---- both ---- */

struct shape *shape_create(const struct shape_kind *kind, uint64_t seed)
{
    struct shape *shape = malloc(sizeof(*shape));
    if (!shape) abort();
    assert(shared.count > 0); /* shapes_load was called */
    *shape = (struct shape){.kind = *kind, .seed = scrambled(seed), .mixed = mixed_of(seed)};
    shape->start = (size_t)(scrambled(shape->seed) % shared.count);
    return shape;
}

void shape_destroy(struct shape *shape)
{
    free(shape);
}

void shape_body(struct shape *shape, uint64_t n, const char *secret, struct buf *out)
{
    add_format(out, "{\"secret\":\"%s\",\"data\":", secret);
    switch (shape->kind.source) {
    case SHAPE_RECORDED: play_batch(shape, n, out); break;
    case SHAPE_MIXED: mixed_batch(&shape->mixed, n, out); break;
    case SHAPE_MADE: make_batch(shape, n, out); break;
    }
    buf_add(out, "}", 1);
}
