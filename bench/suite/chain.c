/* Chains of words, learnt from the recordings and walked for new texts.

   Learning cuts every text into tokens and puts them one behind the other in a ring. Places behind
   the same token are the choices that a walk has there. Sorted by that token they lie side by side:

     steps   … │ behind "store ":  "flush. " │ "read " │ "read " │ behind "table ":  … │
                                    ^ the token that is written, and where the choices behind it
   begin

   A step of a walk is one random number, one step and one token: some ten nanoseconds. What is
   learnt of each kind ends at LEARNT_TOKENS, so that its steps stay in a processor's cache.

   Texts are learnt and written as they stand in JSON. A token never begins or ends within an escape
   or a character, so no text does. */

#include "bench/suite/chain.h"

#include "bench/suite/bench.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LEARNT_TOKENS 65536
#define TEXTS 8192 /* that are told apart; more are learnt again */
#define WORDS 32768

struct token {
    char text[CHAIN_TOKEN_BYTES - 1];
    uint8_t len;
};
_Static_assert(sizeof(struct token) == CHAIN_TOKEN_BYTES, "copied whole");

struct step {
    uint32_t next; /* the first of the steps that may follow */
    uint16_t choices, token;
};

static struct chain {
    struct token *tokens;
    uint16_t *table; /* of tokens by their text: 1 + index, 0 for none */
    uint16_t *ring;  /* tokens in the order in which they were learnt */
    size_t tokens_count, ring_count;
    struct step *steps;
} chains[CHAIN_KINDS];

static uint64_t texts_seen[TEXTS]; /* hashes */

static void *zeroed(size_t count, size_t bytes)
{
    void *room = calloc(count, bytes);
    if (!room) abort();
    return room;
}

/* ---- tokens ---- */

static bool is_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c >= 0x80;
}

