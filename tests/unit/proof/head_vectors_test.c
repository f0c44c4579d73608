/* The vectors of head statements, tests/vectors/head.json, held against core: by themselves, in
 * bundles, and in pairs of which one contradicts the other. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "core/proof/evidence.h"
#include "tests/support/bundle_make.h"
#include "tests/support/core_store.h"
#include "tests/support/vectors.h"

#include <stdio.h>

static struct sl_err err;

static struct note_key key_of(struct sl_span all, const char *name)
{
    struct note_key key;
    assert_true(note_key_parse(vec_text(all, name), &key));
    return key;
}

static struct policy *make_policy(struct sl_span all)
{
    struct note_key log = key_of(all, "log");
    struct policy *policy = NULL;
    core_expect(policy_make(&log, NULL, 0, 0, &policy, &err), SL_OK, &err);
    return policy;
}

/* The rules by what core says of them; the first that is in the message. */
static bool refused_by(struct sl_span rule)
{
    static const struct {
        const char *rule, *says;
    } rules[] = {{"end", "something follows the bundle"}, {"encoding", ": byte "},
        {"note", "not a signed note"}, {"statement", "not a head statement"},
        {"origin", "whose head statements the given key"}, {"signature", "lacks or doesn't hold"},
        {"time", "dated in the future"}, {"time", "signed too long ago"},
        {"fit", "its head statement "}};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strstr(err.text, rules[i].says)) return sl_span_eq(rule, sl_span_of(rules[i].rule));
    return false;
}

/* True: it was to be accepted, and was. */
static bool as_expected(struct sl_span vector, enum sl_result result)
{
    if (sl_span_eq(vec_text(vector, "verdict"), SL_SPAN("accepted"))) {
        if (result != SL_OK) fail_msg("%s: refused: %s", vec_name, err.text);
        return true;
    }
    struct sl_span rule = vec_text(vector, "rule");
    if (result != SL_CORRUPT || !refused_by(rule))
        fail_msg("%s: %s (%s), not refused by %.*s", vec_name, sl_result_text(result), err.text,
            (int)rule.len, rule.ptr);
    return false;
}

static struct sl_span hash_span(const uint8_t hash[32])
{
    return (struct sl_span){(const char *)hash, 32};
}

/* ---- by themselves ---- */

static void check_statement(struct sl_span all, struct sl_span vector)
{
    struct note_key head = key_of(all, "head");
    struct head_statement said;
    struct buf again = {0};
    struct note note;
    err = (struct sl_err){0};
    struct sl_span bytes = vec_text(vector, "note");
    enum sl_result result = head_statement_verify(bytes, &head, &said, &err);
    if (result == SL_OK && vec_has(vector, "now"))
        result = head_statement_check_time(&said, vec_number(vector, "now"),
            vec_has(vector, "max_age") ? vec_number(vector, "max_age") : 0, &err);
    if (!as_expected(vector, result)) return;
    vec_same(sl_span_of(said.origin), vec_text(vector, "origin"), "origin");
    vec_same(sl_span_of(said.share_id), vec_text(vector, "share"), "share");
    vec_same(hash_span(said.ref), vec_bytes(vector, "ref"), "ref");
    vec_same_number(said.first, vector, "first");
    vec_same_number(said.last, vector, "last");
    vec_same_number(said.sequence, vector, "sequence");
    vec_same(hash_span(said.leaf), vec_bytes(vector, "leaf"), "leaf");
    vec_same_number(said.size, vector, "size");
    vec_same_number(said.time_ms, vector, "time");
    head_statement_write(&said, &again);
    assert_true(note_parse(bytes, &note));
    vec_same(buf_span(&again), note.text, "written again");
    buf_fini(&again);
}

/* ---- in bundles ---- */

