/* Each page names the sequence that the next one begins with; an event is handed on before the
   next page is asked for, so memory is bounded by a page. */

#include "tools/ask/share_events.h"

#include "tools/ask/target.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"

int share_events_walk(struct source *source, const struct share_events *history)
{
    struct buffer target = {0}, answer = {0};
    uint64_t from = history->from, left = history->limit ? history->limit : UINT64_MAX;
    int code = EXIT_YES;
    bool more = true;
    while (more && left) {
        if (!target_share(&target, history->id, "/events")) {
            code = EXIT_WRONG;
            break;
        }
        target_number(&target, "limit", left < SL_HISTORY_PAGE ? left : SL_HISTORY_PAGE);
        if (from) target_number(&target, "from", from);
        if (history->reverse) target_param(&target, "order", "desc");
        code = source_get(source, buffer_c(&target), &answer);
        if (code != EXIT_YES) break;
        struct sl_span rest = field_array(buffer_span(&answer), "events"), event;
        while (more && left && json_next(&rest, &event)) {
            more = history->each(history->ctx, event);
            left--;
        }
        from = field_u64(buffer_span(&answer), "next");
        if (!from) break;
    }
    buffer_free(&target);
    buffer_free(&answer);
    return code;
}

static bool print(void *ctx, struct sl_span event)
{
    uint64_t *printed = ctx;
    struct sl_sink out = term_json();
    /* The bracket is written with the first event: of a share that isn't there nothing goes out. */
    struct sl_span before = *printed ? SL_SPAN(",\n") : SL_SPAN("{\"events\":[");
    ++*printed;
    return out.write(out.ctx, before.ptr, before.len) && out.write(out.ctx, event.ptr, event.len);
}

int share_events_print(struct source *source, struct share_events history)
{
    uint64_t printed = 0;
    history.each = print;
    history.ctx = &printed;
    int code = share_events_walk(source, &history);
    if (code != EXIT_YES) return code;
    printf("%s", printed ? "]}" : "{\"events\":[]}");
    return term_json_end() ? EXIT_YES : EXIT_WRONG;
}
