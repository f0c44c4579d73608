/* The store by its contract: shares made, recovered, synced, read at any moment, removed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static struct sl_credentials create(const char *session_id, enum sl_role role, const char *peer)
{
    struct sl_credentials share = {0};
    core_expect(
        sl_share_create(store, sl_span_of(session_id), role, sl_span_of(peer), &share, &err), SL_OK,
        &err);
    return share;
}

static bool same(const struct sl_credentials *a, const struct sl_credentials *b)
{
    return strcmp(a->id, b->id) == 0 && strcmp(a->secret, b->secret) == 0;
}

static void expect_sync(
    const struct sl_credentials *share, const char *items, enum sl_result result)
{
    struct sl_synced synced;
    core_expect(
        core_try_sync(store, share, sl_span_of(items), core_now_us, &synced, &err), result, &err);
}

static void remove_share(const struct sl_credentials *share, enum sl_who who, enum sl_result result)
{
    core_expect(sl_share_remove(store, sl_span_of(share->id), who, sl_span_of(share->secret),
                    SL_SPAN(""), &err),
        result, &err);
}

#define SESSION                                                                                    \
    "{\"type\":\"session\",\"data\":{\"id\":\"ses_1\",\"title\":\"T\",\"directory\":\"/w\"}}"
#define MESSAGE(id) "{\"type\":\"message\",\"data\":{\"id\":\"" id "\"}}"

/* ---- creating ---- */

static void ids(void **state)
{
    (void)state;
    struct sl_credentials share = create("ses_dfbb4fc8fffeO6R7hAdXn5PvMt", SL_ROLE_NONE, "a");
    assert_string_equal(share.id, "dXn5PvMt");
    assert_false(share.recovered);
    assert_string_equal(
        create("test_dfbb4fc8fffeO6R7hAdX_5-vMt", SL_ROLE_NONE, "a").id, "test_dX_5-vMt");
    assert_string_equal(create("short", SL_ROLE_NONE, "a").id, "short");
    share = create("ses_with a dot.x", SL_ROLE_NONE, "a"); /* makes no id */
    assert_int_equal(strlen(share.id), 8);
    assert_true(sl_share_id_valid(sl_span_of(share.id)));
    static const char *const invalid[] = {"", "a\nb", "a\x7f", "\x01"};
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        assert_int_equal(sl_share_create(store, sl_span_of(invalid[i]), SL_ROLE_NONE, SL_SPAN("a"),
                             &share, &err),
            SL_INVALID);
    char longest[SL_SESSION_ID_BYTES + 2];
    memset(longest, 's', sizeof(longest));
    longest[SL_SESSION_ID_BYTES + 1] = 0;
    assert_int_equal(
        sl_share_create(store, sl_span_of(longest), SL_ROLE_NONE, SL_SPAN("a"), &share, &err),
        SL_INVALID);
    longest[SL_SESSION_ID_BYTES] = 0;
    assert_string_equal(create(longest, SL_ROLE_NONE, "a").id, "ssssssss");
    core_verify(store);
}

static void secrets_are_computed(void **state)
{
    (void)state;
    struct sl_credentials plain = create("ses_12345678", SL_ROLE_NONE, "a");
    struct sl_credentials fresh = create("ses_12345678", SL_ROLE_NONE, "b");
    char secret[SL_SECRET_BYTES + 1];
    sl_store_secret(store, SL_SPAN("ses_12345678"), SL_SPAN(""), secret);
    assert_string_equal(plain.secret, secret);
    sl_store_secret(store, SL_SPAN("ses_12345678"), sl_span_of(fresh.id), secret);
    assert_string_equal(fresh.secret, secret);
    assert_string_not_equal(plain.secret, fresh.secret);
    /* a secret is nowhere in the store's files */
    char file[256];
    sl_store_compact(store, NULL, &err);
    assert_int_equal(core_temp_grep(dir, sl_span_of(plain.secret), file), 0);
    assert_int_equal(core_temp_grep(dir, sl_span_of(fresh.secret), file), 0);
}

