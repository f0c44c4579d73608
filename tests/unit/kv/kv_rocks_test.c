/* The wall before RocksDB: what is put is there, in order, as a whole or not at all; and how it
 * fails. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/limits.h"
#include "core/kv/kv.h"
#include "tests/support/core_store.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>

static const char *dir;
static struct kv *kv;
static struct sl_err err;

static void open_kv(void)
{
    struct kv_options options = {.path = dir, .cache_bytes = SL_MIB};
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
}

static int make(void **state)
{
    (void)state;
    dir = core_temp_make();
    open_kv();
    return 0;
}

static int drop(void **state)
{
    (void)state;
    kv_fault_after(-1);
    kv_close(kv);
    kv = NULL;
    core_temp_remove(dir);
    return 0;
}

static void put(enum kv_family family, const char *key, const char *value)
{
    struct kv_batch *batch = kv_batch_create();
    kv_put(kv, batch, family, sl_span_of(key), sl_span_of(value));
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

/* NULL: there is none. */
static void assert_value(struct kv *in, enum kv_family family, const char *key, const char *value)
{
    struct kv_pin pin = {.slice = &pin};
    struct sl_err untouched = {.text = "as it was"};
    enum sl_result result = kv_get(in, family, sl_span_of(key), &pin, &untouched);
    assert_string_equal(untouched.text, "as it was");
    if (!value) {
        assert_int_equal(result, SL_NOT_FOUND);
        assert_null(pin.slice);
        return;
    }
    assert_int_equal(result, SL_OK);
    assert_true(sl_span_eq(pin.value, sl_span_of(value)));
    kv_release(&pin);
    assert_null(pin.slice);
}

/* The keys that an iterator over [lower, upper) comes by, with spaces behind them. */
static void assert_keys(const char *lower, const char *upper, const char *keys)
{
    char found[200] = "", back[200] = "";
    struct kv_iter *iter =
        kv_iter_create(kv, KV_LOG, sl_span_of(lower), sl_span_of(upper), KV_CACHED);
    assert_false(kv_iter_valid(iter));
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        size_t at = strlen(found);
        snprintf(found + at, sizeof(found) - at, "%.*s ", (int)kv_iter_key(iter).len,
            kv_iter_key(iter).ptr);
    }
    core_expect(kv_iter_check(iter, &err), SL_OK, &err);
    assert_string_equal(found, keys);
    for (kv_iter_last(iter); kv_iter_valid(iter); kv_iter_prev(iter)) {
        char rest[200];
        snprintf(rest, sizeof(rest), "%s", back);
        snprintf(back, sizeof(back), "%.*s %.150s", (int)kv_iter_key(iter).len,
            kv_iter_key(iter).ptr, rest);
    }
    assert_string_equal(back, keys);
    kv_iter_destroy(iter);
}

static void values(void **state)
{
    (void)state;
    put(KV_SHARE, "a", "one");
    put(KV_SHARE, "a", "two");
    put(KV_EVENT, "a", "in another family");
    assert_value(kv, KV_SHARE, "a", "two");
    assert_value(kv, KV_EVENT, "a", "in another family");
    assert_value(kv, KV_BODY, "a", NULL);
    assert_value(kv, KV_SHARE, "", NULL);
    put(KV_META, "empty", "");
    assert_value(kv, KV_META, "empty", "");
    struct kv_pin pin;
    core_expect(kv_get_once(kv, KV_SHARE, SL_SPAN("a"), &pin, &err), SL_OK, &err);
    put(KV_SHARE, "a", "three"); /* a pin holds what it was */
    assert_true(sl_span_eq(pin.value, SL_SPAN("two")));
    kv_release(&pin);
    kv_close(kv);
    open_kv();
    assert_value(kv, KV_SHARE, "a", "three");
}

static void pieces_are_one_value(void **state)
{
    (void)state;
    const char *ptrs[100];
    size_t lens[100];
    struct buf all = {0};
    for (size_t i = 0; i < 100; i++) {
        ptrs[i] = "0123456789";
        lens[i] = i % 11;
        buf_add(&all, ptrs[i], lens[i]);
    }
    struct kv_batch *batch = kv_batch_create();
    kv_put_pieces(kv, batch, KV_BODY, SL_SPAN("p"), ptrs, lens, 100);
    assert_int_equal(kv_batch_count(batch), 1);
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    struct kv_pin pin;
    core_expect(kv_get(kv, KV_BODY, SL_SPAN("p"), &pin, &err), SL_OK, &err);
    assert_true(sl_span_eq(pin.value, buf_span(&all)));
    kv_release(&pin);
    buf_fini(&all);
}

