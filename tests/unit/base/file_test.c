/* Small files: the old one or the new one is there, whole; never more than was asked for is read.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *dir;
static char path[300], beside[310], other[300];
static struct sl_err err;

static int make(void **state)
{
    (void)state;
    dir = core_temp_make();
    snprintf(path, sizeof(path), "%s/name", dir);
    snprintf(beside, sizeof(beside), "%s.new", path);
    snprintf(other, sizeof(other), "%s/other", dir);
    err = (struct sl_err){0};
    return 0;
}

static int drop(void **state)
{
    (void)state;
    core_temp_remove(dir);
    return 0;
}

static void expect(const char *text)
{
    struct buf bytes = {0};
    core_expect(file_read(path, 100, &bytes, &err), SL_OK, &err);
    assert_true(sl_span_eq(buf_span(&bytes), sl_span_of(text)));
    buf_fini(&bytes);
}

static void replaces(void **state)
{
    (void)state;
    struct stat found;
    core_expect(file_write(dir, path, SL_SPAN("one"), &err), SL_OK, &err);
    expect("one");
    assert_int_equal(chmod(path, 0644), 0);
    core_expect(file_write(dir, path, SL_SPAN(""), &err), SL_OK, &err);
    expect("");
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600); /* nobody else's, whoever had it before */
    assert_int_not_equal(access(beside, F_OK), 0);
}

static void keeps_the_old_one(void **state)
{
    (void)state;
    core_expect(file_write(dir, path, SL_SPAN("old"), &err), SL_OK, &err);
    assert_int_equal(mkdir(beside, 0700), 0); /* nothing can be written there */
    assert_int_equal(file_write(dir, path, SL_SPAN("new"), &err), SL_IO);
    assert_int_equal(err.result, SL_IO);
    expect("old");
    assert_int_equal(file_rename(dir, other, path, &err), SL_IO); /* there is no other */
    expect("old");
}

static void bounds(void **state)
{
    (void)state;
    struct buf bytes = {0};
    err.text[0] = '!';
    assert_int_equal(file_read(path, 3, &bytes, &err), SL_NOT_FOUND);
    assert_string_equal(err.text, "!"); /* none is no failure */
    core_expect(file_write(dir, path, SL_SPAN("1234"), &err), SL_OK, &err);
    assert_int_equal(file_read(path, 3, &bytes, &err), SL_INVALID);
    core_expect(file_read(path, 4, &bytes, &err), SL_OK, &err);
    assert_int_equal(bytes.len, 4);
    buf_fini(&bytes);
    assert_int_equal(file_read(dir, 4, &bytes, &err), SL_IO); /* a folder */
    buf_fini(&bytes);
    alloc_fail_from(0);
    enum sl_result result = file_read(path, 4, &bytes, &err);
    alloc_never();
    assert_int_equal(result, SL_NOMEM);
    buf_fini(&bytes);
}

static void removes_a_folder(void **state)
{
    (void)state;
    char folder[310], inside[320];
    snprintf(folder, sizeof(folder), "%s/folder", dir);
    snprintf(inside, sizeof(inside), "%s/file", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    core_expect(file_write(folder, inside, SL_SPAN("x"), &err), SL_OK, &err);
    file_remove_folder(folder);
    assert_int_not_equal(access(folder, F_OK), 0);
    file_remove_folder(folder); /* none is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replaces, make, drop),
        cmocka_unit_test_setup_teardown(keeps_the_old_one, make, drop),
        cmocka_unit_test_setup_teardown(bounds, make, drop),
        cmocka_unit_test_setup_teardown(removes_a_folder, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
