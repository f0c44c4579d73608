#ifndef SHARELOG_BENCH_LOAD_WIRE_H
#define SHARELOG_BENCH_LOAD_WIRE_H

/* What the load generator needs to know of a protocol: where an answer ends. HTTP is load_run's
   own; the neighbours that sharelog is compared with speak others. */

#include "bench/suite/bench.h"

/* An answer as it comes in. Zeroed before its first byte. */
struct answer {
    int status;
    struct sl_span body; /* of a whole answer: in the buffer that it was read from */
    size_t used;         /* of a whole answer: the bytes that it took from the buffer's front */
    bool closes;         /* the server ends the connection behind it */
    /* the reader's own, so that no byte is looked at twice: */
    size_t head, at, length, body_bytes;
    bool chunked, sized;
};

enum answer_state { ANSWER_MORE, ANSWER_WHOLE, ANSWER_BROKEN };

/* Look at what has come since the last whole answer. It may move bytes about in `in`. `ended`: no
   more will come. */
typedef enum answer_state (*answer_reader)(struct buf *in, struct answer *answer, bool ended);

enum answer_state http_answer(struct buf *in, struct answer *answer, bool ended);

/* load_run for another protocol. */
bool load_run_wire(const struct load *load, answer_reader reader, struct load_outcome *outcome);

/* Is the generator itself right? Against a trivial server in this process: answers of every framing
   and in odd pieces, latency from the intended time, requests counted that are late. Records what
   it reaches at most, as load.limit.rate. */
bool load_check(struct bench *bench);

#endif
