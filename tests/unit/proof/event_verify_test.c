/* One event as the API answers it, with its proof file: what holds, and that nothing else does. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "tests/support/bundle_make.h"
#include "tests/support/core_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct bm bm;
static struct policy *policy;
static struct buf json, proof, bundle, redaction, removal;
static struct event_verdict verdict;
static struct sl_err err;

static int begin(void **state)
{
    (void)state;
    bm_init(&bm);
    policy = bm_policy(&bm);
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_destroy(policy);
    struct buf *all[] = {&json, &proof, &bundle, &redaction, &removal};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_fini(all[i]);
    return 0;
}

/* ---- an answer ---- */

static void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void print(const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof(text));
    buf_add(&json, text, (size_t)n);
}

static void print_base64(struct sl_span bytes)
{
    if (!bytes.ptr) {
        print("null");
        return;
    }
    char *text = malloc(bytes.len * 2 + 8);
    assert_non_null(text);
    buf_add(&json, "\"", 1);
    buf_add(&json, text, crypto_base64(bytes.ptr, bytes.len, text));
    buf_add(&json, "\"", 1);
    free(text);
}

static void print_text(struct sl_span text)
{
    assert_true(buf_reserve(&json, json_quoted_bytes(text)));
    json.len += json_quote(text, json.ptr + json.len);
}

static void print_place(const char *id, uint64_t sequence, uint64_t position, uint64_t time_ms,
    enum sl_kind kind, uint64_t arrived_us)
{
    buf_clear(&json);
    print("{\"id\":\"%s\",\"seq\":%" PRIu64 ",\"position\":%" PRIu64 ",\"time\":%" PRIu64
          ",\"kind\":\"%s\",\"arrived\":%" PRIu64 ",\"items\":[",
        id, sequence, position, time_ms, sl_kind_name(kind), arrived_us);
}

static void print_item(size_t i, struct sl_span type, struct sl_span key, uint64_t bytes)
{
    print("%s{\"type\":", i ? "," : "");
    print_text(type);
    print(",\"key\":");
    print_text(key);
    print(",\"bytes\":%" PRIu64, bytes);
}

static void print_withheld(uint64_t bytes, const uint8_t *commitment)
{
    print(",\"withheld\":true,\"committedBytes\":%" PRIu64 ",\"commitment\":", bytes);
    print_base64((struct sl_span){(const char *)commitment, 32});
}

static void print_hashes(struct sl_span header)
{
    uint8_t leaf[32];
    char hex[65];
    header_leaf(header, leaf);
    crypto_hex(leaf, 32, hex);
    print(",\"hash\":\"%s\",\"leaf\":\"%s\",\"header\":", hex, hex);
    print_base64(header);
}

/* An event of the made-up log. */
static void answer(const struct bm_event *event)
{
    uint8_t nonce[32], part[ITEM_NONCE_BYTES], commitment[32];
    size_t withheld = 0, bytes = 0, items = event->erased ? 0 : event->items_count;
    bm_nonce(&bm, event, nonce);
    print_place(bm.id, event->sequence, event->position, event->time_ms, (enum sl_kind)event->kind,
        event->erased ? 0 : bm_arrived(event));
    for (size_t i = 0; i < items; i++) {
        const struct bm_item *item = &event->items[i];
        size_t here = item->withheld ? item->replacement.len : item->data.len;
        print_item(i, sl_span_of(item->type), sl_span_of(item->key), here);
        event_item_nonce(nonce, (uint32_t)i, part);
        event_commitment(part, item->data, commitment);
        if (item->withheld) print_withheld(item->data.len, commitment);
        print("}");
        withheld += item->withheld;
        bytes += here;
    }
    print("],\"bytes\":%zu,\"types\":{", bytes);
    for (size_t i = 0; i < items; i++)
        print("%s\"%s\":1", i ? "," : "", event->items[i].type);
    print("}");
    print_hashes(bm_header(&bm, event));
    print(",\"nonce\":");
    print_base64((struct sl_span){withheld || event->erased ? NULL : (const char *)nonce, 32});
    if (withheld) {
        event_manifest_nonce(nonce, part);
        print(",\"nonces\":{\"manifest\":");
        print_base64((struct sl_span){(const char *)part, sizeof(part)});
        for (size_t i = 0; i < items; i++) {
            event_item_nonce(nonce, (uint32_t)i, part);
            print(i ? "," : ",\"items\":[");
            print_base64((struct sl_span){
                event->items[i].withheld ? NULL : (const char *)part, sizeof(part)});
        }
        print("]}");
    }
    print(",\"salt\":");
    print_base64((struct sl_span){(const char *)bm.salt, 32});
    print(",\"data\":[");
    for (size_t i = 0; i < items && event->kind != SL_CREATE; i++) {
        const struct bm_item *item = &event->items[i];
        print("%s{\"type\":\"%s\",\"data\":", i ? "," : "", item->type);
        if (event->kind == SL_SYNC)
            buf_add_span(&json, item->withheld ? item->replacement : item->data);
        else
            print_base64(item->data);
        print("}");
    }
    print("]}");
    buf_clear(&proof);
    bm_proof(&bm, event, &proof);
}

