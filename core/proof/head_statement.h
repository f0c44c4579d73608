#ifndef SHARELOG_HEAD_STATEMENT_H
#define SHARELOG_HEAD_STATEMENT_H

/* Head statements: what a log says of the end of one share, signed. A bundle proves that none of
   its events is missing before the last; that the last is the last takes the log's own word, at a
   size and a time. It is a signed note, and its text is these lines, each ended:

     sharelog/head@v1
     origin ORIGIN            the log's, as in its checkpoints
     share ID
     ref BASE64               share_ref, 32 bytes
     first POSITION           of the share's first event
     last POSITION            of its last one
     sequence N               of its last one: so many events it has
     leaf BASE64              the leaf hash of its last one, 32 bytes
     size SIZE                of the log: at positions below it there is no other event of the share
     time UNIX_MS             when the log had that size, by the server's clock

   Numbers are decimal, without leading zeros; the text has one form. The key that signs it is made
   of the log's: its name is ORIGIN/head, so that no statement passes for a checkpoint and no
   checkpoint for a statement.

   Who signed two statements that can't both be true can be shown to have: evidence.h judges that.
 */

#include "core/base/limits.h"
#include "core/proof/note.h"

#define HEAD_STATEMENT_FORM "sharelog/head@v1"
#define HEAD_STATEMENT_BYTES (8 * SL_KIB) /* a note of it, with all its signatures */
#define HEAD_KEY_SUFFIX "/head"
/* What makes the key's seed, by HMAC-SHA-256 under the log's own. */
#define HEAD_KEY_USE "sharelog head statement v1"

struct head_statement {
    char origin[NOTE_ORIGIN_BYTES + 1];
    char share_id[SL_SHARE_ID_BYTES + 1];
    uint8_t ref[32], leaf[32];
    uint64_t first, last, sequence, size, time_ms;
};

/* Append the text. `out` has failed where memory ran out. */
void head_statement_write(const struct head_statement *statement, struct buf *out);

/* False: not one. What holds of every statement holds of it: at least one event; as many positions
   from the first to the last as there are events, or more; a size beyond the last, and at most
   2^62. */
bool head_statement_parse(struct sl_span text, struct head_statement *statement);

/* The name of the key that signs the statements of an origin (which is a valid one). */
void head_key_name(struct sl_span origin, char name[NOTE_NAME_BYTES + 1]);

/* Read a note, at most HEAD_STATEMENT_BYTES, of a statement that the key signed. SL_CORRUPT: what
   is wrong with it: no note, no statement, of an origin whose key this is not, not signed by it. */
enum sl_result head_statement_verify(struct sl_span note, const struct note_key *key,
    struct head_statement *statement, struct sl_err *err);

/* Is its time one that can be, and not too long ago? SL_CORRUPT: it is dated in the future (by more
   than POLICY_AHEAD_S), or was made more than `max_age_s` before now (0: any age will do). A
   statement that is dated as it shouldn't be is evidence all the same. */
enum sl_result head_statement_check_time(
    const struct head_statement *statement, uint64_t now_s, uint64_t max_age_s, struct sl_err *err);

#endif