static void another_session_of_the_same_end(void **state)
{
    (void)state;
    struct sl_credentials one = create("ses_a_12345678", SL_ROLE_NONE, "a");
    struct sl_credentials two = create("ses_b_12345678", SL_ROLE_NONE, "a");
    assert_string_equal(one.id, "12345678");
    assert_memory_equal(two.id, "12345678-", 9);
    assert_int_equal(strlen(two.id), 17);
    assert_string_not_equal(one.secret, two.secret);
    expect_sync(&one, "[" MESSAGE("one") "]", SL_OK);
    expect_sync(&two, "[" MESSAGE("two") "]", SL_OK);
    core_assert_data(store, one.id, 0, "[" MESSAGE("one") "]");
    core_assert_data(store, two.id, 0, "[" MESSAGE("two") "]");
    /* made with a key each comes back to that key, as itself */
    one = create("ses_a_12345678", SL_ROLE_CLIENT, "");
    two = create("ses_b_12345678", SL_ROLE_CLIENT, "");
    struct sl_credentials again = create("ses_b_12345678", SL_ROLE_CLIENT, "");
    assert_true(again.recovered && same(&again, &two));
    again = create("ses_a_12345678", SL_ROLE_CLIENT, "");
    assert_true(again.recovered && same(&again, &one));
}

static void recovery_needs_a_key(void **state)
{
    (void)state;
    struct sl_credentials first = create("ses_12345678", SL_ROLE_CLIENT, "a");
    expect_sync(&first, "[" MESSAGE("one") "]", SL_OK);
    struct sl_credentials stranger =
        create("ses_12345678", SL_ROLE_NONE, "a"); /* another's, and nobody's, without a key */
    assert_false(stranger.recovered);
    assert_string_not_equal(stranger.id, first.id);
    assert_string_not_equal(stranger.secret, first.secret);
    expect_sync(&stranger, "[" MESSAGE("two") "]", SL_OK);
    reopen();
    struct sl_credentials again = create("ses_12345678", SL_ROLE_CLIENT, "z");
    assert_true(again.recovered && same(&again, &first));
    remove_share(&stranger, SL_WHO_SECRET, SL_OK);
    again = create("ses_12345678", SL_ROLE_OWNER, "z");
    assert_true(again.recovered && same(&again, &first));
    core_assert_data(store, first.id, 0, "[" MESSAGE("one") "]"); /* nothing was wiped */
    remove_share(&first, SL_WHO_SECRET, SL_OK);
    again = create("ses_12345678", SL_ROLE_CLIENT, "z");
    assert_false(again.recovered);
    assert_true(!same(&again, &first) && !same(&again, &stranger));
    assert_string_not_equal(again.id, "12345678"); /* an id once removed is never given again */
    core_verify(store);
}

/* With another namespace the computed secret fits no share: then a key recovers nothing, and gives
 * a new one. */
