/* The vectors of tests/vectors/ that say what an event is made of, held against core: headers,
 * share_ref, manifests, keys of items, bodies. tests/unit/proof/vectors_test.c reads the others. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/event/batch.h"
#include "core/event/control.h"
#include "core/event/redact_body.h"
#include "tests/support/core_store.h"
#include "tests/support/vectors.h"

#include <stdio.h>

#define POSITIONS 128

static struct sl_span span_of(const uint8_t *bytes, size_t len)
{
    return (struct sl_span){(const char *)bytes, len};
}

static struct sl_span hash_span(const uint8_t hash[32])
{
    return span_of(hash, 32);
}

/* ---- headers, share_ref ---- */

static void check_header(struct sl_span all, struct sl_span vector)
{
    struct sl_span bytes = vec_bytes(vector, "header");
    struct header header;
    uint8_t leaf[32];
    (void)all;
    bool valid = header_decode(bytes, &header);
    if (valid != vec_flag(vector, "valid")) fail_msg("%s: is it a header?", vec_name);
    if (!valid) return;
    vec_same_number(header.kind, vector, "kind");
    vec_same_number(header.sequence, vector, "sequence");
    vec_same_number(header.time_ms, vector, "time_ms");
    vec_same(hash_span(header.share_ref), vec_bytes(vector, "share_ref"), "share_ref");
    vec_same(hash_span(header.prev), vec_bytes(vector, "prev"), "prev");
    vec_same(hash_span(header.manifest_commitment), vec_bytes(vector, "manifest_commitment"),
        "manifest");
    header_leaf(bytes, leaf);
    vec_same(hash_span(leaf), vec_bytes(vector, "leaf"), "leaf");
}

static void check_share_ref(struct sl_span all, struct sl_span vector)
{
    uint8_t ref[32];
    (void)all;
    assert_true(sl_share_id_valid(vec_text(vector, "id")));
    event_share_ref(vec_fixed(vector, "salt", 32), vec_text(vector, "id"), ref);
    vec_same(hash_span(ref), vec_bytes(vector, "share_ref"), "share_ref");
}

/* ---- manifests ---- */

static struct sl_span item_data(struct sl_span item)
{
    struct sl_span repeat, times, byte;
    uint64_t count = 0, value = 0;
    if (!json_get(item, "repeat", &repeat)) return vec_bytes(item, "data");
    byte = vec_member(repeat, "byte");
    times = vec_member(repeat, "times");
    assert_true(json_u64(byte, &value) && json_u64(times, &count));
    struct buf *data = vec_room((size_t)count);
    memset(data->ptr, (int)value, (size_t)count);
    data->len = (size_t)count;
    return buf_span(data);
}

static void check_manifest(struct sl_span all, struct sl_span vector)
{
    const uint8_t *event_nonce = vec_fixed(vector, "nonce", EVENT_NONCE_BYTES);
    struct sl_span items = vec_member(vector, "items"), nonces = vec_member(vector, "item_nonces"),
                   commitments = vec_member(vector, "commitments"), item, value;
    struct buf manifest = {0};
    uint8_t nonce[ITEM_NONCE_BYTES], commitment[32];
    (void)all;
    manifest_begin(&manifest, vec_number(vector, "arrived_us"), vec_count(items));
    for (uint32_t i = 0; json_next(&items, &item); i++) {
        struct sl_span data = item_data(item);
        event_item_nonce(event_nonce, i, nonce);
        event_commitment(nonce, data, commitment);
        assert_true(json_next(&nonces, &value));
        vec_same(span_of(nonce, sizeof(nonce)), vec_hex(value), "an item's nonce");
        assert_true(json_next(&commitments, &value));
        vec_same(hash_span(commitment), vec_hex(value), "an item's commitment");
        manifest_add(&manifest, vec_bytes(item, "type"), vec_bytes(item, "key"),
            vec_has(item, "marked"), data.len, commitment);
    }
    vec_same(buf_span(&manifest), vec_bytes(vector, "manifest"), "manifest");
    event_manifest_nonce(event_nonce, nonce);
    vec_same(span_of(nonce, sizeof(nonce)), vec_bytes(vector, "manifest_nonce"), "its nonce");
    event_commitment(nonce, buf_span(&manifest), commitment);
    vec_same(hash_span(commitment), vec_bytes(vector, "manifest_commitment"), "its commitment");
    buf_fini(&manifest);
}

/* ---- item keys ---- */

static void check_item_key(struct sl_span all, struct sl_span vector)
{
    struct buf body = {0};
    struct batch batch;
    struct sl_err err = {0};
    (void)all;
    buf_add_span(&body, SL_SPAN("{\"secret\":\"s\",\"data\":["));
    buf_add_span(&body, vec_text(vector, "item"));
    buf_add_span(&body, SL_SPAN("]}"));
    core_expect(batch_parse(buf_span(&body), 0, &batch, &err), SL_OK, &err);
    enum sl_result result = batch_items(&batch, &err);
    if (vec_has(vector, "lacks")) {
        char lacks[40], text_of_it[60];
        struct sl_span which = vec_text(vector, "lacks");
        snprintf(lacks, sizeof(lacks), "%.*s", (int)which.len, which.ptr);
        snprintf(text_of_it, sizeof(text_of_it), "data[0].%s: ", lacks);
        if (result != SL_INVALID || !strstr(err.text, text_of_it))
            fail_msg("%s: %s", vec_name, err.text);
    } else {
        core_expect(result, SL_OK, &err);
        assert_int_equal(batch.count, 1);
        vec_same(batch.items[0].type, vec_bytes(vector, "type"), "type");
        vec_same(batch.items[0].key, vec_text(vector, "key"), "key");
    }
    batch_fini(&batch);
    buf_fini(&body);
}

