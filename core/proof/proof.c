/* Proof files: written from a proof that is known to be whole, read strictly, line by line. A text
   that isn't one is refused with the line's number and what is wrong with it. */

#include "core/proof/proof.h"

#include "core/base/decimal.h"
#include "core/proof/line.h"

#include <assert.h>
#include <stdio.h>

#define HEAD "c2sp.org/tlog-proof@v1"

void proof_write(const struct proof *proof, struct buf *out)
{
    char text[64];
    assert(proof->hashes.count <= TREE_LEVELS);
    buf_add(out, HEAD "\n", sizeof(HEAD));
    if (proof->extra.len) {
        buf_add(out, "extra ", 6);
        buf_add_span(out, proof->extra);
        buf_add(out, "\n", 1);
    }
    int len = snprintf(text, sizeof(text), "index %llu\n", (unsigned long long)proof->index);
    buf_add(out, text, (size_t)len);
    for (size_t i = 0; i < proof->hashes.count; i++) {
        buf_add(out, text, crypto_base64(proof->hashes.hashes[i], TREE_HASH_BYTES, text));
        buf_add(out, "\n", 1);
    }
    buf_add(out, "\n", 1);
    buf_add_span(out, proof->checkpoint);
}

/* `word`, a space, and what is left of the line. */
static bool starts(struct sl_span line, struct sl_span word, struct sl_span *rest)
{
    if (!line_starts(line, word)) return false;
    *rest = (struct sl_span){line.ptr + word.len, line.len - word.len};
    return true;
}

static bool add_hash(struct sl_span line, struct tree_proof *hashes)
{
    size_t len;
    return hashes->count < TREE_LEVELS &&
           crypto_base64_parse(line, hashes->hashes[hashes->count], TREE_HASH_BYTES, &len) &&
           len == TREE_HASH_BYTES && ++hashes->count;
}

enum sl_result proof_parse(struct sl_span text, struct proof *proof, struct sl_err *err)
{
    struct sl_span rest = text, line, value;
    struct proof got;
    memset(&got, 0, sizeof(got));
    size_t number = 1;
    if (text.len > PROOF_BYTES) return sl_fail(err, SL_INVALID, "more than %zu bytes", PROOF_BYTES);
    if (!line_take(&rest, &line) || !sl_span_eq(line, SL_SPAN(HEAD)))
        return sl_fail(err, SL_INVALID, "line 1 isn't %s", HEAD);
    number++;
    if (!line_take(&rest, &line))
        return sl_fail(err, SL_INVALID, "line %zu: the file ends too early", number);
    if (starts(line, SL_SPAN("extra "), &got.extra)) {
        if (!line_base64(got.extra, 1))
            return sl_fail(err, SL_INVALID, "line %zu: extra data that isn't base64", number);
        number++;
        if (!line_take(&rest, &line))
            return sl_fail(err, SL_INVALID, "line %zu: the file ends too early", number);
    }
    if (!starts(line, SL_SPAN("index "), &value) ||
        !sl_decimal_exact(value, UINT64_MAX, &got.index))
        return sl_fail(err, SL_INVALID, "line %zu: not an index", number);
    for (number++; line_take(&rest, &line) && line.len; number++)
        if (!add_hash(line, &got.hashes))
            return sl_fail(err, SL_INVALID,
                got.hashes.count == TREE_LEVELS ? "line %zu: more hashes than any tree has levels"
                                                : "line %zu: not the base64 of a hash",
                number);
    if (line.len || rest.len == 0)
        return sl_fail(err, SL_INVALID, "line %zu: the checkpoint is missing", number);
    got.checkpoint = rest;
    *proof = got;
    return SL_OK;
}