static void namespace_changed(void **state)
{
    (void)state;
    struct sl_credentials first = create("ses_12345678", SL_ROLE_OWNER, "a");
    struct sl_options options = core_options(dir);
    options.namespace_id = SL_SPAN("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    close_store();
    open_store(&options);
    struct sl_credentials second = create("ses_12345678", SL_ROLE_OWNER, "a");
    assert_false(second.recovered);
    assert_string_not_equal(second.id, first.id);
    expect_sync(&first, "[]", SL_OK); /* the old secret still opens the old share */
    expect_sync(&second, "[]", SL_OK);
    struct sl_credentials again = create("ses_12345678", SL_ROLE_OWNER, "a");
    assert_true(again.recovered && same(&again, &second));
    /* back under the first one, the newest that fits is an older one; and what was taken down holds
       under any namespace */
    reopen();
    again = create("ses_12345678", SL_ROLE_OWNER, "a");
    assert_true(again.recovered && same(&again, &first));
    remove_share(&second, SL_WHO_OWNER, SL_OK);
    close_store();
    open_store(&options);
    assert_int_equal(
        sl_share_create(store, SL_SPAN("ses_12345678"), SL_ROLE_OWNER, SL_SPAN("a"), &again, &err),
        SL_HELD);
}

static void twins(void **state)
{
    (void)state;
    struct sl_credentials one = create("ses_12345678", SL_ROLE_NONE, "10.0.0.1");
    struct sl_credentials two = create("ses_12345678", SL_ROLE_NONE, "10.0.0.1");
    assert_true(two.recovered && same(&one, &two));
    struct sl_credentials other =
        create("ses_12345678", SL_ROLE_NONE, "10.0.0.2"); /* somebody else */
    assert_false(other.recovered);
    assert_false(same(&one, &other));
    expect_sync(&one, "[]", SL_OK);
    struct sl_credentials third =
        create("ses_12345678", SL_ROLE_NONE, "10.0.0.1"); /* in use by now */
    assert_false(third.recovered);
    assert_false(same(&one, &third));
    /* The session was shared before, so who knows its id may be anybody: no twins any more. */
    struct sl_credentials fourth = create("ses_12345678", SL_ROLE_NONE, "10.0.0.1");
    assert_false(fourth.recovered || same(&third, &fourth));
    remove_share(&one, SL_WHO_SECRET, SL_OK);
    struct sl_credentials fifth = create("ses_12345678", SL_ROLE_NONE, "10.0.0.1");
    assert_false(fifth.recovered || same(&fourth, &fifth));
    core_verify(store);
}

/* ---- syncing and reading ---- */

static void read_back(void **state)
{
    (void)state;
    struct sl_credentials share = create("ses_12345678", SL_ROLE_NONE, "a");
    core_assert_data(store, share.id, 0, "[]");
    core_assert_section(store, share.id, 0, SL_SECTION_SESSION, "null");
    core_now_us += 5000000;
    struct sl_synced synced = core_sync(store, &share,
        "[{\"data\" : { \"id\":\"m\\u0062\",\"x\":1e999 } ,\"type\":\"mess\\u0061ge\"}," SESSION
        ",{\"type\":\"zz\\u0000\\ud800\",\"data\":[ 1 ]}]");
    assert_true(synced.sequence == 2 && synced.syncs == 1 && synced.position == 1);
    /* items keep their bytes, whatever their spelling; the text around them is the store's own; a
       type is UTF-8, where a lone surrogate stands as in a key */
    core_assert_data(store, share.id, 0,
        "[{\"type\":\"message\",\"data\":{ \"id\":\"m\\u0062\",\"x\":1e999 }}," SESSION
        ",{\"type\":\"zz\\u0000%uD800\",\"data\":[ 1 ]}]");
    core_assert_section(
        store, share.id, 0, SL_SECTION_MESSAGES, "[{ \"id\":\"m\\u0062\",\"x\":1e999 }]");
    core_assert_section(store, share.id, 0, SL_SECTION_PARTS, "[]");
    synced = core_sync(store, &share, "[" MESSAGE("mb") "]"); /* the same key */
    assert_true(synced.sequence == 3 && synced.syncs == 2 && synced.position == 2);
    core_assert_section(store, share.id, 0, SL_SECTION_MESSAGES, "[{\"id\":\"mb\"}]");
    reopen();
    core_assert_section(store, share.id, 0, SL_SECTION_MESSAGES, "[{\"id\":\"mb\"}]");
    core_assert_section(
        store, share.id, 2, SL_SECTION_MESSAGES, "[{ \"id\":\"m\\u0062\",\"x\":1e999 }]");
    core_assert_section(store, share.id, 1, SL_SECTION_MESSAGES, "[]");
    core_verify(store);
}

static void metadata(void **state)
{
    (void)state;
    struct sl_credentials share = create("ses_12345678", SL_ROLE_NONE, "a");
    core_now_us += 1000000;
    core_sync(store, &share,
        "[" SESSION "," MESSAGE("a") "," MESSAGE(
            "b") ",{\"type\":\"part\",\"data\":{\"id\":\"p\",\"messageID\":\"a\"}},"
                 "{\"type\":\"session_diff\",\"data\":[{},{}]},{\"type\":\"model\",\"data\":[{\"id\":\"x\"},{\"id\":\"y\"}]}]");
    core_now_us += 1000000;
    core_sync(store, &share,
        "[{\"type\":\"session\",\"data\":{\"title\":7,\"location\":{\"directory\":\"/v2\"}}}]");
    struct sl_view *view;
    struct sl_metadata m;
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(2), &view, &err), SL_OK, &err);
    core_expect(sl_view_metadata(view, &m, &err), SL_OK, &err);
    assert_string_equal(m.id, share.id);
    assert_true(sl_span_eq(m.session_id, SL_SPAN("ses_12345678")));
    assert_true(
        sl_span_eq(m.title, SL_SPAN("\"T\"")) && sl_span_eq(m.directory, SL_SPAN("\"/w\"")));
    assert_true(m.messages == 2 && m.parts == 1 && m.diffs == 2 && m.models == 2);
    assert_true(m.syncs == 1 && m.sequence == 2);
    assert_int_equal(m.created_ms, CORE_TIME_US / 1000);
    assert_int_equal(m.updated_ms, CORE_TIME_US / 1000 + 1000);
    struct buf data = {0};
    core_data(store, share.id, 2, &data);
    assert_int_equal(m.bytes, data.len);
    buf_fini(&data);
    sl_view_close(view);
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    core_expect(sl_view_metadata(view, &m, &err), SL_OK, &err);
    assert_true(m.title.len == 0 &&
                sl_span_eq(m.directory, SL_SPAN("\"/v2\""))); /* of the newer generation */
    assert_true(m.syncs == 2 && m.sequence == 3 && m.messages == 2);
    sl_view_close(view);
}

