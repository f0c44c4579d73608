/* Who gets which share: the tables of core/README.md, which are these, row by row, and run. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"
#include "tests/support/share_format1.h"

#include <stdio.h>

enum who { NOBODY, CLIENT, OWNER, FORMAT1 };
#define ASKERS 3 /* of them: nobody, the client key, the owner key */
#define SHARES 3

static const char *const names[] = {
    "nobody's", "the client key's", "the owner key's", "format 1's"};
static const enum sl_role roles[ASKERS] = {SL_ROLE_NONE, SL_ROLE_CLIENT, SL_ROLE_OWNER};
static const char *const ordinals[] = {"new", "1st", "2nd", "3rd"};

/* ---- the tables ---- */

/* What lives, oldest first; which of them a create gives to each who asks, 0: a new one; and which
   the session's readers are led to, 0: none. */
struct lives {
    size_t count;
    enum who by[SHARES];
    int gets[ASKERS], readers;
};
static const struct lives lives[] = {
    {0, {0}, {0, 0, 0}, 0},
    {1, {NOBODY}, {0, 0, 0}, 1},
    {2, {NOBODY, NOBODY}, {0, 0, 0}, 2},
    {1, {CLIENT}, {0, 1, 1}, 1},
    {1, {OWNER}, {0, 0, 1}, 1},
    {2, {NOBODY, CLIENT}, {0, 2, 2}, 2},
    {2, {CLIENT, NOBODY}, {0, 1, 1}, 1},
    {3, {OWNER, CLIENT, NOBODY}, {0, 2, 1}, 2},
    {1, {FORMAT1}, {0, 0, 0}, 1},
    {2, {FORMAT1, NOBODY}, {0, 0, 0}, 1},
    {3, {FORMAT1, CLIENT, NOBODY}, {0, 2, 2}, 2},
};
#define LIVES (sizeof(lives) / sizeof(lives[0]))

/* Whose share the owner took down, and whom that holds. */
struct taken {
    size_t count;
    enum who by;
    bool held[ASKERS];
};
static const struct taken taken[] = {
    {0, NOBODY, {false, false, false}},
    {1, NOBODY, {true, false, false}},
    {1, CLIENT, {true, true, false}},
    {1, OWNER, {true, false, true}},
    {1, FORMAT1, {true, true, true}},
};
#define TAKEN (sizeof(taken) / sizeof(taken[0]))

static void twin_alone(struct sl_credentials *first);
static void twin_elsewhere(struct sl_credentials *first);
static void twin_synced(struct sl_credentials *first);
static void twin_removed(struct sl_credentials *first);
static void twin_second(struct sl_credentials *first);
static void twin_of_a_key(struct sl_credentials *first);

/* What came before a create without a key from the address "here", and what that gets: 1, what
   `before` made last, or 0, a new one. */
static const struct twin {
    const char *text;
    void (*before)(struct sl_credentials *first);
    int gets;
} twins[] = {
    {"the session's first share, made without a key", twin_alone, 1},
    {"the same, from another address", twin_elsewhere, 0},
    {"the same, synced to", twin_synced, 0},
    {"the same, removed with its secret", twin_removed, 0},
    {"the session's second share", twin_second, 0},
    {"the session's first share, made by the client key", twin_of_a_key, 0},
};

/* ---- what they say of the store ---- */

static unsigned peers;

static enum sl_result ask(
    const char *session, enum who who, const char *peer, struct sl_credentials *got)
{
    return sl_share_create(store, sl_span_of(session), roles[who], sl_span_of(peer), got, &err);
}

/* By somebody whose address nobody else has. */
static struct sl_credentials create(const char *session, enum who who)
{
    struct sl_credentials got = {0};
    char peer[32];
    snprintf(peer, sizeof(peer), "peer %u", peers++);
    core_expect(ask(session, who, peer, &got), SL_OK, &err);
    assert_false(got.recovered);
    return got;
}

/* One session for each cell of the tables: what lives there, and what was taken down. */
struct cell {
    char session[64];
    const struct lives *lives;
    const struct taken *taken;
    enum who asks;
    struct sl_credentials live[SHARES], down;
};
static struct cell cells[LIVES * TAKEN * ASKERS];
static size_t cells_count;

/* A key gets the share that it has; so none of its own lives where another was taken down. */
static bool can_be(const struct lives *row, const struct taken *down)
{
    for (size_t i = 0; i < row->count && down->count; i++)
        if (row->by[i] == down->by && (down->by == CLIENT || down->by == OWNER)) return false;
    return true;
}

