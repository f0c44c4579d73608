#ifndef SHARELOG_BUNDLE_CONTENT_H
#define SHARELOG_BUNDLE_CONTENT_H

/* What an event of a bundle contains, held against what its header commits to. */

#include "core/proof/bundle_check.h"

/* The content of the event at hand, whose header is read. */
enum sl_result bundle_check_content(struct bundle_check *check);
/* For the reader, before what lies in its window goes (`ctx` is the check). */
void bundle_check_leaving(void *ctx);

#endif
