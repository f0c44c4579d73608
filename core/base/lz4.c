/* The only file that includes LZ4's header. Blocks come from the disk, so the unpacking is the one
   that never reads or writes outside of what it is given. */

#include "core/base/lz4.h"

#include "core/base/limits.h"

#include <lz4.h>

size_t lz4_pack(struct sl_span bytes, char *out, size_t cap)
{
    assert(bytes.len <= SL_GIB && cap <= SL_GIB);
    int len = LZ4_compress_default(bytes.ptr, out, (int)bytes.len, (int)cap);
    return len > 0 ? (size_t)len : 0;
}

bool lz4_unpack(struct sl_span block, char *out, size_t len)
{
    if (block.len > SL_GIB || len > SL_GIB) return false;
    int got = LZ4_decompress_safe(block.ptr, out, (int)block.len, (int)len);
    return got >= 0 && (size_t)got == len;
}
