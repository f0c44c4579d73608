/* One report in two forms: lines for people, cut to SHOWN of a list, and JSON with everything
   that was kept. */

#include "tools/prove/audit_report.h"

#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#define LARGEST 10
#define SHOWN 20 /* lines of a list on a terminal; JSON has all that were kept */

static unsigned long long ull(uint64_t value)
{
    return value;
}

/* ---- words ---- */

static void put_place(const char *name, const struct audit_event *event)
{
    char when[WHEN_BYTES];
    printf("%-12s %s, position %llu (event %llu of %s)\n", name, when_iso(event->time_ms, when),
        ull(event->position), ull(event->sequence), event->share);
}

static void put_acts(const struct audit *audit)
{
    char when[WHEN_BYTES];
    size_t shown = 0;
    if (!audit->acts_count) return;
    printf("\nRemoved, redacted, allowed\n");
    for (size_t i = 0; i < audit->acts_count && shown < SHOWN; i++, shown++) {
        const struct audit_act *act = &audit->acts[i];
        printf("  %s  %-6s  %s event %llu", when_iso(act->event.time_ms, when),
            audit_kind(act->event.kind), act->event.share, ull(act->event.sequence));
        if (act->who[0])
            printf(", by %s", act->who);
        else
            printf(" (what it said was erased with the share)");
        if (act->who[0] && act->event.kind == SL_REDACT) printf(", %llu items", ull(act->items));
        if (act->reason.len) {
            printf(": ");
            term_put(buffer_span(&act->reason), false, "");
        }
        putchar('\n');
    }
    if (shown < audit->acts_count) printf("  and %zu more\n", audit->acts_count - shown);
}

/* Of one share each item, of a store how many there are that no redact event tells of. */
static void put_redacted(const struct audit *audit)
{
    if (audit->redacted.count) {
        printf("\nRedacted items: what stands in their place is the operator's word\n");
        redacted_put(&audit->redacted, SHOWN);
    } else if (audit->marked) {
        printf("\n%llu items were redacted on arrival; `sharelog audit ID` names a share's\n",
            ull(audit->marked));
    }
}

static void put_gaps(const struct audit *audit)
{
    if (!audit->gaps_count) {
        printf("%-12s none: no sequence and no position is missing\n", "gaps");
        return;
    }
    printf("%s%-12s %llu%s\n", term_style(TERM_RED), "GAPS", ull(audit->gaps_count),
        term_style(TERM_PLAIN));
    for (uint64_t i = 0; i < audit->gaps_count && i < SHOWN; i++) {
        const struct audit_gap *gap = &audit->gaps[i];
        if (gap->share[0])
            printf("  share %s: event %llu is followed by %llu\n", gap->share,
                ull(gap->expected - 1), ull(gap->found));
        else
            printf("  the log: position %llu where %llu should be\n", ull(gap->found),
                ull(gap->expected));
    }
}

static void put_steps(const struct audit *audit)
{
    char before[WHEN_BYTES], after[WHEN_BYTES];
    printf("%-12s %llu backwards, %llu of more than a day\n", "clock steps", ull(audit->backwards),
        ull(audit->steps_count - audit->backwards));
    for (uint64_t i = 0; i < audit->steps_count && i < SHOWN; i++) {
        const struct audit_step *step = &audit->steps[i];
        printf("  position %llu: %s, behind %s\n", ull(step->position),
            when_iso(step->after_ms, after), when_iso(step->before_ms, before));
    }
}

static void put_largest(const struct audit *audit)
{
    const struct audit_share *largest[LARGEST];
    char size[WHEN_BYTES];
    if (audit->share) return;
    size_t count = audit_largest(audit, largest, LARGEST);
    printf("\nLargest shares\n");
    for (size_t i = 0; i < count; i++)
        printf("  %10s  %8llu events  %s%s\n", size_text(largest[i]->bytes, size),
            ull(largest[i]->events), largest[i]->id, largest[i]->removed ? " (removed)" : "");
}

static void put_checkpoint(struct sl_span log, const char *name, const char *label)
{
    char when[WHEN_BYTES];
    struct sl_span checkpoint = field(log, name);
    if (!checkpoint.len || json_kind_of(checkpoint) != JSON_OBJECT) return;
    uint64_t signed_ms = field_u64(checkpoint, "signedAt");
    printf("%-12s %llu events%s%s\n", label, ull(field_u64(checkpoint, "size")),
        signed_ms ? ", signed " : "", signed_ms ? when_iso(signed_ms, when) : "");
}

