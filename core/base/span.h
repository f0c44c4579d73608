#ifndef SHARELOG_SPAN_H
#define SHARELOG_SPAN_H

/* Borrowed bytes. Nobody owns a span; whoever hands one out says how long its bytes stay. Not
   terminated: the bytes may hold anything, NUL included. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sl_span {
    const char *ptr;
    size_t len;
};

#define SL_SPAN(literal) ((struct sl_span){(literal), sizeof(literal) - 1})

static inline struct sl_span sl_span_of(const char *text)
{
    return (struct sl_span){text, strlen(text)};
}

static inline bool sl_span_eq(struct sl_span a, struct sl_span b)
{
    return a.len == b.len && (a.len == 0 || (a.ptr && b.ptr && memcmp(a.ptr, b.ptr, a.len) == 0));
}

/* Bytewise order; a prefix comes before what it is a prefix of. */
static inline int sl_span_cmp(struct sl_span a, struct sl_span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int d = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return d ? d : (a.len > b.len) - (a.len < b.len);
}

#endif
