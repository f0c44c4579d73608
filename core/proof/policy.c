/* Policies: a text is read line by line into logs, witnesses and groups, the groups' members before
   the groups, and a checkpoint's signatures are counted up through them. A text that isn't one is
   refused with its line. What must sign is bounded by what a note can hold.

   Keys of types that aren't known here are kept beside the others, so that a policy can name
   witnesses of the next kind before every verifier knows them. They never count. */

#include "core/proof/note.h"

#include "core/base/decimal.h"
#include "core/proof/line.h"

#include <assert.h>
#include <stdio.h>

#define POLICY_BYTES (64 * 1024) /* of text */
#define POLICY_LOGS NOTE_SIGNATURES
#define POLICY_WITNESSES NOTE_SIGNATURES /* more can't sign one note */
#define POLICY_NODES (2 * POLICY_WITNESSES)
#define NO_PARENT SIZE_MAX

/* A witness, or a group of such. A name may be a member of one group at most, and is defined before
   it: so the nodes, in the order of their definition, are trees whose children come first. */
struct node {
    struct sl_span name;
    bool group;
    struct note_key key; /* a witness's */
    size_t need;         /* a group's: of its members */
    size_t parent;       /* the group that it is a member of */
};

struct policy {
    char *text; /* the names' bytes */
    size_t logs_count, count, witnesses;
    bool quorum_given, quorum_none;
    size_t quorum;             /* a node */
    uint64_t now_s, max_age_s; /* 0: no clock; any age */
    struct note_key logs[POLICY_LOGS];
    struct node nodes[POLICY_NODES];
};

void policy_destroy(struct policy *policy)
{
    if (!policy) return;
    free(policy->text);
    free(policy);
}

/* ---- parts: each returns what is wrong, or NULL ---- */

/* Two keys are the same when their public halves are, whatever they are called and used for. */
static bool same_key(const struct note_key *a, const struct note_key *b)
{
    uint8_t own[2][32];
    memcpy(own[0], a->public_key, 32);
    memcpy(own[1], b->public_key, 32);
    if (a->kind != NOTE_UNKNOWN && b->kind == NOTE_UNKNOWN) crypto_sha256(own[0], 32, own[0]);
    if (b->kind != NOTE_UNKNOWN && a->kind == NOTE_UNKNOWN) crypto_sha256(own[1], 32, own[1]);
    return memcmp(own[0], own[1], 32) == 0;
}

static const char *add_log(struct policy *policy, const struct note_key *key)
{
    if (key->kind == NOTE_COSIGNATURE) return "the log's key is of a kind that only cosigns";
    if (policy->logs_count == POLICY_LOGS) return "too many logs";
    for (size_t i = 0; i < policy->logs_count; i++)
        if (same_key(&policy->logs[i], key)) return "the log's key is given twice";
    policy->logs[policy->logs_count++] = *key;
    return NULL;
}

static struct node *find(struct policy *policy, struct sl_span name)
{
    for (size_t i = 0; i < policy->count; i++)
        if (sl_span_eq(policy->nodes[i].name, name)) return &policy->nodes[i];
    return NULL;
}

static const char *add_node(struct policy *policy, struct sl_span name, struct node **node)
{
    if (policy->count == POLICY_NODES) return "too many witnesses and groups";
    assert(policy->count < POLICY_NODES);
    *node = &policy->nodes[policy->count++];
    **node = (struct node){.name = name, .parent = NO_PARENT};
    return NULL;
}

static const char *add_witness(
    struct policy *policy, struct sl_span name, const struct note_key *key)
{
    struct node *node;
    if (key->kind == NOTE_ED25519) return "the witness's key is of a kind that can't cosign";
    if (policy->witnesses == POLICY_WITNESSES) return "too many witnesses";
    for (size_t i = 0; i < policy->count; i++)
        if (!policy->nodes[i].group && same_key(&policy->nodes[i].key, key))
            return "the witness's key is given twice";
    const char *wrong = add_node(policy, name, &node);
    if (wrong) return wrong;
    node->key = *key;
    policy->witnesses++;
    return NULL;
}

/* ---- text ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Take the next field of a line: what stands between blanks. */
static bool field_take(struct sl_span *line, struct sl_span *field)
{
    size_t from = 0, to;
    while (from < line->len && blank(line->ptr[from]))
        from++;
    for (to = from; to < line->len && !blank(line->ptr[to]);)
        to++;
    *field = (struct sl_span){line->ptr + from, to - from};
    *line = (struct sl_span){line->ptr + to, line->len - to};
    return field->len > 0;
}

/* After the last field that must be: a URL or nothing. */
static bool url_ends(struct sl_span rest)
{
    struct sl_span url;
    return !field_take(&rest, &url) || !field_take(&rest, &url);
}

