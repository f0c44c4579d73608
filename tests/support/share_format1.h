#ifndef TESTS_SUPPORT_SHARE_FORMAT1_H
#define TESTS_SUPPORT_SHARE_FORMAT1_H

/* Shares as stores of format 1 have them: their create events don't say who made them. */

#include "core/sharelog.h"

/* Append the create event of one to an open store, behind its back. The store's records of it are
   what a rebuild makes of that event: sl_store_rebuild. What fails, fails the test (cmocka). */
struct sl_credentials share_format1(struct sl_store *store, const char *session_id);

#endif
