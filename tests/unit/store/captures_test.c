/* Every recorded session, sent into a store and read back at every sequence, against a fold of its
 * own: json-c says what the ids are, and nothing of core's batches or folding is used. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/core_store.h"

#include <glob.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the fold ---- */

struct version {
    char *key;
    char *type;
    struct sl_span data; /* in the capture's bytes */
};

/* Keys of one kind, in order of first arrival. */
struct list {
    struct version *versions;
    size_t count;
};

struct state {
    struct list items, models;
};

static void put(struct list *list, const char *key, const char *type, struct sl_span data)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->versions[i].key, key) == 0) {
            list->versions[i].data = data;
            return;
        }
    list->versions = realloc(list->versions, (list->count + 1) * sizeof(*list->versions));
    assert_non_null(list->versions);
    list->versions[list->count++] = (struct version){strdup(key), strdup(type), data};
}

static void list_fini(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->versions[i].key);
        free(list->versions[i].type);
    }
    free(list->versions);
    *list = (struct list){0};
}

static const char *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value)) return NULL;
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* The captures' ids are plain; the table of keys needs no more here. */
static void fold_item(struct state *state, struct sl_span raw, struct json_object *item)
{
    struct json_object *data = NULL;
    struct sl_span bytes = {0};
    const char *type = member(item, "type");
    assert_true(
        type && json_object_object_get_ex(item, "data", &data) && json_get(raw, "data", &bytes));
    char key[512];
    if (strcmp(type, "session") == 0 || strcmp(type, "session_diff") == 0 ||
        strcmp(type, "model") == 0)
        snprintf(key, sizeof(key), "%s", type);
    else if (strcmp(type, "message") == 0)
        snprintf(key, sizeof(key), "message/%s", member(data, "id"));
    else if (strcmp(type, "part") == 0)
        snprintf(key, sizeof(key), "part/%s/%s", member(data, "messageID"), member(data, "id"));
    else
        fail_msg("a type that no capture had: %s", type);
    put(&state->items, key, type, bytes);
    if (strcmp(type, "model") != 0) return;
    struct sl_span rest = bytes, element;
    for (size_t i = 0; json_next(&rest, &element); i++) {
        struct json_object *model = json_object_array_get_idx(data, i);
        snprintf(key, sizeof(key), "%s/%s", member(model, "providerID"), member(model, "id"));
        put(&state->models, key, "", element);
    }
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct version *)a)->key, ((const struct version *)b)->key);
}

static void add(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

static void add_models(const struct list *models, struct buf *out)
{
    add(out, "[");
    for (size_t i = 0; i < models->count; i++) {
        if (i) add(out, ",");
        buf_add_span(out, models->versions[i].data);
    }
    add(out, "]");
}

static void state_data(const struct state *state, struct buf *out)
{
    size_t count = state->items.count;
    struct version *sorted = malloc((count + 1) * sizeof(*sorted));
    assert_non_null(sorted);
    if (count) memcpy(sorted, state->items.versions, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_key);
    add(out, "[");
    for (size_t i = 0; i < count; i++) {
        add(out, i ? ",{\"type\":\"" : "{\"type\":\"");
        add(out, sorted[i].type);
        add(out, "\",\"data\":");
        if (strcmp(sorted[i].key, "model") == 0)
            add_models(&state->models, out);
        else
            buf_add_span(out, sorted[i].data);
        add(out, "}");
    }
    add(out, "]");
    free(sorted);
}

static void state_section(const struct state *state, const char *type, struct buf *out)
{
    bool first = true;
    add(out, "[");
    for (size_t i = 0; i < state->items.count; i++) {
        if (strcmp(state->items.versions[i].type, type) != 0) continue;
        if (!first) add(out, ",");
        buf_add_span(out, state->items.versions[i].data);
        first = false;
    }
    add(out, "]");
}

/* ---- a capture ---- */

#define SHARES 16

struct replayed {
    char recorded[64]; /* the id that the recording server gave */
    struct sl_credentials credentials;
    struct sl_span *batches; /* each sync's recorded body, by its sequence - 2 */
    size_t count;
};

static struct replayed shares[SHARES];
static size_t shares_count;

static bool value_of(struct sl_span object, const char *name, char *out, size_t cap)
{
    struct sl_span value, raw;
    if (!json_get(object, name, &value) || !json_string_raw(value, &raw) || raw.len >= cap)
        return false;
    out[json_decode(raw, out)] = 0;
    return true;
}

/* Of `/api/share/ID/sync`. An id not seen before is that of the first create that none was seen of
 * yet: the answer to a create, which had it, was not recorded. */
static struct replayed *find(const char *path)
{
    char id[64];
    if (sscanf(path, "/api/share/%63[^/]/sync", id) != 1) return NULL;
    for (size_t i = 0; i < shares_count; i++) {
        if (!shares[i].recorded[0]) memcpy(shares[i].recorded, id, sizeof(id));
        if (strcmp(shares[i].recorded, id) == 0) return &shares[i];
    }
    return NULL;
}

static void replay_create(struct sl_store *store, struct sl_span body)
{
    char session[SL_SESSION_ID_BYTES + 1], peer[32];
    struct sl_err err = {0};
    assert_true(shares_count < SHARES && value_of(body, "sessionID", session, sizeof(session)));
    struct replayed *share = &shares[shares_count];
    *share = (struct replayed){0};
    snprintf(peer, sizeof(peer), "%zu", shares_count);
    core_expect(sl_share_create(store, sl_span_of(session), SL_ROLE_NONE, sl_span_of(peer),
                    &share->credentials, &err),
        SL_OK, &err);
    shares_count++;
}

/* The body's bytes as recorded, but for the secret. */
static void replay_sync(struct sl_store *store, struct replayed *share, struct sl_span body)
{
    struct sl_span secret;
    struct sl_synced synced;
    struct sl_err err = {0};
    struct buf sent = {0};
    assert_true(json_get(body, "secret", &secret));
    buf_add(&sent, body.ptr, (size_t)(secret.ptr - body.ptr));
    add(&sent, "\"");
    add(&sent, share->credentials.secret);
    add(&sent, "\"");
    buf_add(
        &sent, secret.ptr + secret.len, (size_t)(body.ptr + body.len - secret.ptr) - secret.len);
    core_expect(sl_share_sync(store, sl_span_of(share->credentials.id), buf_span(&sent),
                    core_now_us, &synced, &err),
        SL_OK, &err);
    buf_fini(&sent);
    share->batches = realloc(share->batches, (share->count + 1) * sizeof(*share->batches));
    assert_non_null(share->batches);
    share->batches[share->count++] = body;
    assert_int_equal(synced.sequence, share->count + 1);
}

static void replay(struct sl_store *store, struct sl_span capture)
{
    const char *at = capture.ptr, *end = capture.ptr + capture.len;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        struct sl_span line = {at, (size_t)((line_end ? line_end : end) - at)}, body, t;
        at = line_end ? line_end + 1 : end;
        char method[16], path[256];
        uint64_t ms = 0;
        assert_true(value_of(line, "method", method, sizeof(method)) &&
                    value_of(line, "path", path, sizeof(path)));
        assert_true(json_get(line, "t", &t) && json_u64(t, &ms));
        core_now_us = CORE_TIME_US + ms * 1000;
        if (strcmp(method, "POST") != 0 || !json_get(line, "body", &body)) continue;
        struct replayed *share = find(path); /* NULL: a create */
        if (strcmp(path, "/api/share") == 0)
            replay_create(store, body);
        else if (share)
            replay_sync(store, share, body);
        else
            fail_msg("what is POST %s?", path);
    }
}

