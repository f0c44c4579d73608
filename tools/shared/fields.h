#ifndef SHARELOG_TOOLS_FIELDS_H
#define SHARELOG_TOOLS_FIELDS_H

/* Fields of JSON that was checked to be valid. `path` names one from the outside in:
   "state.status". */

#include "core/base/json.h"
#include "tools/shared/buffer.h"

/* The field's value, an empty span if there is none. */
struct sl_span field(struct sl_span object, const char *path);
/* A string field, decoded, in place of what `out` held; false (and an empty `out`) if it is no
 * string. */
bool field_text(struct sl_span object, const char *path, struct buffer *out);
/* The same into a fixed array, cut short where it does not fit. */
bool field_short(struct sl_span object, const char *path, char *out, size_t cap);
/* A number field, or 0. */
uint64_t field_u64(struct sl_span object, const char *path);
bool field_is(struct sl_span object, const char *path, const char *text);
bool field_true(struct sl_span object, const char *path);
/* An array's elements counted; 0 if it is none. */
size_t field_count(struct sl_span object, const char *path);
/* An array to be walked with json_next: empty if the field is none. */
struct sl_span field_array(struct sl_span object, const char *path);
/* A string value, decoded, behind what `out` holds. */
bool value_text(struct sl_span value, struct buffer *out);

#endif
