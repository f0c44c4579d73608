#ifndef TESTS_SUPPORT_ALLOC_FAULT_H
#define TESTS_SUPPORT_ALLOC_FAULT_H

/* Memory that runs out where a test says. The linker leads our own code's malloc, calloc and
   realloc here (--wrap, for every test program); libraries have theirs as before. Other threads
   than the test's are never refused anything. */

/* Refuse this thread's allocations from the k-th on (0: the next), until alloc_never. */
void alloc_fail_from(unsigned long k);
/* Refuse none. Returns how many there were, the refused ones included, since alloc_fail_from. */
unsigned long alloc_never(void);

#endif
