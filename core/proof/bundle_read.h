#ifndef SHARELOG_BUNDLE_READ_H
#define SHARELOG_BUNDLE_READ_H

/* The values that a bundle is made of, one behind the other from a stream, through a window of
   bounded size: of msgpack (github.com/msgpack/msgpack, spec.md) arrays, unsigned integers, str,
   bin and nil, each in its smallest encoding alone, so that a bundle has one encoding. A length is
   only a number until its bytes are there: nothing is allocated by what the stream says of itself.

   The first fault stays: from then on nothing is read, and every function gives 0, nothing, or
   false. `result` is then SL_CORRUPT, and `what` says what is wrong with the bytes at `offset`; or
   the input's own failure, which is in `err`. */

#include "core/base/crypto.h"
#include "core/proof/bundle.h"

#define READ_WINDOW_BYTES (256 * SL_KIB)
#define READ_SMALL_BYTES NOTE_BYTES /* the longest value that is held in one piece */

struct bundle_reader {
    struct bundle_input input;
    const struct sl_progress *progress;
    char *window;
    size_t at, end; /* of the window: what is there and not yet taken */
    uint64_t taken; /* of the stream */
    uint64_t left; /* bytes that may be taken: of a bin whose content is read as values; else all */
    struct crypto_hash *tap; /* what is taken is hashed here too; NULL: nowhere */
    /* Called before what lies in the window goes: whoever keeps spans of it needs to know. May be
       NULL. */
    void (*leaving)(void *ctx);
    void *leaving_ctx;
    enum sl_result result;
    const char *what;
    struct sl_err err;
};

enum sl_result bundle_reader_init(struct bundle_reader *reader, struct bundle_input input,
    const struct sl_progress *progress, struct sl_err *err);
void bundle_reader_fini(struct bundle_reader *reader);

/* Make what was read the first fault, unless there was one. */
void read_fault(struct bundle_reader *reader, const char *what);
static inline bool read_ok(const struct bundle_reader *reader)
{
    return reader->result == SL_OK;
}

enum read_kind { READ_NIL, READ_U64, READ_STR, READ_BIN, READ_ARRAY, READ_NONE };
/* What comes next; READ_NONE: something else, or a fault. */
enum read_kind read_peek(struct bundle_reader *reader);

void read_nil(struct bundle_reader *reader);
uint64_t read_u64(struct bundle_reader *reader);
size_t read_array(struct bundle_reader *reader); /* how many values follow */
/* At most `cap` bytes (up to READ_SMALL_BYTES), valid until the next call. */
struct sl_span read_str(struct bundle_reader *reader, size_t cap);
struct sl_span read_bin(struct bundle_reader *reader, size_t cap);
bool read_bin_into(struct bundle_reader *reader, void *out, size_t len); /* exactly len bytes */

/* A bin of any length: its length, and then its bytes, all of which the caller takes with
   read_piece: at least one byte of the `want` that are left, valid until the next call. */
uint64_t read_bin_begin(struct bundle_reader *reader);
struct sl_span read_piece(struct bundle_reader *reader, uint64_t want);

/* The `len` bytes of such a bin in one piece, which stays until `leaving` is called. */
#define READ_WHOLE_BYTES (READ_WINDOW_BYTES / 4)
struct sl_span read_whole(struct bundle_reader *reader, uint64_t len);

/* Nothing follows. */
bool read_at_end(struct bundle_reader *reader);

#endif
