/* Evidence: what an honest log signs never contradicts itself, whatever is picked of it; what a log
 * with two histories signs does, and the judge names the places. tests/vectors/head.json has a pair
 * for each rule. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/evidence.h"
#include "tests/support/core_store.h"

#include <stdio.h>

#define EVENTS 40

/* A share as a list of positions, and the log's other share between them. */
struct history {
    uint64_t positions[EVENTS], size;
    uint8_t ref[32];
    const char *id;
    uint64_t salt; /* of the leaves */
};

static void leaf_of(const struct history *history, uint64_t sequence, uint8_t leaf[32])
{
    uint64_t of[2] = {history->salt, sequence};
    crypto_sha256(of, sizeof(of), leaf);
}

static struct history make(uint64_t *seed, const char *id)
{
    struct history made = {.id = id, .salt = core_random(seed)};
    uint64_t at = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        at += core_random(seed) % 4;
        made.positions[i] = at++;
    }
    made.size = at + core_random(seed) % 9;
    crypto_sha256(&made.salt, sizeof(made.salt), made.ref);
    return made;
}

/* Its events 1 to n, of which the log had said at some size that they are all. */
static struct head_statement statement(const struct history *of, uint64_t n, uint64_t *seed)
{
    uint64_t below = n < EVENTS ? of->positions[n] : of->size, last = of->positions[n - 1];
    struct head_statement made = {.first = of->positions[0],
        .last = last,
        .sequence = n,
        .size = last + 1 + core_random(seed) % (below - last)};
    snprintf(made.origin, sizeof(made.origin), "log");
    snprintf(made.share_id, sizeof(made.share_id), "%s", of->id);
    memcpy(made.ref, of->ref, 32);
    leaf_of(of, n, made.leaf);
    return made;
}

/* … or as a bundle shows them. */
static struct evidence whole(const struct history *of, uint64_t n, uint64_t *seed)
{
    struct evidence made = {0};
    struct head_statement end = statement(of, n, seed);
    for (uint64_t i = 1; i <= n; i++) {
        struct evidence_place place = {i, of->positions[i - 1], true, {0}};
        leaf_of(of, i, place.leaf);
        assert_true(evidence_add(&made, &place));
    }
    snprintf(made.origin, sizeof(made.origin), "log");
    snprintf(made.share_id, sizeof(made.share_id), "%s", of->id);
    memcpy(made.ref, of->ref, 32);
    made.has_end = true;
    made.end_sequence = n;
    made.end_size = end.size;
    return made;
}

static struct evidence any(const struct history *of, uint64_t n, uint64_t *seed)
{
    struct evidence made = {0};
    struct head_statement end = statement(of, n, seed);
    if (core_random(seed) % 2) return whole(of, n, seed);
    assert_true(evidence_add_statement(&made, &end));
    return made;
}

static struct evidence_found judged(struct evidence *a, struct evidence *b)
{
    struct evidence_found found = evidence_judge(a, b), other = evidence_judge(b, a);
    assert_int_equal(found.rule, other.rule);
    evidence_fini(a);
    evidence_fini(b);
    return found;
}

static void test_honest(void **state)
{
    (void)state;
    uint64_t seed = core_seed("honest");
    for (unsigned round = 0; round < 20000 * core_rounds(); round++) {
        struct history one = make(&seed, "one");
        struct evidence a = any(&one, 1 + core_random(&seed) % EVENTS, &seed);
        struct evidence b = any(&one, 1 + core_random(&seed) % EVENTS, &seed);
        struct evidence_found found = judged(&a, &b);
        if (found.rule != EVIDENCE_AGREES) fail_msg("%s", evidence_rule_name(found.rule));
    }
}

/* Two histories that part at an event: whoever has an event behind that of both, or an end of one
   that the other goes beyond, can prove it. */
static void test_forked(void **state)
{
    (void)state;
    uint64_t seed = core_seed("forked");
    unsigned proven[EVIDENCE_POSITION + 1] = {0};
    for (unsigned round = 0; round < 20000 * core_rounds(); round++) {
        struct history one = make(&seed, "one"), two = one;
        uint64_t parts = core_random(&seed) % EVENTS; /* so many they have in common */
        struct history apart = make(&seed, "one");
        uint64_t from = parts ? one.positions[parts - 1] + 1 : 0;
        for (uint64_t i = parts; i < EVENTS; i++)
            two.positions[i] = from + apart.positions[i];
        two.size = two.positions[EVENTS - 1] + 1;
        uint64_t n = 1 + core_random(&seed) % EVENTS, m = 1 + core_random(&seed) % EVENTS;
        struct evidence a = whole(&one, n, &seed), b = whole(&two, m, &seed);
        for (uint64_t i = parts; i < b.count; i++)
            b.places[i].leaf[0] ^= 1;
        bool differ = n > parts && m > parts;
        bool left_out = (n <= parts && m > n && b.places[n].position < a.end_size) ||
                        (m <= parts && n > m && a.places[m].position < b.end_size);
        struct evidence_place expected = differ ? a.places[parts] : (struct evidence_place){0};
        struct evidence_found found = judged(&a, &b);
        proven[found.rule]++;
        if (differ) {
            assert_int_equal(found.rule, EVIDENCE_EVENT);
            assert_int_equal(found.a.sequence, parts + 1);
            assert_int_equal(found.a.position, expected.position);
            assert_int_equal(found.b.sequence, parts + 1);
        } else {
            assert_int_equal(found.rule, left_out ? EVIDENCE_LEFT_OUT : EVIDENCE_AGREES);
        }
    }
    assert_true(proven[EVIDENCE_EVENT] > 0 && proven[EVIDENCE_LEFT_OUT] > 0);
}

/* Two shares have no position in common. */
static void test_two_shares(void **state)
{
    (void)state;
    uint64_t seed = core_seed("two shares");
    unsigned proven = 0;
    for (unsigned round = 0; round < 2000 * core_rounds(); round++) {
        struct history one = make(&seed, "one"), two = make(&seed, "two");
        uint64_t n = 1 + core_random(&seed) % EVENTS, m = 1 + core_random(&seed) % EVENTS;
        bool meet = false;
        for (uint64_t i = 0; i < n; i++)
            for (uint64_t k = 0; k < m; k++)
                meet |= one.positions[i] == two.positions[k];
        struct evidence a = whole(&one, n, &seed), b = whole(&two, m, &seed);
        struct evidence_found found = judged(&a, &b);
        assert_int_equal(found.rule, meet ? EVIDENCE_POSITION : EVIDENCE_AGREES);
        if (meet) assert_int_equal(found.a.position, found.b.position);
        proven += meet;
    }
    assert_true(proven > 0);
}

/* Of two logs nothing is said, whatever they say. */
static void test_two_logs(void **state)
{
    (void)state;
    uint64_t seed = core_seed("two logs");
    struct history one = make(&seed, "one");
    struct evidence a = whole(&one, 5, &seed), b = whole(&one, 5, &seed);
    b.places[4].leaf[0] ^= 1;
    snprintf(b.origin, sizeof(b.origin), "another");
    assert_int_equal(judged(&a, &b).rule, EVIDENCE_AGREES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_honest),
        cmocka_unit_test(test_forked),
        cmocka_unit_test(test_two_shares),
        cmocka_unit_test(test_two_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
