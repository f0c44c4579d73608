/* The file of a log is read at each request, under the one lock, and is all that is known of it: so
   there is nothing in memory that could differ from the disk. Its own cosignature proves that it is
   whole. The lock is held over the fsync: a witness has a few logs, each of which asks every few
   seconds. Strangers don't get as far, since a log's signature is checked first. */

#include "tools/watch/cosigner.h"

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/base/decimal.h"
#include "core/base/file.h"
#include "core/proof/conflict.h"
#include "core/proof/line.h"
#include "core/proof/tree.h"
#include "tools/shared/term.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYS_MAX 8     /* of one log */
#define TELL_MS 60000  /* between two things that are told */
#define LINE_BYTES 512 /* the cosignature: with it a note is still one */

struct cosigner {
    const struct state_dir *dir;
    const struct witness_key *key;
    struct witness_logs *logs;
    pthread_mutex_t lock;
    uint64_t told_ms; /* under the lock: when something was told last; 0: never */
};

/* A request's parts, pointing into it. */
struct asked {
    struct sl_span request;
    uint64_t old;
    struct tree_proof proof;
    struct note note;
    struct checkpoint_text text;
    char name[STATE_NAME_BYTES];      /* of the log's files */
    char origin[NOTE_NAME_BYTES + 1]; /* once the log is known, which bounds it */
};

/* What was cosigned of a log. */
struct cosigned_before {
    struct buf bytes; /* len 0: nothing yet */
    uint64_t size, time_s;
    uint8_t root[32];
};

static_assert(4 + NOTE_NAME_BYTES + 1 + 104 + 1 < LINE_BYTES, "a cosignature's line fits");
static_assert(COSIGNER_PROOF_LINES <= TREE_PROOF, "as many hashes as are taken");

static void answer_text(struct cosigner_answer *answer, int status, const char *text)
{
    answer->status = status;
    answer->type = "text/plain; charset=utf-8";
    buf_clear(&answer->body);
    buf_add_span(&answer->body, sl_span_of(text));
    buf_add(&answer->body, "\n", 1);
}

/* ---- the request ---- */

static bool parse_head(struct sl_span *rest, struct asked *asked)
{
    struct sl_span line, word, old;
    size_t len;
    if (!line_take(rest, &line) || !line_split(line, ' ', &word, &old)) return false;
    if (!sl_span_eq(word, SL_SPAN("old")) || !sl_decimal_exact(old, UINT64_MAX, &asked->old))
        return false;
    for (asked->proof.count = 0; line_take(rest, &line) && line.len > 0; asked->proof.count++) {
        if (asked->proof.count == COSIGNER_PROOF_LINES) return false;
        uint8_t *hash = asked->proof.hashes[asked->proof.count];
        if (!crypto_base64_parse(line, hash, 32, &len) || len != 32) return false;
    }
    return line.len == 0 && rest->len > 0;
}

static bool parse(struct sl_span request, struct asked *asked)
{
    asked->request = request;
    if (!parse_head(&request, asked) || request.len > NOTE_BYTES - LINE_BYTES ||
        !note_parse(request, &asked->note) || !checkpoint_parse(asked->note.text, &asked->text))
        return false;
    state_dir_name(asked->text.origin, asked->name);
    return true;
}

/* Append the line by which a log has signed a note. Whatever else strangers put there, the same
   line again for example, would make of what is kept a note that can't be read any more. */
static void add_line_of(const struct note *note, const struct note_key *key, struct buf *out)
{
    struct sl_span rest = note->signatures, line;
    while (line_take(&rest, &line)) {
        struct sl_span whole = {line.ptr, line.len + 1};
        struct note one = {note->text, whole};
        if (!note_signed_by(&one, key, NULL)) continue;
        buf_add_span(out, whole);
        return;
    }
}

/* The status to refuse it with, or 0 with the log's own lines in `lines`. A line of one of its keys
   that doesn't hold was touched by somebody: signed-note has such a note refused. */
static int signed_by_log(struct cosigner *cosigner, struct asked *asked, struct buf *lines)
{
    struct note_key keys[KEYS_MAX];
    size_t count = witness_logs_keys(cosigner->logs, asked->text.origin, keys, KEYS_MAX);
    if (count == 0) return 404;
    snprintf(asked->origin, sizeof(asked->origin), "%s", keys[0].name);
    for (size_t i = 0; i < count; i++)
        if (note_look(&asked->note, &keys[i], NULL) == NOTE_SPOILED) return 403;
    for (size_t i = 0; i < count; i++)
        add_line_of(&asked->note, &keys[i], lines);
    return lines->len || lines->failed ? 0 : 403;
}

/* ---- what was cosigned ---- */

static enum sl_result damaged(const char *path, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT,
        "%s: it is not what was cosigned. Without it the log could be given another history, so it "
        "gets no cosignatures until the file is brought back",
        path);
}

