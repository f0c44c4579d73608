#ifndef SHARELOG_TOOLS_BUFFER_H
#define SHARELOG_TOOLS_BUFFER_H

/* Bytes that grow. A command holds nothing that would be lost, so memory that runs out ends the
   program with a message. Zeroed is empty. */

#include "core/base/span.h"

struct buffer {
    char *ptr;
    size_t len, cap;
};

/* Memory from the heap; never NULL. */
void *need(size_t len); /* zeroed */
void *need_more(void *old, size_t len);
char *need_text(const char *text);

void buffer_add(struct buffer *buffer, const void *bytes, size_t len);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Append as a JSON string, with its quotes. */
void buffer_json(struct buffer *buffer, struct sl_span text);
/* The bytes with a NUL behind them that is not counted. */
const char *buffer_c(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

static inline struct sl_span buffer_span(const struct buffer *buffer)
{
    return (struct sl_span){buffer->ptr ? buffer->ptr : "", buffer->len};
}

#endif
