/* What a store signs of the ends of its shares: that it is true, of which moment it is, and when
 * nothing is signed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/keys.h"
#include "core/log/log.h"
#include "core/log/store.h"
#include "core/proof/evidence.h"
#include "tests/support/core_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static struct sl_credentials share, other;

static int make_shares(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    other = core_create(store, "ses_0123456789abcdefghik");
    return 0;
}

static void sync_one(const struct sl_credentials *to)
{
    core_sync(store, to, "[{\"type\":\"x\",\"data\":1}]");
}

/* What is given, read back by this store's key. */
static struct head_statement statement(const char *id, uint64_t sequence)
{
    struct head_statement said;
    struct buf note = {0};
    core_expect(
        sl_share_head(store, sl_span_of(id), sequence, core_sink(&note), &err), SL_OK, &err);
    core_expect(
        head_statement_verify(buf_span(&note), &store->keys->head, &said, &err), SL_OK, &err);
    buf_fini(&note);
    return said;
}

static struct head_statement head_of(const char *id)
{
    return statement(id, 0);
}

static struct head_statement receipt_of(const char *id, uint64_t sequence)
{
    return statement(id, sequence);
}

static void refused(const char *id, uint64_t sequence, enum sl_result expected)
{
    struct buf note = {0};
    core_expect(
        sl_share_head(store, sl_span_of(id), sequence, core_sink(&note), &err), expected, &err);
    assert_int_equal(note.len, 0);
}

/* It names the share's event as the log has it. */
static void names_event(const struct head_statement *said, const char *id, uint64_t sequence)
{
    struct head place;
    struct sl_share_info info;
    uint8_t ref[32];
    core_expect(log_place(store->kv, sl_span_of(id), sequence, &place, &err), SL_OK, &err);
    core_expect(sl_share_info(store, sl_span_of(id), &info, &err), SL_OK, &err);
    event_share_ref(info.salt, sl_span_of(id), ref);
    assert_string_equal(said->share_id, id);
    assert_string_equal(said->origin, sl_store_origin(store));
    assert_memory_equal(said->ref, ref, 32);
    assert_memory_equal(said->leaf, place.leaf, 32);
    assert_int_equal(said->sequence, sequence);
    assert_int_equal(said->last, place.position);
    core_expect(log_place(store->kv, sl_span_of(id), 1, &place, &err), SL_OK, &err);
    assert_int_equal(said->first, place.position);
}

/* ---- of which moment ---- */

static void test_now(void **state)
{
    (void)state;
    sync_one(&share);
    sync_one(&other);
    struct head_statement said = head_of(share.id);
    names_event(&said, share.id, 2);
    assert_int_equal(said.size, 4);
    /* others' events move the size and the time, not the end */
    core_now_us += 5000000;
    sync_one(&other);
    core_now_us += 5000000;
    struct sl_checkpoint checkpoint;
    core_expect(sl_log_checkpoint(store, 5, &checkpoint, &err), SL_OK, &err);
    struct head_statement later = head_of(share.id);
    names_event(&later, share.id, 2);
    assert_int_equal(later.size, 5);
    assert_int_equal(later.time_ms, core_now_us / 1000);
    assert_true(later.time_ms > said.time_ms);
}

/* A clock that was put back makes no statement from before its last event. */
static void test_clock_back(void **state)
{
    (void)state;
    struct sl_share_info info;
    sync_one(&share);
    core_now_us -= 3600000000u;
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    struct head_statement said = head_of(share.id);
    assert_int_equal(said.time_ms, info.updated_ms);
}

/* No statement goes beyond the checkpoint that is on disk. */
static void test_covered(void **state)
{
    (void)state;
    struct sl_log_facts facts;
    for (int i = 0; i < 5; i++) {
        sync_one(&share);
        struct head_statement said = head_of(share.id);
        core_expect(sl_log_facts(store, &facts, &err), SL_OK, &err);
        assert_int_equal(said.size, facts.newest.size);
        assert_int_equal(said.sequence, 2 + i);
        sync_one(&other);
    }
}

static void test_removed(void **state)
{
    (void)state;
    sync_one(&share);
    core_expect(sl_share_remove(
                    store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN("why"), &err),
        SL_OK, &err);
    struct head_statement said = head_of(share.id);
    names_event(&said, share.id, 3);
    said = receipt_of(share.id, 2);
    names_event(&said, share.id, 2);
}

/* ---- receipts ---- */

