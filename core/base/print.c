/* Fingerprints within one run: blocks are summed by NH, the sums joined by a polynomial modulo
   2^61 - 1. It only computes: nothing fails, nothing is allocated. */

#include "core/base/print.h"

#include "core/base/crypto.h"

#include <assert.h>
#include <endian.h>

__extension__ typedef unsigned __int128 u128;

#define PRIME (((uint64_t)1 << 61) - 1)
#define LIMB (((uint64_t)1 << 43) - 1) /* three of them hold a block's sum */

void print_key_init(struct print_key *key)
{
    crypto_random(key, sizeof(*key));
    for (size_t i = 0; i < 4; i++)
        key->points[i] %= PRIME;
}

/* Numbers that look random: Steele, Lea and Flood's SplitMix64, from 0. */
static uint64_t next_number(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void print_key_fixed(struct print_key *key)
{
    uint64_t state = 0;
    for (size_t i = 0; i < PRINT_BLOCK / 8; i++)
        key->words[i] = next_number(&state);
    for (size_t i = 0; i < 4; i++)
        key->points[i] = next_number(&state) % PRIME;
}

void print_begin(struct print *print, const struct print_key *key)
{
    print->key = key;
    print->sum = print->used = 0;
}

static uint64_t word(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

static u128 pair(const uint64_t *key, const char *at)
{
    return (u128)(word(at) + key[0]) * (word(at + 8) + key[1]);
}

/* Whole pairs of words; two sums, so that one addition need not wait for the other. */
static u128 nh(const uint64_t *key, const char *at, size_t len)
{
    u128 sum = 0, other = 0;
    size_t i = 0;
    for (; i + 32 <= len; i += 32) {
        sum += pair(key + i / 8, at + i);
        other += pair(key + i / 8 + 2, at + i + 16);
    }
    if (i < len) sum += pair(key + i / 8, at + i);
    return sum + other;
}

/* The next term of the polynomial: a block's sum, in three limbs, each times a number of its own.
 */
static uint64_t step(const struct print_key *key, uint64_t sum, u128 block)
{
    u128 term = (u128)sum * key->points[0] + (u128)((uint64_t)block & LIMB) * key->points[1] +
                (u128)((uint64_t)(block >> 43) & LIMB) * key->points[2] +
                (u128)(uint64_t)(block >> 86) * key->points[3];
    uint64_t folded = ((uint64_t)term & PRIME) + (uint64_t)(term >> 61);
    folded = (folded & PRIME) + (folded >> 61);
    assert(folded <= PRIME);
    return folded >= PRIME ? folded - PRIME : folded;
}

/* At most a block; what is missing to a pair of words is as if it were zero. */
static void add_block(struct print *print, const char *at, size_t len)
{
    const struct print_key *key = print->key;
    assert(len <= PRINT_BLOCK);
    size_t whole = len & ~(size_t)15;
    u128 sum = nh(key->words, at, whole);
    if (whole < len) {
        char last[16] = {0};
        memcpy(last, at + whole, len - whole);
        sum += nh(key->words + whole / 8, last, sizeof(last));
    }
    print->sum = step(key, print->sum, sum);
}

void print_add(struct print *print, const void *bytes, size_t len)
{
    const char *at = bytes;
    assert(print->used < PRINT_BLOCK);
    if (print->used) {
        size_t room = PRINT_BLOCK - print->used, n = len < room ? len : room;
        memcpy(print->block + print->used, at, n);
        print->used += n;
        at += n;
        len -= n;
        if (print->used < PRINT_BLOCK) return;
        add_block(print, print->block, PRINT_BLOCK);
        print->used = 0;
    }
    for (; len >= PRINT_BLOCK; at += PRINT_BLOCK, len -= PRINT_BLOCK)
        add_block(print, at, PRINT_BLOCK);
    if (len) memcpy(print->block, at, len);
    print->used = len;
}

uint64_t print_end(struct print *print)
{
    if (print->used) add_block(print, print->block, print->used);
    print->used = 0;
    return print->sum;
}

uint64_t print_of(const struct print_key *key, struct sl_span bytes)
{
    struct print print;
    print_begin(&print, key);
    for (; bytes.len > PRINT_BLOCK; bytes.ptr += PRINT_BLOCK, bytes.len -= PRINT_BLOCK)
        add_block(&print, bytes.ptr, PRINT_BLOCK);
    if (bytes.len) add_block(&print, bytes.ptr, bytes.len);
    return print.sum;
}
