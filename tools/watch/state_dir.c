/* The lock is flock's on a file of its own: it ends with the process, however that ends, and what
   is beside it is replaced by renaming, which would take a lock on it away. */

#include "tools/watch/state_dir.h"

#include "core/base/crypto.h"
#include "tools/shared/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool state_dir_open(const char *command, const char *path, struct state_dir *dir)
{
    char *lock;
    *dir = (struct state_dir){path, -1};
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        fail("%s: %s: %s", command, path, strerror(errno));
        return false;
    }
    if (asprintf(&lock, "%s/lock", path) < 0) {
        fail("%s: out of memory", command);
        return false;
    }
    dir->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool ok = dir->lock >= 0 && flock(dir->lock, LOCK_EX | LOCK_NB) == 0;
    if (!ok && errno == EWOULDBLOCK)
        fail("%s: %s is in use by another process", command, path);
    else if (!ok)
        fail("%s: %s: %s", command, lock, strerror(errno));
    free(lock);
    if (!ok) state_dir_close(dir);
    return ok;
}

void state_dir_close(struct state_dir *dir)
{
    if (dir->lock >= 0) close(dir->lock);
    dir->lock = -1;
}

void state_dir_name(struct sl_span origin, char name[STATE_NAME_BYTES])
{
    uint8_t hash[32];
    crypto_sha256(origin.ptr, origin.len, hash);
    crypto_hex(hash, sizeof(hash), name);
}

char *state_dir_file(const struct state_dir *dir, const char *name, const char *ending)
{
    char *path;
    return asprintf(&path, "%s/%s.%s", dir->path, name, ending) < 0 ? NULL : path;
}
