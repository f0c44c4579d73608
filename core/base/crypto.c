/* Hashes, random bytes, signatures, and the text forms of bytes. SHA-1 and SHA-256 are the
   low-level calls, which OpenSSL 3 discourages and keeps: the EVP ones take as long again as a
   short hash itself (100 ns for 50) and allocate, EVP_MAC takes 530 ns for an HMAC that takes 100;
   and two hashes and an HMAC are made for every item of every event. The same code hashes below
   both.

   Only signing can fail, for want of memory; then nothing was signed. */

#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/base/crypto.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* ---- SHA-256 ---- */

/* The three calls always succeed: they only compute. */
static void sha256_begin(SHA256_CTX *state)
{
    int ok = SHA256_Init(state);
    assert(ok == 1);
}

static void sha256_add(SHA256_CTX *state, const void *bytes, size_t len)
{
    int ok = SHA256_Update(state, bytes, len);
    assert(ok == 1);
}

static void sha256_end(SHA256_CTX *state, uint8_t out[32])
{
    int ok = SHA256_Final(out, state);
    assert(ok == 1);
}

/* What is left of a text that began with whole blocks, `done` bytes of them, if it fits into one:
   without what SHA256_Update and SHA256_Final do besides, which is as much again. */
#define LAST_BLOCK_BYTES 55
static void sha256_last_block(
    const SHA256_CTX *begun, uint64_t done, const void *bytes, size_t len, uint8_t out[32])
{
    assert(len <= LAST_BLOCK_BYTES && done % 64 == 0);
    SHA256_CTX state = *begun;
    uint8_t block[64] = {0};
    uint64_t bits = htobe64((done + len) * 8);
    if (len) memcpy(block, bytes, len);
    block[len] = 0x80;
    memcpy(block + 56, &bits, 8);
    SHA256_Transform(&state, block);
    for (size_t i = 0; i < 8; i++) {
        uint32_t be = htobe32(state.h[i]);
        memcpy(out + 4 * i, &be, 4);
    }
}

void crypto_sha256_of(const struct sl_span *pieces, size_t count, uint8_t out[32])
{
    SHA256_CTX state;
    sha256_begin(&state);
    for (size_t i = 0; i < count; i++)
        sha256_add(&state, pieces[i].ptr, pieces[i].len);
    sha256_end(&state, out);
}

void crypto_sha256(const void *bytes, size_t len, uint8_t out[32])
{
    crypto_sha256_of(&(struct sl_span){bytes, len}, 1, out);
}

/* Are texts hashed side by side? Only where that gives what the library gives: on a processor (or
   below a hypervisor) that claims the instructions and does something else, the library's word
   counts. */
static bool side_by_side;

static void look_for_lanes(void)
{
    static const size_t lengths[LANES] = {0, 55, 200};
    uint8_t bytes[256], hashes[LANES][32] = {{0}}, hash[32];
    struct lanes_text texts[LANES];
    if (!lanes_there()) return;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 167);
    for (size_t i = 0; i < LANES; i++)
        texts[i] = (struct lanes_text){bytes, 16, {(const char *)bytes, lengths[i]}, hashes[i]};
    lanes_sha256(texts, LANES);
    side_by_side = true;
    for (size_t i = 0; i < LANES; i++) {
        crypto_sha256_of((struct sl_span[]){{(const char *)bytes, 16}, texts[i].bytes}, 2, hash);
        side_by_side = side_by_side && memcmp(hash, hashes[i], 32) == 0;
    }
}

static bool have_lanes(void)
{
    static pthread_once_t looked = PTHREAD_ONCE_INIT;
    pthread_once(&looked, look_for_lanes);
    return side_by_side;
}

void crypto_sha256_each(const struct lanes_text *texts, size_t count)
{
    if (have_lanes()) {
        lanes_sha256(texts, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct sl_span head = {(const char *)texts[i].head, texts[i].head_len};
        crypto_sha256_of((struct sl_span[]){head, texts[i].bytes}, 2, texts[i].hash);
    }
}

static_assert(sizeof(SHA256_CTX) <= sizeof(struct crypto_hash), "the state fits");
static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct crypto_hash), "the state lies as it must");

static SHA256_CTX *state_of(struct crypto_hash *hash)
{
    return (SHA256_CTX *)(void *)hash->state;
}

void crypto_hash_begin(struct crypto_hash *hash)
{
    sha256_begin(state_of(hash));
}

void crypto_hash_add(struct crypto_hash *hash, const void *bytes, size_t len)
{
    sha256_add(state_of(hash), bytes, len);
}

void crypto_hash_end(struct crypto_hash *hash, uint8_t out[32])
{
    sha256_end(state_of(hash), out);
}

/* ---- HMAC ---- */

#define HMAC_BLOCK 64

/* A key's two halves, begun: with the same key again, as for the items of an event, that saves half
   of the work. */
struct hmac_key {
    uint8_t key[HMAC_BLOCK];
    bool begun;
    SHA256_CTX inner, outer;
};

