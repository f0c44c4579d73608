#ifndef TESTS_SUPPORT_EXACT_SPAN_H
#define TESTS_SUPPORT_EXACT_SPAN_H

#include "core/base/span.h"

/* A copy in memory of exactly its size, so that the address sanitizer sees a read past its end. */
struct sl_span exact(struct sl_span text);
void release(struct sl_span text);

void assert_span(struct sl_span span, const char *text);

#endif
