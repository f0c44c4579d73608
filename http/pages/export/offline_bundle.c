/* The share's bundle inside its page as one file.

   The bundle is compressed and written as base64 while the store makes it, so that only a piece of
   it is ever in memory. Where it may not be in the file, the file says so and where it is. */

#include "http/pages/export/offline_bundle.h"

#include "core/base/crypto.h"
#include "http/api/api.h"
#include "http/edge/encoding.h"
#include "http/pages/figure.h"
#include "http/pages/history/mark.h"
#include "http/pages/text/html.h"

#define MARKUP html_markup_without_escaping

/* ---- whether ---- */

struct sum {
    uint64_t events, bytes, position;
};

static bool add_event(void *ctx, const struct sl_event_info *info)
{
    struct sum *sum = ctx;
    sum->events++;
    sum->bytes += info->bytes;
    sum->position = info->position;
    return sum->bytes <= OFFLINE_BUNDLE_BYTES;
}

static enum sl_result sum_up(struct http_call *call, struct sum *sum, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    uint64_t next = 1;
    while (result == SL_OK && next && sum->bytes <= OFFLINE_BUNDLE_BYTES)
        result = sl_share_events(call->app->store, api_id(call), next, SL_HISTORY_PAGE, false,
            add_event, sum, &next, err);
    return result;
}

enum sl_result offline_bundle_plan(
    struct http_call *call, uint64_t last, struct offline_bundle *bundle, struct sl_err *err)
{
    struct mark_log log;
    struct sum sum = {0};
    enum sl_result result = sum_up(call, &sum, err);
    if (result != SL_OK) return result;
    mark_log_read(call, &log);
    bool covered = log.result == SL_OK && (sum.position < log.checkpoint.size ||
                                              sl_store_health(call->app->store, NULL) == SL_OK);
    *bundle = (struct offline_bundle){.events = sum.events, .bytes = sum.bytes};
    if (sum.bytes > OFFLINE_BUNDLE_BYTES)
        bundle->left_out = "it is too large";
    else if (last < sum.events)
        bundle->left_out = "it would hold what came after the moment that this file shows";
    else if (!covered)
        bundle->left_out = "the server could sign no checkpoint when this file was made";
    return SL_OK;
}

/* ---- for people ---- */

bool offline_bundle_write_note(struct http_call *call, const struct offline_bundle *bundle)
{
    struct http_reply *reply = call->reply;
    bool inside = !bundle->left_out;
    if (!MARKUP(reply, "<section class=\"offline-bundle\" aria-labelledby=\"proof\"><h2 "
                       "id=\"proof\">Proof</h2>\n<p>A bundle is the whole history of this session "
                       "with proofs that it is in the server's log, that nothing in it was changed "
                       "and nothing left out. "))
        return false;
    if (inside && !(MARKUP(reply, "This file carries it, of ") &&
                      figure_write_count(reply, bundle->events, "event") &&
                      MARKUP(reply, ", as it was when the file was made. ")))
        return false;
    if (!inside && !http_print(reply, "It is not in this file: %s. ", bundle->left_out))
        return false;
    return http_print(reply,
               "Who has the log's verifier keys checks it, with no server, by <code>sharelog verify "
               "--bundle %s.bundle --key KEYS</code>.</p>\n<p>",
               call->id) &&
           (!inside || http_print(reply,
                           "<button type=\"button\" class=\"save-bundle\" data-name=\"%s.bundle\" "
                           "hidden>Save the bundle</button> ",
                           call->id)) &&
           MARKUP(reply, "<a href=\"") && html_attribute(reply, call->request->base) &&
           http_print(reply, "/api/share/%s/bundle\">The bundle as the server has it now</a></p>\n",
               call->id) &&
           MARKUP(reply, "</section>\n");
}

/* ---- for the script ---- */

struct packing {
    struct http_reply *reply;
    struct encoder *encoder;
    size_t held; /* compressed bytes that have not gone out: fewer than three after each step */
    uint8_t bytes[3 * 1024];
    bool broken;
};

/* Base64 takes three bytes at a time; what is left waits for more, or is the end. */
static bool write_held(struct packing *packing, bool last)
{
    char text[4 * 1024 + 1];
    size_t take = last ? packing->held : packing->held - packing->held % 3;
    if (!take) return true;
    if (!http_write(packing->reply, text, crypto_base64(packing->bytes, take, text))) return false;
    packing->held -= take;
    memmove(packing->bytes, packing->bytes + take, packing->held);
    return true;
}

static bool pack(struct packing *packing, const void *bytes, size_t len, bool last)
{
    struct encoder_step step = {.in = bytes, .in_len = len, .last = last};
    do {
        step.out = packing->bytes + packing->held;
        step.out_cap = sizeof(packing->bytes) - packing->held;
        if (!encoder_run(packing->encoder, &step)) {
            packing->broken = true;
            return false;
        }
        packing->held += step.made;
        if (!write_held(packing, false)) return false;
        step.in = (const char *)step.in + step.taken;
        step.in_len -= step.taken;
    } while (last ? !step.done : step.in_len > 0);
    return !last || write_held(packing, true);
}

static bool take_piece(void *ctx, const void *bytes, size_t len)
{
    return len == 0 || pack(ctx, bytes, len, false);
}

enum sl_result offline_bundle_write(
    struct http_call *call, const struct offline_bundle *bundle, struct sl_err *err)
{
    struct http_reply *reply = call->reply;
    if (bundle->left_out) return SL_OK;
    if (!MARKUP(reply, "<script type=\"application/octet-stream\" id=\"bundle\" "
                       "data-encoding=\"gzip\">"))
        return SL_STOPPED;
    struct packing packing = {.reply = reply, .encoder = encoder_open(ENCODING_GZIP)};
    if (!packing.encoder) return sl_fail(err, SL_NOMEM, "export: its bundle");
    enum sl_result result = sl_share_bundle(
        call->app->store, api_id(call), (struct sl_sink){take_piece, &packing}, err);
    if (result == SL_OK && !pack(&packing, "", 0, true)) result = SL_STOPPED;
    encoder_close(packing.encoder);
    if (packing.broken) return sl_fail(err, SL_IO, "export: its bundle can't be compressed");
    if (result != SL_OK) return result;
    return MARKUP(reply, "</script>\n") ? SL_OK : SL_STOPPED;
}
