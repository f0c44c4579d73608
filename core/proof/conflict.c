/* A conflict's proof is written from what a walk found, and judged by whoever gets it. It is read
   strictly, line by line. A judge believes nothing but the log's signature. What doesn't prove a
   conflict is SL_CORRUPT: somebody claims what isn't so, or the file was damaged. */

#include "core/proof/conflict.h"

#include "core/proof/line.h"

#include <assert.h>

#define SMALLER "smaller "
#define LOG_MAX ((uint64_t)1 << 62) /* more events than any log can have: sums stay in range */
#define BASE64_BYTES(len) (4 * (((len) + 2) / 3) + 1)

void conflict_write(struct sl_span smaller, const struct conflict_roots *roots,
    struct sl_span larger, struct buf *out)
{
    assert(smaller.len <= NOTE_BYTES && larger.len <= NOTE_BYTES);
    assert(roots->count <= sizeof(roots->roots) / sizeof(roots->roots[0]));
    buf_add(out, CONFLICT_FORM "\n" SMALLER, sizeof(CONFLICT_FORM "\n" SMALLER) - 1);
    if (buf_reserve(out, BASE64_BYTES(smaller.len)))
        out->len += crypto_base64(smaller.ptr, smaller.len, out->ptr + out->len);
    buf_add(out, "\n", 1);
    for (size_t i = 0; i < roots->count; i++) {
        char text[BASE64_BYTES(TREE_HASH_BYTES)];
        size_t len = crypto_base64(roots->roots[i], TREE_HASH_BYTES, text);
        buf_add(out, text, len);
        buf_add(out, "\n", 1);
    }
    buf_add(out, "\n", 1);
    buf_add_span(out, larger);
}

/* ---- reading ---- */

/* A file's parts; `note` holds the smaller one's bytes. */
struct parts {
    struct buf note;
    struct conflict_roots roots;
    struct sl_span larger;
};

static enum sl_result not_a_conflict(struct sl_err *err, size_t line, const char *what)
{
    return sl_fail(err, SL_CORRUPT, "not the proof of a conflict: line %zu: %s", line, what);
}

static enum sl_result take_note(struct sl_span line, struct parts *parts, struct sl_err *err)
{
    size_t len;
    if (!line_starts(line, SL_SPAN(SMALLER)))
        return not_a_conflict(err, 2, "no smaller checkpoint");
    struct sl_span base64 = {line.ptr + sizeof(SMALLER) - 1, line.len - (sizeof(SMALLER) - 1)};
    if (!buf_reserve(&parts->note, NOTE_BYTES)) return sl_fail(err, SL_NOMEM, "out of memory");
    if (!crypto_base64_parse(base64, (uint8_t *)parts->note.ptr, NOTE_BYTES, &len))
        return not_a_conflict(err, 2, "not the base64 of a checkpoint");
    parts->note.len = len;
    return SL_OK;
}

static enum sl_result read_parts(struct sl_span text, struct parts *parts, struct sl_err *err)
{
    struct conflict_roots *roots = &parts->roots;
    struct sl_span rest = text, line = {0};
    size_t number = 1, len;
    if (text.len > CONFLICT_BYTES || !line_take(&rest, &line) ||
        !sl_span_eq(line, SL_SPAN(CONFLICT_FORM)))
        return not_a_conflict(err, number, "it isn't " CONFLICT_FORM);
    if (!line_take(&rest, &line)) return not_a_conflict(err, 2, "it ends too early");
    enum sl_result result = take_note(line, parts, err);
    if (result != SL_OK) return result;
    for (number = 3; line_take(&rest, &line) && line.len; number++) {
        if (roots->count == sizeof(roots->roots) / sizeof(roots->roots[0]))
            return not_a_conflict(err, number, "more roots than two covers have");
        if (!crypto_base64_parse(line, roots->roots[roots->count], TREE_HASH_BYTES, &len) ||
            len != TREE_HASH_BYTES)
            return not_a_conflict(err, number, "not the base64 of a root");
        roots->count++;
    }
    if (line.len || rest.len == 0)
        return not_a_conflict(err, number, "the larger checkpoint lacks");
    parts->larger = rest;
    return SL_OK;
}

/* ---- judging ---- */

static enum sl_result checkpoint_of(const struct policy *policy, struct sl_span bytes,
    const char *which, struct checkpoint_text *checkpoint, struct sl_err *err)
{
    struct note note;
    struct sl_err below = {0};
    if (policy_check_log(policy, bytes, &below) == SL_OK && note_parse(bytes, &note) &&
        checkpoint_parse(note.text, checkpoint))
        return SL_OK;
    return sl_fail(err, SL_CORRUPT, "the %s checkpoint: %s", which, below.text);
}

/* Add the roots of [edge->size, to), of which there are as many as that cover has. */
static bool add_roots(
    struct tree_edge *edge, uint64_t to, const struct conflict_roots *roots, size_t *at)
{
    struct tree_subtree cover[TREE_COVER];
    size_t count = tree_cover(edge->size, to, cover);
    if (count > roots->count - *at) return false;
    for (size_t i = 0; i < count; i++)
        if (!tree_add_subtree(edge, cover[i].level, roots->roots[(*at)++])) return false;
    return true;
}

static enum sl_result judge(const struct checkpoint_text *smaller,
    const struct conflict_roots *roots, const struct checkpoint_text *larger, struct sl_err *err)
{
    struct tree_edge edge = {0};
    uint8_t root[32];
    size_t at = 0;
    if (!sl_span_eq(smaller->origin, larger->origin))
        return sl_fail(err, SL_CORRUPT, "the two checkpoints are of two logs");
    if (smaller->size > larger->size || larger->size > LOG_MAX)
        return sl_fail(err, SL_CORRUPT, "the smaller checkpoint is not the smaller one");
    if (smaller->size == larger->size && roots->count == 0)
        return memcmp(smaller->root, larger->root, 32) != 0
                   ? SL_OK
                   : sl_fail(err, SL_CORRUPT, "the two checkpoints say the same");
    if (roots->count == 0)
        return sl_fail(err, SL_CORRUPT,
            "it has no roots of the larger log: two checkpoints alone don't contradict each other");
    bool fits = add_roots(&edge, smaller->size, roots, &at);
    tree_edge_root(&edge, root);
    if (!fits || !add_roots(&edge, larger->size, roots, &at) || at != roots->count)
        return sl_fail(err, SL_CORRUPT, "its roots are not as many as the two covers have");
    if (memcmp(root, smaller->root, 32) == 0)
        return sl_fail(err, SL_CORRUPT, "the larger log grew out of the smaller one");
    tree_edge_root(&edge, root);
    if (memcmp(root, larger->root, 32) != 0)
        return sl_fail(err, SL_CORRUPT, "its roots are not those of the larger checkpoint");
    return SL_OK;
}

enum sl_result conflict_verify(struct sl_span text, const struct policy *policy,
    struct conflict_verdict *verdict, struct sl_err *err)
{
    struct checkpoint_text smaller, larger;
    struct parts *parts = calloc(1, sizeof(*parts));
    if (!parts) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = read_parts(text, parts, err);
    if (result == SL_OK)
        result = checkpoint_of(policy, buf_span(&parts->note), "smaller", &smaller, err);
    if (result == SL_OK) result = checkpoint_of(policy, parts->larger, "larger", &larger, err);
    if (result == SL_OK) result = judge(&smaller, &parts->roots, &larger, err);
    if (result == SL_OK)
        *verdict = (struct conflict_verdict){.smaller = smaller.size, .larger = larger.size};
    buf_fini(&parts->note);
    free(parts);
    return result;
}
