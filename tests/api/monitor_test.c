/* `sharelog monitor`: what it says of logs that are well, that fork, freeze, shrink, lie or don't
   answer, with real servers and witnesses, and with liars between them and it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/conflict.h"
#include "tests/support/fake_http.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_log.h"
#include "tests/support/tools_run.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct tools_run run;
static struct note_key log_key;
static char vkey[NOTE_VKEY_BYTES];

/* ---- a server, watched ---- */

static int open_all(void **state)
{
    const char *flags[] = {"--public-log", NULL};
    (void)state;
    open_server_with(flags);
    net_log_key(&server, &log_key);
    note_key_text(&log_key, vkey);
    tools_write("log.key", sl_span_of(net_text("%s\n", vkey)));
    return 0;
}

static void sync_some(unsigned count)
{
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(
            net_sync(client, &share, net_text(NET_PART("m", "p%u", "line %u"), i, i)), 200);
    net_pause_ms(1100); /* a checkpoint is signed once a second */
    assert_int_equal(net_get(client, "/log/checkpoint"), 200);
}

/* The configuration: one log at that URL, and what belongs to it. */
static void watch(const char *url, const char *more)
{
    tools_write(
        "watched", sl_span_of(net_text("# the team's\nlog %s log.key # by hand\n%s", url, more)));
}

#define LOOK "monitor", "--logs", tools_path("watched"), "--state", tools_path("state")
#define EXPECT(code, part) tools_expect(&run, code, part, LOOK)
#define EXPECT_JSON(code, part) tools_expect(&run, code, part, LOOK, "--json")

/* Nothing is wrong, so nothing is said. */
static void expect_well(void)
{
    EXPECT(0, NULL);
    assert_string_equal(run.text, "");
}

static void forget_state(void)
{
    tools_write("nothing", SL_SPAN(""));
    char command[512];
    snprintf(command, sizeof(command), "rm -rf '%s'", tools_path("state"));
    assert_int_equal(system(command), 0);
}

/* The name of a file in the state, by its ending; "" if there is none. `count` of them. */
static const char *state_file(const char *ending, unsigned *count)
{
    static char name[300];
    DIR *dir = opendir(tools_path("state"));
    struct dirent *entry;
    assert_non_null(dir);
    *count = 0;
    name[0] = 0;
    while ((entry = readdir(dir))) {
        size_t len = strlen(entry->d_name), end = strlen(ending);
        if (len < end || strcmp(entry->d_name + len - end, ending) != 0) continue;
        snprintf(name, sizeof(name), "state/%s", entry->d_name);
        ++*count;
    }
    closedir(dir);
    return name;
}

static char *kept_text(size_t *len)
{
    unsigned count;
    const char *name = state_file(".kept", &count);
    assert_int_equal(count, 1);
    return tools_read(name, len);
}

/* What is kept is what it was. */
static void expect_kept(const char *kept, size_t len)
{
    size_t now_len;
    char *now = kept_text(&now_len);
    assert_int_equal(now_len, len);
    assert_memory_equal(now, kept, len);
    free(now);
}

/* The one file that proves a conflict proves it. */
static void expect_proof(void)
{
    struct conflict_verdict verdict;
    struct sl_err err = {0};
    struct policy *policy;
    unsigned count;
    size_t len;
    const char *name = state_file(".conflict", &count);
    assert_int_equal(count, 1);
    char *proof = tools_read(name, &len);
    assert_int_equal(policy_make(&log_key, NULL, 0, 0, &policy, NULL), SL_OK);
    if (conflict_verify((struct sl_span){proof, len}, policy, &verdict, &err) != SL_OK)
        fail_msg("%s", err.text);
    policy_destroy(policy);
    free(proof);
}

/* ---- a liar between the server and the monitor ---- */

struct liar {
    struct fake_http http;
    struct net_client *to;
    const char *path;       /* whose answer is another: the one that begins so */
    struct sl_span instead; /* of all of it, or: */
    size_t flip;            /* the byte that is flipped */
    int status;             /* 0, or the answer is that alone */
};

static void lie(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct liar *liar = ctx;
    reply->status = net_get(liar->to, request->path);
    struct sl_span body = net_body_span(liar->to);
    bool lies = strncmp(request->path, liar->path, strlen(liar->path)) == 0;
    if (lies && liar->instead.len) reply->status = 200;
    buf_add_span(&reply->body, lies && liar->instead.len ? liar->instead : body);
    if (lies && liar->status) {
        reply->status = liar->status;
        buf_clear(&reply->body);
    } else if (lies && !liar->instead.len && reply->body.len)
        reply->body.ptr[liar->flip % reply->body.len] ^= 4;
}

