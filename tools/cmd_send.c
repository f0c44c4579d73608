/* Captures played into a server: many runs, on many connections, counted. */

#include "core/base/clock.h"
#include "tools/ask/datadir.h"
#include "tools/command.h"
#include "tools/send/player.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define URLS_SHOWN 20

struct values {
    struct common common;
    const char *speed;
    struct option_number times, parallel;
    bool keep_ids;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"speed", "N|max", OPTION_TEXT, AT(speed), 0, 0,
        "N times as fast as recorded (default 1); max: without waiting"},
    {"times", "K", OPTION_NUMBER, AT(times), 1, 100000000,
        "play each file K times (default 1, or as often as --parallel has use for)"},
    {"parallel", "C", OPTION_NUMBER, AT(parallel), 1, 4096, "C at once, a connection each"},
    {"keep-ids", NULL, OPTION_FLAG, AT(keep_ids), 0, 0,
        "share the recorded session ids, not fresh ones"},
    {0},
};

/* The only thing that a signal handler touches. */
static atomic_bool stopping;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    atomic_store(&stopping, true);
}

struct sending {
    const struct values *values;
    struct recording *recordings;
    size_t files;
    uint64_t runs; /* in all */
    double speed;
    struct client_remote remote;
    struct tally tally;
    atomic_uint_least64_t next;
    atomic_uint working;
    uint64_t begun_us, ended_us;
};

static void *work(void *ctx)
{
    struct sending *sending = ctx;
    struct sl_err err = {0};
    struct player player = {.tally = &sending->tally,
        .stopping = &stopping,
        .speed = sending->speed,
        .keep_ids = sending->values->keep_ids};
    if (client_create_remote(&sending->remote, &player.client, &err) != SL_OK) {
        tally_failed(&sending->tally, err.text);
    } else {
        uint64_t run;
        while (
            !atomic_load(&stopping) && (run = atomic_fetch_add(&sending->next, 1)) < sending->runs)
            player_run(&player, &sending->recordings[run % sending->files]);
        client_destroy(player.client);
    }
    atomic_fetch_sub(&sending->working, 1);
    return NULL;
}

/* ---- what it tells ---- */

static double seconds_of(const struct sending *sending, uint64_t now_us)
{
    double seconds = (double)(now_us - sending->begun_us) / 1e6;
    return seconds > 0 ? seconds : 1e-6;
}

static void put_progress(struct sending *sending, struct term_line *line, bool last)
{
    struct tally_counts counts = tally_counts(&sending->tally);
    double seconds = seconds_of(sending, clock_us());
    char bytes[WHEN_BYTES];
    term_line(line, last,
        "%llu of %llu runs, %llu shares, %llu syncs, %s, %.0f syncs/s, %llu failed, %.0f s",
        (unsigned long long)counts.runs, (unsigned long long)sending->runs,
        (unsigned long long)counts.shares, (unsigned long long)counts.syncs,
        size_text(counts.bytes, bytes), (double)counts.syncs / seconds,
        (unsigned long long)counts.failed, seconds);
}

static void put_urls(struct tally *tally, bool json)
{
    size_t at = 0, shown = 0;
    for (; at < tally->urls.len && (json || shown < URLS_SHOWN); shown++) {
        struct sl_span url = sl_span_of(tally->urls.ptr + at);
        struct buffer text = {0};
        if (json) {
            if (shown) buffer_text(&text, ",");
            buffer_json(&text, url);
            printf("%s", buffer_c(&text));
        } else {
            fputs("  ", stdout);
            term_put(url, false, "");
            putchar('\n');
        }
        buffer_free(&text);
        at += url.len + 1;
    }
    if (!json && shown < tally->counts.shares)
        printf("  and %llu more\n", (unsigned long long)(tally->counts.shares - shown));
}

static void put_summary(struct sending *sending)
{
    struct tally *tally = &sending->tally;
    const struct tally_counts *counts = &tally->counts;
    double seconds = seconds_of(sending, sending->ended_us);
    char bytes[WHEN_BYTES];
    printf("%llu requests, %llu shares, %llu syncs acknowledged, %llu failed%s\n",
        (unsigned long long)counts->requests, (unsigned long long)counts->shares,
        (unsigned long long)counts->syncs, (unsigned long long)counts->failed,
        atomic_load(&stopping) ? " (stopped before the end)" : "");
    if (counts->failed) {
        printf("%sfirst failure: ", term_style(TERM_RED));
        term_put(sl_span_of(tally->first_error), false, "");
        printf("%s\n", term_style(TERM_PLAIN));
    }
    printf("%s in %.1f s: %.1f syncs/s, %.1f MB/s\n", size_text(counts->bytes, bytes), seconds,
        (double)counts->syncs / seconds, (double)counts->bytes / seconds / 1048576);
    printf("a sync took %.2f ms (median), %.2f ms (99 %%), %.2f ms (longest)\n",
        (double)tally_latency_us(tally, 0.5) / 1000, (double)tally_latency_us(tally, 0.99) / 1000,
        (double)counts->slowest_us / 1000);
    put_urls(tally, false);
}

