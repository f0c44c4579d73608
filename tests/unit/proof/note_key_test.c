/* Verifier keys as text: of the kinds that are known, of any other, and names that they may have.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/note.h"

#include <stdio.h>

#define DASH "\xe2\x80\x94 "

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

/* A key's id is the hash of its name, a newline, its kind and its bytes. */
static void keys(void **state)
{
    (void)state;
    static const enum note_kind kinds[] = {NOTE_ED25519, NOTE_COSIGNATURE};
    for (size_t i = 0; i < 2; i++) {
        uint8_t seed[32], bytes[64] = "w.example/1\n", hash[32];
        struct note_key key = key_of(kinds[i], "w.example/1", 3, seed), again;
        char text[NOTE_VKEY_BYTES], changed[NOTE_VKEY_BYTES];
        bytes[12] = (uint8_t)kinds[i];
        memcpy(bytes + 13, key.public_key, 32);
        crypto_sha256(bytes, 45, hash);
        assert_memory_equal(key.id, hash, 4);
        note_key_text(&key, text);
        memset(&again, 0xee, sizeof(again));
        assert_true(note_key_parse(sl_span_of(text), &again));
        assert_memory_equal(&key, &again, sizeof(key));
        size_t len = strlen(text);
        for (size_t at = 0; at < len; at++) {
            for (unsigned c = 0; c < 256; c++) {
                memcpy(changed, text, len);
                changed[at] = (char)c;
                bool same = text[at] == (char)c;
                assert_int_equal(note_key_parse((struct sl_span){changed, len}, &again), same);
            }
            assert_false(note_key_parse((struct sl_span){text, at}, &again));
            assert_false(note_key_parse((struct sl_span){text + at + 1, len - at - 1}, &again));
        }
    }
    static const char *const none[] = {"", "+", "++", "a+b", "example.com/foo",
        "example.com/foo+530d903a", "example.com/foo+530d903a+",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
        " example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAAAA"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct note_key key;
        assert_false(note_key_parse(sl_span_of(none[i]), &key));
    }
}

/* A kind that isn't known here, with an id that would fit. */
static void foreign_kinds(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 256; kind++) {
        uint8_t bytes[36] = {'n', '\n', (uint8_t)kind, 1, 2, 3}, hash[32];
        char id[9], base64[49], text[NOTE_VKEY_BYTES];
        struct note_key key;
        crypto_sha256(bytes, 35, hash);
        crypto_hex(hash, 4, id);
        crypto_base64(bytes + 2, 33, base64);
        int len = snprintf(text, sizeof(text), "n+%s+%s", id, base64);
        struct sl_span vkey = {text, (size_t)len};
        bool known = kind == 1 || kind == 4;
        assert_int_equal(note_key_parse(vkey, &key), known);
        assert_true(note_key_parse_any(vkey, &key));
        assert_int_equal(key.kind, known ? kind : NOTE_UNKNOWN);
        text[2] = text[2] == '0' ? '1' : '0'; /* how an unknown kind makes its id isn't known */
        assert_int_equal(note_key_parse_any(vkey, &key), !known);
        text[2] = 'A';
        assert_false(note_key_parse_any(vkey, &key));
    }
}

/* Keys of any length, up to a bound; what they signed is passed over. */
static void long_keys(void **state)
{
    (void)state;
    static uint8_t bytes[4098];
    static char base64[5480], text[5520];
    struct note_key key, again;
    struct note note;
    uint64_t time_s;
    bytes[0] = 6;
    for (size_t len = 1; len <= sizeof(bytes); len += len < 4090 ? 71 : 1) {
        bytes[len - 1] = 6;
        crypto_base64(bytes, len, base64);
        int n = snprintf(text, sizeof(text), "o+00000000+%s", base64);
        bool fits = len > 1 && len <= 4097;
        assert_int_equal(note_key_parse_any((struct sl_span){text, (size_t)n}, &key), fits);
        if (!fits) continue;
        assert_true(note_parse(SL_SPAN("a\n\n" DASH "o AAAAAAE=\n"), &note));
        assert_int_equal(note_look(&note, &key, &time_s), NOTE_UNSIGNED);
        bytes[len - 1]++;
        crypto_base64(bytes, len, base64);
        n = snprintf(text, sizeof(text), "o+00000000+%s", base64);
        assert_true(note_key_parse_any((struct sl_span){text, (size_t)n}, &again));
        assert_memory_not_equal(key.public_key, again.public_key, 32);
    }
}

static void names(void **state)
{
    (void)state;
    char longest[NOTE_NAME_BYTES + 1];
    memset(longest, 'n', sizeof(longest));
    static const char *const good[] = {"a", "example.com/log", "sharelog-00ff12ab",
        "\xc3\xa9t\xc3\xa9", "a\xe2\x80\x8b", "\xf0\x9f\x8c\xb3"};
    static const char *const bad[] = {"", " ", "a b", "a\tb", "a\n", "a\r", "+", "a+b", "\x01",
        "\x7f", "\xc2\x80", "\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x8a",
        "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xff",
        "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(note_name_valid(sl_span_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(note_name_valid(sl_span_of(bad[i])));
    assert_true(note_name_valid((struct sl_span){longest, NOTE_NAME_BYTES}));
    assert_false(note_name_valid((struct sl_span){longest, NOTE_NAME_BYTES + 1}));
    assert_false(note_name_valid((struct sl_span){"a\0b", 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(foreign_kinds),
        cmocka_unit_test(long_keys),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