static void moments(void **state)
{
    (void)state;
    const uint64_t first_ms = CORE_TIME_US / 1000;
    struct sl_credentials share = create("ses_12345678", SL_ROLE_NONE, "a");
    core_now_us += 10000;
    core_sync(store, &share, "[{\"type\":\"t\",\"data\":2}]");
    core_sync(store, &share, "[{\"type\":\"t\",\"data\":3}]"); /* in the same millisecond */
    core_now_us -= 5000; /* the clock is set back: time doesn't go with it */
    core_sync(store, &share, "[{\"type\":\"t\",\"data\":4}]");
    core_now_us += 20000;
    core_sync_at(store, &share, SL_SPAN("[{\"type\":\"t\",\"data\":5}]"), core_now_us);
    static const struct {
        enum sl_moment_kind kind;
        int64_t value; /* a sequence, or milliseconds after the first event */
        const char *data;
    } table[] = {
        {SL_AT_SEQUENCE, 1, "[]"},
        {SL_AT_SEQUENCE, 3, "[{\"type\":\"t\",\"data\":3}]"},
        {SL_AT_SEQUENCE, 4,
            "[{\"type\":\"t\",\"data\":3}]"}, /* it arrived before what was appended before it */
        {SL_AT_SEQUENCE, 5, "[{\"type\":\"t\",\"data\":5}]"},
        {SL_AT_SEQUENCE, 0, NULL},
        {SL_AT_SEQUENCE, 6, NULL},
        {SL_AT_SEQUENCE, -1, NULL},
        {SL_AT_TIME, 0, "[]"},
        {SL_AT_TIME, 9, "[]"},
        {SL_AT_TIME, 10, "[{\"type\":\"t\",\"data\":3}]"},
        {SL_AT_TIME, 24, "[{\"type\":\"t\",\"data\":3}]"},
        {SL_AT_TIME, 25, "[{\"type\":\"t\",\"data\":5}]"},
        {SL_AT_TIME, 1000000000, "[{\"type\":\"t\",\"data\":5}]"},
        {SL_AT_TIME, -1, NULL},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct sl_moment moment = {table[i].kind, (uint64_t)table[i].value};
        if (moment.kind == SL_AT_TIME) moment.value += first_ms;
        struct sl_view *view = NULL;
        struct buf data = {0};
        core_expect(sl_view_open(store, sl_span_of(share.id), moment, &view, &err),
            table[i].data ? SL_OK : SL_NO_MOMENT, &err);
        if (!table[i].data) continue;
        core_expect(sl_view_data(view, core_sink(&data), &err), SL_OK, &err);
        core_assert_same(buf_span(&data), sl_span_of(table[i].data), "/data at a moment");
        buf_fini(&data);
        sl_view_close(view);
    }
    struct sl_view *view;
    sl_view_open(store, sl_span_of(share.id), core_at(6), &view, &err);
    assert_string_equal(err.text, "no sequence 6: there are 1 to 5");
    assert_int_equal(
        sl_view_open(store, SL_SPAN("nosuchid"), core_at(0), &view, &err), SL_NOT_FOUND);
    assert_int_equal(sl_view_open(store, SL_SPAN(""), core_at(0), &view, &err), SL_NOT_FOUND);
    core_verify(store);
}

