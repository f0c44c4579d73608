#ifndef SHARELOG_TOOLS_VERIFY_URL_H
#define SHARELOG_TOOLS_VERIFY_URL_H

/* --url: a server's whole log, from its tiles. The checkpoint that it shows is checked against the
   log's key (and a policy of witnesses), the tree is made from the tiles and held against it, and
   with --since it must have grown out of the checkpoint kept from before, whose place the new one
   then takes. A fault leaves the kept checkpoint as it was. */

#include "tools/prove/verify_values.h"

/* An exit code; the result is told. */
int verify_url(const struct verify_values *values);

#endif
