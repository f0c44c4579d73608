/* The vectors of tests/vectors/, held against core: what each file says (core/FORMAT.md) must come
 * out here, and of what is refused the rule that refuses it. tests/verifier/ reads the same files
 * with other code. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "core/event/batch.h"
#include "core/event/control.h"
#include "core/event/redact_body.h"
#include "core/proof/conflict.h"
#include "core/proof/tree.h"
#include "tests/support/bundle_make.h"
#include "tests/support/core_store.h"
#include "tests/support/vectors.h"

#include <stdio.h>

#define WITNESSES 8
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
        manifest_add(
            &manifest, vec_bytes(item, "type"), vec_bytes(item, "key"), data.len, commitment);
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

/* ---- the tree ---- */

static void take_hashes(struct sl_span list, struct tree_proof *proof)
{
    struct sl_span value;
    for (proof->count = 0; json_next(&list, &value); proof->count++) {
        assert_true(proof->count < TREE_PROOF);
        struct sl_span hash = vec_hex(value);
        assert_int_equal(hash.len, 32);
        memcpy(proof->hashes[proof->count], hash.ptr, 32);
    }
}

static void check_root(struct sl_span all, struct sl_span vector)
{
    struct tree_edge edge = {0};
    struct sl_span rest = vec_member(all, "leaves"), value;
    uint8_t root[32];
    while (edge.size < vec_number(vector, "size") && json_next(&rest, &value))
        tree_add(&edge, (const uint8_t *)vec_hex(value).ptr);
    vec_same_number(edge.size, vector, "size");
    tree_edge_root(&edge, root);
    vec_same(hash_span(root), vec_bytes(vector, "root"), "root");
}

static void check_cover(struct sl_span vector)
{
    struct tree_subtree cover[TREE_COVER];
    size_t count = tree_cover(vec_number(vector, "from"), vec_number(vector, "to"), cover), i = 0;
    struct sl_span rest = vec_member(vector, "cover"), pair, value;
    for (; json_next(&rest, &pair); i++) {
        uint64_t level = 0, index = 0;
        assert_true(i < count);
        assert_true(json_next(&pair, &value) && json_u64(vec_string(value), &level));
        assert_true(json_next(&pair, &value) && json_u64(vec_string(value), &index));
        assert_int_equal(cover[i].level, level);
        assert_int_equal(cover[i].index, index);
    }
    assert_int_equal(i, count);
}

static void check_tree(struct sl_span all, struct sl_span vector)
{
    struct sl_span kind = vec_text(vector, "kind");
    struct tree_proof proof = {0};
    bool holds;
    if (sl_span_eq(kind, SL_SPAN("root"))) {
        check_root(all, vector);
        return;
    }
    if (sl_span_eq(kind, SL_SPAN("cover"))) {
        check_cover(vector);
        return;
    }
    take_hashes(vec_member(vector, "path"), &proof);
    if (sl_span_eq(kind, SL_SPAN("inclusion")))
        holds = tree_inclusion_holds(&proof, vec_fixed(vector, "leaf", 32),
            vec_number(vector, "index"), vec_number(vector, "size"), vec_fixed(vector, "root", 32));
    else
        holds = tree_consistency_holds(&proof, vec_number(vector, "from"),
            vec_fixed(vector, "from_root", 32), vec_number(vector, "to"),
            vec_fixed(vector, "to_root", 32));
    if (holds != vec_flag(vector, "holds")) fail_msg("%s: does it hold?", vec_name);
}

/* ---- verifier keys and policies ---- */

static void check_verifier_key(struct sl_span all, struct sl_span vector)
{
    struct note_key key;
    char again[NOTE_VKEY_BYTES];
    (void)all;
    bool valid = note_key_parse(vec_text(vector, "vkey"), &key);
    if (valid != vec_flag(vector, "valid")) fail_msg("%s: is it a verifier key?", vec_name);
    if (!valid) return;
    vec_same(sl_span_of(key.name), vec_text(vector, "key_name"), "name");
    vec_same_number(key.kind, vector, "type");
    vec_same(hash_span(key.public_key), vec_bytes(vector, "public_key"), "public key");
    note_key_text(&key, again);
    vec_same(sl_span_of(again), vec_text(vector, "vkey"), "written again");
}