/* A batch that is refused leaves nothing behind, and a stranger learns nothing but that the secret
 * is wrong. */
static void refusals(void **state)
{
    (void)state;
    struct sl_credentials share = create("ses_12345678", SL_ROLE_NONE, "a"), wrong = share;
    wrong.secret[0] = wrong.secret[0] == 'a' ? 'b' : 'a';
    expect_sync(&wrong, "[" MESSAGE("a") "]", SL_BAD_SECRET);
    expect_sync(&wrong, "[{\"type\":7}]", SL_BAD_SECRET);
    assert_null(strstr(err.text, "data["));
    expect_sync(&wrong, "[{\"type\":7}", SL_INVALID);
    strcpy(wrong.secret, "");
    expect_sync(&wrong, "[]", SL_BAD_SECRET);
    strcpy(wrong.id, "nosuchid");
    expect_sync(&wrong, "[]", SL_NOT_FOUND);
    expect_sync(&share, "[{\"type\":7}]", SL_INVALID);
    assert_string_equal(err.text, "data[0].type: expected a string");
    expect_sync(
        &share, "[" MESSAGE("a") ",{\"type\":\"message\",\"data\":{\"id\":7}}]", SL_INVALID);
    struct sl_share_info info;
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_true(info.sequence == 1 && info.syncs == 0);
    core_assert_data(store, share.id, 0, "[]");
    /* the secret may be spelled with escapes */
    struct sl_credentials spelled = share;
    struct buf body = {0};
    char escaped[8];
    buf_add_span(&body, SL_SPAN("{\"data\":[" MESSAGE("a") "],\"secret\":\""));
    for (size_t i = 0; i < strlen(spelled.secret); i++)
        buf_add(&body, escaped,
            (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)spelled.secret[i]));
    buf_add_span(&body, SL_SPAN("\"}"));
    struct sl_synced synced;
    core_expect(
        sl_share_sync(store, sl_span_of(share.id), buf_span(&body), 1, &synced, &err), SL_OK, &err);
    assert_int_equal(synced.sequence, 2);
    buf_fini(&body);
    core_verify(store);
}

/* ---- removing ---- */

static void removal(void **state)
{
    (void)state;
    struct sl_credentials share = create("ses_12345678", SL_ROLE_NONE, "a"), wrong = share;
    struct sl_credentials other = create("ses_87654321", SL_ROLE_NONE, "a");
    expect_sync(&share, "[" SESSION "," MESSAGE("a") "]", SL_OK);
    expect_sync(&other, "[" MESSAGE("b") "]", SL_OK);
    struct sl_view *view, *late = NULL;
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    struct sl_event *event, *gone;
    core_expect(sl_event_open(store, sl_span_of(share.id), 2, &event, &err), SL_OK, &err);
    wrong.secret[3] = wrong.secret[3] == '0' ? '1' : '0';
    remove_share(&wrong, SL_WHO_SECRET, SL_BAD_SECRET);
    core_assert_section(store, share.id, 0, SL_SECTION_MESSAGES, "[{\"id\":\"a\"}]");
    core_now_us += 1000;
    remove_share(&share, SL_WHO_SECRET, SL_OK);
    /* unreadable at once, by a view that was open too */
    struct buf data = {0};
    char text[64];
    size_t len;
    assert_int_equal(
        sl_view_open(store, sl_span_of(share.id), core_at(0), &late, &err), SL_REMOVED);
    assert_int_equal(sl_view_data(view, core_sink(&data), &err), SL_REMOVED);
    assert_int_equal(data.len, 0);
    assert_int_equal(sl_event_text(event, 60, text, sizeof(text), &len, &err), SL_REMOVED);
    core_expect(sl_event_open(store, sl_span_of(share.id), 2, &gone, &err), SL_OK, &err);
    assert_true(sl_event_info(gone)->erased && sl_event_nonce(gone).len == 0 &&
                sl_event_header(gone).len > 0);
    assert_int_equal(sl_event_text_bytes(gone), 2);
    sl_event_close(gone);
    sl_event_close(event);
    sl_view_close(view);
    buf_fini(&data);
    expect_sync(&share, "[]", SL_REMOVED);
    struct sl_share_info info;
    for (int settled = 0; settled <= 1; settled++) {
        core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
        assert_true(info.state == SL_SHARE_REMOVED && info.removed_by == SL_WHO_SECRET &&
                    info.sequence == 3);
        assert_int_equal(info.removed_ms, core_now_us / 1000);
        assert_int_equal(info.erased, settled);
        core_verify(store);
        remove_share(&share, SL_WHO_SECRET, SL_OK); /* again: fine, and nothing changes */
        remove_share(&share, SL_WHO_OWNER, SL_OK);
        remove_share(&wrong, SL_WHO_SECRET, SL_BAD_SECRET);
        settle();
    }
    core_assert_data(store, other.id, 0, "[" MESSAGE("b") "]");
    reopen();
    assert_int_equal(
        sl_view_open(store, sl_span_of(share.id), core_at(0), &late, &err), SL_REMOVED);
    create("ses_12345678", SL_ROLE_NONE, "a"); /* by its secret: the session may be shared again */
    core_verify(store);
}

