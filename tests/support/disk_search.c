/* Bytes in files of a database. A row of a body begins wherever a byte says its form and the four
   behind it a length that a row may have; unpacked, most of what seems to be one is refused. */

#include "tests/support/disk_search.h"

#include "core/event/hot_row.h"

#include <lz4.h>
#include <zstd.h>

#define LOG_BLOCK_BYTES 32768
#define LOG_HEAD_BYTES 7 /* checksum, length (little-endian), kind */

bool disk_search_plain(struct sl_span file, struct sl_span bytes)
{
    return file.len > 0 && memmem(file.ptr, file.len, bytes.ptr, bytes.len) != NULL;
}

/* LZ4 looks less often where nothing has repeated for long: the dots make it look at every byte. */
void disk_search_hide(struct buf *out, const char *text)
{
    struct sl_span all = sl_span_of(text), dots = SL_SPAN(" ................................ ");
    assert(all.len >= 9);
    buf_add_span(out, dots);
    buf_add(out, all.ptr, all.len - 1);
    buf_add_span(out, dots);
    buf_add_span(out, all);
}

/* What was given to a write-ahead log, its cuts taken out. */
static void join_log(struct sl_span file, struct buf *out)
{
    for (size_t at = 0; at + LOG_HEAD_BYTES <= file.len;) {
        size_t left = LOG_BLOCK_BYTES - at % LOG_BLOCK_BYTES;
        const uint8_t *head = (const uint8_t *)file.ptr + at;
        size_t len = left < LOG_HEAD_BYTES ? 0 : head[4] | (size_t)head[5] << 8;
        if (left < LOG_HEAD_BYTES || LOG_HEAD_BYTES + len > left ||
            at + LOG_HEAD_BYTES + len > file.len || (len == 0 && head[6] == 0)) {
            at += left; /* its end is left empty, or is torn */
            continue;
        }
        buf_add(out, file.ptr + at + LOG_HEAD_BYTES, len);
        at += LOG_HEAD_BYTES + len;
    }
}

static bool is_in_row(struct sl_span rest, struct sl_span bytes, char *room)
{
    size_t raw = (size_t)be_get(rest.ptr + 1, 4);
    if (raw < HOT_ROW_PACKED_FROM || raw > SL_BODY_ROW_BYTES) return false;
    size_t most = rest.len - 5 < raw ? rest.len - 5 : raw; /* where the block ends isn't known */
    int len = LZ4_decompress_safe_partial(rest.ptr + 5, room, (int)most, (int)raw, (int)raw);
    return len > 0 && disk_search_plain((struct sl_span){room, (size_t)len}, bytes);
}

static bool is_in_rows(struct sl_span file, struct sl_span bytes)
{
    char *room = malloc(SL_BODY_ROW_BYTES);
    bool found = false;
    assert(room);
    for (size_t at = 0; at + 5 < file.len && !found; at++)
        if (file.ptr[at] == HOT_ROW_PACKED)
            found = is_in_row((struct sl_span){file.ptr + at, file.len - at}, bytes, room);
    free(room);
    return found;
}

/* As far as the frame goes: where it is cut off, what comes before the cut is there. */
static bool is_in_frame(ZSTD_DCtx *context, struct sl_span rest, struct sl_span bytes, char *room)
{
    ZSTD_inBuffer in = {rest.ptr, rest.len, 0};
    ZSTD_outBuffer out = {room, SL_BODY_ROW_BYTES, 0};
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    for (size_t left = 1; left > 0 && out.pos < out.size;) {
        size_t taken = in.pos, made = out.pos;
        left = ZSTD_decompressStream(context, &out, &in);
        if (ZSTD_isError(left) || (in.pos == taken && out.pos == made)) break;
    }
    return disk_search_plain((struct sl_span){room, out.pos}, bytes);
}

static bool is_in_packs(struct sl_span file, struct sl_span bytes)
{
    static const char magic[] = "\x28\xb5\x2f\xfd"; /* RFC 8878, 3.1.1 */
    ZSTD_DCtx *context = ZSTD_createDCtx();
    char *room = malloc(SL_BODY_ROW_BYTES);
    bool found = false;
    assert(room && context);
    for (const char *at = file.ptr, *end = file.ptr + file.len; at && !found; at += at != NULL) {
        at = memmem(at, (size_t)(end - at), magic, 4);
        if (at) found = is_in_frame(context, (struct sl_span){at, (size_t)(end - at)}, bytes, room);
    }
    free(room);
    ZSTD_freeDCtx(context);
    return found;
}

static bool is_packed_in(struct sl_span file, struct sl_span bytes)
{
    return file.len > 0 && (is_in_rows(file, bytes) || is_in_packs(file, bytes));
}

static bool is_log(const char *path)
{
    size_t len = strlen(path);
    return len > 4 && strcmp(path + len - 4, ".log") == 0;
}

bool disk_search(const char *path, struct sl_span file, struct sl_span bytes)
{
    struct buf joined = {0};
    bool found = disk_search_plain(file, bytes) || is_packed_in(file, bytes);
    if (!found && is_log(path)) {
        join_log(file, &joined);
        assert(!joined.failed);
        found =
            disk_search_plain(buf_span(&joined), bytes) || is_packed_in(buf_span(&joined), bytes);
    }
    buf_fini(&joined);
    return found;
}
