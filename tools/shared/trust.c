/* A key is taken as text if it parses as one, else as the name of a file. What doesn't parse is
   told with the word that was given. */

#include "tools/shared/trust.h"

#include "core/base/clock.h"
#include "tools/shared/infile.h"
#include "tools/shared/term.h"

#include <assert.h>
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

static bool read_policy(const char *path, struct policy **policy)
{
    struct buffer text = {0};
    struct sl_err err = {0};
    bool ok = infile_all(path, POLICY_BYTES, &text);
    if (ok && policy_parse(buffer_span(&text), policy, &err) != SL_OK) {
        fail("%s: %s", path, err.text);
        ok = false;
    }
    buffer_free(&text);
    return ok;
}

/* The key alone, the policy alone, or both: a log that the policy doesn't name. */
static bool make_policy(const char *key, const char *policy_path, struct policy **policy)
{
    struct note_key log;
    struct sl_err err = {0};
    if (key && !trust_key(key, NOTE_ED25519, &log)) return false;
    if (policy_path && !read_policy(policy_path, policy)) return false;
    enum sl_result result = SL_OK;
    if (key)
        result = policy_path ? policy_add_log(*policy, &log, &err)
                             : policy_make(&log, NULL, 0, 0, policy, &err);
    if (result == SL_OK && policy_logs(*policy) > 0) return true;
    if (result != SL_OK)
        fail("%s: %s", policy_path ? policy_path : key, err.text);
    else
        fail("%s: it names no log whose key can be checked here: give the log's with --key",
            policy_path);
    return false;
}

bool trust_open(const char *key, const char *policy_path, uint64_t max_age_s, struct trust *trust)
{
    assert(key || policy_path);
    *trust = (struct trust){0};
    if (!make_policy(key, policy_path, &trust->policy)) {
        trust_close(trust);
        return false;
    }
    policy_set_clock(trust->policy, clock_real_ms() / 1000, max_age_s);
    return true;
}

void trust_close(struct trust *trust)
{
    policy_destroy(trust->policy);
    *trust = (struct trust){0};
}
