/* `make demo` as a visitor has it: its links show what the guide says of them, and Ctrl-C leaves
   nothing behind. Of time only the order and the recorded distance of events is looked at, never
   how soon something happens. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/net_client.h"
#include "tests/support/net_server.h"
#include "tests/support/tools_run.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRIPT "bench/demo/run"
#define TOKEN "tok_demo_51f0c2a7e94b"
#define SESSIONS 7 /* that are listed; the eighth was removed */

/* The script, in a process group of its own. */
struct demo {
    pid_t pid;
    char folder[4096]; /* its TMPDIR */
    char text[16384];  /* what it printed so far, on both outputs */
    size_t len;
    int out;
};

static void become(const char *folder, const char *listen, int out)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGINT, SIG_DFL); /* a shell can't trap what was ignored when it began */
    setenv("TMPDIR", folder, 1);
    setenv("LISTEN", listen, 1);
    dup2(out, 1);
    dup2(out, 2);
    execl(SCRIPT, SCRIPT, getenv("SL_BIN"), (char *)NULL);
    _exit(127);
}

static void demo_start(struct demo *demo, const char *name, const char *listen)
{
    int out[2];
    *demo = (struct demo){0};
    snprintf(demo->folder, sizeof(demo->folder), "%s", tools_path(name));
    assert_int_equal(mkdir(demo->folder, 0700), 0);
    assert_int_equal(pipe(out), 0);
    fflush(NULL);
    demo->pid = fork();
    assert_true(demo->pid >= 0);
    if (demo->pid == 0) become(demo->folder, listen, out[1]);
    setpgid(demo->pid, demo->pid); /* so that it is one, whoever comes first */
    close(out[1]);
    demo->out = out[0];
}