/* The log's key is the file's, witnesses and quorum the vector's. */
static struct policy *make_policy(struct sl_span all, struct sl_span vector)
{
    struct note_key log, witnesses[WITNESSES];
    struct policy *policy = NULL;
    struct sl_err err = {0};
    struct sl_span rest, value;
    size_t count = 0;
    uint64_t quorum = 0;
    assert_true(note_key_parse(vec_text(all, "log"), &log));
    if (vec_has(vector, "witnesses")) {
        for (rest = vec_member(vector, "witnesses"); json_next(&rest, &value); count++)
            assert_true(count < WITNESSES && note_key_parse(vec_string(value), &witnesses[count]));
        assert_true(json_u64(vec_member(vector, "quorum"), &quorum));
    }
    core_expect(policy_make(&log, witnesses, count, (size_t)quorum, &policy, &err), SL_OK, &err);
    if (vec_has(vector, "now"))
        policy_set_clock(policy, vec_number(vector, "now"),
            vec_has(vector, "max_age") ? vec_number(vector, "max_age") : 0);
    return policy;
}

/* ---- which rule refused it ---- */

/* The rules of core/FORMAT.md by what core says of them; the first that is in the message. */
static const struct {
    const char *rule, *says;
} rules[] = {
    {"head", "not a sharelog-bundle@v1"},
    {"head", "not the id of a share"},
    {"head", "no events"},
    {"record", "not what a removal says"},
    {"record", "removed by nobody known"},
    {"record", "not what a redaction says"},
    {"limit", "more items than an event can have"},
    {"end", "something follows the bundle"},
    {"encoding", ": byte "},
    {"json", "event: not JSON"},
    {"members", "not an object with each member once"},
    {"header", "its header is unreadable"},
    {"leaf", "hash: not that of its header"},
    {"leaf", "leaf: not that of its header"},
    {"place", "seq: not its header's"},
    {"place", "time: not its header's"},
    {"place", "kind: not its header's"},
    {"share", "its header belongs to another share"},
    {"share", "id: not one of a share"},
    {"share", "salt: not 32 bytes"},
    {"proof", "its proof: "},
    {"note", "not a signed note"},
    {"checkpoint", "not a checkpoint"},
    {"origin", "which is not a log that counts here"},
    {"signature", "the log's own signature"},
    {"cosignature", "the cosignature of "},
    {"quorum", "no quorum"},
    {"conflict", "not the proof of a conflict"},
    {"conflict", "the two checkpoints say the same"},
    {"conflict", "the smaller checkpoint is not the smaller one"},
    {"conflict", "two checkpoints alone don't contradict"},
    {"conflict", "its roots are not "},
    {"conflict", "the larger log grew out of"},
    {"policy", "policy: "},
    {"sequence", "missing (the next one is"},
    {"members", ": missing"},
    {"prev", "its header does not name the event before it"},
    {"time", "its time is before that of the event before it"},
    {"position", "its position"},
    {"position", "position: its proof is of another one"},
    {"kind", "of an unknown kind"},
    {"kind", "the first event is no creation"},
    {"kind", "a second creation"},
    {"kind", "after the removal"},
    {"kind", "it allows what was never removed"},
    {"gap", "the gap before it"},
    {"inclusion", "its proof's checkpoint is of"},
    {"inclusion", "its proof doesn't hold"},
    {"nonces", "nonces"},
    {"nonces", "nonce: not 32 bytes"},
    {"nonces", "its nonce: not 16 bytes"},
    {"nonces", "nonce is there"},
    {"nonces", "without its nonce"},
    {"arrived", "arrived: not a time"},
    {"count", "items, not 1"},
    {"item", "parts, not 4 or 5"},
    {"item", "withheld from a "},
    {"item", "a create's item, and not withheld"},
    {"item", ": something stands in its place"},
    {"item", "has not one type, key and bytes"},
    {"item", "withheld: not true"},
    {"item", "a commitment, but it isn't withheld"},
    {"item", "without committedBytes and commitment"},
    {"lists", "items: not a list"},
    {"lists", "data: not a list"},
    {"data", ": data: "},
    {"bytes", ": bytes: "},
    {"types", ": types: "},
    {"commitment", "its bytes are not the ones that were committed to"},
    {"manifest", "its items are not the ones that its header commits to"},
    {"size", "its checkpoint is of"},
    {"root", "those of the log that the checkpoint signs"},
    {"withheld", "withheld, but no redact event names it"},
    {"withheld", "what stands in its place is not what the redact event says"},
    {"erased", "its content is gone"},
    {"erased", "content without a nonce"},
};

