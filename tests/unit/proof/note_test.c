/* Signed notes, cosignatures, checkpoints: published vectors, what must be refused, every
 * flip of a signed checkpoint, and bytes that mean nothing. */

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

#define DASH "\xe2\x80\x94 "
#define FOO "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define FOO_TEXT "This is an example message.\n"
#define FOO_SIGNATURE                                                                              \
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
#define FOO_LINE DASH "example.com/foo " FOO_SIGNATURE "\n"

/* A key of a seed that is all `byte`. */
static struct note_key key_of(enum note_kind kind, const char *name, uint8_t byte, uint8_t seed[32])
{
    struct note_key key;
    uint8_t public_key[32];
    memset(seed, byte, 32);
    crypto_sign_key(seed, public_key);
    note_key_make(&key, kind, sl_span_of(name), public_key);
    return key;
}

static void add(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

/* Bytes of their own, so that the address sanitizer sees what reads past them. */
static bool parse(struct sl_span bytes, const struct note_key *key, bool *holds)
{
    char *copy = malloc(bytes.len ? bytes.len : 1);
    struct note note;
    uint64_t time_s;
    assert_non_null(copy);
    if (bytes.len) memcpy(copy, bytes.ptr, bytes.len);
    bool parsed = note_parse((struct sl_span){copy, bytes.len}, &note);
    if (parsed) {
        assert_true(note.text.len && note.text.ptr[note.text.len - 1] == '\n');
        assert_int_equal(note.text.len + 1 + note.signatures.len, bytes.len);
        *holds = key && note_signed_by(&note, key, &time_s);
    }
    free(copy);
    return parsed;
}

static void vector(void **state)
{
    (void)state;
    struct note_key key;
    struct note note;
    char text[NOTE_VKEY_BYTES];
    uint64_t time_s = 7;
    assert_true(note_key_parse(SL_SPAN(FOO), &key));
    assert_int_equal(key.kind, NOTE_ED25519);
    assert_string_equal(key.name, "example.com/foo");
    note_key_text(&key, text);
    assert_string_equal(text, FOO);
    assert_true(note_parse(SL_SPAN(FOO_TEXT "\n" FOO_LINE), &note));
    assert_true(sl_span_eq(note.text, SL_SPAN(FOO_TEXT)));
    assert_true(sl_span_eq(note.signatures, SL_SPAN(FOO_LINE)));
    assert_true(note_signed_by(&note, &key, &time_s));
    assert_int_equal(time_s, 0);
    assert_true(note_signed_by(&note, &key, NULL));
    /* signed-note's own example: empty lines in the text, a key that nobody here knows */
    assert_true(note_parse(
        SL_SPAN("Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n"
                "ed \xc3\xa8 subito sera.\n\n" DASH "quasimodo.example/salvatore "
                "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3"
                "ZekRwNtIc=\n"),
        &note));
    assert_false(note_signed_by(&note, &key, NULL));
    assert_int_equal(note.text.ptr[note.text.len - 3], 'a');
}

/* ---- what is a note ---- */

#define OTHER DASH "o AAAAAAE=\n" /* an id and a byte */
static const struct {
    struct sl_span bytes;
    bool note, holds;
} cases[] = {
#define GOOD(text, h)                                                                              \
    {                                                                                              \
        {(text), sizeof(text) - 1}, true, (h)                                                      \
    }
#define BAD(text)                                                                                  \
    {                                                                                              \
        {(text), sizeof(text) - 1}, false, false                                                   \
    }
    GOOD(FOO_TEXT "\n" FOO_LINE, true),
    GOOD(FOO_TEXT "\n" OTHER FOO_LINE OTHER, true),
    GOOD(FOO_TEXT "\n" FOO_LINE FOO_LINE, true),
    GOOD("\n\n" OTHER, false),
    GOOD(FOO_TEXT "\n\n" FOO_LINE, false), /* its text has one newline more */
    GOOD("\n" FOO_TEXT "\n" FOO_LINE, false),
    GOOD(FOO_TEXT "\n" FOO_LINE "\n" OTHER, false), /* the first line is text now */
    GOOD("a\x7f\n\n" OTHER, false),
    GOOD("a\xc2\x85\n\n" OTHER, false),
    GOOD("a\n\n" DASH "\xe2\x80\x8b\x7f AAAAAAE=\n", false),
    /* of ours, but no signature: the name and the id are known */
    GOOD(FOO_TEXT "\n" FOO_LINE DASH "example.com/foo Uw2QOgE=\n", false),
    GOOD(FOO_TEXT "\n" DASH "example.com/foo Uw2QOgE=\n" FOO_LINE, false),
    /* the name with another id, the id with another name */
    GOOD(FOO_TEXT "\n" DASH "example.com/foo Uw2QOwE=\n" FOO_LINE, true),
    GOOD(FOO_TEXT "\n" DASH "example.com/fop Uw2QOgE=\n" FOO_LINE, true),
    BAD(""),
    BAD("\n"),
    BAD("\n\n"),
    BAD("\n\n\n"),
    BAD("a\n\n"),
    BAD("a\n\nb"),
    BAD("a\n\nb\n"),
    BAD("\n" OTHER),
    BAD("a" OTHER),
    BAD("a\n" OTHER),
    BAD("a\n\n" OTHER "\n"),
    BAD("a\n\n" OTHER "b\n"),
    BAD("a\n\nb\n" OTHER),
    BAD("a\r\n\r\n" OTHER),
    BAD("a\r\n\n" OTHER),
    BAD("a\n\n" DASH "o AAAAAAE=\r\n"),
    BAD("a\tb\n\n" OTHER),
    BAD("a\0b\n\n" OTHER),
    BAD("a\x1b[m\n\n" OTHER),
    BAD("a\xff\n\n" OTHER),
    BAD("a\xc3\n\n" OTHER),
    BAD("a\xed\xa0\x80\n\n" OTHER),
    BAD("a\n\n" DASH "o AAAAAAE="),
    BAD("a\n\n- o AAAAAAE=\n"),
    BAD("a\n\n\xe2\x80\x93 o AAAAAAE=\n"),
    BAD("a\n\n\xe2\x80\x94o AAAAAAE=\n"),
    BAD("a\n\n" DASH " o AAAAAAE=\n"),
    BAD("a\n\n" DASH "o  AAAAAAE=\n"),
    BAD("a\n\n" DASH "o AAAAAAE= \n"),
    BAD("a\n\n" DASH "o\n"),
    BAD("a\n\n" DASH "\n"),
    BAD("a\n\n" DASH "o \n"),
    BAD("a\n\n" DASH " AAAAAAE=\n"),
    BAD("a\n\n" DASH "o+o AAAAAAE=\n"),
    BAD("a\n\n" DASH "o\xc2\xa0o AAAAAAE=\n"),
    BAD("a\n\n" DASH "o\xe3\x80\x80 AAAAAAE=\n"),
    BAD("a\n\n" DASH "o AAAAAA==\n"), /* an id alone */
    BAD("a\n\n" DASH "o AAAAAAE\n"),
    BAD("a\n\n" DASH "o AAAAAAF=\n"),
    BAD("a\n\n" DASH "o AAAA=AE=\n"),
    BAD("a\n\n" DASH "o AAAAAA_=\n"),
    BAD(FOO_TEXT "\n" FOO_LINE DASH "o AAAAAA==\n"),
#undef GOOD
#undef BAD
};

static void notes(void **state)
{
    (void)state;
    bool holds = false;
    struct note_key key;
    assert_true(note_key_parse(SL_SPAN(FOO), &key));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        holds = false;
        bool parsed = parse(cases[i].bytes, &key, &holds);
        if (parsed != cases[i].note || holds != cases[i].holds) fail_msg("case %zu", i);
    }
}

