/* Input files are read through plain descriptors, in pieces, so that a pipe serves as well as a
   file. A read that fails is told with the file's name; nothing is left open. */

#include "tools/shared/infile.h"

#include "tools/shared/term.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES (64 * SL_KIB)

bool infile_open(const char *path, struct infile *file)
{
    struct stat status;
    bool standard = strcmp(path, "-") == 0;
    *file = (struct infile){.name = standard ? "standard input" : path};
    file->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0) {
        fail("%s: %s", path, strerror(errno));
        return false;
    }
    if (fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode))
        file->bytes = (uint64_t)status.st_size;
    return true;
}

void infile_close(struct infile *file)
{
    if (file->fd > STDIN_FILENO) close(file->fd);
}

static enum sl_result read_some(void *ctx, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    const struct infile *file = ctx;
    for (;;) {
        ssize_t n = read(file->fd, out, cap);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return sl_fail(err, SL_IO, "%s: %s", file->name, strerror(errno));
        *len = (size_t)n;
        return SL_OK;
    }
}

struct bundle_input infile_bundle(struct infile *file)
{
    return (struct bundle_input){read_some, file, file->bytes};
}

bool infile_all(const char *path, size_t max, struct buffer *out)
{
    struct infile file;
    struct sl_err err = {0};
    char piece[PIECE_BYTES];
    size_t len = 0;
    out->len = 0;
    if (!infile_open(path, &file)) return false;
    enum sl_result result = SL_OK;
    do {
        result = read_some(&file, piece, sizeof(piece), &len, &err);
        if (result == SL_OK && len > max - out->len)
            result = sl_fail(&err, SL_TOO_LARGE, "%s: longer than %zu bytes", file.name, max);
        if (result == SL_OK) buffer_add(out, piece, len);
    } while (result == SL_OK && len > 0);
    infile_close(&file);
    if (result != SL_OK) fail("%s", err.text);
    return result == SL_OK;
}
