#ifndef SHARELOG_STATE_H
#define SHARELOG_STATE_H

/* A folded state as text: the sections of AgentSession, and the stream of a snapshot, which
   begins with the first. */

#include "core/read/data.h"

/* Say of every entry of the view's fold, in its `out`, where its bytes come to lie in the stream of
   a snapshot made of it, and fill the head but for its sequence, stored and table. */
enum sl_result state_layout(struct sl_view *view, struct snapshot_head *head, struct sl_err *err);

/* The whole stream: /data's text, then the session_diff entries that it doesn't show. */
enum sl_result state_stream(struct sl_view *view, struct sl_sink sink, struct sl_err *err);

#endif
