#ifndef SHARELOG_HTTP_PAGES_VALUE_H
#define SHARELOG_HTTP_PAGES_VALUE_H

/* Looking into an item's JSON, which is valid but may hold anything. "Not there" is an empty span,
   and every function takes one. */

#include "core/base/json.h"

/* A member by its path: names joined with dots; in an array a number is an index. */
struct sl_span value_at(struct sl_span value, const char *path);

/* Several members of an object in one pass over it: values[i] is that of names[i]. An item can be
   megabytes long, so that each pass counts. */
void value_pick(
    struct sl_span object, size_t count, const char *const names[], struct sl_span values[]);

bool value_is(struct sl_span value, const char *text); /* the string `text`? */
bool value_is_true(struct sl_span value);
bool value_is_kind(struct sl_span value, enum json_kind kind);
bool value_is_string(struct sl_span value);
bool value_is_text(struct sl_span value); /* a string that is not empty */
bool value_is_some(struct sl_span value); /* there, and not null, "", [] or {} */

bool value_number(struct sl_span value, double *number);
/* A time or a count: 0 when it is no number, or a negative one. */
uint64_t value_u64(struct sl_span value);

/* How many elements an array has; 0 for anything else. */
size_t value_count(struct sl_span array);

/* The first of `count` values that is some; else an empty span. */
struct sl_span value_first(const struct sl_span values[], size_t count);

#endif