static void make_cells(void)
{
    cells_count = 0;
    for (size_t l = 0; l < LIVES; l++)
        for (size_t t = 0; t < TAKEN; t++)
            for (enum who asks = 0; asks < ASKERS; asks++) {
                if (!can_be(&lives[l], &taken[t])) continue;
                struct cell *cell = &cells[cells_count++];
                *cell = (struct cell){.lives = &lives[l], .taken = &taken[t], .asks = asks};
                snprintf(cell->session, sizeof(cell->session), "ses_%zu_%zu_%d_cells", l, t, asks);
            }
}

/* What is of format 1 was there before everything else. */
static void make_format1(void)
{
    for (size_t i = 0; i < cells_count; i++) {
        struct cell *cell = &cells[i];
        for (size_t k = 0; k < cell->lives->count; k++)
            if (cell->lives->by[k] == FORMAT1) cell->live[k] = share_format1(store, cell->session);
        if (cell->taken->count && cell->taken->by == FORMAT1)
            cell->down = share_format1(store, cell->session);
    }
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
}

/* What is to be taken down is the owner key's before the client's lives, which the owner key would
   be given else; and is created in the end otherwise, or the owner key would be given that. */
static void make_shares(struct cell *cell)
{
    bool down = cell->taken->count, owners = down && cell->taken->by == OWNER;
    if (owners) cell->down = create(cell->session, OWNER);
    for (size_t k = 0; k < cell->lives->count; k++)
        if (cell->lives->by[k] != FORMAT1)
            cell->live[k] = create(cell->session, cell->lives->by[k]);
    if (down && !owners && cell->taken->by != FORMAT1)
        cell->down = create(cell->session, cell->taken->by);
    if (down)
        core_expect(sl_share_remove(store, sl_span_of(cell->down.id), SL_WHO_OWNER, SL_SPAN(""),
                        SL_SPAN(""), &err),
            SL_OK, &err);
}

static void check_readers(const struct cell *cell)
{
    char id[SL_SHARE_ID_BYTES + 1];
    int readers = cell->lives->readers;
    enum sl_result result = sl_session_share(store, sl_span_of(cell->session), id, &err);
    core_expect(result, readers ? SL_OK : SL_NOT_FOUND, &err);
    if (readers) assert_string_equal(id, cell->live[readers - 1].id);
}

static void check_cell(const struct cell *cell)
{
    struct sl_credentials got = {0};
    int gets = cell->lives->gets[cell->asks];
    check_readers(cell);
    enum sl_result result = ask(cell->session, cell->asks, "asker", &got);
    if (cell->taken->held[cell->asks]) {
        core_expect(result, SL_HELD, &err);
        assert_int_equal(got.id[0], 0);
        return;
    }
    core_expect(result, SL_OK, &err);
    assert_int_equal(got.recovered, gets > 0);
    for (size_t k = 0; k < cell->lives->count; k++) {
        bool same = (int)k + 1 == gets;
        assert_int_equal(strcmp(got.id, cell->live[k].id) == 0, same);
        assert_int_equal(strcmp(got.secret, cell->live[k].secret) == 0, same);
    }
    assert_string_not_equal(got.id, cell->down.id);
    core_sync(store, &got, "[{\"type\":\"x\",\"data\":1}]");
}

static void every_cell(void **state)
{
    (void)state;
    make_cells();
    make_format1();
    for (size_t i = 0; i < cells_count; i++)
        make_shares(&cells[i]);
    core_verify(store);
    for (size_t i = 0; i < cells_count; i++)
        check_cell(&cells[i]);
    core_verify(store);
}

/* The events alone say all of it; and an allow lifts every hold. */
static void after_a_rebuild(void **state)
{
    (void)state;
    struct sl_credentials got;
    make_cells();
    make_format1();
    for (size_t i = 0; i < cells_count; i++)
        make_shares(&cells[i]);
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    reopen();
    for (size_t i = 0; i < cells_count; i++)
        check_cell(&cells[i]);
    for (size_t i = 0; i < cells_count; i++) {
        core_expect(sl_session_allow(store, sl_span_of(cells[i].session), &err), SL_OK, &err);
        core_expect(ask(cells[i].session, cells[i].asks, "asker", &got), SL_OK, &err);
    }
    core_verify(store);
}

/* ---- twins ---- */

static char twin_session[64];

static void twin_alone(struct sl_credentials *first)
{
    core_expect(ask(twin_session, NOBODY, "here", first), SL_OK, &err);
}

