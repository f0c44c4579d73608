#ifndef SHARELOG_BENCH_SELFTEST_CHECK_H
#define SHARELOG_BENCH_SELFTEST_CHECK_H

#include <stdbool.h>

/* Count a check; of one that isn't good the text is printed. One thread's. */
void check(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print how many there were; false: not all were good. */
bool check_end(void);

#endif
