/* What a checkpoint promises, and what is said of the files beside the database when a bit of them
 * has turned over or they are gone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/proof/tree.h"
#include "tests/support/core_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- between the store and the system: what was synced before the kept file was ---- */

static atomic_int log_syncs, log_syncs_before_kept;

static void synced(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    path[len < 0 ? 0 : len] = 0;
    size_t n = strlen(path);
    if (n > 4 && strcmp(path + n - 4, ".log") == 0) atomic_fetch_add(&log_syncs, 1);
    if (n > 14 && strcmp(path + n - 14, "checkpoint.new") == 0)
        atomic_store(&log_syncs_before_kept, atomic_load(&log_syncs));
}

int fsync(int fd)
{
    synced(fd);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    synced(fd);
    return (int)syscall(SYS_fdatasync, fd);
}

/* ---- */

static struct sl_credentials share;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

static void sync_some(int n)
{
    while (n-- > 0)
        core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
}

static char path[4096];
static const char *in_dir(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void checkpoint(uint64_t least, struct sl_checkpoint *out)
{
    core_expect(sl_log_checkpoint(store, least, out, &err), SL_OK, &err);
}

/* ---- what is signed ---- */

static void test_once_a_second(void **state)
{
    (void)state;
    struct sl_checkpoint last, now;
    unsigned changes = 0;
    sync_some(1);
    checkpoint(0, &last);
    uint64_t begun = now_ms();
    while (now_ms() - begun < 2500) {
        sync_some(1);
        checkpoint(0, &now);
        assert_true(now.size >= last.size);
        if (now.size == last.size)
            core_assert_same((struct sl_span){now.note, now.len},
                (struct sl_span){last.note, last.len}, "a checkpoint of one size");
        changes += now.size != last.size;
        last = now;
    }
    assert_true(changes >= 1 && changes <= (now_ms() - begun) / 1000 + 1);
    sync_some(1);
    checkpoint(0, &now);
    uint64_t size = now.size + 1;
    sync_some(3);
    checkpoint(size, &now); /* waits for one that covers it */
    assert_true(now.size >= size);
    core_expect(sl_log_checkpoint(store, now.size + 1000, &now, &err), SL_NOT_FOUND, &err);
    reopen();
    checkpoint(0, &last);
    core_assert_same((struct sl_span){now.note, now.len}, (struct sl_span){last.note, last.len},
        "a checkpoint after reopening");
}

/* Each grows out of the one before. */
static void test_consistent(void **state)
{
    (void)state;
    struct sl_checkpoint last, now;
    checkpoint(0, &last);
    for (int i = 0; i < 12; i++) {
        sync_some(1 + 37 * i);
        reopen();
        checkpoint(0, &now);
        uint8_t hashes[SL_PROOF_HASHES][32];
        struct tree_proof proof = {0};
        core_expect(sl_log_consistency(store, last.size, now.size, hashes, &proof.count, &err),
            SL_OK, &err);
        memcpy(proof.hashes, hashes, proof.count * 32);
        assert_true(tree_consistency_holds(&proof, last.size, last.root, now.size, now.root));
        last = now;
    }
}

/* Events that are only in the system's memory are synced before they are signed for. */
static void test_synced_before(void **state)
{
    (void)state;
    struct sl_checkpoint now;
    sync_some(5);
    atomic_store(&log_syncs, 0);
    atomic_store(&log_syncs_before_kept, -1);
    checkpoint(0, &now);
    assert_true(atomic_load(&log_syncs_before_kept) >= 1);
}

static void test_read_beside(void **state)
{
    (void)state;
    struct sl_checkpoint kept, seen;
    sync_some(3);
    checkpoint(0, &kept);
    sync_some(3);
    struct sl_options options = core_options(dir);
    options.access = SL_READ_BESIDE;
    struct sl_store *beside = core_open(&options);
    core_expect(sl_log_checkpoint(beside, 0, &seen, &err), SL_OK, &err);
    assert_int_equal(seen.size, kept.size);
    core_expect(sl_log_checkpoint(beside, kept.size + 1, &seen, &err), SL_NOT_FOUND, &err);
    core_verify(beside);
    sl_store_close(beside);
}

/* ---- stores of before, and damaged ones ---- */

static void change_rows(enum kv_family family, bool whole, bool others)
{
    struct kv_batch *batch = kv_batch_create();
    struct kv_iter *iter =
        kv_iter_create(store->kv, family, (struct sl_span){0}, (struct sl_span){0}, KV_CACHED);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key = kv_iter_key(iter);
        bool is_whole = (uint8_t)key.ptr[0] == 0xff;
        if (is_whole ? whole : others) kv_delete(store->kv, batch, family, key);
    }
    kv_iter_destroy(iter);
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

static void test_without_tiles(void **state)
{
    (void)state;
    struct sl_checkpoint before, after;
    sync_some(600);
    checkpoint(602 - 1, &before);
    for (int step = 0; step < 3; step++) {
        /* made before there were tiles; tiles lost; both, of all families */
        change_rows(KV_TILE, step != 1, true);
        if (step == 2)
            for (int family = KV_SHARE; family < KV_FAMILIES; family++)
                change_rows((enum kv_family)family, true, true);
        reopen();
        core_expect(sl_store_health(store, &err), SL_OK, &err);
        core_verify(store);
        checkpoint(0, &after);
        assert_memory_equal(after.root, before.root, 32);
    }
}

/* A tile that is damaged doesn't make the log another one. At the edge it is made again by opening;
 * further back, where only proofs look, verify finds it. */
static void test_damaged_tiles(void **state)
{
    (void)state;
    struct sl_checkpoint kept;
    sync_some(600);
    checkpoint(601, &kept);
    for (size_t byte = 0; byte < 64; byte += 21) {
        struct row_key key = row_tile(byte % 2, 0);
        struct kv_pin pin;
        struct buf bytes = {0};
        core_expect(kv_get(store->kv, KV_TILE, row_span(&key), &pin, &err), SL_OK, &err);
        buf_add_span(&bytes, pin.value);
        kv_release(&pin);
        bytes.ptr[byte] ^= 4;
        if (byte == 42) bytes.len -= 3;
        struct kv_batch *batch = kv_batch_create();
        kv_put(store->kv, batch, KV_TILE, row_span(&key), buf_span(&bytes));
        core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
        kv_batch_destroy(batch);
        buf_fini(&bytes);
        reopen();
        core_expect(sl_store_health(store, &err), SL_OK, &err);
        struct sl_verified verified;
        if (byte % 2 == 0) {
            core_expect(sl_store_verify(store, NULL, &verified, &err), SL_CORRUPT, &err);
            core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
        }
        core_verify(store);
    }
}

/* ---- files ---- */

/* Every few bits of a file: what opening says. */
static void flip_file(const char *name, enum sl_result refused)
{
    struct buf bytes = {0};
    assert_true(core_read_file(in_dir(name), &bytes));
    close_store();
    size_t harmless = 0, step = bytes.len > 100 ? 29 : 7;
    for (size_t bit = 0; bit < 8 * bytes.len; bit += step) {
        struct sl_options options = core_options(dir);
        struct sl_store *opened = NULL;
        struct sl_err why = {0};
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        core_expect(file_write(dir, in_dir(name), buf_span(&bytes), &err), SL_OK, &err);
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        enum sl_result result = sl_store_open(&options, NULL, &opened, &why);
        if (result == SL_OK && refused == SL_READ_ONLY) result = sl_store_health(opened, &why);
        if (result == SL_OK) {
            core_verify(opened); /* the log is what it was */
            harmless++;
        } else if (result != refused || why.text[0] == 0) {
            fail_msg("%s, bit %zu: %s: %s", name, bit, sl_result_text(result), why.text);
        }
        sl_store_close(opened);
    }
    core_expect(file_write(dir, in_dir(name), buf_span(&bytes), &err), SL_OK, &err);
    printf(
        "%s: %zu of %zu flips are no fault of the log's\n", name, harmless, 8 * bytes.len / step);
    if (refused == SL_READ_ONLY || strcmp(name, "signing-key") == 0) assert_true(harmless <= 1);
    buf_fini(&bytes);
    open_store(NULL);
    core_verify(store);
}

static void test_files(void **state)
{
    (void)state;
    struct sl_checkpoint kept;
    sync_some(20);
    checkpoint(0, &kept);
    flip_file("checkpoint", SL_READ_ONLY);
    flip_file("signing-key", SL_INVALID);
    flip_file("owner-key", SL_INVALID); /* another key is no fault: the owner finds that it is */
    flip_file("namespace", SL_INVALID);
}

/* A rule that is damaged would let come back what was redacted: nothing is taken until it is seen
 * to. */
static void test_damaged_rule(void **state)
{
    (void)state;
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"a word to hide\"}]");
    struct sl_redaction asked = {
        .share_id = sl_span_of(share.id), .text = SL_SPAN("word to hide"), .who = SL_WHO_OWNER};
    struct sl_redacted told;
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_OK, &err);
    struct row_key from = row_meta("rule/"), to = row_meta("rule0");
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_META, row_span(&from), row_span(&to), KV_CACHED);
    struct kv_batch *batch = kv_batch_create();
    struct buf value = {0};
    kv_iter_first(iter);
    assert_true(kv_iter_valid(iter));
    /* neither the text nor anything to guess it by */
    buf_add_span(&value, kv_iter_value(iter));
    assert_null(memmem(value.ptr, value.len, "word", 4));
    value.ptr[1] ^= 1;
    kv_put(store->kv, batch, KV_META, kv_iter_key(iter), buf_span(&value));
    kv_iter_destroy(iter);
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    buf_fini(&value);
    reopen();
    assert_int_equal(sl_store_health(store, &err), SL_READ_ONLY);
    struct sl_synced synced_as;
    core_expect(core_try_sync(store, &share, SL_SPAN("[]"), core_now_us, &synced_as, &err),
        SL_READ_ONLY, &err);
    core_assert_data(store, share.id, 0, "[{\"type\":\"x\",\"data\":\"[redacted]\"}]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_once_a_second),
        TEST(test_consistent),
        TEST(test_synced_before),
        TEST(test_read_beside),
        TEST(test_without_tiles),
        TEST(test_damaged_tiles),
        TEST(test_files),
        TEST(test_damaged_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