static enum sl_result check(void)
{
    err = (struct sl_err){0};
    return event_verify(buf_span(&json), buf_span(&proof), policy, NULL, &verdict, &err);
}

static void build(void)
{
    buf_clear(&bundle);
    bm_build(&bm, &bundle);
}

/* Every event of the log. */
static void all_hold(void)
{
    build();
    for (size_t i = 0; i < bm.count; i++) {
        const struct bm_event *event = &bm.events[i];
        answer(event);
        core_expect(check(), SL_OK, &err);
        assert_int_equal(verdict.sequence, i + 1);
        assert_int_equal(verdict.position, event->position);
        assert_int_equal(verdict.time_ms, event->time_ms);
        assert_int_equal(verdict.kind, event->kind);
        assert_int_equal(verdict.log_size, bm.log_size);
        assert_string_equal(verdict.share_id, bm.id);
        assert_int_equal(verdict.content, !event->erased);
        size_t withheld = 0;
        for (size_t k = 0; k < event->items_count && !event->erased; k++)
            withheld += event->items[k].withheld;
        assert_int_equal(verdict.withheld, withheld);
    }
}

static void test_holds(void **state)
{
    (void)state;
    all_hold();
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{\"title\":\"[redacted]\"}"), &redaction);
    all_hold();
    bm_remove(&bm, 15, SL_WHO_SECRET, &removal);
    all_hold();
}

/* ---- what doesn't ---- */

/* With one text instead of another, which is there once. */
static void refused(const char *from, const char *to, const char *why)
{
    struct buf changed = {0};
    char *at = memmem(json.ptr, json.len, from, strlen(from));
    if (!at) fail_msg("%s is not in %.*s", from, (int)json.len, json.ptr);
    size_t before = (size_t)(at - json.ptr);
    buf_add(&changed, json.ptr, before);
    buf_add(&changed, to, strlen(to));
    buf_add(&changed, at + strlen(from), json.len - before - strlen(from));
    enum sl_result result =
        event_verify(buf_span(&changed), buf_span(&proof), policy, NULL, &verdict, &err);
    if (result != SL_CORRUPT || !strstr(err.text, why))
        fail_msg("%s: %s\n  instead of: %s", sl_result_text(result), err.text, why);
    buf_fini(&changed);
}

