#ifndef SHARELOG_DATA_H
#define SHARELOG_DATA_H

/* The text of /data at a view's moment. Most of it lies in the snapshot as it is to be sent, so the
   text is a list of runs (runs.h). The list is made of the events folded by themselves and of a
   walk over the snapshot's table beside them, both in order of key; the table's entries are not
   kept. A view that is folded whole already needs no table. SL_REMOVED, SL_REDACTED, SL_CORRUPT,
   SL_NOMEM, SL_IO; the text may break off then, and the view can be asked again. */

#include "core/read/view.h"

/* The whole stream of a snapshot that is made of the view: the text, then the session_diff entries
   that it doesn't show (snapshot_layout.h). As sl_view_data. */
enum sl_result data_stream(struct sl_view *view, struct sl_sink sink, struct sl_err *err);

#endif
