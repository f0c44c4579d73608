/* A store as the last release of format 1 made it (tests/golden/make_store): it is read as it lies,
   opened to be written it becomes one of this format, and whatever is done to it, each state is
   byte for byte what that release answered. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/file.h"
#include "core/kv/rows.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define GOLDEN "tests/golden/store-1"

/* ---- the store ---- */

static void copy_folder(const char *from, const char *to)
{
    DIR *folder = opendir(from);
    assert_non_null(folder);
    mkdir(to, 0700);
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct buf bytes = {0};
        if (entry->d_name[0] == '.') continue;
        char *source = file_path(from, entry->d_name), *target = file_path(to, entry->d_name);
        if (entry->d_type == DT_DIR) {
            copy_folder(source, target);
        } else {
            FILE *file = fopen(target, "wb");
            assert_true(core_read_file(source, &bytes) && file);
            assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
            assert_int_equal(fclose(file), 0);
        }
        free(source);
        free(target);
        buf_fini(&bytes);
    }
    closedir(folder);
}

static int make_old(void **state)
{
    make_folder(state);
    copy_folder(GOLDEN "/data", dir);
    return 0;
}

static void open_beside(void)
{
    struct sl_options options = core_options(dir);
    options.access = SL_READ_BESIDE;
    open_store(&options);
}

/* The mark of the format, as the file system has it; the store is closed. */
static unsigned format(void)
{
    char *path = file_path(dir, "db");
    struct kv_options options = {.path = path, .beside = true, .cache_bytes = SL_MIB};
    struct row_key key = row_meta("format");
    struct kv *kv;
    struct kv_pin pin;
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    core_expect(kv_get(kv, KV_META, row_span(&key), &pin, &err), SL_OK, &err);
    assert_int_equal(pin.value.len, 1);
    unsigned mark = (uint8_t)pin.value.ptr[0];
    kv_release(&pin);
    kv_close(kv);
    free(path);
    return mark;
}

/* ---- what the release answered ---- */

/* Each of its lines to `take`, in up to three words. */
static void each_line(void (*take)(char words[3][80]))
{
    FILE *file = fopen(GOLDEN "/expected", "r");
    char line[300];
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        char words[3][80] = {"", "", ""};
        assert_true(sscanf(line, "%79s %79s %79s", words[0], words[1], words[2]) >= 2);
        take(words);
    }
    fclose(file);
}

static struct sl_credentials going_on;
static char big_id[80];
static uint64_t big_sequence;
static unsigned states, gone;

static void take_line(char words[3][80])
{
    struct buf data = {0};
    if (strcmp(words[0], "big") == 0) {
        snprintf(big_id, sizeof(big_id), "%s", words[1]);
        big_sequence = strtoull(words[2], NULL, 10);
    } else if (strcmp(words[0], "open") == 0) {
        snprintf(going_on.id, sizeof(going_on.id), "%s", words[1]);
        snprintf(going_on.secret, sizeof(going_on.secret), "%s", words[2]);
    } else if (strcmp(words[1], "removed") == 0) {
        assert_int_equal(core_try_data(store, words[0], 0, &data, &err), SL_REMOVED);
        gone++;
    } else {
        uint8_t hash[32];
        char hex[65];
        core_data(store, words[0], strtoull(words[1], NULL, 10), &data);
        crypto_sha256(data.ptr, data.len, hash);
        crypto_hex(hash, 32, hex);
        if (strcmp(hex, words[2]) != 0)
            fail_msg("share %s at %s: its state is another", words[0], words[1]);
        states++;
    }
    buf_fini(&data);
}

/* Everything is as the release had it, and fits together. */
static void check_all(void)
{
    states = gone = 0;
    each_line(take_line);
    assert_true(states > 50 && gone == 2);
    core_verify(store);
}

static void check_big(void)
{
    struct sl_event *event;
    uint64_t bytes = 0;
    core_expect(sl_event_open(store, sl_span_of(big_id), big_sequence, &event, &err), SL_OK, &err);
    for (size_t i = 0; i < sl_event_info(event)->items; i++)
        bytes += sl_event_item(event, i).bytes;
    assert_true(bytes > SL_BODY_ROW_BYTES + 100000);
    core_expect(sl_event_check(event, &err), SL_OK, &err);
    sl_event_close(event);
}

/* ---- tests ---- */

/* Read, it stays as it is: no file is made, gone or another. */
static void read_as_it_lies(void **state)
{
    (void)state;
    struct buf bytes = {0}, now = {0};
    open_beside();
    check_all();
    check_big();
    core_expect(sl_store_catch_up(store, &err), SL_OK, &err);
    check_all();
    close_store();
    assert_int_equal(format(), 1);
    DIR *folder = opendir(GOLDEN "/data/db");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[300], path[700];
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof(name), GOLDEN "/data/db/%s", entry->d_name);
        snprintf(path, sizeof(path), "%s/db/%s", dir, entry->d_name);
        buf_clear(&bytes);
        buf_clear(&now);
        assert_true(core_read_file(name, &bytes) && core_read_file(path, &now));
        core_assert_same(buf_span(&now), buf_span(&bytes), entry->d_name);
    }
    closedir(folder);
    buf_fini(&bytes);
    buf_fini(&now);
}

