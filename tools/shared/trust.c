/* A key is taken as text if it parses as one, else as the name of a file. What doesn't parse is
   told with the word that was given. */

#include "tools/shared/trust.h"

#include "core/base/clock.h"
#include "core/proof/head_statement.h"
#include "tools/shared/infile.h"
#include "tools/shared/term.h"

#include <assert.h>
#include <unistd.h>

#define KEY_FILE_BYTES 4096
#define POLICY_BYTES (1 * SL_MIB)

/* Take the next key off a text: a line, or a word, since no key has white space in it. */
static struct sl_span take_key(struct sl_span *text)
{
    size_t from = 0, to;
    while (from < text->len && memchr(" \r\n", text->ptr[from], 3))
        from++;
    for (to = from; to < text->len && !memchr(" \r\n", text->ptr[to], 3);)
        to++;
    struct sl_span key = {text->ptr + from, to - from};
    *text = (struct sl_span){text->ptr + to, text->len - to};
    return key;
}

static struct sl_span first_key(struct sl_span text)
{
    return take_key(&text);
}

/* The text that was given: itself, if it begins with a key, else that of the file it names. */
static bool key_text(const char *given, struct buffer *text, bool *is_file)
{
    struct note_key key;
    *is_file = !note_key_parse(first_key(sl_span_of(given)), &key) && access(given, F_OK) == 0;
    if (*is_file) return infile_all(given, KEY_FILE_BYTES, text);
    buffer_text(text, given);
    return true;
}

static bool parse_key(
    const char *given, bool is_file, struct sl_span text, enum note_kind kind, struct note_key *key)
{
    bool ok = note_key_parse(first_key(text), key);
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

bool trust_key(const char *given, enum note_kind kind, struct note_key *key)
{
    struct buffer text = {0};
    bool is_file, ok = key_text(given, &text, &is_file) &&
                       parse_key(given, is_file, buffer_span(&text), kind, key);
    buffer_free(&text);
    return ok;
}

/* The second key, if there is one. */
static bool parse_head(
    const char *given, struct sl_span text, const struct note_key *log, struct trust *trust)
{
    char name[NOTE_NAME_BYTES + 1];
    take_key(&text);
    struct sl_span rest = take_key(&text);
    if (rest.len == 0) return true;
    trust->has_head = note_key_parse(rest, &trust->head) && trust->head.kind == NOTE_ED25519 &&
                      strlen(log->name) <= NOTE_ORIGIN_BYTES;
    if (trust->has_head) {
        head_key_name(sl_span_of(log->name), name);
        trust->has_head = strcmp(trust->head.name, name) == 0;
    }
    if (!trust->has_head)
        fail(
            "%s: the second key is not that of that log's head statements, whose name is the log's "
            "and " HEAD_KEY_SUFFIX " (see: sharelog log-key)",
            given);
    return trust->has_head;
}

static bool parse_keys(const char *given, struct note_key *log, struct trust *trust)
{
    struct buffer text = {0};
    bool is_file, ok = key_text(given, &text, &is_file) &&
                       parse_key(given, is_file, buffer_span(&text), NOTE_ED25519, log) &&
                       parse_head(given, buffer_span(&text), log, trust);
    buffer_free(&text);
    return ok;
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
static bool make_policy(const char *key, const char *policy_path, struct trust *trust)
{
    struct policy **policy = &trust->policy;
    struct note_key log;
    struct sl_err err = {0};
    if (key && !parse_keys(key, &log, trust)) return false;
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
    if (!make_policy(key, policy_path, trust)) {
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
