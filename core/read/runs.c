/* A list of runs, which grows by doubling. Stretches that touch are joined as they are added.
   Without memory `failed` is set, and the list is good for nothing until it is cleared. */

#include "core/read/runs.h"

#include <assert.h>
#include <stdlib.h>

void runs_clear(struct runs *runs)
{
    runs->count = 0;
    runs->made = runs->failed = false;
}

void runs_fini(struct runs *runs)
{
    free(runs->list);
    *runs = (struct runs){0};
}

static void add(struct runs *runs, struct run run)
{
    assert(!runs->made);
    if (runs->count == runs->cap) {
        size_t cap = 2 * runs->cap + 64;
        struct run *list = realloc(runs->list, cap * sizeof(*list));
        if (!list) {
            runs->failed = true;
            return;
        }
        runs->list = list;
        runs->cap = cap;
    }
    assert(runs->list && runs->count < runs->cap);
    runs->list[runs->count++] = run;
}

void runs_add_stretch(struct runs *runs, uint64_t from, uint64_t to)
{
    struct run *last = runs->count ? &runs->list[runs->count - 1] : NULL;
    bool goes_on = last && last->length && last->offset + last->length + 1 == from;
    if (goes_on)
        last->length = to - last->offset;
    else
        add(runs, (struct run){.offset = from, .length = to - from});
}

void runs_add_item(struct runs *runs, uint32_t item)
{
    add(runs, (struct run){.item = item});
}
