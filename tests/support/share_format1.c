#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/share_format1.h"

#include "core/base/crypto.h"
#include "core/log/sequencer.h"
#include "tests/support/core_store.h"

static void made(struct append *append)
{
    const struct sl_store *store = append->ctx;
    share_enter(store->shares, append->share, SHARE_LIVE);
}

struct sl_credentials share_format1(struct sl_store *store, const char *session_id)
{
    struct sl_credentials credentials = {0};
    struct share_record record = {
        .session_id = sl_span_of(session_id), .secret_kind = SECRET_BY_ID, .state = SL_SHARE_LIVE};
    struct sl_err err = {0};
    struct share *share;
    struct batch batch;
    struct buf body = {0};
    crypto_base62(credentials.id, 12);
    struct sl_span id = sl_span_of(credentials.id);
    sl_store_secret(store, record.session_id, id, credentials.secret);
    crypto_sha256(credentials.secret, SL_SECRET_BYTES, record.secret_hash);
    crypto_random(record.salt, sizeof(record.salt));
    memcpy(record.maker, maker_unknown, MAKER_BYTES);
    core_expect(share_claim(store->shares, id, &record, &share, &err), SL_OK, &err);
    assert_non_null(share);
    struct create_body says = {.share_id = id,
        .session_id = record.session_id,
        .salt = record.salt,
        .secret_hash = record.secret_hash,
        .secret_kind = record.secret_kind,
        .maker = maker_unknown};
    create_body_encode(&says, &body);
    core_expect(batch_control("create", buf_span(&body), core_now_us, &batch, &err), SL_OK, &err);
    struct append append = {
        .share = share, .batch = &batch, .kind = SL_CREATE, .committed = made, .ctx = store};
    core_expect(sequencer_append(store->sequencer, &append, &err), SL_OK, &err);
    batch_fini(&batch);
    buf_fini(&body);
    share_release(share);
    return credentials;
}
