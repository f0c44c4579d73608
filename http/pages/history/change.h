#ifndef SHARELOG_HTTP_PAGES_HISTORY_CHANGE_H
#define SHARELOG_HTTP_PAGES_HISTORY_CHANGE_H

/* What became of an item between two moments of a share: the difference of its versions as lines,
   and its JSON. One event's page and compare's show it alike. */

#include "http/pages/frame.h"

struct change_range {
    struct http_call *call;
    uint64_t from, to; /* sequences, in any order */
    struct sl_view *before, *after;
    /* More to say of the item that is written next, under its heading; NULL: nothing. */
    bool (*note)(void *ctx);
    void *note_ctx;
};

/* Open the two moments. Close the range in any case. */
enum sl_result change_open(struct http_call *call, uint64_t from, uint64_t to,
    struct change_range *range, struct sl_err *err);
void change_close(struct change_range *range);

/* Write one item as an <article class="change …">. `json` is what to show as its JSON, an empty
   span for the version at the end of the range (at its beginning if the item is gone). SL_STOPPED:
   the client is gone. */
enum sl_result change_write(
    struct change_range *range, struct sl_span key, struct sl_span json, struct sl_err *err);

/* More JSON than this is linked to, not shown; of more than CHANGE_DIFF_BYTES no difference is
   made. */
#define CHANGE_JSON_BYTES (64 * SL_KIB)
#define CHANGE_DIFF_BYTES (1 * SL_MIB)

#endif
