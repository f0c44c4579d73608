/* The stored bytes, pinned in tests/golden/: what these files say is in stores for ever. A
 * difference is a new storage format, or a mistake. SL_GOLDEN_WRITE=1 writes them anew. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/log.h"
#include "core/log/store.h"
#include "core/state/snapshot.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <stdlib.h>

#define ID SL_SPAN("q7Zk2bXa")
#define SESSION SL_SPAN("ses_dfbb4fc8fffeO6R7hq7Zk2bXa")
#define ARRIVED_US 1700000000000001u
#define TIME_MS 1700000000123u

static struct buf text;

static int begin(void **state)
{
    (void)state;
    text = (struct buf){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_fini(&text);
    return 0;
}

static void add(const char *words)
{
    buf_add(&text, words, strlen(words));
}

/* Bytes as `hexdump -C` has them, repeated lines left out. */
static void dump(const char *name, struct sl_span bytes)
{
    char line[128], last[16] = "";
    bool repeats = false;
    snprintf(line, sizeof(line), "%s (%zu bytes)\n", name, bytes.len);
    add(line);
    for (size_t at = 0; at < bytes.len; at += 16) {
        size_t n = bytes.len - at < 16 ? bytes.len - at : 16;
        bool same = at > 0 && n == 16 && memcmp(last, bytes.ptr + at, 16) == 0;
        if (same && !repeats) add("  *\n");
        repeats = same;
        if (same) continue;
        memcpy(last, bytes.ptr + at, n);
        int used = snprintf(line, sizeof(line), "  %06zx ", at);
        for (size_t i = 0; i < 16; i++)
            used += i < n ? snprintf(line + used, sizeof(line) - (size_t)used, " %02x",
                                (uint8_t)bytes.ptr[at + i])
                          : snprintf(line + used, sizeof(line) - (size_t)used, "   ");
        used += snprintf(line + used, sizeof(line) - (size_t)used, "  |");
        for (size_t i = 0; i < n; i++) {
            char c = bytes.ptr[at + i];
            line[used++] = c >= ' ' && c <= '~' ? c : '.';
        }
        snprintf(line + used, sizeof(line) - (size_t)used, "|\n");
        add(line);
    }
    add("\n");
}

static void compare(const char *name)
{
    char path[128];
    const char *write = getenv("SL_GOLDEN_WRITE");
    struct buf golden = {0};
    assert_false(text.failed);
    snprintf(path, sizeof(path), "tests/golden/%s.txt", name);
    if (write && strcmp(write, "1") == 0) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
        assert_int_equal(fclose(file), 0);
    }
    if (!core_read_file(path, &golden)) fail_msg("%s is missing", path);
    core_assert_same(buf_span(&text), buf_span(&golden), path);
    buf_fini(&golden);
}

static void fill(uint8_t *out, size_t len, unsigned first)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(first + i);
}

static struct sl_span hash_span(const uint8_t *hash)
{
    return (struct sl_span){(const char *)hash, 32};
}

/* ---- keys ---- */

static void dump_key(const char *name, struct row_key key)
{
    dump(name, row_span(&key));
}

static void keys(void **state)
{
    (void)state;
    uint8_t ref[32], maker[MAKER_BYTES];
    fill(ref, 32, 0xe0);
    fill(maker, sizeof(maker), 0x80);
    add("# Every form of a key. Numbers are big-endian; a share's rows are id, 00, sequence (8), chunk (4).\n\n");
    dump_key("meta: a name", row_meta("format"));
    dump_key("meta: a share is being erased", row_erase(ID));
    dump_key("event: sequence 1", row_event(ID, 1));
    dump_key("event: sequence 2^40 + 3", row_event(ID, ((uint64_t)1 << 40) + 3));
    dump_key("body, hot, cold: sequence 258, row 0", row_body(ID, 258, 0));
    dump_key("body, hot, cold: sequence 258, row 66051", row_body(ID, 258, 66051));
    dump_key("log: position 0", row_log(0));
    dump_key("log: position 1000000", row_log(1000000));
    dump_key("share", row_share(ID));
    dump_key("by_session: created at position 300", row_by_session(SESSION, maker_unknown, 300));
    dump_key(
        "by_session: created at position 300, by a maker", row_by_session(SESSION, maker, 300));
    dump_key("snapshot: sequence 258, row 1", row_snapshot(ID, 258, 1));
    dump_key("index: newest, position 0", row_newest(0));
    dump_key("index: newest, position 1000000", row_newest(1000000));
    dump_key("index: by reference", row_ref(ref));
    dump_key("index: a snapshot is due", row_index(ROW_INDEX_DUE, ID));
    dump_key("index: a session is held by a share", row_held(SESSION, maker_unknown, ID));
    dump_key("index: a session is held by a maker's share", row_held(SESSION, maker, ID));
    dump_key("every derived family: it is whole", row_whole());
    dump_key("the range of a share's rows: from", row_share_from(ID));
    dump_key("the range of a share's rows: to", row_share_to(ID));
    compare("keys");
}