static void hmac_begin(struct hmac_key *begun, const uint8_t key[HMAC_BLOCK])
{
    uint8_t pad[HMAC_BLOCK];
    memcpy(begun->key, key, HMAC_BLOCK);
    for (size_t i = 0; i < HMAC_BLOCK; i++)
        pad[i] = key[i] ^ 0x36;
    sha256_begin(&begun->inner);
    sha256_add(&begun->inner, pad, HMAC_BLOCK);
    for (size_t i = 0; i < HMAC_BLOCK; i++)
        pad[i] = key[i] ^ 0x5c;
    sha256_begin(&begun->outer);
    sha256_add(&begun->outer, pad, HMAC_BLOCK);
    OPENSSL_cleanse(pad, sizeof(pad));
    begun->begun = true;
}

/* A key's two halves: those of the key that this thread used last, or new ones. */
static const struct hmac_key *hmac_of(struct sl_span key)
{
    static _Thread_local struct hmac_key last;
    uint8_t block[HMAC_BLOCK] = {0};
    if (key.len > HMAC_BLOCK)
        crypto_sha256(key.ptr, key.len, block);
    else if (key.len)
        memcpy(block, key.ptr, key.len);
    /* Both are this process's own: nobody learns from how long they are the same. */
    if (!last.begun || memcmp(last.key, block, HMAC_BLOCK) != 0) hmac_begin(&last, block);
    OPENSSL_cleanse(block, sizeof(block));
    return &last;
}

void crypto_hmac(struct sl_span key, struct sl_span text, uint8_t out[32])
{
    const struct hmac_key *begun = hmac_of(key);
    if (text.len <= LAST_BLOCK_BYTES) {
        sha256_last_block(&begun->inner, HMAC_BLOCK, text.ptr, text.len, out);
    } else {
        SHA256_CTX state = begun->inner;
        sha256_add(&state, text.ptr, text.len);
        sha256_end(&state, out);
    }
    sha256_last_block(&begun->outer, HMAC_BLOCK, out, 32, out);
}

/* `len` bytes of a block are a text's last: pad it, and have the lane take it. */
static void lane_last_block(
    struct lane *lane, const SHA256_CTX *begun, uint8_t block[HMAC_BLOCK], size_t len)
{
    assert(len <= LAST_BLOCK_BYTES);
    lane_begin(lane, begun->h);
    memset(block + len, 0, HMAC_BLOCK - 8 - len);
    block[len] = 0x80;
    uint64_t bits = htobe64((HMAC_BLOCK + len) * 8);
    memcpy(block + HMAC_BLOCK - 8, &bits, 8);
    lane->at = block;
    lane->blocks = 1;
}

void crypto_hmac_numbers(struct sl_span key, uint32_t first, size_t count, uint8_t (*macs)[32])
{
    struct lane lanes[LANES], *const all[LANES] = {&lanes[0], &lanes[1], &lanes[2]};
    uint8_t blocks[LANES][HMAC_BLOCK];
    if (!have_lanes()) {
        for (size_t i = 0; i < count; i++) {
            uint32_t number = htobe32(first + (uint32_t)i);
            memcpy(blocks[0], &number, 4);
            crypto_hmac(key, (struct sl_span){(const char *)blocks[0], 4}, macs[i]);
        }
        return;
    }
    const struct hmac_key *begun = hmac_of(key);
    for (size_t done = 0, n; done < count; done += n) {
        n = count - done < LANES ? count - done : LANES;
        for (size_t i = 0; i < n; i++) {
            uint32_t number = htobe32(first + (uint32_t)(done + i));
            memcpy(blocks[i], &number, 4);
            lane_last_block(&lanes[i], &begun->inner, blocks[i], 4);
        }
        lanes_run(all, n);
        for (size_t i = 0; i < n; i++) {
            lane_end(&lanes[i], blocks[i]);
            lane_last_block(&lanes[i], &begun->outer, blocks[i], 32);
        }
        lanes_run(all, n);
        for (size_t i = 0; i < n; i++)
            lane_end(&lanes[i], macs[done + i]);
    }
}

/* ---- SHA-1, UUIDs ---- */

static void sha1_of(const struct sl_span *pieces, size_t count, uint8_t out[20])
{
    SHA_CTX state;
    int ok = SHA1_Init(&state);
    for (size_t i = 0; i < count; i++)
        ok &= SHA1_Update(&state, pieces[i].ptr, pieces[i].len);
    ok &= SHA1_Final(out, &state);
    assert(ok == 1);
}

void crypto_sha1(const void *bytes, size_t len, uint8_t out[20])
{
    sha1_of(&(struct sl_span){bytes, len}, 1, out);
}

static void uuid_text(uint8_t bytes[16], unsigned version, char out[37])
{
    assert(version == 4 || version == 5);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | version << 4);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char hex[33];
    crypto_hex(bytes, 16, hex);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

void crypto_uuid5(const uint8_t namespace_id[16], struct sl_span name, char out[37])
{
    uint8_t hash[20];
    sha1_of((struct sl_span[]){{(const char *)namespace_id, 16}, name}, 2, hash);
    uuid_text(hash, 5, out);
}

