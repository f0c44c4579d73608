#ifndef SHARELOG_HTTP_PAGES_SESSION_PUT_H
#define SHARELOG_HTTP_PAGES_SESSION_PUT_H

/* A page being written, and the words it is written with. Each `put` returns false once the client
   is gone, so that they chain with && and the writer just stops. */

#include "http/pages/text/cut.h"
#include "http/pages/text/html.h"

struct page {
    struct http_reply *reply;
    struct sl_store *store;
    const char *share;  /* its id */
    struct sl_span key; /* of the item that is being shown: what a link to all of it names */
    char front[96];     /* where in that item we are: a path that ends in '.', or nothing */
    uint64_t at;        /* the moment that links to items lead to; 0: the newest */
};

/* Markup of this program. */
static inline bool put(struct page *page, const char *literal)
{
    return html_markup_without_escaping(page->reply, literal);
}

bool put_count(struct page *page, uint64_t number);

/* Text from outside. */
bool put_text(struct page *page, struct sl_span text);
bool put_attribute(struct page *page, struct sl_span text);

/* A JSON value in a line: a string as it reads, anything else as its JSON; cut when it is too long
   for a line. Nothing for an empty span. */
bool put_value(struct page *page, struct sl_span value);
bool put_value_attribute(struct page *page, struct sl_span value);

/* `<span class="CLASS">value</span> `, or nothing where there is no value. */
bool put_span(struct page *page, const char *class, struct sl_span value);

/* The front of a hash, the whole in its title. */
bool put_hash(struct page *page, struct sl_span value);

/* The id of a message or part as the id of an element. Ids that don't look like opencode's get a
   prefix: an id of a session must not pass for one of the page's own. */
bool put_id(struct page *page, struct sl_span id);
bool put_id_url(struct page *page, struct sl_span id);

/* The address of one field of the item being shown (NULL: of its JSON), to be put into an
   attribute: at the page's moment where that is a past one. */
bool put_item_url(struct page *page, const char *field);

/* "… 812 more lines: all of it", with a link to the field; nothing when nothing was left out. */
bool put_cut_note(struct page *page, const struct cut *cut, const char *field);

/* ---- times, in milliseconds since 1970 ---- */

/* 2026-01-31 12:03:04.123 */
bool put_date(struct page *page, uint64_t ms);
/* A time that came from outside: of a number 12:03:04.123, with the day in its title; anything else
 * as it is. */
bool put_time_value(struct page *page, struct sl_span value);
/* `<span class="took">4.2 s</span> `: the time between two such values; nothing when they don't
   say. */
bool put_took_values(struct page *page, struct sl_span start, struct sl_span end);
/* The duration alone: `4.2 s`. */
void took_text(uint64_t ms, char text[48]);

#endif