static unsigned count(enum kv_family family)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, family, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    unsigned rows = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        rows++;
    kv_iter_destroy(iter);
    return rows;
}

/* Opened to be written it is of this format, and what is appended lies where this format has it. */
static void written_on(void **state)
{
    (void)state;
    open_store(NULL);
    check_all();
    check_big();
    unsigned old = count(KV_BODY), before = count(KV_HOT);
    assert_true(old > 50);
    core_sync(store, &going_on, "[{\"type\":\"x\",\"data\":\"of this release\"}]");
    struct sl_credentials fresh = core_create(store, "ses_0123456789abcdefghij");
    core_sync(store, &fresh, "[{\"type\":\"x\",\"data\":1}]");
    settle();
    assert_int_equal(count(KV_BODY), old);
    assert_int_equal(count(KV_HOT), before + 3);
    check_all();
    close_store();
    assert_int_equal(format(), STORE_FORMAT);
    open_beside();
    check_all();
    close_store();
    open_store(NULL);
    check_all();
    core_assert_data(store, fresh.id, 0, "[{\"type\":\"x\",\"data\":1}]");
}

/* A reader that was there first goes on, and finds what was put into families that are new. */
static void upgraded_beside_a_reader(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    options.access = SL_READ_BESIDE;
    struct sl_store *reader = core_open(&options);
    open_store(NULL);
    check_all();
    struct sl_credentials fresh = core_create(store, "ses_0123456789abcdefghij");
    core_sync(store, &fresh, "[{\"type\":\"x\",\"data\":1}]");
    core_expect(sl_store_catch_up(reader, &err), SL_OK, &err);
    core_assert_data(reader, fresh.id, 0, "[{\"type\":\"x\",\"data\":1}]");
    core_verify(reader);
    sl_store_close(reader);
}

/* What is derived is made again from it, and compacting changes nothing. */
static void rebuilt(void **state)
{
    (void)state;
    open_store(NULL);
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    check_all();
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    check_all();
    check_big();
}

/* Rows of a family but of create events, and of removed shares. */
static unsigned count_unpacked(enum kv_family family)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, family, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    unsigned rows = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span id;
        uint64_t sequence;
        uint32_t chunk;
        struct sl_share_info info;
        assert_true(row_parse_chunk(kv_iter_key(iter), &id, &sequence, &chunk));
        core_expect(sl_share_info(store, id, &info, &err), SL_OK, &err);
        rows += sequence > 1 && info.state == SL_SHARE_LIVE;
    }
    kv_iter_destroy(iter);
    return rows;
}

/* Packed, it reads the same, and goes on. */
static void packed(void **state)
{
    (void)state;
    open_store(NULL);
    core_sync(store, &going_on, "[{\"type\":\"x\",\"data\":\"of this release\"}]");
    check_all();
    assert_true(count_unpacked(KV_BODY) > 40 && count_unpacked(KV_HOT) > 0);
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    assert_int_equal(count_unpacked(KV_BODY), 0);
    assert_int_equal(count_unpacked(KV_HOT), 0);
    assert_true(count(KV_COLD) > 0);
    check_all();
    check_big();
    close_store();
    open_beside();
    check_all();
    check_big();
    close_store();
    open_store(NULL);
    core_sync(store, &going_on, "[{\"type\":\"x\",\"data\":\"and once more\"}]");
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    check_all();
    struct sl_redacted told;
    struct sl_redaction asked = {.text = SL_SPAN("sk-golden-1-51f0c2a7"), .who = SL_WHO_OWNER};
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_OK, &err);
    assert_int_equal(told.items, 1);
    settle();
    core_verify(store);
}

/* What was appended by the release is taken away like what is appended now. */
static void taken_away(void **state)
{
    (void)state;
    struct sl_redacted told;
    open_store(NULL);
    check_all();
    struct sl_redaction asked = {.text = SL_SPAN("sk-golden-1-51f0c2a7"), .who = SL_WHO_OWNER};
    unsigned hot = count(KV_HOT), old = count(KV_BODY);
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_OK, &err);
    assert_int_equal(told.items, 1);
    assert_int_equal(count(KV_HOT), hot + 2); /* the event's, and that which says so */
    assert_int_equal(count(KV_BODY), old - 1);
    settle();
    core_verify(store);
    core_expect(
        sl_share_remove(store, sl_span_of(big_id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    settle();
    core_verify(store);
    assert_int_equal(count(KV_BODY), old - 1 - 4); /* of its three syncs, one of two rows */
    close_store();
    open_store(NULL);
    core_verify(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_old, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(read_as_it_lies),
        TEST(written_on),
        TEST(upgraded_beside_a_reader),
        TEST(rebuilt),
        TEST(packed),
        TEST(taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
