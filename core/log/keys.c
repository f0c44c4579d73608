/* The keys' files. Each is read, or made once with the store; where one is missing later, another
   is made for the owner's and the namespace (the operator's to know), but never for the signing
   key, without which the log can't go on: SL_INVALID then. What fails leaves the files as they
   were: a new one is whole on disk before it counts (file_write). */

#include "core/log/keys.h"

#include "core/base/crypto.h"
#include "core/base/file.h"
#include "core/log/store.h"
#include "core/proof/head_statement.h"

#include <assert.h>
#include <stdio.h>

#define OWNER_KEY_CHARS 43 /* 256 bits of base62 */

static enum sl_result read_text(const char *path, char *text, size_t cap, struct sl_err *err)
{
    struct buf bytes = {0};
    enum sl_result result = file_read(path, cap, &bytes, err);
    size_t len = bytes.len;
    while (len > 0 && (bytes.ptr[len - 1] == '\n' || bytes.ptr[len - 1] == '\r'))
        len--;
    if (result == SL_OK && len >= cap) result = sl_fail(err, SL_INVALID, "%s: too long", path);
    if (result == SL_OK) {
        if (len) memcpy(text, bytes.ptr, len);
        text[len] = 0;
    }
    buf_fini(&bytes);
    return result;
}

static enum sl_result write_text(
    const char *dir, const char *path, const char *text, struct sl_err *err)
{
    struct buf line = {0};
    buf_add_span(&line, sl_span_of(text));
    buf_add(&line, "\n", 1);
    enum sl_result result = line.failed ? sl_fail(err, SL_NOMEM, "out of memory")
                                        : file_write(dir, path, buf_span(&line), err);
    buf_fini(&line);
    return result;
}

/* The text of a key: given from outside, or in its file, or made. */
static enum sl_result load_text(const char *dir, const char *name, bool make, struct sl_span given,
    void (*generate)(char *text), char *text, size_t cap, struct sl_err *err)
{
    if (given.len) {
        if (given.len >= cap)
            return sl_fail(err, SL_INVALID, "the %s that was given is too long", name);
        memcpy(text, given.ptr, given.len);
        text[given.len] = 0;
        return SL_OK;
    }
    char *path = file_path(dir, name);
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = read_text(path, text, cap, err);
    if (result == SL_NOT_FOUND && make) {
        generate(text);
        result = write_text(dir, path, text, err);
    } else if (result == SL_NOT_FOUND) {
        result = sl_fail(err, SL_NOT_FOUND, "%s: missing", path);
    }
    free(path);
    return result;
}

static void make_owner_key(char *text)
{
    crypto_base62(text, OWNER_KEY_CHARS);
}

static void make_seed(char *text)
{
    uint8_t seed[32];
    crypto_random(seed, sizeof(seed));
    crypto_base64(seed, sizeof(seed), text);
}

void keys_default_origin(const struct keys *keys, char origin[32])
{
    uint8_t hash[32];
    char hex[9];
    crypto_sha256(keys->signing_public, 32, hash);
    crypto_hex(hash, 4, hex);
    snprintf(origin, 32, "sharelog-%s", hex);
}

void keys_set_origin(struct keys *keys, struct sl_span origin)
{
    char name[NOTE_NAME_BYTES + 1];
    assert(note_origin_valid(origin));
    snprintf(keys->origin, sizeof(keys->origin), "%.*s", (int)origin.len, origin.ptr);
    note_key_make(&keys->signing, NOTE_ED25519, sl_span_of(keys->origin), keys->signing_public);
    note_key_text(&keys->signing, keys->log_key);
    head_key_name(origin, name);
    note_key_make(&keys->head, NOTE_ED25519, sl_span_of(name), keys->head_public);
    note_key_text(&keys->head, keys->head_key);
}

static enum sl_result owner_key_check(const char *owner, struct sl_err *err)
{
    for (const char *c = owner; *c; c++)
        if (*c <= ' ' || *c >= 0x7f)
            return sl_fail(
                err, SL_INVALID, "the owner key has a character that a header can't carry");
    if (strlen(owner) < 16)
        return sl_fail(err, SL_INVALID, "the owner key is shorter than 16 characters");
    return SL_OK;
}

enum sl_result keys_load(
    const struct sl_options *options, bool make, struct keys *keys, struct sl_err *err)
{
    *keys = (struct keys){0};
    char text[SL_KEY_TEXT_BYTES + 1];
    enum sl_result result = load_text(options->dir, "owner-key", make, options->owner_key,
        make_owner_key, keys->owner, sizeof(keys->owner), err);
    if (result == SL_OK) result = owner_key_check(keys->owner, err);
    if (result == SL_OK) {
        uint8_t mac[32];
        crypto_hmac(sl_span_of(keys->owner), SL_SPAN("client"), mac);
        crypto_base62_of(mac, keys->client);
    } else if (result != SL_NOT_FOUND) {
        return result;
    }

    result = load_text(options->dir, "namespace", make, options->namespace_id, crypto_uuid4, text,
        sizeof(text), err);
    if (result != SL_OK && result != SL_NOT_FOUND) return result;
    keys->has_namespace = result == SL_OK;
    if (keys->has_namespace && !crypto_uuid_parse(sl_span_of(text), keys->namespace_id))
        return sl_fail(err, SL_INVALID, "the namespace is not a UUID");

    result = load_text(
        options->dir, "signing-key", make, (struct sl_span){0}, make_seed, text, sizeof(text), err);
    if (result == SL_NOT_FOUND)
        return sl_fail(
            err, SL_INVALID, "%s/signing-key: missing: put the log's key back", options->dir);
    if (result != SL_OK) return result;
    size_t len;
    if (!crypto_base64_parse(sl_span_of(text), keys->signing_seed, 32, &len) || len != 32)
        return sl_fail(err, SL_INVALID, "%s/signing-key: not 32 bytes of base64", options->dir);
    crypto_hmac((struct sl_span){(const char *)keys->signing_seed, 32}, SL_SPAN(HEAD_KEY_USE),
        keys->head_seed);
    return crypto_sign_key(keys->signing_seed, keys->signing_public) &&
                   crypto_sign_key(keys->head_seed, keys->head_public)
               ? SL_OK
               : sl_fail(err, SL_NOMEM, "out of memory");
}

void keys_maker(const struct keys *keys, enum sl_role role, uint8_t maker[MAKER_BYTES])
{
    if (role == SL_ROLE_NONE)
        memcpy(maker, maker_nobody, MAKER_BYTES);
    else
        maker_of(keys->signing_seed, role == SL_ROLE_OWNER ? SL_SPAN("owner") : SL_SPAN("client"),
            maker);
}

void sl_store_secret(struct sl_store *store, struct sl_span session_id, struct sl_span share_id,
    char secret[SL_SECRET_BYTES + 1])
{
    char name[SL_SESSION_ID_BYTES + 1 + SL_SHARE_ID_BYTES];
    size_t len = 0;
    secret[0] = 0;
    if (!store->keys->has_namespace) return;
    if (session_id.len > SL_SESSION_ID_BYTES || share_id.len > SL_SHARE_ID_BYTES) return;
    if (session_id.len) memcpy(name, session_id.ptr, len = session_id.len);
    if (share_id.len) {
        name[len++] = '#';
        memcpy(name + len, share_id.ptr, share_id.len);
        len += share_id.len;
    }
    assert(len <= sizeof(name));
    crypto_uuid5(store->keys->namespace_id, (struct sl_span){name, len}, secret);
    assert(strlen(secret) == SL_SECRET_BYTES);
}
