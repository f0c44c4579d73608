/* What was redacted leaves the disk, also when the process dies on the way; and redacting beside
 * readers and writers: nobody ever reads anything but a valid state. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/kv.h"
#include "tests/support/core_fixture.h"
#include "tests/support/disk_search.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "hunter2-is-the-word"
#define BESIDE "this-one-is-to-stay"

static struct sl_credentials share, other;

static void open_plain(void)
{
    struct sl_options options = core_options(dir);
    options.uncompressed = true;
    open_store(&options);
}

static void sync_text(const struct sl_credentials *to, int n, const char *text)
{
    struct buf items = {0};
    char head[200];
    snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"p%d\",\"messageID\":\"m\",\"text\":\"n %d ", n % 7,
        n);
    buf_add(&items, head, strlen(head));
    disk_search_hide(&items, text);
    buf_add_span(&items, SL_SPAN("\"}},{\"type\":\"filler\",\"data\":\""));
    for (int i = 0; i < 3000; i++)
        buf_add(&items, "filler", 6);
    buf_add(&items, "\"}]", 3);
    core_sync_at(store, to, buf_span(&items), core_now_us);
    buf_fini(&items);
}

static int make_filled(void **state)
{
    make_folder(state);
    open_plain();
    share = core_create(store, "ses_0123456789abcdefghij");
    other = core_create(store, "ses_0123456789abcdefghik");
    for (int n = 0; n < 12; n++) {
        sync_text(&share, n, n % 2 ? SECRET : BESIDE);
        sync_text(&other, n, n % 3 ? BESIDE : SECRET);
    }
    settle();
    return 0;
}

static const struct sl_redaction everywhere = {
    .text = {SECRET, sizeof(SECRET) - 1}, .who = SL_WHO_OWNER, .reason = {"why", 3}};

static enum sl_result redact(struct sl_redacted *told)
{
    return sl_redact(store, &everywhere, NULL, told, &err);
}

static void nowhere(void)
{
    char file[256];
    settle();
    if (core_temp_grep(dir, sl_span_of(SECRET), file) > 0) fail_msg("still in %s", file);
    assert_true(core_temp_grep(dir, sl_span_of(BESIDE), file) > 0);
    core_verify(store);
}

/* What the other tests look with finds a text that no file shows as it is: in the write-ahead log
 * and in a file, also after it was cut there. */
static void test_search(void **state)
{
    char file[256];
    drop_store(state);
    make_folder(state);
    open_plain();
    share = core_create(store, "ses_0123456789abcdefghij");
    for (int n = 0; n < 3; n++) { /* too little for a snapshot, which would show it */
        sync_text(&share, n, n == 1 ? SECRET : BESIDE);
        assert_int_equal(core_temp_grep_plain(dir, sl_span_of(SECRET), file), 0);
        assert_int_equal(core_temp_grep(dir, sl_span_of(SECRET), file), n > 0);
    }
    assert_string_equal(file + strlen(file) - 4, ".log");
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    assert_int_equal(core_temp_grep_plain(dir, sl_span_of(SECRET), file), 0);
    assert_int_equal(core_temp_grep(dir, sl_span_of(SECRET), file), 1);
    assert_string_equal(file + strlen(file) - 4, ".sst");
    struct sl_redacted told;
    core_expect(redact(&told), SL_OK, &err);
    assert_int_equal(told.items, 1);
    nowhere();
}

/* A log of large batches, each of which it cuts at every 32 KiB: those that end there are found. */
static void test_search_across_cuts(void **state)
{
    char file[256];
    drop_store(state);
    make_folder(state);
    open_plain();
    share = core_create(store, "ses_0123456789abcdefghij");
    struct buf items = {0};
    uint64_t seed = core_seed("search across cuts");
    for (int n = 0; n < 40; n++) {
        char word[40];
        buf_clear(&items);
        buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
        for (int i = 0; i < 9000; i++) /* half of which stays when it is packed */
            buf_add(&items, &"abcdefghijklmnopqrstuvwxyz012345"[core_random(&seed) & 31], 1);
        snprintf(word, sizeof(word), "the-word-number-%d-it-is", n);
        disk_search_hide(&items, word);
        for (int i = 0; i < 9000; i++)
            buf_add(&items, &"abcdefghijklmnopqrstuvwxyz012345"[core_random(&seed) & 31], 1);
        buf_add_span(&items, SL_SPAN("\"}]"));
        core_sync_at(store, &share, buf_span(&items), core_now_us);
        if (core_temp_grep(dir, sl_span_of(word), file) == 0) fail_msg("%s isn't found", word);
    }
    buf_fini(&items);
}

