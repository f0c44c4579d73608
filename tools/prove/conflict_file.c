/* The first proof is as good as any later one, so that a log that goes on contradicting itself
   doesn't fill a disk. */

#include "tools/prove/conflict_file.h"

#include "core/base/file.h"
#include "tools/shared/buffer.h"

#include <libgen.h>
#include <stdlib.h>

static bool is_proven(const char *path, const struct policy *policy)
{
    struct buf bytes = {0};
    struct conflict_verdict verdict;
    bool proven = file_read(path, CONFLICT_BYTES, &bytes, NULL) == SL_OK &&
                  conflict_verify(buf_span(&bytes), policy, &verdict, NULL) == SL_OK;
    buf_fini(&bytes);
    return proven;
}

enum sl_result conflict_keep(const char *path, const struct policy *policy, struct sl_span smaller,
    const struct conflict_roots *roots, struct sl_span larger, struct sl_err *err)
{
    struct buf bytes = {0};
    if (is_proven(path, policy)) return SL_OK;
    conflict_write(smaller, roots, larger, &bytes);
    char *copy = need_text(path);
    enum sl_result result = bytes.failed ? sl_fail(err, SL_NOMEM, "out of memory")
                                         : file_write(dirname(copy), path, buf_span(&bytes), err);
    free(copy);
    buf_fini(&bytes);
    return result;
}
