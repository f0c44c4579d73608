/* Recorded ids are replaced in place, by fresh ones of the same length, so a body keeps its
   every other byte. A secret goes where the recorded one stood. A request that gets another kind
   of answer than it did is counted as failed; a create without an answer ends the run. */

#include "tools/send/player.h"

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "tools/shared/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FRESH_CHARS 14 /* as many as a session id has behind its time */

struct credentials {
    char *id, *secret; /* NULL: not created */
};

/* One run: the ids and secrets that stand in the places of the recorded ones. */
struct run {
    const struct player *player;
    const struct recording *recording;
    char **sessions;             /* the ids that are sent, each as long as the recorded one */
    struct credentials *created; /* by session: what its newest create gave */
    struct credentials *shares;  /* by recorded share: what stands for it */
    struct buffer target, body, answer;
};

/* ---- ids and secrets ---- */

static char *fresh_id(struct sl_span recorded, bool keep)
{
    char *id = need(recorded.len + 1);
    memcpy(id, recorded.ptr, recorded.len);
    const char *mark = memchr(id, '_', recorded.len);
    size_t fixed = mark ? (size_t)(mark - id) + 1 : 0, fresh = recorded.len - fixed;
    if (fresh > FRESH_CHARS) fresh = FRESH_CHARS;
    if (!keep && fresh) crypto_base62(id + recorded.len - fresh, fresh);
    return id;
}

static void drop(struct credentials *credentials)
{
    free(credentials->id);
    free(credentials->secret);
    *credentials = (struct credentials){0};
}

/* A recorded share stands for what its session's newest create gave when it is first met. */
static const struct credentials *share_of(struct run *run, const struct recorded *request)
{
    static const struct credentials none;
    if (request->share == RECORDING_NONE) return &none;
    struct credentials *share = &run->shares[request->share];
    size_t session = run->recording->shares[request->share].session;
    if (!share->id && session != RECORDING_NONE && run->created[session].id) {
        share->id = need_text(run->created[session].id);
        share->secret = need_text(run->created[session].secret);
    }
    return share;
}

static bool keep_created(struct run *run, const struct recorded *request)
{
    struct sl_span answer = buffer_span(&run->answer);
    struct buffer url = {0}, id = {0}, secret = {0};
    bool fits = json_check(answer, JSON_DEPTH_CEILING, NULL) == SL_OK &&
                field_text(answer, "id", &id) && field_text(answer, "secret", &secret) &&
                field_text(answer, "url", &url);
    if (fits) {
        struct credentials *created = &run->created[request->creates];
        drop(created);
        created->id = need_text(buffer_c(&id));
        created->secret = need_text(buffer_c(&secret));
        tally_share(run->player->tally, buffer_c(&url));
    }
    buffer_free(&url);
    buffer_free(&id);
    buffer_free(&secret);
    return fits;
}

/* ---- a request ---- */

/* The text with every recorded session id replaced; all else stays byte for byte. */
static void put_sessions(struct run *run, struct sl_span text)
{
    struct buffer *body = &run->body;
    size_t begin = body->len;
    buffer_add(body, text.ptr, text.len);
    for (size_t i = 0; i < run->recording->sessions_count; i++) {
        struct sl_span id = run->recording->sessions[i];
        char *at = body->ptr + begin, *end = body->ptr + body->len;
        /* No search may find what was put there before: two recorded ids are never equal, and the
         * fresh ones are random. */
        while (id.len && at < end && (at = memmem(at, (size_t)(end - at), id.ptr, id.len))) {
            memcpy(at, run->sessions[i], id.len);
            at += id.len;
        }
    }
}

static void build(struct run *run, const struct recorded *request)
{
    const struct credentials *share = share_of(run, request);
    struct sl_span body = request->body, secret = request->secret;
    run->target.len = run->body.len = 0;
    buffer_add(&run->target, request->path.ptr, request->path.len);
    if (request->share != RECORDING_NONE) {
        struct sl_span id =
            share->id ? sl_span_of(share->id) : run->recording->shares[request->share].id;
        buffer_add(&run->target, id.ptr, id.len);
        buffer_add(&run->target, request->rest.ptr, request->rest.len);
    }
    if (secret.len && share->secret) {
        size_t before = (size_t)(secret.ptr - body.ptr);
        put_sessions(run, (struct sl_span){body.ptr, before});
        buffer_text(&run->body, share->secret);
        put_sessions(
            run, (struct sl_span){secret.ptr + secret.len, body.len - before - secret.len});
    } else if (body.len) {
        put_sessions(run, body);
    }
}

