/* Everything that is put into a query is percent-encoded, and a share's id is checked, so no
   word of the command line can make another request of it. */

#include "tools/ask/target.h"

#include "tools/shared/term.h"

bool target_share(struct buffer *target, const char *id, const char *rest)
{
    const char *slash = strstr(id, "://") ? strrchr(id, '/') : NULL;
    const char *name = slash ? slash + 1 : id;
    if (!sl_share_id_valid(sl_span_of(name))) {
        fail("\"%s\" is no share id: that is 1 to %d letters, digits, - and _ (see: sharelog ls)",
            id, SL_SHARE_ID_BYTES);
        return false;
    }
    target->len = 0;
    buffer_print(target, "/api/share/%s%s", name, rest);
    return true;
}

void target_param(struct buffer *target, const char *name, const char *value)
{
    bool first = !memchr(target->ptr, '?', target->len);
    buffer_print(target, "%c%s=", first ? '?' : '&', name);
    for (const char *at = value; *at; at++) {
        unsigned char c = (unsigned char)*at;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     strchr("-._~:", c);
        buffer_print(target, plain ? "%c" : "%%%02X", c);
    }
}

void target_number(struct buffer *target, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    target_param(target, name, text);
}

void target_moment(struct buffer *target, const char *at)
{
    if (!at) return;
    /* No share has 10^11 events, and a time in milliseconds had 12 digits by 1973. */
    bool sequence = *at && strspn(at, "0123456789") == strlen(at) && strlen(at) < 12;
    target_param(target, sequence ? "at" : "t", at);
}
