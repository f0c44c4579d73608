/* The two halves of an id. */

#include "bench/suite/shape_id.h"

#include "bench/suite/bench.h"

void write_chance(char *out, uint64_t hash)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int i = 0; i < ID_CHANCE; i++, hash /= 62) {
        if (i == ID_CHANCE / 2) hash = bench_random(&hash);
        out[i] = digits[hash % 62];
    }
}

void write_time(char *out, uint64_t time)
{
    for (int i = ID_TIME; i-- > 0; time >>= 4)
        out[i] = "0123456789abcdef"[time & 15];
}