static void test_members(void **state)
{
    (void)state;
    build();
    answer(&bm.events[1]);
    refused("\"seq\":2", "\"seq\":3", "event 2: seq: not its header's");
    refused("\"position\":2", "\"position\":3", "position: its proof is of another one, 2");
    refused("\"kind\":\"sync\"", "\"kind\":\"remove\"", "kind: not its header's");
    refused(
        "\"arrived\":1", "\"arrived\":2", "its items are not the ones that its header commits to");
    refused("\"title\":\"first\"", "\"title\":\"First\"", "its items are not the ones");
    refused("\"title\":\"first\"", "\"title\": \"first\"", "item 1: bytes: its data has");
    refused("\"key\":\"session\"", "\"key\":\"sessioo\"", "its items are not the ones");
    refused("{\"type\":\"session\",\"key\"", "{\"type\":\"message\",\"key\"",
        "item 1: data: its entry is of another type");
    refused("\"types\":{\"message\":1", "\"types\":{\"message\":2", "types: not each once");
    refused("\"types\":{\"message\":1,", "\"types\":{", "types: not as many");
    refused("\"types\":{", "\"types\":{\"x\":0,", "types: not each once");
    refused("\"types\":{\"message\":1,\"session\":1", "\"types\":{\"message\":1,\"message\":1",
        "types: not each once");
    refused("\"id\":\"dXn5", "\"id\":\"dXn6", "its header belongs to another share");
    refused("\"hash\":", "\"has\":", "hash: missing");
    refused("\"hash\":", "\"hash\":1,\"hash\":", "each member once");
    refused("\"data\":[", "\"data\":[{\"type\":\"message\",\"data\":1},", "item 0: bytes");
    refused("\"items\":[", "\"items\":[{\"type\":\"t\",\"key\":\"k\",\"bytes\":1},",
        "item 0: data: its entry is of another type");
    refused("\"nonce\":", "\"nonces\":{},\"nonce\":", "nonces: there beside the nonce");
    refused("{", "[", "not JSON");
    refused("\"salt\"", "\"salt\":1,\"x\"", "salt: not 32 bytes");
    /* without id and salt it is an event of a share that isn't known */
    refused("\"id\":", "\"ix\":", "id: missing");
    refused("\"salt\":", "\"sult\":", "salt: missing");
    refused("\"salt\":", "\"salt\":null,\"x\":", "not bound to a share");
    refused("\"id\":\"", "\"id\":null,\"x\":\"", "not bound to a share");
    answer(&bm.events[0]);
    refused("\"withheld\":true,", "", "event 1: item 0: a create's item, and not withheld");
    refused("\"withheld\":true,", "\"withheld\":false,",
        "item 0: withheld or redactedOnArrival: not true");
    refused("\"committedBytes\":6", "\"committedBytes\":7", "its items are not the ones");
    refused("\"items\":[null]", "\"items\":[]", "nonces.items: too few");
    refused("\"items\":[null]", "\"items\":[null,null]", "nonces.items: more than items");
}

static void test_gone(void **state)
{
    (void)state;
    bm_remove(&bm, 15, SL_WHO_SECRET, &removal);
    build();
    answer(&bm.events[1]);
    core_expect(check(), SL_OK, &err);
    assert_false(verdict.content);
    refused("\"items\":[]", "\"items\":[{\"type\":\"a\",\"key\":\"a\",\"bytes\":1}]",
        "content without a nonce");
    refused("\"data\":[]", "\"data\":[{}]", "content without a nonce");
    refused("\"arrived\":0", "\"arrived\":1", "content without a nonce");
    refused("\"bytes\":0", "\"bytes\":1", "bytes: its items have 0");
    answer(&bm.events[4]);
    refused("\"nonce\":", "\"nonce\":null,\"x\":",
        "its content is gone, which that of a remove never is");
}

/* ---- bits ---- */

static void each_bit(struct buf *of)
{
    core_expect(check(), SL_OK, &err);
    for (size_t bit = 0; bit < 8 * of->len; bit++) {
        of->ptr[bit / 8] ^= (char)(1 << bit % 8);
        enum sl_result result = check();
        if (result != SL_CORRUPT)
            fail_msg("bit %zu of byte %zu: %s\n%.*s", bit % 8, bit / 8, sl_result_text(result),
                (int)of->len, of->ptr);
        of->ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < of->len; len++) {
        struct buf keep = *of;
        of->len = len;
        assert_int_equal(check(), SL_CORRUPT);
        *of = keep;
    }
}

