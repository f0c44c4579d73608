/* A log that was changed behind the server's back: whatever is done to the rows, and however well
 * they fit each other afterwards, what was signed tells. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/background/rebuild.h"
#include "core/base/file.h"
#include "core/event/event.h"
#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/store.h"
#include "core/proof/tree.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sl_credentials first, second;
static struct sl_checkpoint early, late; /* held outside; the one kept beside the store */

static struct sl_options options(void)
{
    struct sl_options options = core_options(dir);
    options.origin = (struct sl_span){0};
    return options;
}

static void open_it(void)
{
    struct sl_options o = options();
    open_store(&o);
}

static void sync_some(int n)
{
    for (int i = 0; i < n; i++) {
        core_now_us += 5000;
        core_sync(store, i % 2 ? &first : &second, "[{\"type\":\"x\",\"data\":1}]");
    }
}

static void checkpoint(struct sl_checkpoint *out, uint64_t least)
{
    core_expect(sl_log_checkpoint(store, least, out, &err), SL_OK, &err);
}

static int make_filled(void **state)
{
    make_folder(state);
    open_it();
    first = core_create(store, "ses_0123456789abcdefghij");
    second = core_create(store, "ses_0123456789abcdefghik");
    sync_some(270);
    checkpoint(&early, 272);
    sync_some(40);
    checkpoint(&late, 312);
    close_store();
    return 0;
}

static char path[4096];
static const char *in_dir(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, struct sl_span bytes)
{
    core_expect(file_write(dir, in_dir(name), bytes, &err), SL_OK, &err);
}

static bool there(const char *name)
{
    struct stat info;
    return stat(in_dir(name), &info) == 0;
}

/* ---- forging: as well as somebody can who has the database, and not the key ---- */

static struct kv *open_kv(void)
{
    struct kv *kv = NULL;
    struct kv_options kv_options = {.path = in_dir("db"), .cache_bytes = 8 << 20};
    core_expect(kv_open(&kv_options, &kv, &err), SL_OK, &err);
    return kv;
}

