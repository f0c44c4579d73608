/* A record is read as values while its bytes are hashed. A removal must name the positions of all
   events before it, a redact event items that are withheld, in order, with what stands in their
   place. Nothing may follow what a record says. */

#include "core/proof/bundle_record.h"

#include <assert.h>

/* Who did it, and why. */
struct doing {
    enum sl_who who;
    char reason[SL_REASON_BYTES];
    size_t reason_len;
};

/* [who, reason, …] of just so many parts. */
static void take_doing(struct bundle_reader *in, size_t parts, struct doing *doing)
{
    if (read_array(in) != parts) read_fault(in, "not a record of its kind");
    uint64_t who = read_u64(in);
    if (who > SL_WHO_OWNER) read_fault(in, "done by nobody known");
    struct sl_span reason = read_str(in, SL_REASON_BYTES);
    doing->who = (enum sl_who)who;
    doing->reason_len = reason.len;
    if (reason.len) memcpy(doing->reason, reason.ptr, reason.len);
}

void bundle_record_position(struct bundle_check *check, uint64_t position)
{
    uint8_t be[8];
    be_put(be, position, sizeof(be));
    crypto_hash_add(&check->positions, be, sizeof(be));
}

/* [who, reason, [position …]] */
static void take_removal(struct bundle_check *check)
{
    struct bundle_reader *in = &check->in;
    struct doing doing;
    struct crypto_hash named;
    uint8_t own[32], said[32], be[8];
    take_doing(in, 3, &doing);
    uint64_t count = read_array(in);
    crypto_hash_begin(&named);
    for (uint64_t left = count; left > 0 && read_ok(in); left--) {
        be_put(be, read_u64(in), sizeof(be));
        crypto_hash_add(&named, be, sizeof(be));
    }
    crypto_hash_end(&named, said);
    crypto_hash_end(&check->positions, own);
    if (count != check->sequence - 1 || memcmp(own, said, 32) != 0)
        bundle_claim(check, "it removes other positions than those of the share's events");
    check->verdict.removed = true;
    check->verdict.removed_ms = check->header.time_ms;
    check->verdict.removed_by = doing.who;
}

/* [sequence, item, replacement], behind the one before it in order. */
static void take_entry(struct bundle_check *check, uint64_t last[2], bool first)
{
    uint8_t replacement[32];
    struct crypto_hash hash;
    struct bundle_reader *in = &check->in;
    if (read_array(in) != 3) read_fault(in, "not what a redaction says");
    uint64_t sequence = read_u64(in), item = read_u64(in);
    crypto_hash_begin(&hash);
    for (uint64_t left = read_bin_begin(in); left > 0 && read_ok(in);) {
        struct sl_span piece = read_piece(in, left);
        crypto_hash_add(&hash, piece.ptr, piece.len);
        left -= piece.len;
    }
    crypto_hash_end(&hash, replacement);
    if (!read_ok(in)) return;
    bool behind = first || sequence > last[0] || (sequence == last[0] && item > last[1]);
    if (!behind) bundle_claim(check, "the items that it names are not in order");
    if (!withheld_name(&check->withheld, sequence, item, replacement))
        bundle_claim(check, "item %llu of event %llu is not replaced by what it says",
            (unsigned long long)item, (unsigned long long)sequence);
    last[0] = sequence;
    last[1] = item;
}

/* [who, reason, [[sequence, item, replacement] …]] */
static enum sl_result take_redaction(struct bundle_check *check)
{
    struct bundle_reader *in = &check->in;
    struct doing doing;
    uint64_t last[2] = {0, 0};
    take_doing(in, 3, &doing);
    size_t count = read_array(in);
    if (!read_ok(in)) return SL_OK;
    struct withheld_act act = {
        .sequence = check->sequence, .time_ms = check->header.time_ms, .who = doing.who};
    struct sl_span reason = {doing.reason, doing.reason_len};
    enum sl_result result = withheld_begin(&check->withheld, &act, reason, check->err);
    for (size_t i = 0; i < count && result == SL_OK && read_ok(in); i++)
        take_entry(check, last, i == 0);
    return result;
}

enum sl_result bundle_record_take(
    struct bundle_check *check, uint64_t length, struct crypto_hash *hash)
{
    struct bundle_reader *in = &check->in;
    struct doing doing;
    enum sl_result result = SL_OK;
    if (!read_ok(in)) return SL_OK;
    assert(!in->tap && in->left == UINT64_MAX); /* records don't lie in each other */
    in->tap = hash;
    in->left = length;
    switch (check->header.kind) {
    case SL_REMOVE: take_removal(check); break;
    case SL_REDACT: result = take_redaction(check); break;
    default: take_doing(in, 2, &doing); break; /* [who, reason] of an allow */
    }
    if (in->left > 0) read_fault(in, "something follows what the record says");
    in->tap = NULL;
    in->left = UINT64_MAX;
    return result;
}
