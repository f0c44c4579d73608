#ifndef SHARELOG_TOOLS_VERIFY_TELL_H
#define SHARELOG_TOOLS_VERIFY_TELL_H

/* How every kind of `sharelog verify` tells its result, so that a reader and a script meet one
   form:

     events     412
     root       91c2…
     Verified: the log is what was signed.          or, on stderr: not verified: FAULT        */

#include "core/proof/note.h"

/* Not verified, and why. Returns EXIT_NO. */
int verify_tell_fault(const struct sl_err *err, bool json);
/* It couldn't be verified to the end: SL_CORRUPT is a fault (EXIT_NO), all else EXIT_WRONG. */
int verify_tell_failed(enum sl_result result, const struct sl_err *err, bool json);
/* The end of a verification that went well, in words. */
void verify_tell_well(const char *what);
/* A line of what was found: a number, a text. */
void verify_tell_number(const char *name, uint64_t number);
void verify_tell_text(const char *name, const char *text);
/* Who cosigned and when, if anybody did, and who of a policy can't be checked here. */
void verify_tell_cosigned(const struct cosigned *cosigned, const struct policy *policy);
/* The same as members of an object that has begun, a comma before them. Times in milliseconds. */
void verify_tell_cosigned_json(const struct cosigned *cosigned, const struct policy *policy);

#endif
