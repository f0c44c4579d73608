#ifndef SHARELOG_TOOLS_VERIFY_TELL_H
#define SHARELOG_TOOLS_VERIFY_TELL_H

/* How every kind of `sharelog verify` tells its result, so that a reader and a script meet one
   form:

     events     412
     root       91c2…
     Verified: the log is what was signed.          or, on stderr: not verified: FAULT        */

#include "core/base/err.h"
#include "core/base/span.h"

/* Not verified, and why. Returns EXIT_NO. */
int verify_tell_fault(const struct sl_err *err, bool json);
/* It couldn't be verified to the end: SL_CORRUPT is a fault (EXIT_NO), all else EXIT_WRONG. */
int verify_tell_failed(enum sl_result result, const struct sl_err *err, bool json);
/* The end of a verification that went well, in words. */
void verify_tell_well(const char *what);
/* A line of what was found: a number, a text. */
void verify_tell_number(const char *name, uint64_t number);
void verify_tell_text(const char *name, const char *text);

#endif