static void check_bundle(struct sl_span all, struct sl_span vector)
{
    struct note_key head = key_of(all, "head");
    struct policy *policy = make_policy(all);
    struct bundle_verdict verdict;
    bool both = sl_span_eq(vec_text(vector, "keys"), SL_SPAN("both"));
    enum sl_result result =
        bm_verify_head(vec_base64(vector, "bundle"), policy, both ? &head : NULL, &verdict, &err);
    policy_destroy(policy);
    if (!as_expected(vector, result)) return;
    vec_same_number(verdict.events, vector, "events");
    struct sl_span said = vec_member(vector, "statement");
    if (json_kind_of(said) != JSON_OBJECT) {
        assert_int_equal(verdict.head, BUNDLE_HEAD_NONE);
        return;
    }
    assert_int_equal(
        verdict.head, vec_flag(said, "holds") ? BUNDLE_HEAD_HOLDS : BUNDLE_HEAD_UNCHECKED);
    vec_same_number(verdict.statement.sequence, said, "sequence");
    vec_same_number(verdict.statement.size, said, "size");
    vec_same_number(verdict.statement.time_ms, said, "time");
}

/* ---- in pairs ---- */

static void take_bundle(struct sl_span all, struct sl_span bytes, struct evidence *evidence)
{
    struct note_key head = key_of(all, "head");
    struct policy *policy = make_policy(all);
    struct bundle_verdict verdict;
    struct bm_source source = {.bytes = bytes};
    struct bundle_asks asks = {
        .policy = policy, .head = &head, .place = evidence_add_bundle_place, .place_ctx = evidence};
    core_expect(bundle_verify(bm_input(&source), &asks, NULL, &verdict, &err), SL_OK, &err);
    policy_destroy(policy);
    evidence_set_bundle(evidence, &verdict);
}

static void take_checkpoint(struct sl_span note, struct evidence *evidence)
{
    struct note parts;
    struct checkpoint_text text;
    assert_true(note_parse(note, &parts) && checkpoint_parse(parts.text, &text));
    evidence_set_checkpoint(evidence, &text);
}

static struct evidence piece(struct sl_span all, struct sl_span given)
{
    struct note_key head = key_of(all, "head");
    struct evidence evidence = {0};
    struct head_statement said;
    if (vec_has(given, "bundle")) {
        take_bundle(all, vec_base64(given, "bundle"), &evidence);
    } else if (vec_has(given, "checkpoint")) {
        take_checkpoint(vec_text(given, "checkpoint"), &evidence);
    } else {
        core_expect(
            head_statement_verify(vec_text(given, "statement"), &head, &said, &err), SL_OK, &err);
        assert_true(evidence_add_statement(&evidence, &said));
    }
    return evidence;
}

static void check_evidence(struct sl_span all, struct sl_span vector)
{
    struct evidence a = piece(all, vec_member(vector, "a"));
    struct evidence b = piece(all, vec_member(vector, "b"));
    const char *rule = evidence_rule_name(evidence_judge(&a, &b).rule);
    struct sl_span expected = vec_member(vector, "contradiction");
    expected = json_kind_of(expected) == JSON_STRING ? vec_string(expected) : SL_SPAN("");
    if (!sl_span_eq(expected, sl_span_of(rule)))
        fail_msg("%s: %s, not %.*s", vec_name, rule, (int)expected.len, expected.ptr);
    /* in either order */
    assert_string_equal(evidence_rule_name(evidence_judge(&b, &a).rule), rule);
    evidence_fini(&a);
    evidence_fini(&b);
}

/* ---- */

static void check(struct sl_span all, struct sl_span vector)
{
    struct sl_span kind = vec_text(vector, "kind");
    if (sl_span_eq(kind, SL_SPAN("statement")))
        check_statement(all, vector);
    else if (sl_span_eq(kind, SL_SPAN("bundle")))
        check_bundle(all, vector);
    else
        check_evidence(all, vector);
}

static void test_heads(void **state)
{
    (void)state;
    vec_each("head.json", check);
}

static unsigned keys_checked;

/* The key of statements follows from the log's seed. */
static void check_key(struct sl_span all, struct sl_span vector)
{
    (void)vector;
    if (keys_checked++) return;
    struct note_key log = key_of(all, "log"), head = key_of(all, "head");
    uint8_t seed[32], public_key[32];
    char name[NOTE_NAME_BYTES + 1];
    crypto_hmac(vec_bytes(all, "seed"), SL_SPAN(HEAD_KEY_USE), seed);
    assert_true(crypto_sign_key(seed, public_key));
    assert_memory_equal(public_key, head.public_key, 32);
    head_key_name(sl_span_of(log.name), name);
    assert_string_equal(name, head.name);
}

static void test_key(void **state)
{
    (void)state;
    vec_each("head.json", check_key);
    assert_true(keys_checked > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
