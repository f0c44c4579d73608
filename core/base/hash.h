#ifndef SHARELOG_HASH_H
#define SHARELOG_HASH_H

/* Where an id goes in a table: FNV-1a begun with a seed. Ids are chosen by clients: the seed, which
   is random and stays in the process, keeps anyone from aiming at one bucket. No proof rests on it.
 */

#include "core/base/span.h"

static inline uint32_t hash_id(uint32_t seed, struct sl_span id)
{
    uint32_t hash = seed;
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ (uint8_t)id.ptr[i]) * 16777619u;
    return hash ^ hash >> 15;
}

#endif