static void put_witnesses(struct sl_span log)
{
    struct sl_span rest = field_array(log, "witnesses"), witness;
    char name[256], error[256], when[WHEN_BYTES];
    while (json_next(&rest, &witness)) {
        uint64_t time = field_u64(witness, "time");
        field_short(witness, "name", name, sizeof(name));
        printf("%-12s ", "witness");
        term_put(sl_span_of(name), false, "");
        if (time)
            printf(": cosigned %llu events at %s", ull(field_u64(witness, "size")),
                when_iso(time, when));
        if (field_short(witness, "error", error, sizeof(error)) && error[0]) {
            printf("; %snow: ", term_style(TERM_YELLOW));
            term_put(sl_span_of(error), false, "");
            printf("%s", term_style(TERM_PLAIN));
        }
        putchar('\n');
    }
}

static void put_log(const struct audit *audit)
{
    struct sl_span log = buffer_span(&audit->log), verified = field(log, "verified");
    char text[512], when[WHEN_BYTES];
    printf("\nThe log\n");
    if (field_short(log, "key", text, sizeof(text))) {
        printf("%-12s ", "key");
        term_put(sl_span_of(text), false, "");
        putchar('\n');
    }
    put_checkpoint(log, "checkpoint", "checkpoint");
    put_checkpoint(log, "published", "cosigned");
    put_witnesses(log);
    if (field_short(log, "disputed", text, sizeof(text)) && text[0]) {
        printf("%s%-12s ", term_style(TERM_RED), "DISPUTED");
        term_put(sl_span_of(text), false, "");
        printf("%s\n", term_style(TERM_PLAIN));
    }
    uint64_t at = field_u64(verified, "at");
    if (at)
        printf("%-12s %s, %llu events: %s\n", "verified", when_iso(at, when),
            ull(field_u64(verified, "size")),
            field_true(verified, "ok") ? "all fitted together" : "NOT: a fault was found");
}

void audit_put_text(const struct audit *audit)
{
    char text[WHEN_BYTES];
    if (audit->share)
        printf("%-12s %s%s\n", "share", audit->share, audit->removed ? ", removed" : "");
    else
        printf("%-12s %zu, %zu of them removed\n", "shares", audit->shares, audit->removed);
    printf("%-12s %llu:", "events", ull(audit->events));
    for (unsigned kind = 0; kind < AUDIT_KINDS; kind++)
        if (audit->kinds[kind]) printf(" %llu %s", ull(audit->kinds[kind]), audit_kind(kind));
    printf("\n%-12s %llu, %s\n", "items", ull(audit->items), size_text(audit->bytes, text));
    if (audit->events) {
        put_place("first", &audit->first);
        put_place("last", &audit->last);
    }
    put_gaps(audit);
    put_steps(audit);
    put_acts(audit);
    put_redacted(audit);
    put_largest(audit);
    put_log(audit);
    if (audit->verified && audit->verified_ok)
        printf("%-12s %sall fits together%s (%s)\n", "now", term_style(TERM_GREEN),
            term_style(TERM_PLAIN), when_span(audit->verified_took_ms, text));
    else if (audit->verified) {
        printf("%-12s %sNOT VERIFIED: ", "now", term_style(TERM_RED));
        term_put(sl_span_of(audit->fault), false, "");
        printf("%s\n", term_style(TERM_PLAIN));
    }
}

/* ---- JSON ---- */

static void add_place(struct buffer *out, const struct audit_event *event)
{
    buffer_print(out,
        "\"share\":\"%s\",\"seq\":%llu,\"position\":%llu,\"time\":%llu,\"kind\":\"%s\"",
        event->share, ull(event->sequence), ull(event->position), ull(event->time_ms),
        audit_kind(event->kind));
}

static void add_acts(struct buffer *out, const struct audit *audit, unsigned kind, const char *name)
{
    const char *comma = "";
    buffer_print(out, ",\"%s\":[", name);
    for (size_t i = 0; i < audit->acts_count; i++) {
        const struct audit_act *act = &audit->acts[i];
        if (act->event.kind != kind) continue;
        buffer_print(out, "%s{", comma);
        add_place(out, &act->event);
        if (act->who[0]) {
            buffer_print(out, ",\"who\":\"%s\",\"reason\":", act->who);
            buffer_json(out, buffer_span(&act->reason));
        } else {
            buffer_text(out, ",\"who\":null,\"reason\":null");
        }
        if (act->who[0] && kind == SL_REDACT) buffer_print(out, ",\"items\":%llu", ull(act->items));
        buffer_text(out, "}");
        comma = ",";
    }
    buffer_text(out, "]");
}

