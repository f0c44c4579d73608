/* Small files, read whole and replaced whole. A new one is written beside the old one, made
   durable, and renamed into its place. Where that fails the old one is untouched, and what was
   written so far may lie beside it, as PATH.new, until the next write. */

#include "core/base/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_path(const char *dir, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

enum sl_result file_read(const char *path, size_t max, struct buf *out, struct sl_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return SL_NOT_FOUND;
    if (fd < 0) return sl_fail(err, SL_IO, "%s: %s", path, strerror(errno));
    buf_clear(out);
    enum sl_result result =
        buf_reserve(out, max + 1) ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
    while (result == SL_OK && out->len <= max) {
        ssize_t n = read(fd, out->ptr + out->len, max + 1 - out->len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) result = sl_fail(err, SL_IO, "%s: %s", path, strerror(errno));
        if (n <= 0) break;
        out->len += (size_t)n;
    }
    close(fd);
    assert(out->len <= max + 1);
    if (result == SL_OK && out->len > max) result = sl_fail(err, SL_INVALID, "%s: too long", path);
    return result;
}

/* A file's name is on disk once its folder is; with it the name of the database's folder beside it.
 */
static bool sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0) close(fd);
    errno = error;
    return ok;
}

static bool write_all(int fd, struct sl_span bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return true;
}

enum sl_result file_rename(const char *dir, const char *from, const char *to, struct sl_err *err)
{
    return rename(from, to) == 0 && sync_folder(dir)
               ? SL_OK
               : sl_fail(err, SL_IO, "%s: %s", to, strerror(errno));
}

enum sl_result file_write(
    const char *dir, const char *path, struct sl_span bytes, struct sl_err *err)
{
    char *beside;
    if (asprintf(&beside, "%s.new", path) < 0) return sl_fail(err, SL_NOMEM, "out of memory");
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, bytes) && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0) close(fd);
    enum sl_result result = ok ? file_rename(dir, beside, path, err)
                               : sl_fail(err, SL_IO, "%s: %s", path, strerror(error));
    free(beside);
    return result;
}

void file_remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) return;
    struct dirent *entry;
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.') unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(path);
}
