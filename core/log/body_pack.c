/* A pack's bytes. Reading splits a value and checks all that can be checked of it without
   decompressing; making puts one together, decodes it again and compares, since the rows that it
   was made of are deleted once it is written.

   Damage is SL_CORRUPT, whatever the value's bytes are. A value can't make this file take more
   memory than it has bytes: the frame says how many bytes it holds, and that number has to be the
   sum of the rows' lengths, which is bounded. */

#include "core/log/body_pack.h"

#include "core/base/crypto.h"

static_assert(ZSTD_FRAME_BYTES == SL_BODY_ROW_BYTES, "a pack's rows fit into one frame");
static_assert(SL_BODY_ROW_BYTES <= UINT32_MAX, "a row's length has four bytes");

/* ---- reading ---- */

static enum sl_result damaged(const char *what, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT, "a pack is damaged: %s", what);
}

/* Of the form, and of what is behind the id. */
static void make_id(struct sl_span value, uint8_t id[BODY_PACK_ID_BYTES])
{
    size_t behind = 1 + BODY_PACK_ID_BYTES;
    uint8_t hash[32];
    assert(value.len >= BODY_PACK_HEAD_BYTES);
    crypto_sha256_of(
        (struct sl_span[]){{value.ptr, 1}, {value.ptr + behind, value.len - behind}}, 2, hash);
    memcpy(id, hash, BODY_PACK_ID_BYTES);
}

enum sl_result body_pack_read(struct sl_span value, struct body_pack *out, struct sl_err *err)
{
    struct body_pack pack = {0};
    size_t bytes = 0, in_frame = 0;
    if (value.len < BODY_PACK_HEAD_BYTES) return damaged("it is too short", err);
    if (value.ptr[0] != BODY_PACK_FORM_FAST && value.ptr[0] != BODY_PACK_FORM_HARD)
        return damaged("its form is unknown", err);
    pack.effort = value.ptr[0] == BODY_PACK_FORM_HARD ? ZSTD_HARD : ZSTD_FAST;
    pack.id = (struct sl_span){value.ptr + 1, BODY_PACK_ID_BYTES};
    pack.count = (uint32_t)be_get(value.ptr + 1 + BODY_PACK_ID_BYTES, 4);
    size_t left = value.len - BODY_PACK_HEAD_BYTES;
    if (pack.count == 0 || pack.count > left / 4) return damaged("it has a wrong count", err);
    pack.lengths = (struct sl_span){value.ptr + BODY_PACK_HEAD_BYTES, 4 * (size_t)pack.count};
    pack.frame = (struct sl_span){pack.lengths.ptr + pack.lengths.len, left - pack.lengths.len};
    for (uint32_t i = 0; i < pack.count; i++) {
        size_t row = body_pack_row_bytes(&pack, i);
        if (row == 0 || row > SL_BODY_ROW_BYTES - bytes)
            return damaged("a row has a wrong length", err);
        bytes += row;
    }
    if (!zstd_frame_bytes(pack.frame, &in_frame)) return damaged("it has no frame", err);
    if (in_frame != bytes) return damaged("its frame has another length than its rows", err);
    pack.bytes = bytes;
    *out = pack;
    return SL_OK;
}

bool body_pack_intact(struct sl_span value)
{
    uint8_t id[BODY_PACK_ID_BYTES];
    if (value.len < BODY_PACK_HEAD_BYTES) return false;
    make_id(value, id);
    return memcmp(value.ptr + 1, id, BODY_PACK_ID_BYTES) == 0;
}

/* ---- making ---- */

enum sl_result body_packer_init(
    struct body_packer *packer, enum zstd_effort effort, struct sl_err *err)
{
    *packer = (struct body_packer){
        .effort = effort, .encoder = zstd_encoder_create(effort), .decoder = zstd_decoder_create()};
    if (packer->encoder && packer->decoder) return SL_OK;
    body_packer_fini(packer);
    return sl_fail(err, SL_NOMEM, "out of memory");
}

void body_packer_fini(struct body_packer *packer)
{
    zstd_encoder_destroy(packer->encoder);
    zstd_decoder_destroy(packer->decoder);
    buf_fini(&packer->rows);
    buf_fini(&packer->lengths);
    buf_fini(&packer->decoded);
    *packer = (struct body_packer){0};
}

bool body_packer_takes(const struct body_packer *packer, struct body_place place, size_t len)
{
    assert(len > 0 && len <= SL_BODY_ROW_BYTES);
    if (packer->count == 0) return true;
    struct body_place next = body_pack_place(packer->first, packer->count);
    return place.sequence == next.sequence && place.chunk == next.chunk &&
           len <= SL_BODY_ROW_BYTES - packer->rows.len;
}

void body_packer_add(struct body_packer *packer, struct body_place place, struct sl_span row)
{
    uint8_t length[4];
    assert(packer->rows.failed || body_packer_takes(packer, place, row.len));
    if (packer->count++ == 0) packer->first = place;
    be_put(length, row.len, sizeof(length));
    buf_add(&packer->lengths, length, sizeof(length));
    buf_add_span(&packer->rows, row);
}

/* What was written last is read as if by somebody else. */
static enum sl_result check(struct body_packer *packer, struct sl_span value, struct sl_err *err)
{
    struct body_pack pack;
    size_t bytes = packer->rows.len;
    enum sl_result result = body_pack_read(value, &pack, err);
    if (result != SL_OK) return result;
    buf_clear(&packer->decoded);
    if (pack.bytes != bytes || pack.count != packer->count || !body_pack_intact(value))
        return damaged("it was not made as it should be", err);
    if (!buf_reserve(&packer->decoded, bytes)) return sl_fail(err, SL_NOMEM, "out of memory");
    result = zstd_decode(packer->decoder, pack.frame, bytes, packer->decoded.ptr, bytes, err);
    if (result == SL_OK && memcmp(packer->decoded.ptr, packer->rows.ptr, bytes) != 0)
        result = damaged("it was not made as it should be", err);
    return result;
}

static enum sl_result make(struct body_packer *packer, struct buf *value, struct sl_err *err)
{
    char head[BODY_PACK_HEAD_BYTES] = {
        packer->effort == ZSTD_HARD ? BODY_PACK_FORM_HARD : BODY_PACK_FORM_FAST};
    size_t from = value->len;
    if (packer->rows.failed || packer->lengths.failed)
        return sl_fail(err, SL_NOMEM, "out of memory");
    be_put(head + 1 + BODY_PACK_ID_BYTES, packer->count, 4);
    buf_add(value, head, sizeof(head));
    buf_add_span(value, buf_span(&packer->lengths));
    if (value->failed) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = zstd_encode(packer->encoder, buf_span(&packer->rows), value, err);
    if (result != SL_OK) return result;
    struct sl_span made = {value->ptr + from, value->len - from};
    make_id(made, (uint8_t *)value->ptr + from + 1);
    return check(packer, made, err);
}

enum sl_result body_packer_make(struct body_packer *packer, struct buf *value, struct sl_err *err)
{
    size_t from = value->len;
    assert(packer->count > 0);
    enum sl_result result = make(packer, value, err);
    if (result != SL_OK) {
        value->len = from;
        value->failed = false;
    }
    buf_clear(&packer->rows);
    buf_clear(&packer->lengths);
    packer->count = 0;
    return result;
}
