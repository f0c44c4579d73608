/* Bytes of any place: of events, whatever rows hold them, and of a snapshot's stream; none of them
 * once they were taken away, and no others where a row is damaged. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/read/view.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

static struct sl_credentials share;
static uint64_t seed;

static int make(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

/* A part of so many bytes at random; its data, as the reader has to give it, into `data`. */
static void sync_part(const char *id, size_t bytes, struct buf *data)
{
    struct buf items = {0};
    buf_clear(data);
    buf_add_span(data, SL_SPAN("{\"messageID\":\"m\",\"id\":\""));
    buf_add_span(data, sl_span_of(id));
    buf_add_span(data, SL_SPAN("\",\"text\":\""));
    for (size_t i = 0; i < bytes; i++)
        buf_add(data, &"abcdefghijklmnop"[core_random(&seed) & 15], 1);
    buf_add_span(data, SL_SPAN("\"}"));
    buf_add_span(&items, SL_SPAN("[{\"type\":\"part\",\"data\":"));
    buf_add_span(&items, buf_span(data));
    buf_add_span(&items, SL_SPAN("}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us++);
    buf_fini(&items);
}

static struct sl_view *open_view(uint64_t sequence)
{
    struct sl_view *view;
    core_expect(
        sl_view_open(store, sl_span_of(share.id), core_at(sequence), &view, &err), SL_OK, &err);
    core_expect(view_fold(view, &err), SL_OK, &err);
    return view;
}

static struct fold_place place_of(struct sl_view *view, const char *key)
{
    const struct fold_entry *entry = fold_find(&view->fold, FOLD_ITEM, sl_span_of(key));
    assert_non_null(entry);
    return entry->place;
}

static void assert_bytes(struct sl_view *view, struct fold_place place, struct sl_span expected)
{
    struct buf into = {0}, copied = {0};
    struct sl_span bytes;
    core_expect(reader_bytes(&view->reader, &place, &into, &bytes, &err), SL_OK, &err);
    core_assert_same(bytes, expected, "a place's bytes");
    core_expect(reader_copy(&view->reader, &place, core_sink(&copied), &err), SL_OK, &err);
    core_assert_same(buf_span(&copied), expected, "a place's bytes, copied");
    buf_fini(&into);
    buf_fini(&copied);
}

/* Of a place of `data`: every stretch whose ends are within 2 bytes of that offset. */
static void assert_around(
    struct sl_view *view, struct fold_place place, struct sl_span data, uint64_t offset)
{
    for (uint64_t from = offset - 2; from <= offset + 2; from++)
        for (uint64_t length = 0; length <= 4 && from + length <= data.len; length++)
            assert_bytes(view, (struct fold_place){place.sequence, place.offset + from, length},
                (struct sl_span){data.ptr + from, length});
}

static bool refuse(void *ctx, const void *bytes, size_t len)
{
    (void)ctx, (void)bytes, (void)len;
    return false;
}

/* An event of three rows: a piece ends where its row does. */
static void across_rows(void **state)
{
    (void)state;
    struct buf data = {0};
    struct sl_span piece;
    seed = 1;
    sync_part("p", 2 * SL_BODY_ROW_BYTES + 1000, &data);
    struct sl_view *view = open_view(0);
    struct fold_place place = place_of(view, "part/m/p");
    uint64_t first = SL_BODY_ROW_BYTES - place.offset;
    assert_int_equal(place.sequence, 2);
    assert_int_equal(place.length, data.len);
    assert_bytes(view, place, buf_span(&data));
    core_expect(reader_piece(&view->reader, &place, 0, &piece, &err), SL_OK, &err);
    assert_int_equal(piece.len, first);
    core_expect(reader_piece(&view->reader, &place, first, &piece, &err), SL_OK, &err);
    assert_int_equal(piece.len, SL_BODY_ROW_BYTES);
    core_expect(reader_piece(&view->reader, &place, data.len - 1, &piece, &err), SL_OK, &err);
    assert_int_equal(piece.len, 1);
    assert_around(view, place, buf_span(&data), first);
    assert_around(view, place, buf_span(&data), first + SL_BODY_ROW_BYTES);
    assert_int_equal(
        reader_copy(&view->reader, &place, (struct sl_sink){refuse, NULL}, &err), SL_STOPPED);
    sl_view_close(view);
    buf_fini(&data);
}

/* Small events are read together, whichever is asked for first. */
static void read_ahead(void **state)
{
    (void)state;
    struct buf data[8] = {0};
    char id[2] = "a", key[] = "part/m/a";
    for (size_t i = 0; i < 8; i++, id[0]++)
        sync_part(id, 100 * i, &data[i]);
    struct sl_view *view = open_view(0);
    for (size_t i = 8; i-- > 0;) {
        key[7] = (char)('a' + i);
        assert_bytes(view, place_of(view, key), buf_span(&data[i]));
        assert_int_equal(view->reader.ahead.first, 1);
        assert_int_equal(view->reader.ahead.count, 9);
        buf_fini(&data[i]);
    }
    sl_view_close(view);
}

/* The sequence of the last snapshot that is due. */
static uint64_t last_snapshot(void)
{
    settle();
    struct sl_view *view = open_view(0);
    uint64_t sequence = view->moment.base.sequence;
    sl_view_close(view);
    return sequence;
}

/* The stream of a snapshot of many rows is the text of /data. */
static void of_a_snapshot(void **state)
{
    (void)state;
    enum { PARTS = 20 };
    struct buf data = {0}, text = {0};
    struct sl_span piece;
    size_t ends[2 + PARTS]; /* of the text at each sequence, without the bracket */
    char id[2] = "a";
    for (size_t i = 0; i < PARTS; i++, id[0]++) {
        sync_part(id, 30000, &data);
        buf_add(&text, i ? "," : "[", 1);
        buf_add_span(&text, SL_SPAN("{\"type\":\"part\",\"data\":"));
        buf_add_span(&text, buf_span(&data));
        buf_add(&text, "}", 1);
        ends[2 + i] = text.len;
    }
    uint64_t sequence = last_snapshot();
    assert_in_range(sequence, 12, 1 + PARTS);
    text.len = ends[sequence];
    buf_add(&text, "]", 1);
    struct sl_view *view = open_view(sequence);
    assert_true(moment_is_snapshot(&view->moment));
    struct fold_place all = {0, 0, text.len};
    assert_int_equal(view->moment.base.stream_bytes, text.len);
    assert_bytes(view, all, buf_span(&text));
    assert_true(view->reader.rows.count > 3);
    for (size_t i = 0; i + 1 < view->reader.rows.count; i++)
        assert_around(view, all, buf_span(&text), view->reader.rows.rows[i].end);
    struct fold_place behind = {0, text.len, 1};
    assert_int_equal(reader_piece(&view->reader, &behind, 0, &piece, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "is too short"));
    sl_view_close(view);
    buf_fini(&data);
    buf_fini(&text);
}

/* Neither what is in memory nor what is on disk is given out after a removal. */
static void taken_away(void **state)
{
    (void)state;
    struct buf data = {0};
    struct sl_span piece;
    sync_part("small", 100, &data);
    sync_part("large", SL_BODY_ROW_BYTES + 100, &data);
    struct sl_view *view = open_view(0);
    struct fold_place small = place_of(view, "part/m/small"),
                      large = place_of(view, "part/m/large");
    core_expect(reader_piece(&view->reader, &small, 0, &piece, &err), SL_OK, &err);
    core_expect(reader_piece(&view->reader, &large, 0, &piece, &err), SL_OK, &err);
    core_expect(
        sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    for (int erased = 0; erased < 2; erased++) {
        assert_int_equal(reader_piece(&view->reader, &small, 0, &piece, &err), SL_REMOVED);
        assert_int_equal(reader_piece(&view->reader, &large, 0, &piece, &err), SL_REMOVED);
        assert_int_equal(reader_piece(&view->reader, &large, SL_BODY_ROW_BYTES, &piece, &err),
            SL_REMOVED); /* never read before */
        settle();
    }
    sl_view_close(view);
    buf_fini(&data);
}

static void damaged(void **state)
{
    (void)state;
    struct buf data = {0}, row = {0}, into = {0};
    struct sl_span bytes;
    sync_part("p", SL_BODY_ROW_BYTES + 1000, &data);
    store_body_get(store, sl_span_of(share.id), 2, 1, &row);
    row.len -= 1;
    store_body_put(store, sl_span_of(share.id), 2, 1, buf_span(&row));
    struct sl_view *view = open_view(0);
    struct fold_place place = place_of(view, "part/m/p");
    assert_int_equal(reader_bytes(&view->reader, &place, &into, &bytes, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "a row at 2 is too short"));
    sl_view_close(view);
    store_row_delete(store, KV_HOT, row_body(sl_span_of(share.id), 2, 0));
    view = open_view(0);
    assert_int_equal(reader_bytes(&view->reader, &place, &into, &bytes, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "row 0 of the body at 2 is missing"));
    /* the reader is as good as before: what is there can still be had */
    place.offset += SL_BODY_ROW_BYTES;
    place.length = 100;
    core_expect(reader_bytes(&view->reader, &place, &into, &bytes, &err), SL_OK, &err);
    core_assert_same(bytes, (struct sl_span){data.ptr + SL_BODY_ROW_BYTES, 100}, "what is there");
    sl_view_close(view);
    buf_fini(&data);
    buf_fini(&row);
    buf_fini(&into);
}

int main(void)
{
#define READER_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop_store)
    const struct CMUnitTest tests[] = {READER_TEST(across_rows), READER_TEST(read_ahead),
        READER_TEST(of_a_snapshot), READER_TEST(taken_away), READER_TEST(damaged)};
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