static void open_liar(struct liar *liar, const char *path, struct sl_span instead, size_t flip)
{
    *liar = (struct liar){.path = path, .instead = instead, .flip = flip};
    liar->to = net_client_create(server.url);
    assert_true(fake_http_open(&liar->http, 0, lie, liar));
}

static void close_liar(struct liar *liar)
{
    fake_http_close(&liar->http);
    net_client_destroy(liar->to);
}

/* ---- logs that are well ---- */

static void a_log_that_grows(void **state)
{
    size_t len;
    (void)state;
    forget_state();
    sync_some(3);
    watch(server.url, "");
    expect_well();
    char *first = kept_text(&len);
    expect_well();
    expect_kept(first, len);
    sync_some(300);
    EXPECT_JSON(0, "\"well\":true");
    assert_non_null(strstr(run.text, "\"findings\":[]}\n"));
    assert_non_null(strstr(run.text, net_text("\"log\":\"%s\"", log_key.name)));
    char *second = kept_text(&len);
    assert_string_not_equal(first, second);
    expect_well();
    expect_kept(second, len);
    free(first);
    free(second);
}

/* ---- forks ---- */

/* The data directory is set back to what it was, and goes another way: by more events than there
   were, by fewer, by as many. */
static void a_forked_log(void **state)
{
    char *before = strdup(tools_path("before"));
    size_t len;
    unsigned count;
    (void)state;
    net_server_stop(&server);
    tools_copy(server.dir, before);
    for (int way = -1; way < 2; way++) {
        forget_state();
        tools_copy(before, server.dir);
        start_again(); /* at another port */
        watch(server.url, "");
        sync_some(5);
        expect_well();
        char *kept = kept_text(&len);
        net_server_stop(&server);
        tools_copy(before, server.dir);
        start_again();
        watch(server.url, "");
        sync_some((unsigned)(5 + way));
        EXPECT(1, way < 0 ? ": older: " : ": fork: ");
        if (way < 0) assert_non_null(strstr(run.text, "it no longer shows the log of"));
        expect_kept(kept, len);
        EXPECT_JSON(1, way < 0 ? "\"kind\":\"log\"" : "\"kind\":\"fork\"");
        expect_kept(kept, len);
        state_file(".conflict", &count);
        assert_int_equal(count, 1); /* each look finds the same one */
        if (way >= 0) expect_proof();
        net_server_stop(&server);
        free(kept);
    }
    tools_copy(before, server.dir);
    start_again();
    forget_state();
    free(before);
}

/* A server that forked answers for its checkpoint and not for its tiles: nobody has seen that the
   one grew out of the other, so the one that was kept stays, and the fork is found later on. */
static void a_forked_log_without_its_tiles(void **state)
{
    char *before = strdup(tools_path("before"));
    struct liar liar;
    size_t len;
    (void)state;
    net_server_stop(&server);
    tools_copy(server.dir, before);
    forget_state();
    start_again();
    sync_some(3);
    watch(server.url, "");
    expect_well();
    char *kept = kept_text(&len);
    net_server_stop(&server);
    tools_copy(before, server.dir);
    start_again();
    sync_some(6);
    open_liar(&liar, "/log/tile", (struct sl_span){0}, 0);
    liar.status = 500;
    watch(liar.http.url, "");
    EXPECT(2, ": unreachable: ");
    expect_kept(kept, len);
    close_liar(&liar);
    watch(server.url, "");
    EXPECT(1, ": fork: ");
    net_server_stop(&server);
    tools_copy(before, server.dir);
    start_again();
    forget_state();
    free(kept);
    free(before);
}

/* ---- time ---- */

/* A note of `bare` bytes, and behind it a cosignature of that time. */
static void cosign_at(struct buf *note, size_t bare, const struct note_key *key,
    const uint8_t seed[32], uint64_t time_s)
{
    struct note parts;
    struct buf line = {0};
    note->len = bare;
    assert_true(note_parse(buf_span(note), &parts));
    note_cosign(parts.text, key, seed, time_s, &line);
    buf_add_span(note, buf_span(&line));
    buf_fini(&line);
}

