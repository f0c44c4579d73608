/* The server's own events, read: a removal, an allowance, a redaction. The body is decoded whole,
   so a failure leaves the caller's struct as it was; SL_CORRUPT: the body is none of that kind. */

#include "core/event/control.h"
#include "core/event/redact_body.h"
#include "core/sharelog.h"

static bool take_reason(struct sl_control *control, enum sl_who who, struct sl_span reason)
{
    if (reason.len > SL_REASON_BYTES || who > SL_WHO_OWNER) return false;
    control->who = who;
    control->reason_bytes = reason.len;
    if (reason.len) memcpy(control->reason, reason.ptr, reason.len);
    control->reason[reason.len] = 0;
    return true;
}

static enum sl_result read_remove(struct sl_span bytes, struct sl_control *control)
{
    struct remove_body body;
    return remove_body_decode(bytes, &body) && take_reason(control, body.who, body.reason)
               ? SL_OK
               : SL_CORRUPT;
}

static enum sl_result read_allow(struct sl_span bytes, struct sl_control *control)
{
    struct allow_body body;
    return allow_body_decode(bytes, &body) && take_reason(control, body.who, body.reason)
               ? SL_OK
               : SL_CORRUPT;
}

static enum sl_result read_redact(struct sl_span bytes,
    bool (*each)(void *ctx, const struct sl_replaced *replaced), void *ctx,
    struct sl_control *control)
{
    struct redact_body body;
    enum sl_result result = redact_body_decode(bytes, &body);
    if (result != SL_OK) return result;
    if (!take_reason(control, body.who, body.reason)) result = SL_CORRUPT;
    control->replaced = body.count;
    for (size_t i = 0; result == SL_OK && each && i < body.count; i++) {
        const struct redact_entry *entry = &body.entries[i];
        struct sl_replaced replaced = {entry->sequence, entry->item, entry->replacement};
        if (!each(ctx, &replaced)) break;
    }
    redact_body_fini(&body);
    return result;
}

enum sl_result sl_event_control(struct sl_event *event,
    bool (*each)(void *ctx, const struct sl_replaced *replaced), void *ctx, struct sl_control *out,
    struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    struct sl_control control = {0};
    struct buf bytes = {0};
    if (info->kind != SL_REMOVE && info->kind != SL_REDACT && info->kind != SL_ALLOW)
        return sl_fail(err, SL_INVALID, "a %s says nothing of its own", sl_kind_name(info->kind));
    if (info->erased) return sl_fail(err, SL_REMOVED, "share %s: removed", info->share_id);
    enum sl_result result = sl_event_item_data(event, 0, buf_sink(&bytes), err);
    if (result == SL_NOT_FOUND) result = SL_CORRUPT; /* it has no item */
    if (bytes.failed) result = SL_NOMEM;
    if (result == SL_OK && info->kind == SL_REMOVE)
        result = read_remove(buf_span(&bytes), &control);
    if (result == SL_OK && info->kind == SL_ALLOW) result = read_allow(buf_span(&bytes), &control);
    if (result == SL_OK && info->kind == SL_REDACT)
        result = read_redact(buf_span(&bytes), each, ctx, &control);
    buf_fini(&bytes);
    if (result == SL_CORRUPT || result == SL_NOMEM)
        return sl_fail(err, result, "share %s: event %llu: %s", info->share_id,
            (unsigned long long)info->sequence,
            result == SL_NOMEM ? "out of memory" : "its body is unreadable");
    if (result == SL_OK) *out = control;
    return result;
}
