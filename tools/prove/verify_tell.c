/* Faults go to stderr in words, to stdout in JSON: a script that reads JSON gets it in either
   case. */

#include "tools/prove/verify_tell.h"

#include "tools/shared/buffer.h"
#include "tools/shared/term.h"

int verify_tell_fault(const struct sl_err *err, bool json)
{
    if (json) {
        struct buffer line = {0};
        buffer_text(&line, "{\"verified\":false,\"fault\":");
        buffer_json(&line, sl_span_of(err->text));
        printf("%s}\n", buffer_c(&line));
        buffer_free(&line);
    } else {
        fail("not verified: %s", err->text);
    }
    return EXIT_NO;
}

int verify_tell_failed(enum sl_result result, const struct sl_err *err, bool json)
{
    if (result == SL_CORRUPT) return verify_tell_fault(err, json);
    return fail("verify: couldn't go on: %s", err->text);
}

void verify_tell_well(const char *what)
{
    printf("%s%s%s\n", term_style(TERM_GREEN), what, term_style(TERM_PLAIN));
}

void verify_tell_number(const char *name, uint64_t number)
{
    printf("%-10s %llu\n", name, (unsigned long long)number);
}

void verify_tell_text(const char *name, const char *text)
{
    printf("%-10s ", name);
    term_put(sl_span_of(text), false, "");
    putchar('\n');
}
