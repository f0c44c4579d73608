#include "tests/support/note_cosign.h"

#include "core/base/crypto.h"

#include <assert.h>
#include <stdio.h>

#define TIME_BYTES 8

void note_cosign(struct sl_span text, const struct note_key *key, const uint8_t seed[32],
    uint64_t time_s, struct buf *out)
{
    uint8_t payload[4 + TIME_BYTES + 64];
    char head[64], base64[4 * ((sizeof(payload) + 2) / 3) + 1];
    struct buf message = {0};
    assert(key->kind == NOTE_COSIGNATURE);
    int len =
        snprintf(head, sizeof(head), "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
    buf_add(&message, head, (size_t)len);
    buf_add_span(&message, text);
    memcpy(payload, key->id, 4);
    be_put(payload + 4, time_s, TIME_BYTES);
    bool signed_it = crypto_sign(seed, buf_span(&message), payload + 4 + TIME_BYTES);
    assert(signed_it && !message.failed);
    size_t base64_len = crypto_base64(payload, sizeof(payload), base64);
    buf_add_span(out, sl_span_of("\xe2\x80\x94 "));
    buf_add_span(out, sl_span_of(key->name));
    buf_add(out, " ", 1);
    buf_add(out, base64, base64_len);
    buf_add(out, "\n", 1);
    buf_fini(&message);
}
