#ifndef SHARELOG_TOOLS_WHO_H
#define SHARELOG_TOOLS_WHO_H

#include "core/sharelog.h"

/* Who removed or redacted (enum sl_who), as lines and JSON have it. What was read from a file may
   be any number. */
static inline const char *who_name(uint64_t who)
{
    return who == SL_WHO_SECRET ? "secret" : who == SL_WHO_OWNER ? "owner" : "unknown";
}

#endif