static const char *new_name(struct policy *policy, struct sl_span *rest, struct sl_span *name)
{
    if (!field_take(rest, name)) return "a name is missing";
    if (sl_span_eq(*name, SL_SPAN("none"))) return "the name \"none\" is taken";
    return find(policy, *name) ? "the name is defined twice" : NULL;
}

static const char *log_line(struct policy *policy, struct sl_span rest)
{
    struct sl_span field;
    struct note_key key;
    if (!field_take(&rest, &field) || !note_key_parse_any(field, &key)) return "not a verifier key";
    return url_ends(rest) ? add_log(policy, &key) : "more than a key and a URL";
}

static const char *witness_line(struct policy *policy, struct sl_span rest)
{
    struct sl_span name, field;
    struct note_key key;
    const char *wrong = new_name(policy, &rest, &name);
    if (wrong) return wrong;
    if (!field_take(&rest, &field) || !note_key_parse_any(field, &key)) return "not a verifier key";
    return url_ends(rest) ? add_witness(policy, name, &key) : "more than a name, a key and a URL";
}

static const char *group_line(struct policy *policy, struct sl_span rest)
{
    struct sl_span name, threshold, field;
    struct node *node, *member;
    uint64_t need = 1;
    size_t members = 0, self = policy->count;
    const char *wrong = new_name(policy, &rest, &name);
    if (wrong) return wrong;
    if (!field_take(&rest, &threshold)) return "the number of members that must sign is missing";
    bool all = sl_span_eq(threshold, SL_SPAN("all"));
    if (!all && !sl_span_eq(threshold, SL_SPAN("any")) &&
        !sl_decimal_exact(threshold, UINT64_MAX, &need))
        return "how many members must sign is neither a number nor \"any\" nor \"all\"";
    for (; field_take(&rest, &field); members++) {
        member = find(policy, field);
        if (!member) return "a member isn't defined before";
        if (member->parent != NO_PARENT) return "a member is in a group already";
        member->parent = self;
    }
    if (members == 0) return "a group without members";
    if (all) need = members;
    if (need < 1 || need > members) return "the number that must sign isn't between 1 and members";
    wrong = add_node(policy, name, &node);
    if (wrong) return wrong;
    assert(node == &policy->nodes[self]); /* as its members were told */
    node->group = true;
    node->need = (size_t)need;
    return NULL;
}

static const char *quorum_line(struct policy *policy, struct sl_span rest)
{
    struct sl_span name, more;
    if (policy->quorum_given) return "a second quorum";
    if (!field_take(&rest, &name)) return "a name is missing";
    if (field_take(&rest, &more)) return "more than a name";
    struct node *node = find(policy, name);
    policy->quorum_given = true;
    policy->quorum_none = sl_span_eq(name, SL_SPAN("none"));
    if (node) policy->quorum = (size_t)(node - policy->nodes);
    return node || policy->quorum_none ? NULL : "the quorum isn't defined before";
}

static const char *any_line(struct policy *policy, struct sl_span line)
{
    static const struct {
        const char *word;
        const char *(*read)(struct policy *policy, struct sl_span rest);
    } words[] = {{"log", log_line}, {"witness", witness_line}, {"group", group_line},
        {"quorum", quorum_line}};
    struct sl_span word;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return "a control character";
    }
    if (!field_take(&line, &word) || word.ptr[0] == '#') return NULL;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (sl_span_eq(word, sl_span_of(words[i].word))) return words[i].read(policy, line);
    return "neither log, witness, group nor quorum";
}

enum sl_result policy_parse(struct sl_span text, struct policy **policy, struct sl_err *err)
{
    if (text.len > POLICY_BYTES)
        return sl_fail(err, SL_INVALID, "more than %d bytes", POLICY_BYTES);
    struct policy *made = calloc(1, sizeof(*made));
    if (made) made->text = malloc(text.len + 1);
    if (!made || !made->text) {
        policy_destroy(made);
        return sl_fail(err, SL_NOMEM, "out of memory");
    }
    if (text.len) memcpy(made->text, text.ptr, text.len);
    struct sl_span rest = {made->text, text.len}, line;
    size_t number = 1;
    const char *wrong = NULL;
    for (; !wrong && line_take(&rest, &line); number++)
        wrong = any_line(made, line);
    if (wrong) number--;
    if (!wrong && rest.len) wrong = "it isn't ended by a newline";
    if (wrong) {
        policy_destroy(made);
        return sl_fail(err, SL_INVALID, "line %zu: %s", number, wrong);
    }
    if (!made->quorum_given) {
        policy_destroy(made);
        return sl_fail(err, SL_INVALID, "no line says what the quorum is");
    }
    *policy = made;
    return SL_OK;
}

/* ---- parts given ---- */

