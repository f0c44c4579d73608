/* The metadata of a share, for lists and for a page's head: from the summary that the share keeps
   in memory, else from a snapshot's head, else from a fold. The result is kept as the share's
   summary; a summary that can't be kept, for lack of memory, is found out again. */

#include "core/base/json.h"
#include "core/log/share.h"
#include "core/read/view.h"
#include "core/state/snapshot_layout.h"

#include <assert.h>

static struct sl_span string_member(struct sl_span object, const char *name)
{
    struct sl_span member;
    if (json_get(object, name, &member) && json_kind_of(member) == JSON_STRING) return member;
    return (struct sl_span){0};
}

/* The session's bytes, kept in view->session so that spans into them outlive further reads. */
static enum sl_result read_session(
    struct sl_view *view, struct sl_metadata *metadata, struct sl_err *err)
{
    assert(view_is_whole(view) || moment_is_snapshot(&view->moment));
    struct fold_place place = {
        0, view->moment.base.session_offset, view->moment.base.session_length};
    const struct fold_entry *entry =
        view_is_whole(view) ? fold_find(&view->fold, FOLD_ITEM, SL_SPAN("session")) : NULL;
    if (entry) place = entry->place;
    if (view_is_whole(view) && !entry) place.length = 0;
    struct sl_span bytes;
    enum sl_result result = reader_bytes(&view->reader, &place, &view->scratch, &bytes, err);
    if (result != SL_OK || bytes.len == 0) return result;
    buf_clear(&view->session);
    buf_add_span(&view->session, bytes);
    if (view->session.failed) return sl_fail(err, SL_NOMEM, "out of memory");
    struct sl_span session = buf_span(&view->session), location;
    metadata->title = string_member(session, "title");
    metadata->directory = string_member(session, "directory");
    if (metadata->directory.len == 0 &&
        json_get(session, "location", &location)) /* of the newer message generation */
        metadata->directory = string_member(location, "directory");
    return SL_OK;
}

/* For whoever asks next. */
static void keep_summary(const struct sl_view *view, const struct sl_metadata *metadata)
{
    const struct moment *moment = &view->moment;
    assert(metadata->sequence == moment->at.sequence);
    share_keep_summary(
        moment->store->shares, moment->share, moment->epoch, summary_create(metadata));
}

enum sl_result sl_view_metadata(
    struct sl_view *view, struct sl_metadata *metadata, struct sl_err *err)
{
    struct sl_metadata m = {.id = view->moment.id,
        .session_id = sl_span_of(view->moment.session_id),
        .syncs = view->moment.at.syncs,
        .sequence = view->moment.at.sequence,
        .created_ms = view->moment.created_ms,
        .updated_ms = view->moment.at.time_ms};
    enum sl_result result = moment_still_there(&view->moment, err);
    if (result == SL_OK && view->summary) {
        assert(view->summary->sequence == view->moment.at.sequence);
        summary_tell(view->summary, &m);
        *metadata = m;
        return SL_OK;
    }
    if (result == SL_OK) result = moment_seek_base(&view->moment, err);
    struct snapshot_head head = view->moment.base;
    if (result == SL_OK && !moment_is_snapshot(&view->moment)) {
        result = view_order(view, err);
        if (result == SL_OK) snapshot_layout(&view->fold, &view->orders, &head);
    }
    if (result == SL_OK) result = read_session(view, &m, err);
    if (result != SL_OK) return result;
    m.messages = head.messages;
    m.parts = head.parts;
    m.diffs = head.diffs;
    m.models = head.models;
    m.bytes = head.data_bytes;
    keep_summary(view, &m);
    *metadata = m;
    return SL_OK;
}
