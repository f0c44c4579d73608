/* Recorded sessions, sent without sockets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/http_capture.h"

#include "core/base/json.h"

#include <stdio.h>
#include <stdlib.h>

const char *const captures[] = {
    "short", "medium", "long", "stream", "unshare", "run-share", "kinds", NULL};

static void read_file(const char *name, struct buf *bytes)
{
    char path[128], piece[65536];
    snprintf(path, sizeof(path), "tests/captures/%s.jsonl", name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("no %s: run from the project's folder", path);
    for (size_t len; (len = fread(piece, 1, sizeof(piece), file)) > 0;)
        buf_add(bytes, piece, len);
    fclose(file);
    assert_false(bytes->failed);
}

static struct sl_span text_of(struct sl_span request, const char *name)
{
    struct sl_span value, raw = {0};
    assert_true(json_get(request, name, &value) && json_string_raw(value, &raw));
    return raw;
}

/* The ids of the recording, in the order that they were first used in: as they were created. */
struct ids {
    struct sl_span recorded[CAPTURE_SHARES];
    size_t count, created;
};

static size_t share_of(struct ids *ids, struct sl_span path)
{
    struct sl_span id = {path.ptr + strlen("/api/share/"), path.len - strlen("/api/share/")};
    const char *slash = memchr(id.ptr, '/', id.len);
    if (slash) id.len = (size_t)(slash - id.ptr);
    for (size_t i = 0; i < ids->count; i++)
        if (sl_span_eq(ids->recorded[i], id)) return i;
    assert_true(ids->count < CAPTURE_SHARES);
    ids->recorded[ids->count] = id;
    return ids->count++;
}

static void send_sync(struct capture *capture, const struct share *share, struct sl_span body)
{
    struct sl_span data;
    struct buf text = {0};
    char head[128], target[96];
    (void)capture;
    assert_true(json_get(body, "data", &data));
    int len = snprintf(head, sizeof(head), "{\"secret\":\"%s\",\"data\":", share->secret);
    buf_add(&text, head, (size_t)len);
    buf_add_span(&text, data);
    buf_add(&text, "}", 2); /* and terminated */
    snprintf(target, sizeof(target), "/api/share/%s/sync", share->id);
    assert_false(text.failed);
    post(target, text.ptr); /* one that is sent to a removed share fails, as it did */
    buf_fini(&text);
}

static void send_remove(struct capture *capture, size_t i)
{
    char target[96], body[96];
    snprintf(target, sizeof(target), "/api/share/%s", capture->shares[i].id);
    snprintf(body, sizeof(body), "{\"secret\":\"%s\"}", capture->shares[i].secret);
    assert_int_equal(
        ask(&(struct asking){.method = "DELETE", .target = target, .body = body}), 200);
    capture->removed[i] = true;
}

static void send_request(struct capture *capture, struct ids *ids, struct sl_span request)
{
    struct sl_span path = text_of(request, "path"), body = {"{}", 2};
    struct sl_span method = text_of(request, "method");
    json_get(request, "body", &body);
    if (sl_span_eq(path, SL_SPAN("/api/share"))) {
        char session[SL_SESSION_ID_BYTES + 1];
        struct sl_span id = text_of(body, "sessionID");
        snprintf(session, sizeof(session), "%.*s", (int)id.len, id.ptr);
        struct share made = create(session, "192.0.2.7");
        if (capture->count && strcmp(made.id, capture->shares[capture->count - 1].id) == 0) return;
        assert_true(capture->count < CAPTURE_SHARES);
        capture->shares[capture->count++] = made;
        return;
    }
    if (path.len < sizeof("/api/share/") || memcmp(path.ptr, "/api/share/", 11) != 0) return;
    if (sl_span_eq(method, SL_SPAN("GET"))) return;
    size_t i = share_of(ids, path);
    if (i >= capture->count) i = capture->count - 1; /* a twin's */
    if (sl_span_eq(method, SL_SPAN("POST")))
        send_sync(capture, &capture->shares[i], body);
    else if (!capture->removed[i])
        send_remove(capture, i);
}

void capture_send(const char *name, struct capture *capture)
{
    struct ids ids = {0};
    *capture = (struct capture){0};
    read_file(name, &capture->bytes);
    struct sl_span rest = buf_span(&capture->bytes);
    while (rest.len) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
        if (len) send_request(capture, &ids, (struct sl_span){rest.ptr, len});
        rest = (struct sl_span){rest.ptr + len + (end != NULL), rest.len - len - (end != NULL)};
    }
    assert_true(capture->count > 0);
}

void capture_fini(struct capture *capture)
{
    buf_fini(&capture->bytes);
}

void capture_strings(
    struct sl_span value, const char *name, void (*each)(void *ctx, struct sl_span raw), void *ctx)
{
    struct sl_span member_name, member, raw, rest = value;
    if (json_kind_of(value) == JSON_ARRAY)
        while (json_next(&rest, &member))
            capture_strings(member, name, each, ctx);
    if (json_kind_of(value) != JSON_OBJECT) return;
    while (json_next_member(&rest, &member_name, &member)) {
        if (json_raw_eq(member_name, name) && json_string_raw(member, &raw)) each(ctx, raw);
        if (!json_raw_eq(member_name, "metadata")) capture_strings(member, name, each, ctx);
    }
}