static void many_lines(void **state)
{
    (void)state;
    struct note_key key;
    bool holds = false;
    assert_true(note_key_parse(SL_SPAN(FOO), &key));
    for (size_t lines = 16; lines <= NOTE_SIGNATURES + 1; lines += NOTE_SIGNATURES - 15) {
        struct buf note = {0};
        add(&note, FOO_TEXT "\n");
        for (size_t i = 1; i < lines; i++)
            add(&note, OTHER);
        add(&note, FOO_LINE);
        bool few = lines <= NOTE_SIGNATURES;
        assert_int_equal(parse(buf_span(&note), &key, &holds), few);
        if (few) assert_true(holds);
        buf_fini(&note);
    }
    /* exactly as many as there may be */
    struct buf note = {0};
    add(&note, FOO_TEXT "\n");
    for (size_t i = 0; i < NOTE_SIGNATURES; i++)
        add(&note, FOO_LINE);
    assert_true(parse(buf_span(&note), &key, &holds) && holds);
    buf_fini(&note);
}

/* A line of the key that doesn't hold, alone, before and behind one that does. */
static void spoiled(void **state)
{
    (void)state;
    struct note_key key;
    struct note note;
    uint64_t time_s = 77;
    const struct {
        struct sl_span bytes;
        enum note_signed expected;
    } notes[] = {{SL_SPAN(FOO_TEXT "\n" OTHER), NOTE_UNSIGNED},
        {SL_SPAN(FOO_TEXT "\n" FOO_LINE), NOTE_HOLDS},
        {SL_SPAN(FOO_TEXT "\n" FOO_LINE FOO_LINE), NOTE_HOLDS},
        {SL_SPAN("x" FOO_TEXT "\n" FOO_LINE), NOTE_SPOILED},
        {SL_SPAN(FOO_TEXT "\n" DASH "example.com/foo Uw2QOkk=\n"), NOTE_SPOILED},
        {SL_SPAN(FOO_TEXT "\n" FOO_LINE DASH "example.com/foo Uw2QOkk=\n"), NOTE_SPOILED},
        {SL_SPAN(FOO_TEXT "\n" DASH "example.com/foo Uw2QOkk=\n" FOO_LINE), NOTE_SPOILED},
        {SL_SPAN(FOO_TEXT "\n" DASH "example.com/bar Uw2QOkk=\n" FOO_LINE), NOTE_HOLDS}};
    assert_true(note_key_parse(SL_SPAN(FOO), &key));
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        assert_true(note_parse(notes[i].bytes, &note));
        if (note_look(&note, &key, &time_s) != notes[i].expected) fail_msg("note %zu", i);
        assert_int_equal(time_s, i ? 0 : 77);
    }
}

