#ifndef SHARELOG_HTTP_EDGE_GZIP_H
#define SHARELOG_HTTP_EDGE_GZIP_H

/* zlib's wall: what encoding.c asks of it. */

#include "core/base/encoder_step.h"

struct gzip;
struct gzip *gzip_create(void);
bool gzip_reset(struct gzip *gzip);
bool gzip_run(struct gzip *gzip, struct encoder_step *step);
void gzip_destroy(struct gzip *gzip);

#endif