static void add_gaps(struct buffer *out, const struct audit *audit)
{
    buffer_print(out, ",\"gapsCount\":%llu,\"gaps\":[", ull(audit->gaps_count));
    for (uint64_t i = 0; i < audit->gaps_count && i < AUDIT_LISTED; i++) {
        const struct audit_gap *gap = &audit->gaps[i];
        buffer_text(out, i ? ",{\"share\":" : "{\"share\":");
        if (gap->share[0])
            buffer_print(out, "\"%s\"", gap->share);
        else
            buffer_text(out, "null");
        buffer_print(out, ",\"position\":%llu,\"expected\":%llu,\"found\":%llu}",
            ull(gap->position), ull(gap->expected), ull(gap->found));
    }
    buffer_print(out, "],\"clockStepsCount\":%llu,\"clockSteps\":[", ull(audit->steps_count));
    for (uint64_t i = 0; i < audit->steps_count && i < AUDIT_LISTED; i++) {
        const struct audit_step *step = &audit->steps[i];
        buffer_print(out, "%s{\"position\":%llu,\"before\":%llu,\"after\":%llu}", i ? "," : "",
            ull(step->position), ull(step->before_ms), ull(step->after_ms));
    }
    buffer_text(out, "]");
}

static void add_largest(struct buffer *out, const struct audit *audit)
{
    const struct audit_share *largest[LARGEST];
    size_t count = audit_largest(audit, largest, LARGEST);
    buffer_text(out, ",\"largest\":[");
    for (size_t i = 0; i < count; i++)
        buffer_print(out, "%s{\"share\":\"%s\",\"events\":%llu,\"bytes\":%llu,\"removed\":%s}",
            i ? "," : "", largest[i]->id, ull(largest[i]->events), ull(largest[i]->bytes),
            largest[i]->removed ? "true" : "false");
    buffer_text(out, "]");
}

static void add_verified(struct buffer *out, const struct audit *audit)
{
    if (!audit->verified) {
        buffer_text(out, ",\"verified\":null");
        return;
    }
    buffer_print(out,
        ",\"verified\":{\"ok\":%s,\"ms\":%llu,\"fault\":", audit->verified_ok ? "true" : "false",
        ull(audit->verified_took_ms));
    if (audit->verified_ok)
        buffer_text(out, "null");
    else
        buffer_json(out, sl_span_of(audit->fault));
    buffer_text(out, "}");
}

void audit_put_json(const struct audit *audit)
{
    struct buffer out = {0};
    struct sl_sink sink = term_json();
    if (audit->share)
        buffer_print(&out, "{\"share\":\"%s\"", audit->share);
    else
        buffer_text(&out, "{\"share\":null");
    buffer_print(&out,
        ",\"events\":%llu,\"items\":%llu,\"bytes\":%llu,\"redactedOnArrival\":%llu,"
        "\"shares\":{\"live\":%zu,\"removed\":%zu},\"kinds\":{",
        ull(audit->events), ull(audit->items), ull(audit->bytes), ull(audit->marked),
        audit->shares - audit->removed, audit->removed);
    for (unsigned kind = 0; kind < AUDIT_KINDS; kind++)
        buffer_print(
            &out, "%s\"%s\":%llu", kind ? "," : "", audit_kind(kind), ull(audit->kinds[kind]));
    buffer_text(&out, "}");
    if (audit->events) {
        buffer_text(&out, ",\"first\":{");
        add_place(&out, &audit->first);
        buffer_text(&out, "},\"last\":{");
        add_place(&out, &audit->last);
        buffer_text(&out, "}");
    }
    add_acts(&out, audit, SL_REMOVE, "removals");
    add_acts(&out, audit, SL_REDACT, "redactions");
    add_acts(&out, audit, SL_ALLOW, "allowed");
    if (audit->share && audit->verified) {
        buffer_text(&out, ",\"redactedItems\":");
        redacted_json(&audit->redacted, &out);
    }
    add_gaps(&out, audit);
    add_largest(&out, audit);
    buffer_text(&out, ",\"log\":");
    buffer_add(&out, buffer_span(&audit->log).ptr, audit->log.len);
    add_verified(&out, audit);
    buffer_text(&out, "}");
    sink.write(sink.ctx, out.ptr, out.len);
    term_json_end();
    buffer_free(&out);
}