/* An old checkpoint, with an old cosignature of a witness's, again and again. */
static void a_frozen_log(void **state)
{
    struct note_key key;
    uint8_t seed[32] = {5}, public_key[32];
    char witness_vkey[NOTE_VKEY_BYTES];
    struct liar liar;
    uint64_t now_s = (uint64_t)time(NULL);
    (void)state;
    forget_state();
    sync_some(2);
    crypto_sign_key(seed, public_key);
    note_key_make(&key, NOTE_COSIGNATURE, SL_SPAN("w.example"), public_key);
    note_key_text(&key, witness_vkey);
    tools_write("policy", sl_span_of(net_text("witness w %s\nquorum w\n", witness_vkey)));

    struct buf frozen = {0};
    assert_int_equal(net_get(client, "/log/checkpoint"), 200);
    buf_add_span(&frozen, net_body_span(client));
    open_liar(&liar, "/log/checkpoint", buf_span(&frozen), 0);
    watch(liar.http.url, "policy policy\n");
    EXPECT(1, ": quorum: ");
    size_t bare = frozen.len;
    static const struct {
        int ago_s;
        const char *more, *says; /* NULL: it is well */
    } ages[] = {{60, "", NULL}, {2 * 86400, "", ": stale: "}, {2 * 86400, "max-age 3d\n", NULL},
        {60, "max-age 30s\n", ": stale: "}, {2 * 86400, "max-age none\n", NULL},
        {-86400, "", ": quorum: "}};
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        cosign_at(&frozen, bare, &key, seed, (uint64_t)((int64_t)now_s - ages[i].ago_s));
        liar.instead = buf_span(&frozen);
        watch(liar.http.url, net_text("policy policy\n%s", ages[i].more));
        if (ages[i].says)
            EXPECT(1, ages[i].says);
        else
            expect_well();
    }
    /* a witness that says of itself when it saw the log last */
    static const struct {
        int ago_s;
        const char *says;
    } times[] = {{60, NULL}, {2 * 86400, ": stale: w.example: "},
        {-86400, ": witness: w.example: its cosignature is dated in the future"}};
    struct liar witness;
    open_liar(&witness, "/", buf_span(&frozen), 0);
    tools_write("w.key", sl_span_of(witness_vkey));
    watch(server.url, net_text("witness %s w.key\n", witness.http.url));
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        cosign_at(&frozen, bare, &key, seed, (uint64_t)((int64_t)now_s - times[i].ago_s));
        witness.instead = buf_span(&frozen);
        if (times[i].says)
            EXPECT(1, times[i].says);
        else
            expect_well();
    }
    close_liar(&witness);
    liar.instead = buf_span(&frozen);
    /* nor does it grow */
    net_pause_ms(2100);
    watch(liar.http.url, "max-still 1s\n");
    EXPECT(1, ": still: ");
    watch(liar.http.url, "max-still 1d\n");
    expect_well();
    sync_some(1);
    watch(server.url, "max-still 1d\n");
    expect_well(); /* what is kept is newer now than what the liar shows */
    watch(liar.http.url, "");
    EXPECT(1, ": older: ");
    close_liar(&liar);
    buf_fini(&frozen);
}

/* ---- lies ---- */

static void lying_servers(void **state)
{
    static const struct {
        const char *path;
        size_t flip;
        const char *says;
    } lies[] = {{"/log/checkpoint", 22, ": unsigned: "}, {"/log/tile/0/000", 40, ": log: "},
        {"/log/tile/entries/000", 300, ": log: "}};
    struct liar liar;
    unsigned count;
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        forget_state();
        open_liar(&liar, lies[i].path, (struct sl_span){0}, lies[i].flip);
        watch(liar.http.url, "");
        EXPECT(1, lies[i].says);
        state_file(".kept", &count);
        assert_int_equal(count, 0);
        close_liar(&liar);
    }
}

/* ---- witnesses ---- */

/* A real witness has seen one history, the monitor is shown another. */
static void a_witness_that_saw_another_log(void **state)
{
    struct net_server witness;
    char *before = strdup(tools_path("before"));
    (void)state;
    forget_state();
    tools_write("logs", sl_span_of(vkey));
    char *logs = strdup(tools_path("logs"));
    const char *flags[] = {"--logs", logs, "--name", "w.example", NULL};
    net_witness_open(&witness, flags);
    tools_expect(&run, 0, NULL, "witness", "--state", witness.dir, "--show-key");
    tools_write("w.key", (struct sl_span){run.text, run.len});
    char *lines = strdup(net_text("witness %s w.key\n", witness.url));
    watch(server.url, lines);
    EXPECT(1, ": witness: w.example: it shows no checkpoint of this log");

    net_server_stop(&server);
    tools_copy(server.dir, before);
    char *word = strdup(net_text("--witness=%s", witness.url));
    char *key = strdup(net_text("--witness-key=%s", tools_path("w.key")));
    server.flags[1] = word;
    server.flags[2] = key;
    server.flags[3] = "--witness-interval=1";
    start_again();
    sync_some(4);
    for (uint64_t since = 0;; net_wait(&since)) { /* until the witness has all of it */
        net_get(client, "/log/checkpoint");
        if (strstr(net_answer(client)->body, "w.example")) break;
    }
    forget_state();
    watch(server.url, lines);
    expect_well();
    EXPECT_JSON(0, "\"well\":true");
    net_server_stop(&server);

    /* another history, without its witness: kept is nothing, so the witness alone gives it away */
    tools_copy(before, server.dir);
    server.flags[1] = NULL;
    start_again();
    sync_some(9);
    forget_state();
    watch(server.url, lines);
    EXPECT(1, ": fork: w.example");
    expect_proof();
    /* the witness is down: told, and no more than that */
    watch(server.url, "witness http://127.0.0.1:9 w.key\n");
    forget_state();
    EXPECT(2, ": unreachable: w.example");
    EXPECT_JSON(2, "\"kind\":\"unreachable\"");
    /* one that shows what it didn't cosign */
    struct liar liar;
    struct sl_span instead = net_body_copy(client);
    open_liar(&liar, "/", instead, 0);
    watch(server.url, net_text("witness %s w.key\n", liar.http.url));
    EXPECT(1, "it shows a checkpoint that it hasn't cosigned");
    close_liar(&liar);
    net_body_drop(instead);
    net_server_close(&witness);
    free(before);
    free(lines);
    free(logs);
    free(word);
    free(key);
}

