#ifndef TESTS_SUPPORT_HTML_PAGE_H
#define TESTS_SUPPORT_HTML_PAGE_H

/* A page of ours, read as strictly as it is written: every tag closed in its place, every attribute
   quoted and one of those that the pages use, every address one that can do nothing. What fails,
   fails the test. */

#include "core/base/span.h"

struct page_part {
    struct sl_span id, html; /* of an <article> */
    bool undone;             /* inside <details class="undone"> */
};

struct page_read {
    char *text; /* the whole, terminated */
    struct page_part *articles;
    size_t count;
};

struct page_read page_read(struct sl_span html);
void page_free(struct page_read *page);

/* NULL: not there. Two of one id fail the test. */
const struct page_part *page_article(const struct page_read *page, struct sl_span id);
bool page_has(const struct page_read *page, const char *text);
/* <template class="dropped" data-id="ID">? */
bool page_drops(const struct page_read *page, struct sl_span id);
/* Is what is from `begin` to `end` the same in both? */
bool page_same_block(
    const struct page_read *a, const struct page_read *b, const char *begin, const char *end);

#endif
