#ifndef SHARELOG_HTTP_TILE_H
#define SHARELOG_HTTP_TILE_H

/* The paths of C2SP tiles (tlog-tiles v0.1.0): N in groups of three digits, an `x` before all but
   the last, and a partial tile's width behind `.p/`. Each tile has one path and no other: caches
   hold tiles for ever, and by their paths. */

#include "core/base/span.h"

#define TILE_LEVEL_MAX 63

/* `x001/x234/067` is 1234067 with a width of 256, `067.p/9` is 67 with one of 9. False: not such a
   path, or not the one that C2SP writes for that tile. */
bool tile_parse(struct sl_span path, uint64_t *index, unsigned *width);

/* 0 to 63, without leading zeros. */
bool tile_parse_level(struct sl_span text, unsigned *level);

#endif
