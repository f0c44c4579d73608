/* A session as it grew: event after event, what each brought, at the pace of then or faster. */

#include "tools/ask/share_events.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"
#include "tools/show/part_term.h"
#include "tools/show/seen.h"

#include <stdlib.h>
#include <time.h>

struct values {
    struct common common;
    const char *speed;
    struct option_number from, idle;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"speed", "N|max", OPTION_TEXT, AT(speed), 0, 0,
        "N times as fast as it was; 0 or max: without waiting (else 1 on a terminal, max elsewhere)"},
    {"idle", "SECONDS", OPTION_NUMBER, AT(idle), 0, 86400,
        "wait no longer than this between two events, default 3"},
    {"from", "SEQ", OPTION_NUMBER, AT(from), 1, UINT64_MAX / 2, "begin with this event"},
    {0},
};

struct replay {
    struct source *source;
    const char *id;
    bool json;
    double speed; /* 0: without waiting */
    uint64_t idle_ms, before_ms;
    struct seen *seen;
    struct buffer message_id; /* whose head was written last, as JSON */
    struct buffer target, answer;
    int code;
};

/* ---- what an item brings ---- */

/* A part's message gets a head when another's was the last. */
static void put_head_of(struct replay *replay, struct sl_span message_id)
{
    if (sl_span_eq(buffer_span(&replay->message_id), message_id)) return;
    replay->message_id.len = 0;
    buffer_add(&replay->message_id, message_id.ptr, message_id.len);
    struct sl_span message = seen_get(replay->seen, SL_SPAN("message"), message_id);
    if (message.len) message_put_head(message, false);
}

static void put_message(struct replay *replay, struct sl_span old, struct sl_span message)
{
    bool failed = field(message, "error").len && !(old.len && field(old, "error").len);
    if (!failed)
        return; /* its head comes with its first part: a full batch has all messages first */
    put_head_of(replay, field(message, "id"));
    message_put_error(message);
}

static void put_part(struct replay *replay, struct sl_span old, struct sl_span part)
{
    /* Whether there is news is known once it is written; so the head goes first, where anything
     * could follow. */
    if (sl_span_eq(old, part) || !part_shows(part)) return;
    if (old.len && !field_is(part, "type", "text") && !field_is(part, "type", "reasoning") &&
        !field_is(part, "type", "tool"))
        return;
    put_head_of(replay, field(part, "messageID"));
    part_put_change(old, part);
}

static void put_session(struct sl_span old, struct sl_span session)
{
    struct buffer title = {0};
    bool same = old.len && sl_span_eq(field(old, "title"), field(session, "title"));
    if (!same && field_text(session, "title", &title)) {
        printf("%s# ", term_style(TERM_BOLD));
        term_put(buffer_span(&title), false, "");
        printf("%s\n", term_style(TERM_PLAIN));
    }
    if (old.len && !sl_span_eq(field(old, "revert.messageID"), field(session, "revert.messageID")))
        printf("%s(%s)%s\n", term_style(TERM_YELLOW),
            field(session, "revert.messageID").len ? "messages were undone"
                                                   : "what was undone is back",
            term_style(TERM_PLAIN));
    buffer_free(&title);
}

static struct sl_span none(void)
{
    return (struct sl_span){"", 0};
}

/* Take an item in, and write what it brings unless `quiet`. */
static void apply(struct replay *replay, struct sl_span item, bool quiet)
{
    struct sl_span data = field(item, "data"), type;
    if (!json_string_raw(field(item, "type"), &type)) return;
    bool part = json_raw_eq(type, "part"), session = json_raw_eq(type, "session");
    struct sl_span id = session ? none() : field(data, "id");
    struct sl_span scope = part ? field(data, "messageID") : none();
    struct buffer key = {0};
    buffer_add(&key, scope.ptr, scope.len);
    buffer_add(&key, id.ptr, id.len);
    struct sl_span old = seen_swap(replay->seen, type, buffer_span(&key), data);
    buffer_free(&key);
    if (quiet)
        return;
    else if (json_raw_eq(type, "message"))
        put_message(replay, old, data);
    else if (part)
        put_part(replay, old, data);
    else if (session)
        put_session(old, data);
}

/* ---- events ---- */

