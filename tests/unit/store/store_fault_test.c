/* Writes that fail, at each of them in turn; stores that must not be opened; content that must be
 * gone from every file. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_plain(void)
{
    struct sl_options options = core_options(dir);
    options.uncompressed = true;
    open_store(&options);
}

/* ---- a write fails ---- */

#define MESSAGE(id) "[{\"type\":\"message\",\"data\":{\"id\":\"" id "\"}}]"

/* What a script of operations got acknowledged. */
struct acknowledged {
    bool a, b, removed, allowed;
    unsigned a_syncs, b_syncs;
    struct sl_credentials share_a, share_b;
    unsigned failed;
};

static bool ok(struct acknowledged *got, enum sl_result result)
{
    if (result == SL_OK) {
        assert_int_equal(got->failed, 0); /* after one failed, none succeeds */
        return true;
    }
    assert_true(result == SL_IO || result == SL_READ_ONLY || result == SL_NOT_FOUND);
    if (got->failed == 0) assert_true(result != SL_NOT_FOUND);
    got->failed++;
    return false;
}

static bool create(struct acknowledged *got, const char *session, struct sl_credentials *share)
{
    return ok(
        got, sl_share_create(store, sl_span_of(session), SL_ROLE_NONE, SL_SPAN("a"), share, &err));
}

