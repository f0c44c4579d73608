#include "tests/support/exact_span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

struct sl_span exact(struct sl_span text)
{
    char *bytes = malloc(text.len ? text.len : 1);
    assert_non_null(bytes);
    memcpy(bytes, text.ptr, text.len);
    return (struct sl_span){bytes, text.len};
}

void release(struct sl_span text)
{
    free((char *)(uintptr_t)text.ptr);
}

void assert_span(struct sl_span span, const char *text)
{
    if (sl_span_eq(span, sl_span_of(text))) return;
    fail_msg("\"%.*s\" instead of \"%s\"", (int)span.len, span.ptr, text);
}
