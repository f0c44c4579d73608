#include "tests/support/core_fixture.h"

#include "core/kv/kv.h"

const char *dir;
struct sl_store *store;
struct sl_err err;

int make_folder(void **state)
{
    (void)state;
    core_now_us = CORE_TIME_US;
    dir = core_temp_make();
    err = (struct sl_err){0};
    return 0;
}

int make_store(void **state)
{
    make_folder(state);
    open_store(NULL);
    return 0;
}

int drop_store(void **state)
{
    (void)state;
    kv_fault_after(-1);
    close_store();
    core_temp_remove(dir);
    return 0;
}

void renew_folder(void)
{
    close_store();
    core_temp_remove(dir);
    dir = core_temp_make();
}

void open_store(const struct sl_options *options)
{
    struct sl_options plain = core_options(dir);
    store = core_open(options ? options : &plain);
}

void close_store(void)
{
    sl_store_close(store);
    store = NULL;
}

void reopen(void)
{
    close_store();
    open_store(NULL);
}

void settle(void)
{
    core_expect(sl_store_settle(store, &err), SL_OK, &err);
}
