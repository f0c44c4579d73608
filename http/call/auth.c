/* Who is asking: keys from headers, path and cookie.

   A key that is not this server's counts for nothing, and is no error. All comparisons of keys take
   the same time for all of them (crypto_equal). */

#include "http/call/auth.h"

#include "core/base/crypto.h"

#include <strings.h>

static struct sl_span trim(struct sl_span text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

struct sl_span auth_bearer(struct sl_span header)
{
    const struct sl_span none = {"", 0};
    header = trim(header);
    if (header.len < 7 || strncasecmp(header.ptr, "Bearer", 6) != 0 || header.ptr[6] != ' ')
        return none;
    struct sl_span token = trim((struct sl_span){header.ptr + 7, header.len - 7});
    if (memchr(token.ptr, ' ', token.len)) return none;
    return token;
}

enum sl_role auth_key_role(const struct http_app *app, struct sl_span key)
{
    if (key.len == 0) return SL_ROLE_NONE;
    const char *control = app->config.control_key;
    if (control && control[0] && crypto_equal(key, sl_span_of(control))) return SL_ROLE_OWNER;
    return sl_store_role(app->store, key);
}

static enum sl_role larger(enum sl_role a, enum sl_role b)
{
    return a > b ? a : b;
}

enum sl_role auth_role(const struct http_app *app, const struct http_request *request)
{
    enum sl_role role = request->local_role;
    role = larger(role, auth_key_role(app, auth_bearer(request->header(request, "Authorization"))));
    role = larger(role, auth_key_role(app, trim(request->header(request, "x-opencode-share-key"))));
    /* A path ends up in proxies' logs and in opencode.json: the owner key doesn't belong there, and
     * doesn't count. */
    if (auth_key_role(app, request->path_key) == SL_ROLE_CLIENT)
        role = larger(role, SL_ROLE_CLIENT);
    return role;
}

struct sl_span auth_cookie(struct sl_span header, const char *name)
{
    size_t name_len = strlen(name);
    while (header.len) {
        const char *semicolon = memchr(header.ptr, ';', header.len);
        size_t len = semicolon ? (size_t)(semicolon - header.ptr) : header.len;
        struct sl_span pair = trim((struct sl_span){header.ptr, len});
        if (pair.len > name_len && memcmp(pair.ptr, name, name_len) == 0 &&
            pair.ptr[name_len] == '=')
            return (struct sl_span){pair.ptr + name_len + 1, pair.len - name_len - 1};
        if (!semicolon) break;
        header = (struct sl_span){semicolon + 1, header.len - len - 1};
    }
    return (struct sl_span){"", 0};
}

void auth_cookie_value(const char *owner_key, char out[65])
{
    static const struct sl_span purpose = {"sharelog pages", sizeof("sharelog pages")};
    const struct sl_span pieces[] = {purpose, sl_span_of(owner_key)};
    uint8_t hash[32];
    crypto_sha256_of(pieces, 2, hash);
    crypto_hex(hash, sizeof(hash), out);
}

bool auth_page_owner(const struct http_app *app, const struct http_request *request)
{
    struct sl_span cookie = auth_cookie(request->header(request, "Cookie"), AUTH_COOKIE);
    if (cookie.len && crypto_equal(cookie, sl_span_of(app->cookie))) return true;
    return auth_role(app, request) == SL_ROLE_OWNER;
}
