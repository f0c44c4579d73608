/* Texts, thoughts, sums and errors of both generations of messages. */

#include "http/pages/session/part_text.h"

#include "http/pages/session/pretty.h"
#include "http/pages/text/cut.h"
#include "http/pages/text/markdown.h"
#include "http/pages/value.h"

bool part_open(struct page *page, const char *tag, const char *class, struct sl_span id)
{
    return put(page, "<") && put(page, tag) && put(page, " class=\"part ") && put(page, class) &&
           put(page, "\" id=\"") && put_id(page, id) && put(page, "\">");
}

bool part_put_prose(struct page *page, struct sl_span text, const char *field)
{
    struct buf plain = {0};
    struct cut cut;
    if (!value_is_string(text)) return pretty_put(page, text, field);
    bool ok = cut_decode(text, CUT_PROSE_LINES, CUT_PROSE_BYTES, &plain, &cut) &&
              markdown_write(page->reply, buf_span(&plain)) && put_cut_note(page, &cut, field);
    buf_fini(&plain);
    return ok;
}

/* A client sends a text when it begins, still empty, and when it ends. Of an empty one nobody knows
 * whether its end will still come, so the page only says that no text arrived. */
static bool put_prose_or_none(struct page *page, struct sl_span text, const char *field)
{
    if (value_is_string(text) && text.len <= 2)
        return put(page, "<p class=\"none\">No text arrived.</p>\n");
    return part_put_prose(page, text, field);
}

bool part_put_text(struct page *page, struct sl_span id, struct sl_span text, const char *field)
{
    return part_open(page, "div", "text", id) && put(page, "\n") &&
           put_prose_or_none(page, text, field) && put(page, "</div>\n");
}

bool part_put_thought(struct page *page, struct sl_span id, struct sl_span text,
    struct sl_span start, struct sl_span end, const char *field)
{
    char took[48];
    uint64_t from = value_u64(start), to = value_u64(end);
    took_text(to > from ? to - from : 0, took);
    return part_open(page, "details", "reasoning", id) && put(page, "<summary>") &&
           (from && to >= from ? put(page, "Thought for ") && put(page, took)
                               : put(page, "Thought")) &&
           put(page, "</summary>\n") && put_prose_or_none(page, text, field) &&
           put(page, "</details>\n");
}

static bool put_amount(struct page *page, struct sl_span value, const char *what, bool *first)
{
    uint64_t number = value_u64(value);
    if (!number) return true;
    bool ok = (*first || put(page, " · ")) && put_count(page, number) && put(page, what);
    *first = false;
    return ok;
}

bool part_put_tokens(struct page *page, struct sl_span tokens, struct sl_span cost)
{
    static const char *const names[] = {"input", "output", "reasoning", "cache"};
    struct sl_span values[4];
    bool first = true;
    double dollars = 0;
    value_pick(tokens, 4, names, values);
    if (!put(page, "<span class=\"tokens\">") || !put_amount(page, values[0], " in", &first) ||
        !put_amount(page, values[1], " out", &first) ||
        !put_amount(page, values[2], " reasoning", &first) ||
        !put_amount(page, value_at(values[3], "read"), " read from cache", &first) ||
        !put_amount(page, value_at(values[3], "write"), " written to cache", &first))
        return false;
    if (first && !put(page, "no tokens")) return false;
    if (!put(page, "</span> ")) return false;
    if (!value_number(cost, &dollars)) return put_span(page, "cost", cost);
    return dollars == 0 || http_print(page->reply, "<span class=\"cost\">$%.4f</span> ", dollars);
}

bool part_put_error(struct page *page, struct sl_span error, const char *field)
{
    struct sl_span message = value_at(error, "data.message");
    struct sl_span name = value_at(error, "name");
    if (!value_is_some(message)) message = value_at(error, "message");
    if (!value_is_some(name)) name = value_at(error, "type");
    bool aborted = value_is(name, "MessageAbortedError");
    if (!put(page, aborted ? "<div class=\"error aborted\">\n" : "<div class=\"error\">\n"))
        return false;
    bool known = value_is_text(name) || value_is_text(message);
    if (value_is_text(name) &&
        !(put(page, "<p class=\"error-name\">") && put_value(page, name) && put(page, "</p>\n")))
        return false;
    if (value_is_text(message) && !pretty_put(page, message, field)) return false;
    struct sl_span more = value_at(error, "data.responseBody");
    if (!known || value_is_some(more)) {
        if (!put(page, known ? "<details><summary>More</summary>\n" : "") ||
            !pretty_put(page, error, field) || !put(page, known ? "</details>\n" : ""))
            return false;
    }
    return put(page, "</div>\n");
}
