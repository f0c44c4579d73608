#include "tests/support/bundle_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/base/crypto.h"
#include "core/base/pack.h"
#include "core/proof/proof.h"
#include "core/proof/tree.h"

/* As the last build made them. */
static uint8_t leaves[BM_LOG][32];
static struct {
    char bytes[SL_HEADER_BYTES];
    size_t len;
} headers[BM_EVENTS];

static struct sl_span span32(const uint8_t bytes[32])
{
    return (struct sl_span){(const char *)bytes, 32};
}

/* ---- a log ---- */

void bm_init(struct bm *bm)
{
    static const char *const data[] = {"{\"id\":\"ses_1\",\"title\":\"first\"}",
        "{\"id\":\"msg_1\",\"role\":\"user\"}", "{\"id\":\"msg_1\",\"role\":\"assistant\"}",
        "{\"id\":\"prt_1\",\"messageID\":\"msg_1\",\"text\":\"hello\"}"};
    static const uint64_t positions[] = {1, 2, 5, 9};
    *bm = (struct bm){.id = "dXn5PvMt", .log_size = 21};
    crypto_sha256("salt", 4, bm->salt);
    crypto_sha256("seed", 4, bm->seed);
    for (int i = 0; i < 4; i++) {
        struct bm_event *event = bm_add(bm, i ? SL_SYNC : SL_CREATE, positions[i]);
        event->items_count = 1;
        event->items[0] = (struct bm_item){
            .type = "message", .key = "message/msg_1", .data = sl_span_of(data[i])};
    }
    bm->events[3].items[0].type = "part";
    bm->events[3].items[0].key = "part/msg_1/prt_1";
    bm->events[0].items[0] = (struct bm_item){
        .type = "create", .key = "create", .data = SL_SPAN("secret"), .withheld = true};
    bm->events[1].items[1] =
        (struct bm_item){.type = "session", .key = "session", .data = sl_span_of(data[0])};
    bm->events[1].items_count = 2;
}

struct bm_event *bm_add(struct bm *bm, enum sl_kind kind, uint64_t position)
{
    assert_true(bm->count < BM_EVENTS);
    struct bm_event *event = &bm->events[bm->count++];
    *event = (struct bm_event){.kind = kind,
        .position = position,
        .time_ms = BM_TIME_MS + 10 * bm->count,
        .sequence = bm->count};
    bm->said = bm->count;
    return event;
}

static void add_record(struct bm_event *event, const char *type, const struct buf *body)
{
    assert_false(body->failed);
    event->items_count = 1;
    event->items[0] = (struct bm_item){.type = type, .key = type, .data = buf_span(body)};
}

void bm_redact_body(const struct bm_named *named, size_t count, struct buf *body)
{
    buf_clear(body);
    pack_array(body, 3);
    pack_u64(body, SL_WHO_OWNER);
    pack_str(body, SL_SPAN("a reason"));
    pack_array(body, count);
    for (size_t i = 0; i < count; i++) {
        pack_array(body, 3);
        pack_u64(body, named[i].sequence);
        pack_u64(body, named[i].item);
        pack_bin(body, named[i].replacement);
    }
}

struct bm_event *bm_redact(struct bm *bm, uint64_t position, uint64_t sequence, uint64_t item,
    struct sl_span replacement, struct buf *body)
{
    struct bm_event *event = bm_add(bm, SL_REDACT, position);
    bm_redact_body(&(struct bm_named){sequence, item, replacement}, 1, body);
    add_record(event, "redact", body);
    bm->events[sequence - 1].items[item].withheld = true;
    bm->events[sequence - 1].items[item].replacement = replacement;
    return event;
}

struct bm_event *bm_remove(struct bm *bm, uint64_t position, enum sl_who who, struct buf *body)
{
    struct bm_event *event = bm_add(bm, SL_REMOVE, position);
    buf_clear(body);
    pack_array(body, 3);
    pack_u64(body, who);
    pack_str(body, SL_SPAN("a reason"));
    pack_array(body, bm->count - 1);
    for (size_t i = 0; i + 1 < bm->count; i++) {
        pack_u64(body, bm->events[i].position);
        if (bm->events[i].kind == SL_SYNC || bm->events[i].kind == SL_REDACT)
            bm->events[i].erased = true;
    }
    add_record(event, "remove", body);
    return event;
}

