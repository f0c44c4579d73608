#ifndef SHARELOG_ENCODER_STEP_H
#define SHARELOG_ENCODER_STEP_H

/* One step of compressing: what goes in, where what comes out has room, and how far both got. */

#include <stdbool.h>
#include <stddef.h>

struct encoder_step {
    const void *in;
    size_t in_len;
    void *out;
    size_t out_cap;
    bool last, flush;
    size_t taken, made; /* set */
    bool done;          /* set: the compressed body is complete, or all of it so far is out */
};

#endif
