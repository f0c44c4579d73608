/* Every root is made of its leaves, one by one. */

#include "tests/support/paper_log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/crypto.h"

#include <stdio.h>

void paper_log_make(struct paper_log *log, const char *origin, uint8_t seed)
{
    uint8_t public_key[32];
    memset(log->seed, seed, sizeof(log->seed));
    assert_true(crypto_sign_key(log->seed, public_key));
    note_key_make(&log->key, NOTE_ED25519, sl_span_of(origin), public_key);
    note_key_text(&log->key, log->vkey);
}

/* ---- its tree ---- */

static void add_leaves(
    struct tree_edge *edge, const struct paper_branch *branch, uint64_t from, uint64_t to)
{
    uint8_t leaf[32];
    for (uint64_t i = from; i < to; i++) {
        uint64_t text[2] = {i, i >= branch->fork ? branch->branch : 0};
        crypto_sha256(text, sizeof(text), leaf);
        tree_add(edge, leaf);
    }
}

void paper_root(struct paper_branch branch, uint64_t size, uint8_t root[32])
{
    struct tree_edge edge = {0};
    add_leaves(&edge, &branch, 0, size);
    tree_edge_root(&edge, root);
}

static enum sl_result subtree(
    void *ctx, unsigned level, uint64_t index, uint8_t root[32], struct sl_err *err)
{
    struct tree_edge edge = {0};
    (void)err;
    add_leaves(&edge, ctx, index << level, (index + 1) << level);
    tree_edge_root(&edge, root);
    return SL_OK;
}

struct tree_proof paper_consistency(struct paper_branch branch, uint64_t from, uint64_t to)
{
    struct tree_proof proof = {0};
    struct tree_source source = {subtree, &branch};
    assert_int_equal(tree_consistency(source, from, to, &proof, NULL), SL_OK);
    return proof;
}

/* ---- its texts ---- */

void paper_checkpoint(
    const struct paper_log *log, struct paper_branch branch, uint64_t size, struct buf *out)
{
    struct checkpoint_text text = {.origin = sl_span_of(log->key.name), .size = size};
    struct buf note = {0};
    paper_root(branch, size, text.root);
    checkpoint_write(&text, &note);
    buf_add_span(out, buf_span(&note));
    buf_add(out, "\n", 1);
    note_sign(buf_span(&note), &log->key, log->seed, out);
    buf_fini(&note);
    assert_true(buf_reserve(out, 1));
    out->ptr[out->len] = 0;
}

void paper_request(const struct paper_log *log, struct paper_branch branch, uint64_t from,
    uint64_t to, struct buf *out)
{
    struct tree_proof proof = paper_consistency(branch, from, to);
    char line[64];
    buf_add(
        out, line, (size_t)snprintf(line, sizeof(line), "old %llu\n", (unsigned long long)from));
    for (size_t i = 0; i < proof.count; i++) {
        buf_add(out, line, crypto_base64(proof.hashes[i], 32, line));
        buf_add(out, "\n", 1);
    }
    buf_add(out, "\n", 1);
    paper_checkpoint(log, branch, to, out);
}
