/* One thread asks all witnesses, one after the other, every interval_ms:

     take_checkpoint   the newest of the log, if it has grown
     visit             each that hasn't cosigned it: old size, proof, note; keep the line it answers
     publish           as soon as the policy holds: the note with all lines so far

   So that a reader can tell a quiet log from one that is frozen, a checkpoint is cosigned again
   when its cosignature is refresh_ms old, though the log hasn't grown.

   A witness that fails is told of once, and asked again after twice the time each time, up to
   BACKOFF_MAX_MS. What it answers is checked against its key before it is kept. One that has
   cosigned another log by this name stops the store (sl_log_dispute): from then on nothing is
   signed. `lock` is held for its status alone, never while something is asked. */

#include "tools/serve/witness.h"

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/base/decimal.h"
#include "tools/ask/client.h"
#include "tools/shared/term.h"
#include "tools/shared/trust.h"
#include "tools/shared/when.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

#define ANSWER_BYTES NOTE_BYTES
#define TIMEOUT_S 10
#define BACKOFF_MAX_MS (10 * 60 * 1000)
/* of one checkpoint, where a witness says again and again that it has another size */
#define TRIES 3
/* a line: the dash, the name, the base64 of an id, a time and a signature */
#define LINE_BYTES (4 + NOTE_NAME_BYTES + 1 + 104 + 1)

static_assert(3 * NOTE_NAME_BYTES + (WITNESSES_MAX + 1) * LINE_BYTES < SL_CHECKPOINT_BYTES,
    "a checkpoint with all its cosignatures is one");

struct witness {
    const char *url;
    struct note_key key;
    struct client *client;
    uint64_t size;          /* of the last checkpoint that it cosigned, as far as is known */
    struct buffer line;     /* its cosignature of the checkpoint at hand */
    uint64_t line_tick_us;  /* when it came */
    uint64_t retry_tick_us; /* not to be asked before */
    unsigned backoff_ms;
    struct http_witness_status status; /* under the lock */
};

struct witnesses {
    struct sl_store *store;
    struct witness *witness;
    size_t count;
    unsigned quorum, interval_ms, refresh_ms;
    struct policy *policy;
    struct sl_checkpoint current; /* what they are asked to cosign */
    struct note note;
    bool published;
    char refused[480]; /* why publishing failed the last time, so that it is told once */
    pthread_t thread;
    bool running;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

/* ---- what is known of them ---- */

static void set_cosigned(struct witnesses *witnesses, struct witness *witness)
{
    bool was_down = false;
    pthread_mutex_lock(&witnesses->lock);
    was_down = witness->status.error[0] != 0;
    witness->status.size = witnesses->current.size;
    witness->status.time_ms = clock_real_ms();
    witness->status.error[0] = 0;
    pthread_mutex_unlock(&witnesses->lock);
    witness->backoff_ms = 0;
    witness->retry_tick_us = 0;
    witness->line_tick_us = clock_us();
    if (was_down) fail("witness %s: it cosigns again", witness->key.name);
}

/* A failure is told when it is another one than before. Each one doubles the time until the witness
   is asked again. */
static void set_failed(
    struct witnesses *witnesses, struct witness *witness, const struct sl_err *err)
{
    bool news;
    if (atomic_load(&witnesses->stop)) return;
    pthread_mutex_lock(&witnesses->lock);
    news = strncmp(witness->status.error, err->text, sizeof(witness->status.error) - 1) != 0;
    snprintf(witness->status.error, sizeof(witness->status.error), "%.255s", err->text);
    pthread_mutex_unlock(&witnesses->lock);
    witness->backoff_ms =
        witness->backoff_ms ? witness->backoff_ms * 2 : witnesses->interval_ms * 2;
    if (witness->backoff_ms > BACKOFF_MAX_MS) witness->backoff_ms = BACKOFF_MAX_MS;
    witness->retry_tick_us = clock_us() + (uint64_t)witness->backoff_ms * 1000;
    if (news) fail("witness %s: %s", witness->key.name, err->text);
}

size_t witnesses_status(void *ctx, struct http_witness_status *status, size_t cap)
{
    struct witnesses *witnesses = ctx;
    pthread_mutex_lock(&witnesses->lock);
    for (size_t i = 0; i < witnesses->count && i < cap; i++)
        status[i] = witnesses->witness[i].status;
    pthread_mutex_unlock(&witnesses->lock);
    return witnesses->count;
}

/* ---- one witness, one checkpoint ---- */

/* `old SIZE`, the proof from there, an empty line, the checkpoint. */
static enum sl_result put_request(const struct witnesses *witnesses, const struct witness *witness,
    struct buffer *body, struct sl_err *err)
{
    uint8_t hashes[SL_PROOF_HASHES][32];
    size_t count = 0;
    enum sl_result result = SL_OK;
    if (witness->size > 0)
        result = sl_log_consistency(
            witnesses->store, witness->size, witnesses->current.size, hashes, &count, err);
    body->len = 0;
    buffer_print(body, "old %llu\n", (unsigned long long)witness->size);
    for (size_t i = 0; i < count; i++) {
        char text[48];
        crypto_base64(hashes[i], 32, text);
        buffer_print(body, "%s\n", text);
    }
    buffer_text(body, "\n");
    buffer_add(body, witnesses->current.note, witnesses->current.len);
    return result;
}

struct answer {
    struct buffer bytes;
    bool over;
};

static bool keep(void *ctx, const void *bytes, size_t len)
{
    struct answer *answer = ctx;
    answer->over = len > ANSWER_BYTES - answer->bytes.len;
    if (!answer->over) buffer_add(&answer->bytes, bytes, len);
    return !answer->over;
}

/* Keep the line of the answer that is this witness's cosignature of the checkpoint; anything else
   that it may have sent is dropped. */
static enum sl_result take_lines(const struct witnesses *witnesses, struct witness *witness,
    struct sl_span lines, struct sl_err *err)
{
    struct buffer one = {0};
    bool holds = false;
    while (lines.len && !holds) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        size_t len = end ? (size_t)(end - lines.ptr) : lines.len;
        struct note note;
        one.len = 0;
        buffer_add(&one, witnesses->note.text.ptr, witnesses->note.text.len);
        buffer_text(&one, "\n");
        size_t before = one.len;
        buffer_add(&one, lines.ptr, len);
        buffer_text(&one, "\n");
        holds = note_parse(buffer_span(&one), &note) && note_signed_by(&note, &witness->key, NULL);
        if (holds) {
            witness->line.len = 0;
            buffer_add(&witness->line, one.ptr + before, one.len - before);
        }
        lines.ptr += len + (end != NULL);
        lines.len -= len + (end != NULL);
    }
    buffer_free(&one);
    if (holds) return SL_OK;
    return sl_fail(err, SL_INVALID, "its answer has no cosignature of its key that holds");
}

