#ifndef SHARELOG_NOTE_H
#define SHARELOG_NOTE_H

/* Signed notes, checkpoints and cosignatures as C2SP has them (signed-note v1.0.0, tlog-checkpoint
   v1.0.0, tlog-cosignature v1.0.1), and the policies that say whose signatures are enough
   (tlog-policy). Text in, text out: nothing here knows a store. */

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/limits.h"

/* No note that is read is larger: signed-note wants sixteen signatures taken at least, and those of
   post-quantum keys have thousands of bytes. */
#define NOTE_BYTES (128 * SL_KIB)
#define NOTE_SIGNATURES 64    /* lines of one note */
#define NOTE_ORIGIN_BYTES 200 /* a log's name */
#define NOTE_NAME_BYTES 205   /* a key's: an origin, and what names another key of that log */
#define NOTE_VKEY_BYTES 384   /* a verifier key as text, its end included */

/* A name of a key: not empty, no white space of any kind, no `+`, no control characters. */
bool note_name_valid(struct sl_span name);
/* Such a name, of at most NOTE_ORIGIN_BYTES: other keys of the log are called after it. */
bool note_origin_valid(struct sl_span origin);

/* Types of keys. NOTE_UNKNOWN is any other: such a key can be named, and nothing that it signed can
   be checked here. */
enum note_kind { NOTE_UNKNOWN = 0, NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4 };

struct note_key {
    enum note_kind kind;
    char name[NOTE_NAME_BYTES + 1];
    uint8_t id[4];
    uint8_t public_key[32]; /* of NOTE_UNKNOWN: its SHA-256 */
};

/* Make a key of its parts, its id computed; not of NOTE_UNKNOWN. */
void note_key_make(
    struct note_key *key, enum note_kind kind, struct sl_span name, const uint8_t public_key[32]);
/* `<name>+<8 hex digits>+<base64(kind ‖ public key)>`. False: not one, a kind that is not known
   here, an id that isn't its own, or a point by which anybody could sign. */
bool note_key_parse(struct sl_span text, struct note_key *key);
/* The same, and a key of another type is NOTE_UNKNOWN. How such a type makes its id isn't known, so
   eight hexadecimal digits are one. */
bool note_key_parse_any(struct sl_span text, struct note_key *key);
/* Of a kind that is known. */
void note_key_text(const struct note_key *key, char text[NOTE_VKEY_BYTES]);

/* A note's parts, pointing into its bytes. `text` ends with its newline; `signatures` are the lines
   behind the last empty one. False: not a note (longer than NOTE_BYTES, no empty line, no signature
   line or more than NOTE_SIGNATURES, a malformed one, control characters or broken UTF-8 anywhere).
 */
struct note {
    struct sl_span text, signatures;
};
bool note_parse(struct sl_span bytes, struct note *note);

/* What a note says of a key. Lines of other names or ids are passed over. */
enum note_signed {
    NOTE_UNSIGNED, /* no line of it; always so of NOTE_UNKNOWN */
    NOTE_HOLDS,
    NOTE_SPOILED /* a line bears its name and id and doesn't hold, whatever the others do */
};
/* *time_s (may be NULL) is set where it holds: when, for a cosignature, the latest of several, else
   0. */
enum note_signed note_look(const struct note *note, const struct note_key *key, uint64_t *time_s);
/* NOTE_HOLDS, or not. */
bool note_signed_by(const struct note *note, const struct note_key *key, uint64_t *time_s);

/* Append `— name base64(id ‖ signature)\n` of an Ed25519 signature over `text`, whose last newline
   counts. A whole note is: text, an empty line, lines. `out` has failed where memory ran out. */
void note_sign(
    struct sl_span text, const struct note_key *key, const uint8_t seed[32], struct buf *out);

/* Append the line of a cosignature/v1 at a time, in seconds since 1970, as note_sign does:
   `— name base64(id ‖ time ‖ signature)\n`. */
void note_cosign(struct sl_span text, const struct note_key *key, const uint8_t seed[32],
    uint64_t time_s, struct buf *out);

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
   <member>…`, `quorum <name>|none`, each ended; `#` begins a comment line. Names are defined before
   they are used. A log or witness whose key is of an unknown type is taken, and never counts. */
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

/* Logs that can be checked; witnesses, and how many of those can't be. */
size_t policy_logs(const struct policy *policy);
size_t policy_witnesses(const struct policy *policy);
size_t policy_uncheckable(const struct policy *policy);

/* How far a witness's clock may be ahead of the verifier's. */
#define POLICY_AHEAD_S 600
/* When it is: a cosignature that is dated later (by more than POLICY_AHEAD_S) doesn't count, nor
   one that is older than `max_age_s` (0: any age will do). Before this is called no clock is known,
   and any time but 0 counts. */
void policy_set_clock(struct policy *policy, uint64_t now_s, uint64_t max_age_s);

/* The cosignatures that count, and the first and last of their times (0: none). */
struct cosigned {
    size_t count;
    uint64_t oldest_s, newest_s;
};
/* SL_OK: signed by one of the policy's logs whose name is the checkpoint's origin, by a quorum of
   its witnesses at times that count, and no line of a log or witness of it is spoiled.
   SL_INVALID: not a checkpoint. SL_NOT_FOUND: which signature lacks or is spoiled. *cosigned may be
   NULL. */
enum sl_result policy_check(const struct policy *policy, struct sl_span checkpoint,
    struct cosigned *cosigned, struct sl_err *err);
/* The same without the quorum: by one of its logs, and nothing spoiled. */
enum sl_result policy_check_log(
    const struct policy *policy, struct sl_span checkpoint, struct sl_err *err);

#endif