static void test_nowhere(void **state)
{
    (void)state;
    char file[256];
    struct sl_redacted told;
    assert_true(core_temp_grep(dir, sl_span_of(SECRET), file) > 0);
    core_expect(redact(&told), SL_OK, &err);
    assert_int_equal(told.shares, 2);
    nowhere();
    sync_text(&share, 1, SECRET); /* on arrival it never gets there */
    assert_int_equal(core_temp_grep(dir, sl_span_of(SECRET), file), 0);
    nowhere();
    /* removed beside: what was there of it goes too */
    core_expect(
        sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    nowhere();
    close_store();
    open_plain();
    nowhere();
}

/* Also when it lies in files of every level, and in the log of what is not yet in any. */
static void test_compacted_before(void **state)
{
    (void)state;
    struct sl_redacted told;
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    sync_text(&share, 3, SECRET);
    core_expect(redact(&told), SL_OK, &err);
    close_store(); /* at once: the rest is for the next opening */
    open_plain();
    nowhere();
}

static void test_removed_while_it_is_erased(void **state)
{
    (void)state;
    struct sl_redacted told;
    core_expect(redact(&told), SL_OK, &err);
    core_expect(
        sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    core_verify(store);
    close_store();
    open_plain();
    core_verify(store);
    nowhere();
    struct sl_share_info info;
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_true(info.erased);
}

static void test_faults(void **state)
{
    bool reached = true;
    for (long k = 0; reached; k++) {
        if (k > 0) {
            drop_store(state);
            make_filled(state);
        }
        struct sl_redacted told = {0};
        kv_fault_after(k);
        enum sl_result result = redact(&told);
        if (result == SL_OK) result = sl_store_settle(store, &err);
        reached = result != SL_OK;
        kv_fault_after(-1);
        close_store();
        open_plain();
        core_verify(store);
        /* what was answered with OK, or is asked for again, is done */
        if (told.items == 0) core_expect(redact(&told), SL_OK, &err);
        nowhere();
    }
}

/* ---- killed ---- */

/* A program of its own: what is forked has none of RocksDB's threads. */
static _Noreturn void redact_and_tell(const char *in)
{
    dir = in;
    open_plain();
    struct sl_redacted told = {0};
    if (redact(&told) == SL_OK) puts("done");
    fflush(stdout);
    sl_store_settle(store, NULL);
    for (;;)
        pause();
}

static void test_killed(void **state)
{
    uint64_t seed = core_seed("killed");
    unsigned rounds = 4 * core_rounds(), answers = 0;
    for (unsigned round = 0; round < rounds; round++) {
        if (round > 0) {
            drop_store(state);
            make_filled(state);
        }
        close_store();
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
            dup2(pipes[1], STDOUT_FILENO);
            execl("/proc/self/exe", "redact", dir, NULL);
            _exit(2);
        }
        close(pipes[1]);
        usleep((useconds_t)(10000 + core_random(&seed) % 70000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        char answered = 0;
        bool done = read(pipes[0], &answered, 1) == 1;
        close(pipes[0]);
        open_plain();
        core_verify(store);
        struct sl_redacted told = {0};
        core_expect(redact(&told), SL_OK, &err);
        if (done) assert_int_equal(told.items, 0);
        answers += done;
        nowhere();
    }
    printf("killed after the answer in %u of %u rounds\n", answers, rounds);
}

/* ---- beside others ---- */

static atomic_bool over, is_redacted;
static atomic_int failures;
static atomic_ulong syncs_done, reads_done;

/* Any state is one of items that were sent, whole or with the string replaced. */
static bool valid(struct sl_span data, bool after)
{
    if (data.len < 2 || data.ptr[0] != '[' || data.ptr[data.len - 1] != ']') return false;
    return !after || !memmem(data.ptr, data.len, SECRET, strlen(SECRET));
}

static void *read_on(void *arg)
{
    const char *id = arg;
    struct buf out = {0};
    struct sl_err why;
    while (!atomic_load(&over)) {
        bool after = atomic_load(&is_redacted);
        struct sl_share_info info;
        if (sl_share_info(store, sl_span_of(id), &info, &why) != SL_OK)
            atomic_fetch_add(&failures, 1);
        uint64_t at = reads_done % 2 ? 0 : 1 + reads_done % info.sequence;
        enum sl_result result = core_try_data(store, id, at, &out, &why);
        bool ok = result == SL_REDACTED || (result == SL_OK && valid(buf_span(&out), after));
        if (!ok) {
            fprintf(stderr, "read at %d: %s: %s\n", (int)at, sl_result_text(result), why.text);
            atomic_fetch_add(&failures, 1);
        }
        struct sl_event *event = NULL;
        result = sl_event_open(store, sl_span_of(id), info.sequence, &event, &why);
        if (result == SL_OK) result = sl_event_check(event, &why);
        sl_event_close(event);
        if (result != SL_OK && result != SL_REDACTED) {
            fprintf(stderr, "event: %s: %s\n", sl_result_text(result), why.text);
            atomic_fetch_add(&failures, 1);
        }
        atomic_fetch_add(&reads_done, 1);
    }
    buf_fini(&out);
    return NULL;
}

static void *sync_on(void *arg)
{
    const struct sl_credentials *to = arg;
    for (int n = 0; !atomic_load(&over); n++) {
        struct sl_synced synced;
        struct sl_err why;
        char items[200];
        snprintf(items, sizeof(items), "[{\"type\":\"c\",\"data\":{\"id\":\"%d\",\"t\":\"%s\"}}]",
            n % 50, n % 2 ? SECRET : BESIDE);
        if (core_try_sync(store, to, sl_span_of(items), core_now_us, &synced, &why) != SL_OK)
            atomic_fetch_add(&failures, 1);
        atomic_fetch_add(&syncs_done, 1);
    }
    return NULL;
}

static void test_beside_others(void **state)
{
    (void)state;
    pthread_t threads[5];
    uint64_t seed = core_seed("beside others");
    for (unsigned round = 0; round < 2 * core_rounds(); round++) {
        drop_store(state);
        make_filled(state);
        close_store();
        struct sl_options options = core_options(dir);
        options.uncompressed = true;
        options.no_compactor = false;
        options.durability = round % 2 ? SL_DURABLE_FSYNC : SL_DURABLE_PROCESS;
        open_store(&options);
        atomic_store(&over, false);
        atomic_store(&is_redacted, false);
        pthread_create(&threads[0], NULL, read_on, share.id);
        pthread_create(&threads[1], NULL, read_on, other.id);
        for (int i = 2; i < 5; i++)
            pthread_create(&threads[i], NULL, sync_on, i == 2 ? &other : &share);
        usleep((useconds_t)(20000 + core_random(&seed) % 100000));
        struct sl_redacted told = {0};
        core_expect(redact(&told), SL_OK, &err);
        atomic_store(&is_redacted, true);
        assert_true(told.items > 0);
        struct sl_redaction one = {
            .share_id = sl_span_of(share.id), .key = SL_SPAN("part/m/p2"), .who = SL_WHO_OWNER};
        core_expect(sl_redact(store, &one, NULL, &told, &err), SL_OK, &err);
        usleep(50000);
        atomic_store(&over, true);
        for (int i = 0; i < 5; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(atomic_load(&failures), 0);
        core_expect(redact(&told), SL_OK, &err); /* nothing slipped past the search */
        assert_int_equal(told.items, 0);
        nowhere();
    }
    printf("%lu reads, %lu syncs\n", atomic_load(&reads_done), atomic_load(&syncs_done));
}

int main(int argc, char **argv)
{
    if (argc == 2) redact_and_tell(argv[1]);
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_filled, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_search),
        TEST(test_search_across_cuts),
        TEST(test_nowhere),
        TEST(test_compacted_before),
        TEST(test_removed_while_it_is_erased),
        TEST(test_faults),
        TEST(test_killed),
        TEST(test_beside_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