/* ---- an event, as the log puts it ---- */

static struct kv *open_kv(const char *dir)
{
    struct sl_err err = {0};
    struct kv_options options = {.path = dir, .cache_bytes = SL_MIB};
    struct kv *kv = NULL;
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    return kv;
}

static void dump_family(
    struct kv *kv, enum kv_family family, struct sl_span from, struct sl_span to)
{
    struct kv_iter *iter = kv_iter_create(kv, family, from, to, KV_CACHED);
    char name[64];
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        snprintf(name, sizeof(name), "%s: key", kv_family_name(family));
        dump(name, kv_iter_key(iter));
        snprintf(name, sizeof(name), "%s: value", kv_family_name(family));
        dump(name, kv_iter_value(iter));
    }
    assert_int_equal(kv_iter_check(iter, NULL), SL_OK);
    kv_iter_destroy(iter);
}

/* As the log puts them, with the nonce that the batch has now. */
static void remake_rows(struct batch *batch)
{
    hot_rows_begin(&batch->rows, body_bytes(batch->data_bytes));
    hot_rows_add(&batch->rows, SL_SPAN("\0"));
    hot_rows_add(&batch->rows, (struct sl_span){(const char *)batch->nonce, EVENT_NONCE_BYTES});
    for (size_t i = 0; i < batch->count; i++)
        hot_rows_add(&batch->rows, batch->items[i].data);
    assert_true(hot_rows_end(&batch->rows));
}

/* Sealed, and then with a fixed nonce in the place of the one that was drawn. */
static void seal(struct batch *batch, struct buf *manifest)
{
    struct sl_err err = {0};
    uint8_t nonce[ITEM_NONCE_BYTES], commitment[32];
    char name[64];
    core_expect(batch_seal(batch, &err), SL_OK, &err);
    fill(batch->nonce, 32, 0x20);
    remake_rows(batch);
    manifest_begin(manifest, batch->arrived_us, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_item *item = &batch->items[i];
        event_item_nonce(batch->nonce, (uint32_t)i, nonce);
        event_commitment(nonce, item->data, commitment);
        snprintf(name, sizeof(name), "nonce of item %zu", i);
        dump(name, (struct sl_span){(const char *)nonce, sizeof(nonce)});
        snprintf(name, sizeof(name), "commitment to item %zu", i);
        dump(name, hash_span(commitment));
        manifest_add(manifest, item->type, item->key, item->marked, item->data.len, commitment);
    }
    event_manifest_nonce(batch->nonce, nonce);
    dump("nonce of the manifest", (struct sl_span){(const char *)nonce, sizeof(nonce)});
    dump("manifest", buf_span(manifest));
    event_commitment(nonce, buf_span(manifest), batch->manifest_commitment);
    dump("commitment to the manifest", hash_span(batch->manifest_commitment));
}

static const char batch_body[] =
    "{\"secret\":\"s\",\"data\":[{\"type\":\"session\",\"data\":{\"id\":\"ses_1\",\"title\":\"T\"}},"
    "{\"type\":\"part\",\"data\":{\"id\":\"prt/1\",\"messageID\":\"msg_%\",\"text\":\"\\ud800\"}},"
    "{\"type\":\"todo\\u0000\",\"data\":[ 1 ]}]}";