/* The caller ends before->bytes. */
static enum sl_result load(const struct cosigner *cosigner, const char *name,
    struct cosigned_before *before, struct sl_err *err)
{
    struct note note;
    struct checkpoint_text text;
    char own[STATE_NAME_BYTES];
    char *path = state_dir_file(cosigner->dir, name, "checkpoint");
    *before = (struct cosigned_before){0};
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    crypto_sha256("", 0, before->root);
    enum sl_result result = file_read(path, NOTE_BYTES, &before->bytes, err);
    bool none = result == SL_NOT_FOUND;
    if (none) result = SL_OK;
    if (result == SL_INVALID) result = damaged(path, err); /* too long */
    if (result == SL_OK && !none) {
        bool whole = note_parse(buf_span(&before->bytes), &note) &&
                     checkpoint_parse(note.text, &text) &&
                     note_signed_by(&note, &cosigner->key->key, &before->time_s);
        if (whole) state_dir_name(text.origin, own);
        if (whole && strcmp(own, name) == 0) {
            before->size = text.size;
            memcpy(before->root, text.root, sizeof(before->root));
        } else {
            result = damaged(path, err);
        }
    }
    free(path);
    return result;
}

static enum sl_result keep(const struct cosigner *cosigner, const char *name, const char *ending,
    struct sl_span bytes, struct sl_err *err)
{
    char *path = state_dir_file(cosigner->dir, name, ending);
    enum sl_result result = path ? file_write(cosigner->dir->path, path, bytes, err)
                                 : sl_fail(err, SL_NOMEM, "out of memory");
    free(path);
    return result;
}

/* What the log signed can be sent by anybody, again and again: that fills no journal. */
static bool may_tell(struct cosigner *cosigner)
{
    uint64_t now_ms = clock_ms();
    if (cosigner->told_ms && now_ms - cosigner->told_ms < TELL_MS) return false;
    cosigner->told_ms = now_ms;
    return true;
}

/* Two checkpoints of one size, both signed by the log: a proof for anybody (`verify --fork`). The
   first one stays. */
static void keep_conflict(const struct cosigner *cosigner, const struct asked *asked,
    const struct cosigned_before *before, struct sl_span refused)
{
    static const struct conflict_roots none;
    struct buf proof = {0};
    struct sl_err err = {0};
    char *path = state_dir_file(cosigner->dir, asked->name, "conflict");
    if (path && access(path, F_OK) != 0) {
        conflict_write(buf_span(&before->bytes), &none, refused, &proof);
        enum sl_result result =
            proof.failed ? sl_fail(&err, SL_NOMEM, "out of memory")
                         : keep(cosigner, asked->name, "conflict", buf_span(&proof), &err);
        fail("witness: %s has signed two different logs of %llu events: the proof is %s%s%s",
            asked->origin, (unsigned long long)before->size, path,
            result == SL_OK ? "" : ", but can't be kept: ", err.text);
    }
    buf_fini(&proof);
    free(path);
}

/* Was the file written within the last TELL_MS? */
static bool is_fresh(const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0) return false;
    uint64_t now_ms = clock_real_ms();
    uint64_t at_ms =
        (uint64_t)file.st_mtim.tv_sec * 1000 + (uint64_t)file.st_mtim.tv_nsec / 1000000;
    return at_ms <= now_ms && now_ms - at_ms < TELL_MS;
}

/* The log signed something that, by what was sent with it, did not grow out of what was cosigned:
   the log forked, or somebody sent its checkpoint with another proof. The newest stays, one in
   TELL_MS for each log, so that what is sent of one log hides nothing of another. */
static void keep_refused(struct cosigner *cosigner, const struct asked *asked, uint64_t cosigned)
{
    struct sl_err err = {0};
    char *path = state_dir_file(cosigner->dir, asked->name, "refused");
    if (path && is_fresh(path)) {
        free(path);
        return;
    }
    free(path);
    enum sl_result result = keep(cosigner, asked->name, "refused", asked->request, &err);
    if (result != SL_OK && !may_tell(cosigner)) return;
    fail(
        "witness: %s: refused a checkpoint of %llu events: nothing with it shows that it grew out of "
        "the %llu that were cosigned; %s %s/%s.refused",
        asked->origin, (unsigned long long)asked->text.size, (unsigned long long)cosigned,
        result == SL_OK ? "it is kept in" : "it can't be kept in", cosigner->dir->path,
        asked->name);
}

/* ---- judging ---- */

/* Is it the log that was cosigned before, grown? Answers if it isn't. */
static bool grew(struct cosigner *cosigner, const struct asked *asked,
    const struct cosigned_before *before, struct sl_span refused, struct cosigner_answer *answer)
{
    char text[32];
    if (asked->old != before->size) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)before->size);
        answer_text(answer, 409, text);
        answer->type = "text/x.tlog.size";
        return false;
    }
    if (tree_consistency_holds(
            &asked->proof, before->size, before->root, asked->text.size, asked->text.root))
        return true;
    /* v1.0.0 has 409 for another root of the same size, which can't be told from a stale size by a
       client that reads statuses; the drafts after it have 422, as for any other fork. */
    if (before->size == asked->text.size && asked->proof.count == 0)
        keep_conflict(cosigner, asked, before, refused);
    else
        keep_refused(cosigner, asked, before->size);
    answer_text(
        answer, 422, "nothing shows that it grew out of the checkpoint that was cosigned before");
    return false;
}

