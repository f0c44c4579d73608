/* A share as it grows: from where on, and how much of it, is judged here, the rest is live.c's. */

#include "http/api.h"
#include "http/live.h"
#include "http/param.h"

/* From which sequence on the viewer wants to be told. False: answered. */
static bool want_from(struct http_call *call, uint64_t *from)
{
    if (live_from(call->request, from)) return true;
    http_error(call->reply, 400, "Last-Event-ID, from: expected a sequence");
    return false;
}

/* Does the viewer only want to know that there is something new? False: answered. */
static bool want_quiet(struct http_call *call, bool *quiet)
{
    char text[4];
    enum param given = param_text(call->request, "quiet", text, sizeof text);
    *quiet = given == PARAM_GIVEN && strcmp(text, "1") == 0;
    if (*quiet || given == PARAM_ABSENT) return true;
    if (given == PARAM_GIVEN && strcmp(text, "0") == 0) return true;
    http_error(call->reply, 400, "quiet: expected 0 or 1");
    return false;
}

void handle_live(struct http_call *call)
{
    uint64_t from;
    bool quiet;
    if (want_from(call, &from) && want_quiet(call, &quiet))
        live_handle_sse(call->app->live, call->request, call->reply, api_id(call), from, quiet);
}

void handle_ws(struct http_call *call)
{
    uint64_t from;
    if (want_from(call, &from))
        live_handle_ws(call->app->live, call->request, call->reply, api_id(call), from);
}
