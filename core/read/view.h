#ifndef SHARELOG_VIEW_H
#define SHARELOG_VIEW_H

/* sl_view: a share at a moment, as everything that sharelog.h lets one ask of it. It is made of

       moment    which event counts last, which snapshot to begin with       moment.h
       reader    the bytes of any place                                      reader.h
       fold      which places count: the newest version of each key          state/fold.h
       orders    the fold's entries by key and by arrival                    state/orders.h
       runs      how the text of /data is put together                       runs.h

   Opening finds the moment. Each of the others is made when something first needs it: with nothing
   pending, /data and the metadata fold nothing. data.c, section.c, view_item.c and metadata.c
   answer from it. A function that fails leaves a view that can be asked again. */

#include "core/read/reader.h"
#include "core/read/runs.h"
#include "core/state/orders.h"
#include "core/state/summary.h"

/* How far a view is folded: not, the events behind its snapshot alone, or all of it. Allowed:

       from        to: UNFOLDED   EVENTS   WHOLE
       UNFOLDED           yes      yes      yes
       EVENTS             yes                        for what needs all of it
       WHOLE                                         for good
 */
enum view_folded { VIEW_UNFOLDED, VIEW_EVENTS, VIEW_WHOLE };

struct sl_view {
    struct moment moment;
    struct reader reader;
    struct summary *summary; /* of this moment, if the share had one when the view was opened */
    enum view_folded folded;
    struct fold fold;
    struct orders orders;
    struct runs runs;
    struct buf scratch, session;
};

/* As sl_view_open, of a sequence that exists, with its snapshot found. */
enum sl_result view_open_at(struct sl_store *store, struct share *share, uint64_t sequence,
    struct sl_view **view, struct sl_err *err);

/* Fold, if that isn't done yet: all of it, or what comes behind the snapshot by itself, which is
   all of it where there is none. SL_REMOVED, SL_REDACTED, SL_CORRUPT, SL_NOMEM, SL_IO. */
enum sl_result view_fold(struct sl_view *view, struct sl_err *err);
enum sl_result view_fold_events(struct sl_view *view, struct sl_err *err);
static inline bool view_is_whole(const struct sl_view *view)
{
    return view->folded == VIEW_WHOLE;
}

/* Fold all of it, and put it in order by key; by arrival too. As view_fold. */
enum sl_result view_order(struct sl_view *view, struct sl_err *err);
enum sl_result view_order_arrival(struct sl_view *view, struct sl_err *err);

#endif
