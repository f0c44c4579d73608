/* Policies: what their text may say, and what each asks of a checkpoint. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/note.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <stdlib.h>

#define KEYS 6
#define TEXT "log.example\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

static uint64_t seed;
static struct note_key log_key, other_log, witnesses[KEYS];
static uint8_t log_seed[32], other_seed[32], seeds[KEYS][32];
static char log_vkey[NOTE_VKEY_BYTES], other_vkey[NOTE_VKEY_BYTES], vkeys[KEYS][NOTE_VKEY_BYTES];

static struct note_key key_of(enum note_kind kind, const char *name, uint8_t byte, uint8_t out[32])
{
    struct note_key key;
    uint8_t public_key[32];
    memset(out, byte, 32);
    crypto_sign_key(out, public_key);
    note_key_make(&key, kind, sl_span_of(name), public_key);
    return key;
}

static char unknown_vkey[2048];

static void make_unknown(void)
{
    uint8_t typed[1 + 1312];
    char base64[sizeof(typed) / 3 * 4 + 8];
    memset(typed, 7, sizeof(typed));
    typed[0] = 6;
    crypto_base64(typed, sizeof(typed), base64);
    snprintf(unknown_vkey, sizeof(unknown_vkey), "pq.example+01234567+%s", base64);
}

static int make_keys(void **state)
{
    (void)state;
    make_unknown();
    log_key = key_of(NOTE_ED25519, "log.example", 100, log_seed);
    other_log = key_of(NOTE_ED25519, "other.example", 101, other_seed);
    note_key_text(&log_key, log_vkey);
    note_key_text(&other_log, other_vkey);
    for (unsigned i = 0; i < KEYS; i++) {
        char name[32];
        snprintf(name, sizeof(name), "w%u.example", i);
        witnesses[i] = key_of(NOTE_COSIGNATURE, name, (uint8_t)(i + 1), seeds[i]);
        note_key_text(&witnesses[i], vkeys[i]);
    }
    return 0;
}

/* `$L`, `$O` and `$0` … `$5` are the keys of the logs and witnesses, `$U` one of ML-DSA-44. */
static void expand(const char *text, struct buf *out)
{
    for (; *text; text++) {
        if (*text != '$') {
            buf_add(out, text, 1);
            continue;
        }
        text++;
        buf_add_span(out, sl_span_of(*text == 'L'   ? log_vkey
                                     : *text == 'O' ? other_vkey
                                     : *text == 'U' ? unknown_vkey
                                                    : vkeys[*text - '0']));
    }
}

static enum sl_result parse(struct sl_span text, struct policy **policy, struct sl_err *err)
{
    char *copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    if (text.len) memcpy(copy, text.ptr, text.len);
    enum sl_result result = policy_parse((struct sl_span){copy, text.len}, policy, err);
    free(copy); /* a policy keeps nothing of it */
    return result;
}

static struct policy *policy_of(const char *text)
{
    struct policy *policy = NULL;
    struct sl_err err = {0};
    struct buf bytes = {0};
    expand(text, &bytes);
    if (parse(buf_span(&bytes), &policy, &err) != SL_OK) fail_msg("%s: %s", text, err.text);
    buf_fini(&bytes);
    return policy;
}

/* The checkpoint, signed by the logs and witnesses whose bits are set. */
static void sign(const char *text, bool log, bool other, unsigned mask, struct buf *out)
{
    buf_clear(out);
    buf_add_span(out, sl_span_of(text));
    buf_add(out, "\n", 1);
    if (other) note_sign(sl_span_of(text), &other_log, other_seed, out);
    for (unsigned i = 0; i < KEYS; i++)
        if (mask >> i & 1) note_cosign(sl_span_of(text), &witnesses[i], seeds[i], 1000 + i, out);
    if (log) note_sign(sl_span_of(text), &log_key, log_seed, out);
}

