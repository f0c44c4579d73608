#ifndef SHARELOG_HTTP_EDGE_ZSTD_H
#define SHARELOG_HTTP_EDGE_ZSTD_H

/* libzstd's wall: what encoding.c asks of it. */

#include "http/edge/encoder_step.h"

struct zstd;
struct zstd *zstd_create(void);
bool zstd_reset(struct zstd *zstd);
bool zstd_run(struct zstd *zstd, struct encoder_step *step);
void zstd_destroy(struct zstd *zstd);

#endif