/* Bytes of the escape or the character that begins there, of valid JSON. */
static size_t unit_bytes(const char *at)
{
    unsigned char c = (unsigned char)*at;
    if (c == '\\') return at[1] == 'u' ? 6 : 2;
    return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Bytes of the token that a text begins with: a word, and what isn't one behind it. */
static size_t token_bytes(struct sl_span text)
{
    size_t len = 0, unit;
    bool behind = false;
    for (; len < text.len; len += unit) {
        unsigned char c = (unsigned char)text.ptr[len];
        if (is_word(c) && behind) break;
        behind = !is_word(c);
        unit = unit_bytes(text.ptr + len);
        if (len + unit > text.len || len + unit >= CHAIN_TOKEN_BYTES) break;
    }
    return len;
}

static uint64_t hash_of(struct sl_span text)
{
    uint64_t hash = text.len;
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return bench_random(&hash);
}

static void add_token(struct chain *chain, struct sl_span text)
{
    size_t slot = hash_of(text) % WORDS;
    for (; chain->table[slot]; slot = (slot + 1) % WORDS) {
        const struct token *token = &chain->tokens[chain->table[slot] - 1];
        if (token->len == text.len && memcmp(token->text, text.ptr, text.len) == 0) break;
    }
    if (!chain->table[slot]) {
        if (chain->tokens_count == WORDS / 2) return; /* of so many, one that is new is left out */
        struct token *token = &chain->tokens[chain->tokens_count++];
        memcpy(token->text, text.ptr, text.len);
        token->len = (uint8_t)text.len;
        chain->table[slot] = (uint16_t)chain->tokens_count;
    }
    chain->ring[chain->ring_count++] = (uint16_t)(chain->table[slot] - 1);
}

/* ---- learning ---- */

static bool is_new(struct sl_span text)
{
    uint64_t hash = hash_of(text), *slot = &texts_seen[hash % TEXTS];
    if (*slot == hash) return false;
    *slot = hash;
    return true;
}

static void learn_text(struct chain *chain, struct sl_span text)
{
    if (!chain->ring) {
        chain->tokens = zeroed(WORDS / 2, sizeof(*chain->tokens));
        chain->table = zeroed(WORDS, sizeof(*chain->table));
        chain->ring = zeroed(LEARNT_TOKENS, sizeof(*chain->ring));
    }
    for (size_t at = 0, len; at < text.len && chain->ring_count < LEARNT_TOKENS; at += len) {
        struct sl_span rest = {text.ptr + at, text.len - at};
        len = token_bytes(rest);
        if (len == 0) return; /* an escape that is cut short: not of valid JSON */
        add_token(chain, (struct sl_span){rest.ptr, len});
    }
}

/* The string that begins there, without its quotation marks. */
static struct sl_span string_at(const char *at, const char *end)
{
    const char *close = at;
    while (close < end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    return (struct sl_span){at, close < end ? (size_t)(close - at) : 0};
}

void chain_learn(struct sl_span json)
{
    static const struct {
        const char *front;
        enum chain_kind kind;
    } members[] = {{"\"text\":\"", CHAIN_PROSE}, {"\"content\":\"", CHAIN_CODE},
        {"\"output\":\"", CHAIN_OUTPUT}};
    const char *end = json.ptr + json.len;
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        size_t front = strlen(members[i].front);
        const char *at = json.ptr;
        while ((at = memmem(at, (size_t)(end - at), members[i].front, front))) {
            struct sl_span text = string_at(at += front, end);
            /* half of a pair of escapes would be no character */
            bool halves = memmem(text.ptr, text.len, "\\ud", 3) != NULL;
            if (text.len >= CHAIN_TOKEN_BYTES && !halves && is_new(text))
                learn_text(&chains[members[i].kind], text);
        }
    }
}

/* ---- making ---- */

static const struct chain *sorted; /* while qsort runs */

static uint16_t token_before(const struct chain *chain, size_t place)
{
    return chain->ring[(place + chain->ring_count - 1) % chain->ring_count];
}

static int by_token_before(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int before_x = token_before(sorted, x), before_y = token_before(sorted, y);
    return before_x != before_y ? before_x - before_y : (x > y) - (x < y);
}

static void make_steps(struct chain *chain)
{
    size_t count = chain->ring_count;
    uint32_t *places = zeroed(count, sizeof(*places)), *first = zeroed(count, sizeof(*first));
    uint16_t *choices = zeroed(count, sizeof(*choices)); /* at a place */
    for (size_t i = 0; i < count; i++)
        places[i] = (uint32_t)i;
    sorted = chain;
    qsort(places, count, sizeof(*places), by_token_before);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && end - i < UINT16_MAX; end++)
            if (token_before(chain, places[end]) != token_before(chain, places[i])) break;
        for (size_t k = i; k < end; k++) {
            first[places[k]] = (uint32_t)i;
            choices[places[k]] = (uint16_t)(end - i);
        }
    }
    chain->steps = zeroed(count, sizeof(*chain->steps));
    for (size_t i = 0; i < count; i++) {
        size_t next = (places[i] + 1) % count;
        chain->steps[i] = (struct step){first[next], choices[next], chain->ring[places[i]]};
    }
    free(places);
    free(first);
    free(choices);
}

bool chain_make(void)
{
    for (size_t i = 0; i < CHAIN_KINDS; i++) {
        if (chains[i].ring_count < 1000)
            return bench_fail("the recordings have too few texts to learn words from");
        if (!chains[i].steps) make_steps(&chains[i]);
    }
    return true;
}

/* ---- walking ---- */

void chain_text(enum chain_kind kind, uint64_t seed, size_t bytes, struct buf *out)
{
    const struct chain *chain = &chains[kind];
    assert(chain->steps);
    if (!buf_reserve(out, bytes + CHAIN_TOKEN_BYTES)) return;
    char *at = out->ptr + out->len, *end = at + bytes;
    const struct step *step = &chain->steps[bench_random(&seed) % chain->ring_count];
    while (at < end) {
        const struct token *token = &chain->tokens[step->token];
        memcpy(at, token, sizeof(*token)); /* whole: a copy of fixed size takes two instructions */
        at += token->len;
        uint32_t chance = (uint32_t)(bench_random(&seed) >> 32);
        step = &chain->steps[step->next + (uint32_t)((uint64_t)chance * step->choices >> 32)];
    }
    out->len = (size_t)(at - out->ptr);
}
