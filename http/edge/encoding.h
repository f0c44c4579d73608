#ifndef SHARELOG_HTTP_EDGE_ENCODING_H
#define SHARELOG_HTTP_EDGE_ENCODING_H

/* Compressing an answer as it is written. gzip.c is zlib's wall, core/base/zstd.c libzstd's.

   Nothing here fails a request: where there is no memory for an encoder, the answer is sent as it
   is. */

#include "core/base/encoder_step.h"
#include "core/base/span.h"

enum encoding { ENCODING_IDENTITY, ENCODING_GZIP, ENCODING_ZSTD };

/* The encoding that an Accept-Encoding header gives the highest q-value; of equal ones zstd, then
 * gzip. Without the header, or where it is malformed, identity. */
enum encoding encoding_choose(struct sl_span accept);

/* `gzip`, `zstd`; NULL for identity. */
const char *encoding_name(enum encoding encoding);

/* A running compression of one body, or of several, one after the other. */
struct encoder;

/* An encoder for gzip or zstd, ready to begin. Taken from a small pool, since making one costs more
   than compressing a small body. NULL: no memory. Give it back (at any time, also in the middle)
   with encoder_close; NULL is fine. */
struct encoder *encoder_open(enum encoding encoding);
void encoder_close(struct encoder *encoder);

/* Compress some of in[0, in_len) into out[0, out_cap): *taken and *made say how much. `last`:
   nothing comes behind `in`; `flush`: a reader is to have all of it now. With either, call until
   *done. Call again with what is left, with more room in `out`. False: broken, give it back. */
bool encoder_run(struct encoder *encoder, struct encoder_step *step);

#endif
