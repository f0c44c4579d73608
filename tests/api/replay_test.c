/* Every recorded session sent again as it was recorded, and read back at every sequence: what the
   server says is, byte for byte, what a naive fold in the test makes of what was sent. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_fold.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define SHARES 8
#define BATCHES 256

/* A share of a recording: what it was called there, and what it is here. */
struct played {
    char recorded[80];
    struct net_share share;
    struct sl_span batches[BATCHES]; /* `data` of each, in the file's text */
    size_t count;
    bool removed;
};

struct player {
    struct played shares[SHARES];
    size_t count;
    struct net_share created; /* by the last create */
};

static char *read_file(const char *name, size_t *len)
{
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, *len, file), *len);
    text[*len] = 0;
    fclose(file);
    return text;
}

static struct sl_span member(struct sl_span object, const char *name)
{
    struct sl_span value = {"", 0};
    json_get(object, name, &value);
    return value;
}

static void text_member(struct sl_span object, const char *name, char *out, size_t cap)
{
    struct sl_span raw;
    assert_true(json_string_raw(member(object, name), &raw) && raw.len < cap);
    memcpy(out, raw.ptr, raw.len);
    out[raw.len] = 0;
}

/* A share not seen before in the recording is that of the last create. */
static struct played *played_of(struct player *player, const char *id)
{
    for (size_t i = 0; i < player->count; i++)
        if (strcmp(player->shares[i].recorded, id) == 0) return &player->shares[i];
    assert_true(player->count < SHARES);
    struct played *played = &player->shares[player->count++];
    *played = (struct played){.share = player->created};
    snprintf(played->recorded, sizeof(played->recorded), "%s", id);
    return played;
}

static void play_sync(struct played *played, struct sl_span body)
{
    struct sl_span data = member(body, "data");
    assert_true(played->count < BATCHES && data.len >= 2);
    played->batches[played->count++] = data;
    net_sync_span(client, &played->share, (struct sl_span){data.ptr + 1, data.len - 2});
    net_expect(client, 200,
        net_text(
            "{\"success\":true,\"syncCount\":%zu,\"seq\":%zu}", played->count, played->count + 1));
}

static void play(struct player *player, struct sl_span line)
{
    char method[16], path[256], session[300], id[80] = "", rest[32] = "";
    struct sl_span body = member(line, "body");
    assert_int_equal(json_check(line, 512, NULL), SL_OK);
    text_member(line, "method", method, sizeof(method));
    text_member(line, "path", path, sizeof(path));
    if (strcmp(path, "/api/share") == 0) {
        text_member(body, "sessionID", session, sizeof(session));
        assert_true(net_create(client, session, &player->created));
        return;
    }
    assert_true(sscanf(path, "/api/share/%79[A-Za-z0-9]%31s", id, rest) >= 1);
    struct played *played = played_of(player, id);
    if (strcmp(method, "POST") == 0) {
        play_sync(played, body);
    } else if (strcmp(method, "DELETE") == 0) {
        net_delete(client, net_path(&played->share, ""),
            net_text("{\"secret\":\"%s\"}", played->share.secret));
        net_expect(client, 200, "{\"success\":true}");
        played->removed = true;
    } else {
        net_get(client, net_path(&played->share, rest));
        uint64_t status = 0;
        assert_true(json_u64(member(line, "status"), &status));
        net_expect_status(client, (int)status);
    }
}

static void same_bytes(const char *what, size_t sequence, struct buf want, bool whole)
{
    const struct net_answer *got = net_answer(client);
    size_t same = 0;
    assert_int_equal(got->status, 200);
    while (same < want.len && same < got->len && want.ptr[same] == got->body[same])
        same++;
    if (same < want.len || (whole && got->len != want.len)) {
        print_error("want …%.120s\ngot  …%.120s\n", want.ptr + (same < 60 ? 0 : same - 60),
            got->body + (same < 60 ? 0 : same - 60));
        fail_msg("%s at %zu: differs from byte %zu on (%zu and %zu bytes)", what, sequence, same,
            want.len, got->len);
    }
    buf_fini(&want);
}

