#ifndef SHARELOG_BENCH_SESSION_H
#define SHARELOG_BENCH_SESSION_H

/* A made-up session of any size, as a capture that `sharelog send` plays: creates a share and sends
   `batches` batches of `messages` messages and `parts` parts, `bytes` bytes of text in a part on
   average. Same arguments, same bytes. The mix of parts is that of the recorded sessions: steps,
   prose in Markdown, thoughts, commands with their output, files read and written. Every fifth
   message is a prompt. */

#include <stdio.h>

void session_write(FILE *out, unsigned batches, unsigned messages, unsigned parts, unsigned bytes);

#endif