static const char *rule_of(const struct sl_err *err)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strstr(err->text, rules[i].says)) return rules[i].rule;
    return "none that is known";
}

/* True: it was to be accepted, and was. */
static bool as_expected(
    struct sl_span vector, enum sl_result result, enum sl_result refusal, const struct sl_err *err)
{
    if (sl_span_eq(vec_text(vector, "verdict"), SL_SPAN("accepted"))) {
        if (result != SL_OK) fail_msg("%s: refused: %s", vec_name, err->text);
        return true;
    }
    struct sl_span rule = vec_text(vector, "rule");
    if (result == SL_OK) fail_msg("%s: accepted", vec_name);
    if ((refusal && result != refusal) || !sl_span_eq(rule, sl_span_of(rule_of(err))))
        fail_msg("%s: refused by the rule %s (%s), not %.*s", vec_name, rule_of(err), err->text,
            (int)rule.len, rule.ptr);
    return false;
}

/* ---- checkpoints, bundles, answers ---- */

static void check_note(struct sl_span all, struct sl_span vector)
{
    struct policy *policy = make_policy(all, vector);
    struct sl_span bytes = vec_text(vector, "note");
    struct sl_err err = {0};
    struct note note;
    struct checkpoint_text checkpoint;
    struct cosigned cosigned = {0};
    enum sl_result result = policy_check(policy, bytes, &cosigned, &err);
    policy_destroy(policy);
    if (!as_expected(vector, result, SL_OK, &err)) return;
    assert_true(note_parse(bytes, &note) && checkpoint_parse(note.text, &checkpoint));
    vec_same_number(checkpoint.size, vector, "size");
    vec_same(hash_span(checkpoint.root), vec_bytes(vector, "root"), "root");
    vec_same_number(cosigned.count, vector, "cosignatures");
}

/* A policy's own text, and a checkpoint. */
static void check_policy(struct sl_span all, struct sl_span vector)
{
    struct policy *policy = NULL;
    struct cosigned cosigned = {0};
    struct sl_err err = {0};
    (void)all;
    enum sl_result result = policy_parse(vec_bytes(vector, "policy"), &policy, &err);
    if (result != SL_OK)
        sl_fail_in(&err, "policy");
    else
        result = policy_check(policy, vec_text(vector, "note"), &cosigned, &err);
    policy_destroy(policy);
    if (as_expected(vector, result, SL_OK, &err))
        vec_same_number(cosigned.count, vector, "cosignatures");
}

static void check_conflict(struct sl_span all, struct sl_span vector)
{
    struct policy *policy = make_policy(all, vector);
    struct conflict_verdict verdict;
    struct sl_err err = {0};
    enum sl_result result = conflict_verify(vec_text(vector, "conflict"), policy, &verdict, &err);
    policy_destroy(policy);
    if (!as_expected(vector, result, SL_CORRUPT, &err)) return;
    vec_same_number(verdict.smaller, vector, "smaller");
    vec_same_number(verdict.larger, vector, "larger");
}