static void twin_elsewhere(struct sl_credentials *first)
{
    core_expect(ask(twin_session, NOBODY, "there", first), SL_OK, &err);
}

static void twin_synced(struct sl_credentials *first)
{
    twin_alone(first);
    core_sync(store, first, "[]");
}

static void twin_removed(struct sl_credentials *first)
{
    twin_alone(first);
    core_expect(sl_share_remove(store, sl_span_of(first->id), SL_WHO_SECRET,
                    sl_span_of(first->secret), SL_SPAN(""), &err),
        SL_OK, &err);
}

static void twin_second(struct sl_credentials *first)
{
    create(twin_session, NOBODY);
    twin_alone(first);
}

static void twin_of_a_key(struct sl_credentials *first)
{
    core_expect(ask(twin_session, CLIENT, "here", first), SL_OK, &err);
}

static void every_twin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++) {
        struct sl_credentials first, got;
        snprintf(twin_session, sizeof(twin_session), "ses_%zu_twins", 1000 + i);
        twins[i].before(&first);
        assert_false(first.recovered);
        core_expect(ask(twin_session, NOBODY, "here", &got), SL_OK, &err);
        assert_int_equal(got.recovered, twins[i].gets);
        assert_int_equal(strcmp(got.id, first.id) == 0, twins[i].gets);
        assert_int_equal(strcmp(got.secret, first.secret) == 0, twins[i].gets);
    }
    core_verify(store);
}

/* ---- the document ---- */

static void add(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

static void add_cell(struct buf *out, const char *text)
{
    add(out, " ");
    add(out, text);
    add(out, *text ? " |" : "|");
}

static void add_lives(struct buf *out, const struct lives *row)
{
    add(out, row->count ? "| " : "| none");
    for (size_t i = 0; i < row->count; i++) {
        add(out, i ? ", " : "");
        add(out, names[row->by[i]]);
    }
    add(out, " |");
    for (enum who asks = 0; asks < ASKERS; asks++)
        add_cell(out, ordinals[row->gets[asks]]);
    add_cell(out, row->readers ? ordinals[row->readers] : "nowhere");
    add(out, "\n");
}

static void add_taken(struct buf *out, const struct taken *row)
{
    add(out, "| ");
    add(out, row->count ? names[row->by] : "none");
    add(out, " |");
    for (enum who asks = 0; asks < ASKERS; asks++)
        add_cell(out, row->held[asks] ? "held" : "");
    add(out, "\n");
}

/* The rows stand in it, these and no others, in this order. */
static void assert_has(const struct buf *document, const char *heading, const struct buf *rows)
{
    const char *end = document->ptr + document->len;
    const char *table = memmem(document->ptr, document->len, heading, strlen(heading));
    if (!table) fail_msg("core/README.md has no table %s", heading);
    const char *rule = table + strlen(heading);
    const char *from = memchr(rule, '\n', (size_t)(end - rule));
    assert_non_null(from);
    from++;
    const char *stop = memmem(from, (size_t)(end - from), "\n\n", 2);
    assert_non_null(stop);
    core_assert_same((struct sl_span){from, (size_t)(stop + 1 - from)}, buf_span(rows), heading);
}

static void as_the_document_says(void **state)
{
    (void)state;
    struct buf document = {0}, rows = {0};
    assert_true(core_read_file("core/README.md", &document));
    for (size_t i = 0; i < LIVES; i++)
        add_lives(&rows, &lives[i]);
    assert_has(&document,
        "| live shares of the session, oldest first | without a key | client key | owner key | readers |\n",
        &rows);
    buf_clear(&rows);
    for (size_t i = 0; i < TAKEN; i++)
        add_taken(&rows, &taken[i]);
    assert_has(&document,
        "| taken down of the session by the owner | without a key | client key | owner key |\n",
        &rows);
    buf_clear(&rows);
    for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++) {
        add(&rows, "| ");
        add(&rows, twins[i].text);
        add(&rows, " |");
        add_cell(&rows, ordinals[twins[i].gets]);
        add(&rows, "\n");
    }
    assert_has(&document, "| without a key, within 10 s of a create, from its address | answer |\n",
        &rows);
    buf_fini(&rows);
    buf_fini(&document);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_cell),
        TEST(after_a_rebuild),
        TEST(every_twin),
        cmocka_unit_test(as_the_document_says),
    };
    return cmocka_run_group_tests_name("who_gets", tests, NULL, NULL);
}
