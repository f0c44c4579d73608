#ifndef SHARELOG_HTTP_PAGES_ASSET_H
#define SHARELOG_HTTP_PAGES_ASSET_H

/* What a page loads beside itself: the style sheet, the scripts, the icon. http/assets/embed puts
   them into the binary at build, each as it is, as gzip and as zstd have it, under a name that
   carries its hash: an address never means another content, so a browser may keep it for ever.

   A page's head wants, in this order: theme.js as a script that blocks (light or dark before
   anything is painted), style.css, icon.svg as its icon, app.js as a deferred script. app.js asks
   for highlight.js by itself when there is code to be seen. */

#include "http/call/call.h"
#include "http/edge/encoding.h"

/* An asset's body in each encoding. */
struct asset {
    const char *name, *url; /* "style.css", "/assets/style-0123456789ab.css" */
    struct asset_body {
        const unsigned char *begin, *end;
    } bodies[3]; /* by enum encoding */
};

/* What embed made. */
extern const struct asset assets[];
extern const size_t assets_count;

/* The address of an asset, as an attribute takes it. `name` must be one that there is. */
const char *asset_url(const char *name);

/* Its content as it is, for a page that takes everything with it. */
struct sl_span asset_content(const char *name);

/* GET /assets/NAME-HASH.EXT: to be kept for ever; 404 for any other name. */
void page_asset(struct http_call *call);

#endif
