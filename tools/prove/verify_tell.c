/* Faults go to stderr in words, to stdout in JSON: a script that reads JSON gets it in either
   case. */

#include "tools/prove/verify_tell.h"

#include "tools/prove/who.h"
#include "tools/shared/buffer.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

/* Not verified, and why. Returns EXIT_NO. */
static int verify_tell_fault(const struct sl_err *err, bool json)
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

/* ---- a bundle's end ---- */

/* "events 1 to 6", or when all of them were removed. */
static void put_which(const struct bundle_verdict *verdict, struct buffer *text)
{
    char when[WHEN_BYTES];
    if (verdict->removed)
        buffer_print(text, "removed at %s by its %s, %llu events",
            when_iso(verdict->removed_ms, when), who_name(verdict->removed_by),
            (unsigned long long)verdict->events);
    else
        buffer_print(text, "events 1 to %llu", (unsigned long long)verdict->events);
}

static void put_later(const struct after *after, struct buffer *text)
{
    if (after->events == 0) {
        buffer_text(text, "; none came later");
        return;
    }
    buffer_print(text, "; %llu came later (", (unsigned long long)after->events);
    const char *lead = "";
    for (int kind = SL_CREATE; kind <= SL_ALLOW; kind++) {
        if (!after->kinds[kind]) continue;
        buffer_print(text, "%s%llu %s", lead, (unsigned long long)after->kinds[kind],
            sl_kind_name((enum sl_kind)kind));
        lead = ", ";
    }
    buffer_text(text, ")");
}

void verify_tell_bundle(const struct bundle_verdict *verdict, const struct after *after)
{
    struct buffer text = {0};
    char when[WHEN_BYTES];
    if (after)
        for (size_t i = 0; i < after->told_count; i++)
            printf("%-10s %llu, a %s, %s\n", "later", (unsigned long long)after->told[i].sequence,
                sl_kind_name(after->told[i].kind), when_iso(after->told[i].time_ms, when));
    if (!after && verdict->head == BUNDLE_HEAD_UNCHECKED)
        printf("That these are all of its events is signed with the key %s" HEAD_KEY_SUFFIX
               ", which was not given: give --key both lines that `sharelog log-key` prints.\n",
            verdict->origin);
    buffer_text(&text, "Verified: ");
    put_which(verdict, &text);
    if (after) {
        put_later(after, &text);
        buffer_print(&text, ", as of %s by the operator's signature.",
            when_iso(after->statement.time_ms, when));
    } else if (verdict->head == BUNDLE_HEAD_HOLDS) {
        buffer_print(&text, ", complete as of %s by the operator's signature.",
            when_iso(verdict->statement.time_ms, when));
    } else {
        buffer_print(&text, ", as of %s; what came later isn't known from this file.",
            when_iso(verdict->last_ms, when));
    }
    verify_tell_well(buffer_c(&text));
    buffer_free(&text);
}

void verify_tell_bundle_json(const struct bundle_verdict *verdict, const struct after *after)
{
    static const char *const statement[] = {[BUNDLE_HEAD_NONE] = "none",
        [BUNDLE_HEAD_UNCHECKED] = "unchecked",
        [BUNDLE_HEAD_HOLDS] = "holds"};
    bool holds = verdict->head == BUNDLE_HEAD_HOLDS;
    printf(",\"statement\":\"%s\",\"complete\":%s,\"asOf\":%llu", statement[verdict->head],
        holds ? "true" : "false",
        (unsigned long long)(holds ? verdict->statement.time_ms : verdict->last_ms));
    if (holds) printf(",\"asOfSize\":%llu", (unsigned long long)verdict->statement.size);
    if (!after) return;
    printf(",\"after\":{\"events\":%llu,\"asOf\":%llu,\"asOfSize\":%llu",
        (unsigned long long)after->events, (unsigned long long)after->statement.time_ms,
        (unsigned long long)after->statement.size);
    for (int kind = SL_SYNC; kind <= SL_ALLOW; kind++)
        printf(",\"%s\":%llu", sl_kind_name((enum sl_kind)kind),
            (unsigned long long)after->kinds[kind]);
    printf("}");
}

/* ---- lines ---- */

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
