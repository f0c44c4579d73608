/* The whole store's events come as NDJSON and are taken line by line as they arrive; a share's
   by pages. Gaps and clock steps are counted without end and kept up to AUDIT_LISTED. What a
   removal or redaction says is asked for afterwards, since most events are neither. */

#include "tools/prove/audit_report.h"

#include "core/base/crypto.h"
#include "core/base/pack.h"
#include "tools/ask/datadir.h"
#include "tools/ask/share_events.h"
#include "tools/ask/source.h"
#include "tools/prove/who.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"

#include <assert.h>
#include <stdlib.h>

static const char *const kinds[AUDIT_KINDS] = {
    "create", "sync", "remove", "redact", "allow", "unknown"};

const char *audit_kind(unsigned kind)
{
    return kinds[kind < AUDIT_KINDS ? kind : AUDIT_KINDS - 1];
}

/* ---- shares ---- */

static struct audit_share *find(struct audit_share *table, size_t room, const char *id)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t at = (size_t)hash & (room - 1);
    while (table[at].events && strcmp(table[at].id, id) != 0)
        at = (at + 1) & (room - 1);
    return &table[at];
}

static void grow(struct audit *audit)
{
    size_t room = audit->room ? audit->room * 2 : 256;
    struct audit_share *table = need(room * sizeof(*table));
    for (size_t i = 0; i < audit->room; i++)
        if (audit->table[i].events) *find(table, room, audit->table[i].id) = audit->table[i];
    free(audit->table);
    audit->table = table;
    audit->room = room;
}

static bool is_larger(const struct audit_share *a, const struct audit_share *b)
{
    return a->bytes != b->bytes ? a->bytes > b->bytes : strcmp(a->id, b->id) < 0;
}

size_t audit_largest(const struct audit *audit, const struct audit_share **largest, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < audit->room; i++) {
        const struct audit_share *share = &audit->table[i];
        if (!share->events) continue;
        size_t at = count < max ? count++ : max;
        for (; at > 0 && is_larger(share, largest[at - 1]); at--)
            if (at < max) largest[at] = largest[at - 1];
        if (at < max) largest[at] = share;
    }
    return count;
}

/* ---- an event ---- */

static void add_gap(struct audit *audit, const struct audit_event *event, const char *share,
    uint64_t expected, uint64_t found)
{
    if (audit->gaps_count++ >= AUDIT_LISTED) return;
    audit->gaps = need_more(audit->gaps, audit->gaps_count * sizeof(*audit->gaps));
    struct audit_gap *gap = &audit->gaps[audit->gaps_count - 1];
    *gap = (struct audit_gap){.expected = expected, .found = found, .position = event->position};
    snprintf(gap->share, sizeof(gap->share), "%s", share);
}

static void add_step(struct audit *audit, const struct audit_event *event)
{
    audit->backwards += event->time_ms < audit->last.time_ms;
    if (audit->steps_count++ >= AUDIT_LISTED) return;
    audit->steps = need_more(audit->steps, audit->steps_count * sizeof(*audit->steps));
    audit->steps[audit->steps_count - 1] =
        (struct audit_step){event->position, audit->last.time_ms, event->time_ms};
}

static void add_act(struct audit *audit, const struct audit_event *event)
{
    audit->acts = need_more(audit->acts, (audit->acts_count + 1) * sizeof(*audit->acts));
    audit->acts[audit->acts_count++] = (struct audit_act){.event = *event};
}

static void add_to_share(struct audit *audit, const struct audit_event *event)
{
    if (audit->shares * 4 >= audit->room * 3) grow(audit);
    assert(audit->shares < audit->room);
    struct audit_share *share = find(audit->table, audit->room, event->share);
    if (!share->events) {
        audit->shares++;
        memcpy(share->id, event->share, sizeof(share->id));
    }
    if (event->sequence != share->sequence + 1)
        add_gap(audit, event, event->share, share->sequence + 1, event->sequence);
    share->sequence = event->sequence;
    share->events++;
    share->bytes += event->bytes;
    if (event->kind == SL_REMOVE && !share->removed) {
        share->removed = true;
        audit->removed++;
    }
}

static void add(struct audit *audit, const struct audit_event *event)
{
    const struct audit_event *last = &audit->last;
    uint64_t position = audit->share ? 0 : audit->events ? last->position + 1 : 0;
    bool backwards = audit->events && event->time_ms < last->time_ms;
    bool jumps = audit->events && event->time_ms > last->time_ms + AUDIT_JUMP_MS;
    if (audit->share && audit->events && event->position <= last->position)
        add_gap(audit, event, "", last->position + 1, event->position);
    if (!audit->share && event->position != position)
        add_gap(audit, event, "", position, event->position);
    if (backwards || jumps) add_step(audit, event);
    add_to_share(audit, event);
    if (event->kind == SL_REMOVE || event->kind == SL_REDACT || event->kind == SL_ALLOW)
        add_act(audit, event);
    if (!audit->events) audit->first = *event;
    audit->last = *event;
    audit->events++;
    audit->items += event->items;
    audit->bytes += event->bytes;
    audit->marked += event->marked;
    audit->kinds[event->kind]++;
    if (audit->each) audit->each(event);
}

static void take(struct audit *audit, struct sl_span json)
{
    struct audit_event event = {.kind = AUDIT_KINDS - 1,
        .sequence = field_u64(json, "seq"),
        .position = field_u64(json, "position"),
        .time_ms = field_u64(json, "time"),
        .items = field_u64(json, "items"),
        .bytes = field_u64(json, "bytes"),
        .marked = field_u64(json, "redactedOnArrival")};
    if (audit->share)
        snprintf(event.share, sizeof(event.share), "%s", audit->share);
    else
        field_short(json, "id", event.share, sizeof(event.share));
    field_short(json, "hash", event.leaf, sizeof(event.leaf));
    for (unsigned kind = 0; kind + 1 < AUDIT_KINDS; kind++)
        if (field_is(json, "kind", kinds[kind])) event.kind = kind;
    add(audit, &event);
}