static void test_receipts(void **state)
{
    (void)state;
    struct buf first = {0}, again = {0};
    struct sl_event *event;
    for (int i = 0; i < 3; i++) {
        sync_one(&share);
        sync_one(&other);
        core_now_us += 1000000;
    }
    for (uint64_t sequence = 1; sequence <= 4; sequence++) {
        struct head_statement said = receipt_of(share.id, sequence);
        names_event(&said, share.id, sequence);
        assert_int_equal(said.size, said.last + 1);
        core_expect(
            sl_event_open(store, sl_span_of(share.id), sequence, &event, &err), SL_OK, &err);
        assert_int_equal(said.time_ms, sl_event_info(event)->time_ms);
        sl_event_close(event);
    }
    /* the same bytes whenever it is asked for */
    core_expect(
        sl_share_head(store, sl_span_of(share.id), 2, core_sink(&first), &err), SL_OK, &err);
    sync_one(&share);
    core_now_us += 9000000;
    core_expect(
        sl_share_head(store, sl_span_of(share.id), 2, core_sink(&again), &err), SL_OK, &err);
    core_assert_same(buf_span(&again), buf_span(&first), "a receipt");
    buf_fini(&first);
    buf_fini(&again);
}

/* Whatever was said of a share, at whatever time, agrees with all else. */
static void test_agree(void **state)
{
    (void)state;
    struct head_statement said[24];
    size_t count = 0;
    for (int i = 0; i < 6; i++) {
        sync_one(i % 2 ? &share : &other);
        said[count++] = head_of(share.id);
        said[count++] = head_of(other.id);
        said[count] = receipt_of(share.id, said[count - 2].sequence);
        count++;
        said[count++] = receipt_of(other.id, 1);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            struct evidence a = {0}, b = {0};
            assert_true(evidence_add_statement(&a, &said[i]));
            assert_true(evidence_add_statement(&b, &said[k]));
            assert_int_equal(evidence_judge(&a, &b).rule, EVIDENCE_AGREES);
            evidence_fini(&a);
            evidence_fini(&b);
        }
}

/* ---- while the share grows ---- */

static atomic_bool enough;

static void *write_on(void *ctx)
{
    while (!atomic_load(&enough))
        sync_one(ctx);
    return NULL;
}

static void test_beside_writers(void **state)
{
    (void)state;
    pthread_t threads[2];
    struct head_statement said[4];
    atomic_store(&enough, false);
    pthread_create(&threads[0], NULL, write_on, &share);
    pthread_create(&threads[1], NULL, write_on, &other);
    for (int i = 0; i < 4; i++)
        said[i] = head_of(share.id);
    atomic_store(&enough, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    for (int i = 0; i < 4; i++) {
        struct head next;
        names_event(&said[i], share.id, said[i].sequence);
        if (log_place(store->kv, sl_span_of(share.id), said[i].sequence + 1, &next, &err) == SL_OK)
            assert_true(next.position >= said[i].size); /* none was left out */
    }
}

/* ---- nothing is signed ---- */

static void test_refused(void **state)
{
    (void)state;
    sync_one(&share);
    head_of(share.id);
    refused("nosuchid", 0, SL_NOT_FOUND);
    refused("nosuchid", 1, SL_NOT_FOUND);
    refused(share.id, 3, SL_NO_MOMENT);
    core_expect(sl_log_new_origin(store, SL_SPAN("log/two"), &err), SL_OK, &err);
    refused(share.id, 0, SL_READ_ONLY);
    assert_non_null(strstr(err.text, "new origin"));
    refused(share.id, 1, SL_READ_ONLY);
    close_store();
    struct sl_options options = core_options(dir);
    options.origin = (struct sl_span){0};
    open_store(&options);
    struct head_statement said = head_of(share.id);
    assert_string_equal(said.origin, "log/two");
    assert_int_equal(strncmp(sl_store_head_key(store), "log/two/head+", 13), 0);
    close_store();
    options.access = SL_READ_BESIDE;
    open_store(&options);
    refused(share.id, 0, SL_READ_ONLY);
}

/* An event that isn't the log's is signed for by nobody. */
static void test_another_log(void **state)
{
    (void)state;
    sync_one(&share);
    struct kv_batch *batch = kv_batch_create();
    struct row_key key = row_log(2), from = row_log(1);
    struct kv_pin pin;
    core_expect(kv_get(store->kv, KV_LOG, row_span(&from), &pin, &err), SL_OK, &err);
    kv_put(store->kv, batch, KV_LOG, row_span(&key), pin.value);
    kv_release(&pin);
    core_expect(kv_write(store->kv, batch, true, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    refused(share.id, 0, SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 2 is not the log's event 2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_shares, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_now),
        TEST(test_clock_back),
        TEST(test_covered),
        TEST(test_removed),
        TEST(test_receipts),
        TEST(test_agree),
        TEST(test_beside_writers),
        TEST(test_refused),
        TEST(test_another_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
