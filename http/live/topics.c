/* The table of topics: chains of a keyed hash. */

#include "http/live/topics.h"

#include <assert.h>
#include <stdlib.h>

#define BUCKETS_MIN ((size_t)64)
#define BUCKETS_MAX ((size_t)1 << 20)

bool topics_init(struct topics *topics, size_t expected)
{
    size_t buckets = BUCKETS_MIN;
    while (buckets < expected && buckets < BUCKETS_MAX)
        buckets *= 2;
    *topics = (struct topics){.buckets_count = buckets};
    topics->buckets = calloc(buckets, sizeof(*topics->buckets));
    if (!topics->buckets) return false;
    print_key_init(&topics->key);
    return true;
}

void topics_fini(struct topics *topics)
{
    assert(topics->count == 0);
    free(topics->buckets);
    topics->buckets = NULL;
}

static struct topic **bucket_of(const struct topics *topics, struct sl_span id)
{
    /* Prints keep strings of one length apart: all ids are made as long as the longest. No id holds
       a NUL, so none becomes another. */
    char padded[SL_SHARE_ID_BYTES] = {0};
    assert(id.len <= sizeof(padded));
    memcpy(padded, id.ptr, id.len);
    uint64_t print = print_of(&topics->key, (struct sl_span){padded, sizeof(padded)});
    return &topics->buckets[print & (topics->buckets_count - 1)];
}

struct topic *topics_find(const struct topics *topics, struct sl_span id)
{
    struct topic *topic = *bucket_of(topics, id);
    while (topic && !sl_span_eq(sl_span_of(topic->id), id))
        topic = topic->next_in_bucket;
    return topic;
}

struct topic *topics_make(struct topics *topics, struct sl_span id)
{
    assert(!topics_find(topics, id));
    struct topic *topic = calloc(1, sizeof(*topic));
    if (!topic) return NULL;
    struct topic **bucket = bucket_of(topics, id);
    memcpy(topic->id, id.ptr, id.len);
    topic->number = ++topics->made;
    topic->next_in_bucket = *bucket;
    *bucket = topic;
    topics->count++;
    return topic;
}

void topics_drop(struct topics *topics, struct topic *topic)
{
    assert(topic->admitted == 0 && !topic->dirty && !topic->held && !topic->viewers);
    struct topic **at = bucket_of(topics, sl_span_of(topic->id));
    for (; *at != topic; at = &(*at)->next_in_bucket)
        assert(*at);
    *at = topic->next_in_bucket;
    topics->count--;
    free(topic);
}