static void expect(const struct policy *policy, unsigned mask, enum sl_result expected)
{
    struct buf note = {0};
    struct sl_err err = {0};
    struct cosigned cosigned = {.count = 77};
    size_t signed_by = (size_t)__builtin_popcount(mask);
    sign(TEXT, true, true, mask, &note);
    enum sl_result result = policy_check(policy, buf_span(&note), &cosigned, &err);
    if (result != expected) fail_msg("mask %x: %s: %s", mask, sl_result_text(result), err.text);
    assert_true(cosigned.count == (result == SL_OK ? signed_by : 77));
    buf_fini(&note);
}

/* ---- text ---- */

#define W "log $L\nwitness a $0\nwitness b $1\n"

static const struct {
    const char *text, *wrong;
} no_policies[] = {
    {"", "no line says"},
    {"log $L\n", "no line says"},
    {W "quorum c\n", "line 4: the quorum isn't defined"},
    {W "quorum\n", "line 4: a name is missing"},
    {W "quorum a b\n", "line 4: more than a name"},
    {W "quorum a\nquorum a\n", "line 5: a second"},
    {W "quorum none\nquorum none\n", "line 5: a second"},
    {"quorum a\n" W, "line 1: the quorum isn't defined"},
    {"log $L\nquorum none\nrequire x\n", "line 3: neither"},
    {"Log $L\nquorum none\n", "line 1: neither"},
    {"log\nquorum none\n", "line 1: not a verifier key"},
    {"log x\nquorum none\n", "line 1: not a verifier key"},
    {"log example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\nquorum none\n",
        "line 1: not a verifier key"},
    {"log $L url more\nquorum none\n", "line 1: more than a key"},
    {"log $L\nlog $L\nquorum none\n", "line 2: the log's key is given twice"},
    {"witness\nquorum none\n", "line 1: a name is missing"},
    {"witness a\nquorum none\n", "line 1: not a verifier key"},
    {"witness a $0 url more\nquorum none\n", "line 1: more than a name"},
    {"witness a $L\nquorum none\n", "line 1: the witness's key is of a kind"},
    {"witness none $0\nquorum none\n", "line 1: the name \"none\""},
    {"witness a $0\nwitness a $1\nquorum none\n", "line 2: the name is defined twice"},
    {"witness a $0\nwitness b $0\nquorum none\n", "line 2: the witness's key is given twice"},
    {W "group\nquorum none\n", "line 4: a name is missing"},
    {W "group g\nquorum none\n", "line 4: the number of members"},
    {W "group g any\nquorum none\n", "line 4: a group without"},
    {W "group g all\nquorum none\n", "line 4: a group without"},
    {W "group g 0 a\nquorum none\n", "line 4: the number that must"},
    {W "group g 3 a b\nquorum none\n", "line 4: the number that must"},
    {W "group g 01 a b\nquorum none\n", "line 4: how many"},
    {W "group g +1 a b\nquorum none\n", "line 4: how many"},
    {W "group g -1 a b\nquorum none\n", "line 4: how many"},
    {W "group g 18446744073709551617 a b\nquorum none\n", "line 4: how many"},
    {W "group g most a b\nquorum none\n", "line 4: how many"},
    {W "group g any a c\nquorum none\n", "line 4: a member isn't"},
    {W "group g any g\nquorum none\n", "line 4: a member isn't"},
    {W "group g any none\nquorum none\n", "line 4: a member isn't"},
    {W "group g any a a\nquorum none\n", "line 4: a member is in a group"},
    {W "group g any a\ngroup h any a\nquorum none\n", "line 5: a member is in a group"},
    {W "group a any b\nquorum none\n", "line 4: the name is defined twice"},
    {W "group none any b\nquorum none\n", "line 4: the name \"none\""},
    {W "quorum a\r\n", "line 4: a control"},
    {W "# \x1b[m\nquorum a\n", "line 4: a control"},
    {W "# \x7f\nquorum a\n", "line 4: a control"},
    {W "quorum a # why\n", "line 4: more than a name"},
    {W "quorum a", "line 4: it isn't ended"},
    {"quorum none", "line 1: it isn't ended"},
    {W "quorum a\n ", "line 5: it isn't ended"},
    {"log $0\nquorum none\n", "line 1: the log's key is of a kind that only cosigns"},
    {"log $U\nlog $U\nquorum none\n", "line 2: the log's key is given twice"},
    {W "witness u $U\nwitness v $U\nquorum none\n", "line 5: the witness's key is given twice"},
    {W "witness u $U$U\nquorum none\n", "line 4: not a verifier key"},
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(no_policies) / sizeof(no_policies[0]); i++) {
        struct policy *policy = NULL;
        struct sl_err err = {0};
        struct buf text = {0};
        expand(no_policies[i].text, &text);
        if (parse(buf_span(&text), &policy, &err) != SL_INVALID)
            fail_msg("taken: %s", no_policies[i].text);
        if (!strstr(err.text, no_policies[i].wrong))
            fail_msg("%s: %s", no_policies[i].text, err.text);
        assert_int_equal(err.result, SL_INVALID);
        assert_null(policy);
        buf_fini(&text);
    }
    struct policy *policy = NULL;
    assert_int_equal(
        policy_parse((struct sl_span){"quorum none\n\0", 13}, &policy, NULL), SL_INVALID);
}

