/* A bundle's values, taken out of a window over the stream. Before bytes are looked at they are
   made to lie in the window, which moves on and asks the input for more; a value that must lie in
   one piece is never longer than the window. What is taken is counted, and hashed where the caller
   asks for that.

   The first fault stays, whether the bytes' or the input's own, and from then on nothing is taken.
 */

#include "core/proof/bundle_read.h"

#include <assert.h>

/* The bytes that say of what kind a value is and how long (spec.md, "Formats"). */
enum lead {
    LEAD_FIXARRAY = 0x90, /* … 0x9f */
    LEAD_FIXSTR = 0xa0,   /* … 0xbf */
    LEAD_NIL = 0xc0,
    LEAD_BIN8 = 0xc4,
    LEAD_BIN16,
    LEAD_BIN32,
    LEAD_U8 = 0xcc, /* below: the number itself, up to 0x7f */
    LEAD_U16,
    LEAD_U32,
    LEAD_U64,
    LEAD_STR8 = 0xd9,
    LEAD_STR16,
    LEAD_STR32,
    LEAD_ARRAY16 = 0xdc,
    LEAD_ARRAY32
};

static_assert(READ_SMALL_BYTES + 9 <= READ_WINDOW_BYTES, "a small value lies in the window");

enum sl_result bundle_reader_init(struct bundle_reader *reader, struct bundle_input input,
    const struct sl_progress *progress, struct sl_err *err)
{
    *reader = (struct bundle_reader){.input = input, .progress = progress, .left = UINT64_MAX};
    reader->window = malloc(READ_WINDOW_BYTES);
    return reader->window ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
}

void bundle_reader_fini(struct bundle_reader *reader)
{
    free(reader->window);
    *reader = (struct bundle_reader){0};
}

void read_fault(struct bundle_reader *reader, const char *what)
{
    if (!read_ok(reader)) return;
    reader->result = SL_CORRUPT;
    reader->what = what;
}

/* Some more bytes behind those that are there. False: the stream's end, or a failure. */
static bool refill(struct bundle_reader *reader)
{
    assert(reader->at <= reader->end && reader->end <= READ_WINDOW_BYTES);
    size_t held = reader->end - reader->at, n = 0;
    if (reader->leaving) reader->leaving(reader->leaving_ctx);
    if (held && reader->at) memmove(reader->window, reader->window + reader->at, held);
    reader->at = 0;
    reader->end = held;
    enum sl_result result = reader->input.read(
        reader->input.ctx, reader->window + held, READ_WINDOW_BYTES - held, &n, &reader->err);
    if (result != SL_OK) {
        reader->result = result;
        reader->what = "the input failed";
        return false;
    }
    assert(n <= READ_WINDOW_BYTES - held);
    reader->end += n;
    const struct sl_progress *progress = reader->progress;
    if (progress && progress->report)
        progress->report(progress->ctx, "verify", reader->taken, reader->input.bytes);
    return n > 0;
}

/* Have `n` bytes lie in the window. */
static bool have(struct bundle_reader *reader, size_t n)
{
    if (!read_ok(reader)) return false;
    assert(n <= READ_WINDOW_BYTES);
    if (n > reader->left) {
        read_fault(reader, "a value goes beyond the end of the one that it is in");
        return false;
    }
    while (reader->end - reader->at < n)
        if (!refill(reader)) {
            read_fault(reader, "it ends in the middle");
            return false;
        }
    return true;
}

/* Take bytes that lie there. */
static const char *take(struct bundle_reader *reader, size_t n)
{
    assert(read_ok(reader) && n <= reader->end - reader->at && n <= reader->left);
    const char *bytes = reader->window + reader->at;
    if (reader->tap) crypto_hash_add(reader->tap, bytes, n);
    reader->at += n;
    reader->taken += n;
    if (reader->left != UINT64_MAX) reader->left -= n;
    return bytes;
}

static uint8_t peek(struct bundle_reader *reader)
{
    assert(reader->at < reader->end);
    return (uint8_t)reader->window[reader->at];
}

enum read_kind read_peek(struct bundle_reader *reader)
{
    if (!have(reader, 1)) return READ_NONE;
    uint8_t lead = peek(reader);
    if (lead < 0x80 || (lead >= LEAD_U8 && lead <= LEAD_U64)) return READ_U64;
    if ((lead & 0xf0) == LEAD_FIXARRAY || lead == LEAD_ARRAY16 || lead == LEAD_ARRAY32)
        return READ_ARRAY;
    if ((lead & 0xe0) == LEAD_FIXSTR || (lead >= LEAD_STR8 && lead <= LEAD_STR32)) return READ_STR;
    if (lead >= LEAD_BIN8 && lead <= LEAD_BIN32) return READ_BIN;
    return lead == LEAD_NIL ? READ_NIL : READ_NONE;
}