/* A note may have NOTE_BYTES, however they are spent. */
static void longest(void **state)
{
    (void)state;
    struct note_key key;
    bool holds = false;
    assert_true(note_key_parse(SL_SPAN(FOO), &key));
    for (size_t over = 0; over < 5; over += 4) {
        struct buf note = {0};
        size_t rest = NOTE_BYTES + over - strlen(FOO_TEXT "\n" FOO_LINE DASH "o \n");
        add(&note, FOO_TEXT "\n" DASH);
        for (size_t i = 0; i < 1 + rest % 4; i++)
            add(&note, "o");
        add(&note, " ");
        for (size_t i = 0; i < rest / 4; i++)
            add(&note, "AAAA");
        add(&note, "\n" FOO_LINE);
        assert_int_equal(note.len, NOTE_BYTES + over);
        assert_int_equal(parse(buf_span(&note), &key, &holds), over == 0);
        buf_fini(&note);
    }
    assert_true(holds);
}

/* Signatures as long as those of post-quantum keys, and names as long as anybody likes; padding
   where the pieces that they are read in meet. */
static void long_lines(void **state)
{
    (void)state;
    static uint8_t bytes[6000];
    static char base64[8200];
    struct note_key key;
    assert_true(note_key_parse(SL_SPAN(FOO), &key));
    for (size_t len = 700; len < sizeof(bytes); len += 53) {
        bool holds = false;
        struct buf note = {0};
        size_t base64_len = crypto_base64(bytes, len, base64);
        add(&note, FOO_TEXT "\n" DASH);
        for (int i = 0; i < 300; i++)
            add(&note, "n");
        add(&note, " ");
        add(&note, base64);
        add(&note, "\n" FOO_LINE);
        assert_true(parse(buf_span(&note), &key, &holds) && holds);
        size_t at = strlen(FOO_TEXT "\n" DASH) + 301;
        for (size_t i = 0; i + 2 < base64_len; i += 97) {
            static const char wrong[] = "= \r*-";
            char was = note.ptr[at + i];
            for (const char *c = wrong; *c; c++) {
                note.ptr[at + i] = *c;
                if (*c != was) assert_false(parse(buf_span(&note), &key, &holds));
            }
            note.ptr[at + i] = was;
        }
        buf_fini(&note);
    }
    memset(base64, 'A', 2048);
    base64[1023] = base64[1022] = '=';
    struct buf note = {0};
    bool holds;
    add(&note, "a\n\n" DASH "o ");
    buf_add(&note, base64, 2048);
    add(&note, "\n");
    assert_false(parse(buf_span(&note), &key, &holds));
    buf_fini(&note);
}