/* It has cosigned another log by this name: the store takes no writes any more. */
static enum sl_result dispute(const struct witnesses *witnesses, const struct witness *witness,
    int status, struct sl_err *err)
{
    char reason[400], when[WHEN_BYTES];
    const char *name = witness->key.name;
    snprintf(reason, sizeof(reason),
        "witness %.100s%s has cosigned another log by this name: it refused %llu events behind "
        "%llu (%d) at %s",
        name, strlen(name) > 100 ? "…" : "", (unsigned long long)witnesses->current.size,
        (unsigned long long)witness->size, status, when_iso(clock_real_ms(), when));
    enum sl_result result =
        sl_log_dispute(witnesses->store, &witnesses->current, witness->size, reason, err);
    if (result != SL_OK) return sl_fail_in(err, "it found the proof wrong (%d)", status);
    return sl_fail(err, SL_INVALID,
        "it has cosigned another log by this name (%d); the store takes no writes any more",
        status);
}

static enum sl_result take_size(const struct witnesses *witnesses, struct witness *witness,
    struct buffer *bytes, struct sl_err *err)
{
    char *text = bytes->len ? bytes->ptr : (char[1]){0};
    uint64_t size;
    if (bytes->len && text[bytes->len - 1] == '\n') bytes->len--;
    if (!client_answer_is(witness->client, "text/x.tlog.size") ||
        !sl_decimal(buffer_span(bytes), UINT64_MAX / 2, &size))
        return sl_fail(err, SL_INVALID, "it refused (409) and didn't say which size it has");
    if (size > witnesses->current.size)
        return sl_fail(err, SL_INVALID,
            "it has cosigned %llu events of this log, which has %llu: events were lost, or somebody else has the key",
            (unsigned long long)size, (unsigned long long)witnesses->current.size);
    if (size == witness->size && size == witnesses->current.size && size > 0)
        return dispute(witnesses, witness, 409, err); /* of another root */
    if (size == witness->size)
        return sl_fail(err, SL_INVALID, "it refused (409) the size that it says it has");
    witness->size = size;
    return SL_OK;
}

static enum sl_result refused(int status, struct sl_err *err)
{
    switch (status) {
    case 403: return sl_fail(err, SL_INVALID, "it knows this log by another key (403)");
    case 404:
        return sl_fail(
            err, SL_INVALID, "it doesn't know this log (404): have its operator add the log's key");
    default: return sl_fail(err, SL_IO, "the answer was %d", status);
    }
}

