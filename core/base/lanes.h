#ifndef SHARELOG_LANES_H
#define SHARELOG_LANES_H

/* SHA-256 (FIPS 180-4) of several texts side by side, by the processor's own instructions for it. A
   round waits for the one before, so three texts in turns need 1.8 times as long as one alone:

     one after the other   │a│ │a│ │a│ │b│ │b│ │b│ │c│ │c│ │c│
     in turns              │a│b│c│a│b│c│a│b│c│

   An event's items are hashed this way, when a batch is sealed and when it is verified. No library
   that is handed one text after the other can do it. */

#include "core/base/span.h"

#define LANES 3
#define LANES_BLOCK 64

/* Does this processor have the instructions? If not, nothing else here may be called. */
bool lanes_there(void);

/* One lane's text so far. The words of `state` are in the order that the instructions want. */
struct lane {
    uint32_t state[8];
    const uint8_t *at; /* whole blocks to come */
    size_t blocks;
};
/* To and from the order of the standard. */
void lane_begin(struct lane *lane, const uint32_t state[8]);
void lane_end(const struct lane *lane, uint8_t hash[32]);
/* Take as many blocks of each as the shortest of them has; 1 to LANES of them. */
void lanes_run(struct lane *const lanes[], size_t count);

/* A text in two pieces, and where its hash is put. */
struct lanes_text {
    const uint8_t *head; /* at most a block */
    size_t head_len;
    struct sl_span bytes;
    uint8_t *hash; /* 32 bytes */
};
void lanes_sha256(const struct lanes_text *texts, size_t count);

#endif
