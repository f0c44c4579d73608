/* The wall around OpenSSL, by published vectors. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void assert_hex(const void *bytes, size_t len, const char *hex)
{
    char text[257];
    assert_true(len <= 128);
    crypto_hex(bytes, len, text);
    assert_string_equal(text, hex);
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; hex[2 * n]; n++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * n, "%2x", &byte), 1);
        out[n] = (uint8_t)byte;
    }
    return n;
}

/* FIPS 180-4's examples. */
static void sha256(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hash;
    } vectors[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    uint8_t out[32];
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct sl_span text = sl_span_of(vectors[i].text);
        crypto_sha256(text.ptr, text.len, out);
        assert_hex(out, 32, vectors[i].hash);
        /* the same in pieces, wherever it is cut */
        for (size_t cut = 0; cut <= text.len; cut++) {
            struct sl_span pieces[3] = {
                {text.ptr, cut}, {NULL, 0}, {text.ptr + cut, text.len - cut}};
            crypto_sha256_of(pieces, 3, out);
            assert_hex(out, 32, vectors[i].hash);
        }
    }
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    crypto_sha256(million, 1000000, out);
    assert_hex(out, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void sha256_running(void **state)
{
    (void)state;
    uint8_t out[32], other[32];
    struct crypto_hash running, *hash = &running;
    for (int round = 0; round < 3; round++) { /* it can be begun again, ended or not */
        crypto_hash_begin(hash);
        crypto_hash_add(hash, "zzz", 3);
        crypto_hash_begin(hash);
        crypto_hash_add(hash, "a", 1);
        crypto_sha256("", 0, other); /* another hash meanwhile changes nothing */
        crypto_hash_add(hash, "bc", 2);
        crypto_hash_end(hash, out);
        assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

/* RFC 4231, 4.2–4.8 (4.6 is of a truncated output). */
static void hmac(void **state)
{
    (void)state;
    char key_0b[20], key_aa[131], text_dd[50], text_cd[50];
    memset(key_0b, 0x0b, sizeof(key_0b));
    memset(key_aa, 0xaa, sizeof(key_aa));
    memset(text_dd, 0xdd, sizeof(text_dd));
    memset(text_cd, 0xcd, sizeof(text_cd));
    static const char key_count[] =
        "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31";
    const struct {
        struct sl_span key, text;
        const char *mac;
    } vectors[] = {
        {{key_0b, 20}, SL_SPAN("Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {SL_SPAN("Jefe"), SL_SPAN("what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {{key_aa, 20}, {text_dd, 50},
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {{key_count, 25}, {text_cd, 50},
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {{key_aa, 131}, SL_SPAN("Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {{key_aa, 131},
            SL_SPAN(
                "This is a test using a larger than block-size key and a larger than block-size data. The key "
                "needs to be hashed before being used by the HMAC algorithm."),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t out[32];
        crypto_hmac(vectors[i].key, vectors[i].text, out);
        assert_hex(out, 32, vectors[i].mac);
    }
}

/* Many at once are what each is alone, whatever lengths lie side by side. */
static void sha256_each(void **state)
{
    (void)state;
    enum { TEXTS = 9, LONGEST = 700 };
    static uint8_t bytes[TEXTS * LONGEST], hashes[TEXTS][32];
    struct lanes_text texts[TEXTS];
    uint8_t alone[32];
    uint64_t chance = 1;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)((chance = chance * 6364136223846793005u + 1442695040888963407u) >> 56);
    for (size_t round = 0; round < 6000; round++) {
        size_t count = round % (TEXTS + 1);
        for (size_t i = 0; i < count; i++) {
            chance = chance * 6364136223846793005u + 1442695040888963407u;
            /* every length up to three blocks, and longer ones beside */
            size_t len = i == 0 ? round % 200 : (chance >> 40) % (i % 3 ? LONGEST : 130);
            size_t head_len = (chance >> 33) % (LANES_BLOCK + 1);
            texts[i] = (struct lanes_text){
                bytes + head_len, head_len, {(const char *)bytes + i * LONGEST, len}, hashes[i]};
        }
        crypto_sha256_each(texts, count);
        for (size_t i = 0; i < count; i++) {
            crypto_sha256_of((struct sl_span[]){{(const char *)texts[i].head, texts[i].head_len},
                                 texts[i].bytes},
                2, alone);
            assert_memory_equal(hashes[i], alone, 32);
        }
    }
}

static void hmac_numbers(void **state)
{
    (void)state;
    uint8_t key[80], macs[11][32], alone[32];
    crypto_random(key, sizeof(key));
    for (size_t count = 0; count <= 11; count++) {
        struct sl_span with = {(const char *)key, 7 * count};
        uint32_t first = count % 2 ? 0xfffffff0u : 250;
        crypto_hmac_numbers(with, first, count, macs);
        for (size_t i = 0; i < count; i++) {
            uint32_t number = first + (uint32_t)i;
            char be[4] = {
                (char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number};
            crypto_hmac(with, (struct sl_span){be, 4}, alone);
            assert_memory_equal(macs[i], alone, 32);
        }
    }
}

static void sha1(void **state)
{
    (void)state;
    uint8_t out[20];
    crypto_sha1("abc", 3, out);
    assert_hex(out, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

/* RFC 8032, 7.1. */
static void ed25519(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *public_key, *text, *signature;
    } vectors[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t seed[32], public_key[32], text[8], signature[64];
        from_hex(vectors[i].seed, seed);
        struct sl_span span = {(const char *)text, from_hex(vectors[i].text, text)};
        assert_true(crypto_sign_key(seed, public_key));
        assert_hex(public_key, 32, vectors[i].public_key);
        assert_true(crypto_sign(seed, span, signature));
        assert_hex(signature, 64, vectors[i].signature);
        assert_true(crypto_sign_verify(public_key, span, signature));
        signature[i] ^= 1;
        assert_false(crypto_sign_verify(public_key, span, signature));
        signature[i] ^= 1;
        assert_false(crypto_sign_verify(public_key, SL_SPAN("another text"), signature));
        public_key[31] ^= 1;
        assert_false(crypto_sign_verify(public_key, span, signature));
    }
}

static void uuids(void **state)
{
    (void)state;
    uint8_t dns[16], again[16];
    char text[37], other[37];
    /* RFC 9562, A.4 */
    assert_true(crypto_uuid_parse(SL_SPAN("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), dns));
    assert_hex(dns, 16, "6ba7b8109dad11d180b400c04fd430c8");
    crypto_uuid5(dns, SL_SPAN("www.example.com"), text);
    assert_string_equal(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    /* the example in the documentation of Python's uuid module */
    crypto_uuid5(dns, SL_SPAN("python.org"), text);
    assert_string_equal(text, "886313e1-3b8a-5372-9b90-0c9aee199e5d");
    assert_true(crypto_uuid_parse(SL_SPAN("6BA7B810-9DAD-11D1-80B4-00C04FD430C8"), again));
    assert_memory_equal(dns, again, 16);
    crypto_uuid4(text);
    crypto_uuid4(other);
    assert_string_not_equal(text, other);
    assert_true(crypto_uuid_parse(sl_span_of(text), again));
    assert_int_equal(text[14], '4');
    assert_non_null(strchr("89ab", text[19]));
    static const char *const none[] = {"", "6ba7b810-9dad-11d1-80b4-00c04fd430c",
        "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c8 ",
        "{6ba7b810-9dad-11d1-80b4-00c04fd430}", "6ba7b810_9dad-11d1-80b4-00c04fd430c8",
        "6ba7b810-9dad-11d1-80b4-00c04fd430cg", "-ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "6ba7b810-9dad-11d1-80b400-c04fd430c8"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(crypto_uuid_parse(sl_span_of(none[i]), again));
}

/* RFC 4648, 10, and what must not be taken for it. */
static void base64(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
        {"\xff\xef\xbe", "/+++"}};
    char text[16];
    uint8_t bytes[16];
    size_t len;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        size_t plain = strlen(vectors[i][0]);
        assert_int_equal(crypto_base64(vectors[i][0], plain, text), strlen(vectors[i][1]));
        assert_string_equal(text, vectors[i][1]);
        assert_true(
            crypto_base64_parse(sl_span_of(text), bytes, plain, &len)); /* room for just that */
        assert_int_equal(len, plain);
        assert_memory_equal(bytes, vectors[i][0], plain);
        if (plain) assert_false(crypto_base64_parse(sl_span_of(text), bytes, plain - 1, &len));
    }
    static const char *const none[] = {"Z", "Zg",
        "Zg=", "Z===", "====", "=Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n",
        "Zm9v====", "Zm9_", "Zm9-", "Z\xc3\xa9v"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(crypto_base64_parse(sl_span_of(none[i]), bytes, sizeof(bytes), &len));
}

/* Longer than the piece that the encoder works in. */
static void base64_long(void **state)
{
    (void)state;
    size_t len = ((size_t)3 << 20) + 2, got;
    uint8_t *bytes = malloc(len), *again = malloc(len);
    char *text = malloc(4 * ((len + 2) / 3) + 1);
    assert_true(bytes && again && text);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    size_t text_len = crypto_base64(bytes, len, text);
    assert_int_equal(text_len, 4 * ((len + 2) / 3));
    assert_int_equal(text[text_len], 0);
    assert_true(crypto_base64_parse((struct sl_span){text, text_len}, again, len, &got));
    assert_int_equal(got, len);
    assert_memory_equal(bytes, again, len);
    free(bytes);
    free(again);
    free(text);
}

static void base62(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};
    char text[44], other[44];
    crypto_base62_of(bytes, text);
    assert_string_equal(text, "0000000000000000000000000000000000000000000");
    bytes[31] = 62;
    crypto_base62_of(bytes, text);
    assert_string_equal(text, "0000000000000000000000000000000000000000010");
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    crypto_base62_of(bytes, text);
    assert_string_equal(text, "003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf");
    memset(bytes, 0xff, 32);
    crypto_base62_of(bytes, text);
    assert_string_equal(text, "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1");
    crypto_base62(text, 43);
    crypto_base62(other, 43);
    assert_string_not_equal(text, other);
    assert_int_equal(
        strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), 43);
    assert_int_equal(text[43], 0);
}

static void equal(void **state)
{
    (void)state;
    assert_true(crypto_equal(SL_SPAN("abc"), SL_SPAN("abc")));
    assert_false(crypto_equal(SL_SPAN("abc"), SL_SPAN("abd")));
    assert_false(crypto_equal(SL_SPAN("abc"), SL_SPAN("ab")));
    assert_false(crypto_equal(SL_SPAN(""), SL_SPAN("a")));
    assert_true(crypto_equal(SL_SPAN(""), SL_SPAN("")));
}

static void *hash_much(void *arg)
{
    uint8_t out[32], *wrong = arg;
    for (int i = 0; i < 2000; i++) {
        crypto_hmac(SL_SPAN("Jefe"), SL_SPAN("what do ya want for nothing?"), out);
        *wrong |= out[0] != 0x5b || out[31] != 0x43;
        crypto_sha256("abc", 3, out);
        *wrong |= out[0] != 0xba || out[31] != 0xad;
    }
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    uint8_t wrong[4] = {0};
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_much, &wrong[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256),
        cmocka_unit_test(sha256_running),
        cmocka_unit_test(sha256_each),
        cmocka_unit_test(hmac),
        cmocka_unit_test(hmac_numbers),
        cmocka_unit_test(sha1),
        cmocka_unit_test(ed25519),
        cmocka_unit_test(uuids),
        cmocka_unit_test(base64),
        cmocka_unit_test(base64_long),
        cmocka_unit_test(base62),
        cmocka_unit_test(equal),
        cmocka_unit_test(many_threads),
    };
    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
