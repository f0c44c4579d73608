/* `sharelog witness`: what it answers to a log that the test makes up, of one history and of two,
   to requests that are none, and to two at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/proof/conflict.h"
#include "tests/support/paper_witness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what it answers ---- */

static void cosigns(void **state)
{
    (void)state;
    assert_int_equal(net_get(asks, log_path()), 404);
    ask_growth(own, 0, 5);
    expect_cosigned(own, 5);
    ask_growth(own, 0, 5); /* not known to whoever asks: told, and asked again */
    expect_conflict(5);
    ask_growth(own, 5, 300);
    expect_cosigned(own, 300);
    ask_growth(own, 300, 300); /* again, for a newer time */
    expect_cosigned(own, 300);
    ask_growth(own, 5, 300); /* a witness doesn't go back */
    expect_conflict(300);
    /* what it shows is what it cosigned, with the log's signature */
    struct note parts;
    struct checkpoint_text text;
    assert_int_equal(net_get(asks, log_path()), 200);
    assert_string_equal(net_header(asks, "Content-Type"), "text/plain; charset=utf-8");
    assert_true(note_parse(net_body_span(asks), &parts));
    assert_true(checkpoint_parse(parts.text, &text));
    assert_true(text.size == 300);
    assert_true(note_signed_by(&parts, &key, NULL));
    assert_true(note_signed_by(&parts, &paper.key, NULL));
    net_ask_as(asks, "HEAD", log_path(), NULL);
    net_expect(asks, 200, "");
}

/* A size of 0 has the root of no leaves, and every log grows out of it. */
static void an_empty_log(void **state)
{
    (void)state;
    ask_growth(own, 0, 0);
    expect_cosigned(own, 0);
    ask_growth(own, 0, 1);
    expect_cosigned(own, 1);
}

static void ask_text(const char *format, const char *rest)
{
    struct buf body = {0};
    buf_add_span(&body, sl_span_of(format));
    buf_add_span(&body, sl_span_of(rest));
    ask_body(buf_span(&body));
    buf_fini(&body);
}

