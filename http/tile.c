/* Paths of tiles, and of no other spelling of them. */

#include "http/tile.h"

#include "core/base/decimal.h"

bool tile_parse_level(struct sl_span text, unsigned *level)
{
    uint64_t number;
    if (!sl_decimal_exact(text, TILE_LEVEL_MAX, &number)) return false;
    *level = (unsigned)number;
    return true;
}

/* Three digits more. False: not three digits, or beyond 64 bits. */
static bool add_group(struct sl_span group, uint64_t *index)
{
    uint64_t digits, times;
    return group.len == 3 && sl_decimal(group, 999, &digits) &&
           !__builtin_mul_overflow(*index, UINT64_C(1000), &times) &&
           !__builtin_add_overflow(times, digits, index);
}

bool tile_parse(struct sl_span path, uint64_t *index, unsigned *width)
{
    uint64_t number = 0, partial = 256;
    while (path.len > 5 && path.ptr[0] == 'x' && path.ptr[4] == '/') {
        if (!add_group((struct sl_span){path.ptr + 1, 3}, &number)) return false;
        if (number == 0) return false; /* a group of zeros in front */
        path = (struct sl_span){path.ptr + 5, path.len - 5};
    }
    if (path.len < 3 || !add_group((struct sl_span){path.ptr, 3}, &number)) return false;
    path = (struct sl_span){path.ptr + 3, path.len - 3};
    if (path.len > 0) {
        if (path.len < 4 || memcmp(path.ptr, ".p/", 3) != 0) return false;
        struct sl_span text = {path.ptr + 3, path.len - 3};
        if (!sl_decimal_exact(text, 255, &partial) || partial == 0) return false;
    }
    *index = number;
    *width = (unsigned)partial;
    return true;
}
