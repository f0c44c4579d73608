#ifndef SHARELOG_BENCH_MODELS_H
#define SHARELOG_BENCH_MODELS_H

/* Designs of a share server, each holding one share: what part_models.c asks of them. */

#include "bench/suite/scratch.h"

struct model {
    const char *name;
    void *(*create)(struct bench *bench); /* NULL: it failed, and said why */
    const char *(*secret)(void *ctx);
    /* The n-th sync (from 0); when it returns it is durable, unless that isn't asked for. */
    bool (*sync)(void *ctx, uint64_t n, struct sl_span body, bool durable);
    bool (*settle)(void *ctx); /* wait for what goes on behind it */
    /* The upstream view. */
    bool (*read)(void *ctx, struct buf *out);
    bool (*destroy)(void *ctx, bool check); /* false: what it holds isn't what it should be */
};
extern const struct model model_sharelog, model_blob, model_files;

/* An item of a batch, and what it overwrites. */
struct model_item {
    char key[64];
    struct sl_span item; /* {"type":…,"data":…} */
    size_t order;
};
struct model_items {
    struct model_item *items;
    size_t count, cap;
};
/* Append a body's items. */
bool model_items_add(struct model_items *items, struct sl_span body);
/* Sort by key; of one key the last stays. */
void model_items_fold(struct model_items *items);
void model_items_fini(struct model_items *items);

#endif