/* ---- signing ---- */

struct signed_checkpoint {
    struct note_key log, witness;
    struct buf note;
    size_t text_len, log_line, witness_line; /* where the lines begin */
};

#define COSIGNED_S 1679315147

static void make_signed(struct signed_checkpoint *made)
{
    uint8_t log_seed[32], witness_seed[32];
    struct checkpoint_text checkpoint = {.origin = SL_SPAN("log.example/1"), .size = 20852163};
    struct buf text = {0};
    memset(made, 0, sizeof(*made));
    memset(checkpoint.root, 0x5a, 32);
    made->log = key_of(NOTE_ED25519, "log.example/1", 1, log_seed);
    made->witness = key_of(NOTE_COSIGNATURE, "witness.example/w1", 2, witness_seed);
    checkpoint_write(&checkpoint, &text);
    made->text_len = text.len;
    buf_add_span(&made->note, buf_span(&text));
    add(&made->note, "\n");
    made->log_line = made->note.len;
    note_sign(buf_span(&text), &made->log, log_seed, &made->note);
    made->witness_line = made->note.len;
    note_cosign(buf_span(&text), &made->witness, witness_seed, COSIGNED_S, &made->note);
    assert_false(made->note.failed || text.failed);
    buf_fini(&text);
}

static void round_trip(void **state)
{
    (void)state;
    struct signed_checkpoint made;
    struct checkpoint_text got;
    struct note note;
    uint64_t time_s = 0;
    make_signed(&made);
    assert_true(note_parse(buf_span(&made.note), &note));
    assert_int_equal(note.text.len, made.text_len);
    assert_true(note_signed_by(&note, &made.log, &time_s));
    assert_int_equal(time_s, 0);
    assert_true(note_signed_by(&note, &made.witness, &time_s));
    assert_int_equal(time_s, COSIGNED_S);
    assert_true(checkpoint_parse(note.text, &got));
    assert_true(sl_span_eq(got.origin, SL_SPAN("log.example/1")));
    assert_int_equal(got.size, 20852163);
    assert_int_equal(got.root[31], 0x5a);
    /* the kinds don't stand for each other, though the key's bytes be the same */
    struct note_key log = made.log, witness = made.witness, other;
    note_key_make(&other, NOTE_COSIGNATURE, sl_span_of(log.name), log.public_key);
    assert_false(note_signed_by(&note, &other, NULL));
    note_key_make(&other, NOTE_ED25519, sl_span_of(witness.name), witness.public_key);
    assert_false(note_signed_by(&note, &other, NULL));
    log.kind = NOTE_COSIGNATURE;
    witness.kind = NOTE_ED25519;
    assert_false(note_signed_by(&note, &log, NULL));
    assert_false(note_signed_by(&note, &witness, NULL));
    buf_fini(&made.note);
}

/* The message is the specification's, byte for byte. */
static void cosigned_bytes(void **state)
{
    (void)state;
    static const char text[] = "example.com/behind-the-sofa\n20852163\n"
                               "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    static const char message[] = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n"
                                  "20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    uint8_t seed[32], payload[76], signature[64];
    struct note_key key = key_of(NOTE_COSIGNATURE, "w", 9, seed);
    struct buf line = {0};
    size_t len;
    note_cosign(SL_SPAN(text), &key, seed, 1679315147, &line);
    assert_memory_equal(line.ptr, DASH "w ", 6);
    assert_true(crypto_base64_parse(
        (struct sl_span){line.ptr + 6, line.len - 7}, payload, sizeof(payload), &len));
    assert_int_equal(len, 76);
    assert_memory_equal(payload, key.id, 4);
    assert_memory_equal(payload + 4, "\0\0\0\0\x64\x18\x50\xcb", 8);
    crypto_sign(seed, SL_SPAN(message), signature);
    assert_memory_equal(payload + 12, signature, 64);
    buf_fini(&line);
}