static void put_json(struct sending *sending)
{
    struct tally *tally = &sending->tally;
    const struct tally_counts *counts = &tally->counts;
    double seconds = seconds_of(sending, sending->ended_us);
    struct buffer error = {0};
    buffer_text(&error, counts->failed ? "" : "null");
    if (counts->failed) buffer_json(&error, sl_span_of(tally->first_error));
    printf(
        "{\"url\":\"%s\",\"runs\":%llu,\"requests\":%llu,\"shares\":%llu,\"syncs\":%llu,\"failed\":%llu,"
        "\"firstFailure\":%s,\"stopped\":%s,\"bytes\":%llu,\"seconds\":%.3f,\"syncsPerSecond\":%.1f,"
        "\"latencyMs\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},\"urls\":[",
        sending->remote.url, (unsigned long long)counts->runs, (unsigned long long)counts->requests,
        (unsigned long long)counts->shares, (unsigned long long)counts->syncs,
        (unsigned long long)counts->failed, buffer_c(&error),
        atomic_load(&stopping) ? "true" : "false", (unsigned long long)counts->bytes, seconds,
        (double)counts->syncs / seconds, (double)tally_latency_us(tally, 0.5) / 1000,
        (double)tally_latency_us(tally, 0.99) / 1000, (double)counts->slowest_us / 1000);
    put_urls(tally, true);
    printf("]}\n");
    buffer_free(&error);
}

/* ---- what it does ---- */

/* --url, or the server on the data directory, or the usual address. */
static void find_server(struct sending *sending, struct datadir_server *server)
{
    const struct common *common = &sending->values->common;
    /* The key of the environment isn't sent: with a key the server gives an old share back, and an
     * unmodified client has none. */
    sending->remote =
        (struct client_remote){.url = "http://127.0.0.1:8787", .key = common->key, .stall_s = 120};
    if (common->url) {
        sending->remote.url = common->url;
        return;
    }
    const char *dir = datadir_of(common);
    if (dir && datadir_find_server(dir, server)) sending->remote.url = server->url;
}

static bool open_files(struct sending *sending, int count, char **words)
{
    sending->recordings = need((size_t)count * sizeof(*sending->recordings));
    for (int i = 0; i < count; i++) {
        struct sl_err err = {0};
        if (recording_open(words[i], &sending->recordings[i], &err) != SL_OK) {
            fail("send: %s", err.text);
            return false;
        }
        sending->files++;
        if (!sending->remote.user_agent)
            sending->remote.user_agent = sending->recordings[i].user_agent;
    }
    return true;
}

static void send_all(struct sending *sending)
{
    struct term_line line = {.force = sending->values->common.progress};
    size_t threads = sending->values->parallel.given ? sending->values->parallel.value : 1,
           begun = 0;
    if (threads > sending->runs) threads = (size_t)sending->runs;
    pthread_t *ids = need(threads * sizeof(*ids));
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL); /* a second Ctrl-C ends the program */
    sigaction(SIGTERM, &action, NULL);
    sending->begun_us = clock_us();
    for (; begun < threads; begun++) {
        atomic_fetch_add(&sending->working, 1);
        if (pthread_create(&ids[begun], NULL, work, sending) == 0) continue;
        atomic_fetch_sub(&sending->working, 1);
        tally_failed(&sending->tally, "no more threads can be started; try a smaller --parallel");
        break;
    }
    while (atomic_load(&sending->working)) {
        struct timespec pause = {0, 20000000};
        nanosleep(&pause, NULL);
        put_progress(sending, &line, false);
    }
    for (size_t i = 0; i < begun; i++)
        pthread_join(ids[i], NULL);
    sending->ended_us = clock_us();
    put_progress(sending, &line, true);
    free(ids);
}

static int run(const void *given, int count, char **words)
{
    struct sending sending = {.values = given};
    struct datadir_server server;
    int code = EXIT_WRONG;
    find_server(&sending, &server);
    tally_init(&sending.tally);
    client_global_init();
    const char *speed = sending.values->speed ? sending.values->speed : "1";
    if (options_speed("send", speed, &sending.speed) && open_files(&sending, count, words)) {
        uint64_t at_once = sending.values->parallel.given ? sending.values->parallel.value : 1;
        uint64_t times = (at_once + sending.files - 1) / sending.files;
        sending.runs =
            (sending.values->times.given ? sending.values->times.value : times) * sending.files;
        send_all(&sending);
        if (sending.values->common.json)
            put_json(&sending);
        else
            put_summary(&sending);
        code = sending.tally.counts.failed ? EXIT_NO
               : atomic_load(&stopping)    ? EXIT_WRONG
                                           : EXIT_YES;
    }
    for (size_t i = 0; i < sending.files; i++)
        recording_close(&sending.recordings[i]);
    free(sending.recordings);
    tally_fini(&sending.tally);
    return code;
}

const struct command command_send = {
    .name = "send",
    .words = "FILE...",
    .words_min = 1,
    .words_max = 1000000,
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON | TAKES_PROGRESS,
    .summary = "play recorded clients into a server",
    .about =
        "A file has a request a line, {t, method, path, headers, body, status}, as tests/captures/*.jsonl have; - is stdin.\n"
        "Each run shares a session of its own: ids and secrets of the recording are replaced, all else is sent as it was.\n"
        "It goes to --url, else to the server on the data directory, else to http://127.0.0.1:8787. Exits with 1 if a\n"
        "request got another kind of answer than it did when it was recorded.",
    .examples =
        "  sharelog send tests/captures/short.jsonl\n"
        "  sharelog send tests/captures/*.jsonl --speed 100\n"
        "  sharelog send tests/captures/long.jsonl --speed max --times 20 --parallel 8 --json\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
