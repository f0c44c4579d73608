/* Commitments, held against the manifest made whole and hashed at once: whatever the number of
   items, their lengths, and the way that each comes. Nothing is allocated for them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/commit.h"
#include "tests/support/alloc_fault.h"

#include <stdio.h>

#define MOST 400
#define ARRIVED_US 1700000000000001

static const uint8_t event_nonce[EVENT_NONCE_BYTES] = {9, 8, 7};
static char data[20000];

enum way { WAY_ITEM, WAY_STREAM, WAY_WITHHELD };

struct item {
    char type[16], key[200];
    struct sl_span bytes;
    enum way way;
    bool marked;
    uint8_t nonce[ITEM_NONCE_BYTES], commitment[32];
};
static struct item items[MOST];

/* `ways`: how many of the three are taken. */
static void make(size_t count, unsigned ways)
{
    for (size_t i = 0; i < count; i++) {
        struct item *item = &items[i];
        snprintf(item->type, sizeof(item->type), "type%zu", i % 5);
        snprintf(item->key, sizeof(item->key), "%0*zu", (int)(1 + i * 37 % 180), i);
        item->bytes = (struct sl_span){data + i, i * 97 % (i % 11 ? 700 : 19000)};
        item->way = (enum way)(i * i % 7 % ways);
        item->marked = i % 5 == 3;
        event_item_nonce(event_nonce, (uint32_t)i, item->nonce);
        event_commitment(item->nonce, item->bytes, item->commitment);
    }
}

static uint64_t length_of(const struct item *item)
{
    return item->bytes.len + (item->way == WAY_WITHHELD);
}

static void the_slow_way(
    size_t count, const uint8_t nonce[ITEM_NONCE_BYTES], uint8_t commitment[32])
{
    struct buf manifest = {0};
    manifest_begin(&manifest, ARRIVED_US, count);
    for (size_t i = 0; i < count; i++)
        manifest_add(&manifest, sl_span_of(items[i].type), sl_span_of(items[i].key),
            items[i].marked, length_of(&items[i]), items[i].commitment);
    assert_false(manifest.failed);
    event_commitment(nonce, buf_span(&manifest), commitment);
    buf_fini(&manifest);
}

static void add(struct commit *commit, const struct item *item, const uint8_t *nonce)
{
    uint8_t out[32];
    struct sl_span type = sl_span_of(item->type), key = sl_span_of(item->key);
    switch (item->way) {
    case WAY_ITEM: commit_item(commit, type, key, item->marked, nonce, item->bytes); return;
    case WAY_STREAM: {
        struct crypto_hash *hash = commit_stream(commit, nonce);
        size_t half = item->bytes.len / 2;
        crypto_hash_add(hash, item->bytes.ptr, half);
        crypto_hash_add(hash, item->bytes.ptr + half, item->bytes.len - half);
        commit_stream_end(commit, type, key, item->marked, item->bytes.len, out);
        assert_memory_equal(out, item->commitment, 32);
        return;
    }
    case WAY_WITHHELD:
        commit_withheld(commit, type, key, item->marked, length_of(item), item->commitment);
    }
}

static void check(size_t count, unsigned ways, bool given)
{
    struct commit commit;
    uint8_t nonce[ITEM_NONCE_BYTES], expected[32], got[32];
    make(count, ways);
    event_manifest_nonce(event_nonce, nonce);
    the_slow_way(count, nonce, expected);
    alloc_fail_from(0);
    if (given)
        commit_begin_given(&commit, nonce, ARRIVED_US, count);
    else
        commit_begin(&commit, event_nonce, ARRIVED_US, count);
    for (size_t i = 0; i < count; i++) {
        add(&commit, &items[i], given ? items[i].nonce : NULL);
        if (i % 13 == 5) commit_settle(&commit);
        if (i % 29 == 7) commit_flush(&commit);
    }
    commit_end(&commit, got);
    assert_int_equal(alloc_never(), 0);
    assert_memory_equal(got, expected, 32);
}

static void all_ways(void **state)
{
    (void)state;
    for (size_t count = 0; count <= MOST; count += count < 8 ? 1 : 49)
        for (unsigned ways = 1; ways <= 3; ways++)
            for (int given = 0; given <= 1; given++)
                check(count, ways, given);
}

/* After settling, the gathered items' commitments can be looked at. */
static void settled(void **state)
{
    (void)state;
    struct commit commit;
    make(MOST, 1);
    commit_begin(&commit, event_nonce, ARRIVED_US, MOST);
    size_t first = 0, seen = 0;
    for (size_t i = 0; i < MOST; i++) {
        if (commit_full(&commit)) {
            commit_settle(&commit);
            for (size_t k = 0; k < commit.count; k++, seen++)
                assert_memory_equal(commit.commitments[k], items[first + k].commitment, 32);
            first = i;
        }
        add(&commit, &items[i], NULL);
    }
    assert_true(seen >= MOST - COMMIT_GROUP);
}

/* The longest names fit, and longer ones are in no event's manifest. */
static void names(void **state)
{
    (void)state;
    static char longest[SL_ITEM_KEY_BYTES + 1];
    memset(longest, 'n', sizeof(longest));
    struct sl_span type = {longest, SL_ITEM_TYPE_BYTES}, key = {longest, SL_ITEM_KEY_BYTES};
    for (int over = 0; over <= 2; over++) {
        struct commit commit;
        uint8_t got[32], zeros[32] = {0};
        struct sl_span names[2] = {type, key};
        if (over) names[over - 1].len++;
        commit_begin(&commit, event_nonce, ARRIVED_US, 9);
        for (int i = 0; i < 9; i++)
            commit_item(&commit, i == 4 ? names[0] : type, i == 4 ? names[1] : key, i % 2, NULL,
                (struct sl_span){data, 5});
        commit_end(&commit, got);
        assert_int_equal(memcmp(got, zeros, 32) == 0, over > 0);
    }
}

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7 + i / 251);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways),
        cmocka_unit_test(settled),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