/* ---- bodies ---- */

static bool check_create(struct sl_span vector, struct sl_span bytes)
{
    struct create_body body;
    struct buf again = {0};
    if (!create_body_decode(bytes, &body)) return false;
    vec_same(body.share_id, vec_text(vector, "share_id"), "share id");
    vec_same(body.session_id, vec_text(vector, "session_id"), "session id");
    vec_same(hash_span(body.salt), vec_bytes(vector, "salt"), "salt");
    vec_same_number(body.secret_kind, vector, "secret_kind");
    vec_same(hash_span(body.secret_hash), vec_bytes(vector, "secret_hash"), "secret's hash");
    if (vec_has(vector, "maker"))
        vec_same(hash_span(body.maker), vec_bytes(vector, "maker"), "maker");
    else
        assert_true(maker_same(body.maker, maker_unknown)); /* of format 1 */
    create_body_encode(&body, &again);
    vec_same(buf_span(&again), bytes, "encoded again");
    buf_fini(&again);
    return true;
}

static bool check_remove(struct sl_span vector, struct sl_span body)
{
    struct remove_body removal;
    struct buf again = {0};
    uint64_t positions[POSITIONS];
    size_t count = 0;
    struct sl_span rest, value;
    if (!remove_body_decode(body, &removal)) return false;
    vec_same_number(removal.who, vector, "who");
    vec_same(removal.reason, vec_text(vector, "reason"), "reason");
    for (rest = vec_member(vector, "positions"); json_next(&rest, &value); count++) {
        assert_true(count < POSITIONS);
        assert_true(json_u64(vec_string(value), &positions[count]));
    }
    remove_body_encode(&removal, positions, count, &again);
    vec_same(buf_span(&again), body, "encoded again");
    buf_fini(&again);
    return true;
}

static bool check_redact(struct sl_span vector, struct sl_span body)
{
    struct redact_body redaction;
    struct buf again = {0};
    struct sl_span rest, entry;
    size_t i = 0;
    if (redact_body_decode(body, &redaction) != SL_OK) return false;
    vec_same_number(redaction.who, vector, "who");
    vec_same(redaction.reason, vec_text(vector, "reason"), "reason");
    for (rest = vec_member(vector, "entries"); json_next(&rest, &entry); i++) {
        assert_true(i < redaction.count);
        vec_same_number(redaction.entries[i].sequence, entry, "sequence");
        vec_same_number(redaction.entries[i].item, entry, "item");
        vec_same(redaction.entries[i].replacement, vec_bytes(entry, "replacement"), "replacement");
    }
    assert_int_equal(i, redaction.count);
    redact_body_encode(&redaction, &again);
    vec_same(buf_span(&again), body, "encoded again");
    buf_fini(&again);
    redact_body_fini(&redaction);
    return true;
}

static bool check_allow(struct sl_span vector, struct sl_span bytes)
{
    struct allow_body body;
    struct buf again = {0};
    if (!allow_body_decode(bytes, &body)) return false;
    vec_same_number(body.who, vector, "who");
    vec_same(body.reason, vec_text(vector, "reason"), "reason");
    allow_body_encode(&body, &again);
    vec_same(buf_span(&again), bytes, "encoded again");
    buf_fini(&again);
    return true;
}

/* What a stored body begins with. */
static bool check_stored(struct sl_span vector, struct sl_span body)
{
    const uint8_t *manifest_nonce;
    struct body_item kept_item;
    struct sl_span rest, item;
    if (body.ptr[0] == BODY_FORM_WHOLE) {
        assert_int_equal(body.len, BODY_PREFIX_BYTES);
        vec_same(span_of((const uint8_t *)body.ptr + 1, 32), vec_bytes(vector, "nonce"), "nonce");
        return true;
    }
    if (!body_withheld_read(&body, &manifest_nonce)) return false;
    vec_same(
        span_of(manifest_nonce, ITEM_NONCE_BYTES), vec_bytes(vector, "manifest_nonce"), "nonce");
    for (rest = vec_member(vector, "items"); json_next(&rest, &item);) {
        assert_true(body_withheld_next(&body, &kept_item));
        if (vec_has(item, "nonce")) {
            vec_same(span_of(kept_item.nonce, ITEM_NONCE_BYTES), vec_bytes(item, "nonce"), "nonce");
        } else {
            vec_same(hash_span(kept_item.commitment), vec_bytes(item, "commitment"), "commitment");
            vec_same_number(kept_item.length, item, "length");
        }
    }
    assert_int_equal(body.len, 0);
    return true;
}

static void check_body(struct sl_span all, struct sl_span vector)
{
    static const struct {
        const char *kind;
        bool (*check)(struct sl_span vector, struct sl_span body);
    } kinds[] = {{"create", check_create}, {"remove", check_remove}, {"redact", check_redact},
        {"allow", check_allow}, {"stored", check_stored}};
    struct sl_span kind = vec_text(vector, "kind");
    (void)all;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!sl_span_eq(kind, sl_span_of(kinds[i].kind))) continue;
        bool decoded = kinds[i].check(vector, vec_bytes(vector, "body"));
        if (decoded == vec_has(vector, "refused")) fail_msg("%s: is it such a body?", vec_name);
        return;
    }
    fail_msg("%s: of no kind", vec_name);
}

static void test_events(void **state)
{
    (void)state;
    vec_each("header.json", check_header);
    vec_each("share_ref.json", check_share_ref);
    vec_each("manifest.json", check_manifest);
    vec_each("item_key.json", check_item_key);
    vec_each("body.json", check_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests_name("event vectors", tests, NULL, NULL);
}