static void test_bits(void **state)
{
    (void)state;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{}"), &redaction);
    build();
    for (size_t i = 0; i < bm.count; i++) {
        answer(&bm.events[i]);
        if (i != 1) each_bit(&json);
        each_bit(&proof);
    }
    bm_remove(&bm, 15, SL_WHO_SECRET, &removal);
    build();
    answer(&bm.events[2]);
    each_bit(&json);
    answer(&bm.events[5]);
    each_bit(&json);
}

/* Of a redacted event all is proven but what stands in the item's place, which the redact event
   says. */
static void take(void *ctx, const struct redacted_item *item)
{
    size_t *count = ctx;
    ++*count;
    assert_true(item->sequence == 2 && item->item == 1 && item->withheld && !item->by);
    assert_true(sl_span_eq(item->key, SL_SPAN("session")));
}

static void test_replacement(void **state)
{
    (void)state;
    size_t count = 0;
    bm_redact(&bm, 12, 2, 1, SL_SPAN("{\"id\":\"ses_8\",\"title\":\"[redacted]\"}"), &redaction);
    build();
    answer(&bm.events[1]);
    memcpy(memmem(json.ptr, json.len, "ses_8", 5), "ses_9", 5);
    core_expect(event_verify(buf_span(&json), buf_span(&proof), policy,
                    &(struct redacted_each){take, &count}, &verdict, &err),
        SL_OK, &err);
    assert_int_equal(verdict.withheld, 1);
    assert_int_equal(count, 1);
    refused("[redacted]", "[Redacted]", "item 1: what stands in its place is not what redacting");
    refused("[redacted]", "[redacted] ", "item 1: bytes");
}

static void test_proofs(void **state)
{
    (void)state;
    build();
    answer(&bm.events[1]);
    struct buf mine = {0};
    buf_add_span(&mine, buf_span(&json));
    for (size_t i = 0; i < bm.count; i++) { /* of another event */
        if (i == 1) continue;
        answer(&bm.events[i]);
        struct buf other = json;
        json = mine;
        assert_int_equal(check(), SL_CORRUPT);
        json = other;
    }
    bm.seed[5] ^= 1; /* signed by another */
    answer(&bm.events[1]);
    assert_int_equal(check(), SL_CORRUPT);
    assert_non_null(strstr(err.text, "its proof's checkpoint: "));
    buf_fini(&mine);
}

/* ---- of a store ---- */

static bool add_json(void *ctx, const void *bytes, size_t len)
{
    (void)ctx;
    buf_add(&json, bytes, len);
    return true;
}

static void answer_of(struct sl_store *store, const char *id, uint64_t sequence)
{
    struct sl_event *event;
    core_expect(sl_event_open(store, sl_span_of(id), sequence, &event, &err), SL_OK, &err);
    const struct sl_event_info *info = sl_event_info(event);
    print_place(id, sequence, info->position, info->time_ms, info->kind, info->arrived_us);
    for (size_t i = 0; i < info->items; i++) {
        struct sl_item item = sl_event_item(event, i);
        print_item(i, item.type, item.key, item.bytes);
        if (item.withheld) print_withheld(item.committed_bytes, item.commitment);
        print("}");
    }
    print("],\"bytes\":%" PRIu64 ",\"types\":{", info->bytes);
    for (size_t i = 0; i < info->types_count; i++) {
        print("%s", i ? "," : "");
        print_text(info->types[i].type);
        print(":%" PRIu64, info->types[i].items);
    }
    print("}");
    print_hashes(sl_event_header(event));
    struct sl_span nonce = sl_event_nonce(event), kept = sl_event_manifest_nonce(event);
    print(",\"nonce\":");
    print_base64((struct sl_span){nonce.len ? nonce.ptr : NULL, nonce.len});
    if (nonce.len == 0 && kept.len) {
        print(",\"nonces\":{\"manifest\":");
        print_base64(kept);
        for (size_t i = 0; i < info->items; i++) {
            print(i ? "," : ",\"items\":[");
            print_base64((struct sl_span){(const char *)sl_event_item(event, i).nonce, 16});
        }
        print("]}");
    }
    print(",\"salt\":");
    print_base64(sl_event_salt(event));
    print(",\"data\":");
    if (info->kind == SL_SYNC) {
        uint64_t offset = 0;
        char piece[64];
        for (size_t len = 1; len; offset += len) {
            core_expect(
                sl_event_text(event, offset, piece, sizeof(piece), &len, &err), SL_OK, &err);
            buf_add(&json, piece, len);
        }
    } else {
        struct buf answered = json, data;
        json = (struct buf){0};
        bool there = info->items && !sl_event_item(event, 0).withheld;
        if (there)
            core_expect(
                sl_event_item_data(event, 0, (struct sl_sink){add_json, NULL}, &err), SL_OK, &err);
        data = json;
        json = answered;
        print(there ? "[{\"type\":\"%s\",\"data\":" : "[%s", there ? sl_kind_name(info->kind) : "");
        if (there) print_base64(buf_span(&data));
        print(there ? "}]" : "]");
        buf_fini(&data);
    }
    print("}");
    sl_event_close(event);
    buf_clear(&proof);
    core_expect(
        sl_event_proof(store, sl_span_of(id), sequence, core_sink(&proof), &err), SL_OK, &err);
}

