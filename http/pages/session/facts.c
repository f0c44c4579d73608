/* The head of a session's page. What isn't known is left out. */

#include "http/pages/session/facts.h"

#include "http/pages/text/cut.h"
#include "http/pages/value.h"

#include <inttypes.h>
#include <stdio.h>

#define MODELS_MAX 12 /* named in the head */

void facts_title(const struct sl_metadata *metadata, struct buf *title)
{
    struct cut cut;
    if (metadata->sequence <= 1) {
        buf_add_span(title, SL_SPAN("Waiting for the first sync"));
        return;
    }
    if (!value_is_text(metadata->title) ||
        !cut_decode(metadata->title, SIZE_MAX, CUT_VALUE_BYTES, title, &cut))
        buf_add_span(title, SL_SPAN("Untitled session"));
}

void facts_description(const struct facts *facts, struct buf *line)
{
    char text[128];
    struct cut cut;
    const struct sl_metadata *m = facts->metadata;
    int n = snprintf(text, sizeof(text), "%" PRIu64 " turns, %" PRIu64 " messages",
        facts->outline->totals.turns, m->messages);
    buf_add(line, "An opencode session: ", sizeof("An opencode session: ") - 1);
    buf_add(line, text, (size_t)n);
    if (!value_is_text(m->directory)) return;
    buf_add(line, " in ", 4);
    cut_decode(m->directory, SIZE_MAX, CUT_VALUE_BYTES, line, &cut);
}

/* ---- the facts: one that is unknown, or none of what it counts, is left out ---- */

static bool open_fact(struct page *page, const char *name)
{
    return put(page, "<div><dt>") && put(page, name) && put(page, "</dt><dd>");
}

static bool close_fact(struct page *page)
{
    return put(page, "</dd></div>\n");
}

static bool put_fact(struct page *page, const char *name, struct sl_span value)
{
    if (!value_is_some(value)) return true;
    return open_fact(page, name) && put_value(page, value) && close_fact(page);
}

static bool put_number(struct page *page, const char *name, uint64_t number)
{
    return !number || (open_fact(page, name) && put_count(page, number) && close_fact(page));
}

static bool put_when(struct page *page, const char *name, uint64_t ms)
{
    return !ms || (open_fact(page, name) && put_date(page, ms) && close_fact(page));
}

static bool put_models(struct page *page, struct sl_span models)
{
    struct sl_span rest = models, model;
    if (!value_is_some(models)) return true;
    if (!value_is_kind(models, JSON_ARRAY)) return put_fact(page, "Models", models);
    if (!open_fact(page, "Models")) return false;
    for (size_t i = 0; i < MODELS_MAX && json_next(&rest, &model); i++) {
        static const char *const names[] = {"name", "id"};
        struct sl_span v[3];
        value_pick(model, 2, names, v);
        v[2] = model;
        if (!(put(page, i ? ", " : "") && put_value(page, value_first(v, 3)))) return false;
    }
    size_t count = value_count(models);
    if (count > MODELS_MAX && !http_print(page->reply, " and %zu more", count - (size_t)MODELS_MAX))
        return false;
    return close_fact(page);
}

/* What the session itself counts, else what its messages add up to. */
static bool put_tokens(struct page *page, struct sl_span tokens, const struct outline_spent *spent)
{
    static const char *const titles[] = {
        "Tokens in", "Tokens out", "Reasoning", "Read from cache", "Written to cache"};
    static const char *const paths[] = {
        "input", "output", "reasoning", "cache.read", "cache.write"};
    const double sums[] = {
        spent->input, spent->output, spent->reasoning, spent->cache_read, spent->cache_write};
    for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
        struct sl_span value = value_at(tokens, paths[i]);
        double sum = sums[i] > 0 && sums[i] < 9e18 ? sums[i] : 0;
        uint64_t number = value_is_kind(value, JSON_NUMBER) ? value_u64(value) : (uint64_t)sum;
        if (!put_number(page, titles[i], number)) return false;
    }
    return true;
}

static bool put_cost(struct page *page, struct sl_span cost, double sum)
{
    double dollars = sum;
    if (value_is_some(cost) && !value_number(cost, &dollars)) return put_fact(page, "Cost", cost);
    if (!(dollars > 0 || dollars < 0)) return true;
    return open_fact(page, "Cost") && http_print(page->reply, "$%.4f", dollars) && close_fact(page);
}

