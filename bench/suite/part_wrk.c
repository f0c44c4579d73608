/* wrk, another load generator, on the same server: a second opinion on our own. */

#include "bench/suite/ingest.h"
#include "core/base/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARES 16
#define COMMAND_BYTES (4 * SCRATCH_PATH_BYTES)

/* Requests made beforehand, each share in its turn; what isn't acknowledged is counted. Body I is
   sent to the share I modulo 16, whose secret is in it. */
static const char script[] =
    "local requests, at, good, bad, threads = {}, 0, 0, 0, {}\n"
    "function setup(thread) table.insert(threads, thread) end\n"
    "function init(args)\n"
    "  for line in io.lines(args[1]) do\n"
    "    local id, body = line:match('^(%S+) (.*)$')\n"
    "    table.insert(requests, wrk.format('POST', '/api/share/' .. id .. '/sync',\n"
    "      {['Content-Type'] = 'application/json'}, body))\n"
    "  end\n"
    "end\n"
    "function request()\n"
    "  at = at % #requests + 1\n"
    "  return requests[at]\n"
    "end\n"
    "function response(status, headers, body)\n"
    "  if status == 200 and body:find('\"success\":true', 1, true) then good = good + 1\n"
    "  else bad = bad + 1 end\n"
    "  wrk.thread:set('good', good)\n"
    "  wrk.thread:set('bad', bad)\n"
    "end\n"
    "function done(summary, latency)\n"
    "  local all, wrong, errors = 0, 0, summary.errors\n"
    "  for _, thread in ipairs(threads) do\n"
    "    all = all + (thread:get('good') or 0)\n"
    "    wrong = wrong + (thread:get('bad') or 0)\n"
    "  end\n"
    "  io.write(string.format('RESULT %f %f %f %d %d\\n', summary.requests / summary.duration * 1e6,\n"
    "    latency:percentile(50), latency:percentile(99), all,\n"
    "    wrong + errors.connect + errors.read + errors.write + errors.timeout))\n"
    "end\n";

struct opinion {
    double rate, p50, p99; /* per second, µs */
    unsigned long long good, bad;
};

static bool write_script(const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file) return false;
    fputs(script, file);
    return fclose(file) == 0;
}

/* A line a body: its share's id, a blank, the body. */
static bool write_bodies(const struct ingest *ingest, const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file) return false;
    for (size_t i = 0; i < ingest->bodies.count; i++) {
        const struct sl_credentials *share = &ingest->writers[i % SHARES].credentials;
        struct sl_span body = bodies_get(&ingest->bodies, i), front = SL_SPAN("{\"secret\":\"");
        fprintf(file, "%s %s%s", share->id, front.ptr, share->secret);
        fwrite(body.ptr + front.len + SL_SECRET_BYTES, 1, body.len - front.len - SL_SECRET_BYTES,
            file);
        fputc('\n', file);
    }
    return fclose(file) == 0;
}

static bool ask_wrk(const char *command, const char *form, struct opinion *opinion)
{
    char line[512];
    bool found = false;
    FILE *out = popen(command, "re");
    while (out && fgets(line, sizeof(line), out)) {
        if (strstr(line, "Non-2xx")) opinion->bad++;
        // cppcheck-suppress wrongPrintfScanfArgNum ; a form may take fewer
        found = sscanf(line, form, &opinion->rate, &opinion->p50, &opinion->p99, &opinion->good,
                    &opinion->bad) > 0 ||
                found;
    }
    return out && pclose(out) == 0 && found && opinion->bad == 0;
}

/* Each answer that was counted is a sync that is there; the last ones may have been cut off. */
static bool kept(const struct ingest *ingest, unsigned long long acknowledged)
{
    unsigned long long syncs = 0;
    struct buf answer = {0};
    char target[128];
    for (unsigned i = 0; i < SHARES; i++) {
        int status;
        answer.len = 0;
        snprintf(
            target, sizeof(target), "/api/share/%s/metadata", ingest->writers[i].credentials.id);
        server_ask(&ingest->server, "GET", target, SL_SPAN(""), &status, &answer);
        struct sl_span field;
        uint64_t count;
        if (json_check(buf_span(&answer), SL_JSON_DEPTH, NULL) == SL_OK &&
            json_get(buf_span(&answer), "syncCount", &field) && json_u64(field, &count))
            syncs += count;
    }
    buf_fini(&answer);
    return syncs >= acknowledged ||
           bench_fail("of wrk's %llu syncs %llu are kept", acknowledged, syncs);
}

static bool sync_with_wrk(struct bench *bench, const struct ingest *ingest)
{
    char lua[SCRATCH_PATH_BYTES], bodies[SCRATCH_PATH_BYTES], command[COMMAND_BYTES];
    struct opinion opinion = {0};
    scratch_path(bench, "wrk.lua", lua);
    scratch_path(bench, "wrk.bodies", bodies);
    snprintf(command, sizeof(command), "wrk -t1 -c%d -d%ds -s '%s' http://127.0.0.1:%u -- '%s'",
        SHARES, (int)bench_pick(bench, 1, 2, 3), lua, ingest->server.port, bodies);
    bool good = write_script(lua) && write_bodies(ingest, bodies) &&
                ask_wrk(command, "RESULT %lf %lf %lf %llu %llu", &opinion);
    scratch_remove(lua);
    scratch_remove(bodies);
    if (!good) return bench_fail("wrk: syncs failed");
    if (!kept(ingest, opinion.good)) return false;
    figure_add(bench, "wrk.sync.rate", "1/s", BETTER_NEITHER, opinion.rate);
    figure_add(bench, "wrk.sync.p50", "us", BETTER_NEITHER, opinion.p50);
    figure_add(bench, "wrk.sync.p99", "us", BETTER_NEITHER, opinion.p99);
    return true;
}

static bool read_with_wrk(struct bench *bench, const struct ingest *ingest)
{
    char command[COMMAND_BYTES];
    struct opinion opinion = {0};
    snprintf(command, sizeof(command), "wrk -t1 -c%d -d%ds http://127.0.0.1:%u/api/share/%s/data",
        SHARES, (int)bench_pick(bench, 1, 2, 3), ingest->server.port,
        ingest->writers[0].credentials.id);
    if (!ask_wrk(command, "Requests/sec: %lf", &opinion)) return bench_fail("wrk: reads failed");
    figure_add(bench, "wrk.data.rate", "1/s", BETTER_NEITHER, opinion.rate);
    return true;
}

static bool run(struct bench *bench)
{
    struct ingest ingest;
    if (system("command -v wrk >/dev/null") != 0) {
        bench_tell("wrk isn't installed: left out (make deps-neighbours)");
        return true;
    }
    if (!ingest_start(bench, &shape_2k, SHARES, "wrk", &ingest)) return false;
    bool good = sync_with_wrk(bench, &ingest) && read_with_wrk(bench, &ingest);
    return ingest_finish(&ingest, good);
}

const struct part part_wrk = {
    "wrk", "wrk's opinion of the same server, where installed, beside our own generator's", run};
