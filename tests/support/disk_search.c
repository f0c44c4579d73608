/* Bytes in files of a database. A row of a body begins wherever a byte says its form and the four
   behind it a length that a row may have; unpacked, most of what seems to be one is refused. */

#include "tests/support/disk_search.h"

#include "core/event/hot_row.h"

#include <lz4.h>

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

static bool is_log(const char *path)
{
    size_t len = strlen(path);
    return len > 4 && strcmp(path + len - 4, ".log") == 0;
}

bool disk_search(const char *path, struct sl_span file, struct sl_span bytes)
{
    struct buf joined = {0};
    bool found = disk_search_plain(file, bytes) || is_in_rows(file, bytes);
    if (!found && is_log(path)) {
        join_log(file, &joined);
        assert(!joined.failed);
        found = disk_search_plain(buf_span(&joined), bytes) || is_in_rows(buf_span(&joined), bytes);
    }
    buf_fini(&joined);
    return found;
}
