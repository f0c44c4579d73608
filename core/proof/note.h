#ifndef SHARELOG_NOTE_H
#define SHARELOG_NOTE_H

/* Signed notes, checkpoints and cosignatures as C2SP has them (signed-note v1.0.0, tlog-checkpoint
   v1.0.0, tlog-cosignature v1.0.1), and the policies that say whose signatures are enough
   (tlog-policy). Text in, text out: nothing here knows a store. */

#include "core/base/buf.h"
#include "core/base/err.h"

#define NOTE_NAME_BYTES 200
#define NOTE_VKEY_BYTES 384 /* a verifier key as text, its end included */
#define NOTE_SIGNATURES 64  /* lines looked at in one note */

/* A name of a key: not empty, no white space of any kind, no `+`, no control characters. */
bool note_name_valid(struct sl_span name);

enum note_kind { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4 };

struct note_key {
    enum note_kind kind;
    char name[NOTE_NAME_BYTES + 1];
    uint8_t id[4];
    uint8_t public_key[32];
};

/* Make a key of its parts, its id computed. */
void note_key_make(
    struct note_key *key, enum note_kind kind, struct sl_span name, const uint8_t public_key[32]);
/* `<name>+<8 hex digits>+<base64(kind ‖ public key)>`. False: not one, a kind that is not known
   here, or an id that isn't its own. */
bool note_key_parse(struct sl_span text, struct note_key *key);
void note_key_text(const struct note_key *key, char text[NOTE_VKEY_BYTES]);

/* A note's parts, pointing into its bytes. `text` ends with its newline; `signatures` are the lines
   behind the last empty one. False: not a note (no empty line, no signature line or more than
   NOTE_SIGNATURES, a malformed one, control characters or broken UTF-8 anywhere). Work and memory
   are bounded by the bytes given; how many those may be is the caller's to say. */
struct note {
    struct sl_span text, signatures;
};
bool note_parse(struct sl_span bytes, struct note *note);

/* Has the key signed it? Unknown lines are passed over; one of the key's name and id that doesn't
   hold is a no, whatever the others say. *time_s (may be NULL) is when, for a cosignature, the
   latest of several, else 0. */
bool note_signed_by(const struct note *note, const struct note_key *key, uint64_t *time_s);

/* Append `— name base64(id ‖ signature)\n` of an Ed25519 signature over `text`, whose last newline
   counts. A whole note is: text, an empty line, lines. `out` has failed where memory ran out. */
void note_sign(
    struct sl_span text, const struct note_key *key, const uint8_t seed[32], struct buf *out);

/* A checkpoint's text. False: not one. Extension lines may follow. */
struct checkpoint_text {
    struct sl_span origin;
    uint64_t size;
    uint8_t root[32];
};
bool checkpoint_parse(struct sl_span text, struct checkpoint_text *checkpoint);
void checkpoint_write(const struct checkpoint_text *checkpoint, struct buf *out);

/* ---- policies ---- */

/* Lines of `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, `group <name> <n>|any|all
   <member>…`, `quorum <name>|none`; `#` begins a comment line. Names are defined before they are
   used. */
struct policy;
/* SL_INVALID: what is wrong, with its line. */
enum sl_result policy_parse(struct sl_span text, struct policy **policy, struct sl_err *err);
/* Of one log, and a quorum of any `quorum` of these witnesses (0: none is needed). */
enum sl_result policy_make(const struct note_key *log, const struct note_key *witnesses,
    size_t count, size_t quorum, struct policy **policy, struct sl_err *err);
/* One more log, known from elsewhere: a policy's text need not name any, and one without a log lets
   nothing pass. A log that it has already does no harm. SL_INVALID: there is no room. */
enum sl_result policy_add_log(
    struct policy *policy, const struct note_key *log, struct sl_err *err);
void policy_destroy(struct policy *policy); /* NULL is fine */
/* SL_OK: signed by one of the policy's logs whose name is the checkpoint's origin, and by a quorum
   of its witnesses. SL_INVALID: not a checkpoint. SL_NOT_FOUND: which signature lacks. *count (may
   be NULL) is the number of witnesses whose cosignature holds. */
enum sl_result policy_check(
    const struct policy *policy, struct sl_span checkpoint, size_t *count, struct sl_err *err);

#endif
