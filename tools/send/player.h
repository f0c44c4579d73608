#ifndef SHARELOG_TOOLS_PLAYER_H
#define SHARELOG_TOOLS_PLAYER_H

/* Plays a recording into a server as the client would: once a run, on one connection, with ids and
 * secrets of its own. */

#include "tools/ask/client.h"
#include "tools/send/recording.h"
#include "tools/send/tally.h"

#include <stdatomic.h>

struct player {
    struct client *client;
    struct tally *tally;
    const atomic_bool *stopping;
    double speed;  /* 0: without waiting */
    bool keep_ids; /* share the recorded session ids */
};

void player_run(const struct player *player, const struct recording *recording);

#endif
