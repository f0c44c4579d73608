/* Records: written by msgpack-c into a buffer, whose `failed` says when memory ran out; read by a
   walk over the bytes as they lie. The reader never looks past its end: the whole value is passed
   over once before its first part is taken, and whatever is malformed, missing or of another kind
   makes the record bad and the rest of it empty. */

#include "core/base/pack.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#include <assert.h>
#include <msgpack.h>
#pragma GCC diagnostic pop

static int add(void *buf, const char *bytes, size_t len)
{
    buf_add(buf, bytes, len);
    return 0;
}

static msgpack_packer packer(struct buf *out)
{
    return (msgpack_packer){.data = out, .callback = add};
}

/* What takes one byte, which is most, is put without asking the library. */
static bool add_byte(struct buf *out, unsigned first, uint64_t value, uint64_t limit)
{
    if (value >= limit || !buf_reserve(out, 1)) return false;
    out->ptr[out->len++] = (char)(first | value);
    return true;
}

void pack_array(struct buf *out, size_t count)
{
    if (add_byte(out, 0x90, count, 16)) return;
    msgpack_packer pk = packer(out);
    msgpack_pack_array(&pk, count);
}

void pack_u64(struct buf *out, uint64_t value)
{
    if (add_byte(out, 0, value, 128)) return;
    msgpack_packer pk = packer(out);
    msgpack_pack_uint64(&pk, value);
}

void pack_u64_fixed(struct buf *out, uint64_t value)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_fix_uint64(&pk, value);
}

void pack_str(struct buf *out, struct sl_span text)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_str(&pk, text.len);
    if (text.len) msgpack_pack_str_body(&pk, text.ptr, text.len);
}

void pack_bin(struct buf *out, struct sl_span bytes)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_bin(&pk, bytes.len);
    if (bytes.len) msgpack_pack_bin_body(&pk, bytes.ptr, bytes.len);
}

void pack_bin_begin(struct buf *out, size_t len)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_bin(&pk, len);
}

void pack_nil(struct buf *out)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_nil(&pk);
}

/* ---- reading: from the bytes as they lie, without the library, whose tree of a record takes
   several times as long to make and to free as a record takes to be read ---- */

/* How a value begins. What no record has (signed numbers, maps, extensions …) is bad. */
enum mark_kind { MARK_BAD, MARK_NIL, MARK_U64, MARK_ARRAY, MARK_STR, MARK_BIN };
struct mark {
    enum mark_kind kind;
    uint64_t number; /* it, or how many elements, or how many bytes come behind */
};

/* A mark whose number is the next 1, 2, 4 or 8 bytes. */
static struct mark wide_mark(
    const char **at, const char *end, enum mark_kind kind, unsigned exponent)
{
    assert(exponent <= 3);
    size_t bytes = (size_t)1 << exponent;
    if ((size_t)(end - *at) < bytes) return (struct mark){MARK_BAD, 0};
    uint64_t number = be_get(*at, bytes);
    *at += bytes;
    return (struct mark){kind, number};
}

/* Takes the mark, not what comes behind it. */
static inline struct mark take_mark(const char **at, const char *end)
{
    if (*at == end) return (struct mark){MARK_BAD, 0};
    uint8_t tag = (uint8_t) * (*at)++;
    struct mark mark = {MARK_BAD, 0};
    if (tag <= 0x7f)
        mark = (struct mark){MARK_U64, tag};
    else if (tag >= 0xa0 && tag <= 0xbf)
        mark = (struct mark){MARK_STR, tag & 0x1f};
    else if (tag >= 0x90 && tag <= 0x9f)
        mark = (struct mark){MARK_ARRAY, tag & 0xf};
    else if (tag >= 0xcc && tag <= 0xcf)
        mark = wide_mark(at, end, MARK_U64, tag - 0xccu);
    else if (tag >= 0xc4 && tag <= 0xc6)
        mark = wide_mark(at, end, MARK_BIN, tag - 0xc4u);
    else if (tag >= 0xd9 && tag <= 0xdb)
        mark = wide_mark(at, end, MARK_STR, tag - 0xd9u);
    else if (tag == 0xdc || tag == 0xdd)
        mark = wide_mark(at, end, MARK_ARRAY, tag - 0xdcu + 1);
    else if (tag == 0xc0)
        mark = (struct mark){MARK_NIL, 0};
    if (mark.kind >= MARK_STR && mark.number > (size_t)(end - *at)) mark.kind = MARK_BAD;
    return mark;
}

/* Pass over so many values. False: they aren't there. Without recursion: they may be nested as deep
   as they are long. */
static bool skip(const char **at, const char *end, uint64_t values)
{
    while (values > 0) {
        /* A value has a byte at least, so there is an end to counting. */
        if (values > (size_t)(end - *at)) return false;
        struct mark mark = take_mark(at, end);
        if (mark.kind == MARK_BAD) return false;
        values--;
        if (mark.kind == MARK_ARRAY) values += mark.number;
        if (mark.kind >= MARK_STR) *at += mark.number;
    }
    return true;
}

bool unpack_begin(struct unpack *in, struct sl_span bytes)
{
    *in = (struct unpack){.at = bytes.ptr, .end = bytes.len ? bytes.ptr + bytes.len : bytes.ptr};
    const char *at = in->at;
    in->bad = !skip(&at, in->end, 1) || at != in->end;
    in->left[0] = in->bad ? 0 : 1;
    return !in->bad;
}

/* The next value's mark, which must be of that kind. */
static inline bool next(struct unpack *in, enum mark_kind kind, struct mark *mark)
{
    if (in->bad || in->left[in->depth] == 0) {
        in->bad = true;
        return false;
    }
    assert(in->depth < UNPACK_DEPTH && in->at <= in->end);
    in->left[in->depth]--;
    *mark = take_mark(&in->at, in->end);
    if (mark->kind != kind) in->bad = true;
    return !in->bad;
}

size_t unpack_array(struct unpack *in)
{
    struct mark mark;
    if (!next(in, MARK_ARRAY, &mark)) return 0;
    if (in->depth + 1 == UNPACK_DEPTH) {
        in->bad = true;
        return 0;
    }
    in->left[++in->depth] = (size_t)mark.number;
    assert(in->depth < UNPACK_DEPTH);
    return (size_t)mark.number;
}

void unpack_leave(struct unpack *in)
{
    if (in->bad || in->depth == 0 || !skip(&in->at, in->end, in->left[in->depth]))
        in->bad = true;
    else
        in->depth--;
}

uint64_t unpack_u64(struct unpack *in)
{
    struct mark mark;
    return next(in, MARK_U64, &mark) ? mark.number : 0;
}

static struct sl_span bytes_of(struct unpack *in, enum mark_kind kind)
{
    struct mark mark;
    if (!next(in, kind, &mark)) return (struct sl_span){0};
    assert(mark.number <= (size_t)(in->end - in->at));
    struct sl_span bytes = {in->at, (size_t)mark.number};
    in->at += bytes.len;
    return bytes;
}

struct sl_span unpack_str(struct unpack *in)
{
    return bytes_of(in, MARK_STR);
}

struct sl_span unpack_bin(struct unpack *in)
{
    return bytes_of(in, MARK_BIN);
}

void unpack_bin_into(struct unpack *in, void *out, size_t len)
{
    struct sl_span bytes = unpack_bin(in);
    if (bytes.len != len)
        in->bad = true;
    else if (len)
        memcpy(out, bytes.ptr, len);
}

bool unpack_end(struct unpack *in)
{
    return !in->bad;
}