/* Cosign it now, and keep that; *line is where in `state` the cosignature begins. */
static enum sl_result cosign(const struct cosigner *cosigner, const struct asked *asked,
    const struct cosigned_before *before, struct sl_span lines, struct buf *state, size_t *line,
    struct sl_err *err)
{
    uint64_t now_s = clock_real_ms() / 1000;
    if (now_s < before->time_s)
        return sl_fail(err, SL_INVALID,
            "the clock is %llu seconds before the last cosignature of this log: none until it is right",
            (unsigned long long)(before->time_s - now_s));
    buf_add_span(state, asked->note.text);
    buf_add(state, "\n", 1);
    buf_add_span(state, lines);
    *line = state->len;
    note_cosign(asked->note.text, &cosigner->key->key, cosigner->key->seed, now_s, state);
    if (state->failed) return sl_fail(err, SL_NOMEM, "out of memory");
    return keep(cosigner, asked->name, "checkpoint", buf_span(state), err);
}

/* Under the lock: from what is on disk to what is on disk then. */
static void judge(struct cosigner *cosigner, const struct asked *asked, struct sl_span lines,
    struct cosigner_answer *answer)
{
    struct cosigned_before before;
    struct buf state = {0};
    struct sl_err err = {0};
    size_t line = 0;
    struct sl_span note = {
        asked->note.text.ptr, asked->note.text.len + 1 + asked->note.signatures.len};
    enum sl_result result = load(cosigner, asked->name, &before, &err);
    if (result == SL_OK && grew(cosigner, asked, &before, note, answer)) {
        result = cosign(cosigner, asked, &before, lines, &state, &line, &err);
        if (result == SL_OK) {
            answer_text(answer, 200, "");
            buf_clear(&answer->body);
            buf_add(&answer->body, state.ptr + line, state.len - line);
        }
    }
    if (result != SL_OK) {
        if (may_tell(cosigner)) fail("witness: %s: %s", asked->origin, err.text);
        answer_text(answer, 500, "no cosignature can be made now");
    }
    buf_fini(&before.bytes);
    buf_fini(&state);
}

void cosigner_add(struct cosigner *cosigner, struct sl_span request, struct cosigner_answer *answer)
{
    struct asked asked;
    struct buf lines = {0};
    if (!parse(request, &asked)) {
        answer_text(answer, 400, "expected `old N`, a proof, an empty line and a checkpoint");
        return;
    }
    int refused = signed_by_log(cosigner, &asked, &lines);
    if (refused == 404) {
        answer_text(answer, 404, "this log is not known here");
    } else if (refused) {
        answer_text(answer, 403, "the log's signature lacks or doesn't hold");
    } else if (asked.old > asked.text.size) {
        answer_text(answer, 400, "the old size is larger than the checkpoint's");
    } else {
        pthread_mutex_lock(&cosigner->lock);
        judge(cosigner, &asked, buf_span(&lines), answer);
        pthread_mutex_unlock(&cosigner->lock);
    }
    buf_fini(&lines);
}

void cosigner_show(struct cosigner *cosigner, const char *name, struct cosigner_answer *answer)
{
    struct cosigned_before before;
    struct sl_err err = {0};
    enum sl_result result = load(cosigner, name, &before, &err);
    if (result != SL_OK) { /* told when the log asks: strangers don't fill a journal */
        answer_text(answer, 500, "what was cosigned can't be shown");
    } else if (before.bytes.len == 0) {
        answer_text(answer, 404, "nothing was cosigned of this log");
    } else {
        answer_text(answer, 200, "");
        buf_clear(&answer->body);
        buf_add_span(&answer->body, buf_span(&before.bytes));
    }
    buf_fini(&before.bytes);
}

/* ---- the whole ---- */

struct check {
    struct cosigner *cosigner;
    enum sl_result result;
    struct sl_err *err;
};

static bool check_one(void *ctx, const struct note_key *key)
{
    struct check *check = ctx;
    struct cosigned_before before;
    char name[STATE_NAME_BYTES];
    state_dir_name(sl_span_of(key->name), name);
    check->result = load(check->cosigner, name, &before, check->err);
    buf_fini(&before.bytes);
    return check->result == SL_OK;
}

enum sl_result cosigner_create(const struct state_dir *dir, const struct witness_key *key,
    struct witness_logs *logs, struct cosigner **cosigner, struct sl_err *err)
{
    struct cosigner *made = calloc(1, sizeof(*made));
    if (!made) return sl_fail(err, SL_NOMEM, "out of memory");
    *made = (struct cosigner){.dir = dir, .key = key, .logs = logs};
    pthread_mutex_init(&made->lock, NULL);
    struct check check = {made, SL_OK, err};
    if (!witness_logs_each(logs, check_one, &check)) {
        cosigner_destroy(made);
        return check.result;
    }
    *cosigner = made;
    return SL_OK;
}

void cosigner_destroy(struct cosigner *cosigner)
{
    if (!cosigner) return;
    pthread_mutex_destroy(&cosigner->lock);
    free(cosigner);
}
