/* Snapshots made by the compactor's thread beside a writer: none that is due is forgotten. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_store.h"

#include <stdio.h>

#define BATCH_BYTES 262000 /* each makes one due, or every second */
#define SHARES 60

/* The last snapshot of a share taken off the list of what is due, and its next event, in one commit
   group: only a writer without a pause meets that, and only now and then. */
static void none_is_forgotten(void **state)
{
    static char item[BATCH_BYTES + 128];
    uint64_t random = core_seed("snapshot_due");
    (void)state;
    const char *dir = core_temp_make();
    struct sl_options options = core_options(dir);
    options.no_compactor = false;
    options.durability = SL_DURABLE_FSYNC; /* so that commits take long enough to gather a group */
    struct sl_store *store = core_open(&options);
    for (unsigned i = 0; i < SHARES * core_rounds(); i++) {
        char session[32];
        snprintf(session, sizeof(session), "ses_%08u", i);
        struct sl_credentials share = core_create(store, session);
        for (unsigned n = 0; n < 4; n++) {
            int at = sprintf(item,
                "[{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m\",\"text\":\"", n);
            while (at < BATCH_BYTES)
                at += sprintf(item + at, "%016llx", (unsigned long long)core_random(&random));
            strcpy(item + at, "\"}}]");
            core_sync(store, &share, item);
        }
    }
    struct sl_err err = {0};
    core_expect(sl_store_settle(store, &err), SL_OK, &err);
    core_verify(store);
    sl_store_close(store);
    core_temp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(none_is_forgotten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