static void test_store(void **state)
{
    (void)state;
    const char *dir = core_temp_make();
    struct sl_options options = core_options(dir);
    struct sl_store *store = core_open(&options);
    struct note_key key;
    policy_destroy(policy);
    assert_true(note_key_parse(sl_span_of(sl_store_log_key(store)), &key));
    core_expect(policy_make(&key, NULL, 0, 0, &policy, &err), SL_OK, &err);
    struct sl_credentials share = core_create(store, "ses_00000001");
    core_create(store, "ses_00000002");
    core_sync(store, &share, "[]");
    /* names and data that only survive byte for byte */
    core_sync(store, &share,
        "[{\"type\":\"session\",\"data\": {\"title\" : \"\\u0041\\ud800\", \"n\":1e2}  },"
        "{\"data\":[ 1 , 2 ],\"type\":\"a/\\\"\\ud800\\u0000b\"},{\"type\":\"a/\\\"\\ud800\\u0000b\",\"data\":null},"
        "{\"type\":\"message\",\"data\":{\"id\":\"\\u00e9%/\\n\"}},{\"type\":\"\",\"data\":\"\\u00e9\"}]");
    core_sync(store, &share,
        "[{\"type\":\"message\",\"data\":{\"id\":\"m\",\"text\":\"hush-hush\"}},"
        "{\"type\":\"session\",\"data\":{\"title\":\"plain\"}}]");
    struct sl_redacted redacted;
    struct sl_redaction redaction_of = {
        .share_id = sl_span_of(share.id), .text = SL_SPAN("hush-hush"), .who = SL_WHO_OWNER};
    core_expect(sl_redact(store, &redaction_of, NULL, &redacted, &err), SL_OK, &err);
    for (uint64_t sequence = 1; sequence <= 5; sequence++) {
        answer_of(store, share.id, sequence);
        core_expect(check(), SL_OK, &err);
        assert_string_equal(verdict.share_id, share.id);
        assert_true(verdict.content);
        assert_int_equal(verdict.withheld, sequence == 1 || sequence == 4);
    }
    core_expect(sl_share_remove(
                    store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN("why"), &err),
        SL_OK, &err);
    for (uint64_t sequence = 1; sequence <= 6; sequence++) {
        answer_of(store, share.id, sequence);
        core_expect(check(), SL_OK, &err);
        assert_int_equal(verdict.content, sequence == 1 || sequence == 6);
    }
    sl_store_close(store);
    core_temp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_holds, begin, end),
        cmocka_unit_test_setup_teardown(test_members, begin, end),
        cmocka_unit_test_setup_teardown(test_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_bits, begin, end),
        cmocka_unit_test_setup_teardown(test_replacement, begin, end),
        cmocka_unit_test_setup_teardown(test_proofs, begin, end),
        cmocka_unit_test_setup_teardown(test_store, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
