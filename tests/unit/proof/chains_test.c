/* Chains of headers: what continues its share is taken, and each way of not doing so is named. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/proof/chains.h"
#include "tests/support/alloc_fault.h"

static struct chains *chains;
static struct sl_err err;
static uint64_t position;

static enum sl_result add(const struct header *header, uint8_t leaf[32])
{
    struct buf bytes = {0};
    header_encode(header, &bytes);
    header_leaf(buf_span(&bytes), leaf);
    assert_true(chains_leaf_is(buf_span(&bytes), leaf));
    enum sl_result result = chains_add(chains, position++, buf_span(&bytes), leaf, &err);
    buf_fini(&bytes);
    return result;
}

static struct header first_of(uint32_t share)
{
    struct header header = {.kind = SL_CREATE, .sequence = 1, .time_ms = 1000};
    be_put(header.share_ref + 4, share, 4); /* all at one place of the table, until it is large */
    return header;
}

static struct header next_of(const struct header *header, const uint8_t leaf[32])
{
    struct header next = *header;
    next.kind = SL_SYNC;
    next.sequence++;
    memcpy(next.prev, leaf, 32);
    return next;
}

static int make(void **state)
{
    (void)state;
    chains = chains_create(true);
    assert_non_null(chains);
    position = 0;
    return 0;
}

static int drop(void **state)
{
    (void)state;
    chains_destroy(chains);
    return 0;
}

/* More shares than the table has room for at first, their events taking turns. */
static void many(void **state)
{
    (void)state;
    enum { SHARES = 700 };
    static struct header last[SHARES];
    static uint8_t leaves[SHARES][32];
    for (uint32_t i = 0; i < SHARES; i++) {
        last[i] = first_of(i);
        assert_int_equal(add(&last[i], leaves[i]), SL_OK);
    }
    for (int round = 0; round < 3; round++)
        for (uint32_t i = 0; i < SHARES; i++) {
            last[i] = next_of(&last[i], leaves[i]);
            assert_int_equal(add(&last[i], leaves[i]), SL_OK);
        }
    assert_int_equal(chains_count(chains), SHARES);
}

/* After each refusal the true next header is still taken. */
static void refused(void **state)
{
    (void)state;
    uint8_t leaf[32], none[32];
    struct header header = first_of(1);
    assert_int_equal(add(&header, leaf), SL_OK);
    assert_int_equal(add(&header, none), SL_CORRUPT); /* the same again */
    struct header next = next_of(&header, leaf), bad = next;
    bad.sequence++;
    assert_int_equal(add(&bad, none), SL_CORRUPT);
    assert_non_null(strstr(err.text, "position 2 (event 3 of"));
    assert_non_null(strstr(err.text, "are missing"));
    bad = next;
    bad.prev[31] ^= 1;
    assert_int_equal(add(&bad, none), SL_CORRUPT);
    assert_non_null(strstr(err.text, "(prev)"));
    bad = next;
    bad.time_ms--;
    assert_int_equal(add(&bad, none), SL_CORRUPT);
    bad = next;
    bad.kind = SL_CREATE;
    assert_int_equal(add(&bad, none), SL_CORRUPT);
    bad = next;
    bad.sequence = 0;
    assert_int_equal(add(&bad, none), SL_CORRUPT);
    bad = next;
    bad.kind = 5;
    assert_int_equal(add(&bad, none), SL_CORRUPT);
    assert_non_null(strstr(err.text, "of a kind that isn't known here"));
    bad.kind = SL_ALLOW;
    assert_int_equal(add(&bad, none), SL_CORRUPT);
    assert_non_null(strstr(err.text, "it allows what was never removed"));
    assert_int_equal(chains_add(chains, position, SL_SPAN("x"), none, &err), SL_CORRUPT);
    next.kind = SL_REMOVE;
    assert_int_equal(add(&next, leaf), SL_OK);
    next = next_of(&next, leaf);
    assert_int_equal(add(&next, none), SL_CORRUPT); /* it is removed */
    next.kind = SL_ALLOW;
    assert_int_equal(add(&next, leaf), SL_OK);
    assert_int_equal(chains_count(chains), 1);
}

static void beginnings(void **state)
{
    (void)state;
    uint8_t leaf[32];
    struct header header = first_of(1);
    header.kind = SL_SYNC;
    assert_int_equal(add(&header, leaf), SL_CORRUPT);
    header = first_of(1);
    header.prev[0] = 1; /* of what there wasn't */
    assert_int_equal(add(&header, leaf), SL_CORRUPT);
    header = first_of(1);
    header.kind = SL_SYNC;
    header.sequence = 5;
    assert_int_equal(add(&header, leaf), SL_CORRUPT);
    chains_destroy(chains);
    chains = chains_create(false); /* of a walk that begins later */
    assert_non_null(chains);
    assert_int_equal(add(&header, leaf), SL_OK);
    header = next_of(&header, leaf);
    header.kind = SL_ALLOW; /* its removal may lie before the walk */
    assert_int_equal(add(&header, leaf), SL_OK);
}

/* Years back, a thousand ahead: told, and what stands behind them is as it was. */
static void times(void **state)
{
    (void)state;
    static const struct {
        uint64_t time_ms, back, ahead;
    } cases[] = {{1000000, 0, 0}, {2000000, 0, 0}, {1940000, 0, 0}, {1939999, 1, 0}, {10, 2, 0},
        {9000000, 2, 0}, {9000001, 2, 1}, {UINT64_MAX, 2, 2}, {8990000, 2, 2}, {9000000, 2, 2},
        {8939999, 3, 2}, {8940000, 3, 2}};
    uint8_t leaf[32];
    chains_set_latest(chains, 9000000);
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct header header = first_of(i);
        header.time_ms = cases[i].time_ms;
        assert_int_equal(add(&header, leaf), SL_OK);
        struct chains_times got = chains_times(chains);
        if (got.back.count != cases[i].back || got.ahead.count != cases[i].ahead)
            fail_msg("header %u: %u back, %u ahead", i, (unsigned)got.back.count,
                (unsigned)got.ahead.count);
    }
    assert_int_equal(chains_times(chains).back.first, 3);
    assert_int_equal(chains_times(chains).ahead.first, 6);
}

static void no_memory(void **state)
{
    (void)state;
    uint8_t leaf[32];
    struct header header;
    alloc_fail_from(1);
    assert_null(chains_create(true));
    alloc_never();
    enum sl_result result = SL_OK;
    uint32_t i = 0;
    for (; result == SL_OK && i < 1000; i++) {
        struct buf bytes = {0};
        header = first_of(i);
        header_encode(&header, &bytes);
        header_leaf(buf_span(&bytes), leaf);
        alloc_fail_from(0);
        result = chains_add(chains, i, buf_span(&bytes), leaf, &err);
        alloc_never();
        buf_fini(&bytes);
    }
    assert_int_equal(result, SL_NOMEM);
    assert_int_equal(chains_count(chains), i - 1);
    assert_int_equal(add(&header, leaf), SL_OK); /* once there is some */
    chains_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many, make, drop),
        cmocka_unit_test_setup_teardown(refused, make, drop),
        cmocka_unit_test_setup_teardown(beginnings, make, drop),
        cmocka_unit_test_setup_teardown(times, make, drop),
        cmocka_unit_test_setup_teardown(no_memory, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