/* What it prints, up to a text or to its end. */
static bool demo_says(struct demo *demo, const char *text)
{
    while (!text || !strstr(demo->text, text)) {
        assert_true(demo->len + 1 < sizeof(demo->text));
        ssize_t n = read(demo->out, demo->text + demo->len, sizeof(demo->text) - 1 - demo->len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return !text;
        demo->text[demo->len += (size_t)n] = 0;
    }
    return true;
}

static int demo_wait(struct demo *demo)
{
    int status = 0;
    assert_int_equal(waitpid(demo->pid, &status, 0), demo->pid);
    close(demo->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* No file, and no process of its group. */
static void assert_nothing_left(const struct demo *demo)
{
    DIR *folder = opendir(demo->folder);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.') fail_msg("%s is left behind", entry->d_name);
    closedir(folder);
    assert_int_equal(kill(-demo->pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

/* ---- what the guide says ---- */

/* The n-th link behind some words of the guide, from its path on. */
static const char *link_behind(const struct demo *demo, const char *words, unsigned n)
{
    static char paths[8][256];
    static unsigned turn;
    const char *at = strstr(demo->text, words);
    assert_non_null(at);
    for (unsigned i = 0; i <= n; i++) {
        at = strstr(at, "http://");
        assert_non_null(at);
        at += strlen("http://");
    }
    at = strchr(at, '/');
    assert_non_null(at);
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof(paths[0]), "%.*s", (int)strcspn(at, "\n"), at);
    return path;
}

static struct net_client *visit(const struct demo *demo)
{
    char url[64];
    const char *at = strstr(demo->text, "http://");
    assert_non_null(at);
    snprintf(url, sizeof(url), "http://%.*s", (int)strcspn(at + 7, "/"), at + 7);
    return net_client_create(url);
}

static void titles_differ(const struct demo *demo, struct net_client *client)
{
    char header[256], titles[SESSIONS][128];
    const char *key = strchr(link_behind(demo, "All sessions", 0), '=');
    struct sl_span sessions, session, title, raw;
    size_t count = 0;
    assert_non_null(key);
    snprintf(header, sizeof(header), "authorization: Bearer %s", key + 1);
    assert_int_equal(net_get_as(client, "/api/sessions", header), 200);
    sessions = net_member(client, "sessions");
    while (json_next(&sessions, &session)) {
        assert_true(count < SESSIONS);
        assert_true(json_get(session, "title", &title) && json_string_raw(title, &raw));
        assert_true(raw.len > 0);
        snprintf(titles[count], sizeof(titles[0]), "%.*s", (int)raw.len, raw.ptr);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(titles[i], titles[count]);
        count++;
    }
    assert_int_equal(count, SESSIONS);
    assert_int_equal(net_get(client, link_behind(demo, "All sessions", 0)), 200);
}

/* Eleven events that were recorded over 14.7 s. How far the first is late takes from that. */
static void replay_takes_seconds(const struct demo *demo, struct net_client *client)
{
    char path[300];
    uint64_t first = 0, last = 0, count = 0;
    snprintf(path, sizeof(path), "%s/timeline", link_behind(demo, "Replay:", 0));
    for (; count < 11; net_pause_ms(100)) {
        struct sl_span events, event, field;
        assert_int_equal(net_get(client, path), 200);
        events = net_member(client, "events");
        for (count = 0; json_next(&events, &event); count++) {
            uint64_t sequence = 0, time = 0;
            assert_true(json_next(&event, &field) && json_u64(field, &sequence));
            assert_true(json_next(&event, &field) && json_u64(field, &time));
            assert_int_equal(sequence, count + 1);
            assert_true(count == 0 || time > last);
            if (count == 0) first = time;
            last = time;
        }
    }
    assert_int_equal(count, 11);
    assert_true(last - first >= 5000);
}

static uint64_t syncs_of(struct net_client *client, const char *page)
{
    char path[300];
    snprintf(path, sizeof(path), "/api%s/metadata", page);
    assert_int_equal(net_get(client, path), 200);
    return net_field_u64(client, "syncCount");
}

static void one_grows(const struct demo *demo, struct net_client *client)
{
    const char *page = link_behind(demo, "Grows while you look", 0);
    assert_int_equal(net_get(client, page), 200);
    uint64_t before = syncs_of(client, page);
    while (syncs_of(client, page) < before + 2)
        net_pause_ms(100);
}

static void one_is_redacted(const struct demo *demo, struct net_client *client)
{
    assert_int_equal(net_get(client, link_behind(demo, "Redacted:", 0)), 200);
    net_expect_has(client, "[redacted]");
    assert_null(strstr(net_answer(client)->body, TOKEN));
    assert_int_equal(net_get(client, link_behind(demo, "Redacted:", 1)), 200);
    net_expect_has(client, "1 redact");
}

static void guide(void **state)
{
    struct demo demo;
    (void)state;
    demo_start(&demo, "guide", "127.0.0.1:0");
    if (!demo_says(&demo, "\nReady.")) fail_msg("it isn't ready: %s", demo.text);
    struct net_client *client = visit(&demo);
    titles_differ(&demo, client);
    one_grows(&demo, client);
    one_is_redacted(&demo, client);
    assert_int_equal(net_get(client, link_behind(&demo, "Taken down", 0)), 410);
    assert_int_equal(net_get(client, link_behind(&demo, "Its history", 0)), 200);
    assert_int_equal(net_get(client, link_behind(&demo, "The longest", 0)), 200);
    replay_takes_seconds(&demo, client);
    assert_int_equal(kill(demo.pid, SIGINT), 0);
    assert_int_equal(demo_wait(&demo), 0);
    assert_nothing_left(&demo);
    assert_int_equal(net_get(client, "/livez"), 0);
    net_client_destroy(client);
}

static void a_server_that_does_not_start(void **state)
{
    struct demo demo;
    (void)state;
    demo_start(&demo, "refused", "127.0.0.1:nowhere");
    assert_true(demo_says(&demo, NULL));
    assert_int_equal(demo_wait(&demo), 1);
    assert_non_null(strstr(demo.text, "demo: the server has ended"));
    assert_null(strstr(demo.text, "Ready"));
    assert_nothing_left(&demo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guide),
        cmocka_unit_test(a_server_that_does_not_start),
    };
    net_watchdog();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