static void event(void **state)
{
    (void)state;
    const char *dir = core_temp_make();
    struct kv *kv = open_kv(dir);
    struct kv_batch *kv_batch = kv_batch_create();
    struct batch batch;
    struct sl_err err = {0};
    struct buf manifest = {0};
    uint8_t salt[32];
    fill(salt, 32, 0);
    add("# The second event of share q7Zk2bXa, at position 300, of a batch of three items:\n# ");
    add(batch_body);
    add("\n# salt 00 01 … 1f, event nonce 20 21 … 3f, prev a0 a1 … bf\n\n");
    core_expect(batch_parse(sl_span_of(batch_body), ARRIVED_US, &batch, &err), SL_OK, &err);
    seal(&batch, &manifest);
    struct header header = {.kind = SL_SYNC, .sequence = 2, .time_ms = TIME_MS};
    struct head place = {.sequence = 2, .position = 300, .time_ms = TIME_MS, .syncs = 1};
    event_share_ref(salt, ID, header.share_ref);
    fill(header.prev, 32, 0xa0);
    memcpy(header.manifest_commitment, batch.manifest_commitment, 32);
    log_append(kv, kv_batch, ID, &header, &batch, 500, &place);
    core_expect(kv_write(kv, kv_batch, false, &err), SL_OK, &err);
    dump("leaf hash", hash_span(place.leaf));
    struct sl_span all = {0};
    dump_family(kv, KV_EVENT, all, all);
    dump_family(kv, KV_LOG, all, all);
    dump_family(kv, KV_HOT, all, all);
    kv_batch_clear(kv_batch);
    struct buf bytes = {0};
    struct log_erased erased;
    core_expect(log_erased_row(kv, ID, 2, &bytes, &erased, &err), SL_OK, &err);
    log_put_erased(kv, kv_batch, ID, &erased, &bytes);
    buf_fini(&bytes);
    body_delete(kv, kv_batch, ID, 2, 3);
    core_expect(kv_write(kv, kv_batch, false, &err), SL_OK, &err);
    add("# The same, its content erased. Its count of stored bytes stays.\n\n");
    dump_family(kv, KV_EVENT, all, all);
    dump_family(kv, KV_HOT, all, all);
    kv_batch_destroy(kv_batch);
    kv_close(kv);
    batch_fini(&batch);
    buf_fini(&manifest);
    core_temp_remove(dir);
    compare("event");
}

/* ---- records ---- */

static void dump_and_clear(const char *name, struct buf *bytes)
{
    assert_false(bytes->failed);
    dump(name, buf_span(bytes));
    buf_clear(bytes);
}

static void records(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct share_record record = {
        .session_id = SESSION, .created_ms = TIME_MS, .position = 299, .secret_kind = SECRET_BY_ID};
    fill(record.salt, 32, 0);
    fill(record.secret_hash, 32, 0x60);
    fill(record.maker, 32, 0x80);
    add("# Records: a share's, and the bodies of the events that are no batches.\n\n");
    share_record_encode(&record, &bytes);
    dump_and_clear("share: live", &bytes);
    memcpy(record.maker, maker_unknown, MAKER_BYTES);
    share_record_encode(&record, &bytes);
    dump_and_clear("share: live, of format 1", &bytes);
    fill(record.maker, 32, 0x80);
    struct create_body creation = {
        ID, record.session_id, record.salt, record.secret_hash, record.secret_kind, record.maker};
    create_body_encode(&creation, &bytes);
    /* [id, session id, salt, secret kind, hash, maker]: fixarray 6, fixstr 8, fixstr 29, bin 8 of
     * 32, 1, bin 8 of 32, bin 8 of 32 */
    assert_int_equal(bytes.len, 1 + 9 + 30 + 34 + 1 + 34 + 34);
    assert_memory_equal(bytes.ptr, "\x96\xa8q7Zk2bXa\xbdses_", 15);
    assert_memory_equal(bytes.ptr + bytes.len - 34, "\xc4\x20\x80\x81\x82", 5);
    dump_and_clear("create's body", &bytes);
    creation.maker = maker_unknown;
    create_body_encode(&creation, &bytes);
    assert_int_equal(bytes.len, 1 + 9 + 30 + 34 + 1 + 34 + 1);
    dump_and_clear("create's body of format 1", &bytes);
    record.state = SL_SHARE_REMOVED;
    record.removed_ms = TIME_MS + 5;
    record.removed_by = SL_WHO_OWNER;
    share_record_encode(&record, &bytes);
    dump_and_clear("share: removed by the owner", &bytes);
    struct remove_body removed = {SL_WHO_OWNER, SL_SPAN("spam")};
    remove_body_encode(&removed, (const uint64_t[]){299, 300, 70000}, 3, &bytes);
    static const char removal[] =
        "\x93\x01\xa4spam\x93\xcd\x01\x2b\xcd\x01\x2c\xce\x00\x01\x11\x70";
    core_assert_same(
        buf_span(&bytes), (struct sl_span){removal, sizeof(removal) - 1}, "remove's body by hand");
    dump_and_clear("remove's body", &bytes);
    allow_body_encode(&(struct allow_body){.who = SL_WHO_OWNER}, &bytes);
    core_assert_same(buf_span(&bytes), SL_SPAN("\x92\x01\xa0"), "allow's body by hand");
    dump_and_clear("allow's body", &bytes);
    buf_fini(&bytes);
    compare("records");
}

