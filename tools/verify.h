#ifndef SHARELOG_TOOLS_VERIFY_H
#define SHARELOG_TOOLS_VERIFY_H

/* Parts of `sharelog verify`: what it can look at, a file for each. */

#include "core/sharelog.h"
#include "tools/options.h"

struct verify_values {
    struct common common;
    const char *bundle, *proof, *event, *log_key, *policy, *since;
    bool all, entries, progress;
};

/* Each returns an exit code. */
int verify_bundle(const struct verify_values *values);
int verify_event(const struct verify_values *values);
int verify_url(const struct verify_values *values);

/* Not verified, and why. Returns EXIT_NO. */
int verify_tell_fault(const struct sl_err *err, bool json);
/* The end of a verification that went well, in words. */
void verify_tell_well(const char *what);
/* A line of what was found: a number, a text. */
void verify_tell_number(const char *name, uint64_t number);
void verify_tell_text(const char *name, const char *text);

#endif
