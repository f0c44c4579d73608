/* The checkpoint's signature is what proves that a file is whole: the lines before it are few, and
   are read strictly. */

#include "tools/watch/kept.h"

#include "core/base/decimal.h"
#include "core/base/file.h"
#include "core/proof/line.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD "sharelog/kept@v1"
#define KEPT_BYTES (NOTE_BYTES + SL_KIB)

static bool parse(struct kept *kept)
{
    struct sl_span rest = buf_span(&kept->bytes), line, word, number;
    bool head = line_take(&rest, &line) && sl_span_eq(line, SL_SPAN(HEAD)) &&
                line_take(&rest, &line) && line_split(line, ' ', &word, &number) &&
                sl_span_eq(word, SL_SPAN("grew")) &&
                sl_decimal_exact(number, INT64_MAX, &kept->grew_s) && line_take(&rest, &line) &&
                line.len == 0;
    kept->note = rest;
    return head;
}

enum sl_result kept_read(const struct state_dir *dir, const char *name, const struct policy *policy,
    struct kept *kept, struct sl_err *err)
{
    char *path = state_dir_file(dir, name, "kept");
    *kept = (struct kept){0};
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = file_read(path, KEPT_BYTES, &kept->bytes, err);
    bool none = result == SL_NOT_FOUND;
    if (none) result = SL_OK;
    if (result == SL_OK && !none) {
        struct sl_err why = {0};
        if (!parse(kept))
            result = sl_fail(err, SL_INVALID, "%s is not what was kept there", path);
        else if (policy_check_log(policy, kept->note, &why) != SL_OK)
            result = sl_fail(err, SL_INVALID, "%s is not what was kept there: %s", path, why.text);
    }
    free(path);
    return result;
}

void kept_fini(struct kept *kept)
{
    buf_fini(&kept->bytes);
    *kept = (struct kept){0};
}

enum sl_result kept_write(const struct state_dir *dir, const char *name, struct sl_span note,
    uint64_t grew_s, struct sl_err *err)
{
    struct buf bytes = {0};
    char head[64];
    int len = snprintf(head, sizeof(head), HEAD "\ngrew %llu\n\n", (unsigned long long)grew_s);
    char *path = state_dir_file(dir, name, "kept");
    buf_add(&bytes, head, (size_t)len);
    buf_add_span(&bytes, note);
    enum sl_result result = path && !bytes.failed
                                ? file_write(dir->path, path, buf_span(&bytes), err)
                                : sl_fail(err, SL_NOMEM, "out of memory");
    buf_fini(&bytes);
    free(path);
    return result;
}