static void taken(void **state)
{
    (void)state;
    static const char *const texts[] = {"quorum none\n", "\n\t \nquorum none\n",
        "\tquorum\t\tnone \n", " # quorum none\nquorum none\n#\n", "#log x\nquorum none\n",
        W "quorum a\n", W "quorum b\n", "log $L https://log.example/ \nlog $O\nquorum none\n",
        W "group any any a b\ngroup all all any\nquorum all\n",
        W "quorum a\nwitness c $2 https://w.example/\ngroup g all c\n",
        "witness \xc3\xa9\xff $0\nquorum \xc3\xa9\xff\n", W "group g 2 a b\nquorum g\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        policy_destroy(policy_of(texts[i]));
    policy_destroy(NULL);
}

/* Too many of each, too many bytes. */
static void bounds(void **state)
{
    (void)state;
    static const char *const words[] = {"log", "witness"};
    for (unsigned w = 0; w < 2; w++) {
        struct buf text = {0};
        struct policy *policy = NULL;
        struct sl_err err = {0};
        for (unsigned i = 0; i < 65; i++) {
            uint8_t key_seed[32];
            char name[16], line[NOTE_VKEY_BYTES], vkey[NOTE_VKEY_BYTES];
            snprintf(name, sizeof(name), "n%u", i);
            struct note_key key =
                key_of(w ? NOTE_COSIGNATURE : NOTE_ED25519, name, (uint8_t)(i + 10), key_seed);
            note_key_text(&key, vkey);
            if (i == 64) {
                buf_add(&text, "quorum none\n", 12);
                assert_int_equal(parse(buf_span(&text), &policy, &err), SL_OK);
                policy_destroy(policy);
            }
            snprintf(
                line, sizeof(line), "%s %s%s%.300s\n", words[w], w ? name : "", w ? " " : "", vkey);
            buf_add_span(&text, sl_span_of(line));
        }
        assert_int_equal(parse(buf_span(&text), &policy, &err), SL_INVALID);
        assert_non_null(strstr(err.text, "line 66: too many"));
        buf_fini(&text);
    }
    struct buf text = {0};
    struct policy *policy;
    struct sl_err err = {0};
    expand("witness a $0\n", &text);
    for (unsigned i = 0; i < 128; i++) { /* each the one member of the next */
        char line[64], member[16] = "a";
        if (i) snprintf(member, sizeof(member), "g%u", i - 1);
        snprintf(line, sizeof(line), "group g%u all %s\n", i, member);
        buf_add_span(&text, sl_span_of(line));
    }
    assert_int_equal(parse(buf_span(&text), &policy, &err), SL_INVALID);
    assert_non_null(strstr(err.text, "line 129: too many"));
    buf_clear(&text);
    buf_add(&text, "quorum none\n", 12);
    while (text.len < 64 * 1024 - 1)
        buf_add(&text, "#", 1);
    buf_add(&text, "\n", 1);
    assert_int_equal(parse(buf_span(&text), &policy, &err), SL_OK);
    policy_destroy(policy);
    buf_add(&text, "\n", 1);
    assert_int_equal(parse(buf_span(&text), &policy, &err), SL_INVALID);
    buf_fini(&text);
}

/* ---- checks ---- */

/* Every set of witnesses, against a rule written down a second time. */
static void quorums(void **state)
{
    (void)state;
#define ALL                                                                                        \
    "log $L\nwitness X1 $0\nwitness X2 $1\nwitness X3 $2\nwitness Y1 $3\nwitness Y2 $4\n"          \
    "witness Y3 $5\n"
    struct policy *none = policy_of(ALL "quorum none\n"), *one = policy_of(ALL "quorum Y1\n"),
                  *any = policy_of(ALL "group g any X1 Y3\nquorum g\n"),
                  *nested = policy_of(ALL "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\n"
                                          "group both all X Y\nquorum both\n"),
                  *inner = policy_of(ALL "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\n"
                                         "group both all X Y\nquorum X\n"),
                  *mixed = policy_of(ALL "group X all X1 X2\ngroup g 2 X Y1 Y2\nquorum g\n");
    for (unsigned mask = 0; mask < 1 << KEYS; mask++) {
        unsigned x = mask & 7, y = mask >> 3, xs = (unsigned)__builtin_popcount(x);
        unsigned members = ((x & 3) == 3) + (y & 1) + (y >> 1 & 1);
        expect(none, mask, SL_OK);
        expect(one, mask, y & 1 ? SL_OK : SL_NOT_FOUND);
        expect(any, mask, (x & 1) || (y & 4) ? SL_OK : SL_NOT_FOUND);
        expect(nested, mask, xs >= 2 && y ? SL_OK : SL_NOT_FOUND);
        expect(inner, mask, xs >= 2 ? SL_OK : SL_NOT_FOUND);
        expect(mixed, mask, members >= 2 ? SL_OK : SL_NOT_FOUND);
    }
    struct policy *const all[] = {none, one, any, nested, inner, mixed};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        policy_destroy(all[i]);
}

static void made(void **state)
{
    (void)state;
    struct sl_err err = {0};
    struct policy *policy = NULL;
    struct note_key twice[2] = {witnesses[0], witnesses[0]};
    for (size_t quorum = 0; quorum <= 4; quorum++) {
        assert_int_equal(policy_make(&log_key, witnesses, 4, quorum, &policy, &err), SL_OK);
        for (unsigned mask = 0; mask < 16; mask++) {
            bool enough = (size_t)__builtin_popcount(mask) >= quorum;
            expect(policy, mask, enough ? SL_OK : SL_NOT_FOUND);
        }
        policy_destroy(policy);
    }
    assert_int_equal(policy_make(&log_key, NULL, 0, 0, &policy, &err), SL_OK);
    expect(policy, 0, SL_OK);
    policy_destroy(policy);
    policy = NULL;
    assert_int_equal(policy_make(&log_key, witnesses, 4, 5, &policy, &err), SL_INVALID);
    assert_int_equal(policy_make(&log_key, twice, 2, 1, &policy, &err), SL_INVALID);
    assert_int_equal(policy_make(&log_key, &other_log, 1, 1, &policy, &err), SL_INVALID);
    assert_null(policy);
}

/* A log known from elsewhere. */
static void added(void **state)
{
    (void)state;
    struct sl_err err = {0};
    struct note_key renamed;
    struct policy *policy = policy_of("witness a $0\nquorum a\n");
    expect(policy, 1, SL_NOT_FOUND);
    assert_int_equal(policy_add_log(policy, &log_key, &err), SL_OK);
    assert_int_equal(policy_add_log(policy, &log_key, &err), SL_OK);
    note_key_make(&renamed, NOTE_ED25519, SL_SPAN("renamed"), log_key.public_key);
    assert_int_equal(policy_add_log(policy, &renamed, &err), SL_INVALID);
    expect(policy, 1, SL_OK);
    expect(policy, 0, SL_NOT_FOUND);
    policy_destroy(policy);
}

/* The log's own signature. */
static void logs(void **state)
{
    (void)state;
    static const char foreign[] = "other.example\n5\n"
                                  "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    static const char nobody[] = "a\x7f.example\n5\n"
                                 "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    struct policy *one = policy_of("log $L\nquorum none\n");
    struct policy *both = policy_of("log $L\nlog $O\nquorum none\n");
    struct sl_err err = {0};
    struct buf note = {0};
    const struct {
        const char *text;
        bool log, other;
        enum sl_result one, both;
    } cases[] = {
        {TEXT, true, false, SL_OK, SL_OK},
        {TEXT, true, true, SL_OK, SL_OK},
        {TEXT, false, true, SL_NOT_FOUND, SL_NOT_FOUND}, /* signed by a log, not by its origin's */
        {foreign, true, false, SL_NOT_FOUND, SL_NOT_FOUND},
        {foreign, false, true, SL_NOT_FOUND, SL_OK},
        {nobody, true, true, SL_NOT_FOUND, SL_NOT_FOUND},
        {"log.example\n", true, true, SL_INVALID, SL_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sign(cases[i].text, cases[i].log, cases[i].other, 1, &note);
        assert_int_equal(policy_check(one, buf_span(&note), NULL, &err), cases[i].one);
        for (const char *c = err.text; *c; c++)
            assert_true(*c >= ' ' && *c < 0x7f);
        assert_int_equal(policy_check(both, buf_span(&note), NULL, NULL), cases[i].both);
    }
    assert_int_equal(policy_check(one, SL_SPAN(TEXT), NULL, &err), SL_INVALID);
    policy_destroy(one);
    policy_destroy(both);
    buf_fini(&note);
}

/* Who lacks is named, at whatever number and length of names the message holds. */
static void lacking(void **state)
{
    (void)state;
    struct sl_err err = {0};
    struct buf note = {0};
    struct policy *policy = policy_of("log $L\nwitness first $0\nwitness s\xff"
                                      "econd $1\ngroup g all first s\xff"
                                      "econd\nquorum g\n");
    sign(TEXT, true, false, 0, &note);
    assert_int_equal(policy_check(policy, buf_span(&note), NULL, &err), SL_NOT_FOUND);
    assert_non_null(strstr(err.text, "0 of 2 witnesses signed; not first, s?econd"));
    sign(TEXT, true, false, 1, &note);
    assert_int_equal(policy_check(policy, buf_span(&note), NULL, &err), SL_NOT_FOUND);
    assert_non_null(strstr(err.text, "1 of 2 witnesses signed; not s?econd"));
    policy_destroy(policy);
    struct note_key many[64];
    for (unsigned i = 0; i < 64; i++) {
        char name[NOTE_NAME_BYTES + 1];
        uint8_t key_seed[32];
        snprintf(name, sizeof(name), "w%0*u", (int)(i * 3), i);
        many[i] = key_of(NOTE_COSIGNATURE, name, (uint8_t)(i + 10), key_seed);
    }
    for (size_t count = 1; count <= 64; count++) {
        assert_int_equal(policy_make(&log_key, many, count, 1, &policy, &err), SL_OK);
        assert_int_equal(policy_check(policy, buf_span(&note), NULL, &err), SL_NOT_FOUND);
        policy_destroy(policy);
    }
    buf_fini(&note);
}

/* A key of a type that isn't known here never counts, and hinders nobody. */
static void unknown_types(void **state)
{
    (void)state;
    struct sl_err err = {0};
    struct policy *any = policy_of(W "witness u $U\ngroup g any a u\nquorum g\n"),
                  *needed = policy_of(W "witness u $U\nquorum u\n"),
                  *log = policy_of("log $U\nquorum none\n");
    struct buf note = {0};
    expect(any, 1, SL_OK);
    expect(any, 2, SL_NOT_FOUND);
    expect(needed, 3, SL_NOT_FOUND);
    assert_int_equal(policy_uncheckable(any), 1);
    assert_int_equal(policy_witnesses(any), 3);
    assert_int_equal(policy_logs(any), 1);
    assert_int_equal(policy_logs(log), 0);
    sign(TEXT, true, false, 3, &note);
    assert_int_equal(policy_check(needed, buf_span(&note), NULL, &err), SL_NOT_FOUND);
    assert_non_null(strstr(err.text, "not u (its key is of an unknown type)"));
    assert_int_equal(policy_check(log, buf_span(&note), NULL, &err), SL_NOT_FOUND);
    policy_destroy(any);
    policy_destroy(needed);
    policy_destroy(log);
    buf_fini(&note);
}

/* One line that doesn't hold spoils the note, however many others do. */
static void spoiled(void **state)
{
    (void)state;
    struct sl_err err = {0};
    struct buf note = {0};
    struct policy *policy = policy_of(W "log $O\nquorum a\n"),
                  *none = policy_of(W "log $O\nquorum none\n");
    sign(TEXT, true, true, 7, &note);
    assert_int_equal(policy_check(policy, buf_span(&note), NULL, &err), SL_OK);
    note_cosign(SL_SPAN("other text\n"), &witnesses[2], seeds[2], 5, &note); /* nobody's here */
    assert_int_equal(policy_check(policy, buf_span(&note), NULL, &err), SL_OK);
    note_cosign(SL_SPAN("other text\n"), &witnesses[1], seeds[1], 5, &note);
    assert_int_equal(policy_check(policy, buf_span(&note), NULL, &err), SL_NOT_FOUND);
    assert_non_null(strstr(err.text, "the cosignature of b doesn't hold"));
    assert_int_equal(policy_check(none, buf_span(&note), NULL, &err), SL_NOT_FOUND);
    assert_int_equal(policy_check_log(policy, buf_span(&note), &err), SL_NOT_FOUND);
    sign(TEXT, true, false, 7, &note);
    note_sign(SL_SPAN("other text\n"), &other_log, other_seed, &note);
    assert_int_equal(policy_check(policy, buf_span(&note), NULL, &err), SL_NOT_FOUND);
    assert_non_null(strstr(err.text, "the log's own signature, of other.example, doesn't hold"));
    policy_destroy(policy);
    policy_destroy(none);
    buf_fini(&note);
}

/* What counts of a time, with and without a clock; witness i cosigns at 1000 + i. */
static void times(void **state)
{
    (void)state;
    static const struct {
        uint64_t now_s, max_age_s;
        size_t count; /* of three */
        uint64_t oldest_s, newest_s;
    } cases[] = {{0, 0, 3, 1000, 1002}, {1002, 0, 3, 1000, 1002}, {1, 0, 0, 0, 0},
        {402, 0, 3, 1000, 1002}, {401, 0, 2, 1000, 1001}, {399, 0, 0, 0, 0},
        {5000000000, 0, 3, 1000, 1002}, {1100, 100, 3, 1000, 1002}, {1101, 100, 2, 1001, 1002},
        {1103, 100, 0, 0, 0}, {500, 1, 3, 1000, 1002}};
    struct sl_err err = {0};
    struct buf note = {0};
    sign(TEXT, true, false, 7, &note);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct policy *none = NULL, *all = NULL;
        struct cosigned cosigned = {0};
        assert_int_equal(policy_make(&log_key, witnesses, 3, 0, &none, &err), SL_OK);
        assert_int_equal(policy_make(&log_key, witnesses, 3, 3, &all, &err), SL_OK);
        if (cases[i].now_s) {
            policy_set_clock(none, cases[i].now_s, cases[i].max_age_s);
            policy_set_clock(all, cases[i].now_s, cases[i].max_age_s);
        }
        assert_int_equal(policy_check(none, buf_span(&note), &cosigned, &err), SL_OK);
        if (cosigned.count != cases[i].count || cosigned.oldest_s != cases[i].oldest_s ||
            cosigned.newest_s != cases[i].newest_s)
            fail_msg("case %zu: %zu counted", i, cosigned.count);
        enum sl_result expected = cases[i].count == 3 ? SL_OK : SL_NOT_FOUND;
        assert_int_equal(policy_check(all, buf_span(&note), NULL, &err), expected);
        bool ahead = cases[i].max_age_s == 0;
        if (expected != SL_OK)
            assert_non_null(strstr(err.text, ahead ? "dated in the future" : "too long ago"));
        policy_destroy(none);
        policy_destroy(all);
    }
    buf_clear(&note);
    buf_add_span(&note, SL_SPAN(TEXT "\n"));
    note_sign(SL_SPAN(TEXT), &log_key, log_seed, &note);
    note_cosign(SL_SPAN(TEXT), &witnesses[0], seeds[0], 0, &note);
    struct policy *policy = policy_of(W "quorum a\n");
    assert_int_equal(policy_check(policy, buf_span(&note), NULL, &err), SL_NOT_FOUND);
    assert_non_null(strstr(err.text, "a (it gives no time)"));
    policy_destroy(policy);
    buf_fini(&note);
}

/* ---- bytes that mean nothing ---- */

static void anything(void **state)
{
    (void)state;
    static const char *const pieces[] = {"log ", "witness ", "group ", "quorum ", "none", "any ",
        "all ", "a ", "b ", "c ", "1 ", "2 ", "$L", "$O", "$0", "$1", "$2", "\n", "\n", " ", "\t",
        "#", "witness a $0\n", "witness b $1\n", "witness c $2\n", "log $L\n", "group c any a b\n",
        "quorum c\n", "quorum none\n", "\xff", "\r"};
    struct buf note = {0};
    size_t parsed = 0, rounds = 20000 * core_rounds();
    sign(TEXT, true, true, 3, &note);
    for (size_t round = 0; round < rounds; round++) {
        struct buf text = {0};
        struct policy *policy;
        struct sl_err err = {0};
        size_t n = core_random(&seed) % 8;
        bool raw = core_random(&seed) % 8 == 0, head = core_random(&seed) % 2 == 0;
        if (head) expand(W "quorum a\n", &text);
        for (size_t i = 0; i < n; i++)
            if (raw)
                buf_add(&text, &(char){(char)core_random(&seed)}, 1);
            else
                expand(pieces[core_random(&seed) % (sizeof(pieces) / sizeof(pieces[0]))], &text);
        if (text.len && core_random(&seed) % 4 == 0)
            text.ptr[core_random(&seed) % text.len] = (char)core_random(&seed);
        if (parse(buf_span(&text), &policy, &err) == SL_OK) {
            parsed++;
            policy_check(policy, buf_span(&note), NULL, &err);
            policy_destroy(policy);
        }
        buf_fini(&text);
    }
    print_message("of %zu texts %zu were policies\n", rounds, parsed);
    buf_fini(&note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(taken),
        cmocka_unit_test(bounds),
        cmocka_unit_test(quorums),
        cmocka_unit_test(made),
        cmocka_unit_test(added),
        cmocka_unit_test(logs),
        cmocka_unit_test(lacking),
        cmocka_unit_test(unknown_types),
        cmocka_unit_test(spoiled),
        cmocka_unit_test(times),
        cmocka_unit_test(anything),
    };
    seed = core_seed("policy_test");
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
