/* What a page loads beside itself, out of the binary. A name that isn't one of ours is a 404; one
   that a page of ours asks for must be there. */

#include "http/pages/asset.h"

#include <assert.h>
#include <string.h>

/* They are few: looking through all of them costs nothing beside a page. */
static const struct asset *find(const char *name)
{
    for (size_t i = 0; i < assets_count; i++)
        if (strcmp(assets[i].name, name) == 0) return &assets[i];
    return NULL;
}

const char *asset_url(const char *name)
{
    const struct asset *asset = find(name);
    assert(asset);
    return asset->url;
}

static struct sl_span content(const struct asset *asset, enum encoding encoding)
{
    const struct asset_body *body = &asset->bodies[encoding];
    return (struct sl_span){(const char *)body->begin, (size_t)(body->end - body->begin)};
}

struct sl_span asset_content(const char *name)
{
    const struct asset *asset = find(name);
    assert(asset);
    return content(asset, ENCODING_IDENTITY);
}

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".woff2", "font/woff2"},
    };
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (strcmp(ending, types[i][0]) == 0) return types[i][1];
    return "application/octet-stream";
}

void page_asset(struct http_call *call)
{
    struct http_reply *reply = call->reply;
    for (size_t i = 0; i < assets_count; i++) {
        if (!sl_span_eq(call->request->path, sl_span_of(assets[i].url))) continue;
        enum encoding encoding =
            encoding_choose(call->request->header(call->request, "Accept-Encoding"));
        struct sl_span body = content(&assets[i], encoding);
        reply->cache_control = "public, max-age=31536000, immutable";
        http_header(reply, "Vary", "Accept-Encoding");
        if (encoding != ENCODING_IDENTITY)
            http_header(reply, "Content-Encoding", encoding_name(encoding));
        /* An SVG is a document of its own when it is opened as one. */
        http_header(
            reply, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        if (http_begin(reply, 200, type_of(assets[i].name))) http_write(reply, body.ptr, body.len);
        return;
    }
    http_error(reply, 404, "Not found");
}