/* ---- its bytes ---- */

static void mth(uint64_t from, uint64_t to, uint8_t root[32])
{
    uint8_t left[32], right[32];
    uint64_t k = 1;
    if (to - from == 1) {
        memcpy(root, leaves[from], 32);
        return;
    }
    while (k * 2 < to - from)
        k *= 2;
    mth(from, from + k, left);
    mth(from + k, to, right);
    crypto_sha256_of((struct sl_span[]){{"\1", 1}, span32(left), span32(right)}, 3, root);
}

void bm_nonce(const struct bm *bm, const struct bm_event *event, uint8_t nonce[32])
{
    uint8_t at = (uint8_t)(event - bm->events);
    crypto_sha256_of((struct sl_span[]){{"nonce", 5}, {(const char *)&at, 1}}, 2, nonce);
}

static void item_commitment(
    const struct bm *bm, const struct bm_event *event, uint32_t i, uint8_t commitment[32])
{
    uint8_t nonce[32], part[ITEM_NONCE_BYTES];
    bm_nonce(bm, event, nonce);
    event_item_nonce(nonce, i, part);
    event_commitment(part, event->items[i].data, commitment);
}

uint64_t bm_arrived(const struct bm_event *event)
{
    return event->time_ms * 1000 - 500 + event->arrived_late_us;
}

static void make_header(
    const struct bm *bm, const struct bm_event *event, const uint8_t prev[32], struct buf *out)
{
    uint8_t nonce[32], part[ITEM_NONCE_BYTES], commitment[32];
    struct buf manifest = {0};
    manifest_begin(&manifest, bm_arrived(event), event->items_count);
    for (uint32_t i = 0; i < event->items_count; i++) {
        const struct bm_item *item = &event->items[i];
        item_commitment(bm, event, i, commitment);
        manifest_add(&manifest, sl_span_of(item->type), sl_span_of(item->key), item->marked,
            item->data.len, commitment);
    }
    bm_nonce(bm, event, nonce);
    event_manifest_nonce(nonce, part);
    struct header header = {
        .kind = (enum sl_kind)event->kind, .sequence = event->sequence, .time_ms = event->time_ms};
    event_share_ref(bm->salt, sl_span_of(bm->id), header.share_ref);
    memcpy(header.prev, prev, 32);
    event_commitment(part, buf_span(&manifest), header.manifest_commitment);
    header.prev[3] ^= event->prev_wrong;
    header.share_ref[3] ^= event->ref_wrong;
    buf_clear(out);
    if (event->header_is)
        buf_add_span(out, *event->header_is);
    else
        header_encode(&header, out);
    buf_fini(&manifest);
}

struct sl_span bm_header(const struct bm *bm, const struct bm_event *event)
{
    size_t i = (size_t)(event - bm->events);
    return (struct sl_span){headers[i].bytes, headers[i].len};
}

static void add_gap(const struct bm *bm, uint64_t from, uint64_t to, struct buf *out)
{
    struct tree_subtree cover[TREE_COVER];
    struct buf gap = {0};
    uint8_t root[32];
    size_t count = from < to && to <= bm->log_size ? tree_cover(from, to, cover) : 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t begin = cover[i].index << cover[i].level;
        mth(begin, begin + ((uint64_t)1 << cover[i].level), root);
        buf_add(&gap, root, 32);
    }
    pack_bin(out, buf_span(&gap));
    buf_fini(&gap);
}

static void add_items(const struct bm *bm, const struct bm_event *event, struct buf *out)
{
    uint8_t commitment[32];
    pack_array(out, event->items_count);
    for (uint32_t i = 0; i < event->items_count; i++) {
        const struct bm_item *item = &event->items[i];
        pack_array(out, (item->withheld ? 5u : 4u) + item->marked);
        pack_str(out, sl_span_of(item->type));
        pack_str(out, sl_span_of(item->key));
        if (item->marked) pack_u64(out, 1);
        pack_bin(out, item->withheld ? item->replacement : item->data);
        if (i == 0 && item->data.len) out->ptr[out->len - 1] ^= (char)event->data_flip;
        if (item->withheld) pack_u64(out, item->data.len);
        item_commitment(bm, event, i, commitment);
        pack_bin(out, span32(commitment));
    }
}

