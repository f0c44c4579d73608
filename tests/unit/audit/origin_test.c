/* A new origin: for a log that lost events that were signed, under a name that was never signed
 * for; with the kept checkpoints put aside, and nothing signed in between. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/proof/note.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct sl_credentials share;
static struct buf longer; /* the checkpoint of a log of 8 events, of this log's key and origin */
static char path[4200];

static const char *in_dir(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static bool there(const char *name)
{
    return access(in_dir(name), F_OK) == 0;
}

/* The origin is the store's own, not the one of the options. */
static void open_it(void)
{
    struct sl_options options = core_options(dir);
    options.origin = (struct sl_span){0};
    open_store(&options);
}

static void sync_some(int n)
{
    while (n-- > 0)
        core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
}

static void sign(uint64_t least)
{
    struct sl_checkpoint checkpoint;
    core_expect(sl_log_checkpoint(store, least, &checkpoint, &err), SL_OK, &err);
    assert_true(checkpoint.size >= least);
}

/* The store as it was at 5 events, put back after 8 were signed. */
static int make_shorter(void **state)
{
    make_folder(state);
    open_it();
    share = core_create(store, "ses_0123456789abcdefghij");
    sync_some(4);
    close_store();
    char command[8600];
    snprintf(command, sizeof(command), "cp -a '%s' '%s.before'", dir, dir);
    assert_int_equal(system(command), 0);
    open_it();
    sync_some(3);
    sign(8);
    close_store();
    buf_clear(&longer);
    assert_true(core_read_file(in_dir("checkpoint"), &longer));
    snprintf(command, sizeof(command), "rm -r '%s' && mv '%s.before' '%s'", dir, dir, dir);
    assert_int_equal(system(command), 0);
    core_expect(file_write(dir, in_dir("checkpoint"), buf_span(&longer), &err), SL_OK, &err);
    open_it();
    return 0;
}

static int drop_shorter(void **state)
{
    buf_fini(&longer);
    return drop_store(state);
}

static void new_origin(const char *name, enum sl_result expected)
{
    core_expect(sl_log_new_origin(store, sl_span_of(name), &err), expected, &err);
}

static void lost_events(void **state)
{
    (void)state;
    struct sl_synced synced;
    struct buf aside = {0};
    char old[300], name[400];
    snprintf(old, sizeof(old), "%s", sl_store_origin(store));
    assert_int_equal(sl_store_health(store, &err), SL_READ_ONLY);
    assert_non_null(
        strstr(err.text, "the log has 5 events, but one of 8 was signed: the last 3 are lost"));
    assert_int_equal(
        core_try_sync(store, &share, SL_SPAN("[]"), core_now_us, &synced, &err), SL_READ_ONLY);
    new_origin("log/two", SL_OK);
    assert_string_equal(sl_store_origin(store), old); /* until it is opened again */
    assert_false(there("checkpoint"));
    snprintf(name, sizeof(name), "checkpoint-%s", old);
    assert_true(core_read_file(in_dir(name), &aside));
    core_assert_same(buf_span(&aside), buf_span(&longer), "the checkpoint that was put aside");
    close_store();
    open_it();
    core_expect(sl_store_health(store, &err), SL_OK, &err);
    assert_string_equal(sl_store_origin(store), "log/two");
    sync_some(1);
    sign(6);
    core_verify(store);
    buf_fini(&aside);
}

static void names(void **state)
{
    (void)state;
    char old[300], too_long[NOTE_NAME_BYTES + 2] = {0};
    snprintf(old, sizeof(old), "%s", sl_store_origin(store));
    memset(too_long, 'a', sizeof(too_long) - 1);
    static const char *const invalid[] = {"", "two words", "a+b", "a\nb"};
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        new_origin(invalid[i], SL_INVALID);
    new_origin(too_long, SL_INVALID);
    assert_non_null(strstr(err.text, "1 to 200 visible characters"));
    new_origin(old, SL_INVALID);
    assert_string_equal(err.text, "the log has this origin");
    assert_true(there("checkpoint")); /* a refusal changes nothing */
    new_origin("log/two", SL_OK);
    close_store();
    open_it();
    new_origin(old, SL_INVALID); /* it would be a second log of that name */
    assert_non_null(strstr(err.text, "checkpoints were signed under this origin before"));
    new_origin("log/two", SL_INVALID);
    assert_string_equal(err.text, "the log has this origin");
}

/* A log that fits may have a new origin too; its process signs nothing more under the old one. */
static void nothing_signed_in_between(void **state)
{
    (void)state;
    struct sl_checkpoint checkpoint;
    new_origin("log/two", SL_OK);
    close_store();
    open_it();
    sync_some(1);
    new_origin("log/three", SL_OK);
    sync_some(2);
    (void)sl_log_checkpoint(store, 0, &checkpoint, &err);
    assert_int_equal(sl_log_checkpoint(store, 8, &checkpoint, &err), SL_NOT_FOUND);
    assert_false(there("checkpoint"));
    assert_true(there("checkpoint-log_two")); /* a slash would be a folder's */
    close_store();
    open_it();
    assert_string_equal(sl_store_origin(store), "log/three");
    sign(8);
    assert_true(there("checkpoint"));
}

static void read_beside(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    options.origin = (struct sl_span){0};
    options.access = SL_READ_BESIDE;
    close_store();
    open_store(&options);
    new_origin("log/two", SL_READ_ONLY);
    assert_true(there("checkpoint"));
}

int main(void)
{
#define ORIGIN_TEST(test) cmocka_unit_test_setup_teardown(test, make_shorter, drop_shorter)
    const struct CMUnitTest tests[] = {ORIGIN_TEST(lost_events), ORIGIN_TEST(names),
        ORIGIN_TEST(nothing_signed_in_between), ORIGIN_TEST(read_beside)};
    return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
