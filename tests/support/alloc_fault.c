#include "tests/support/alloc_fault.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

static _Thread_local unsigned long left = ULONG_MAX, taken;

void alloc_fail_from(unsigned long k)
{
    left = k;
    taken = 0;
}

unsigned long alloc_never(void)
{
    left = ULONG_MAX;
    return taken;
}

static bool refused(void)
{
    taken++;
    if (left == ULONG_MAX) return false;
    if (left == 0) return true;
    left--;
    return false;
}

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *ptr, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *ptr, size_t len);

void *__wrap_malloc(size_t len)
{
    return refused() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    return refused() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *ptr, size_t len)
{
    return refused() ? NULL : __real_realloc(ptr, len);
}