static void iterators(void **state)
{
    (void)state;
    static const char *const keys[] = {"b", "d", "a", "c", "ba"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        put(KV_LOG, keys[i], "x");
    assert_keys("", "", "a b ba c d ");
    assert_keys("b", "", "b ba c d ");
    assert_keys("", "c", "a b ba ");
    assert_keys("b", "c", "b ba ");
    assert_keys("bb", "bc", "");
    struct kv_iter *iter =
        kv_iter_create(kv, KV_LOG, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    kv_iter_seek(iter, SL_SPAN("bb"));
    assert_true(sl_span_eq(kv_iter_key(iter), SL_SPAN("c")));
    kv_iter_seek_back(iter, SL_SPAN("bb"));
    assert_true(sl_span_eq(kv_iter_key(iter), SL_SPAN("ba")));
    kv_iter_seek_back(iter, SL_SPAN("b"));
    assert_true(sl_span_eq(kv_iter_key(iter), SL_SPAN("b")));
    put(KV_LOG, "bz", "later"); /* an iterator sees what was there when it was made */
    kv_iter_seek(iter, SL_SPAN("bb"));
    assert_true(sl_span_eq(kv_iter_key(iter), SL_SPAN("c")));
    kv_iter_seek(iter, SL_SPAN("e"));
    assert_false(kv_iter_valid(iter));
    core_expect(kv_iter_check(iter, &err), SL_OK, &err);
    kv_iter_destroy(iter);
}

static void deletions(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        put(KV_LOG, keys[i], "x");
    struct kv_batch *batch = kv_batch_create();
    kv_delete(kv, batch, KV_LOG, SL_SPAN("a"));
    kv_delete_single(kv, batch, KV_LOG, SL_SPAN("e"));
    kv_delete_range(kv, batch, KV_LOG, SL_SPAN("b"), SL_SPAN("d"));
    assert_keys("", "", "a b c d e "); /* not yet */
    core_expect(kv_write(kv, batch, true, &err), SL_OK, &err);
    assert_keys("", "", "d ");
    kv_batch_clear(batch);
    assert_int_equal(kv_batch_count(batch), 0);
    kv_put(kv, batch, KV_LOG, SL_SPAN("z"), SL_SPAN("z"));
    core_expect(kv_write(kv, batch, true, &err), SL_OK, &err);
    assert_keys("", "", "d z ");
    kv_batch_destroy(batch);
}

/* A batch that was large gives its memory back when it is cleared, and can be used on. */
static void large_batch(void **state)
{
    (void)state;
    size_t len = 3 * SL_GROUP_BYTES;
    char *bytes = calloc(1, len);
    struct kv_batch *batch = kv_batch_create();
    kv_put(kv, batch, KV_BODY, SL_SPAN("large"), (struct sl_span){bytes, len});
    assert_true(kv_batch_bytes(batch) > len);
    kv_batch_clear(batch);
    assert_true(kv_batch_bytes(batch) < 100);
    kv_put(kv, batch, KV_BODY, SL_SPAN("small"), SL_SPAN("x"));
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    assert_value(kv, KV_BODY, "large", NULL);
    assert_value(kv, KV_BODY, "small", "x");
    kv_batch_destroy(batch);
    free(bytes);
}

static void dead_disk(void **state)
{
    (void)state;
    struct kv_batch *batch = kv_batch_create();
    kv_put(kv, batch, KV_META, SL_SPAN("k"), SL_SPAN("v"));
    kv_fault_after(1);
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    assert_int_equal(kv_write(kv, batch, false, &err), SL_IO);
    assert_non_null(strstr(err.text, "injected fault"));
    assert_int_equal(kv_write_unlogged(kv, batch, &err), SL_IO); /* and all after it */
    kv_fault_after(-1);
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

static void unlogged_rows_need_a_flush(void **state)
{
    (void)state;
    struct kv_batch *batch = kv_batch_create();
    kv_put(kv, batch, KV_SNAPSHOT, SL_SPAN("s"), SL_SPAN("v"));
    core_expect(kv_write_unlogged(kv, batch, &err), SL_OK, &err);
    assert_value(kv, KV_SNAPSHOT, "s", "v");
    core_expect(kv_flush_family(kv, KV_SNAPSHOT, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    kv_close(kv);
    open_kv();
    assert_value(kv, KV_SNAPSHOT, "s", "v");
}

/* What was deleted is in no file once its range was compacted. */
static void compacting_erases(void **state)
{
    (void)state;
    char first[256];
    kv_close(kv);
    struct kv_options options = {.path = dir, .cache_bytes = SL_MIB, .uncompressed = true};
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    put(KV_BODY, "b", "SECRET-BYTES");
    core_expect(kv_flush(kv, &err), SL_OK, &err);
    assert_true(core_temp_grep(dir, SL_SPAN("SECRET-BYTES"), first) > 0);
    struct kv_batch *batch = kv_batch_create();
    kv_delete(kv, batch, KV_BODY, SL_SPAN("b"));
    core_expect(kv_write(kv, batch, true, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    core_expect(kv_flush(kv, &err), SL_OK, &err);
    core_expect(
        kv_compact(kv, KV_BODY, (struct sl_span){0}, (struct sl_span){0}, &err), SL_OK, &err);
    assert_int_equal(core_temp_grep(dir, SL_SPAN("SECRET-BYTES"), first), 0);
    assert_int_equal(kv_unflushed_bytes(kv) < SL_MIB, true);
}

static void one_writer(void **state)
{
    (void)state;
    struct kv *other = NULL;
    struct kv_options options = {.path = dir, .cache_bytes = SL_MIB};
    assert_int_equal(kv_open(&options, &other, &err), SL_LOCKED);
    assert_null(other);
}

static void beside(void **state)
{
    (void)state;
    struct kv *reader = NULL;
    struct kv_options options = {.path = "/nonexistent", .beside = true, .cache_bytes = SL_MIB};
    assert_int_equal(kv_open(&options, &reader, &err), SL_NOT_FOUND);
    assert_null(reader);
    options.path = dir;
    put(KV_META, "first", "1");
    core_expect(kv_open(&options, &reader, &err), SL_OK, &err);
    assert_value(reader, KV_META, "first", "1");
    put(KV_META, "second", "2");
    assert_value(reader, KV_META, "second", NULL);
    core_expect(kv_catch_up(reader, &err), SL_OK, &err);
    assert_value(reader, KV_META, "second", "2");
    kv_close(reader);
}

/* Beside what isn't a database: opening fails, and leaves nothing open. */
static void beside_damage(void **state)
{
    (void)state;
    char current[4096];
    struct kv *reader = NULL;
    struct kv_options options = {.path = dir, .beside = true, .cache_bytes = SL_MIB};
    kv_close(kv);
    kv = NULL;
    snprintf(current, sizeof(current), "%s/CURRENT", dir);
    FILE *file = fopen(current, "w");
    assert_non_null(file);
    assert_true(fputs("MANIFEST-999999\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    enum sl_result result = kv_open(&options, &reader, &err);
    assert_true(result == SL_IO || result == SL_CORRUPT);
    assert_non_null(strstr(err.text, dir));
    assert_null(reader);
}

/* Add a family to the closed database, or drop one that is there. */
static void change_families(const char *added, const char *dropped)
{
    char *text = NULL;
    size_t count = 0;
    rocksdb_options_t *options = rocksdb_options_create();
    char **there = rocksdb_list_column_families(options, dir, &count, &text);
    assert_null(text);
    rocksdb_column_family_handle_t *handles[32] = {0};
    const rocksdb_options_t *each[32];
    assert_true(count < 32);
    for (size_t i = 0; i < count; i++)
        each[i] = options;
    rocksdb_t *db = rocksdb_open_column_families(
        options, dir, (int)count, (const char *const *)there, each, handles, &text);
    assert_null(text);
    if (added) handles[count] = rocksdb_create_column_family(db, options, added, &text);
    assert_null(text);
    for (size_t i = 0; i < count; i++)
        if (dropped && strcmp(there[i], dropped) == 0)
            rocksdb_drop_column_family(db, handles[i], &text);
    assert_null(text);
    for (size_t i = 0; i < 32; i++)
        if (handles[i]) rocksdb_column_family_handle_destroy(handles[i]);
    rocksdb_close(db);
    rocksdb_list_column_families_destroy(there, count);
    rocksdb_options_destroy(options);
}

/* A database of a later version isn't opened to be written; beside it can be. */
static void unknown_family(void **state)
{
    (void)state;
    put(KV_META, "first", "1");
    kv_close(kv);
    kv = NULL;
    change_families("later", NULL);
    struct kv_options options = {.path = dir, .cache_bytes = SL_MIB};
    assert_int_equal(kv_open(&options, &kv, &err), SL_FORMAT);
    assert_null(kv);
    assert_non_null(strstr(err.text, "newer version"));
    options.beside = true;
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    assert_value(kv, KV_META, "first", "1");
}

/* Beside a database without the optional families they are empty, until who writes it makes
   them. */
static void optional_families(void **state)
{
    (void)state;
    struct kv *reader = NULL;
    struct kv_options options = {.path = dir, .beside = true, .cache_bytes = SL_MIB};
    put(KV_BODY, "b", "of format 1");
    kv_close(kv);
    change_families(NULL, "hot");
    change_families(NULL, "cold");
    core_expect(kv_open(&options, &reader, &err), SL_OK, &err);
    assert_value(reader, KV_BODY, "b", "of format 1");
    for (enum kv_family family = 0; family < KV_FAMILIES; family++) {
        if (!kv_family_optional(family)) continue;
        assert_value(reader, family, "b", NULL);
        struct kv_iter *iter =
            kv_iter_create(reader, family, (struct sl_span){0}, (struct sl_span){0}, KV_CACHED);
        kv_iter_first(iter);
        assert_false(kv_iter_valid(iter));
        kv_iter_seek(iter, SL_SPAN("a"));
        assert_false(kv_iter_valid(iter));
        core_expect(kv_iter_check(iter, &err), SL_OK, &err);
        kv_iter_destroy(iter);
        assert_int_equal(kv_family_bytes(reader, family), 0);
    }
    open_kv();
    put(KV_HOT, "h", "new");
    put(KV_COLD, "c", "new");
    core_expect(kv_catch_up(reader, &err), SL_OK, &err);
    assert_value(reader, KV_HOT, "h", "new");
    assert_value(reader, KV_COLD, "c", "new");
    kv_close(reader);
}

/* Rows of the families for packed bodies lie in files as they are; RocksDB compresses the others.
 */
static void packed_families_stay_as_they_are(void **state)
{
    (void)state;
    static const enum kv_family families[] = {KV_HOT, KV_COLD, KV_BODY};
    struct sl_span all = {0};
    for (size_t i = 0; i < 3; i++) {
        char value[20000];
        memset(value, 'a', sizeof(value) - 1);
        value[sizeof(value) - 1] = 0;
        put(families[i], "key", value);
        core_expect(kv_flush(kv, &err), SL_OK, &err);
        core_expect(kv_compact(kv, families[i], all, all, &err), SL_OK, &err);
        bool plain = kv_family_bytes(kv, families[i]) > sizeof(value);
        assert_int_equal(plain, families[i] != KV_BODY);
    }
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(kv_family_name(KV_META), "meta");
    assert_string_equal(kv_family_name(KV_BY_SESSION), "by_session");
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        assert_int_equal(kv_family_derived(family), family > KV_LOG);
}

int main(void)
{
#define KV_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop)
    const struct CMUnitTest tests[] = {KV_TEST(values), KV_TEST(pieces_are_one_value),
        KV_TEST(iterators), KV_TEST(deletions), KV_TEST(large_batch), KV_TEST(dead_disk),
        KV_TEST(unlogged_rows_need_a_flush), KV_TEST(compacting_erases), KV_TEST(one_writer),
        KV_TEST(beside), KV_TEST(beside_damage), KV_TEST(unknown_family),
        KV_TEST(optional_families), KV_TEST(packed_families_stay_as_they_are), KV_TEST(names)};
    return cmocka_run_group_tests_name("kv_rocks", tests, NULL, NULL);
}
