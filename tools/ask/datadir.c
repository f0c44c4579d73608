/* DIR/server is written beside itself and renamed, so a reader sees all of it or none. A server
   that is killed leaves it behind: who finds it must expect that nobody answers. */

#include "tools/ask/datadir.h"

#include "core/base/crypto.h"
#include "tools/shared/buffer.h"
#include "tools/shared/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *datadir_of(const struct common *common)
{
    static char path[4096];
    if (common->data) return common->data;
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int len = 0;
    /* The XDG specification: a relative path there is to be ignored. */
    if (data && *data == '/')
        len = snprintf(path, sizeof(path), "%s/sharelog", data);
    else if (home && *home == '/')
        len = snprintf(path, sizeof(path), "%s/.local/share/sharelog", home);
    if (len <= 0 || (size_t)len >= sizeof(path)) {
        fail("there is no home directory to keep data in; name a directory: --data DIR");
        return NULL;
    }
    return path;
}

static struct sl_span environment(const char *name)
{
    const char *text = getenv(name);
    return text ? sl_span_of(text) : (struct sl_span){0};
}

static bool owner_key_fits(struct sl_span key)
{
    if (key.len > SL_KEY_TEXT_BYTES) {
        fail("SHARELOG_OWNER_KEY is longer than %d characters", SL_KEY_TEXT_BYTES);
        return false;
    }
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] > '~') {
            fail("SHARELOG_OWNER_KEY must be visible ASCII without spaces: it travels in a header");
            return false;
        }
    return true;
}

bool datadir_options(const char *dir, enum sl_access access, struct sl_options *options)
{
    uint8_t uuid[16];
    const char *name = "SHARELOG_NAMESPACE";
    struct sl_span owner = environment("SHARELOG_OWNER_KEY"), spaces = environment(name);
    if (!spaces.len) spaces = environment(name = "SESSIONS_SHARED_SECRET");
    if (!owner_key_fits(owner)) return false;
    if (spaces.len && !crypto_uuid_parse(spaces, uuid)) {
        fail("%s must be a UUID (8-4-4-4-12 hexadecimal digits)", name);
        return false;
    }
    *options = (struct sl_options){
        .dir = dir, .access = access, .owner_key = owner, .namespace_id = spaces};
    /* a command reads once, and verifying stays within 64 MB */
    if (access == SL_READ_BESIDE) options->cache_bytes = 16 * SL_MIB;
    return true;
}

bool datadir_has_store(const char *dir)
{
    struct buffer path = {0};
    struct stat status;
    buffer_print(&path, "%s/db", dir);
    bool has = stat(buffer_c(&path), &status) == 0 && S_ISDIR(status.st_mode);
    buffer_free(&path);
    return has;
}

static void server_path(const char *dir, const char *suffix, struct buffer *path)
{
    buffer_print(path, "%s/server%s", dir, suffix);
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        bytes += wrote;
        len -= (size_t)wrote;
    }
    return true;
}

enum sl_result datadir_announce(
    const char *dir, const struct datadir_server *server, struct sl_err *err)
{
    struct buffer path = {0}, fresh = {0}, text = {0};
    enum sl_result result = SL_OK;
    server_path(dir, "", &path);
    server_path(dir, ".new", &fresh);
    buffer_print(&text, "%s\n%s\n", server->url, server->key);
    unlink(buffer_c(&fresh)); /* O_EXCL then makes a file that is surely ours, with this mode */
    int fd = open(buffer_c(&fresh), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write_all(fd, text.ptr, text.len);
    if (fd >= 0 && close(fd) != 0) ok = false;
    if (!ok || rename(buffer_c(&fresh), buffer_c(&path)) != 0)
        result = sl_fail(err, SL_IO, "%s: %s", buffer_c(&path), strerror(errno));
    buffer_free(&path);
    buffer_free(&fresh);
    buffer_free(&text);
    return result;
}

void datadir_withdraw(const char *dir)
{
    struct buffer path = {0};
    server_path(dir, "", &path);
    unlink(buffer_c(&path));
    buffer_free(&path);
}

bool datadir_find_server(const char *dir, struct datadir_server *server)
{
    struct buffer path = {0};
    char text[sizeof(struct datadir_server) + 2];
    server_path(dir, "", &path);
    int fd = open(buffer_c(&path), O_RDONLY | O_CLOEXEC);
    buffer_free(&path);
    if (fd < 0) return false;
    ssize_t len = read(fd, text, sizeof(text) - 1); /* written in one step: it is whole */
    close(fd);
    if (len <= 0) return false;
    text[len] = 0;
    char *rest = text, *url = strsep(&rest, "\n"), *key = strsep(&rest, "\n");
    if (!key || !*key || strlen(url) >= sizeof(server->url) || strlen(key) >= sizeof(server->key))
        return false;
    memcpy(server->url, url, strlen(url) + 1);
    memcpy(server->key, key, strlen(key) + 1);
    return true;
}
