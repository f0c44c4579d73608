/* What an event of the server itself says. */

#include "http/pages/history/control_section.h"

#include "http/pages/figure.h"
#include "http/pages/history/redaction.h"
#include "http/pages/text/html.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define MARKUP html_markup_without_escaping

struct listed {
    struct http_call *call;
    struct buf *items; /* markup of this program, made of numbers alone */
    uint64_t count;
};

static void add_text(struct buf *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_text(struct buf *out, const char *format, ...)
{
    char text[320];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof(text)) buf_add(out, text, (size_t)len);
}

static bool take_replaced(void *ctx, const struct sl_replaced *replaced)
{
    struct listed *listed = ctx;
    if (++listed->count > CONTROL_ITEMS) return false;
    add_text(listed->items,
        "<li><a href=\"/share/%s/history/%" PRIu64 "?item=%" PRIu64 "\">Event %" PRIu64
        ", item %" PRIu64 "</a></li>\n",
        listed->call->id, replaced->sequence, replaced->item + 1, replaced->sequence,
        replaced->item + 1);
    return true;
}

static bool write_items(
    struct http_reply *reply, const struct sl_control *control, const struct buf *items)
{
    return MARKUP(reply, "<ul class=\"replaced\">\n") &&
           http_write(reply, items->ptr, items->len) && MARKUP(reply, "</ul>\n") &&
           (control->replaced <= CONTROL_ITEMS ||
               http_print(reply, "<p class=\"cut\">The first %d are listed.</p>\n", CONTROL_ITEMS));
}

/* ---- each kind ---- */

static bool write_create(struct http_call *call, const struct sl_share_info *share)
{
    struct http_reply *reply = call->reply;
    return MARKUP(reply, "<p>This share was created for the session <code dir=\"auto\">") &&
           html_text(reply, sl_span_of(share->session_id)) &&
           MARKUP(reply, "</code>. The event's item says so, and holds the hash of the share's "
                         "secret: it is never shown.</p>\n");
}

static bool write_said(struct http_reply *reply, const struct sl_control *control,
    enum sl_kind kind, const struct sl_share_info *share)
{
    if (!MARKUP(reply, "<p>")) return false;
    if (kind == SL_REDACT && !(figure_write_count(reply, control->replaced, "item") &&
                                 MARKUP(reply, control->replaced == 1 ? " was" : " were") &&
                                 MARKUP(reply, " redacted ")))
        return false;
    if (kind == SL_REMOVE && !MARKUP(reply, "This share was removed ")) return false;
    if (kind == SL_ALLOW && !MARKUP(reply, "Its session was let be shared here again "))
        return false;
    return redaction_write_who(reply, control) && MARKUP(reply, ".</p>\n") &&
           (kind != SL_REMOVE ||
               MARKUP(reply, share->erased
                                 ? "<p>Nothing of its content is left on this server's disk.</p>\n"
                                 : "<p>Its content is unreadable, and is being erased from this "
                                   "server's disk.</p>\n"));
}

enum sl_result control_write(struct http_call *call, const struct sl_share_info *share,
    struct sl_event *event, struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    struct http_reply *reply = call->reply;
    struct buf items = {0};
    struct listed listed = {call, &items, 0};
    struct sl_control control = {0};
    enum sl_result result = SL_OK;
    bool large = info->bytes > CONTROL_BYTES;
    if (info->kind != SL_CREATE && !large)
        result = sl_event_control(event, take_replaced, &listed, &control, err);
    if (result == SL_OK && items.failed) result = sl_fail(err, SL_NOMEM, "event page");
    if (result != SL_OK) {
        buf_fini(&items);
        return result;
    }
    bool ok = MARKUP(reply, "<section class=\"control\"><h2>What it says</h2>\n") &&
              (info->kind == SL_CREATE ? write_create(call, share)
                  : large              ? MARKUP(reply, "<p>It is too large to be read here.</p>\n")
                                       : write_said(reply, &control, info->kind, share)) &&
              (!listed.count || write_items(reply, &control, &items)) &&
              MARKUP(reply, "</section>\n");
    buf_fini(&items);
    return ok ? SL_OK : SL_STOPPED;
}