static void put(struct kv *kv, enum kv_family family, struct row_key key, struct sl_span value)
{
    struct kv_batch *batch = kv_batch_create();
    kv_put(kv, batch, family, row_span(&key), value);
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

static void drop(struct kv *kv, enum kv_family family, struct row_key key)
{
    struct kv_batch *batch = kv_batch_create();
    kv_delete(kv, batch, family, row_span(&key));
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

struct place {
    char id[SL_SHARE_ID_BYTES + 1];
    uint64_t sequence;
};

/* Which event each position is of. */
static size_t read_places(struct kv *kv, struct place *places, size_t cap)
{
    struct kv_iter *iter =
        kv_iter_create(kv, KV_EVENT, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    size_t n = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter), n++) {
        struct sl_span id;
        uint64_t sequence;
        struct event_row row;
        struct event_reader reader = {0};
        assert_true(row_parse_event(kv_iter_key(iter), &id, &sequence));
        assert_int_equal(event_read_begin(kv_iter_value(iter), &row, &reader), SL_OK);
        event_read_end(&reader);
        assert_true(row.position < cap);
        struct place *place = &places[row.position];
        memcpy(place->id, id.ptr, id.len);
        place->id[id.len] = 0;
        place->sequence = sequence;
    }
    kv_iter_destroy(iter);
    return n;
}

/* What is done to an event: its header, and where it goes; false: it is left out. */
typedef bool forge(const struct place *place, struct header *header, struct buf *items);

static void append_again(
    struct kv *kv, const struct place *place, forge *change, uint64_t *position, uint8_t leaf[32])
{
    struct kv_pin pin;
    struct event_row row;
    struct event_reader reader = {0};
    struct header header;
    struct buf bytes = {0}, header_bytes = {0};
    struct row_key key = row_event(sl_span_of(place->id), place->sequence);
    core_expect(kv_get(kv, KV_EVENT, row_span(&key), &pin, &err), SL_OK, &err);
    assert_int_equal(event_read_begin(pin.value, &row, &reader), SL_OK);
    event_read_end(&reader);
    assert_true(header_decode(row.header, &header));
    size_t fixed = 0;
    struct buf head = {0}, packed = {0};
    event_row_encode(&row, &head);
    fixed = head.len;
    buf_add(&packed, pin.value.ptr + fixed, pin.value.len - fixed);
    memcpy(header.prev, leaf, 32);
    if (!change(place, &header, &packed)) {
        drop(kv, KV_EVENT, key);
        drop(kv, KV_HOT, row_body(sl_span_of(place->id), place->sequence, 0));
        goto out;
    }
    header_encode(&header, &header_bytes);
    header_leaf(buf_span(&header_bytes), leaf);
    row.position = *position;
    row.header = buf_span(&header_bytes);
    event_row_encode(&row, &bytes);
    buf_add_span(&bytes, buf_span(&packed));
    put(kv, KV_EVENT, key, buf_span(&bytes));
    put(kv, KV_LOG, row_log((*position)++), buf_span(&header_bytes));
out:
    kv_release(&pin);
    buf_fini(&head);
    buf_fini(&packed);
    buf_fini(&bytes);
    buf_fini(&header_bytes);
}

/* Write the whole log anew, every event changed as `change` says, each `prev` and tile to fit. */
static void rewrite(forge *change)
{
    struct place places[400];
    uint8_t leaves[2][32] = {{0}};
    struct kv *kv = open_kv();
    uint64_t position = 0;
    size_t events = read_places(kv, places, 400);
    for (size_t i = 0; i < events; i++)
        append_again(
            kv, &places[i], change, &position, leaves[strcmp(places[i].id, first.id) == 0]);
    for (uint64_t i = position; i < events; i++)
        drop(kv, KV_LOG, row_log(i));
    for (int family = 0; family < KV_FAMILIES; family++) /* all derived data is made to fit */
        if (kv_family_derived((enum kv_family)family))
            drop(kv, (enum kv_family)family, row_whole());
    kv_close(kv);
}

static bool drop_last(const struct place *place, struct header *header, struct buf *items)
{
    (void)header, (void)items;
    return place->sequence < 150;
}

static bool forge_one(const struct place *place, struct header *header, struct buf *items)
{
    (void)items;
    if (place->sequence == 50) header->manifest_commitment[7] ^= 1;
    return true;
}

static bool leave_out(const struct place *place, struct header *header, struct buf *items)
{
    (void)header, (void)items;
    return strcmp(place->id, first.id) != 0;
}

static bool other_times(const struct place *place, struct header *header, struct buf *items)
{
    (void)items;
    if (place->sequence > 20) header->time_ms += 60000;
    return true;
}

/* ---- what is noticed ---- */

static void takes_nothing(void)
{
    struct sl_synced synced;
    struct sl_credentials made;
    struct sl_checkpoint got;
    struct buf out = {0};
    assert_int_equal(sl_store_health(store, &err), SL_READ_ONLY);
    if (!strstr(err.text, "sign")) fail_msg("health doesn't say why: %s", err.text);
    core_expect(core_try_sync(store, &second, SL_SPAN("[]"), core_now_us, &synced, &err),
        SL_READ_ONLY, &err);
    core_expect(sl_share_create(store, SL_SPAN("ses_more"), SL_ROLE_NONE, SL_SPAN(""), &made, &err),
        SL_READ_ONLY, &err);
    if (sl_log_checkpoint(store, 0, &got, &err) == SL_OK) assert_true(got.size <= late.size);
    core_data(store, second.id, 0, &out); /* reads go on */
    assert_true(out.len > 0);
    struct sl_verified verified;
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_CORRUPT, &err);
    buf_fini(&out);
}

/* Does the log as it is fit a checkpoint that somebody else holds? */
static bool grows_out_of(const struct sl_checkpoint *old)
{
    uint8_t hashes[SL_PROOF_HASHES][32];
    struct tree_proof proof = {0};
    struct sl_checkpoint now;
    checkpoint(&now, 0);
    if (sl_log_consistency(store, old->size, now.size, hashes, &proof.count, &err) != SL_OK)
        return false;
    memcpy(proof.hashes, hashes, proof.count * 32);
    return tree_consistency_holds(&proof, old->size, old->root, now.size, now.root);
}

static void noticed(forge *change)
{
    struct buf kept = {0}, now = {0};
    rewrite(change);
    assert_true(core_read_file(in_dir("checkpoint"), &kept));
    for (int i = 0; i < 2; i++) {
        open_it();
        takes_nothing();
        close_store();
    }
    assert_true(core_read_file(in_dir("checkpoint"), &now));
    core_assert_same(buf_span(&now), buf_span(&kept), "the kept checkpoint");
    struct sl_options beside = options();
    beside.access = SL_READ_BESIDE;
    open_store(&beside);
    struct sl_verified verified;
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_CORRUPT, &err);
    close_store();
    /* the kept one deleted: who holds an older one sees it */
    assert_int_equal(unlink(in_dir("checkpoint")), 0);
    open_it();
    assert_false(grows_out_of(&late));
    assert_false(grows_out_of(&early));
    close_store();
    /* … and rolled back: noticed here again */
    write_file("checkpoint", (struct sl_span){early.note, early.len});
    open_it();
    takes_nothing();
    buf_fini(&kept);
    buf_fini(&now);
}