static void read_back(const struct played *played)
{
    struct net_fold fold = {0};
    for (size_t sequence = 1; sequence <= played->count + 1; sequence++) {
        if (sequence > 1) net_fold_apply(&fold, played->batches[sequence - 2]);
        net_get(client, net_path(&played->share, net_text("/data?at=%zu", sequence)));
        same_bytes("/data", sequence, net_fold_data(&fold), true);
        net_get(client, net_path(&played->share, net_text("?at=%zu", sequence)));
        same_bytes("the session", sequence, net_fold_session(&fold), false);
        net_expect_has(client, net_text("\"syncCount\":%zu,\"sessionID\":\"ses_", sequence - 1));
    }
    net_get(client, net_path(&played->share, "/data"));
    same_bytes("/data", 0, net_fold_data(&fold), true);
    net_fold_fini(&fold);
}

/* Each event holds what that request sent. */
static void read_events(const struct played *played)
{
    for (size_t i = 0; i < played->count; i++) {
        struct sl_span data;
        net_get(client, net_path(&played->share, net_text("/events/%zu", i + 2)));
        net_expect_status(client, 200);
        assert_true(json_get(net_body_span(client), "data", &data));
        if (!sl_span_eq(data, played->batches[i]))
            fail_msg("event %zu doesn't hold what was sent: %.*s", i + 2,
                data.len > 200 ? 200 : (int)data.len, data.ptr);
    }
}

/* Send a file; its text must outlive the player. */
static struct player *play_file(const char *name, char **text)
{
    size_t len;
    *text = read_file(name, &len);
    struct player *player = calloc(1, sizeof(*player));
    assert_non_null(player);
    for (const char *line = *text, *stop = *text + len; line < stop;) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        if (!end) end = stop;
        if (end > line) play(player, (struct sl_span){line, (size_t)(end - line)});
        line = end + 1;
    }
    print_message("%s: %zu shares\n", name, player->count);
    assert_true(player->count > 0);
    return player;
}

static void read_shares(const struct player *player)
{
    for (size_t i = 0; i < player->count; i++) {
        const struct played *played = &player->shares[i];
        if (played->removed) {
            net_get(client, net_path(&played->share, "/data"));
            net_expect_error(client, 404, net_text("Share not found: %s", played->share.id));
            continue;
        }
        read_back(played);
        read_events(played);
    }
}

static glob_t captures;

static int open_all(void **state)
{
    (void)state;
    assert_int_equal(glob("tests/captures/*.jsonl", 0, NULL, &captures), 0);
    open_server_with((const char *[]){"--durability", "process", NULL});
    return 0;
}

static int close_all(void **state)
{
    globfree(&captures);
    return close_server(state);
}

static void reads_back_what_was_recorded(void **state)
{
    (void)state;
    assert_true(captures.gl_pathc >= 7);
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        char *text;
        struct player *player = play_file(captures.gl_pathv[i], &text);
        read_shares(player);
        free(player);
        free(text);
    }
}

/* The same with all snapshots made, and after a restart without any caches. */
static void the_same_after_compaction_and_restart(void **state)
{
    char *text;
    (void)state;
    struct player *player = play_file("tests/captures/long.jsonl", &text);
    struct net_request compact = {
        .method = "POST", .path = "/api/compact", .body = SL_SPAN("{}"), .headers = {NET_AS_OWNER}};
    assert_int_equal(net_ask(client, &compact), 200);
    read_shares(player);
    net_server_stop(&server);
    start_again();
    read_shares(player);
    free(player);
    free(text);
    assert_int_equal(net_server_run(&server, "verify", NULL, 0), 0);
    net_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_was_recorded),
        cmocka_unit_test(the_same_after_compaction_and_restart),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