/* A time past 2^63 is refused though it be signed; of two cosignatures the later counts. */
static void cosigned_times(void **state)
{
    (void)state;
    static const char text[] = "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    uint8_t seed[32], payload[76];
    char base64[105];
    struct note_key key = key_of(NOTE_COSIGNATURE, "w", 9, seed);
    struct note note;
    struct buf bytes = {0};
    uint64_t time_s = 0;
    add(&bytes, text);
    add(&bytes, "\n");
    note_cosign(SL_SPAN(text), &key, seed, 9, &bytes);
    note_cosign(SL_SPAN(text), &key, seed, INT64_MAX, &bytes);
    note_cosign(SL_SPAN(text), &key, seed, 0, &bytes);
    assert_true(note_parse(buf_span(&bytes), &note));
    assert_true(note_signed_by(&note, &key, &time_s));
    assert_true(time_s == INT64_MAX);
    buf_clear(&bytes);
    add(&bytes, "cosignature/v1\ntime 9223372036854775808\n");
    add(&bytes, text);
    memcpy(payload, key.id, 4);
    memcpy(payload + 4, "\x80\0\0\0\0\0\0\0", 8);
    crypto_sign(seed, buf_span(&bytes), payload + 12);
    crypto_base64(payload, sizeof(payload), base64);
    buf_clear(&bytes);
    add(&bytes, text);
    add(&bytes, "\n" DASH "w ");
    add(&bytes, base64);
    add(&bytes, "\n");
    assert_true(note_parse(buf_span(&bytes), &note));
    assert_false(note_signed_by(&note, &key, NULL));
    buf_fini(&bytes);
}

/* What still holds of a checkpoint that was changed at a place: of the text nothing, of a signature
   line not its own. */
static void assert_found(
    const struct signed_checkpoint *made, struct sl_span changed, size_t at, const char *how)
{
    bool log = false, witness = false;
    if (!parse(changed, &made->log, &log)) return;
    parse(changed, &made->witness, &witness);
    bool in_text = at < made->log_line, in_log = !in_text && at < made->witness_line;
    if (in_text ? log || witness : in_log ? log : witness)
        fail_msg("%s at %zu isn't found", how, at);
}

static void changes(void **state)
{
    (void)state;
    struct signed_checkpoint made;
    make_signed(&made);
    size_t len = made.note.len;
    char *changed = malloc(len + 1);
    assert_non_null(changed);
    for (size_t at = 0; at < len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(changed, made.note.ptr, len);
            changed[at] = (char)(changed[at] ^ 1 << bit);
            assert_found(&made, (struct sl_span){changed, len}, at, "a flip");
        }
        memcpy(changed, made.note.ptr, len);
        memmove(changed + at, changed + at + 1, len - at - 1);
        assert_found(&made, (struct sl_span){changed, len - 1}, at, "a byte less");
        for (const char *c = "\n =A0"; *c; c++) {
            memcpy(changed, made.note.ptr, at);
            changed[at] = *c;
            memcpy(changed + at + 1, made.note.ptr + at, len - at);
            /* before a newline that ends the line, the change is in that line */
            assert_found(&made, (struct sl_span){changed, len + 1}, at, "a byte more");
        }
        bool log = false, parsed = parse((struct sl_span){made.note.ptr, at}, &made.log, &log);
        assert_int_equal(parsed, at == made.witness_line);
    }
    free(changed);
    buf_fini(&made.note);
}

/* ---- checkpoints ---- */

