#ifndef SHARELOG_DATA_H
#define SHARELOG_DATA_H

/* The text of /data at a view's moment. Most of it lies in the snapshot as it is to be sent, so the
   text is a list of runs: a stretch of the snapshot's stream, or an item of an event behind it.
   Making the list takes the events folded by themselves and a walk over the snapshot's table beside
   them, both in order of key; nothing is kept of what the snapshot has. A view that is folded
   whole for something else has all that is needed, and its table isn't read again. */

#include "core/read/view.h"

/* The merged model item, whose elements the view has put in order: no item's bytes, but brackets
   around its elements. */
bool data_is_model(const struct fold_entry *entry);
uint64_t data_models_bytes(const struct sl_view *view);

/* Make the list, if that isn't done yet, and tell how long the text is. */
enum sl_result data_layout(struct sl_view *view, uint64_t *bytes, struct sl_err *err);

enum sl_result data_write(struct sl_view *view, struct sl_sink sink, struct sl_err *err);

#endif
