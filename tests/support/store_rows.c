/* Rows of an open store, read and changed behind its back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
