/* SHA-256 by x86's own instructions (SHA extensions), up to three texts in turns. Each lane holds
   one text's state; lanes_run takes as many blocks of all as the shortest has left, and
   lanes_sha256 gives a lane that is through the next text. Nothing here fails or allocates. On
   other processors lanes_there says no, and the rest is never called. */

#include "core/base/lanes.h"

#include <assert.h>
#include <endian.h>

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define SHA __attribute__((target("sha,sse4.1")))

bool lanes_there(void)
{
    unsigned a, b, c, d, more;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1) &&
           __get_cpuid_count(7, 0, &a, &more, &c, &d) && (more & bit_SHA);
}

static const uint32_t round_words[64] __attribute__((aligned(16))) = {0x428a2f98, 0x71374491,
    0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
    0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138,
    0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f,
    0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* Four rounds of one lane. `w` are the last sixteen words of its schedule, of which these rounds
   take, and from the fifth four on make, the `step`-th four. */
#define FOUR_ROUNDS(abef, cdgh, w, step)                                                           \
    do {                                                                                           \
        __m128i *now = &(w)[(step) % 4], last = (w)[((step) + 3) % 4];                             \
        if ((step) >= 4)                                                                           \
            *now = _mm_sha256msg2_epu32(                                                           \
                _mm_add_epi32(_mm_sha256msg1_epu32(*now, (w)[((step) + 1) % 4]),                   \
                    _mm_alignr_epi8(last, (w)[((step) + 2) % 4], 4)),                              \
                last);                                                                             \
        __m128i sum = _mm_add_epi32(                                                               \
            *now, _mm_load_si128((const __m128i *)(const void *)(round_words + 4 * (step))));      \
        (cdgh) = _mm_sha256rnds2_epu32(cdgh, abef, sum);                                           \
        (abef) = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));                  \
    } while (0)

/* Unrolled for each `count`, so that everything stays in registers. */
SHA static inline __attribute__((always_inline)) void run(
    struct lane *const lanes[], const size_t count, size_t blocks)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abef[LANES], cdgh[LANES];
    const uint8_t *at[LANES];
#pragma GCC unroll 3
    for (size_t i = 0; i < count; i++) {
        abef[i] = _mm_loadu_si128((const __m128i *)(const void *)lanes[i]->state);
        cdgh[i] = _mm_loadu_si128((const __m128i *)(const void *)(lanes[i]->state + 4));
        at[i] = lanes[i]->at;
    }
    for (; blocks > 0; blocks--) {
        __m128i w[LANES][4], abef_before[LANES], cdgh_before[LANES];
#pragma GCC unroll 3
        for (size_t i = 0; i < count; i++) {
            abef_before[i] = abef[i];
            cdgh_before[i] = cdgh[i];
        }
#pragma GCC unroll 16
        for (size_t step = 0; step < 16; step++) {
#pragma GCC unroll 3
            for (size_t i = 0; i < count; i++) {
                if (step < 4)
                    w[i][step] = _mm_shuffle_epi8(
                        _mm_loadu_si128((const __m128i *)(const void *)(at[i] + 16 * step)),
                        big_endian);
                FOUR_ROUNDS(abef[i], cdgh[i], w[i], step);
            }
        }
#pragma GCC unroll 3
        for (size_t i = 0; i < count; i++) {
            abef[i] = _mm_add_epi32(abef[i], abef_before[i]);
            cdgh[i] = _mm_add_epi32(cdgh[i], cdgh_before[i]);
            at[i] += LANES_BLOCK;
        }
    }
#pragma GCC unroll 3
    for (size_t i = 0; i < count; i++) {
        _mm_storeu_si128((__m128i *)(void *)lanes[i]->state, abef[i]);
        _mm_storeu_si128((__m128i *)(void *)(lanes[i]->state + 4), cdgh[i]);
    }
}

SHA static void run_1(struct lane *const lanes[], size_t blocks)
{
    run(lanes, 1, blocks);
}

SHA static void run_2(struct lane *const lanes[], size_t blocks)
{
    run(lanes, 2, blocks);
}

SHA static void run_3(struct lane *const lanes[], size_t blocks)
{
    run(lanes, 3, blocks);
}

#else

bool lanes_there(void)
{
    return false;
}

static void run_1(struct lane *const lanes[], size_t blocks)
{
    (void)lanes;
    (void)blocks;
    assert(!lanes_there()); /* nobody may ask */
    __builtin_unreachable();
}
#define run_2 run_1
#define run_3 run_1

