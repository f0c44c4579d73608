/* A line goes out as soon as something is found: a look that hangs afterwards has told it. */

#include "tools/watch/findings.h"

#include "core/base/err.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#include <assert.h>
#include <stdarg.h>

static const char *const names[] = {
    [FINDING_FORK] = "fork",
    [FINDING_LOG] = "log",
    [FINDING_UNSIGNED] = "unsigned",
    [FINDING_QUORUM] = "quorum",
    [FINDING_STALE] = "stale",
    [FINDING_OLDER] = "older",
    [FINDING_STILL] = "still",
    [FINDING_TIMES] = "times",
    [FINDING_WITNESS] = "witness",
    [FINDING_UNREACHABLE] = "unreachable",
    [FINDING_STATE] = "state",
};

/* The ones that say nothing of the log. */
#define COULD_NOT (1u << FINDING_UNREACHABLE | 1u << FINDING_STATE)

static void put_json(
    struct findings *findings, enum finding kind, const char *text, const char *evidence)
{
    struct buffer *list = &findings->list;
    buffer_text(list, list->len ? ",{\"kind\":" : "{\"kind\":");
    buffer_json(list, sl_span_of(names[kind]));
    buffer_text(list, ",\"text\":");
    buffer_json(list, sl_span_of(text));
    buffer_text(list, ",\"evidence\":");
    if (evidence)
        buffer_json(list, sl_span_of(evidence));
    else
        buffer_text(list, "null");
    buffer_text(list, "}");
}

void findings_add(
    struct findings *findings, enum finding kind, const char *evidence, const char *format, ...)
{
    char text[sizeof(((struct sl_err *)0)->text) + 512];
    struct buffer line = {0};
    va_list args;
    assert((size_t)kind < sizeof(names) / sizeof(names[0]));
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    findings->seen |= 1u << kind;
    if (findings->json) {
        put_json(findings, kind, text, evidence);
        return;
    }
    buffer_print(&line, "%s: %s: %s", findings->log, names[kind], text);
    if (evidence) buffer_print(&line, "; kept in %s", evidence);
    term_put(buffer_span(&line), false, "");
    putchar('\n');
    fflush(stdout);
    buffer_free(&line);
}

bool findings_have(const struct findings *findings, enum finding kind)
{
    return findings->seen >> kind & 1;
}

static void end_json(struct findings *findings, const struct findings_seen *seen)
{
    struct buffer line = {0};
    buffer_text(&line, "{\"log\":");
    buffer_json(&line, sl_span_of(findings->log));
    buffer_text(&line, ",\"url\":");
    buffer_json(&line, sl_span_of(findings->url));
    buffer_print(&line, ",\"well\":%s", findings->seen ? "false" : "true");
    if (seen->any)
        buffer_print(&line, ",\"size\":%llu,\"cosignatures\":%zu", (unsigned long long)seen->size,
            seen->cosignatures);
    else
        buffer_text(&line, ",\"size\":null,\"cosignatures\":null");
    if (seen->newest_s)
        buffer_print(&line, ",\"cosigned\":%llu", (unsigned long long)seen->newest_s * 1000);
    else
        buffer_text(&line, ",\"cosigned\":null");
    buffer_text(&line, ",\"findings\":[");
    buffer_add(&line, findings->list.ptr, findings->list.len);
    printf("%s]}\n", buffer_c(&line));
    buffer_free(&line);
}

static void end_well(const struct findings *findings, const struct findings_seen *seen)
{
    char ago[WHEN_BYTES];
    printf("%s: well: %llu events", findings->log, (unsigned long long)seen->size);
    if (seen->cosignatures)
        printf(", cosigned by %zu, %s", seen->cosignatures, when_ago(seen->newest_s * 1000, ago));
    putchar('\n');
}

int findings_end(struct findings *findings, const struct findings_seen *seen)
{
    if (findings->json)
        end_json(findings, seen);
    else if (!findings->seen && term_out())
        end_well(findings, seen);
    fflush(stdout);
    buffer_free(&findings->list);
    if (findings->seen & ~COULD_NOT) return EXIT_NO;
    return findings->seen ? EXIT_WRONG : EXIT_YES;
}
