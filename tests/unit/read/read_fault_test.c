/* What happens during a read: it fails, or the share goes meanwhile. RocksDB's reads of files pass
   through here, and at the k-th of this thread's something is done, k being 0, 1, 2 … until there
   are no more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/store.h"
#include "tests/support/core_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PART_BYTES 6000

static struct sl_credentials share;

/* ---- between RocksDB and the system ---- */

static _Thread_local long reads_left = -1; /* before it happens; negative: it doesn't */
static bool (*happens)(void);              /* false: the read fails */

/* Not static: with _FORTIFY_SOURCE glibc declares pread inline, and an inline function of external
   linkage may not use a static one. */
ssize_t read_at(int fd, void *bytes, size_t len, off_t offset);
ssize_t read_at(int fd, void *bytes, size_t len, off_t offset)
{
    if (reads_left >= 0 && reads_left-- == 0 && !happens()) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, bytes, len, offset);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
    return read_at(fd, bytes, len, offset);
}

ssize_t pread64(int fd, void *bytes, size_t len, off_t offset);
ssize_t pread64(int fd, void *bytes, size_t len, off_t offset)
{
    return read_at(fd, bytes, len, offset);
}

/* ---- a share ---- */

static void sync_part(unsigned id)
{
    struct buf items = {0};
    char head[128];
    uint64_t seed = id;
    int n = snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"p%04u\",\"messageID\":\"m\",\"text\":\"", id);
    buf_add(&items, head, (size_t)n);
    for (size_t i = 0; i < PART_BYTES; i++)
        buf_add(&items, &"abcdefghijklmnop"[core_random(&seed) & 15], 1);
    buf_add(&items, "\"}}]", 4);
    core_sync_at(store, &share, buf_span(&items), core_now_us++);
    buf_fini(&items);
}

/* With snapshots, in files, and a cache that holds none of it. */
static void make_stored(unsigned parts)
{
    share = core_create(store, "ses_0123456789abcdefghij");
    for (unsigned i = 0; i < parts; i++)
        sync_part(i);
    settle();
    close_store();
    struct sl_options options = core_options(dir);
    options.cache_bytes = 1;
    open_store(&options);
}

static uint64_t count_snapshot_rows(void)
{
    uint64_t rows = 0;
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_SNAPSHOT, SL_SPAN(""), SL_SPAN(""), KV_CACHED);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        rows++;
    core_expect(kv_iter_check(iter, &err), SL_OK, &err);
    kv_iter_destroy(iter);
    return rows;
}

/* ---- a read that fails ---- */

static bool fail_it(void)
{
    return false;
}

/* A row that can't be read just now is not another one: that would be put a second time. */
static void snapshot_made(void **state)
{
    uint64_t rows = 0;
    unsigned failed = 0;
    bool reached = true;
    happens = fail_it;
    for (long k = -1; reached; k++) { /* -1: first without a fault */
        if (k >= 0) {
            drop_store(state);
            make_store(state);
        }
        make_stored(40);
        for (unsigned i = 40; i < 90; i++)
            sync_part(i);
        reads_left = k;
        enum sl_result result = sl_store_settle(store, &err);
        reached = reads_left < 0;
        reads_left = -1;
        if (result != SL_OK) {
            failed++;
            assert_int_equal(result, SL_IO);
            settle();
        }
        if (k < 0)
            rows = count_snapshot_rows();
        else if (count_snapshot_rows() != rows)
            fail_msg("read %ld failed: %llu rows of snapshots, not %llu", k,
                (unsigned long long)count_snapshot_rows(), (unsigned long long)rows);
        core_verify(store);
    }
    assert_true(failed > 3);
}

/* ---- a share that goes ---- */

static void *redact_it(void *arg)
{
    struct sl_err why = {0};
    struct sl_redacted told;
    struct sl_redaction redaction = {
        .share_id = sl_span_of(share.id), .key = SL_SPAN("part/m/p0003"), .who = SL_WHO_OWNER};
    return sl_redact(store, &redaction, NULL, &told, &why) == SL_OK && told.items == 1 ? arg : NULL;
}

static void *remove_it(void *arg)
{
    struct sl_err why = {0};
    return sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, (struct sl_span){0},
               SL_SPAN(""), &why) == SL_OK
               ? arg
               : NULL;
}

static bool meanwhile(void *(*other)(void *arg))
{
    pthread_t thread;
    bool there = true;
    void *done = NULL;
    return pthread_create(&thread, NULL, other, &there) == 0 && pthread_join(thread, &done) == 0 &&
           done;
}

static bool remove_meanwhile(void)
{
    return meanwhile(remove_it);
}

static bool redact_meanwhile(void)
{
    return meanwhile(redact_it);
}

/* How long its answer is, isn't told either. */
static void laid_out(void **state)
{
    bool reached = true;
    happens = remove_meanwhile;
    long k = 0;
    for (; reached; k++) {
        if (k > 0) {
            drop_store(state);
            make_store(state);
        }
        make_stored(40);
        sync_part(20);
        uint64_t bytes = 0;
        struct sl_view *view = NULL;
        core_expect(
            sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
        reads_left = k;
        enum sl_result result = sl_view_data_bytes(view, &bytes, &err);
        reached = reads_left < 0;
        reads_left = -1;
        if (result != (reached ? SL_REMOVED : SL_OK))
            fail_msg("gone at read %ld: %s", k, sl_result_text(result));
        sl_view_close(view);
    }
    assert_true(k > 3);
}

/* An event's row of before a redaction and its body of after it are no damage. */
static void opened(void **state)
{
    bool reached = true;
    unsigned redacted = 0;
    happens = redact_meanwhile;
    for (long k = 0; reached; k++) {
        if (k > 0) {
            drop_store(state);
            make_store(state);
        }
        make_stored(10);
        struct sl_event *event = NULL;
        struct sl_share_info info;
        /* the share is loaded: what redacts it would wait for that, and this thread for it */
        core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
        reads_left = k;
        enum sl_result result = sl_event_open(store, sl_span_of(share.id), 5, &event, &err);
        reached = reads_left < 0;
        reads_left = -1;
        if (result != SL_OK && result != SL_REDACTED)
            fail_msg("redacted at read %ld: %s", k, err.text);
        redacted += result == SL_REDACTED;
        sl_event_close(event);
    }
    assert_true(redacted > 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(snapshot_made),
        TEST(laid_out),
        TEST(opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