#endif

void lanes_run(struct lane *const lanes[], size_t count)
{
    assert(count >= 1 && count <= LANES);
    size_t blocks = lanes[0]->blocks;
    for (size_t i = 1; i < count; i++)
        if (lanes[i]->blocks < blocks) blocks = lanes[i]->blocks;
    if (count == 1)
        run_1(lanes, blocks);
    else if (count == 2)
        run_2(lanes, blocks);
    else
        run_3(lanes, blocks);
    for (size_t i = 0; i < count; i++) {
        lanes[i]->at += LANES_BLOCK * blocks;
        lanes[i]->blocks -= blocks;
    }
}

/* Where a to h are: the instructions want f, e, b, a and h, g, d, c. */
static const uint8_t order[8] = {3, 2, 7, 6, 1, 0, 5, 4};

void lane_begin(struct lane *lane, const uint32_t state[8])
{
    for (size_t i = 0; i < 8; i++)
        lane->state[order[i]] = state[i];
}

void lane_end(const struct lane *lane, uint8_t hash[32])
{
    for (size_t i = 0; i < 8; i++) {
        uint32_t word = htobe32(lane->state[order[i]]);
        memcpy(hash + 4 * i, &word, 4);
    }
}

/* ---- whole texts ---- */

struct job {
    struct lane lane;
    const struct lanes_text *text;
    struct sl_span rest; /* of the text, behind `edge` */
    bool last;           /* `edge` is its end */
    uint8_t edge[2 * LANES_BLOCK];
};

/* The end of a text, padded; `len` bytes of it are in `edge` already. */
static void job_finish(struct job *job, size_t len)
{
    const struct lanes_text *text = job->text;
    if (job->rest.len) memcpy(job->edge + len, job->rest.ptr, job->rest.len);
    len += job->rest.len;
    assert(len < 2 * LANES_BLOCK - 8);
    size_t blocks = len < LANES_BLOCK - 8 ? 1 : 2, end = LANES_BLOCK * blocks - 8;
    memset(job->edge + len, 0, end - len);
    job->edge[len] = 0x80;
    uint64_t bits = htobe64(8 * (text->head_len + text->bytes.len));
    memcpy(job->edge + end, &bits, 8);
    job->lane.at = job->edge;
    job->lane.blocks = blocks;
    job->last = true;
}

static void job_begin(struct job *job, const struct lanes_text *text)
{
    static const uint32_t begin[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
        0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    assert(text->head_len <= LANES_BLOCK);
    lane_begin(&job->lane, begin);
    job->text = text;
    job->rest = text->bytes;
    job->last = false;
    if (text->head_len) memcpy(job->edge, text->head, text->head_len);
    size_t room = LANES_BLOCK - text->head_len;
    if (job->rest.len < room) {
        job_finish(job, text->head_len);
        return;
    }
    if (room) memcpy(job->edge + text->head_len, job->rest.ptr, room);
    job->rest.ptr += room;
    job->rest.len -= room;
    job->lane.at = job->edge;
    job->lane.blocks = 1;
}

/* Its blocks are taken: are there more? */
static bool job_more(struct job *job)
{
    assert(job->lane.blocks == 0);
    if (job->last) {
        lane_end(&job->lane, job->text->hash);
        return false;
    }
    size_t whole = job->rest.len / LANES_BLOCK;
    if (whole == 0) {
        job_finish(job, 0);
        return true;
    }
    job->lane.at = (const uint8_t *)job->rest.ptr;
    job->lane.blocks = whole;
    job->rest.ptr += LANES_BLOCK * whole;
    job->rest.len %= LANES_BLOCK;
    return true;
}

void lanes_sha256(const struct lanes_text *texts, size_t count)
{
    struct job jobs[LANES];
    struct lane *lanes[LANES];
    size_t busy = 0, next = 0;
    for (; busy < LANES && next < count; busy++) {
        job_begin(&jobs[busy], &texts[next++]);
        lanes[busy] = &jobs[busy].lane;
    }
    while (busy > 0) {
        lanes_run(lanes, busy);
        for (size_t i = busy; i-- > 0;) {
            struct job *job = (struct job *)lanes[i]; /* whose first member it is */
            if (lanes[i]->blocks || job_more(job)) continue;
            if (next < count)
                job_begin(job, &texts[next++]);
            else
                lanes[i] = lanes[--busy];
        }
    }
}
