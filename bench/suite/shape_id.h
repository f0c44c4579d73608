#ifndef SHARELOG_BENCH_SHAPE_ID_H
#define SHARELOG_BENCH_SHAPE_ID_H

/* Ids as opencode makes them: three letters, `_`, 12 hexadecimal digits of time, 14 of base62. */

#include <stdint.h>

#define ID_TIME 12 /* digits */
#define ID_CHANCE 14
#define ID_BYTES (4 + ID_TIME + ID_CHANCE)

/* ID_CHANCE digits made of a hash. */
void write_chance(char *out, uint64_t hash);
/* ID_TIME digits: the lowest 48 bits. */
void write_time(char *out, uint64_t time);

#endif