static void checkpoints(void **state)
{
    (void)state;
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    static const struct {
        const char *text;
        uint64_t size;
    } good[] = {{"o\n0\n" ROOT, 0}, {"o\n1\n" ROOT, 1}, {"an origin+ too\n10\n" ROOT, 10},
        {"o\n18446744073709551615\n" ROOT, UINT64_MAX}, {"o\n5\n" ROOT "extension\nanother\n", 5}};
    static const char *const bad[] = {"", "\n", "o\n", "o\n0\n", "o\n0", "\n0\n" ROOT, "o\n\n" ROOT,
        "o\n00\n" ROOT, "o\n01\n" ROOT, "o\n+1\n" ROOT, "o\n-1\n" ROOT, "o\n 1\n" ROOT,
        "o\n1 \n" ROOT, "o\n0x1\n" ROOT, "o\n1e3\n" ROOT, "o\n18446744073709551616\n" ROOT,
        "o\n99999999999999999999999999\n" ROOT, "o\r\n1\r\n" ROOT, "o\n1\r\n" ROOT, "o\n1\n\n" ROOT,
        "o\n1\n" ROOT "\n", "o\n1\n" ROOT "e\n\n", "o\n1\n" ROOT "e",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Jh\n", "o\n1\n \n", "o\xff\n1\n" ROOT,
        "o\x01\n1\n" ROOT};
    struct checkpoint_text got;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct buf again = {0};
        assert_true(checkpoint_parse(sl_span_of(good[i].text), &got));
        assert_true(got.size == good[i].size);
        checkpoint_write(&got, &again);
        assert_memory_equal(again.ptr, good[i].text, again.len);
        buf_fini(&again);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (checkpoint_parse(sl_span_of(bad[i]), &got)) fail_msg("taken: %s", bad[i]);
}

/* ---- bytes that mean nothing ---- */

static uint64_t seed;

static void anything(void **state)
{
    (void)state;
    static const char *const pieces[] = {DASH, "\n", "\n\n", " ", "+", "=", "AAAA",
        "example.com/foo", FOO_TEXT, FOO_LINE, FOO_SIGNATURE, "Uw2QOg", "\xe2", "\x80", "\xff",
        "\r", "0", "530d903a"};
    struct signed_checkpoint made;
    size_t parsed = 0, rounds = 20000 * core_rounds();
    make_signed(&made);
    for (size_t round = 0; round < rounds; round++) {
        struct buf bytes = {0};
        uint64_t how = core_random(&seed) % 3;
        size_t n = core_random(&seed) % 12;
        if (how == 0) buf_add_span(&bytes, buf_span(&made.note));
        for (size_t i = 0; i < n && how == 1; i++)
            add(&bytes, pieces[core_random(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
        for (size_t i = 0; i < n * 4 && how == 2; i++)
            buf_add(&bytes, &(char){(char)core_random(&seed)}, 1);
        for (size_t i = 0; bytes.len && i < core_random(&seed) % 4; i++)
            bytes.ptr[core_random(&seed) % bytes.len] = (char)core_random(&seed);
        if (bytes.len && core_random(&seed) % 8 == 0) bytes.len = core_random(&seed) % bytes.len;
        struct sl_span span = buf_span(&bytes);
        char *copy = malloc(span.len ? span.len : 1);
        struct note_key key;
        struct checkpoint_text checkpoint;
        bool holds = false;
        assert_non_null(copy);
        if (span.len) memcpy(copy, span.ptr, span.len);
        parsed += parse(span, &made.witness, &holds);
        note_key_parse((struct sl_span){copy, span.len}, &key);
        checkpoint_parse((struct sl_span){copy, span.len}, &checkpoint);
        note_name_valid((struct sl_span){copy, span.len});
        free(copy);
        buf_fini(&bytes);
    }
    print_message("of %zu texts %zu were notes\n", rounds, parsed);
    buf_fini(&made.note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector),
        cmocka_unit_test(notes),
        cmocka_unit_test(many_lines),
        cmocka_unit_test(spoiled),
        cmocka_unit_test(longest),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(cosigned_bytes),
        cmocka_unit_test(cosigned_times),
        cmocka_unit_test(changes),
        cmocka_unit_test(checkpoints),
        cmocka_unit_test(anything),
    };
    seed = core_seed("note_test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
