/* The file `verified`: [when, how many events, the fault or ""] in msgpack. A file that can't be
   written or read is as if there were none: nothing depends on it. */

#include "core/audit/verified.h"

#include "core/base/file.h"
#include "core/base/pack.h"
#include "core/log/store.h"

#include <assert.h>
#include <stdio.h>

#define VERIFIED_BYTES 1024

void verified_keep(
    struct sl_store *store, const struct sl_verified *verified, const struct sl_err *fault)
{
    assert(verified || fault);
    char *path = file_path(store->dir, "verified");
    struct buf bytes = {0};
    pack_array(&bytes, 3);
    pack_u64(&bytes, store_now_us(store) / 1000);
    pack_u64(&bytes, fault ? 0 : verified->events);
    pack_str(&bytes, sl_span_of(fault ? fault->text : ""));
    if (path && !bytes.failed) file_write(store->dir, path, buf_span(&bytes), NULL);
    buf_fini(&bytes);
    free(path);
}

void verified_read(struct sl_store *store, struct sl_log_facts *facts)
{
    char *path = file_path(store->dir, "verified");
    struct buf bytes = {0};
    struct unpack in;
    if (path && file_read(path, VERIFIED_BYTES, &bytes, NULL) == SL_OK) {
        unpack_begin(&in, buf_span(&bytes));
        bool ok = unpack_array(&in) == 3;
        uint64_t ms = unpack_u64(&in), size = unpack_u64(&in);
        struct sl_span fault = unpack_str(&in);
        if (unpack_end(&in) && ok) {
            if (fault.len >= sizeof(facts->verified_fault))
                fault.len = sizeof(facts->verified_fault) - 1;
            if (fault.len) memcpy(facts->verified_fault, fault.ptr, fault.len);
            facts->verified_fault[fault.len] = 0;
            facts->verified_ms = ms;
            facts->verified_size = size;
            facts->verified_ok = fault.len == 0;
        }
    }
    buf_fini(&bytes);
    free(path);
}
