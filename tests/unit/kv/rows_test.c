/* Storage keys: their bytes, spelled out, and that bytewise order is the order meant. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"

#define ID SL_SPAN("q7Zk2bXa")

#define MAKER                                                                                      \
    "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"                             \
    "\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f"
static const uint8_t *const maker = (const uint8_t *)MAKER;

static void assert_key(struct row_key key, const char *bytes, size_t len)
{
    assert_int_equal(key.len, len);
    assert_memory_equal(key.bytes, bytes, len);
}
#define ASSERT_KEY(key, literal) assert_key(key, literal, sizeof(literal) - 1)

static void bytes_of_every_key(void **state)
{
    (void)state;
    uint8_t ref[32];
    for (int i = 0; i < 32; i++)
        ref[i] = (uint8_t)(0xe0 + i);
    ASSERT_KEY(row_meta("format"), "format");
    ASSERT_KEY(row_event(ID, 1), "q7Zk2bXa\0\0\0\0\0\0\0\0\1");
    ASSERT_KEY(row_event(ID, 0x0102030405060708), "q7Zk2bXa\0\1\2\3\4\5\6\7\10");
    ASSERT_KEY(row_body(ID, 1, 0), "q7Zk2bXa\0\0\0\0\0\0\0\0\1\0\0\0\0");
    ASSERT_KEY(row_body(ID, 1, 0xa0b0c0d0), "q7Zk2bXa\0\0\0\0\0\0\0\0\1\xa0\xb0\xc0\xd0");
    ASSERT_KEY(row_snapshot(ID, 256, 2), "q7Zk2bXa\0\0\0\0\0\0\0\1\0\0\0\0\2");
    ASSERT_KEY(row_log(0), "\0\0\0\0\0\0\0\0");
    ASSERT_KEY(row_log(UINT64_MAX), "\xff\xff\xff\xff\xff\xff\xff\xff");
    ASSERT_KEY(row_share(ID), "q7Zk2bXa");
    ASSERT_KEY(row_by_session(SL_SPAN("ses_1"), maker, 7), "ses_1\1" MAKER "\0\0\0\0\0\0\0\7");
    ASSERT_KEY(row_by_session(SL_SPAN("ses_1"), maker_unknown, 7), "ses_1\0\0\0\0\0\0\0\0\7");
    ASSERT_KEY(row_by_session_from(SL_SPAN("ses_1")), "ses_1\0");
    ASSERT_KEY(row_by_session_to(SL_SPAN("ses_1")), "ses_1\2");
    ASSERT_KEY(row_held_from(SL_SPAN("ses_1")), "hses_1\0");
    ASSERT_KEY(row_held_to(SL_SPAN("ses_1")), "hses_1\2");
    ASSERT_KEY(row_held(SL_SPAN("ses_1"), maker_unknown, ID), "hses_1\0q7Zk2bXa");
    ASSERT_KEY(row_newest(0), "n\xff\xff\xff\xff\xff\xff\xff\xff");
    ASSERT_KEY(row_newest(2), "n\xff\xff\xff\xff\xff\xff\xff\xfd");
    ASSERT_KEY(row_ref(ref), "r\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef"
                             "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff");
    ASSERT_KEY(row_index(ROW_INDEX_DUE, ID), "dq7Zk2bXa");
    ASSERT_KEY(row_held(SL_SPAN("ses_1"), maker, ID), "hses_1\1" MAKER "q7Zk2bXa");
    ASSERT_KEY(row_held(SL_SPAN("ses_1"), maker, SL_SPAN("")), "hses_1\1" MAKER);
    ASSERT_KEY(row_erase(ID), "erase/q7Zk2bXa");
    ASSERT_KEY(row_share_from(ID), "q7Zk2bXa\0");
    ASSERT_KEY(row_share_to(ID), "q7Zk2bXa\1");
    ASSERT_KEY(row_whole(), "\xffwhole");
}

static void assert_before(struct row_key a, struct row_key b)
{
    assert_true(sl_span_cmp(row_span(&a), row_span(&b)) < 0);
}

static void order(void **state)
{
    (void)state;
    static const uint64_t rising[] = {0, 1, 2, 255, 256, 65535, 65536, UINT32_MAX,
        (uint64_t)UINT32_MAX + 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
    for (size_t i = 0; i + 1 < sizeof(rising) / sizeof(rising[0]); i++) {
        uint64_t a = rising[i], b = rising[i + 1];
        assert_before(row_event(ID, a), row_event(ID, b));
        assert_before(row_body(ID, a, UINT32_MAX), row_body(ID, b, 0));
        assert_before(row_snapshot(ID, a, UINT32_MAX), row_snapshot(ID, b, 0));
        assert_before(row_log(a), row_log(b));
        assert_before(row_by_session(ID, maker, a), row_by_session(ID, maker, b));
        assert_before(row_by_session(ID, maker_unknown, a), row_by_session(ID, maker_unknown, b));
        assert_before(row_by_session(ID, maker_unknown, b), row_by_session(ID, maker_nobody, a));
        assert_before(row_by_session(ID, maker_nobody, b), row_by_session(ID, maker, a));
        assert_before(row_by_session_from(ID), row_by_session(ID, maker_unknown, a));
        assert_before(row_by_session(ID, maker, b), row_by_session_to(ID));
        assert_before(row_newest(b), row_newest(a)); /* newest first */
        assert_before(row_share_from(ID), row_event(ID, a));
        assert_before(row_body(ID, b, UINT32_MAX), row_share_to(ID));
    }
}