static bool put_duration(struct page *page, const struct outline_spent *spent)
{
    char text[48];
    if (!spent->from_ms || spent->to_ms < spent->from_ms) return true;
    took_text(spent->to_ms - spent->from_ms, text);
    return open_fact(page, "Duration") && put(page, text) && close_fact(page);
}

static bool put_session(struct page *page, const struct facts *facts, struct sl_span session)
{
    static const char *const names[] = {
        "time", "tokens", "cost", "version", "agent", "summary", "parentID"};
    struct sl_span v[7];
    const struct sl_metadata *m = facts->metadata;
    const struct outline_totals *totals = &facts->outline->totals;
    value_pick(session, 7, names, v);
    uint64_t created = value_u64(value_at(v[0], "created"));
    return put_fact(page, "opencode", v[3]) && put_fact(page, "Agent", v[4]) &&
           put_when(page, "Created", created ? created : m->created_ms) &&
           put_when(page, "Updated", m->updated_ms) && put_duration(page, &totals->spent) &&
           put_number(page, "Turns", totals->turns) && put_number(page, "Messages", m->messages) &&
           put_tokens(page, v[1], &totals->spent) && put_cost(page, v[2], totals->spent.cost) &&
           put_number(page, "Syncs", m->syncs) && put_fact(page, "Parent", v[6]);
}

/* ---- around them ---- */

static bool put_import(struct page *page, const struct facts *facts)
{
    return put(page, "<p class=\"import\"><code>opencode import ") && put_text(page, facts->base) &&
           http_print(page->reply, "/share/%s</code> ", page->share) &&
           put(page, "<button type=\"button\" class=\"copy\" data-copy=\"opencode import ") &&
           put_attribute(page, facts->base) &&
           http_print(page->reply, "/share/%s\" hidden>Copy</button></p>\n", page->share);
}

static bool put_notices(struct page *page, const struct facts *facts)
{
    const struct sl_metadata *m = facts->metadata;
    uint64_t undone = facts->outline->totals.undone;
    if (m->sequence <= 1 &&
        !put(page, "<p class=\"notice waiting\">Nothing was synced yet. The session appears here "
                   "with its first sync.</p>\n"))
        return false;
    if (m->sequence < facts->last &&
        !(http_print(page->reply,
              "<p class=\"notice past\">As it was at event %" PRIu64 " of %" PRIu64 ", ",
              m->sequence, facts->last) &&
            put_date(page, m->updated_ms) &&
            http_print(page->reply, "· <a href=\"/share/%s\">The session as it is now</a></p>\n",
                page->share)))
        return false;
    return !undone || http_print(page->reply,
                          "<p class=\"notice undone\">%" PRIu64
                          " message%s undone: <a href=\"#undone\">folded "
                          "at the end</a>.</p>\n",
                          undone, undone == 1 ? " was" : "s were");
}

enum sl_result facts_put(struct page *page, const struct facts *facts, struct sl_err *err)
{
    const struct outline *outline = facts->outline;
    const struct sl_metadata *m = facts->metadata;
    struct sl_view_item item = {0};
    struct buf title = {0};
    enum sl_result result = SL_OK;
    facts_title(m, &title);
    bool ok = put(page, "<section class=\"head\" id=\"head\"><h1 dir=\"auto\">") &&
              put_text(page, buf_span(&title)) && put(page, "</h1>\n<dl class=\"facts\">\n") &&
              put_fact(page, "Directory", m->directory);
    buf_fini(&title);
    if (!ok) return SL_STOPPED;
    if (outline->models != OUTLINE_NONE) {
        result = sl_view_item(outline->view, SL_BY_KEY, outline->models, &item, err);
        if (result != SL_OK) return result;
        if (!put_models(page, item.data)) return SL_STOPPED;
    }
    item = (struct sl_view_item){0};
    if (outline->session != OUTLINE_NONE)
        result = sl_view_item(outline->view, SL_BY_KEY, outline->session, &item, err);
    if (result != SL_OK) return result;
    ok = put_session(page, facts, item.data) && put(page, "</dl>\n") && put_import(page, facts) &&
         put_notices(page, facts) && put(page, "</section>\n");
    return ok ? SL_OK : SL_STOPPED;
}
