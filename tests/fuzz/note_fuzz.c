/* libFuzzer on what comes from other servers and from files: notes, keys, checkpoints, policies,
   proofs. Whatever the bytes are, nothing is read outside them; what is taken is written again the
   same.

   clang -std=c17 -D_GNU_SOURCE -I. -g -fsanitize=fuzzer,address,undefined core/proof/note.c
   core/proof/policy.c \ core/proof/proof.c core/base/crypto.c core/base/buf.c core/base/err.c
   tests/fuzz/note_fuzz.c -lcrypto -o /tmp/note_fuzz /tmp/note_fuzz -max_total_time=60 */

#include "core/proof/conflict.h"
#include "core/proof/note.h"
#include "core/proof/proof.h"

#include <stdlib.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) abort();                                                                 \
    } while (0)

#define FOO "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void notes(struct sl_span bytes)
{
    struct note note;
    struct note_key key;
    struct checkpoint_text checkpoint;
    char text[NOTE_VKEY_BYTES];
    uint64_t time_s;
    MUST(note_key_parse(SL_SPAN(FOO), &key));
    if (note_parse(bytes, &note)) {
        MUST(note.text.len + 1 + note.signatures.len == bytes.len);
        note_signed_by(&note, &key, &time_s);
        checkpoint_parse(note.text, &checkpoint);
    }
    if (checkpoint_parse(bytes, &checkpoint)) {
        struct buf again = {0};
        checkpoint_write(&checkpoint, &again);
        MUST(again.len <= bytes.len && memcmp(again.ptr, bytes.ptr, again.len) == 0);
        buf_fini(&again);
    }
    if (note_key_parse(bytes, &key)) {
        note_key_text(&key, text);
        MUST(sl_span_eq(sl_span_of(text), bytes));
    }
    note_key_parse_any(bytes, &key);
    note_name_valid(bytes);
}

static void conflicts(struct sl_span bytes)
{
    struct policy *policy;
    struct note_key key;
    struct conflict_verdict verdict;
    MUST(note_key_parse(SL_SPAN(FOO), &key));
    MUST(policy_make(&key, NULL, 0, 0, &policy, NULL) == SL_OK);
    if (conflict_verify(bytes, policy, &verdict, NULL) == SL_OK)
        MUST(verdict.smaller <= verdict.larger);
    policy_destroy(policy);
}

static void proofs(struct sl_span bytes)
{
    struct proof proof;
    struct buf again = {0};
    if (proof_parse(bytes, &proof, NULL) != SL_OK) return;
    proof_write(&proof, &again);
    MUST(sl_span_eq(buf_span(&again), bytes));
    buf_fini(&again);
}

static void policies(struct sl_span bytes)
{
    struct policy *policy;
    struct sl_err err = {0};
    if (policy_parse(bytes, &policy, &err) != SL_OK) return;
    policy_check(policy, bytes, NULL, &err);
    policy_destroy(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_span bytes = {(const char *)data, size};
    notes(bytes);
    proofs(bytes);
    policies(bytes);
    conflicts(bytes);
    return 0;
}
