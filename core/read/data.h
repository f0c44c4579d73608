#ifndef SHARELOG_DATA_H
#define SHARELOG_DATA_H

/* The text of /data at a view's moment. Most of it lies in the snapshot as it is to be sent, so the
   text is a list of runs (runs.h). Making the list takes the events folded by themselves and a walk
   over the snapshot's table beside them, both in order of key; nothing is kept of what the snapshot
   has. A view that is folded whole for something else has all that is needed, and its table isn't
   read again. */

#include "core/read/view.h"

/* The whole stream of a snapshot that is made of the view: the text, then the session_diff entries
   that it doesn't show (snapshot_layout.h). As sl_view_data. */
enum sl_result data_stream(struct sl_view *view, struct sl_sink sink, struct sl_err *err);

#endif
