/* kill -9 while snapshots are made: they aren't in the log, so those that no flush has reached are
   gone. What is left of one is never read, and all are made again. And removing or redacting while
   they are made: no row of what was removed is left on disk. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/state/snapshot.h"
#include "tests/support/core_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "hunter2-is-the-word"
#define BESIDE "this-one-is-to-stay"
#define SHARES 3
#define PART_BYTES 200000
/* of one share: about 9 MB of snapshots, more than one flush of all shares together */
#define PARTS 40

static const char *const sessions[SHARES] = {
    "ses_0123456789abcdefghij", "ses_0123456789abcdefghik", "ses_0123456789abcdefghil"};

static void open_plain(bool compactor)
{
    struct sl_options options = core_options(dir);
    options.uncompressed = true;
    options.no_compactor = !compactor;
    open_store(&options);
}

static void sync_part(const struct sl_credentials *to, unsigned n)
{
    struct buf items = {0};
    char head[200];
    snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"p%02u\",\"messageID\":\"m\",\"text\":\"%s ", n,
        n % 2 ? SECRET : BESIDE);
    buf_add(&items, head, strlen(head));
    uint64_t random = n;
    while (items.len < PART_BYTES) {
        char text[17];
        snprintf(text, sizeof(text), "%016llx", (unsigned long long)core_random(&random));
        buf_add(&items, text, 16);
    }
    buf_add(&items, "\"}}]", 4);
    core_sync_at(store, to, buf_span(&items), core_now_us);
    buf_fini(&items);
}

/* A store whose snapshots are all still to be made. */
static void make_filled(struct sl_credentials shares[SHARES])
{
    make_folder(NULL);
    open_plain(false);
    for (int i = 0; i < SHARES; i++) {
        shares[i] = core_create(store, sessions[i]);
        for (unsigned n = 0; n < PARTS; n++)
            sync_part(&shares[i], n);
    }
    close_store();
}

/* The sequence of its last snapshot; 0: none. */
static uint64_t last_snapshot(const struct sl_credentials *share)
{
    struct snapshot_head head;
    enum sl_result result =
        snapshot_last(store->kv, sl_span_of(share->id), UINT64_MAX, &head, &err);
    if (result == SL_NOT_FOUND) return 0;
    core_expect(result, SL_OK, &err);
    return head.sequence;
}

static void data_of(const struct sl_credentials *shares, struct buf *out)
{
    buf_clear(out);
    for (int i = 0; i < SHARES; i++)
        core_data(store, shares[i].id, 0, out);
}

/* ---- killed ---- */

/* A program of its own: what is forked has none of RocksDB's threads. It says how far it has come
   with the first share, whose snapshots are too few bytes to be flushed. */
static _Noreturn void make_and_tell(const char *in)
{
    dir = in;
    struct sl_credentials share = {0};
    open_plain(true);
    memcpy(share.id, sessions[0] + 16, 9);
    while (last_snapshot(&share) == 0)
        usleep(200);
    puts("made");
    fflush(stdout);
    for (;;)
        pause();
}

static pid_t start(int *out)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        execl("/proc/self/exe", "make", dir, NULL);
        _exit(2);
    }
    close(pipes[1]);
    *out = pipes[0];
    return child;
}

static void expect_made_again(const struct sl_credentials *shares, const uint64_t *expected)
{
    for (int i = 0; i < SHARES; i++)
        assert_true(last_snapshot(&shares[i]) <= expected[i]);
    core_verify(store); /* with what is missing marked as due */
    settle();
    core_verify(store);
    for (int i = 0; i < SHARES; i++)
        assert_int_equal(last_snapshot(&shares[i]), expected[i]);
}

static void killed_while_making(void **state)
{
    (void)state;
    uint64_t seed = core_seed("killed while making"), expected[SHARES];
    struct sl_credentials shares[SHARES];
    struct buf before = {0}, after = {0};
    unsigned lost = 0;
    for (unsigned round = 0; round < 12 * core_rounds(); round++) {
        make_filled(shares);
        open_plain(false);
        data_of(shares, &before);
        close_store();
        int out;
        char byte;
        pid_t child = start(&out);
        assert_int_equal(read(out, &byte, 1), 1);
        /* the first at once: its snapshot was there, and nothing has flushed it */
        if (round > 0) usleep((useconds_t)(core_random(&seed) % 100000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(out);
        open_plain(false);
        lost += last_snapshot(&shares[0]) == 0;
        data_of(shares, &after);
        core_assert_same(buf_span(&after), buf_span(&before), "states after the kill");
        if (round == 0) {
            core_verify(store);
            settle();
            for (int i = 0; i < SHARES; i++)
                expected[i] = last_snapshot(&shares[i]);
        }
        expect_made_again(shares, expected);
        data_of(shares, &after);
        core_assert_same(buf_span(&after), buf_span(&before), "states from the new ones");
        close_store(); /* what is settled needs no mark */
        open_plain(false);
        for (int i = 0; i < SHARES; i++)
            assert_int_equal(last_snapshot(&shares[i]), expected[i]);
        drop_store(NULL);
    }
    printf("a snapshot that had been there was lost in %u rounds\n", lost);
    assert_true(lost > 0);
    buf_fini(&before);
    buf_fini(&after);
}

/* ---- removed and redacted ---- */

static void nowhere(void)
{
    char file[256];
    settle();
    if (core_temp_grep(dir, sl_span_of(SECRET), file) > 0) fail_msg("still in %s", file);
    core_verify(store);
}

static void removed_while_making(void **state)
{
    (void)state;
    uint64_t seed = core_seed("removed while making");
    struct sl_credentials shares[SHARES];
    for (unsigned round = 0; round < 12 * core_rounds(); round++) {
        make_filled(shares);
        open_plain(true);
        usleep((useconds_t)(core_random(&seed) % 60000));
        for (int i = 0; i < SHARES && round % 2 == 0; i++)
            core_expect(sl_share_remove(store, sl_span_of(shares[i].id), SL_WHO_OWNER, SL_SPAN(""),
                            SL_SPAN(""), &err),
                SL_OK, &err);
        struct sl_redaction everywhere = {
            .text = SL_SPAN(SECRET), .who = SL_WHO_OWNER, .reason = SL_SPAN("why")};
        struct sl_redacted told;
        if (round % 2 == 1)
            core_expect(sl_redact(store, &everywhere, NULL, &told, &err), SL_OK, &err);
        nowhere();
        close_store();
        open_plain(true);
        nowhere();
        drop_store(NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2) make_and_tell(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_while_making),
        cmocka_unit_test(removed_while_making),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
