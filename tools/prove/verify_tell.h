#ifndef SHARELOG_TOOLS_VERIFY_TELL_H
#define SHARELOG_TOOLS_VERIFY_TELL_H

/* How every kind of `sharelog verify` tells its result, so that a reader and a script meet one
   form:

     events     412
     root       91c2…
     Verified: the log is what was signed.          or, on stderr: not verified: FAULT

   A bundle's sentence says no more than is known. That the events are all takes a head statement
   that the log's key for such signed, and is true as of its time alone:

     Verified: events 1 to 6, complete as of TIME by the operator's signature.
     Verified: events 1 to 6, as of TIME; what came later isn't known from this file.
     Verified: events 1 to 6; none came later, as of TIME by the operator's signature.        --url
 */

#include "tools/prove/verify_after.h"

/* It couldn't be verified to the end: SL_CORRUPT is a fault (EXIT_NO), all else EXIT_WRONG. */
int verify_tell_failed(enum sl_result result, const struct sl_err *err, bool json);
/* The end of a verification that went well, in words. */
void verify_tell_well(const char *what);
/* The end of a bundle's verification: which events it has, and whether those are all, as of when
   and by whose word. `after` is what the server was asked, NULL: it wasn't. In JSON, members that
   follow others. */
void verify_tell_bundle(const struct bundle_verdict *verdict, const struct after *after);
void verify_tell_bundle_json(const struct bundle_verdict *verdict, const struct after *after);
/* A line of what was found: a number, a text. */
void verify_tell_number(const char *name, uint64_t number);
void verify_tell_text(const char *name, const char *text);
/* Who cosigned and when, if anybody did, and who of a policy can't be checked here. */
void verify_tell_cosigned(const struct cosigned *cosigned, const struct policy *policy);
/* The same as members of an object that has begun, a comma before them. Times in milliseconds. */
void verify_tell_cosigned_json(const struct cosigned *cosigned, const struct policy *policy);

#endif
