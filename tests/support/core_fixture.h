#ifndef TESTS_SUPPORT_CORE_FIXTURE_H
#define TESTS_SUPPORT_CORE_FIXTURE_H

/* The store that a test works on, in a folder of its own: made before the test, dropped after it,
 * opened anew in between. Tests name it on every line, hence the short names. */

#include "tests/support/core_store.h"

#pragma GCC visibility push(hidden) /* libc has an `err` too */
extern const char *dir;
extern struct sl_store *store; /* NULL while it is closed */
extern struct sl_err err;
#pragma GCC visibility pop

/* cmocka's set-ups: a new folder, the clock at its beginning; and a store in it. */
int make_folder(void **state);
int make_store(void **state);
/* And its teardown, whatever the test left: no faults any more, no store, no folder. */
int drop_store(void **state);
/* Another folder in the place of this one, in the middle of a test. */
void renew_folder(void);

void open_store(const struct sl_options *options); /* NULL: core_options */
void close_store(void);                            /* none open is fine */
void reopen(void);                                 /* with core_options */
void settle(void);                                 /* snapshots made, erasures done */

#endif
