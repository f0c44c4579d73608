/* The vectors of tests/vectors/ that a verifier judges, held against core: what each file says
 * (core/FORMAT.md) must come out here, and of what is refused the rule that refuses it.
 * tests/verifier/ reads the same files with other code; tests/unit/event/event_vectors_test.c those
 * that say what an event is made of. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "core/event/event.h"
#include "core/proof/chains.h"
#include "core/proof/conflict.h"
#include "core/proof/tree.h"
#include "tests/support/bundle_make.h"
#include "tests/support/core_store.h"
#include "tests/support/vectors.h"

#include <stdio.h>

#define WITNESSES 8

static struct sl_span span_of(const uint8_t *bytes, size_t len)
{
    return (struct sl_span){(const char *)bytes, len};
}

static struct sl_span hash_span(const uint8_t hash[32])
{
    return span_of(hash, 32);
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
    {"record", "not a record of its kind"},
    {"record", "done by nobody known"},
    {"record", "not what a redaction says"},
    {"record", "something follows what the record says"},
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
    {"share", "not bound to a share"},
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
    {"sequence", "of that sequence already"},
    {"sequence", "are missing"},
    {"header", ": no header"},
    {"kind", "its share doesn't begin with a creation"},
    {"kind", "of a kind that isn't known"},
    {"kind", "its share was removed before"},
    {"prev", "it names an event before the first"},
    {"prev", "(prev)"},
    {"members", ": missing"},
    {"prev", "its header does not name the event before it"},
    {"time", "its time is before that of the event before it"},
    {"time", "its time is before the year 2000 or after 9999"},
    {"position", "its position"},
    {"position", "position: its proof is of another one"},
    {"kind", "of an unknown kind"},
    {"kind", "the first event is no creation"},
    {"kind", "a second creation"},
    {"kind", "after the removal"},
    {"cosigned", "after a witness had seen it"},
    {"kind", "it allows what was never removed"},
    {"kind", "an allow, but the owner did not remove"},
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
    {"item", "withheld or redactedOnArrival: not true"},
    {"item", "redacted on arrival, in a "},
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
    {"data", "is not one JSON value"},
    {"key", "its key is not the one that its type and data make"},
    {"key", "its type and key are not those of"},
    {"replacement", "another item by its ids"},
    {"replacement", "is not what redacting makes"},
    {"targets", "is not replaced by what it says"},
    {"targets", "the items that it names are not in order"},
    {"positions", "it removes other positions"},
    {"arrival", "it arrived after"},
    {"record", ": not what a"},
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

/* The first of a list of positions; which others there are is their number. */
static void same_odd(struct chains_odd got, struct sl_span vector, const char *name)
{
    struct sl_span list = vec_member(vector, name), rest = list, value;
    uint64_t first = 0;
    assert_int_equal(got.count, vec_count(list));
    if (json_next(&rest, &value)) assert_true(json_u64(vec_string(value), &first));
    assert_int_equal(got.first, first);
}

static void check_chain(struct sl_span all, struct sl_span vector)
{
    struct chains *chains = chains_create(true);
    struct sl_err err = {0};
    struct sl_span rest = vec_member(vector, "headers"), value;
    enum sl_result result = SL_OK;
    uint8_t leaf[32];
    (void)all;
    assert_non_null(chains);
    chains_set_latest(chains, vec_number(vector, "latest"));
    for (uint64_t position = 0; result == SL_OK && json_next(&rest, &value); position++) {
        struct sl_span header = vec_hex(value);
        header_leaf(header, leaf);
        result = chains_add(chains, position, header, leaf, &err);
    }
    if (as_expected(vector, result, SL_CORRUPT, &err)) {
        vec_same_number(chains_count(chains), vector, "shares");
        same_odd(chains_times(chains).back, vector, "back");
        same_odd(chains_times(chains).ahead, vector, "ahead");
    }
    chains_destroy(chains);
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
    if (vec_has(vector, "marked")) vec_same_number(verdict.marked, vector, "marked");
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
        vec_base64(vector, "event"), vec_text(vector, "proof"), policy, NULL, &verdict, &err);
    policy_destroy(policy);
    if (!as_expected(vector, result, SL_CORRUPT, &err)) return;
    vec_same_number(verdict.sequence, vector, "sequence");
    vec_same_number(verdict.position, vector, "position");
    vec_same_number(verdict.time_ms, vector, "time");
    vec_same(sl_span_of(sl_kind_name(verdict.kind)), vec_text(vector, "kind"), "kind");
    assert_true(verdict.share_id[0]);
    if (vec_has(vector, "id")) vec_same(sl_span_of(verdict.share_id), vec_text(vector, "id"), "id");
    if (vec_has(vector, "marked")) vec_same_number(verdict.marked, vector, "marked");
    same_flag(verdict.content, vector, "content");
    vec_same_number(verdict.withheld, vector, "withheld");
    vec_same_number(verdict.log_size, vector, "log_size");
    vec_same_number(verdict.cosigned.count, vector, "cosignatures");
}

/* ---- */

static void test_log(void **state)
{
    (void)state;
    vec_each("tree.json", check_tree);
    vec_each("verifier_key.json", check_verifier_key);
    vec_each("note.json", check_note);
    vec_each("policy.json", check_policy);
    vec_each("chain.json", check_chain);
    vec_each("conflict.json", check_conflict);
}

static void test_bundles(void **state)
{
    (void)state;
    vec_each("bundle.json", check_bundle);
    vec_each("forged.json", check_bundle);
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
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_bundles),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_store),
    };
    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
