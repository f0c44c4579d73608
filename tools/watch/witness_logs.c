/* The keys are an array, read whole and taken over whole; under the lock. Whether the file has
   changed is judged by what the system says of it at each question: that costs less than the
   signature that is checked next. */

#include "tools/watch/witness_logs.h"

#include "core/base/file.h"
#include "core/proof/line.h"
#include "tools/shared/term.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_BYTES SL_MIB
#define LOGS_MAX 4096

/* Which version of the file it was. */
struct version {
    struct timespec changed;
    ino_t inode;
    off_t bytes;
};

struct witness_logs {
    const char *path; /* borrowed */
    pthread_mutex_t lock;
    struct version version;
    struct note_key *keys;
    size_t count;
};

/* ---- reading ---- */

static struct version version_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) return (struct version){.bytes = -1};
    return (struct version){status.st_ctim, status.st_ino, status.st_size};
}

static bool same_version(const struct version *a, const struct version *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
           a->inode == b->inode && a->bytes == b->bytes;
}

static struct sl_span trimmed(struct sl_span line)
{
    while (line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
        line.ptr++, line.len--;
    while (line.len && memchr(" \t\r", line.ptr[line.len - 1], 3))
        line.len--;
    return line;
}

/* What is wrong with a line, or NULL. */
static const char *take_line(struct sl_span line, struct note_key *keys, size_t *count)
{
    struct note_key *key = &keys[*count];
    line = trimmed(line);
    if (line.len == 0 || line.ptr[0] == '#') return NULL;
    if (*count == LOGS_MAX) return "there are too many logs";
    if (!note_key_parse(line, key)) return "not a verifier key (see: sharelog log-key)";
    if (key->kind != NOTE_ED25519) return "the key of a witness, not of a log";
    ++*count;
    return NULL;
}

static enum sl_result read_logs(struct witness_logs *logs, struct sl_err *err)
{
    struct buf text = {0};
    struct sl_span rest, line;
    struct version version =
        version_of(logs->path); /* before: what changes meanwhile is read again */
    size_t count = 0;
    struct note_key *keys = calloc(LOGS_MAX + 1, sizeof(*keys));
    enum sl_result result = keys ? file_read(logs->path, FILE_BYTES, &text, err)
                                 : sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_NOT_FOUND) sl_fail(err, result, "%s: there is no such file", logs->path);
    if (result == SL_OK) buf_add(&text, "\n", 1);
    if (text.failed || (result == SL_OK && !text.ptr))
        result = sl_fail(err, SL_NOMEM, "out of memory");
    rest = buf_span(&text);
    for (size_t number = 1; result == SL_OK && line_take(&rest, &line); number++) {
        const char *wrong = take_line(line, keys, &count);
        if (wrong) result = sl_fail(err, SL_INVALID, "%s: line %zu: %s", logs->path, number, wrong);
    }
    logs->version = version; /* a wrong one is told once, not at each question */
    if (result == SL_OK) {
        free(logs->keys);
        logs->keys = keys;
        logs->count = count;
    } else {
        free(keys);
    }
    buf_fini(&text);
    return result;
}

/* ---- the whole ---- */

enum sl_result witness_logs_open(const char *path, struct witness_logs **logs, struct sl_err *err)
{
    struct witness_logs *made = calloc(1, sizeof(*made));
    if (!made) return sl_fail(err, SL_NOMEM, "out of memory");
    made->path = path;
    pthread_mutex_init(&made->lock, NULL);
    enum sl_result result = read_logs(made, err);
    if (result == SL_OK)
        *logs = made;
    else
        witness_logs_close(made);
    return result;
}

void witness_logs_close(struct witness_logs *logs)
{
    if (!logs) return;
    pthread_mutex_destroy(&logs->lock);
    free(logs->keys);
    free(logs);
}

size_t witness_logs_keys(
    struct witness_logs *logs, struct sl_span origin, struct note_key *keys, size_t cap)
{
    struct sl_err err = {0};
    size_t found = 0;
    pthread_mutex_lock(&logs->lock);
    struct version now = version_of(logs->path);
    if (!same_version(&now, &logs->version)) {
        if (read_logs(logs, &err) == SL_OK)
            fail("witness: %s was read again: %zu logs", logs->path, logs->count);
        else
            fail("witness: %s; what it held before goes on to count", err.text);
    }
    for (size_t i = 0; i < logs->count && found < cap; i++)
        if (sl_span_eq(sl_span_of(logs->keys[i].name), origin)) keys[found++] = logs->keys[i];
    pthread_mutex_unlock(&logs->lock);
    return found;
}

bool witness_logs_each(
    struct witness_logs *logs, bool (*each)(void *ctx, const struct note_key *key), void *ctx)
{
    for (size_t i = 0; i < logs->count; i++)
        if (!each(ctx, &logs->keys[i])) return false;
    return true;
}