static void test_dropped(void **state)
{
    (void)state;
    forge *change = drop_last;
    /* 298 events of 312: the early checkpoint still fits, the late one doesn't */
    rewrite(change);
    open_it();
    takes_nothing();
    close_store();
    assert_int_equal(unlink(in_dir("checkpoint")), 0);
    open_it();
    assert_false(grows_out_of(&late));
    assert_true(grows_out_of(&early));
    sync_some(40); /* grown past it again, and another log all the same */
    sleep(1);
    assert_false(grows_out_of(&late));
    assert_true(grows_out_of(&early));
}

static void test_forged(void **state)
{
    (void)state;
    noticed(forge_one);
}

static void test_left_out(void **state)
{
    (void)state;
    noticed(leave_out);
}

static void test_times(void **state)
{
    (void)state;
    noticed(other_times);
}

/* ---- a new origin ---- */

static void new_origin(const char *origin, enum sl_result expected)
{
    core_expect(sl_log_new_origin(store, sl_span_of(origin), &err), expected, &err);
}

static void goes_on(const char *origin)
{
    open_it();
    core_expect(sl_store_health(store, &err), SL_OK, &err);
    assert_string_equal(sl_store_origin(store), origin);
    sync_some(2);
    struct sl_checkpoint now;
    checkpoint(&now, 0);
    assert_memory_equal(now.note, origin, strlen(origin));
    core_verify(store);
}

static void test_new_origin(void **state)
{
    (void)state;
    char old[300], aside[400];
    rewrite(drop_last);
    open_it();
    snprintf(old, sizeof(old), "%s", sl_store_origin(store));
    new_origin("with space", SL_INVALID);
    new_origin(old, SL_INVALID); /* it would be a second log of that name */
    new_origin("log/two", SL_OK);
    struct sl_checkpoint got;
    sl_log_checkpoint(store, 0, &got, &err); /* signs nothing more under the old one */
    assert_false(there("checkpoint"));
    snprintf(aside, sizeof(aside), "checkpoint-%s", old);
    assert_true(there(aside));
    close_store();
    goes_on("log/two");
    new_origin(old, SL_INVALID); /* nor later */
    new_origin("log/two", SL_INVALID);
    new_origin("cosigned", SL_OK);
    sync_some(1);
    sleep(1);
    sl_log_checkpoint(store, 0, &got, &err);
    close_store();
    goes_on("cosigned");
    new_origin("log/two", SL_INVALID);
    new_origin("new", SL_OK);
    close_store();
    goes_on("new");
    core_verify(store);
}

/* Ended between its steps: running it again finishes it. */
static void test_new_origin_cut_short(void **state)
{
    (void)state;
    struct buf kept = {0};
    char old[300], aside[400];
    open_it();
    snprintf(old, sizeof(old), "%s", sl_store_origin(store));
    core_expect(sl_log_publish(store, (struct sl_span){late.note, late.len}, &err), SL_OK, &err);
    assert_true(core_read_file(in_dir("checkpoint"), &kept));
    for (int step = 0; step < 2; step++) {
        const char *name = step ? "log-3" : "log-2";
        new_origin(name, SL_OK);
        close_store();
        /* as if the last rename, or both, had not been */
        snprintf(aside, sizeof(aside), "checkpoint-%s", step ? "log-2" : old);
        char from[4096];
        snprintf(from, sizeof(from), "%s", in_dir(aside));
        assert_int_equal(rename(from, in_dir("checkpoint")), 0);
        open_it();
        assert_int_equal(sl_store_health(store, &err), SL_READ_ONLY);
        new_origin(name, SL_OK);
        assert_true(there(aside));
        close_store();
        goes_on(name);
    }
    buf_fini(&kept);
}

/* ---- the write-ahead log ---- */

static char wal[4096];
static bool find_wal(void)
{
    char command[4200];
    snprintf(command, sizeof(command), "ls -S %s/db/*.log", dir);
    FILE *list = popen(command, "r");
    bool found = list && fgets(wal, sizeof(wal), list);
    if (list) pclose(list);
    wal[strcspn(wal, "\n")] = 0;
    return found;
}

/* A byte that turns over in it: RocksDB drops what comes after, without a word. */
static void test_torn_wal(void **state)
{
    (void)state;
    struct stat info;
    assert_true(find_wal());
    assert_int_equal(stat(wal, &info), 0);
    FILE *file = fopen(wal, "r+b");
    fseek(file, info.st_size * 9 / 10, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, info.st_size * 9 / 10, SEEK_SET);
    fputc(byte ^ 0x10, file);
    fclose(file);
    struct sl_options o = options();
    enum sl_result result = sl_store_open(&o, NULL, &store, &err);
    if (result == SL_OK) takes_nothing(); /* refusing to open would do too */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_filled, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_dropped),
        TEST(test_forged),
        TEST(test_left_out),
        TEST(test_times),
        TEST(test_new_origin),
        TEST(test_new_origin_cut_short),
        TEST(test_torn_wal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
