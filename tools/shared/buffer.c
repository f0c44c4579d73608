/* Memory that runs out ends the program: a command holds nothing that would be lost, and the
   store under it is safe at any moment. */

#include "tools/shared/buffer.h"

#include "core/base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void *checked(void *memory)
{
    if (!memory) {
        fputs("sharelog: out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

void *need(size_t len)
{
    return checked(calloc(1, len ? len : 1));
}

void *need_more(void *old, size_t len)
{
    return checked(realloc(old, len ? len : 1));
}

char *need_text(const char *text)
{
    return checked(strdup(text));
}

/* Room for `more` bytes and a NUL. */
static void grow(struct buffer *buffer, size_t more)
{
    size_t wanted = buffer->len + more + 1;
    if (wanted <= buffer->cap) return;
    size_t cap = buffer->cap ? buffer->cap : 256;
    while (cap < wanted)
        cap *= 2;
    buffer->ptr = need_more(buffer->ptr, cap);
    buffer->cap = cap;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t len)
{
    grow(buffer, len);
    if (len) memcpy(buffer->ptr + buffer->len, bytes, len);
    buffer->len += len;
}

void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len > 0) {
        grow(buffer, (size_t)len);
        vsnprintf(buffer->ptr + buffer->len, (size_t)len + 1, format, again);
        buffer->len += (size_t)len;
    }
    va_end(again);
}

void buffer_json(struct buffer *buffer, struct sl_span text)
{
    grow(buffer, json_quoted_bytes(text));
    buffer->len += json_quote(text, buffer->ptr + buffer->len);
}

const char *buffer_c(struct buffer *buffer)
{
    grow(buffer, 0);
    buffer->ptr[buffer->len] = 0;
    return buffer->ptr;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->ptr);
    *buffer = (struct buffer){0};
}
