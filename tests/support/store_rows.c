/* Rows of an open store, read and changed behind its back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/hot_row.h"
#include "core/log/body_rows.h"
#include "core/log/share.h"
#include "tests/support/store_rows.h"

#include "core/log/store.h"

void store_row_get(
    struct sl_store *store, enum kv_family family, struct row_key key, struct buf *out)
{
    struct kv_pin pin;
    struct sl_err err = {0};
    if (kv_get(store->kv, family, row_span(&key), &pin, &err) != SL_OK) fail_msg("%s", err.text);
    buf_clear(out);
    buf_add_span(out, pin.value);
    kv_release(&pin);
}

static void write_row(struct sl_store *store, struct kv_batch *batch)
{
    struct sl_err err = {0};
    if (kv_write(store->kv, batch, false, &err) != SL_OK) fail_msg("%s", err.text);
    kv_batch_destroy(batch);
    shares_clear(store->shares);
}

void store_row_put(
    struct sl_store *store, enum kv_family family, struct row_key key, struct sl_span value)
{
    struct kv_batch *batch = kv_batch_create();
    kv_put(store->kv, batch, family, row_span(&key), value);
    write_row(store, batch);
}

void store_row_delete(struct sl_store *store, enum kv_family family, struct row_key key)
{
    struct kv_batch *batch = kv_batch_create();
    kv_delete(store->kv, batch, family, row_span(&key));
    write_row(store, batch);
}

/* ---- bodies ---- */

void store_body_get(struct sl_store *store, struct sl_span share_id, uint64_t sequence,
    uint32_t chunk, struct buf *out)
{
    struct body_row row;
    struct sl_err err = {0};
    if (body_row_get(store->bodies, share_id, sequence, chunk, false, &row, &err) != SL_OK)
        fail_msg("body row %u of event %d: %s", chunk, (int)sequence, err.text);
    buf_clear(out);
    buf_add_span(out, row.bytes);
    body_row_release(&row);
}

static void put_hot(
    struct sl_store *store, struct kv_batch *batch, struct sl_span key, struct sl_span raw)
{
    struct hot_rows rows = {0};
    struct sl_span rest, row;
    hot_rows_begin(&rows, raw.len);
    hot_rows_add(&rows, raw);
    assert_true(hot_rows_end(&rows));
    rest = buf_span(&rows.bytes);
    assert_true(hot_rows_next(&rest, &row));
    kv_put(store->kv, batch, KV_HOT, key, row);
    hot_rows_fini(&rows);
}

void store_body_put(struct sl_store *store, struct sl_span share_id, uint64_t sequence,
    uint32_t chunk, struct sl_span raw)
{
    struct row_key key = row_body(share_id, sequence, chunk);
    struct kv_batch *batch = kv_batch_create();
    bool cold = false;
    struct sl_err err = {0};
    if (bodies_is_cold(store->bodies, share_id, sequence, &cold, &err) != SL_OK)
        fail_msg("%s", err.text);
    if (cold) store_bodies_to(store, share_id, KV_HOT);
    kv_delete(store->kv, batch, KV_BODY, row_span(&key));
    put_hot(store, batch, row_span(&key), raw);
    write_row(store, batch);
}

/* Into the packer, and what it had before into the change where it doesn't fit. */
static void put_cold(struct cold_change *change, struct body_packer *packer,
    struct body_place place, struct sl_span raw)
{
    struct sl_err err = {0};
    if (!body_packer_takes(packer, place, raw.len))
        assert_int_equal(cold_change_add(change, packer, &err), SL_OK);
    body_packer_add(packer, place, raw);
}

void store_bodies_to(struct sl_store *store, struct sl_span share_id, enum kv_family family)
{
    struct row_key from = row_share_from(share_id), to = row_share_to(share_id);
    struct kv_batch *batch = kv_batch_create();
    struct body_iter iter;
    struct body_packer packer;
    struct cold_change change = {0};
    struct sl_err err = {0};
    for (size_t i = 0; i < BODY_FAMILIES; i++)
        kv_delete_range(store->kv, batch, body_families[i], row_span(&from), row_span(&to));
    assert_int_equal(body_packer_init(&packer, ZSTD_FAST, &err), SL_OK);
    body_iter_init(&iter, store->bodies, row_span(&from), row_span(&to), KV_SCAN);
    for (body_iter_first(&iter); body_iter_valid(&iter); body_iter_next(&iter)) {
        struct sl_span raw, id;
        struct body_place place;
        if (body_iter_row(&iter, &raw, &err) != SL_OK) fail_msg("%s", err.text);
        assert_true(row_parse_chunk(body_iter_key(&iter), &id, &place.sequence, &place.chunk));
        if (family == KV_BODY)
            kv_put(store->kv, batch, KV_BODY, body_iter_key(&iter), raw);
        else if (family == KV_HOT || place.sequence == 1)
            put_hot(store, batch, body_iter_key(&iter), raw);
        else
            put_cold(&change, &packer, place, raw);
    }
    assert_int_equal(body_iter_check(&iter, NULL), SL_OK);
    body_iter_fini(&iter);
    if (packer.count) assert_int_equal(cold_change_add(&change, &packer, &err), SL_OK);
    cold_change_put(store->kv, batch, share_id, &change);
    cold_change_fini(&change);
    body_packer_fini(&packer);
    write_row(store, batch);
}
