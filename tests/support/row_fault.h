#ifndef TESTS_SUPPORT_ROW_FAULT_H
#define TESTS_SUPPORT_ROW_FAULT_H

/* One row of the fixture's store altered, and the fault that sl_store_verify names for it:

       fault_missing(KV_BODY, row_body(id, 2, 0), "share %s: event 2: body row 0 is missing", id);

   The store is whole before and afterwards: each function puts the row back as it was. The expected
   text is a beginning of the fault's, and `format` makes it. */

#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

/* The store as it is now: SL_CORRUPT with a text that begins so. */
void fault_named(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The row has this value instead; is not there; is there besides (it must not be yet). */
void fault_value(enum kv_family family, struct row_key key, struct sl_span value,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
void fault_missing(enum kv_family family, struct row_key key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void fault_extra(enum kv_family family, struct row_key key, struct sl_span value,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* One bit of the row's byte `at` is turned; negative: counted from the end. */
void fault_byte(enum kv_family family, struct row_key key, long at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same of a body's raw row: it has these bytes instead, or one bit of them is turned. It is put
   as a new body's is. */
void fault_body(struct sl_span share_id, uint64_t sequence, uint32_t chunk, struct sl_span raw,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
void fault_body_byte(struct sl_span share_id, uint64_t sequence, uint32_t chunk, long at,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