static bool sync_one(struct acknowledged *got, const struct sl_credentials *share, size_t padding)
{
    struct buf items = {0};
    struct sl_synced synced;
    buf_add_span(&items, SL_SPAN("[{\"type\":\"t\",\"data\":\""));
    for (size_t i = 0; i < padding; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    enum sl_result result =
        core_try_sync(store, share, buf_span(&items), core_now_us++, &synced, &err);
    buf_fini(&items);
    return ok(got, result);
}

static struct acknowledged run_script(void)
{
    struct acknowledged got = {0};
    got.a = create(&got, "ses_aaaaaaaa", &got.share_a);
    got.b = create(&got, "ses_bbbbbbbb", &got.share_b);
    for (unsigned i = 0; i < 3; i++) {
        got.a_syncs += sync_one(&got, &got.share_a, i == 1 ? 70000 : 100);
        got.b_syncs += sync_one(&got, &got.share_b, 40000);
    }
    ok(&got, sl_store_settle(store, &err)); /* snapshots */
    got.removed = ok(&got,
        sl_share_remove(store, SL_SPAN("aaaaaaaa"), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err));
    ok(&got, sl_store_settle(store, &err)); /* the erasure */
    got.b_syncs += sync_one(&got, &got.share_b, 10);
    got.allowed = ok(&got, sl_session_allow(store, SL_SPAN("ses_aaaaaaaa"), &err));
    return got;
}

static void check_share(const char *id, bool made, unsigned syncs, bool removed)
{
    struct sl_share_info info;
    enum sl_result result = sl_share_info(store, sl_span_of(id), &info, &err);
    core_expect(result, made ? SL_OK : SL_NOT_FOUND, &err);
    if (!made) return;
    assert_int_equal(info.syncs, syncs);
    assert_int_equal(info.state, removed ? SL_SHARE_REMOVED : SL_SHARE_LIVE);
    struct buf data = {0};
    core_expect(core_try_data(store, id, 0, &data, &err), removed ? SL_REMOVED : SL_OK, &err);
    assert_true(removed || (syncs > 0) == (data.len > 2));
    buf_fini(&data);
}

static void check_acknowledged(const struct acknowledged *got)
{
    check_share("aaaaaaaa", got->a, got->a_syncs, got->removed);
    check_share("bbbbbbbb", got->b, got->b_syncs, false);
}

static void every_write_fails_once(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (long fault = 0;; fault++) {
        renew_folder();
        open_plain();
        kv_fault_after(fault);
        struct acknowledged got = run_script();
        kv_fault_after(-1);
        enum sl_result health = sl_store_health(store, &err);
        assert_int_equal(health, got.failed ? SL_READ_ONLY : SL_OK);
        if (got.failed) assert_non_null(strstr(err.text, "injected fault"));
        check_acknowledged(&got); /* reads go on */
        core_verify(store);
        close_store();
        open_plain();
        assert_int_equal(sl_store_health(store, &err), SL_OK); /* reopening settles it */
        check_acknowledged(&got);
        core_verify(store);
        settle();
        core_verify(store);
        struct sl_credentials again;
        core_expect(sl_share_create(
                        store, SL_SPAN("ses_aaaaaaaa"), SL_ROLE_NONE, SL_SPAN("z"), &again, &err),
            got.removed && !got.allowed ? SL_HELD : SL_OK, &err);
        struct sl_credentials other = core_create(store, "ses_cccccccc");
        core_sync(store, &other, MESSAGE("m"));
        core_verify(store);
        if (!got.failed) break;
        failures++;
        assert_true(fault < 200);
    }
    assert_true(failures >= 20);
}

/* Making a store is cut short: the next open makes it. */
static void making_fails(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    kv_fault_after(0);
    assert_int_equal(sl_store_open(&options, NULL, &store, &err), SL_IO);
    assert_null(store);
    kv_fault_after(-1);
    open_plain();
    core_create(store, "ses_12345678");
    core_verify(store);
}

static void rebuild_fails(void **state)
{
    (void)state;
    open_plain();
    run_script();
    struct buf before = {0}, after = {0};
    core_data(store, "bbbbbbbb", 0, &before);
    unsigned failures = 0;
    for (long fault = 0;; fault++) {
        kv_fault_after(fault);
        enum sl_result result = sl_store_rebuild(store, NULL, &err);
        kv_fault_after(-1);
        close_store();
        open_plain();
        core_data(store, "bbbbbbbb", 0, &after);
        core_assert_same(buf_span(&after), buf_span(&before), "/data after a rebuild that failed");
        settle();
        core_verify(store);
        if (result == SL_OK) break;
        failures++;
        assert_true(fault < 100);
    }
    assert_true(failures >= 4);
    buf_fini(&before);
    buf_fini(&after);
}

/* ---- what must not be opened ---- */

static void set_format(uint8_t format)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/db", dir);
    struct kv_options options = {.path = path, .cache_bytes = SL_MIB};
    struct kv *kv;
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    struct kv_batch *batch = kv_batch_create();
    struct row_key key = row_meta("format");
    struct kv_pin pin;
    core_expect(kv_get(kv, KV_META, row_span(&key), &pin, &err), SL_OK, &err);
    assert_int_equal(pin.value.len, 1);
    kv_release(&pin);
    kv_put(kv, batch, KV_META, row_span(&key), (struct sl_span){(const char *)&format, 1});
    core_expect(kv_write(kv, batch, true, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    kv_close(kv);
}

static void expect_open(const struct sl_options *options, enum sl_result result)
{
    struct sl_store *opened = NULL;
    core_expect(sl_store_open(options, NULL, &opened, &err), result, &err);
    if (result != SL_OK) assert_null(opened);
    sl_store_close(opened);
}

static void newer_format(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir), beside = options;
    beside.access = SL_READ_BESIDE;
    open_plain();
    struct sl_credentials share = core_create(store, "ses_12345678");
    core_sync(store, &share, MESSAGE("m"));
    close_store();
    set_format(STORE_FORMAT + 1);
    expect_open(&options, SL_FORMAT);
    assert_non_null(strstr(err.text, "newer version"));
    expect_open(&options, SL_FORMAT); /* nothing was touched */
    expect_open(&beside, SL_FORMAT);
    set_format(0);
    expect_open(&options, SL_CORRUPT);
    set_format(STORE_FORMAT);
    open_plain();
    core_assert_data(store, share.id, 0, MESSAGE("m"));
}

static void write_text(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void other_refusals(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir), beside = options;
    beside.access = SL_READ_BESIDE;
    expect_open(&beside, SL_NOT_FOUND);
    options.origin = SL_SPAN("with space");
    expect_open(&options, SL_INVALID);
    options.origin = SL_SPAN("log.example/one");
    open_store(&options);
    assert_string_equal(sl_store_origin(store), "log.example/one");
    struct sl_options plain = core_options(dir);
    expect_open(&plain, SL_LOCKED);
    char owner[SL_KEY_TEXT_BYTES + 1], log_key[512];
    snprintf(owner, sizeof(owner), "%s", sl_store_owner_key(store));
    snprintf(log_key, sizeof(log_key), "%s", sl_store_log_key(store));
    assert_int_equal(sl_store_role(store, sl_span_of(owner)), SL_ROLE_OWNER);
    assert_int_equal(sl_store_role(store, sl_span_of(sl_store_client_key(store))), SL_ROLE_CLIENT);
    assert_int_equal(sl_store_role(store, SL_SPAN("")), SL_ROLE_NONE);
    assert_int_equal(
        sl_store_role(store, (struct sl_span){owner, strlen(owner) - 1}), SL_ROLE_NONE);
    close_store();
    options.origin = SL_SPAN("log.example/two");
    expect_open(&options, SL_INVALID);
    open_store(&plain); /* left out: the one it has; keys are the ones it was made with */
    assert_string_equal(sl_store_origin(store), "log.example/one");
    assert_string_equal(sl_store_owner_key(store), owner);
    assert_string_equal(sl_store_log_key(store), log_key);
    close_store();
    static const char *const names[] = {"owner-key", "namespace", "signing-key"};
    for (size_t i = 0; i < 3; i++) {
        char path[512];
        struct stat file;
        struct buf kept = {0};
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 0777, 0600);
        assert_true(core_read_file(path, &kept));
        buf_add(&kept, "", 1);
        write_text(names[i], "?\n");
        expect_open(&plain, SL_INVALID);
        if (i == 2) { /* a good key, but another store's */
            write_text(names[i], "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
            expect_open(&plain, SL_INVALID);
        }
        write_text(names[i], kept.ptr);
        buf_fini(&kept);
    }
    expect_open(&plain, SL_OK);
}

/* ---- erasing ---- */

/* Found in each place that a client's words can be: data, ids, types; sent before the files were
 * made and after. */
static const char *const markers[] = {"KxData1Kx", "KxData2Kx", "KxData3Kx", "KxId1Kx", "KxId2Kx",
    "KxType1Kx", "KxBig1Kx", "KxModelKx", "KxDiffKx"};
#define MARKERS (sizeof(markers) / sizeof(markers[0]))
#define NEIGHBOUR "KxNeighbourKx"

static size_t found(const char *marker)
{
    char file[256];
    return core_temp_grep(dir, sl_span_of(marker), file);
}

static void sync_marked(const struct sl_credentials *share, const struct sl_credentials *neighbour)
{
    core_sync(store, neighbour, MESSAGE(NEIGHBOUR));
    core_sync(store, share,
        "[{\"type\":\"session\",\"data\":{\"title\":\"KxData1Kx\"}},{\"type\":\"message\",\"data\":{\"id\":\"KxId1Kx\"}},"
        "{\"type\":\"KxType1Kx\",\"data\":1},{\"type\":\"model\",\"data\":[{\"id\":\"KxModelKx\"}]},"
        "{\"type\":\"session_diff\",\"data\":[{\"x\":\"KxDiffKx\"}]}]");
    struct buf big = {0};
    buf_add_span(&big, SL_SPAN("[{\"type\":\"big\",\"data\":\""));
    for (int i = 0; i < 600000; i++)
        buf_add_span(&big, SL_SPAN("KxBig1Kx"));
    buf_add_span(&big, SL_SPAN("\"}]"));
    core_sync_at(store, share, buf_span(&big), core_now_us);
    buf_fini(&big);
    core_sync(store, share, "[{\"type\":\"t\",\"data\":\"KxData2Kx\"}]");
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err); /* into files, and snapshots */
    core_sync(store, share,
        "[{\"type\":\"t\",\"data\":\"KxData3Kx\"},{\"type\":\"message\",\"data\":{\"id\":\"KxId2Kx\"}}]"); /* the log alone */
    core_sync(store, neighbour, MESSAGE(NEIGHBOUR));
}

