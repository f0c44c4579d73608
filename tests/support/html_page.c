/* A page of ours, read strictly. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/html_page.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH 64

struct reader {
    const char *start, *at, *end;
    struct sl_span open[DEPTH];
    size_t depth;
    struct page_read *page;
    const char *article;
    size_t article_depth, undone_depth;
};

static bool one_of(struct sl_span name, const char *const list[])
{
    for (; *list; list++)
        if (sl_span_eq(name, sl_span_of(*list))) return true;
    return false;
}

static void wrong(const struct reader *reader, const char *what)
{
    const char *from = reader->at - reader->start > 300 ? reader->at - 300 : reader->start;
    fail_msg("%s at: %.*s", what, 500 < reader->end - from ? 500 : (int)(reader->end - from), from);
}

static struct sl_span name_at(struct reader *reader)
{
    const char *from = reader->at;
    while (reader->at < reader->end && (*reader->at == '-' || *reader->at == ':' ||
                                           (*reader->at >= '0' && *reader->at <= '9') ||
                                           (*reader->at >= 'a' && *reader->at <= 'z') ||
                                           (*reader->at >= 'A' && *reader->at <= 'Z')))
        reader->at++;
    return (struct sl_span){from, (size_t)(reader->at - from)};
}

static bool begins(struct sl_span text, const char *front)
{
    return text.len >= strlen(front) && strncasecmp(text.ptr, front, strlen(front)) == 0;
}

static void check_attribute(struct reader *reader, struct sl_span name, struct sl_span value)
{
    static const char *const names[] = {"class", "id", "href", "src", "alt", "title", "datetime",
        "dir", "lang", "charset", "name", "content", "property", "rel", "type", "defer", "open",
        "hidden", "download", "loading", "aria-label", "aria-labelledby", "data-share", "data-seq",
        "data-last", "data-at", "data-live", "data-updated", "data-after", "data-undone",
        "data-copy", "data-from", "data-to", "data-time", "data-id", "data-pair", "colspan",
        "align", "checked", "disabled", "start", "role", NULL};
    if (!one_of(name, names)) wrong(reader, "an attribute that no page has");
    if (sl_span_eq(name, SL_SPAN("href")) && !begins(value, "#") && !begins(value, "/") &&
        !begins(value, "http://") && !begins(value, "https://") && !begins(value, "mailto:"))
        wrong(reader, "an address that could act");
    if (begins(value, "//")) wrong(reader, "an address of somewhere else");
    if (sl_span_eq(name, SL_SPAN("src")) && (!begins(value, "/") || begins(value, "//")))
        wrong(reader, "something from elsewhere");
}

static struct sl_span attribute(struct reader *reader, struct sl_span *value)
{
    struct sl_span name = name_at(reader);
    *value = (struct sl_span){"", 0};
    if (!name.len) wrong(reader, "no attribute");
    if (reader->at < reader->end && *reader->at == '=') {
        if (*++reader->at != '"') wrong(reader, "an unquoted value");
        const char *from = ++reader->at;
        reader->at = memchr(from, '"', (size_t)(reader->end - from));
        if (!reader->at) {
            reader->at = from;
            wrong(reader, "an open value");
        }
        *value = (struct sl_span){from, (size_t)(reader->at++ - from)};
    }
    check_attribute(reader, name, *value);
    return name;
}

static void add_article(struct reader *reader, struct sl_span id)
{
    struct page_read *page = reader->page;
    page->articles = realloc(page->articles, (page->count + 1) * sizeof(*page->articles));
    assert_non_null(page->articles);
    if (page_article(page, id)) wrong(reader, "an id a second time");
    page->articles[page->count++] =
        (struct page_part){.id = id, .undone = reader->undone_depth > 0};
}

static void open_tag(struct reader *reader, const char *from)
{
    static const char *const empty[] = {"meta", "link", "br", "hr", "img", "input", "wbr", NULL};
    static const char *const known[] = {"html", "head", "title", "body", "a", "header", "nav",
        "main", "footer", "section", "article", "h1", "h2", "h3", "h4", "h5", "h6", "p", "div",
        "span", "dl", "dt", "dd", "ul", "ol", "li", "details", "summary", "pre", "code", "table",
        "thead", "tbody", "tr", "td", "th", "button", "time", "em", "strong", "del", "ins",
        "blockquote", "template", "script", "s", "sup", NULL};
    struct sl_span tag = name_at(reader), value, id = {0}, class = {0};
    while (reader->at < reader->end && *reader->at == ' ') {
        reader->at++;
        struct sl_span name = attribute(reader, &value);
        if (sl_span_eq(name, SL_SPAN("id"))) id = value;
        if (sl_span_eq(name, SL_SPAN("class"))) class = value;
    }
    if (reader->at == reader->end || *reader->at++ != '>') wrong(reader, "an open tag");
    if (one_of(tag, empty)) return;
    if (!one_of(tag, known)) wrong(reader, "an element that no page has");
    if (reader->depth == DEPTH) wrong(reader, "too deep");
    reader->open[reader->depth++] = tag;
    if (sl_span_eq(tag, SL_SPAN("details")) && sl_span_eq(class, SL_SPAN("undone")))
        reader->undone_depth = reader->depth;
    if (sl_span_eq(tag, SL_SPAN("article"))) {
        add_article(reader, id);
        reader->article = from;
        reader->article_depth = reader->depth;
    }
}

static void close_tag(struct reader *reader)
{
    struct sl_span tag = name_at(reader);
    if (!reader->depth || !sl_span_eq(reader->open[reader->depth - 1], tag))
        wrong(reader, "a tag out of place");
    if (*reader->at++ != '>') wrong(reader, "an open tag");
    if (reader->article && reader->article_depth == reader->depth) {
        reader->page->articles[reader->page->count - 1].html =
            (struct sl_span){reader->article, (size_t)(reader->at - reader->article)};
        reader->article = NULL;
    }
    if (reader->undone_depth == reader->depth) reader->undone_depth = 0;
    reader->depth--;
}

struct page_read page_read(struct sl_span html)
{
    struct page_read page = {.text = malloc(html.len + 1)};
    assert_non_null(page.text);
    memcpy(page.text, html.ptr, html.len);
    page.text[html.len] = 0;
    struct reader reader = {
        .start = page.text, .at = page.text, .end = page.text + html.len, .page = &page};
    while ((reader.at = memchr(reader.at, '<', (size_t)(reader.end - reader.at)))) {
        const char *from = reader.at++;
        if (*reader.at == '!')
            reader.at = strchr(reader.at, '>');
        else if (*reader.at == '/') {
            reader.at++;
            close_tag(&reader);
        } else {
            open_tag(&reader, from);
        }
    }
    reader.at = reader.end;
    if (reader.depth) wrong(&reader, "an element that isn't closed");
    return page;
}

void page_free(struct page_read *page)
{
    free(page->text);
    free(page->articles);
    *page = (struct page_read){0};
}

const struct page_part *page_article(const struct page_read *page, struct sl_span id)
{
    for (size_t i = 0; i < page->count; i++)
        if (sl_span_eq(page->articles[i].id, id)) return &page->articles[i];
    return NULL;
}

bool page_has(const struct page_read *page, const char *text)
{
    return strstr(page->text, text) != NULL;
}

bool page_drops(const struct page_read *page, struct sl_span id)
{
    char text[512];
    snprintf(
        text, sizeof(text), "<template class=\"dropped\" data-id=\"%.*s\">", (int)id.len, id.ptr);
    return page_has(page, text);
}

bool page_same_block(
    const struct page_read *a, const struct page_read *b, const char *begin, const char *end)
{
    const char *x = strstr(a->text, begin), *y = strstr(b->text, begin);
    if (!x || !y) return x == y;
    const char *x_end = strstr(x, end), *y_end = strstr(y, end);
    return x_end && y_end &&
           sl_span_eq(
               (struct sl_span){x, (size_t)(x_end - x)}, (struct sl_span){y, (size_t)(y_end - y)});
}
