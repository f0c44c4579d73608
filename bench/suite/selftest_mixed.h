#ifndef SHARELOG_BENCH_SELFTEST_MIXED_H
#define SHARELOG_BENCH_SELFTEST_MIXED_H

/* The mixed load: what comes again and what doesn't, and how well it packs. */
void check_mixed(void);

#endif
