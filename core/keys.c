#include "keys.h"

#include "buf.h"
#include "crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNER_KEY_CHARS 43 /* 256 bits of base62 */

static enum sl_result read_file(const char *path, char *text, size_t cap, struct sl_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return SL_NOT_FOUND;
    ssize_t len = fd < 0 ? -1 : read(fd, text, cap);
    int error = errno;
    if (fd >= 0) close(fd);
    if (len < 0) return sl_fail(err, SL_IO, "%s: %s", path, strerror(error));
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    if ((size_t)len >= cap) return sl_fail(err, SL_INVALID, "%s: too long", path);
    text[len] = 0;
    return SL_OK;
}

/* A file's name is on disk once its folder is; with it the name of the database's folder beside it.
 */
static bool sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0) close(fd);
    errno = error;
    return ok;
}

/* A new key file is whole or not there: written beside, synced, then linked into place. */
static enum sl_result write_file(
    const char *dir, const char *path, const char *text, struct sl_err *err)
{
    char *beside;
    if (asprintf(&beside, "%s.new", path) < 0) return sl_fail(err, SL_NOMEM, "out of memory");
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, text, len) == (ssize_t)len &&
              write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0) close(fd);
    if (ok && (rename(beside, path) != 0 || !sync_folder(dir))) {
        ok = false;
        error = errno;
    }
    free(beside);
    return ok ? SL_OK : sl_fail(err, SL_IO, "%s: %s", path, strerror(error));
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
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = read_file(path, text, cap, err);
    if (result == SL_NOT_FOUND && make) {
        generate(text);
        result = write_file(dir, path, text, err);
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

bool keys_origin_valid(struct sl_span origin)
{
    if (origin.len == 0 || origin.len > 200) return false;
    for (size_t i = 0; i < origin.len; i++) {
        uint8_t c = (uint8_t)origin.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '+') return false;
    }
    return true;
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
    snprintf(keys->origin, sizeof(keys->origin), "%.*s", (int)origin.len, origin.ptr);
    /* C2SP signed-note: key id = SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[0:4], 0x01 being
       Ed25519 */
    uint8_t typed[33] = {1}, hash[32];
    memcpy(typed + 1, keys->signing_public, 32);
    crypto_sha256_of((struct sl_span[]){sl_span_of(keys->origin), {"\n", 1},
                         {(const char *)typed, sizeof(typed)}},
        3, hash);
    char id[9], key[48];
    crypto_hex(hash, 4, id);
    crypto_base64(typed, sizeof(typed), key);
    snprintf(keys->log_key, sizeof(keys->log_key), "%s+%s+%s", keys->origin, id, key);
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
    crypto_sign_key(keys->signing_seed, keys->signing_public);
    return SL_OK;
}
