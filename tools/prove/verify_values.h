#ifndef SHARELOG_TOOLS_VERIFY_VALUES_H
#define SHARELOG_TOOLS_VERIFY_VALUES_H

/* What `sharelog verify` was given; cmd_verify.c has the table of its options. */

#include "tools/shared/options.h"

struct verify_values {
    struct common common;
    const char *bundle, *proof, *event, *log_key, *policy, *since, *max_age;
    uint64_t max_age_s; /* 0: any age will do */
    bool all, entries, fork;
    char **files; /* of --fork */
    int files_count;
};

#endif