static void held_sessions(void **state)
{
    (void)state;
    struct sl_credentials two = create("ses_12345678", SL_ROLE_NONE, "b"), again;
    struct sl_credentials one = create("ses_12345678", SL_ROLE_CLIENT, "a");
    expect_sync(&one, "[]", SL_OK);
    remove_share(&one, SL_WHO_OWNER, SL_OK);
    for (int reopened = 0; reopened <= 1; reopened++) {
        for (enum sl_role role = SL_ROLE_NONE; role <= SL_ROLE_OWNER; role++)
            assert_int_equal(
                sl_share_create(store, SL_SPAN("ses_12345678"), role, SL_SPAN("c"), &again, &err),
                role == SL_ROLE_OWNER ? SL_OK : SL_HELD);
        core_verify(store);
        core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
        reopen();
    }
    remove_share(&two, SL_WHO_OWNER, SL_OK); /* held twice */
    core_expect(sl_session_allow(store, SL_SPAN("ses_12345678"), &err), SL_OK, &err);
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err); /* an event tells of it */
    again = create("ses_12345678", SL_ROLE_NONE, "c");
    assert_true(!same(&again, &one) && !same(&again, &two));
    core_expect(sl_session_allow(store, SL_SPAN("ses_12345678"), &err), SL_OK,
        &err); /* not held: fine too */
    core_expect(sl_session_allow(store, SL_SPAN("ses_other"), &err), SL_OK, &err);
    settle();
    reopen();
    expect_sync(&again, "[]", SL_OK);
    core_verify(store);
}

static void removing_what_is_not_there(void **state)
{
    (void)state;
    struct sl_credentials share = {.id = "nosuchid"};
    remove_share(&share, SL_WHO_OWNER, SL_NOT_FOUND);
    remove_share(&share, SL_WHO_SECRET, SL_NOT_FOUND);
    share = create("ses_12345678", SL_ROLE_NONE, "a");
    char reason[SL_REASON_BYTES + 1];
    memset(reason, 'r', sizeof(reason));
    assert_int_equal(sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""),
                         (struct sl_span){reason, sizeof(reason)}, &err),
        SL_INVALID);
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""),
                    (struct sl_span){reason, SL_REASON_BYTES}, &err),
        SL_OK, &err);
    settle();
    core_verify(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ids),
        TEST(secrets_are_computed),
        TEST(another_session_of_the_same_end),
        TEST(recovery_needs_a_key),
        TEST(namespace_changed),
        TEST(twins),
        TEST(read_back),
        TEST(metadata),
        TEST(moments),
        TEST(refusals),
        TEST(removal),
        TEST(held_sessions),
        TEST(removing_what_is_not_there),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