/* *again: the witness has cosigned another size than was known; ask from that one. */
static enum sl_result ask(
    const struct witnesses *witnesses, struct witness *witness, bool *again, struct sl_err *err)
{
    struct buffer body = {0};
    struct answer answer = {0};
    int status = 0;
    enum sl_result result = put_request(witnesses, witness, &body, err);
    *again = false;
    if (result == SL_OK) {
        result = client_request(witness->client, "POST", "/add-checkpoint", buffer_span(&body),
            (struct sl_sink){keep, &answer}, &status, err);
        if (answer.over) result = sl_fail(err, SL_TOO_LARGE, "its answer is too long");
    }
    if (result == SL_OK && status == 200) {
        result = take_lines(witnesses, witness, buffer_span(&answer.bytes), err);
    } else if (result == SL_OK && status == 409) {
        result = take_size(witnesses, witness, &answer.bytes, err);
        *again = result == SL_OK;
    } else if (result == SL_OK && status == 422 && witness->size > 0) {
        result = dispute(witnesses, witness, status, err);
    } else if (result == SL_OK) {
        result = refused(status, err);
    }
    buffer_free(&body);
    buffer_free(&answer.bytes);
    return result;
}

/* True: it has cosigned. */
static bool visit(struct witnesses *witnesses, struct witness *witness)
{
    struct sl_err err = {0};
    bool again = true;
    enum sl_result result = SL_OK;
    for (int i = 0; i < TRIES && again && result == SL_OK && !atomic_load(&witnesses->stop); i++)
        result = ask(witnesses, witness, &again, &err);
    if (result == SL_OK && again)
        result = sl_fail(&err, SL_INVALID, "it says each time that it has another size");
    if (result == SL_OK) {
        witness->size = witnesses->current.size;
        set_cosigned(witnesses, witness);
    } else {
        set_failed(witnesses, witness, &err);
    }
    return result == SL_OK;
}

/* ---- all of them ---- */

/* Take up a checkpoint that is newer than the one at hand. */
static bool take_checkpoint(struct witnesses *witnesses)
{
    struct sl_checkpoint newest;
    struct sl_err err = {0};
    enum sl_result result = sl_log_checkpoint(witnesses->store, 0, &newest, &err);
    if (result != SL_OK || newest.size == 0) return false;
    if (witnesses->current.len && newest.size == witnesses->current.size) return true;
    witnesses->current = newest;
    witnesses->published = false;
    for (size_t i = 0; i < witnesses->count; i++)
        witnesses->witness[i].line.len = 0;
    return note_parse(
        (struct sl_span){witnesses->current.note, witnesses->current.len}, &witnesses->note);
}

static void publish(struct witnesses *witnesses)
{
    struct buffer note = {0};
    struct sl_err err = {0};
    buffer_add(&note, witnesses->current.note, witnesses->current.len);
    for (size_t i = 0; i < witnesses->count; i++)
        buffer_add(&note, witnesses->witness[i].line.ptr, witnesses->witness[i].line.len);
    /* what a verifier wouldn't count isn't published */
    policy_set_clock(witnesses->policy, clock_real_ms() / 1000, 0);
    if (policy_check(witnesses->policy, buffer_span(&note), NULL, NULL) == SL_OK) {
        enum sl_result result = sl_log_publish(witnesses->store, buffer_span(&note), &err);
        witnesses->published = result == SL_OK;
        if (result != SL_OK && strcmp(witnesses->refused, err.text) != 0)
            fail("the cosigned checkpoint can't be published: %s", err.text);
        snprintf(
            witnesses->refused, sizeof(witnesses->refused), "%s", result == SL_OK ? "" : err.text);
    }
    buffer_free(&note);
}

/* Has it cosigned the checkpoint at hand, and not too long ago? */
static bool is_done(const struct witnesses *witnesses, const struct witness *witness)
{
    uint64_t refresh_us = (uint64_t)witnesses->refresh_ms * 1000;
    return witness->line.len && clock_us() - witness->line_tick_us < refresh_us;
}

/* Ask those that haven't, and publish as soon as enough have. Those that failed last time come
   last, so that one that hangs delays no other. */
static void go_round(struct witnesses *witnesses)
{
    if (!take_checkpoint(witnesses)) return;
    for (int failing = 0; failing < 2; failing++)
        for (size_t i = 0; i < witnesses->count && !atomic_load(&witnesses->stop); i++) {
            struct witness *witness = &witnesses->witness[i];
            if (is_done(witnesses, witness) || failing != (witness->backoff_ms > 0) ||
                clock_us() < witness->retry_tick_us)
                continue;
            if (visit(witnesses, witness)) publish(witnesses);
        }
    if (!witnesses->published) publish(witnesses);
}

