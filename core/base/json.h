#ifndef SHARELOG_JSON_H
#define SHARELOG_JSON_H

/* JSON text by its bytes: a strict scanner (RFC 8259) that yields spans of the text it was given.
   It builds no tree, allocates nothing and keeps no state beyond a cursor on the caller's stack.

   Strict means: UTF-8 well-formed (RFC 3629: no overlong forms, no encoded surrogates, nothing
   above U+10FFFF), only the grammar's escapes, numbers and white space, no byte order mark, depth
   bounded, nothing behind the value. What the grammar allows is accepted whatever it means:
   duplicate names, `"\ud800"`, `"\u0000"`, `1e999`. */

#include "core/base/err.h"
#include "core/base/span.h"

/* A depth_max above this means this: a thread's stack holds one byte for each level. */
#define JSON_DEPTH_CEILING 1024

/* A cursor over a text. `at` is the next byte to be read; after an error, which stays, it is the
   byte that is wrong (of a sequence that isn't UTF-8 the first), and `what` says what is wrong with
   it (a constant string such as "invalid UTF-8"). */
struct json {
    const char *start, *at, *end;
    const char *what;
    unsigned depth_max; /* arrays and objects inside each other, the outermost counted */
    unsigned depth;     /* of the ones entered and not yet left by the caller */
};

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

/* Put the cursor before the first byte of `text`, which must outlive its use. */
void json_init(struct json *json, struct sl_span text, unsigned depth_max);

/* Validate the value at the cursor, however deep, and step over it. White space before it is passed
   over; *value is exactly the value's bytes. `value` may be NULL. False: not a value; see `what`
   and `at`. */
bool json_value(struct json *json, struct sl_span *value);

/* The kind of value that begins at the cursor, judged by its first byte (white space before it is
   passed over; the value itself is not yet validated). False: no value can begin here. */
bool json_peek(struct json *json, enum json_kind *kind);

/* Walk an array or an object at the cursor, its elements' values being stepped over by the caller
   (json_value, or another walk) between two calls:

       if (!json_enter(&j, JSON_OBJECT)) return …;
       while (json_member(&j, &name)) { … json_value(&j, &v) … }     // false at the end and on
   error if (j.what) return …;

   json_element is the same for an array. `name` is the raw text between the quotes, escapes as they
   stand. */
bool json_enter(struct json *json, enum json_kind kind);
bool json_member(struct json *json, struct sl_span *name);
bool json_element(struct json *json);

/* Only white space is left. False, with `what` set: something follows the value. */
bool json_end(struct json *json);

/* The whole of `text` is one valid value. On failure err says what and at which byte (SL_INVALID).
 */
enum sl_result json_check(struct sl_span text, unsigned depth_max, struct sl_err *err);

/* ---- values that are known to be valid: no more checks, no failure but "not there" ---- */

enum json_kind json_kind_of(struct sl_span value);

/* Do a raw name or string (between the quotes) and `text` (plain ASCII, as is) mean the same
 * string? */
bool json_raw_eq(struct sl_span raw, const char *text);

/* The value of the last member called `name` (as JSON.parse has it) of an object. False: `value` is
   no object or has no such member, *member is then untouched. */
bool json_get(struct sl_span value, const char *name, struct sl_span *member);

/* The raw text between the quotes of a string value; false if the value is not a string. */
bool json_string_raw(struct sl_span value, struct sl_span *raw);

/* Decode a raw string into `out`, which has room for raw.len bytes (never grows): UTF-8, a lone
   surrogate in its three-byte form (WTF-8), U+0000 as a NUL. Returns the length. Without a
   backslash it is a plain copy. */
size_t json_decode(struct sl_span raw, char *out);

/* Walk the elements of a valid array value: start with *rest = value, then call until false. */
bool json_next(struct sl_span *rest, struct sl_span *element);

/* Walk the members of a valid object value in the same way. */
bool json_next_member(struct sl_span *rest, struct sl_span *name_raw, struct sl_span *member);

/* The tokens of a valid value, one after the other: a bracket, a comma, a colon, a whole string (a
   name too), number or literal. Start with *rest = value, then call until false; *rest then begins
   with the token that is next. Nothing is nested here: depth costs nothing. */
bool json_token(struct sl_span *rest, struct sl_span *token);

/* A number value as u64, if it is a plain non-negative integer that fits; false otherwise. */
bool json_u64(struct sl_span value, uint64_t *number);

/* ---- writing ---- */

/* How many bytes `text` (UTF-8 or WTF-8) takes as a JSON string with its quotes, and write it
   there. Escapes quotes, backslashes, control characters, lone surrogates; a byte that is not UTF-8
   becomes U+FFFD. */
size_t json_quoted_bytes(struct sl_span text);
size_t json_quote(struct sl_span text, char *out);

#endif
