/* A made-up session of any size, as a capture that `sharelog send` plays:

       build/release/bench/session_gen BATCHES MESSAGES PARTS BYTES > session.jsonl

   suite/session.h says what is in it. */

#include "bench/suite/session.h"
#include "core/base/decimal.h"

#include <stdlib.h>

static unsigned number(const char *text)
{
    uint64_t value;
    if (!sl_decimal(sl_span_of(text), 1000000, &value) || value < 1) {
        fprintf(stderr, "session_gen: %s: expected a number from 1 to 1000000\n", text);
        exit(2);
    }
    return (unsigned)value;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "session_gen BATCHES MESSAGES PARTS BYTES: of a batch, and of a part\n");
        return 2;
    }
    session_write(stdout, number(argv[1]), number(argv[2]), number(argv[3]), number(argv[4]));
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