enum sl_result policy_add_log(struct policy *policy, const struct note_key *log, struct sl_err *err)
{
    for (size_t i = 0; i < policy->logs_count; i++)
        if (same_key(&policy->logs[i], log) && strcmp(policy->logs[i].name, log->name) == 0 &&
            policy->logs[i].kind == log->kind)
            return SL_OK;
    const char *wrong = add_log(policy, log);
    return wrong ? sl_fail(err, SL_INVALID, "%s", wrong) : SL_OK;
}

enum sl_result policy_make(const struct note_key *log, const struct note_key *witnesses,
    size_t count, size_t quorum, struct policy **policy, struct sl_err *err)
{
    if (quorum > count)
        return sl_fail(
            err, SL_INVALID, "a quorum of %zu, but there are %zu witnesses", quorum, count);
    struct policy *made = calloc(1, sizeof(*made));
    if (!made) return sl_fail(err, SL_NOMEM, "out of memory");
    const char *wrong = add_log(made, log);
    for (size_t i = 0; !wrong && i < count; i++) {
        wrong = add_witness(made, (struct sl_span){NULL, 0}, &witnesses[i]);
        if (wrong) break;
        made->nodes[i].name = sl_span_of(made->nodes[i].key.name);
        made->nodes[i].parent = count;
    }
    if (wrong) {
        policy_destroy(made);
        return sl_fail(err, SL_INVALID, "%s", wrong);
    }
    made->nodes[count] = (struct node){.group = true, .need = quorum, .parent = NO_PARENT};
    made->count = count + 1;
    made->quorum = count;
    made->quorum_given = true;
    made->quorum_none = quorum == 0;
    *policy = made;
    return SL_OK;
}

/* ---- what it is ---- */

size_t policy_logs(const struct policy *policy)
{
    size_t count = 0;
    for (size_t i = 0; i < policy->logs_count; i++)
        count += policy->logs[i].kind != NOTE_UNKNOWN;
    return count;
}

size_t policy_witnesses(const struct policy *policy)
{
    return policy->witnesses;
}

size_t policy_uncheckable(const struct policy *policy)
{
    size_t count = 0;
    for (size_t i = 0; i < policy->count; i++)
        count += !policy->nodes[i].group && policy->nodes[i].key.kind == NOTE_UNKNOWN;
    return count;
}

void policy_set_clock(struct policy *policy, uint64_t now_s, uint64_t max_age_s)
{
    assert(now_s > 0 && now_s <= INT64_MAX);
    policy->now_s = now_s;
    policy->max_age_s = max_age_s;
}

/* ---- check ---- */

/* A name as a message may show it: bounded, and nothing that a terminal would act on. */
static const char *shown(struct sl_span name, char text[65])
{
    size_t len = name.len < 64 ? name.len : 64;
    for (size_t i = 0; i < len; i++)
        text[i] = name.ptr[i] > ' ' && name.ptr[i] < 0x7f ? name.ptr[i] : '?';
    text[len] = 0;
    return text;
}

/* Is there a log of that name? *checkable: one whose key can be checked here. */
static bool has_log(const struct policy *policy, struct sl_span name, bool *checkable)
{
    bool has = false;
    *checkable = false;
    for (size_t i = 0; i < policy->logs_count; i++) {
        if (!sl_span_eq(sl_span_of(policy->logs[i].name), name)) continue;
        has = true;
        *checkable |= policy->logs[i].kind != NOTE_UNKNOWN;
    }
    return has;
}

/* By one of its logs whose name is the origin. A line of any log that is known and doesn't hold
   spoils the note. */
static enum sl_result log_signed(
    const struct policy *policy, const struct note *note, struct sl_span origin, struct sl_err *err)
{
    bool checkable, signed_by_one = false;
    char text[65];
    if (!has_log(policy, origin, &checkable))
        return sl_fail(err, SL_NOT_FOUND,
            "the checkpoint is of %s, which is not a log that counts here", shown(origin, text));
    for (size_t i = 0; i < policy->logs_count; i++) {
        struct sl_span name = sl_span_of(policy->logs[i].name);
        enum note_signed found = note_look(note, &policy->logs[i], NULL);
        if (found == NOTE_SPOILED)
            return sl_fail(err, SL_NOT_FOUND, "the log's own signature, of %s, doesn't hold",
                shown(name, text));
        signed_by_one |= found == NOTE_HOLDS && sl_span_eq(name, origin);
    }
    if (signed_by_one) return SL_OK;
    return sl_fail(err, SL_NOT_FOUND, "the log's own signature, of %s, %s", shown(origin, text),
        checkable ? "lacks" : "is of a type that can't be checked here");
}

