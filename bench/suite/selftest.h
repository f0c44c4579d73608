#ifndef SHARELOG_BENCH_SELFTEST_H
#define SHARELOG_BENCH_SELFTEST_H

#include <stdbool.h>

/* Count a check; of one that isn't good the text is printed. */
void check(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The mixed load: what comes again and what doesn't, and how well it packs (selftest_mixed.c). */
void check_mixed(void);

#endif