static void add_content(const struct bm *bm, const struct bm_event *event, struct buf *out)
{
    uint8_t nonce[32], part[ITEM_NONCE_BYTES];
    bool apart = event->nonces_apart;
    for (size_t i = 0; i < event->items_count; i++)
        apart = apart || event->items[i].withheld;
    bm_nonce(bm, event, nonce);
    pack_u64(out, bm_arrived(event));
    if (!apart) {
        pack_bin(out, span32(nonce));
    } else {
        size_t count = event->items_count - event->nonces_short;
        pack_array(out, 1 + count);
        event_manifest_nonce(nonce, part);
        pack_bin(out, (struct sl_span){(const char *)part, sizeof(part)});
        for (uint32_t i = 0; i < count; i++) {
            event_item_nonce(nonce, i, part);
            if (event->items[i].withheld)
                pack_nil(out);
            else
                pack_bin(out, (struct sl_span){(const char *)part, sizeof(part)});
        }
    }
    add_items(bm, event, out);
}

void bm_checkpoint(const struct bm *bm, struct buf *out)
{
    struct checkpoint_text text = {.origin = SL_SPAN(BM_ORIGIN), .size = bm->log_size};
    struct note_key key;
    struct buf note = {0};
    uint8_t public_key[32];
    mth(0, bm->log_size, text.root);
    crypto_sign_key(bm->seed, public_key);
    note_key_make(&key, NOTE_ED25519, text.origin, public_key);
    checkpoint_write(&text, &note);
    struct buf line = {0};
    note_sign(buf_span(&note), &key, bm->seed, &line);
    buf_add_span(out, buf_span(&note));
    buf_add(out, "\n", 1);
    buf_add_span(out, buf_span(&line));
    buf_fini(&line);
    buf_fini(&note);
}

static enum sl_result subtree(
    void *ctx, unsigned level, uint64_t index, uint8_t root[32], struct sl_err *err)
{
    (void)ctx, (void)err;
    mth(index << level, (index + 1) << level, root);
    return SL_OK;
}

void bm_proof(const struct bm *bm, const struct bm_event *event, struct buf *out)
{
    struct buf note = {0};
    struct proof proof = {.index = event->position};
    struct tree_source source = {subtree, NULL};
    bm_checkpoint(bm, &note);
    proof.checkpoint = buf_span(&note);
    assert_int_equal(
        tree_inclusion(source, event->position, bm->log_size, &proof.hashes, NULL), SL_OK);
    proof_write(&proof, out);
    buf_fini(&note);
}

void bm_build(struct bm *bm, struct buf *out)
{
    struct buf header = {0}, note = {0};
    uint8_t prev[32] = {0};
    assert_true(bm->log_size <= BM_LOG);
    for (uint64_t i = 0; i < bm->log_size; i++)
        crypto_sha256(&i, sizeof(i), leaves[i]);
    for (size_t i = 0; i < bm->count; i++) {
        const struct bm_event *event = &bm->events[i];
        make_header(bm, event, prev, &header);
        assert_true(header.len <= SL_HEADER_BYTES);
        memcpy(headers[i].bytes, header.ptr, header.len);
        headers[i].len = header.len;
        header_leaf(buf_span(&header), prev);
        if (event->position < bm->log_size) memcpy(leaves[event->position], prev, 32);
    }
    buf_fini(&header);
    pack_array(out, 4);
    pack_str(out, SL_SPAN(BUNDLE_FORM));
    pack_str(out, sl_span_of(bm->id));
    pack_bin(out, span32(bm->salt));
    pack_u64(out, bm->said - bm->hidden);
    uint64_t at = 0;
    for (size_t i = 0; i < bm->count - bm->hidden; i++) {
        const struct bm_event *event = &bm->events[i];
        pack_array(out, event->erased ? 3 : 6);
        add_gap(bm, at, event->position, out);
        pack_u64(out, event->position);
        pack_bin(out, bm_header(bm, event));
        if (!event->erased) add_content(bm, event, out);
        at = event->position + 1;
    }
    pack_array(out, bm->states ? 3 : 2);
    add_gap(bm, at, bm->log_size, out);
    bm_checkpoint(bm, &note);
    pack_str(out, bm->checkpoint.len ? bm->checkpoint : buf_span(&note));
    buf_clear(&note);
    if (bm->states) {
        struct head_statement statement;
        bm_statement(bm, &statement);
        bm_sign_statement(bm, &statement, &note);
        pack_str(out, bm->statement.len ? bm->statement : buf_span(&note));
    }
    buf_fini(&note);
    assert_false(out->failed);
}

