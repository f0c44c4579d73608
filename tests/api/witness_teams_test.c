/* Two teams, whose servers have their logs cosigned by each other's witness. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/net_log.h"
#include "tests/support/paper_witness.h"
#include "tests/support/tools_run.h"

#include <stdio.h>
#include <stdlib.h>

static struct tools_run run;

struct team {
    struct net_server server, witness;
    struct net_client *client;
    struct note_key log, key; /* the log's; the witness's */
    char vkey[NOTE_VKEY_BYTES], logs[64], words[3][NOTE_VKEY_BYTES + 64];
    const char *name;
};

static void open_team(struct team *team, const char *name)
{
    const char *flags[] = {"--logs", NULL, "--name", name, NULL};
    team->name = name;
    snprintf(team->logs, sizeof(team->logs), "logs-of-%s", name);
    tools_write(team->logs, SL_SPAN("# nobody yet\n"));
    char *path = strdup(tools_path(team->logs)); /* as long as the witness is restarted */
    flags[1] = path;
    net_server_open(&team->server, NULL);
    net_witness_open(&team->witness, flags);
    net_log_key(&team->server, &team->log);
    note_key_text(&team->log, team->vkey);
    show_key(&team->witness, &team->key);
}

/* `team` has its log cosigned by `other`. */
static void be_watched(struct team *team, struct team *other)
{
    char vkey[NOTE_VKEY_BYTES];
    note_key_text(&other->key, vkey);
    tools_write(other->logs, sl_span_of(net_text("%s\n", team->vkey)));
    net_server_stop(&team->server);
    snprintf(team->words[0], sizeof(team->words[0]), "--witness=%s", other->witness.url);
    snprintf(team->words[1], sizeof(team->words[1]), "--witness-key=%s", vkey);
    for (int i = 0; i < 2; i++)
        team->server.flags[i] = team->words[i];
    team->server.flags[2] = "--witness-interval=1";
    net_server_start(&team->server);
    net_client_destroy(team->client);
    team->client = net_client_create(team->server.url);
    tools_write(
        net_text("policy-%s", team->name), sl_span_of(net_text("witness w %s\nquorum w\n", vkey)));
}

static void share_with(struct team *team, unsigned syncs)
{
    struct net_share share;
    assert_true(net_create(team->client, net_session_id(), &share));
    for (unsigned i = 0; i < syncs; i++)
        assert_int_equal(net_sync(team->client, &share, NET_MESSAGE("m")), 200);
}

/* Until the shown checkpoint has that many events, cosigned. */
static void wait_cosigned(struct team *team, const struct note_key *by, uint64_t size)
{
    struct note note;
    struct checkpoint_text text;
    for (uint64_t since = 0;; net_wait(&since)) {
        net_get(team->client, "/log/checkpoint");
        net_expect_status(team->client, 200);
        assert_true(note_parse(net_body_span(team->client), &note));
        assert_true(checkpoint_parse(note.text, &text));
        if (text.size >= size && note_signed_by(&note, by, NULL)) return;
    }
}

/* What a team's witness has cosigned of a log. */
static void expect_witnessed(struct team *team, const struct note_key *log, unsigned size)
{
    struct net_client *witnessed = net_client_create(team->witness.url);
    net_get(witnessed, net_text("/%s/checkpoint", log_hex(log->name)));
    net_expect_has(witnessed, net_text("\n%u\n", size));
    net_client_destroy(witnessed);
}

static void close_team(struct team *team)
{
    net_client_destroy(team->client);
    const char *logs = team->witness.flags[1];
    net_server_close(&team->server);
    net_server_close(&team->witness);
    free((char *)(uintptr_t)logs);
}

static void two_teams(void **state)
{
    struct team red = {0}, blue = {0};
    (void)state;
    open_team(&red, "red");
    open_team(&blue, "blue");
    be_watched(&red, &blue);
    be_watched(&blue, &red);
    for (uint64_t round = 1; round < 4; round++) {
        share_with(&red, 3);
        share_with(&blue, 2);
        wait_cosigned(&red, &blue.key, round * 4);
        wait_cosigned(&blue, &red.key, round * 3);
        if (round == 2) net_server_stop(&red.witness), net_server_start(&red.witness);
        if (round == 2) be_watched(&blue, &red); /* it has another port now */
    }
    tools_expect(&run, 0, "Verified", "verify", "--url", red.server.url, "--key", red.vkey,
        "--policy", tools_path("policy-red"));
    tools_expect(&run, 0, "Verified", "verify", "--url", blue.server.url, "--key", blue.vkey,
        "--policy", tools_path("policy-blue"));

    /* red goes back to what it was, and another way: blue never cosigns that */
    net_server_stop(&red.server);
    const char *before = tools_path("red-before");
    tools_copy(red.server.dir, before);
    net_server_start(&red.server);
    net_client_destroy(red.client);
    red.client = net_client_create(red.server.url);
    share_with(&red, 4);
    wait_cosigned(&red, &blue.key, 17);
    net_server_stop(&red.server);
    tools_copy(before, red.server.dir);
    net_server_start(&red.server);
    net_client_destroy(red.client);
    red.client = net_client_create(red.server.url);
    struct net_share share; /* it takes them until its witness has told it of the other history */
    for (int i = 0; i < 9 && net_create(red.client, net_session_id(), &share); i++)
        continue;
    net_pause_ms(3000);
    expect_witnessed(&blue, &red.log, 17);
    net_get(red.client, "/log/checkpoint");
    if (net_answer(red.client)->status == 200) {
        struct note note;
        struct checkpoint_text text;
        assert_true(note_parse(net_body_span(red.client), &note));
        assert_true(checkpoint_parse(note.text, &text));
        assert_true(text.size <= 12 || !note_signed_by(&note, &blue.key, NULL));
    }
    close_team(&red);
    close_team(&blue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_teams),
    };
    net_watchdog();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