static void gone_from_every_file(void **state)
{
    (void)state;
    open_plain();
    for (int round = 0; round < 4; round++) {
        char session[32], neighbouring[32];
        snprintf(session, sizeof(session), "ses_marked%02d", round);
        snprintf(neighbouring, sizeof(neighbouring), "ses_neighb%02d", round);
        struct sl_credentials share = core_create(store, session),
                              neighbour = core_create(store, neighbouring);
        sync_marked(&share, &neighbour);
        for (size_t i = 0; i < MARKERS; i++)
            if (found(markers[i]) == 0) fail_msg("%s is nowhere before it is removed", markers[i]);
        core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_SECRET,
                        sl_span_of(share.secret), SL_SPAN(""), &err),
            SL_OK, &err);
        if (round % 2) { /* the process ends before anything is erased; the next goes on */
            close_store();
            open_plain();
        }
        settle();
        struct sl_share_info info;
        core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
        assert_true(info.erased);
        for (size_t i = 0; i < MARKERS; i++) {
            char file[256];
            if (core_temp_grep(dir, sl_span_of(markers[i]), file) > 0)
                fail_msg("round %d: %s is still in %s", round, markers[i], strrchr(file, '/'));
        }
        assert_true(found(NEIGHBOUR) > 0);
        core_assert_data(store, neighbour.id, 0, MESSAGE(NEIGHBOUR));
        core_verify(store);
    }
}

/* A share is removed while its snapshots are being made: none of them is there afterwards. */
static void removed_while_snapshots_are_made(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    options.no_compactor = false;
    open_store(&options);
    struct buf items = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"t\",\"data\":\""));
    for (int i = 0; i < 700000; i++)
        buf_add_span(&items, SL_SPAN("xyz"));
    buf_add_span(&items, SL_SPAN("\"}]"));
    for (int round = 0; round < 20; round++) {
        char session[32];
        snprintf(session, sizeof(session), "ses_racing%02d", round);
        struct sl_credentials share = core_create(store, session);
        core_sync_at(store, &share, buf_span(&items), 1);
        if (round % 3) usleep((unsigned)round * 300); /* any moment of the making will do */
        core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_SECRET,
                        sl_span_of(share.secret), SL_SPAN(""), &err),
            SL_OK, &err);
        settle();
        struct row_key from = row_share_from(sl_span_of(share.id)),
                       to = row_share_to(sl_span_of(share.id));
        struct kv_iter *iter =
            kv_iter_create(store->kv, KV_SNAPSHOT, row_span(&from), row_span(&to), KV_CACHED);
        kv_iter_first(iter);
        assert_false(kv_iter_valid(iter));
        kv_iter_destroy(iter);
    }
    buf_fini(&items);
    core_verify(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_write_fails_once),
        TEST(making_fails),
        TEST(rebuild_fails),
        TEST(newer_format),
        TEST(other_refusals),
        TEST(gone_from_every_file),
        TEST(removed_while_snapshots_are_made),
    };
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
