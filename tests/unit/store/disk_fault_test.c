/* A disk that fails at the wrong moment: an erasure must not be reported as done. Keys must not be
 * lost with the power. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- between RocksDB and the system ---- */

static atomic_bool disk_full; /* for the thread that compacts */
static char synced_dir[4096]; /* which folder's syncs are counted */
static atomic_int folder_syncs;

ssize_t write(int fd, const void *bytes, size_t len)
{
    char name[32] = "";
    /* Of small files RocksDB as Debian builds it fails an assertion. */
    if (atomic_load(&disk_full) && len > 512 * SL_KIB)
        pthread_getname_np(pthread_self(), name, sizeof(name));
    if (strncmp(name, "rocksdb:low", 11) == 0) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, len);
}

int fsync(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    path[len < 0 ? 0 : len] = 0;
    if (strcmp(path, synced_dir) == 0) atomic_fetch_add(&folder_syncs, 1);
    return (int)syscall(SYS_fsync, fd);
}

/* ---- */

static const struct sl_span content = {"this is to be gone for ever", 27};

/* More than RocksDB gathers for one write. */
static void sync_large(
    struct sl_store *store, const struct sl_credentials *share, struct sl_span text)
{
    struct buf items = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
    while (items.len < 3 * SL_MIB)
        buf_add_span(&items, text);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, share, buf_span(&items), CORE_TIME_US);
    buf_fini(&items);
}

static void erase_on_a_full_disk(bool reopens)
{
    struct sl_err err = {0};
    const char *dir = core_temp_make();
    struct sl_options options = core_options(dir);
    options.uncompressed = true;
    struct sl_store *store = core_open(&options);
    struct sl_credentials share = core_create(store, "ses_0123456789abcdefghij");
    struct sl_credentials other = core_create(store, "ses_0123456789abcdefghiz");
    sync_large(store, &share, content);
    sync_large(store, &other, SL_SPAN("this stays"));
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, (struct sl_span){0},
                    SL_SPAN(""), &err),
        SL_OK, &err);
    atomic_store(&disk_full, true);
    enum sl_result settled = sl_store_settle(store, &err);
    atomic_store(&disk_full, false);
    char file[256];
    struct sl_share_info info;
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_true(core_temp_grep(dir, content, file) > 0);
    assert_false(info.erased);
    assert_int_equal(settled, SL_IO);
    if (reopens) {
        sl_store_close(store);
        store = core_open(&options); /* the journal has it done */
    }
    core_expect(sl_store_settle(store, &err), SL_OK, &err);
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_true(info.erased);
    assert_int_equal(core_temp_grep(dir, content, file), 0);
    sl_store_close(store);
    core_temp_remove(dir);
}

static void test_erasure_on_a_full_disk(void **state)
{
    (void)state;
    erase_on_a_full_disk(false);
    erase_on_a_full_disk(true);
}

/* A store whose log's key is lost can't be opened: its name must be on disk before the store is. */
static void test_keys_are_on_disk(void **state)
{
    (void)state;
    const char *dir = core_temp_make();
    struct sl_options options = core_options(dir);
    assert_non_null(realpath(dir, synced_dir));
    struct sl_store *store = core_open(&options);
    assert_true(atomic_load(&folder_syncs) > 0);
    sl_store_close(store);
    core_temp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_erasure_on_a_full_disk),
        cmocka_unit_test(test_keys_are_on_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