static void refuses_what_is_no_request(void **state)
{
    static const char hash[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    struct buf note = {0}, many = {0};
    (void)state;
    paper_checkpoint(&paper, own, 4, &note);
    static const char *const heads[] = {"", "old 0\n", "old\n\n", "old 00\n\n", "old -1\n\n",
        "old 18446744073709551616\n\n", "old 0 \n\n", "Old 0\n\n", "old 0\r\n\r\n",
        "old 0\nAAAA\n\n", "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n", "old 0\n\n\n",
        "old 5\n\n"};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        ask_text(heads[i], note.ptr);
        if (net_answer(asks)->status != 400) fail_msg("%s: %d", heads[i], net_answer(asks)->status);
    }
    ask_text("old 0\n\n", "");
    net_expect_status(asks, 400);
    ask_text("old 0\n\n", "paper.example/log\n4\nAAAA\n\nno signature\n");
    net_expect_status(asks, 400);
    /* more hashes than there may be */
    buf_add(&many, "old 1\n", 6);
    for (int i = 0; i < 64; i++)
        buf_add(&many, hash, sizeof(hash) - 1);
    buf_add(&many, "\n\0", 2);
    ask_text(many.ptr, note.ptr);
    net_expect_status(asks, 400);
    many.len = 0;
    while (many.len < 3 * NOTE_BYTES)
        buf_add(&many, hash, sizeof(hash) - 1);
    ask_body(buf_span(&many));
    net_expect_status(asks, 413);
    buf_fini(&many);
    buf_fini(&note);
    /* nothing was taken */
    ask_growth(own, 0, 4);
    expect_cosigned(own, 4);

    net_get(asks, "/add-checkpoint");
    net_expect_status(asks, 405);
    assert_string_equal(net_header(asks, "Allow"), "POST");
    net_post(asks, log_path(), "x");
    net_expect_status(asks, 405);
    static const char *const paths[] = {"/", "/checkpoint", "/../key", "/key", "/api/share",
        "/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/checkpoint",
        "/0000000000000000000000000000000000000000000000000000000000000000/checkpoint",
        "/0000000000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_int_equal(net_get(asks, paths[i]), 404);
}

/* Logs that aren't known, and others' keys. */
static void refuses_strangers(void **state)
{
    struct paper_log stranger = {0}, thief = {0}, real = paper;
    struct buf body = {0};
    (void)state;
    paper_log_make(&stranger, "other.example/log", 8);
    paper = stranger;
    ask_growth(own, 0, 4);
    net_expect_status(asks, 404);
    paper_log_make(&thief, real.key.name, 9); /* the name, with another key */
    paper = thief;
    ask_growth(own, 0, 4);
    net_expect_status(asks, 403);
    paper = real;
    /* the log's own line, over another text */
    paper_request(&paper, own, 0, 4, &body);
    char *size = strstr(body.ptr, "\n4\n");
    assert_non_null(size);
    size[1] = '5';
    ask_body(buf_span(&body));
    net_expect_status(asks, 403);
    /* a spoiled line of the log beside a good one */
    body.len = 0;
    paper_request(&paper, own, 0, 4, &body);
    size_t good = body.len;
    note_sign(SL_SPAN("something else\n"), &paper.key, paper.seed, &body);
    ask_body(buf_span(&body));
    net_expect_status(asks, 403);
    /* lines of others are nobody's concern, and are not kept */
    body.len = good;
    note_sign(SL_SPAN("something else\n"), &stranger.key, stranger.seed, &body);
    ask_body(buf_span(&body));
    expect_cosigned(own, 4);
    net_get(asks, log_path());
    assert_null(strstr(net_answer(asks)->body, "other.example"));
    buf_fini(&body);
}

/* Anybody can send a log's own line again and again; what is kept must be readable all the same. */
static void many_lines(void **state)
{
    struct buf body = {0};
    (void)state;
    paper_request(&paper, own, 0, 3, &body);
    char *line = strdup(strstr(body.ptr, "\xe2\x80\x94"));
    line[strcspn(line, "\n") + 1] = 0;
    for (int i = 1; i < NOTE_SIGNATURES; i++)
        buf_add_span(&body, sl_span_of(line));
    ask_body(buf_span(&body));
    expect_cosigned(own, 3);
    ask_growth(own, 3, 9);
    expect_cosigned(own, 9);
    free(line);
    buf_fini(&body);
}

/* A log with two keys, and one that is added while the witness runs. */
static void reads_its_logs_again(void **state)
{
    struct paper_log second = {0}, real = paper;
    (void)state;
    paper_log_make(&second, real.key.name, 11);
    paper = second;
    ask_growth(own, 0, 4);
    net_expect_status(asks, 403);
    write_logs(net_text("%s\n%s", real.vkey, second.vkey));
    ask_growth(own, 0, 4);
    expect_cosigned(own, 4);
    paper = real;
    ask_growth(own, 4, 6);
    expect_cosigned(own, 6);
    write_logs("nonsense\n"); /* what it held before counts on */
    ask_growth(own, 6, 8);
    expect_cosigned(own, 8);
    write_logs("# nobody\n");
    ask_growth(own, 8, 9);
    net_expect_status(asks, 404);
}

/* ---- forks ---- */

static void refuses_forks(void **state)
{
    struct paper_branch other = {.fork = 3, .branch = 1};
    struct conflict_verdict verdict;
    struct policy *policy;
    struct sl_err err = {0};
    size_t len;
    (void)state;
    ask_growth(own, 0, 6);
    expect_cosigned(own, 6);
    ask_growth(other, 6, 9); /* the proof is right, of another history */
    net_expect_status(asks, 422);
    assert_non_null(strstr(net_answer(asks)->body, "nothing shows that it grew")); /* no more */
    assert_int_not_equal(
        access(log_file("conflict"), F_OK), 0); /* anybody can send a wrong proof */
    ask_growth(other, 3, 9);
    expect_conflict(6);
    ask_growth(other, 6, 6);
    net_expect_status(asks, 422);
    /* two roots of one size: proven, to anybody who has the log's key */
    char *proof = read_file(log_file("conflict"), &len);
    assert_int_equal(policy_make(&paper.key, NULL, 0, 0, &policy, NULL), SL_OK);
    assert_int_equal(conflict_verify((struct sl_span){proof, len}, policy, &verdict, &err), SL_OK);
    assert_true(verdict.smaller == 6 && verdict.larger == 6);
    policy_destroy(policy);
    /* it goes on with the history that it cosigned */
    ask_growth(own, 6, 7);
    expect_cosigned(own, 7);
    struct paper_branch third = {.fork = 2, .branch = 2};
    ask_growth(third, 7, 7);
    net_expect_status(asks, 422);
    size_t again_len;
    char *again = read_file(log_file("conflict"), &again_len); /* the first proof stays */
    assert_int_equal(again_len, len);
    assert_memory_equal(again, proof, len);
    free(proof);
    free(again);
}

/* Threads show it two histories at once, from one size, again and again: for each size one of them
   at most is ever cosigned, and the proof of growth is held against what is on disk. */
#define RACERS 6

struct race {
    uint64_t from, to;
    atomic_uint cosigned[2];
    atomic_uint others;
};

struct racer {
    struct race *race;
    unsigned side;
    pthread_t thread;
};

static void *show_side(void *ctx)
{
    struct racer *racer = ctx;
    struct race *race = racer->race;
    struct paper_branch branch = {.fork = 1, .branch = racer->side};
    struct buf body = {0};
    struct net_client *own_client = net_client_create(witness.url);
    paper_request(&paper, branch, race->from, race->to, &body);
    struct net_request request = {
        .method = "POST", .path = "/add-checkpoint", .body = buf_span(&body)};
    int status = net_ask(own_client, &request);
    if (status == 200)
        atomic_fetch_add(&race->cosigned[racer->side], 1);
    else if (status != 409 && status != 422)
        atomic_fetch_add(&race->others, 1);
    net_client_destroy(own_client);
    buf_fini(&body);
    return NULL;
}

static void one_of_two(void **state)
{
    uint64_t size = 1;
    unsigned winner = 2;
    (void)state;
    ask_growth(own, 0, 1);
    expect_cosigned(own, 1);
    for (unsigned round = 0; round < (NET_SANITIZED ? 5 : 20) * net_rounds(); round++) {
        struct race race = {.from = size, .to = size + 1};
        struct racer racers[RACERS];
        for (unsigned i = 0; i < RACERS; i++) {
            racers[i] = (struct racer){.race = &race, .side = i % 2};
            assert_int_equal(pthread_create(&racers[i].thread, NULL, show_side, &racers[i]), 0);
        }
        for (unsigned i = 0; i < RACERS; i++)
            pthread_join(racers[i].thread, NULL);
        assert_int_equal(race.others, 0);
        assert_int_equal(race.cosigned[0] + race.cosigned[1], 1);
        unsigned side = race.cosigned[1] ? 1 : 0;
        if (winner == 2) winner = side;
        assert_int_equal(side, winner); /* after the first the other grew out of something else */
        size++;
    }
}

/* What one log has refused doesn't keep another's from being kept. */
static void each_logs_refusals(void **state)
{
    struct paper_branch other = {.fork = 3, .branch = 1};
    struct paper_log second = {0}, real = paper;
    (void)state;
    paper_log_make(&second, "other.example/log", 12);
    write_logs(net_text("%s\n%s", real.vkey, second.vkey));
    for (int i = 0; i < 2; i++) {
        paper = i ? second : real;
        ask_growth(own, 0, 6);
        expect_cosigned(own, 6);
        ask_growth(other, 6, 9);
        net_expect_status(asks, 422);
        assert_int_equal(access(log_file("refused"), F_OK), 0);
    }
    paper = real;
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, open_witness, close_witness)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(cosigns),
        WITH(an_empty_log),
        WITH(refuses_what_is_no_request),
        WITH(refuses_strangers),
        WITH(many_lines),
        WITH(reads_its_logs_again),
        WITH(refuses_forks),
        WITH(one_of_two),
        WITH(each_logs_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
