/* Faults go to stderr in words, to stdout in JSON: a script that reads JSON gets it in either
   case. */

#include "tools/prove/verify_tell.h"

#include "tools/shared/buffer.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

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

void verify_tell_cosigned(const struct cosigned *cosigned, const struct policy *policy)
{
    char text[200], first[WHEN_BYTES], last[WHEN_BYTES], ago[WHEN_BYTES];
    size_t uncheckable = policy_uncheckable(policy);
    uint64_t oldest_ms = cosigned->oldest_s * 1000, newest_ms = cosigned->newest_s * 1000;
    if (cosigned->count) {
        bool once = oldest_ms == newest_ms;
        snprintf(text, sizeof(text), "%zu, %s%s%s (%s)", cosigned->count,
            once ? "" : when_iso(oldest_ms, first), once ? "" : " to ", when_iso(newest_ms, last),
            when_ago(newest_ms, ago));
        verify_tell_text("cosigned", text);
    }
    if (uncheckable) {
        snprintf(text, sizeof(text), "%zu of %zu witnesses: a key of a type that isn't known here",
            uncheckable, policy_witnesses(policy));
        verify_tell_text("unchecked", text);
    }
}

void verify_tell_cosigned_json(const struct cosigned *cosigned, const struct policy *policy)
{
    printf(",\"cosignatures\":%zu", cosigned->count);
    if (cosigned->count)
        printf(",\"cosigned\":{\"first\":%llu,\"last\":%llu}",
            (unsigned long long)cosigned->oldest_s * 1000,
            (unsigned long long)cosigned->newest_s * 1000);
    else
        printf(",\"cosigned\":null");
    printf(",\"unchecked\":%zu", policy_uncheckable(policy));
}
