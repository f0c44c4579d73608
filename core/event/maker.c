/* Makers, made and to and from records. Nothing is kept. Encoding fails for want of memory alone
   (buf's `failed`). */

#include "core/event/maker.h"

#include "core/base/crypto.h"
#include "core/base/pack.h"

#include <assert.h>

const uint8_t maker_nobody[MAKER_BYTES] = {0};
const uint8_t maker_unknown[MAKER_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void maker_of(const uint8_t signing_seed[32], struct sl_span name, uint8_t maker[MAKER_BYTES])
{
    uint8_t key[32];
    assert(name.len > 0);
    crypto_hmac((struct sl_span){(const char *)signing_seed, 32}, SL_SPAN("sharelog makers"), key);
    crypto_hmac((struct sl_span){(const char *)key, 32}, name, maker);
    explicit_bzero(key, sizeof(key));
    assert(!maker_same(maker, maker_nobody) && !maker_same(maker, maker_unknown));
}

void maker_encode(const uint8_t maker[MAKER_BYTES], struct buf *out)
{
    if (maker_same(maker, maker_unknown))
        pack_u64(out, 0);
    else
        pack_bin(out, (struct sl_span){(const char *)maker, MAKER_BYTES});
}

const uint8_t *maker_decode(struct unpack *in)
{
    struct unpack as_number = *in;
    if (unpack_u64(&as_number) == 0 && unpack_end(&as_number)) {
        *in = as_number;
        return maker_unknown;
    }
    struct sl_span bytes = unpack_bin(in);
    return bytes.len == MAKER_BYTES ? (const uint8_t *)bytes.ptr : NULL;
}
