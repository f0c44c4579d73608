#ifndef SHARELOG_BENCH_MIXED_ITEM_H
#define SHARELOG_BENCH_MIXED_ITEM_H

/* The items of a made-up session, as opencode's clients write them. Each is a pure function of the
   share's seed and of where it stands: a batch, and one of its steps. So an item that is sent again
   has the bytes that it had, or goes on where it was. */

#include "bench/suite/shape_id.h"
#include "core/base/buf.h"

#include <stdbool.h>

#define STEPS 4      /* a batch of a session that codes */
#define MIXED_TASK 4 /* batches of a task */

struct mixed_item { /* what is being written, and where in the session that stands */
    struct buf *out;
    uint64_t seed;  /* of the share */
    uint64_t batch; /* the one that the item first came with */
    unsigned step;
    bool more;       /* an item was written before: a comma comes first */
    uint64_t chance; /* the item's random numbers */
    char session[ID_BYTES];
};

enum progress { PROGRESS_BEGUN, PROGRESS_ENDED };

void item_session(struct mixed_item *item); /* session, session_diff, model */
/* A task's prompt, which is the message whose id the answers name as their parent; when the task is
   done it has the diffs of what was written in it. And the prompt's text. */
void item_prompt(struct mixed_item *item, uint64_t task_batch, bool done);
void item_question(struct mixed_item *item, uint64_t task_batch);
/* A step: its message and parts. `again`: what doesn't change any more is left out. */
void item_step(struct mixed_item *item, uint64_t task_batch, enum progress progress, bool again);
/* An answer without tools. */
void item_answer(struct mixed_item *item, uint64_t task_batch, enum progress progress);
/* Is the step a command that is sent in several batches? Then what there is of it when it has run
   for so many: the part, while it runs; and the end of the step, when it ends. */
bool item_running(struct mixed_item *item, uint64_t task_batch, uint64_t batches);
/* The whole list of a session of the second generation. */
void item_list(struct mixed_item *item, uint64_t list, uint64_t messages);

#endif