void crypto_uuid4(char out[37])
{
    uint8_t bytes[16];
    crypto_random(bytes, sizeof(bytes));
    uuid_text(bytes, 4, out);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool crypto_uuid_parse(struct sl_span text, uint8_t out[16])
{
    if (text.len != 36) return false;
    size_t n = 0;
    for (size_t i = 0; i < 36;) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text.ptr[i++] != '-') return false;
            continue;
        }
        int hi = hex_digit(text.ptr[i]), lo = hex_digit(text.ptr[i + 1]);
        if (hi < 0 || lo < 0) return false;
        out[n++] = (uint8_t)(hi << 4 | lo);
        i += 2;
    }
    return true;
}

/* From the kernel, which needs no memory of ours for it and, once it has started, never fails:
   OpenSSL's generator allocates a state for each thread. */
static void random_bytes(uint8_t *out, size_t len)
{
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        assert(got > 0 || (got < 0 && errno == EINTR));
        if (got < 0) continue;
        out += got;
        len -= (size_t)got;
    }
}

/* What is small comes out of a store of the thread's own, as asking for 32 bytes costs as much as
   asking for hundreds; what was handed out is wiped there. (A forked child would hand out the same:
   this process never forks.) */
#define RANDOM_STORE_BYTES 512
void crypto_random(void *out, size_t len)
{
    static _Thread_local struct {
        size_t left;
        uint8_t bytes[RANDOM_STORE_BYTES];
    } store;
    if (len > RANDOM_STORE_BYTES / 8) {
        random_bytes(out, len);
        return;
    }
    if (store.left < len) {
        random_bytes(store.bytes, RANDOM_STORE_BYTES);
        store.left = RANDOM_STORE_BYTES;
    }
    assert(store.left >= len && store.left <= RANDOM_STORE_BYTES);
    store.left -= len;
    memcpy(out, store.bytes + store.left, len);
    OPENSSL_cleanse(store.bytes + store.left, len);
}

bool crypto_equal(struct sl_span a, struct sl_span b)
{
    return a.len == b.len && CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}

bool crypto_sign_key(const uint8_t seed[32], uint8_t public_key[32])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    size_t len = 32;
    bool ok = key && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1;
    assert(len == 32);
    EVP_PKEY_free(key);
    return ok;
}

bool crypto_sign(const uint8_t seed[32], struct sl_span text, uint8_t signature[64])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    size_t len = 64;
    bool ok = key && md && EVP_DigestSignInit(md, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(md, signature, &len, (const uint8_t *)text.ptr, text.len) == 1;
    assert(len == 64);
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    return ok;
}

bool crypto_sign_verify(
    const uint8_t public_key[32], struct sl_span text, const uint8_t signature[64])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = key && md && EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(md, signature, 64, (const uint8_t *)text.ptr, text.len) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    return ok;
}

size_t crypto_base64(const void *bytes, size_t len, char *out)
{
    /* EVP_EncodeBlock counts in int: longer input goes in pieces of a multiple of three bytes. */
    size_t done = 0, written = 0;
    do {
        size_t n = len - done < 3 << 20 ? len - done : 3 << 20;
        written += (size_t)EVP_EncodeBlock(
            (uint8_t *)out + written, (const uint8_t *)bytes + done, (int)n);
        done += n;
    } while (done < len);
    return written;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648, 4, strictly: padded, no white space, no spare bits. */
bool crypto_base64_parse(struct sl_span text, uint8_t *out, size_t cap, size_t *len)
{
    if (text.len % 4) return false;
    size_t pad = 0;
    while (pad < 2 && pad < text.len && text.ptr[text.len - 1 - pad] == '=')
        pad++;
    size_t bytes = text.len / 4 * 3 - pad, written = 0;
    if (bytes > cap) return false;
    uint32_t bits = 0;
    unsigned held = 0;
    assert(pad <= text.len);
    for (size_t i = 0; i < text.len - pad; i++) {
        int digit = base64_digit(text.ptr[i]);
        if (digit < 0) return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) out[written++] = (uint8_t)(bits >> (held -= 8));
        bits &= (1u << held) - 1;
    }
    if (bits) return false;
    *len = bytes;
    return written == bytes;
}

void crypto_hex(const void *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[b[i] >> 4];
        *out++ = digits[b[i] & 15];
    }
    *out = 0;
}

void crypto_base62(char *out, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint8_t byte;
        crypto_random(&byte, 1);
        if (byte < 248) out[i++] = base62[byte % 62]; /* 248 = 4 * 62: no character is likelier */
    }
    out[n] = 0;
}

void crypto_base62_of(const uint8_t bytes[32], char out[44])
{
    uint8_t number[32];
    memcpy(number, bytes, 32);
    for (size_t i = 43; i-- > 0;) {
        unsigned rest = 0;
        for (size_t k = 0; k < 32; k++) {
            unsigned v = rest << 8 | number[k];
            number[k] = (uint8_t)(v / 62);
            rest = v % 62;
        }
        out[i] = base62[rest];
    }
    out[43] = 0;
}
