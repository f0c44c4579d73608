/* A share as it grows: from where on is judged here, the rest is live.c's. */

#include "http/api.h"
#include "http/live.h"

/* From which sequence on the viewer wants to be told. False: answered. */
static bool want_from(struct http_call *call, uint64_t *from)
{
    if (live_from(call->request, from)) return true;
    http_error(call->reply, 400, "Last-Event-ID, from: expected a sequence");
    return false;
}

void handle_live(struct http_call *call)
{
    uint64_t from;
    if (want_from(call, &from))
        live_handle_sse(call->app->live, call->request, call->reply, api_id(call), from);
}

void handle_ws(struct http_call *call)
{
    uint64_t from;
    if (want_from(call, &from))
        live_handle_ws(call->app->live, call->request, call->reply, api_id(call), from);
}
