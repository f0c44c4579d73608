/* `sharelog witness`: what it keeps, through crashes, damage and a clock that runs back: its key,
   and what it has cosigned. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "tests/support/paper_witness.h"
#include "tests/support/tools_run.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static struct tools_run run;

/* ---- what it keeps ---- */

/* Killed at any moment, it still has what it answered. */
static void survives_kills(void **state)
{
    uint64_t size = 0, random = net_seed();
    (void)state;
    for (unsigned round = 0; round < (NET_SANITIZED ? 4 : 12) * net_rounds(); round++) {
        struct net_server_killer killer;
        uint64_t cosigned = size;
        net_server_kill_later(&witness, &killer, (unsigned)(net_random(&random) % 30000));
        for (int status = 200; status == 200;) {
            status = ask_growth(own, cosigned, cosigned + 1);
            if (status == 200) cosigned++;
        }
        net_server_killed(&witness, &killer);
        restart_witness();
        ask_growth(own, cosigned + 7, cosigned + 7); /* what has it? */
        assert_int_equal(net_answer(asks)->status, 409);
        size = strtoull(net_answer(asks)->body, NULL, 10);
        /* one may have been kept and not answered */
        assert_true(size == cosigned || size == cosigned + 1);
    }
}

/* A state that is torn or altered gets no cosignature, is told, and stays as it is. */
static void damaged_state(void **state)
{
    uint64_t random = net_seed();
    size_t len, now_len;
    (void)state;
    ask_growth(own, 0, 6);
    expect_cosigned(own, 6);
    char *whole = read_file(log_file("checkpoint"), &len);
    for (unsigned i = 0; i < (NET_SANITIZED ? 4 : 20) * net_rounds(); i++) {
        /* the cosignature proves its text; the log's line beside it is not needed */
        size_t text = (size_t)(strstr(whole, "\n\n") - whole);
        size_t at = (size_t)(net_random(&random) % (i % 2 ? text : len));
        char was = whole[at];
        if (i % 2) whole[at] ^= (char)(1 << net_random(&random) % 7);
        size_t bytes = i % 2 ? len : at;
        write_file(log_file("checkpoint"), whole, bytes);
        ask_growth(own, 6, 8);
        if (net_answer(asks)->status != 500)
            fail_msg("byte %zu: answered with %d", at, net_answer(asks)->status);
        assert_int_equal(net_get(asks, log_path()), 500);
        char *now = read_file(log_file("checkpoint"), &now_len);
        assert_int_equal(now_len, bytes);
        assert_memory_equal(now, whole, bytes);
        free(now);
        whole[at] = was;
    }
    /* nor does it start */
    net_server_stop(&witness);
    write_file(log_file("checkpoint"), whole, len / 2);
    tools_expect(&run, 2, "it is not what was cosigned", "witness", "--state", witness.dir,
        "--logs", logs_path, "--listen", "127.0.0.1:0");
    write_file(log_file("checkpoint"), whole, len);
    restart_witness();
    ask_growth(own, 6, 8);
    expect_cosigned(own, 8);
    free(whole);
}

/* The seed in the witness's key file. */
static void read_seed(uint8_t seed[32])
{
    uint8_t bytes[33];
    size_t len;
    char *text = read_file(net_text("%s/key", witness.dir), &len);
    text[strcspn(text, "\n")] = 0;
    assert_memory_equal(text, "PRIVATE+KEY+w.example+", 22);
    assert_true(crypto_base64_parse(sl_span_of(text + 22 + 9), bytes, sizeof(bytes), &len));
    assert_int_equal(len, 33);
    memcpy(seed, bytes + 1, 32);
    free(text);
}

