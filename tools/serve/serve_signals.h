#ifndef SHARELOG_TOOLS_SERVE_SIGNALS_H
#define SHARELOG_TOOLS_SERVE_SIGNALS_H

/* How a server is stopped. SIGTERM, SIGINT and SIGHUP are blocked in all threads and waited for in
   one place, so no handler runs and nothing is interrupted:

     serve_block_signals   before the first thread, which inherits it
     serve_wait            returns when the first of them comes
     serve_watch           from then on another signal, or a stop that takes much longer than it
                           may, ends the process with 2; what was acknowledged is on disk already */

void serve_block_signals(void);
void serve_wait(void);
void serve_watch(unsigned stop_ms);

#endif