/* ---- its end ---- */

void bm_statement(const struct bm *bm, struct head_statement *statement)
{
    size_t count = bm->count - bm->hidden;
    const struct bm_event *last = &bm->events[count - 1];
    *statement = (struct head_statement){.first = bm->events[0].position,
        .last = last->position,
        .sequence = count,
        .size = bm->log_size,
        .time_ms = last->time_ms + 1000};
    snprintf(statement->origin, sizeof(statement->origin), "%s", BM_ORIGIN);
    snprintf(statement->share_id, sizeof(statement->share_id), "%s", bm->id);
    event_share_ref(bm->salt, sl_span_of(bm->id), statement->ref);
    header_leaf(bm_header(bm, last), statement->leaf);
}

static void head_seed(const struct bm *bm, uint8_t seed[32])
{
    crypto_hmac(span32(bm->seed), SL_SPAN(HEAD_KEY_USE), seed);
}

void bm_head_key(const struct bm *bm, struct note_key *key)
{
    uint8_t seed[32], public_key[32];
    head_seed(bm, seed);
    crypto_sign_key(seed, public_key);
    note_key_make(key, NOTE_ED25519, SL_SPAN(BM_ORIGIN HEAD_KEY_SUFFIX), public_key);
}

void bm_sign_statement(const struct bm *bm, const struct head_statement *statement, struct buf *out)
{
    struct note_key key;
    uint8_t seed[32];
    struct buf text = {0};
    head_seed(bm, seed);
    bm_head_key(bm, &key);
    head_statement_write(statement, &text);
    buf_add_span(out, buf_span(&text));
    buf_add(out, "\n", 1);
    note_sign(buf_span(&text), &key, seed, out);
    buf_fini(&text);
}

/* ---- verifying ---- */

struct policy *bm_policy(const struct bm *bm)
{
    struct note_key key;
    uint8_t public_key[32];
    struct policy *policy = NULL;
    struct sl_err err = {0};
    crypto_sign_key(bm->seed, public_key);
    note_key_make(&key, NOTE_ED25519, SL_SPAN(BM_ORIGIN), public_key);
    assert_int_equal(policy_make(&key, NULL, 0, 0, &policy, &err), SL_OK);
    return policy;
}

static enum sl_result give(void *ctx, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    struct bm_source *source = ctx;
    size_t left = source->bytes.len - source->at;
    (void)err;
    if (source->piece && cap > source->piece) cap = source->piece;
    *len = left < cap ? left : cap;
    if (*len) memcpy(out, source->bytes.ptr + source->at, *len);
    source->at += *len;
    return SL_OK;
}

struct bundle_input bm_input(struct bm_source *source)
{
    return (struct bundle_input){give, source, source->bytes.len};
}

enum sl_result bm_verify(struct sl_span bytes, const struct policy *policy,
    struct bundle_verdict *verdict, struct sl_err *err)
{
    return bm_verify_head(bytes, policy, NULL, verdict, err);
}

enum sl_result bm_verify_head(struct sl_span bytes, const struct policy *policy,
    const struct note_key *head, struct bundle_verdict *verdict, struct sl_err *err)
{
    struct bm_source source = {.bytes = bytes};
    struct bundle_asks asks = {.policy = policy, .head = head};
    *err = (struct sl_err){0};
    return bundle_verify(bm_input(&source), &asks, NULL, verdict, err);
}
