#ifndef SHARELOG_RUNS_H
#define SHARELOG_RUNS_H

/* The text of /data as a list of runs, with a comma between any two. A run is a stretch of the
   snapshot's stream, which already is text, or an item of an event behind the snapshot, whose text
   is made around its data.

       the stream    [{A},{B},{C},{D}]
       events behind the snapshot: a new version of B, a new item E

       runs          {A}  B  {C},{D}  E
                      stretch  item  stretch  item

   Stretches that lie one behind the other are one run, so a state with little pending has few.
   Zeroed is empty. When memory runs out `failed` is set, and the maker of the list checks it once
   at the end. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run {
    uint64_t offset, length; /* of a stretch of the stream; length 0: an item */
    uint32_t item;           /* its entry in the fold */
};

struct runs {
    struct run *list;
    size_t count, cap;
    bool made; /* whole, and of the fold as it is */
    bool failed;
};

/* Empty it, to be made anew. Its memory stays. */
void runs_clear(struct runs *runs);
void runs_fini(struct runs *runs);

/* The stream's bytes [from, to): whole items, with the commas between them. */
void runs_add_stretch(struct runs *runs, uint64_t from, uint64_t to);
void runs_add_item(struct runs *runs, uint32_t item);

#endif