static void check_sequence(struct sl_store *store, const struct replayed *share, uint64_t sequence,
    const struct state *state)
{
    static const struct {
        enum sl_section section;
        const char *type;
    } sections[] = {{SL_SECTION_MESSAGES, "message"}, {SL_SECTION_PARTS, "part"}};
    struct buf got = {0}, expected = {0};
    char what[128];
    snprintf(what, sizeof(what), "share %s at %d", share->credentials.id, (int)sequence);
    core_data(store, share->credentials.id, sequence, &got);
    state_data(state, &expected);
    core_assert_same(buf_span(&got), buf_span(&expected), what);
    for (size_t i = 0; i < 2; i++) {
        buf_clear(&expected);
        core_section(store, share->credentials.id, sequence, sections[i].section, &got);
        state_section(state, sections[i].type, &expected);
        core_assert_same(buf_span(&got), buf_span(&expected), sections[i].type);
    }
    buf_clear(&expected);
    core_section(store, share->credentials.id, sequence, SL_SECTION_MODELS, &got);
    add_models(&state->models, &expected);
    core_assert_same(buf_span(&got), buf_span(&expected), "models");
    buf_fini(&got);
    buf_fini(&expected);
}

static void check_share(struct sl_store *store, const struct replayed *share)
{
    struct state state = {0};
    struct sl_share_info info;
    struct sl_err err = {0};
    core_expect(sl_share_info(store, sl_span_of(share->credentials.id), &info, &err), SL_OK, &err);
    assert_int_equal(info.sequence, share->count + 1);
    check_sequence(store, share, 1, &state);
    for (size_t i = 0; i < share->count; i++) {
        struct json_tokener *tokener = json_tokener_new();
        struct json_object *body =
            json_tokener_parse_ex(tokener, share->batches[i].ptr, (int)share->batches[i].len);
        struct json_object *items;
        struct sl_span rest, raw;
        assert_true(body && json_object_object_get_ex(body, "data", &items));
        assert_true(json_get(share->batches[i], "data", &rest));
        for (size_t k = 0; json_next(&rest, &raw); k++)
            fold_item(&state, raw, json_object_array_get_idx(items, k));
        json_object_put(body);
        json_tokener_free(tokener);
        check_sequence(store, share, i + 2, &state);
    }
    list_fini(&state.items);
    list_fini(&state.models);
}

static void check_shares(struct sl_store *store)
{
    for (size_t i = 0; i < shares_count; i++)
        check_share(store, &shares[i]);
}

static void one_capture(const char *path)
{
    struct buf capture = {0};
    struct sl_err err = {0};
    const char *dir = core_temp_make();
    struct sl_options options = core_options(dir);
    assert_true(core_read_file(path, &capture));
    printf("%s: ", path);
    struct sl_store *store = core_open(&options);
    shares_count = 0;
    replay(store, buf_span(&capture));
    assert_true(shares_count > 0);
    check_shares(store);
    core_expect(sl_store_settle(store, &err), SL_OK, &err); /* with snapshots */
    check_shares(store);
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    sl_store_close(store);
    store = core_open(&options);
    check_shares(store);
    struct sl_verified verified;
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
    printf("%d shares, %d events, %d items, %d snapshots\n", (int)verified.shares,
        (int)verified.events, (int)verified.items, (int)verified.snapshots);
    assert_int_equal(verified.shares, shares_count);
    sl_store_close(store);
    core_temp_remove(dir);
    for (size_t i = 0; i < shares_count; i++)
        free(shares[i].batches);
    buf_fini(&capture);
}

static void every_capture(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("tests/captures/*.jsonl", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 7);
    for (size_t i = 0; i < found.gl_pathc; i++)
        one_capture(found.gl_pathv[i]);
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_capture)};
    return cmocka_run_group_tests_name("captures", tests, NULL, NULL);
}
