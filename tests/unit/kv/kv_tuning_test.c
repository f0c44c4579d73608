/* What RocksDB's own threads may take from those that sync. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/limits.h"
#include "core/kv/kv.h"
#include "tests/support/core_store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void background_is_nice(void **state)
{
    (void)state;
    struct sl_err err = {0};
    const char *dir = core_temp_make();
    struct kv_options options = {.path = dir, .cache_bytes = SL_MIB};
    struct kv *kv;
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    /* who opened it, and makes the other threads, is as it was */
    assert_int_equal(getpriority(PRIO_PROCESS, 0), 0);
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    unsigned count = 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        char path[300], name[32] = "";
        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
        FILE *file = fopen(path, "r");
        if (file && fgets(name, sizeof(name), file) && strncmp(name, "rocksdb:", 8) == 0) {
            assert_int_equal(getpriority(PRIO_PROCESS, (id_t)atoi(task->d_name)), 10);
            count++;
        }
        if (file) fclose(file);
    }
    closedir(tasks);
    assert_int_equal(count, 2);
    kv_close(kv);
    core_temp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(background_is_nice)};
    return cmocka_run_group_tests_name("kv", tests, NULL, NULL);
}