/* Why a cosignature of that time doesn't count; NULL: it does. */
static const char *time_fault(const struct policy *policy, uint64_t time_s)
{
    if (time_s == 0) return "it gives no time";
    if (!policy->now_s) return NULL;
    if (time_s > policy->now_s + POLICY_AHEAD_S) return "dated in the future";
    bool old =
        policy->max_age_s && time_s < policy->now_s && policy->now_s - time_s > policy->max_age_s;
    return old ? "cosigned too long ago" : NULL;
}

/* What a checkpoint has of a policy's witnesses and groups. */
struct tally {
    bool holds[POLICY_NODES];
    const char *why[POLICY_NODES]; /* a witness doesn't count, but that it lacks; NULL: it lacks */
    struct cosigned cosigned;
};

static enum sl_result witness_look(const struct policy *policy, const struct note *note, size_t i,
    struct tally *tally, struct sl_err *err)
{
    const struct node *node = &policy->nodes[i];
    struct cosigned *cosigned = &tally->cosigned;
    uint64_t time_s = 0;
    char text[65];
    enum note_signed found = note_look(note, &node->key, &time_s);
    if (found == NOTE_SPOILED)
        return sl_fail(
            err, SL_NOT_FOUND, "the cosignature of %s doesn't hold", shown(node->name, text));
    if (node->key.kind == NOTE_UNKNOWN) tally->why[i] = "its key is of an unknown type";
    if (found == NOTE_HOLDS) tally->why[i] = time_fault(policy, time_s);
    tally->holds[i] = found == NOTE_HOLDS && !tally->why[i];
    if (!tally->holds[i]) return SL_OK;
    cosigned->count++;
    if (!cosigned->oldest_s || time_s < cosigned->oldest_s) cosigned->oldest_s = time_s;
    if (time_s > cosigned->newest_s) cosigned->newest_s = time_s;
    return SL_OK;
}

/* Which witnesses count, and so which groups hold. */
static enum sl_result count_signed(
    const struct policy *policy, const struct note *note, struct tally *tally, struct sl_err *err)
{
    size_t members[POLICY_NODES] = {0};
    enum sl_result result = SL_OK;
    for (size_t i = 0; i < policy->count && result == SL_OK; i++) {
        const struct node *node = &policy->nodes[i];
        assert(node->parent == NO_PARENT || (node->parent > i && node->parent < policy->count));
        if (node->group)
            tally->holds[i] = members[i] >= node->need;
        else
            result = witness_look(policy, note, i, tally, err);
        if (tally->holds[i] && node->parent != NO_PARENT) members[node->parent]++;
    }
    return result;
}

static enum sl_result lacking(
    const struct policy *policy, const struct tally *tally, struct sl_err *err)
{
    char names[320] = "", text[65];
    size_t used = 0;
    for (size_t i = 0; i < policy->count; i++) {
        const char *why = tally->why[i];
        if (tally->holds[i] || policy->nodes[i].group) continue;
        size_t most = sizeof(text) + (why ? strlen(why) : 0) + 5;
        if (used + most + sizeof(", …") > sizeof(names)) {
            snprintf(names + used, sizeof(names) - used, ", …");
            break;
        }
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s%s%s%s", used ? ", " : "",
            shown(policy->nodes[i].name, text), why ? " (" : "", why ? why : "", why ? ")" : "");
    }
    return sl_fail(err, SL_NOT_FOUND, "no quorum: %zu of %zu witnesses signed; not %s",
        tally->cosigned.count, policy->witnesses, names);
}

static enum sl_result look(
    const struct policy *policy, struct sl_span checkpoint, struct tally *tally, struct sl_err *err)
{
    struct note note;
    struct checkpoint_text text;
    if (!note_parse(checkpoint, &note)) return sl_fail(err, SL_INVALID, "not a signed note");
    if (!checkpoint_parse(note.text, &text)) return sl_fail(err, SL_INVALID, "not a checkpoint");
    enum sl_result result = log_signed(policy, &note, text.origin, err);
    return result == SL_OK ? count_signed(policy, &note, tally, err) : result;
}

enum sl_result policy_check_log(
    const struct policy *policy, struct sl_span checkpoint, struct sl_err *err)
{
    struct tally tally = {0};
    return look(policy, checkpoint, &tally, err);
}

enum sl_result policy_check(const struct policy *policy, struct sl_span checkpoint,
    struct cosigned *cosigned, struct sl_err *err)
{
    struct tally tally = {0};
    enum sl_result result = look(policy, checkpoint, &tally, err);
    assert(policy->quorum_none || policy->quorum < policy->count);
    if (result != SL_OK) return result;
    if (!policy->quorum_none && !tally.holds[policy->quorum]) return lacking(policy, &tally, err);
    if (cosigned) *cosigned = tally.cosigned;
    return SL_OK;
}