/* ---- a snapshot, as the store makes it ---- */

/* Its rows depend on no nonce and no salt: a store with a clock that stands still makes the same
 * ones every time. */
static void snapshot(void **state)
{
    (void)state;
    const char *dir = core_temp_make();
    struct sl_options options = core_options(dir);
    struct sl_err err = {0};
    struct buf items = {0};
    core_now_us = CORE_TIME_US;
    struct sl_store *store = core_open(&options);
    struct sl_credentials share = core_create(store, "ses_q7Zk2bXa");
    core_sync_at(store, &share,
        SL_SPAN(
            "[{\"type\":\"model\",\"data\":[{\"providerID\":\"p\",\"id\":\"a\"} , {\"providerID\":\"p\",\"id\":\"b\"}]},"
            "{\"type\":\"session_diff\",\"data\":[ {\"f\":1},{\"f\":2} ]},"
            "{\"type\":\"message\",\"data\":{\"id\":\"m\"}}]"),
        ARRIVED_US);
    buf_add_span(&items,
        SL_SPAN(
            "[{\"type\":\"session\",\"data\":{\"id\":\"s\"}},{\"type\":\"session_diff\",\"data\":[]},"
            "{\"type\":\"part\",\"data\":{\"id\":\"p/1\",\"messageID\":\"m\",\"text\":\""));
    for (int i = 0; i < 66000; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}}]"));
    core_sync_at(store, &share, buf_span(&items), ARRIVED_US + 7);
    core_expect(sl_store_settle(store, &err), SL_OK, &err);
    add("# The snapshot at sequence 3 of a share: its head, its table, its stream (the text of /data, then the\n"
        "# session_diff entries that /data doesn't show).\n\n");
    dump_family(store->kv, KV_SNAPSHOT, (struct sl_span){0}, SL_SPAN("\xff"));
    sl_store_close(store);
    buf_fini(&items);
    core_temp_remove(dir);
    compare("snapshot");
}

/* ---- what clients hold ---- */

static void write_file(const char *dir, const char *name, const char *words)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(words, file);
    assert_int_equal(fclose(file), 0);
}

static void credentials(void **state)
{
    (void)state;
    const char *dir = core_temp_make();
    struct sl_options options = core_options(dir);
    write_file(dir, "owner-key", "an-owner-key-of-a-test\n");
    write_file(dir, "namespace", "6ba7b810-9dad-11d1-80b4-00c04fd430c8\n");
    write_file(
        dir, "signing-key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"); /* 00 01 … 1f */
    struct sl_store *store = core_open(&options);
    char secret[SL_SECRET_BYTES + 1];
    add("# Computed from the keys in a data directory: clients and readers of the log hold them.\n"
        "# owner key an-owner-key-of-a-test, namespace 6ba7b810-9dad-11d1-80b4-00c04fd430c8, signing seed 00 01 … 1f\n\n");
    add("client key          ");
    add(sl_store_client_key(store));
    add("\nlog origin          ");
    add(sl_store_origin(store));
    add("\nlog verifier key    ");
    add(sl_store_log_key(store));
    sl_store_secret(store, SL_SPAN("ses_q7Zk2bXa"), SL_SPAN(""), secret);
    add("\nsecret, plain       ");
    add(secret);
    sl_store_secret(store, SL_SPAN("ses_q7Zk2bXa"), SL_SPAN("q7Zk2bXa-0123abcd"), secret);
    add("\nsecret, by share id ");
    add(secret);
    add("\n");
    sl_store_close(store);
    core_temp_remove(dir);
    compare("credentials");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys),
        TEST(event),
        TEST(records),
        TEST(snapshot),
        TEST(credentials),
    };
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
