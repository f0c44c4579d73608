/* The answer is written as it comes, and read from its beginning then: a bundle's verifier reads
   where it wants to, and the network gives when it can. */

#include "tools/prove/bundle_fetch.h"

static enum sl_result read_file(void *ctx, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    *len = fread(out, 1, cap, ctx);
    return ferror((FILE *)ctx) ? sl_fail(err, SL_IO, "a temporary file can't be read") : SL_OK;
}

static bool write_file(void *ctx, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, ctx) == len;
}

static enum sl_result fetch(
    struct client *client, const char *share_id, FILE *file, struct sl_err *err)
{
    struct buffer target = {0};
    int status = 0;
    buffer_print(&target, "/api/share/%s/bundle", share_id);
    enum sl_result result = client_request(client, "GET", buffer_c(&target), (struct sl_span){0},
        (struct sl_sink){write_file, file}, &status, err);
    buffer_free(&target);
    if (result == SL_STOPPED) return sl_fail(err, SL_IO, "a temporary file can't be written");
    if (result != SL_OK || status == 200) return result;
    return sl_fail(
        err, status == 404 ? SL_NOT_FOUND : SL_IO, "the share's bundle: the answer was %d", status);
}

enum sl_result bundle_fetch(struct client *client, const char *share_id,
    const struct bundle_asks *asks, const struct sl_progress *progress,
    struct bundle_verdict *verdict, FILE **copy, struct sl_err *err)
{
    FILE *file = tmpfile();
    if (copy) *copy = NULL;
    if (!file) return sl_fail(err, SL_IO, "no temporary file can be made");
    enum sl_result result = fetch(client, share_id, file, err);
    if (result == SL_OK) {
        uint64_t bytes = (uint64_t)ftell(file);
        rewind(file);
        result = bundle_verify(
            (struct bundle_input){read_file, file, bytes}, asks, progress, verdict, err);
        if (copy) *copy = file;
    }
    if (!copy || !*copy) fclose(file);
    return result;
}