static bool expect(struct bundle_reader *reader, enum read_kind kind)
{
    if (read_peek(reader) == kind) return true;
    static const char *const what[READ_NONE] = {
        "not a nil", "not a number", "not a str", "not a bin", "not an array"};
    read_fault(reader, what[kind]);
    return false;
}

/* The number of `bytes` behind a lead; `least` is the smallest that no shorter encoding has. */
static uint64_t take_number(struct bundle_reader *reader, size_t bytes, uint64_t least)
{
    if (!have(reader, 1 + bytes)) return 0;
    uint64_t number = be_get(take(reader, 1 + bytes) + 1, bytes);
    if (number >= least) return number;
    read_fault(reader, "not in its smallest encoding");
    return 0;
}

void read_nil(struct bundle_reader *reader)
{
    if (expect(reader, READ_NIL)) take(reader, 1);
}

uint64_t read_u64(struct bundle_reader *reader)
{
    if (!expect(reader, READ_U64)) return 0;
    switch (peek(reader)) {
    case LEAD_U8: return take_number(reader, 1, 0x80);
    case LEAD_U16: return take_number(reader, 2, 0x100);
    case LEAD_U32: return take_number(reader, 4, 0x10000);
    case LEAD_U64: return take_number(reader, 8, 0x100000000);
    default: return (uint8_t)*take(reader, 1);
    }
}

size_t read_array(struct bundle_reader *reader)
{
    if (!expect(reader, READ_ARRAY)) return 0;
    switch (peek(reader)) {
    case LEAD_ARRAY16: return (size_t)take_number(reader, 2, 16);
    case LEAD_ARRAY32: return (size_t)take_number(reader, 4, 0x10000);
    default: return (uint8_t)*take(reader, 1) & 15;
    }
}

static size_t str_length(struct bundle_reader *reader)
{
    if (!expect(reader, READ_STR)) return 0;
    switch (peek(reader)) {
    case LEAD_STR8: return (size_t)take_number(reader, 1, 32);
    case LEAD_STR16: return (size_t)take_number(reader, 2, 0x100);
    case LEAD_STR32: return (size_t)take_number(reader, 4, 0x10000);
    default: return (uint8_t)*take(reader, 1) & 31;
    }
}

uint64_t read_bin_begin(struct bundle_reader *reader)
{
    if (!expect(reader, READ_BIN)) return 0;
    switch (peek(reader)) {
    case LEAD_BIN8: return take_number(reader, 1, 0);
    case LEAD_BIN16: return take_number(reader, 2, 0x100);
    default: return take_number(reader, 4, 0x10000);
    }
}

static struct sl_span small(struct bundle_reader *reader, uint64_t len, size_t cap)
{
    assert(cap <= READ_SMALL_BYTES);
    if (len > cap) read_fault(reader, "longer than it may be");
    if (!have(reader, (size_t)len)) return (struct sl_span){"", 0};
    return (struct sl_span){take(reader, (size_t)len), (size_t)len};
}

struct sl_span read_str(struct bundle_reader *reader, size_t cap)
{
    return small(reader, str_length(reader), cap);
}

struct sl_span read_bin(struct bundle_reader *reader, size_t cap)
{
    return small(reader, read_bin_begin(reader), cap);
}

bool read_bin_into(struct bundle_reader *reader, void *out, size_t len)
{
    struct sl_span bytes = read_bin(reader, len);
    if (bytes.len != len) read_fault(reader, "shorter than it must be");
    if (!read_ok(reader)) return false;
    memcpy(out, bytes.ptr, len);
    return true;
}

struct sl_span read_piece(struct bundle_reader *reader, uint64_t want)
{
    if (want == 0 || !have(reader, 1)) return (struct sl_span){"", 0};
    if (want > reader->left) {
        read_fault(reader, "a value goes beyond the end of the one that it is in");
        return (struct sl_span){"", 0};
    }
    size_t held = reader->end - reader->at;
    size_t n = want < held ? (size_t)want : held;
    return (struct sl_span){take(reader, n), n};
}

struct sl_span read_whole(struct bundle_reader *reader, uint64_t len)
{
    assert(len <= READ_WHOLE_BYTES);
    if (!have(reader, (size_t)len)) return (struct sl_span){"", 0};
    return (struct sl_span){take(reader, (size_t)len), (size_t)len};
}

bool read_at_end(struct bundle_reader *reader)
{
    if (!read_ok(reader)) return false;
    return reader->at == reader->end && !refill(reader) && read_ok(reader);
}
