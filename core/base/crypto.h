#ifndef SHARELOG_CRYPTO_H
#define SHARELOG_CRYPTO_H

/* OpenSSL's wall: hashes, random bytes, the log's signing key, and the text forms of bytes. Hashing
   and drawing random bytes allocate nothing and can't fail, so they may be used where a failure
   could no longer be told; signing takes memory of OpenSSL's, and says when there is none. Every
   function may be called from any thread. */

#include "core/base/lanes.h"

/* SHA-256 (FIPS 180-4) of one piece, or of several that follow each other. */
void crypto_sha256(const void *bytes, size_t len, uint8_t out[32]);
void crypto_sha256_of(const struct sl_span *pieces, size_t count, uint8_t out[32]);

/* Of many texts: side by side where the processor can, which takes two thirds of the time where its
   other half is idle, nine tenths where that hashes too. */
void crypto_sha256_each(const struct lanes_text *texts, size_t count);

/* A running SHA-256 for data that comes piece by piece: begin, add, end; then it can begin again.
   It holds nothing that would have to be freed. `state` is OpenSSL's. */
struct crypto_hash {
    _Alignas(8) unsigned char state[112];
};
void crypto_hash_begin(struct crypto_hash *hash);
void crypto_hash_add(struct crypto_hash *hash, const void *bytes, size_t len);
void crypto_hash_end(struct crypto_hash *hash, uint8_t out[32]);

/* HMAC-SHA-256 (RFC 2104). */
void crypto_hmac(struct sl_span key, struct sl_span text, uint8_t out[32]);
/* Of `count` numbers from `first` on, big-endian in four bytes each. */
void crypto_hmac_numbers(struct sl_span key, uint32_t first, size_t count, uint8_t (*macs)[32]);

void crypto_sha1(const void *bytes, size_t len, uint8_t out[20]);

/* UUIDv5 (RFC 4122, 4.3) of `name` in a namespace, as text. */
void crypto_uuid5(const uint8_t namespace_id[16], struct sl_span name, char out[37]);
/* A random UUID (version 4) as text; a UUID's bytes from its text, false if it is none. */
void crypto_uuid4(char out[37]);
bool crypto_uuid_parse(struct sl_span text, uint8_t out[16]);

void crypto_random(void *out, size_t len);

/* Equal, in a time that depends on the lengths alone. */
bool crypto_equal(struct sl_span a, struct sl_span b);

/* Ed25519 (RFC 8032). False: out of memory. */
bool crypto_sign_key(const uint8_t seed[32], uint8_t public_key[32]);
bool crypto_sign(const uint8_t seed[32], struct sl_span text, uint8_t signature[64]);
/* False: it doesn't hold, or memory ran out: what can't be checked doesn't count. */
bool crypto_sign_verify(
    const uint8_t public_key[32], struct sl_span text, const uint8_t signature[64]);

/* Text forms; `out` is terminated. base64: 4 * ((len + 2) / 3) + 1 bytes, hex: 2 * len + 1. */
size_t crypto_base64(const void *bytes, size_t len, char *out);
bool crypto_base64_parse(struct sl_span text, uint8_t *out, size_t cap, size_t *len);
void crypto_hex(const void *bytes, size_t len, char *out);
void crypto_base62(char *out, size_t n); /* n random characters of [0-9A-Za-z] */
void crypto_base62_of(const uint8_t bytes[32], char out[44]); /* a hash as 43 characters */

#endif
