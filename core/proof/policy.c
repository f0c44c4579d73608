/* Policies: a text is read line by line into logs, witnesses and groups, the groups' members before
   the groups, and a checkpoint's signatures are counted up through them. A text that isn't one is
   refused with its line. What must sign is bounded by what a note can hold. */

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
    size_t quorum; /* a node */
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

/* Two keys are the same when their public halves are, whatever they are called. */
static bool same_key(const struct note_key *a, const struct note_key *b)
{
    return memcmp(a->public_key, b->public_key, sizeof(a->public_key)) == 0;
}

static const char *add_log(struct policy *policy, const struct note_key *key)
{
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
    if (key->kind != NOTE_COSIGNATURE) return "the witness's key is of a kind that can't cosign";
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
    if (!field_take(&rest, &field) || !note_key_parse(field, &key))
        return "not a verifier key of a kind that is known here";
    return url_ends(rest) ? add_log(policy, &key) : "more than a key and a URL";
}

static const char *witness_line(struct policy *policy, struct sl_span rest)
{
    struct sl_span name, field;
    struct note_key key;
    const char *wrong = new_name(policy, &rest, &name);
    if (wrong) return wrong;
    if (!field_take(&rest, &field) || !note_key_parse(field, &key))
        return "not a verifier key of a kind that is known here";
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
    if (made) made->text = calloc(1, text.len + 1);
    if (!made || !made->text) {
        policy_destroy(made);
        return sl_fail(err, SL_NOMEM, "out of memory");
    }
    if (text.len) memcpy(made->text, text.ptr, text.len);
    made->text[text.len] =
        '\n'; /* ends a last line that has no end; behind one it is a blank one */
    struct sl_span rest = {made->text, text.len + 1}, line;
    for (size_t number = 1; line_take(&rest, &line); number++) {
        const char *wrong = any_line(made, line);
        if (!wrong) continue;
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

static enum sl_result log_signed(
    const struct policy *policy, const struct note *note, struct sl_span origin, struct sl_err *err)
{
    bool known = false;
    char text[65];
    for (size_t i = 0; i < policy->logs_count; i++) {
        if (!sl_span_eq(sl_span_of(policy->logs[i].name), origin)) continue;
        if (note_signed_by(note, &policy->logs[i], NULL)) return SL_OK;
        known = true;
    }
    return known ? sl_fail(err, SL_NOT_FOUND,
                       "the log's own signature, of %s, lacks or doesn't hold", shown(origin, text))
                 : sl_fail(err, SL_NOT_FOUND,
                       "the checkpoint is of %s, which is not a log that counts here",
                       shown(origin, text));
}

/* How many witnesses signed, how many members of each group hold. */
static size_t count_signed(
    const struct policy *policy, const struct note *note, bool holds[POLICY_NODES])
{
    size_t members[POLICY_NODES] = {0}, witnesses = 0;
    for (size_t i = 0; i < policy->count; i++) {
        const struct node *node = &policy->nodes[i];
        assert(node->parent == NO_PARENT || (node->parent > i && node->parent < policy->count));
        holds[i] = node->group ? members[i] >= node->need : note_signed_by(note, &node->key, NULL);
        witnesses += holds[i] && !node->group;
        if (holds[i] && node->parent != NO_PARENT) members[node->parent]++;
    }
    return witnesses;
}

static enum sl_result lacking(const struct policy *policy, const bool holds[POLICY_NODES],
    size_t witnesses, struct sl_err *err)
{
    char names[320] = "", text[65];
    size_t used = 0;
    for (size_t i = 0; i < policy->count; i++) {
        if (holds[i] || policy->nodes[i].group) continue;
        if (used + sizeof(text) + 2 + sizeof(", …") > sizeof(names)) {
            snprintf(names + used, sizeof(names) - used, ", …");
            break;
        }
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
            shown(policy->nodes[i].name, text));
    }
    return sl_fail(err, SL_NOT_FOUND, "no quorum: %zu of %zu witnesses signed; not %s", witnesses,
        policy->witnesses, names);
}

enum sl_result policy_check(
    const struct policy *policy, struct sl_span checkpoint, size_t *count, struct sl_err *err)
{
    struct note note;
    struct checkpoint_text text;
    bool holds[POLICY_NODES] = {false};
    if (!note_parse(checkpoint, &note)) return sl_fail(err, SL_INVALID, "not a signed note");
    if (!checkpoint_parse(note.text, &text)) return sl_fail(err, SL_INVALID, "not a checkpoint");
    enum sl_result result = log_signed(policy, &note, text.origin, err);
    if (result != SL_OK) return result;
    assert(policy->quorum_none || policy->quorum < policy->count);
    size_t witnesses = count_signed(policy, &note, holds);
    if (!policy->quorum_none && !holds[policy->quorum])
        return lacking(policy, holds, witnesses, err);
    if (count) *count = witnesses;
    return SL_OK;
}