/* It has cosigned at a time that the clock hasn't reached: no cosignature says an earlier one. */
static void a_clock_that_ran_back(void **state)
{
    uint8_t seed[32];
    struct buf note = {0};
    (void)state;
    read_seed(seed);
    for (int ahead = 0; ahead < 2; ahead++) {
        note.len = 0;
        paper_checkpoint(&paper, own, 4, &note);
        struct sl_span text = {note.ptr, (size_t)(strstr(note.ptr, "\n\n") + 1 - note.ptr)};
        struct buf line = {0};
        note_cosign(text, &key, seed, (uint64_t)time(NULL) + (ahead ? 0 : 86400), &line);
        buf_add_span(&note, buf_span(&line));
        buf_fini(&line);
        write_file(log_file("checkpoint"), note.ptr, note.len);
        ask_growth(own, 4, 5);
        if (ahead)
            expect_cosigned(own, 5);
        else
            net_expect_status(asks, 500);
    }
    buf_fini(&note);
}

/* ---- its key ---- */

static void keeps_its_key(void **state)
{
    struct stat status;
    struct note_key again;
    size_t len, now_len;
    const char *path = net_text("%s/key", witness.dir);
    (void)state;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    char *kept = read_file(path, &len);
    tools_expect(&run, 2, "in use", "witness", "--state", witness.dir, "--logs", logs_path,
        "--listen", "127.0.0.1:0");
    net_server_stop(&witness);
    restart_witness();
    show_key(&witness, &again);
    assert_memory_equal(&again, &key, sizeof(key));
    net_server_stop(&witness);
    tools_expect(&run, 2, "is the key of w.example", "witness", "--state", witness.dir, "--logs",
        logs_path, "--name", "other", "--listen", "127.0.0.1:0");
    for (size_t cut = 0; cut < len; cut += 7) { /* torn: told, and never made anew */
        write_file(path, kept, cut);
        tools_expect(&run, 2, "it is no witness's key", "witness", "--state", witness.dir, "--logs",
            logs_path, "--name", "w.example", "--listen", "127.0.0.1:0");
        tools_expect(
            &run, 2, "it is no witness's key", "witness", "--state", witness.dir, "--show-key");
        free(read_file(path, &now_len));
        assert_int_equal(now_len, cut);
    }
    write_file(path, kept, len);
    free(kept);
    restart_witness();
}

static void wrong_use(void **state)
{
    const char *dir = tools_path("state");
    (void)state;
    tools_expect(&run, 2, "--state", "witness");
    tools_expect(&run, 2, "--logs", "witness", "--state", dir);
    tools_expect(&run, 2, "--name", "witness", "--state", dir, "--logs", logs_path);
    tools_expect(&run, 2, "--name", "witness", "--state", dir, "--show-key");
    tools_expect(
        &run, 2, "can't be called", "witness", "--state", dir, "--show-key", "--name", "a name");
    tools_expect(&run, 2, "HOST:PORT", "witness", "--state", dir, "--logs", logs_path, "--name",
        "w", "--listen", "nowhere");
    tools_expect(&run, 2, "no such file", "witness", "--state", dir, "--logs", tools_path("none"),
        "--name", "w", "--listen", "127.0.0.1:0");
    write_logs(net_text("%s\nnonsense\n", paper.vkey));
    tools_expect(&run, 2, "line 2: not a verifier key", "witness", "--state", dir, "--logs",
        logs_path, "--name", "w", "--listen", "127.0.0.1:0");
    char text[NOTE_VKEY_BYTES];
    note_key_text(&key, text);
    write_logs(text);
    tools_expect(&run, 2, "the key of a witness", "witness", "--state", dir, "--logs", logs_path,
        "--name", "w", "--listen", "127.0.0.1:0");
    tools_expect(&run, 0, "w+", "witness", "--state", dir, "--show-key"); /* made at first */
    tools_expect(&run, 0, "w+", "witness", "--state", dir, "--show-key", "--name", "w");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, open_witness, close_witness)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(survives_kills),
        WITH(damaged_state),
        WITH(a_clock_that_ran_back),
        WITH(keeps_its_key),
        WITH(wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
