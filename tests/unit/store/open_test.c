/* Opening: a new folder becomes a store; what is refused, with which result, and what that leaves;
   one process at a time; read beside; the subscriber. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/kv/rows.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void refused(const struct sl_options *options, enum sl_result expected, const char *words)
{
    struct sl_store *none = NULL;
    core_expect(sl_store_open(options, NULL, &none, &err), expected, &err);
    assert_null(none);
    if (!strstr(err.text, words)) fail_msg("\"%s\" isn't in \"%s\"", words, err.text);
}

static void new_folder(void **state)
{
    (void)state;
    char path[300];
    struct stat info;
    snprintf(path, sizeof(path), "%s/one/two", dir);
    struct sl_options options = core_options(path);
    open_store(&options);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(strncmp(sl_store_origin(store), "sharelog-", 9), 0);
    assert_int_equal(strlen(sl_store_owner_key(store)), 43);
    char owner[64], client[64];
    snprintf(owner, sizeof(owner), "%s", sl_store_owner_key(store));
    snprintf(client, sizeof(client), "%s", sl_store_client_key(store));
    close_store();
    open_store(&options);
    assert_string_equal(sl_store_owner_key(store), owner);
    assert_int_equal(sl_store_role(store, sl_span_of(owner)), SL_ROLE_OWNER);
    assert_int_equal(sl_store_role(store, sl_span_of(client)), SL_ROLE_CLIENT);
    assert_int_equal(sl_store_role(store, SL_SPAN("")), SL_ROLE_NONE);
    assert_int_equal(sl_store_role(store, SL_SPAN("neither of them")), SL_ROLE_NONE);
}

static void refusals(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    options.origin = SL_SPAN("an origin with+plus");
    refused(&options, SL_INVALID, "origin");
    options.origin = SL_SPAN("");
    options.access = SL_READ_BESIDE;
    refused(&options, SL_NOT_FOUND, "no store there");
    options.access = SL_READ_WRITE;
    open_store(&options);
    refused(&options, SL_LOCKED, "");
    store_row_put(store, KV_META, row_meta("format"), SL_SPAN("\x09"));
    close_store();
    refused(&options, SL_FORMAT, "format 9");
    options.access = SL_READ_BESIDE;
    refused(&options, SL_FORMAT, "format 9");
}

/* A store whose format is gone is not one that is just being made. */
static void format_gone(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    open_store(NULL);
    core_create(store, "ses_0000000000000open1");
    store_row_delete(store, KV_META, row_meta("format"));
    close_store();
    refused(&options, SL_CORRUPT, "format is missing");
}

static void identity(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    open_store(NULL);
    char *path = file_path(dir, "signing-key");
    close_store();
    options.origin = SL_SPAN("another.example/log");
    refused(&options, SL_INVALID, "an origin is for ever");
    core_expect(
        file_write(dir, path, SL_SPAN("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), &err),
        SL_OK, &err);
    options.origin = SL_SPAN("");
    refused(&options, SL_INVALID, "put the right file back");
    free(path);
}

static void beside(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    open_store(NULL);
    struct sl_credentials share = core_create(store, "ses_0123456789abcdefghij"), again;
    options.access = SL_READ_BESIDE;
    struct sl_store *reader = core_open(&options);
    struct sl_synced synced;
    struct sl_share_info info;
    assert_int_equal(
        core_try_sync(reader, &share, SL_SPAN("[]"), core_now_us, &synced, &err), SL_READ_ONLY);
    assert_int_equal(
        sl_share_create(reader, SL_SPAN("ses_1"), SL_ROLE_OWNER, SL_SPAN(""), &again, &err),
        SL_READ_ONLY);
    core_sync(store, &share, "[]");
    core_expect(sl_share_info(reader, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_int_equal(info.sequence, 1);
    core_expect(sl_store_catch_up(reader, &err), SL_OK, &err);
    core_expect(sl_share_info(reader, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_int_equal(info.sequence, 2);
    sl_store_close(reader);
    sl_store_close(NULL);
}

struct given {
    unsigned events;
    struct sl_told last;
    char share_id[SL_SHARE_ID_BYTES + 1];
};

static void take(void *ctx, const struct sl_told *event)
{
    struct given *given = ctx;
    given->events++;
    given->last = *event;
    snprintf(given->share_id, sizeof(given->share_id), "%s", event->share_id);
}

static void subscriber(void **state)
{
    (void)state;
    struct given given = {0};
    open_store(NULL);
    sl_store_subscribe(store, take, &given);
    struct sl_credentials share = core_create(store, "ses_0123456789abcdefghij");
    core_sync(store, &share, "[]");
    assert_int_equal(given.events, 2);
    assert_int_equal(given.last.kind, SL_SYNC);
    assert_int_equal(given.last.sequence, 2);
    assert_string_equal(given.share_id, share.id);
    sl_store_subscribe(store, NULL, NULL);
    core_sync(store, &share, "[]");
    assert_int_equal(given.events, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(new_folder),
        TEST(refusals),
        TEST(format_gone),
        TEST(identity),
        TEST(beside),
        TEST(subscriber),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