static bool keep_answer(void *ctx, const void *bytes, size_t len)
{
    struct run *run = ctx;
    if (run->answer.len < 65536)
        buffer_add(&run->answer, bytes, len); /* of a long answer nobody reads more */
    return true;
}

static bool is_good(int status)
{
    return status >= 200 && status <= 299;
}

/* "FILE: line-th request: POST /api/share/ID/sync: 503 Read-only" */
static void tell_failure(
    struct run *run, const struct recorded *request, int status, const char *what)
{
    struct buffer text = {0}, error = {0};
    struct sl_span answer = buffer_span(&run->answer);
    size_t number = (size_t)(request - run->recording->requests) + 1;
    buffer_print(&text, "%s: request %zu: %s %s: ", run->recording->file, number, request->method,
        buffer_c(&run->target));
    if (what)
        buffer_text(&text, what);
    else if (json_check(answer, JSON_DEPTH_CEILING, NULL) == SL_OK &&
             field_text(answer, "error", &error))
        buffer_print(&text, "%d %s", status, buffer_c(&error));
    else
        buffer_print(&text, "%d, where %d was recorded", status, request->status);
    tally_failed(run->player->tally, buffer_c(&text));
    buffer_free(&text);
    buffer_free(&error);
}

/* Send one request. False: it was a create without a good answer, so the run can't go on. */
static bool play(struct run *run, const struct recorded *request)
{
    struct tally *tally = run->player->tally;
    struct sl_sink sink = {keep_answer, run};
    struct sl_err err = {0};
    int status = 0;
    build(run, request);
    run->answer.len = 0;
    uint64_t begun_us = clock_us();
    enum sl_result result = client_request(run->player->client, request->method,
        buffer_c(&run->target), buffer_span(&run->body), sink, &status, &err);
    uint64_t took_us = clock_us() - begun_us;
    tally_request(tally, run->body.len);
    bool creates = request->creates != RECORDING_NONE, good = is_good(status);
    if (result != SL_OK) {
        tell_failure(run, request, 0, err.text);
        return !creates;
    }
    bool wanted = !request->status || is_good(request->status);
    if (good != wanted) {
        tell_failure(run, request, status, NULL);
        return !creates;
    }
    if (good && request->is_sync) tally_sync(tally, took_us);
    if (good && creates && !keep_created(run, request)) {
        tell_failure(run, request, status, "the answer has no id, secret and url");
        return false;
    }
    return true;
}

/* In slices, so that Ctrl-C is heeded. False: stopping. */
static bool wait_for(const struct player *player, uint64_t until_us)
{
    while (!atomic_load(player->stopping)) {
        uint64_t now = clock_us();
        if (now >= until_us) return true;
        uint64_t slice = until_us - now < 50000 ? until_us - now : 50000;
        struct timespec left = {0, (long)slice * 1000};
        nanosleep(&left, NULL);
    }
    return false;
}

void player_run(const struct player *player, const struct recording *recording)
{
    struct run run = {.player = player, .recording = recording};
    run.sessions = need(recording->sessions_count * sizeof(*run.sessions));
    run.created = need(recording->sessions_count * sizeof(*run.created));
    run.shares = need(recording->shares_count * sizeof(*run.shares));
    for (size_t i = 0; i < recording->sessions_count; i++)
        run.sessions[i] = fresh_id(recording->sessions[i], player->keep_ids);
    uint64_t begun_us = clock_us(), first_ms = recording->requests[0].t_ms;
    bool on = true;
    for (size_t i = 0; on && i < recording->requests_count; i++) {
        const struct recorded *request = &recording->requests[i];
        uint64_t since_ms = request->t_ms > first_ms ? request->t_ms - first_ms : 0;
        uint64_t wait_us =
            player->speed > 0 ? (uint64_t)((double)since_ms * 1000 / player->speed) : 0;
        on = wait_for(player, begun_us + wait_us) && play(&run, request);
    }
    if (on) tally_run(player->tally);
    for (size_t i = 0; i < recording->sessions_count; i++) {
        free(run.sessions[i]);
        drop(&run.created[i]);
    }
    for (size_t i = 0; i < recording->shares_count; i++)
        drop(&run.shares[i]);
    free(run.sessions);
    free(run.created);
    free(run.shares);
    buffer_free(&run.target);
    buffer_free(&run.body);
    buffer_free(&run.answer);
}