/* An id that begins with another, or sorts next to it, has none of its rows inside the other's
 * range. */
static void ranges_are_apart(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "-", "a", "a-", "a0", "aA", "a_", "aa", "ab", "b", "test_a", "z"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        for (size_t k = 0; k < sizeof(ids) / sizeof(ids[0]); k++) {
            struct row_key from = row_share_from(sl_span_of(ids[i])),
                           to = row_share_to(sl_span_of(ids[i]));
            struct row_key first = row_body(sl_span_of(ids[k]), 0, 0);
            struct row_key last = row_body(sl_span_of(ids[k]), UINT64_MAX, UINT32_MAX);
            bool first_in = sl_span_cmp(row_span(&first), row_span(&from)) >= 0 &&
                            sl_span_cmp(row_span(&first), row_span(&to)) < 0;
            bool last_in = sl_span_cmp(row_span(&last), row_span(&from)) >= 0 &&
                           sl_span_cmp(row_span(&last), row_span(&to)) < 0;
            assert_int_equal(first_in, i == k);
            assert_int_equal(last_in, i == k);
        }
}

static void parts_again(void **state)
{
    (void)state;
    struct sl_span id;
    uint64_t sequence;
    uint32_t chunk;
    struct row_key key = row_event(ID, 0x0100);
    assert_true(row_parse_event(row_span(&key), &id, &sequence));
    assert_true(sl_span_eq(id, ID));
    assert_int_equal(sequence, 0x0100);
    key = row_body(SL_SPAN("a"), 0, 0); /* zeroes all the way */
    assert_true(row_parse_chunk(row_span(&key), &id, &sequence, &chunk));
    assert_true(sl_span_eq(id, SL_SPAN("a")));
    assert_int_equal(sequence, 0);
    assert_int_equal(chunk, 0);
    key = row_snapshot(ID, UINT64_MAX, UINT32_MAX);
    assert_true(row_parse_chunk(row_span(&key), &id, &sequence, &chunk));
    assert_true(sequence == UINT64_MAX && chunk == UINT32_MAX);
    static const struct sl_span none[] = {{"", 0}, {"\0\0\0\0\0\0\0\0\1", 9},
        {"a\1\0\0\0\0\0\0\0\1", 10}, {"\xffwhole", 6}, {"q7Zk2bXa", 8}};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_false(row_parse_event(none[i], &id, &sequence));
        assert_false(row_parse_chunk(none[i], &id, &sequence, &chunk));
    }
}

/* Of every session and maker; and no key is taken for another's. */
static void made_by(void **state)
{
    (void)state;
    const uint8_t *const makers[] = {maker_unknown, maker_nobody, maker};
    struct sl_span session = SL_SPAN("ses_1"), id;
    const uint8_t *whose;
    uint64_t position;
    for (size_t i = 0; i < 3; i++) {
        struct row_key share = row_by_session(session, makers[i], 258);
        assert_true(row_parse_by_session(row_span(&share), session, &whose, &position));
        assert_true(maker_same(whose, makers[i]) && position == 258);
        struct row_key held = row_held(session, makers[i], ID);
        assert_true(row_parse_held(row_span(&held), session, &id));
        assert_true(sl_span_eq(id, ID));
        for (size_t len = 0; len < share.len; len++)
            assert_false(row_parse_by_session(
                (struct sl_span){share.bytes, len}, session, &whose, &position));
        for (size_t len = 0; len <= held.len - ID.len; len++)
            assert_false(row_parse_held((struct sl_span){held.bytes, len}, session, &id));
        share.bytes[session.len] = 3;
        held.bytes[1 + session.len] = 3;
        assert_false(row_parse_by_session(row_span(&share), session, &whose, &position));
        assert_false(row_parse_held(row_span(&held), session, &id));
    }
}

static void longest(void **state)
{
    (void)state;
    char session[SL_SESSION_ID_BYTES], id[SL_SHARE_ID_BYTES];
    memset(session, 's', sizeof(session));
    memset(id, 'i', sizeof(id));
    struct sl_span session_id = {session, sizeof(session)}, share_id = {id, sizeof(id)};
    assert_int_equal(row_by_session(session_id, maker, 1).len, 256 + 1 + 32 + 8);
    assert_int_equal(row_body(share_id, 1, 1).len, 64 + 1 + 8 + 4);
    assert_int_equal(row_held(session_id, maker, share_id).len, 1 + 256 + 1 + 32 + 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_every_key),
        cmocka_unit_test(order),
        cmocka_unit_test(ranges_are_apart),
        cmocka_unit_test(parts_again),
        cmocka_unit_test(made_by),
        cmocka_unit_test(longest),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
