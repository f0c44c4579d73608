/* How a bundle's verification names its first fault: the share, and the event and the item that are
   at hand. */

#include "core/proof/bundle_check.h"

#include <stdarg.h>
#include <stdio.h>

void bundle_fault(const struct bundle_check *check, const char *format, ...)
{
    char place[SL_SHARE_ID_BYTES + KEY_SHOWN + 80], text[240];
    size_t used = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    used += (size_t)snprintf(place, sizeof(place),
        check->verdict.share_id[0] ? "share %s" : "bundle", check->verdict.share_id);
    if (check->sequence)
        used += (size_t)snprintf(place + used, sizeof(place) - used, ": event %llu",
            (unsigned long long)check->sequence);
    if (check->item != NO_ITEM)
        snprintf(place + used, sizeof(place) - used, ": item %llu%s%s%s",
            (unsigned long long)check->item, check->key[0] ? " (" : "", check->key,
            check->key[0] ? ")" : "");
    sl_fail(check->err, SL_CORRUPT, "%s: %s", place, text);
}

void bundle_claim(struct bundle_check *check, const char *format, ...)
{
    struct bundle_claim *claim = &check->claim;
    va_list args;
    if (claim->wrong) return;
    claim->wrong = true;
    claim->item = check->item;
    memcpy(claim->key, check->key, sizeof(claim->key));
    va_start(args, format);
    vsnprintf(claim->what, sizeof(claim->what), format, args);
    va_end(args);
}

enum sl_result bundle_check_read(const struct bundle_check *check)
{
    const struct bundle_reader *in = &check->in;
    if (read_ok(in)) return SL_OK;
    if (in->result == SL_CORRUPT)
        return BUNDLE_FAULT(check, "byte %llu: %s", (unsigned long long)in->taken, in->what);
    return sl_fail(check->err, in->result, "bundle: %s", in->err.text[0] ? in->err.text : in->what);
}