static void wait_until(struct replay *replay, uint64_t time_ms)
{
    uint64_t gap =
        replay->before_ms && time_ms > replay->before_ms ? time_ms - replay->before_ms : 0;
    replay->before_ms = time_ms;
    if (gap > replay->idle_ms) gap = replay->idle_ms;
    if (replay->speed <= 0 || !gap) return;
    double seconds = (double)gap / 1000 / replay->speed;
    struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    fflush(stdout);
    nanosleep(&left, NULL);
}

static void put_event(struct sl_span event, uint64_t gap_ms)
{
    char when[WHEN_BYTES], gap[WHEN_BYTES], kind[32];
    uint64_t time = field_u64(event, "time");
    field_short(event, "kind", kind, sizeof(kind));
    printf("%s[%llu %s +%s]%s\n", term_style(TERM_DIM), (unsigned long long)field_u64(event, "seq"),
        when_local(time, when), when_span(gap_ms, gap), term_style(TERM_PLAIN));
    if (strcmp(kind, "sync") != 0)
        printf("%s(%s)%s\n", term_style(TERM_YELLOW), kind, term_style(TERM_PLAIN));
}

/* An event as one line. Line ends stand between JSON's tokens alone, so spaces can replace them. */
static void put_json(struct buffer *answer)
{
    struct sl_sink out = term_json();
    for (size_t i = 0; i < answer->len; i++)
        if (answer->ptr[i] == '\n' || answer->ptr[i] == '\r') answer->ptr[i] = ' ';
    out.write(out.ctx, answer->ptr, answer->len);
    term_json_end();
}

static bool each(void *ctx, struct sl_span listed)
{
    struct replay *replay = ctx;
    uint64_t time = field_u64(listed, "time"), before = replay->before_ms;
    wait_until(replay, time);
    if (!target_share(&replay->target, replay->id, "/events/")) return false;
    buffer_print(&replay->target, "%llu", (unsigned long long)field_u64(listed, "seq"));
    replay->code = source_get(replay->source, buffer_c(&replay->target), &replay->answer);
    if (replay->code != EXIT_YES) return false;
    struct sl_span event = buffer_span(&replay->answer), item;
    if (replay->json) {
        put_json(&replay->answer);
    } else {
        put_event(event, before && time > before ? time - before : 0);
        struct sl_span rest = field_array(event, "data");
        while (json_next(&rest, &item))
            apply(replay, item, false);
    }
    fflush(stdout);
    return !ferror(stdout);
}

/* Take in the state before the first event that is shown, so that the event shows only what it
   brought. */
static bool begin_at(struct replay *replay, uint64_t from)
{
    struct sl_span item;
    if (from <= 1 || replay->json) return true;
    if (!target_share(&replay->target, replay->id, "/data")) return false;
    target_number(&replay->target, "at", from - 1);
    replay->code = source_get(replay->source, buffer_c(&replay->target), &replay->answer);
    if (replay->code != EXIT_YES) return false;
    struct sl_span rest = field_array(buffer_span(&replay->answer), NULL);
    while (json_next(&rest, &item))
        apply(replay, item, true);
    return true;
}

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct values *values = given;
    struct source source;
    struct replay replay = {.source = &source, .id = words[0], .json = values->common.json};
    struct share_events history = {
        .id = words[0], .from = values->from.value, .each = each, .ctx = &replay};
    replay.idle_ms = (values->idle.given ? values->idle.value : 3) * 1000;
    const char *speed = term_out() && !values->common.json ? "1" : "max";
    if (values->speed) speed = values->speed;
    if (!options_speed("replay", speed, &replay.speed) || !source_open(&values->common, &source))
        return EXIT_WRONG;
    replay.seen = seen_create();
    replay.code = EXIT_YES;
    if (begin_at(&replay, values->from.value)) {
        int code = share_events_walk(&source, &history);
        if (replay.code == EXIT_YES) replay.code = code;
    } else if (replay.code == EXIT_YES) {
        replay.code = EXIT_WRONG;
    }
    seen_destroy(replay.seen);
    buffer_free(&replay.message_id);
    buffer_free(&replay.target);
    buffer_free(&replay.answer);
    source_close(&source);
    return replay.code;
}

const struct command command_replay = {
    .name = "replay",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON,
    .summary = "print a session as it grew",
    .about =
        "Each event with the time since the one before, and what it brought: new text, tools as they ran, errors.\n"
        "With --json: the events whole, with their data, one a line.",
    .examples = "  sharelog replay ID\n"
                "  sharelog replay ID --speed 10 --idle 1\n"
                "  sharelog replay ID --from 12 --speed max\n"
                "  sharelog replay ID --json >events.ndjson\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
