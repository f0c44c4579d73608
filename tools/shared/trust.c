/* A key is taken as text if it parses as one, else as the name of a file. What doesn't parse is
   told with the word that was given. */

#include "tools/shared/trust.h"

#include "tools/shared/infile.h"
#include "tools/shared/term.h"

#include <unistd.h>

#define KEY_FILE_BYTES 4096
#define POLICY_BYTES (1 * SL_MIB)

static struct sl_span first_line(struct sl_span text)
{
    const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    if (end) text.len = (size_t)(end - text.ptr);
    while (text.len && (text.ptr[text.len - 1] == '\r' || text.ptr[text.len - 1] == ' '))
        text.len--;
    return text;
}

bool trust_key(const char *given, enum note_kind kind, struct note_key *key)
{
    struct buffer file = {0};
    bool is_file = false, ok = note_key_parse(sl_span_of(given), key);
    if (!ok && access(given, F_OK) == 0) {
        is_file = true;
        if (!infile_all(given, KEY_FILE_BYTES, &file)) {
            buffer_free(&file);
            return false;
        }
        ok = note_key_parse(first_line(buffer_span(&file)), key);
    }
    buffer_free(&file);
    if (ok && key->kind == kind) return true;
    if (ok)
        fail("%s: that is the key of a %s, not of a %s", given,
            kind == NOTE_ED25519 ? "witness" : "log", kind == NOTE_ED25519 ? "log" : "witness");
    else
        fail("%s: %s; such a key is NAME+ID+BASE64 (see: sharelog log-key)", given,
            is_file ? "there is no verifier key in that file"
                    : "neither a verifier key nor a file that holds one");
    return false;
}

static bool read_policy(const char *path, struct trust *trust)
{
    struct buffer text = {0};
    struct sl_err err = {0};
    bool ok = infile_all(path, POLICY_BYTES, &text);
    if (ok && (policy_parse(buffer_span(&text), &trust->policy, &err) != SL_OK ||
                  policy_add_log(trust->policy, &trust->log, &err) != SL_OK)) {
        fail("%s: %s", path, err.text);
        ok = false;
    }
    buffer_free(&text);
    return ok;
}

bool trust_open(const char *key, const char *policy_path, struct trust *trust)
{
    struct sl_err err = {0};
    *trust = (struct trust){0};
    bool ok = trust_key(key, NOTE_ED25519, &trust->log);
    if (ok && policy_make(&trust->log, NULL, 0, 0, &trust->alone, &err) != SL_OK) {
        fail("%s", err.text);
        ok = false;
    }
    if (ok && policy_path)
        ok = read_policy(policy_path, trust);
    else if (ok)
        trust->policy = trust->alone;
    if (!ok) trust_close(trust);
    return ok;
}

void trust_close(struct trust *trust)
{
    if (trust->policy != trust->alone) policy_destroy(trust->policy);
    policy_destroy(trust->alone);
    *trust = (struct trust){0};
}
