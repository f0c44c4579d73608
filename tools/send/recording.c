/* A capture is read whole and parsed once; requests are spans of its text. The first line that
   isn't what it should be is named with its number, and nothing is kept. */

#include "tools/send/recording.h"

#include "tools/shared/buffer.h"
#include "tools/shared/fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static enum sl_result read_file(const char *name, struct buffer *text, struct sl_err *err)
{
    char piece[65536];
    size_t len;
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    if (!file) return sl_fail(err, SL_IO, "%.200s: %s", name, strerror(errno));
    while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
        buffer_add(text, piece, len);
    bool ok = !ferror(file);
    int error = errno;
    if (file != stdin) fclose(file);
    return ok ? SL_OK : sl_fail(err, SL_IO, "%.200s: %s", name, strerror(error));
}

static size_t session_index(struct recording *recording, struct sl_span id, bool add)
{
    for (size_t i = 0; i < recording->sessions_count; i++)
        if (sl_span_eq(recording->sessions[i], id)) return i;
    if (!add) return RECORDING_NONE;
    size_t count = ++recording->sessions_count;
    recording->sessions = need_more(recording->sessions, count * sizeof(*recording->sessions));
    recording->sessions[count - 1] = id;
    return count - 1;
}

static size_t share_index(struct recording *recording, struct sl_span id)
{
    for (size_t i = 0; i < recording->shares_count; i++)
        if (sl_span_eq(recording->shares[i].id, id)) return i;
    size_t count = ++recording->shares_count;
    recording->shares = need_more(recording->shares, count * sizeof(*recording->shares));
    recording->shares[count - 1] = (struct recorded_share){id, RECORDING_NONE};
    return count - 1;
}

/* The session that a batch is about, if its items say so. */
static size_t session_of(struct recording *recording, struct sl_span body)
{
    struct sl_span rest = field_array(body, "data"), item, id;
    while (json_next(&rest, &item)) {
        if (!field_is(item, "type", "session") || !json_string_raw(field(item, "data.id"), &id))
            continue;
        return session_index(recording, id, false);
    }
    return RECORDING_NONE;
}

/* "/api/share/ID…" in three; `path` and `rest` stay whole when it is something else. */
static void split_path(struct recording *recording, struct recorded *request)
{
    static const struct sl_span roots[] = {
        {"/api/share/", 11}, {"/api/shares/", 12}, {"/share/", 7}, {"/s/", 3}, {"/ws/", 4}};
    struct sl_span path = request->path;
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        size_t root = roots[i].len, end = root;
        if (path.len <= root || memcmp(path.ptr, roots[i].ptr, root) != 0) continue;
        while (end < path.len && path.ptr[end] != '/' && path.ptr[end] != '?')
            end++;
        request->path.len = root;
        request->rest = (struct sl_span){path.ptr + end, path.len - end};
        request->share = share_index(recording, (struct sl_span){path.ptr + root, end - root});
        return;
    }
}

static bool is_create(const struct recorded *request)
{
    return strcmp(request->method, "POST") == 0 &&
           (sl_span_eq(request->path, SL_SPAN("/api/share")) ||
               sl_span_eq(request->path, SL_SPAN("/api/shares")));
}

/* The methods there are, so that a request needs no copy of its own. */
static const char *method_of(struct sl_span object)
{
    static const char *const methods[] = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (field_is(object, "method", methods[i])) return methods[i];
    return NULL;
}

static const char *parse(
    struct recording *recording, struct sl_span object, struct recorded *request)
{
    struct sl_span session;
    *request = (struct recorded){.t_ms = field_u64(object, "t"),
        .method = method_of(object),
        .body = field(object, "body"),
        .share = RECORDING_NONE,
        .creates = RECORDING_NONE,
        .status = (int)field_u64(object, "status")};
    if (!request->method) return "method: expected an HTTP method";
    if (!json_string_raw(field(object, "path"), &request->path) || !request->path.len ||
        *request->path.ptr != '/' || memchr(request->path.ptr, '\\', request->path.len))
        return "path: expected a plain path";
    if (request->body.len && json_kind_of(request->body) == JSON_NULL) request->body.len = 0;
    split_path(recording, request);
    request->is_sync =
        request->share != RECORDING_NONE && sl_span_eq(request->rest, SL_SPAN("/sync"));
    if (!json_string_raw(field(request->body, "secret"), &request->secret)) request->secret.len = 0;
    if (is_create(request) && json_string_raw(field(request->body, "sessionID"), &session) &&
        session.len)
        request->creates = session_index(recording, session, true);
    return NULL;
}

/* Each share of a path was created by the newest create before it of its session; of the last one
   at all, where no batch names its session. */
static void relate(struct recording *recording, const struct recorded *request, size_t *newest)
{
    if (request->creates != RECORDING_NONE) *newest = request->creates;
    if (request->share == RECORDING_NONE) return;
    struct recorded_share *share = &recording->shares[request->share];
    if (share->session != RECORDING_NONE) return;
    share->session = session_of(recording, request->body);
    if (share->session == RECORDING_NONE) share->session = *newest;
}

static void keep_user_agent(struct recording *recording, struct sl_span object)
{
    char text[200];
    if (recording->user_agent || !field_short(object, "headers.user-agent", text, sizeof(text)))
        return;
    if (!strpbrk(text, "\r\n")) recording->user_agent = need_text(text);
}

static enum sl_result parse_lines(
    struct recording *recording, struct sl_span text, struct sl_err *err)
{
    size_t newest = RECORDING_NONE, cap = 0;
    for (size_t line = 1; text.len; line++) {
        const char *end = memchr(text.ptr, '\n', text.len);
        struct sl_span object = {text.ptr, end ? (size_t)(end - text.ptr) : text.len};
        size_t step = object.len + (end != NULL);
        text.ptr += step;
        text.len -= step;
        if (strspn(object.ptr, " \t\r") >= object.len) continue;
        if (json_check(object, JSON_DEPTH_CEILING, err) != SL_OK)
            return sl_fail_in(err, "line %zu", line);
        if (recording->requests_count == cap) {
            cap = cap ? 2 * cap : 64;
            recording->requests =
                need_more(recording->requests, cap * sizeof(*recording->requests));
        }
        struct recorded *request = &recording->requests[recording->requests_count];
        const char *what = parse(recording, object, request);
        if (what) return sl_fail(err, SL_INVALID, "line %zu: %s", line, what);
        recording->requests_count++;
        keep_user_agent(recording, object);
        relate(recording, request, &newest);
    }
    if (recording->requests_count) return SL_OK;
    return sl_fail(err, SL_INVALID,
        "it is empty: a capture has an object {t, method, path, headers, body, status} a line");
}

enum sl_result recording_open(const char *file, struct recording *recording, struct sl_err *err)
{
    struct buffer text = {0};
    struct recording made = {.file = file};
    enum sl_result result = read_file(file, &text, err);
    if (result == SL_OK) {
        buffer_c(&text); /* the NUL stops strspn */
        made.text = text.ptr;
        result = parse_lines(&made, buffer_span(&text), err);
        if (result != SL_OK) sl_fail_in(err, "%.200s", file);
    } else {
        buffer_free(&text);
    }
    if (result == SL_OK)
        *recording = made;
    else
        recording_close(&made);
    return result;
}

void recording_close(struct recording *recording)
{
    free(recording->text);
    free(recording->user_agent);
    free(recording->requests);
    free(recording->shares);
    free(recording->sessions);
    *recording = (struct recording){0};
}