/* ---- all events ---- */

/* NDJSON as it arrives: each whole line is taken, the rest is kept until its line is whole. */
struct lines {
    struct audit *audit;
    struct buffer rest;
    int status;
    bool bad;
};

static bool take_lines(void *ctx, const void *bytes, size_t len)
{
    struct lines *lines = ctx;
    buffer_add(&lines->rest, bytes, len);
    if (lines->status != 200) return lines->rest.len < 65536;
    const char *at = lines->rest.ptr, *end = at + lines->rest.len, *newline;
    while (!lines->bad && (newline = memchr(at, '\n', (size_t)(end - at)))) {
        struct sl_span line = {at, (size_t)(newline - at)};
        lines->bad = json_check(line, JSON_DEPTH_CEILING, NULL) != SL_OK;
        if (!lines->bad) take(lines->audit, line);
        at = newline + 1;
    }
    lines->rest.len = (size_t)(end - at);
    memmove(lines->rest.ptr, at, lines->rest.len);
    return !lines->bad;
}

static int gather_all(struct audit *audit, struct source *source)
{
    struct lines lines = {.audit = audit};
    struct sl_err err = {0};
    int code = EXIT_YES;
    enum sl_result result = client_request(source->client, "GET", "/api/events",
        (struct sl_span){0}, (struct sl_sink){take_lines, &lines}, &lines.status, &err);
    if (result == SL_OK && lines.status != 200)
        code = source_refused(source, lines.status, buffer_span(&lines.rest));
    else if (lines.bad || (result == SL_OK && lines.rest.len))
        code = fail("audit: the list of events has a line that is no JSON");
    else if (result != SL_OK)
        code = fail("audit: %s", err.text);
    buffer_free(&lines.rest);
    return code;
}

static bool take_one(void *ctx, struct sl_span event)
{
    take(ctx, event);
    return true;
}

/* ---- what removals and redactions say ---- */

/* msgpack: [who, reason, …]; of a redaction a list of what was replaced is third. */
static bool read_act(struct sl_span record, struct audit_act *act)
{
    struct unpack in;
    bool ok = unpack_begin(&in, record);
    size_t parts = unpack_array(&in);
    uint64_t who = unpack_u64(&in);
    struct sl_span reason = unpack_str(&in);
    if (ok && !in.bad) {
        snprintf(act->who, sizeof(act->who), "%s", who_name(who));
        buffer_add(&act->reason, reason.ptr, reason.len);
        if (act->event.kind == SL_REDACT && parts > 2) act->items = unpack_array(&in);
    }
    return unpack_end(&in) && ok;
}

static int gather_act(struct audit_act *act, struct source *source)
{
    struct buffer target = {0}, answer = {0}, text = {0}, record = {0};
    size_t len = 0;
    bool ok = false;
    buffer_print(&target, "/api/share/%s/events/%llu", act->event.share,
        (unsigned long long)act->event.sequence);
    int code = source_get(source, buffer_c(&target), &answer);
    if (code == EXIT_YES) {
        struct sl_span rest = field_array(buffer_span(&answer), "data"), item = {0};
        if (json_next(&rest, &item) && field_text(item, "data", &text)) {
            free(record.ptr);
            record = (struct buffer){.ptr = need(text.len + 1), .cap = text.len + 1};
            ok = crypto_base64_parse(buffer_span(&text), (uint8_t *)record.ptr, record.cap, &len) &&
                 read_act((struct sl_span){record.ptr, len}, act);
        }
        /* A redaction inside of a share that was removed since has no content any more. */
        if (!ok) act->who[0] = 0;
    }
    buffer_free(&target);
    buffer_free(&answer);
    buffer_free(&text);
    buffer_free(&record);
    return code;
}

/* The log's own state. A server that runs is asked first: it alone knows about the witnesses. */
static int gather_log(struct audit *audit, struct source *source)
{
    struct datadir_server server;
    struct client *client = NULL;
    int status = 0;
    if (source->store && datadir_find_server(source->dir, &server)) {
        struct client_remote remote = {
            .url = server.url, .key = server.key, .direct = true, .timeout_s = 5};
        client_global_init();
        if (client_create_remote(&remote, &client, NULL) == SL_OK &&
            client_fetch(client, "/api/log", SL_MIB, &audit->log, &status, NULL) == SL_OK &&
            status == 200 &&
            json_check(buffer_span(&audit->log), JSON_DEPTH_CEILING, NULL) == SL_OK) {
            client_destroy(client);
            return EXIT_YES;
        }
        client_destroy(client);
    }
    return source_get(source, "/api/log", &audit->log);
}

int audit_gather(struct audit *audit, struct source *source)
{
    int code;
    if (audit->share) {
        struct share_events history = {.id = audit->share, .each = take_one, .ctx = audit};
        code = share_events_walk(source, &history);
    } else {
        code = gather_all(audit, source);
    }
    if (code != EXIT_YES || audit->each) return code;
    for (size_t i = 0; i < audit->acts_count && code == EXIT_YES; i++)
        code = gather_act(&audit->acts[i], source);
    if (code == EXIT_YES) code = gather_log(audit, source);
    return code;
}

void audit_fini(struct audit *audit)
{
    for (size_t i = 0; i < audit->acts_count; i++)
        buffer_free(&audit->acts[i].reason);
    free(audit->acts);
    free(audit->table);
    free(audit->gaps);
    free(audit->steps);
    buffer_free(&audit->log);
    redacted_free(&audit->redacted);
}