/* ---- what can't be looked at ---- */

static void unreachable_and_torn(void **state)
{
    uint64_t random = net_seed();
    size_t len;
    unsigned count;
    (void)state;
    forget_state();
    watch("http://127.0.0.1:9", "");
    EXPECT(2, ": unreachable: ");
    watch(server.url, "");
    expect_well();
    char *kept = kept_text(&len);
    char *name = strdup(state_file(".kept", &count));
    watch("http://127.0.0.1:9", "");
    EXPECT(2, ": unreachable: ");
    expect_kept(kept, len);
    watch(server.url, "");
    sync_some(1);
    for (unsigned i = 0; i < (NET_SANITIZED ? 4 : 15) * net_rounds(); i++) {
        size_t at = (size_t)(net_random(&random) % len);
        tools_write(name, (struct sl_span){kept, at});
        EXPECT(2, ": state: ");
        expect_kept(kept, at);
    }
    tools_write(name, (struct sl_span){kept, len});
    expect_well();
    free(kept);
    free(name);
}

static void wrong_use(void **state)
{
    static const char *const wrong[] = {"", "# nothing\n", "log\n", "log http://x\n",
        "log http://x nonsense\n", "policy p\n", "witness http://x w.key\n",
        "log http://x log.key x\n", "log http://x log.key\nlog http://y log.key\n",
        "log http://x log.key\nmax-age 5\n", "log http://x log.key\nmax-still never\n",
        "log http://x log.key\nwitness http://y log.key\n", "log http://x log.key\npolicy none\n",
        "log http://x log.key\nand so on\n", "log http://x log.key a b c d e\n"};
    (void)state;
    tools_write("w.key", SL_SPAN("nonsense\n"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        tools_write("watched", sl_span_of(wrong[i]));
        EXPECT(2, NULL);
    }
    tools_write("watched", SL_SPAN("log http://x log.key\nmax-age 5\n"));
    EXPECT(2, "line 2: expected a time");
    tools_expect(&run, 2, "--state DIR", "monitor", "--logs", tools_path("watched"));
    tools_expect(
        &run, 2, NULL, "monitor", "--logs", tools_path("none"), "--state", tools_path("state"));
    watch(server.url, "");
    tools_expect(&run, 2, "--every", LOOK, "--every", "5");
    watch("nonsense", "");
    EXPECT(2, "no URL");
}

/* ---- again and again ---- */

static void stays_until_it_is_stopped(void **state)
{
    int status;
    size_t len;
    const char *words[] = {getenv("SL_BIN"), LOOK, "--every", "1s", "--json", NULL};
    (void)state;
    forget_state();
    watch(server.url, "");
    int out[2];
    assert_int_equal(pipe(out), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    close(out[1]);
    FILE *lines = fdopen(out[0], "r");
    char line[2048];
    for (int looks = 0; looks < 3; looks++) {
        assert_non_null(fgets(line, sizeof(line), lines));
        assert_non_null(strstr(line, "\"well\":true"));
        if (looks) continue;
        /* one at a time has the state */
        EXPECT(2, "in use by another process");
    }
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fclose(lines);
    free(kept_text(&len));
    expect_well();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_grows),
        cmocka_unit_test(a_forked_log),
        cmocka_unit_test(a_forked_log_without_its_tiles),
        cmocka_unit_test(a_frozen_log),
        cmocka_unit_test(lying_servers),
        cmocka_unit_test(unreachable_and_torn),
        cmocka_unit_test(wrong_use),
        cmocka_unit_test(stays_until_it_is_stopped),
        cmocka_unit_test(a_witness_that_saw_another_log),
    };
    return cmocka_run_group_tests(tests, open_all, close_server);
}
