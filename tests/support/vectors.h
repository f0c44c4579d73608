#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

/* Reading the files of tests/vectors (its README says how they look). What is not as it should be
 * fails the test (cmocka), with the vector's name. Spans and pointers last until the next vector.
 */

#include "core/base/buf.h"

/* File and name of the vector at hand. */
extern char vec_name[200];

/* Each vector of a list of a file; `check` gets the file's own value too. */
typedef void vec_check(struct sl_span all, struct sl_span vector);
void vec_each_of(const char *file, const char *list, vec_check *check);
void vec_each(const char *file, vec_check *check); /* of its list "vectors" */

struct sl_span vec_member(struct sl_span object, const char *name);
bool vec_has(struct sl_span object, const char *name);
size_t vec_count(struct sl_span list);

/* A string, decoded; and what it stands for. */
struct sl_span vec_string(struct sl_span value);
struct sl_span vec_hex(struct sl_span value);

/* The same of an object's member; a decimal number; true or false. */
struct sl_span vec_text(struct sl_span object, const char *name);
struct sl_span vec_bytes(struct sl_span object, const char *name);             /* hexadecimal */
const uint8_t *vec_fixed(struct sl_span object, const char *name, size_t len); /* … of just `len` */
struct sl_span vec_base64(struct sl_span object, const char *name);
uint64_t vec_number(struct sl_span object, const char *name);
bool vec_flag(struct sl_span object, const char *name);

/* Room for bytes that a vector stands for. */
struct buf *vec_room(size_t bytes);

/* Fail unless they are the same. */
void vec_same(struct sl_span got, struct sl_span expected, const char *what);
void vec_same_number(uint64_t got, struct sl_span vector, const char *name);

#endif
