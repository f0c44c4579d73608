/* DIR/key is one line, as the tools of other logs have it for keys of notes:

     PRIVATE+KEY+<name>+<key id, 8 hex digits>+<base64(0x04 ‖ seed)>

   Whoever holds the directory makes the file where there is none. A file that is there is read and
   never written, whatever is in it. */

#include "tools/watch/witness_key.h"

#include "core/base/crypto.h"
#include "core/base/file.h"
#include "core/proof/line.h"

#include <stdlib.h>

#define KEY_BYTES 512
#define MARK "PRIVATE+KEY+"

/* ---- its text ---- */

static bool make(struct sl_span name, const uint8_t seed[32], struct witness_key *key)
{
    uint8_t public_key[32];
    if (!note_name_valid(name) || !crypto_sign_key(seed, public_key)) return false;
    note_key_make(&key->key, NOTE_COSIGNATURE, name, public_key);
    memcpy(key->seed, seed, sizeof(key->seed));
    return true;
}

static bool parse(struct sl_span text, struct witness_key *key)
{
    struct sl_span line, name, id, base64;
    uint8_t bytes[1 + 32];
    char id_text[9];
    size_t len;
    bool ok = line_take(&text, &line) && text.len == 0 && line_starts(line, SL_SPAN(MARK));
    if (!ok) return false;
    line = (struct sl_span){line.ptr + sizeof(MARK) - 1, line.len - (sizeof(MARK) - 1)};
    ok = line_split(line, '+', &name, &line) && line_split(line, '+', &id, &base64) &&
         crypto_base64_parse(base64, bytes, sizeof(bytes), &len) && len == sizeof(bytes) &&
         bytes[0] == NOTE_COSIGNATURE && make(name, bytes + 1, key);
    if (ok) crypto_hex(key->key.id, sizeof(key->key.id), id_text);
    explicit_bzero(bytes, sizeof(bytes));
    return ok && sl_span_eq(id, sl_span_of(id_text));
}

static void put(const struct witness_key *key, struct buf *out)
{
    uint8_t bytes[1 + 32] = {NOTE_COSIGNATURE};
    char id[9], base64[45];
    memcpy(bytes + 1, key->seed, sizeof(key->seed));
    crypto_hex(key->key.id, sizeof(key->key.id), id);
    crypto_base64(bytes, sizeof(bytes), base64);
    const char *const parts[] = {MARK, key->key.name, "+", id, "+", base64, "\n"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        buf_add_span(out, sl_span_of(parts[i]));
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(base64, sizeof(base64));
}

/* ---- its file ---- */

/* SL_NOT_FOUND: there is none yet. */
static enum sl_result read_key(const char *path, struct witness_key *key, struct sl_err *err)
{
    struct buf text = {0};
    enum sl_result result = file_read(path, KEY_BYTES, &text, err);
    if (result == SL_OK && !parse(buf_span(&text), key))
        result = sl_fail(err, SL_INVALID,
            "%s: it is no witness's key. It stays as it is: bring it back from a copy", path);
    if (text.ptr) explicit_bzero(text.ptr, text.len);
    buf_fini(&text);
    return result;
}

static enum sl_result make_key(const char *dir, const char *path, const char *name,
    struct witness_key *key, struct sl_err *err)
{
    struct buf text = {0};
    uint8_t seed[32];
    crypto_random(seed, sizeof(seed));
    bool made = make(sl_span_of(name), seed, key);
    explicit_bzero(seed, sizeof(seed));
    if (!made)
        return sl_fail(err, SL_INVALID,
            "a witness can't be called \"%s\": 1 to %d bytes, without spaces and +", name,
            NOTE_NAME_BYTES);
    put(key, &text);
    enum sl_result result = text.failed ? sl_fail(err, SL_NOMEM, "out of memory")
                                        : file_write(dir, path, buf_span(&text), err);
    if (text.ptr) explicit_bzero(text.ptr, text.len);
    buf_fini(&text);
    return result;
}

enum sl_result witness_key_read(const char *dir, struct witness_key *key, struct sl_err *err)
{
    char *path = file_path(dir, "key");
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = read_key(path, key, err);
    free(path);
    return result;
}

enum sl_result witness_key_take(
    const struct state_dir *dir, const char *name, struct witness_key *key, struct sl_err *err)
{
    char *path = file_path(dir->path, "key");
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = read_key(path, key, err);
    if (result == SL_NOT_FOUND && name)
        result = make_key(dir->path, path, name, key, err);
    else if (result == SL_NOT_FOUND)
        sl_fail(err, result, "%s: there is no key yet; --name says what it is to be called", path);
    else if (result == SL_OK && name && strcmp(name, key->key.name) != 0)
        result = sl_fail(err, SL_INVALID,
            "%s is the key of %s; another name needs another key, in another directory", path,
            key->key.name);
    free(path);
    return result;
}
