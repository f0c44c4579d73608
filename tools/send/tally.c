/* One lock for all counts: it is taken a few times a request, and held for a few additions. */

#include "tools/send/tally.h"

#include <assert.h>
#include <stdio.h>

void tally_init(struct tally *tally)
{
    *tally = (struct tally){0};
    pthread_mutex_init(&tally->lock, NULL);
}

void tally_fini(struct tally *tally)
{
    pthread_mutex_destroy(&tally->lock);
    buffer_free(&tally->urls);
}

/* 0 … 127 by themselves, then 64 buckets for each doubling. */
static size_t bucket_of(uint64_t us)
{
    unsigned shift = us < 128 ? 0 : 57u - (unsigned)__builtin_clzll(us);
    size_t bucket = shift * (size_t)64 + (size_t)(us >> shift);
    assert(bucket < TALLY_BUCKETS); /* which has room for all 64 bits */
    return bucket;
}

static uint64_t bucket_most(size_t bucket)
{
    size_t shift = bucket < 128 ? 0 : bucket / 64 - 1;
    return ((uint64_t)(bucket - shift * 64 + 1) << shift) - 1;
}

void tally_request(struct tally *tally, uint64_t bytes)
{
    pthread_mutex_lock(&tally->lock);
    tally->counts.requests++;
    tally->counts.bytes += bytes;
    pthread_mutex_unlock(&tally->lock);
}

void tally_sync(struct tally *tally, uint64_t us)
{
    pthread_mutex_lock(&tally->lock);
    tally->counts.syncs++;
    tally->latency[bucket_of(us)]++;
    if (us > tally->counts.slowest_us) tally->counts.slowest_us = us;
    pthread_mutex_unlock(&tally->lock);
}

void tally_share(struct tally *tally, const char *url)
{
    pthread_mutex_lock(&tally->lock);
    tally->counts.shares++;
    buffer_add(&tally->urls, url, strlen(url) + 1);
    pthread_mutex_unlock(&tally->lock);
}

void tally_run(struct tally *tally)
{
    pthread_mutex_lock(&tally->lock);
    tally->counts.runs++;
    pthread_mutex_unlock(&tally->lock);
}

void tally_failed(struct tally *tally, const char *what)
{
    pthread_mutex_lock(&tally->lock);
    if (!tally->counts.failed++)
        snprintf(tally->first_error, sizeof(tally->first_error), "%s", what);
    pthread_mutex_unlock(&tally->lock);
}

struct tally_counts tally_counts(struct tally *tally)
{
    pthread_mutex_lock(&tally->lock);
    struct tally_counts counts = tally->counts;
    pthread_mutex_unlock(&tally->lock);
    return counts;
}

uint64_t tally_latency_us(const struct tally *tally, double share)
{
    double wanted = share * (double)tally->counts.syncs;
    uint64_t passed = 0;
    for (size_t i = 0; i < TALLY_BUCKETS; i++) {
        passed += tally->latency[i];
        if (passed && (double)passed >= wanted) {
            uint64_t most = bucket_most(i);
            return most < tally->counts.slowest_us ? most : tally->counts.slowest_us;
        }
    }
    return 0;
}
