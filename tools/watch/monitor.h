#ifndef SHARELOG_TOOLS_MONITOR_H
#define SHARELOG_TOOLS_MONITOR_H

/* A monitor's life: one look at each log and an exit code, or a look every so often until a signal
   comes. Whatever ends it, what was kept is whole. */

#include <stdbool.h>
#include <stdint.h>

struct monitor_setup {
    const char *config, *state;
    uint64_t every_s; /* 0: look once */
    bool json;
};

/* Of a single look: EXIT_NO something is wrong with a log, EXIT_WRONG wrong use, or a log or
   witness couldn't be asked, EXIT_YES. Of many: EXIT_YES, once it is stopped. */
int monitor_run(const struct monitor_setup *setup);

#endif