static void *run(void *ctx)
{
    struct witnesses *witnesses = ctx;
    while (!atomic_load(&witnesses->stop)) {
        go_round(witnesses);
        uint64_t until_ns = clock_ns() + (uint64_t)witnesses->interval_ms * 1000000;
        struct timespec until = {(time_t)(until_ns / 1000000000), (long)(until_ns % 1000000000)};
        pthread_mutex_lock(&witnesses->lock);
        while (!atomic_load(&witnesses->stop) &&
               pthread_cond_timedwait(&witnesses->wake, &witnesses->lock, &until) != ETIMEDOUT)
            continue;
        pthread_mutex_unlock(&witnesses->lock);
    }
    return NULL;
}

/* ---- lifetime ---- */

static bool take_one(struct witnesses *witnesses, size_t i, const char *url, const char *key)
{
    struct witness *witness = &witnesses->witness[i];
    struct sl_err err = {0};
    assert(i < witnesses->count);
    struct client_remote remote = {
        .url = url, .timeout_s = TIMEOUT_S, .stop = &witnesses->stop, .text = true};
    if (!trust_key(key, NOTE_COSIGNATURE, &witness->key)) return false;
    for (size_t other = 0; other < i; other++)
        if (memcmp(witnesses->witness[other].key.public_key, witness->key.public_key, 32) == 0) {
            fail("serve: two witnesses with one key are one witness: %s", witness->key.name);
            return false;
        }
    if (client_create_remote(&remote, &witness->client, &err) != SL_OK) {
        fail("serve: --witness: %s", err.text);
        return false;
    }
    witness->url = url;
    witness->status.url = url;
    witness->status.name = witness->key.name;
    return true;
}

static bool make_policy(struct witnesses *witnesses, const char *log_key)
{
    struct note_key keys[WITNESSES_MAX], log;
    struct sl_err err = {0};
    for (size_t i = 0; i < witnesses->count; i++)
        keys[i] = witnesses->witness[i].key;
    if (!note_key_parse(sl_span_of(log_key), &log)) return false;
    if (policy_make(&log, keys, witnesses->count, witnesses->quorum, &witnesses->policy, &err) ==
        SL_OK)
        return true;
    fail("serve: the witnesses: %s", err.text);
    return false;
}

bool witnesses_create(
    const struct witness_setup *setup, const char *log_key, struct witnesses **out)
{
    size_t count = setup->count;
    pthread_condattr_t clock;
    assert(count && count <= WITNESSES_MAX && setup->quorum && setup->quorum <= count);
    struct witnesses *made = need(sizeof(*made));
    made->witness = need(count * sizeof(*made->witness));
    made->count = count;
    made->quorum = setup->quorum;
    made->interval_ms = setup->interval_ms;
    made->refresh_ms = setup->refresh_ms;
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&made->wake, &clock);
    pthread_condattr_destroy(&clock);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++)
        ok = take_one(made, i, setup->urls[i], setup->keys[i]);
    if (!ok || !make_policy(made, log_key)) {
        witnesses_destroy(made);
        return false;
    }
    *out = made;
    return true;
}

bool witnesses_start(struct witnesses *witnesses, struct sl_store *store)
{
    witnesses->store = store;
    witnesses->running = pthread_create(&witnesses->thread, NULL, run, witnesses) == 0;
    if (!witnesses->running) fail("serve: no thread for the witnesses: %s", strerror(errno));
    return witnesses->running;
}

void witnesses_stop(struct witnesses *witnesses)
{
    if (!witnesses || !witnesses->running) return;
    pthread_mutex_lock(&witnesses->lock);
    atomic_store(&witnesses->stop, true);
    pthread_cond_signal(&witnesses->wake);
    pthread_mutex_unlock(&witnesses->lock);
    pthread_join(witnesses->thread, NULL);
    witnesses->running = false;
}

void witnesses_destroy(struct witnesses *witnesses)
{
    if (!witnesses) return;
    witnesses_stop(witnesses);
    for (size_t i = 0; i < witnesses->count; i++) {
        client_destroy(witnesses->witness[i].client);
        buffer_free(&witnesses->witness[i].line);
    }
    policy_destroy(witnesses->policy);
    pthread_cond_destroy(&witnesses->wake);
    pthread_mutex_destroy(&witnesses->lock);
    free(witnesses->witness);
    free(witnesses);
}
