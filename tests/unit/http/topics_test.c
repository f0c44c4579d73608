/* The table of topics: what is made is found until it is dropped, and nobody who chooses ids, but
   does not know the key, makes chains long. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/live/topics.h"

#include <stdio.h>

#define IDS ((size_t)4096)

static char ids[IDS][SL_SHARE_ID_BYTES + 1];

static struct sl_span id_of(size_t i)
{
    return sl_span_of(ids[i]);
}

static size_t longest_chain(const struct topics *topics)
{
    size_t longest = 0;
    for (size_t i = 0; i < topics->buckets_count; i++) {
        size_t len = 0;
        for (const struct topic *topic = topics->buckets[i]; topic; topic = topic->next_in_bucket)
            len++;
        if (len > longest) longest = len;
    }
    return longest;
}

static void fill(struct topics *topics)
{
    assert_true(topics_init(topics, IDS));
    for (size_t i = 0; i < IDS; i++)
        assert_non_null(topics_make(topics, id_of(i)));
    assert_int_equal(topics->count, IDS);
}

static void empty(struct topics *topics)
{
    for (size_t i = 0; i < IDS; i++)
        topics_drop(topics, topics_find(topics, id_of(i)));
    topics_fini(topics);
}

/* ---- finding ---- */

static void found_until_dropped(void **state)
{
    (void)state;
    struct topics topics;
    for (size_t i = 0; i < IDS; i++)
        snprintf(ids[i], sizeof(ids[i]), "share%zu", i);
    fill(&topics);
    for (size_t i = 0; i < IDS; i++)
        assert_string_equal(topics_find(&topics, id_of(i))->id, ids[i]);
    for (size_t i = 0; i < IDS; i += 2)
        topics_drop(&topics, topics_find(&topics, id_of(i)));
    for (size_t i = 0; i < IDS; i++)
        assert_int_equal(topics_find(&topics, id_of(i)) != NULL, i % 2);
    uint64_t number = topics_make(&topics, id_of(0))->number;
    assert_int_equal(number, IDS + 1); /* the pieces of the first one must not pass for its own */
    for (size_t i = 2; i < IDS; i += 2)
        topics_make(&topics, id_of(i));
    empty(&topics);
}

/* Ids that are others' beginnings: padded to one length, they must still be told apart. */
static void every_length(void **state)
{
    (void)state;
    struct topics topics;
    char longest[SL_SHARE_ID_BYTES];
    memset(longest, 'a', sizeof(longest));
    assert_true(topics_init(&topics, 1));
    for (size_t len = 1; len <= sizeof(longest); len++)
        topics_make(&topics, (struct sl_span){longest, len});
    for (size_t len = 1; len <= sizeof(longest); len++) {
        struct topic *topic = topics_find(&topics, (struct sl_span){longest, len});
        assert_int_equal(strlen(topic->id), len);
        topics_drop(&topics, topic);
    }
    topics_fini(&topics);
}

/* ---- chosen ids ---- */

static uint32_t fnv1a(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

/* Of as many ids as there are buckets, a longer chain comes about less than once in a billion
 * times. */
#define LONGEST 16

/* What a hash without a key gives away: ids that all fall into one bucket of its table. */
static void aimed_at_a_plain_hash(void **state)
{
    (void)state;
    struct topics topics;
    unsigned next = 0;
    for (size_t i = 0; i < IDS; i++)
        do
            snprintf(ids[i], sizeof(ids[i]), "aimed%u", next++);
        while (fnv1a(ids[i]) % 1024 != 0);
    fill(&topics);
    assert_in_range(longest_chain(&topics), 1, LONGEST);
    empty(&topics);
}

/* What another server's key gives away: ids that share a bucket there don't share one here. */
static void aimed_at_another_key(void **state)
{
    (void)state;
    struct topics other, topics;
    unsigned next = 0;
    assert_true(topics_init(&other, 64));
    for (size_t i = 0; i < IDS; i++) {
        struct topic *topic = NULL;
        do {
            if (topic) topics_drop(&other, topic);
            snprintf(ids[i], sizeof(ids[i]), "aimed%u", next++);
            topic = topics_make(&other, id_of(i));
        } while (other.buckets[0] != topic);
    }
    assert_int_equal(longest_chain(&other), IDS);
    fill(&topics);
    assert_in_range(longest_chain(&topics), 1, LONGEST);
    empty(&topics);
    for (size_t i = 0; i < IDS; i++)
        topics_drop(&other, topics_find(&other, id_of(i)));
    topics_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_until_dropped),
        cmocka_unit_test(every_length),
        cmocka_unit_test(aimed_at_a_plain_hash),
        cmocka_unit_test(aimed_at_another_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