static void check_bundle(struct sl_span all, struct sl_span vector)
{
    struct policy *policy = make_policy(all, vector);
    struct bundle_verdict verdict;
    struct sl_err err;
    enum sl_result result = bm_verify(vec_base64(vector, "bundle"), policy, &verdict, &err);
    policy_destroy(policy);
    if (!as_expected(vector, result, SL_CORRUPT, &err)) return;
    vec_same(sl_span_of(verdict.share_id), vec_text(vector, "id"), "id");
    vec_same_number(verdict.events, vector, "events");
    vec_same_number(verdict.syncs, vector, "syncs");
    vec_same_number(verdict.items, vector, "items");
    vec_same_number(verdict.bytes, vector, "bytes");
    vec_same_number(verdict.withheld, vector, "withheld");
    vec_same_number(verdict.first_ms, vector, "first");
    vec_same_number(verdict.last_ms, vector, "last");
    vec_same_number(verdict.log_size, vector, "log_size");
    vec_same(hash_span(verdict.root), vec_bytes(vector, "root"), "root");
    vec_same_number(verdict.cosigned.count, vector, "cosignatures");
    struct sl_span removed = vec_member(vector, "removed");
    assert_int_equal(verdict.removed, json_kind_of(removed) == JSON_OBJECT);
    if (!verdict.removed) return;
    vec_same_number(verdict.removed_ms, removed, "time");
    vec_same_number(verdict.removed_by, removed, "by");
}

static void same_flag(bool got, struct sl_span vector, const char *name)
{
    if (got != vec_flag(vector, name)) fail_msg("%s: %s is %d", vec_name, name, got);
}

static void check_answer(struct sl_span all, struct sl_span vector)
{
    struct policy *policy = make_policy(all, vector);
    struct event_verdict verdict;
    struct sl_err err = {0};
    enum sl_result result = event_verify(
        vec_base64(vector, "event"), vec_text(vector, "proof"), policy, &verdict, &err);
    policy_destroy(policy);
    if (!as_expected(vector, result, SL_CORRUPT, &err)) return;
    vec_same_number(verdict.sequence, vector, "sequence");
    vec_same_number(verdict.position, vector, "position");
    vec_same_number(verdict.time_ms, vector, "time");
    vec_same(sl_span_of(sl_kind_name(verdict.kind)), vec_text(vector, "kind"), "kind");
    same_flag(verdict.of_share, vector, "share");
    same_flag(verdict.content, vector, "content");
    vec_same_number(verdict.withheld, vector, "withheld");
    vec_same_number(verdict.log_size, vector, "log_size");
    vec_same_number(verdict.cosigned.count, vector, "cosignatures");
}

/* ---- */

static void test_events(void **state)
{
    (void)state;
    vec_each("header.json", check_header);
    vec_each("share_ref.json", check_share_ref);
    vec_each("manifest.json", check_manifest);
    vec_each("item_key.json", check_item_key);
    vec_each("body.json", check_body);
}

static void test_log(void **state)
{
    (void)state;
    vec_each("tree.json", check_tree);
    vec_each("verifier_key.json", check_verifier_key);
    vec_each("note.json", check_note);
    vec_each("policy.json", check_policy);
    vec_each("conflict.json", check_conflict);
}

static void test_bundles(void **state)
{
    (void)state;
    vec_each("bundle.json", check_bundle);
}

static void test_answers(void **state)
{
    (void)state;
    vec_each("answer.json", check_answer);
}

/* What a store of format 1 served, kept as it was. */
static void test_store(void **state)
{
    (void)state;
    vec_each_of("store.json", "bundles", check_bundle);
    vec_each_of("store.json", "answers", check_answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_bundles),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_store),
    };
    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
