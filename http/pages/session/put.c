/* The words a page is written with. */

#include "http/pages/session/put.h"

#include "http/pages/figure.h"
#include "http/pages/text/cut.h"
#include "http/pages/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

bool put_text(struct page *page, struct sl_span text)
{
    return html_text(page->reply, text);
}

bool put_attribute(struct page *page, struct sl_span text)
{
    return html_attribute(page->reply, text);
}

bool put_count(struct page *page, uint64_t number)
{
    char text[FIGURE_BYTES];
    return html_text(page->reply, sl_span_of(figure_count(number, text)));
}

/* ---- values ---- */

static bool put_short(struct page *page, struct sl_span value,
    bool (*write)(struct http_reply *reply, struct sl_span text))
{
    struct buf text = {0};
    struct cut cut = {0};
    if (!value.len) return true;
    if (!cut_decode(value, SIZE_MAX, CUT_VALUE_BYTES, &text, &cut)) {
        bool long_one = value.len > CUT_VALUE_BYTES;
        cut.bytes = long_one;
        buf_add(&text, value.ptr, long_one ? CUT_VALUE_BYTES : value.len);
    }
    bool ok = write(page->reply, buf_span(&text)) && (!cut.bytes || put(page, "…"));
    buf_fini(&text);
    return ok;
}

bool put_value(struct page *page, struct sl_span value)
{
    return put_short(page, value, html_text);
}

bool put_value_attribute(struct page *page, struct sl_span value)
{
    return put_short(page, value, html_attribute);
}

bool put_span(struct page *page, const char *class, struct sl_span value)
{
    if (!value_is_some(value)) return true;
    return put(page, "<span class=\"") && put(page, class) && put(page, "\">") &&
           put_value(page, value) && put(page, "</span> ");
}

#define HASH_BYTES 10

bool put_hash(struct page *page, struct sl_span value)
{
    struct sl_span raw;
    if (!value_is_text(value) || !json_string_raw(value, &raw) || raw.len <= HASH_BYTES)
        return put_span(page, "hash", value);
    struct sl_span front = {raw.ptr, HASH_BYTES};
    return put(page, "<span class=\"hash\" title=\"") && put_value_attribute(page, value) &&
           put(page, "\">") && put_text(page, front) && put(page, "</span> ");
}

/* ---- addresses ---- */

/* Text as a part of a URL, percent-encoded. */
static bool put_url(struct page *page, struct sl_span text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/";
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0, run; i < text.len; i += run) {
        for (run = 0; i + run < text.len && text.ptr[i + run] &&
                      memchr(plain, text.ptr[i + run], sizeof(plain) - 1);)
            run++;
        if (run && !http_write(page->reply, text.ptr + i, run)) return false;
        if (run) continue;
        unsigned char byte = (unsigned char)text.ptr[i];
        char encoded[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        if (!http_write(page->reply, encoded, 3)) return false;
        run = 1;
    }
    return true;
}

static const char *id_front(struct sl_span id)
{
    bool own = id.len > 4 && (memcmp(id.ptr, "msg_", 4) == 0 || memcmp(id.ptr, "prt_", 4) == 0);
    return own ? "" : "x-";
}

bool put_id(struct page *page, struct sl_span id)
{
    return put(page, id_front(id)) && put_attribute(page, id);
}

bool put_id_url(struct page *page, struct sl_span id)
{
    return put(page, id_front(id)) && put_url(page, id);
}

bool put_item_url(struct page *page, const char *field)
{
    if (!http_print(page->reply, "/share/%s/item?key=", page->share) || !put_url(page, page->key))
        return false;
    if (field && !(put(page, "&amp;field=") && put_url(page, sl_span_of(page->front)) &&
                     put_url(page, sl_span_of(field))))
        return false;
    return !page->at || http_print(page->reply, "&amp;at=%" PRIu64, page->at);
}

bool put_cut_note(struct page *page, const struct cut *cut, const char *field)
{
    if (!cut->bytes) return true;
    if (!put(page, "<p class=\"cut\">… ")) return false;
    bool ok = cut->lines > 1 ? http_print(page->reply, "%" PRIu64 " more lines", cut->lines)
                             : http_print(page->reply, "%.1f KB more", (double)cut->bytes / 1024);
    return ok && put(page, ": <a href=\"") && put_item_url(page, field) &&
           put(page, "\">all of it</a></p>\n");
}

/* ---- times ---- */

/* The longest time that JavaScript knows: the year 275760. */
#define TIME_MAX_MS ((uint64_t)8640000000000000)

static bool put_moment(struct page *page, uint64_t ms, const char *format)
{
    struct tm tm;
    char machine[40], person[64];
    time_t seconds = (time_t)(ms / 1000);
    unsigned rest = (unsigned)(ms % 1000);
    if (ms > TIME_MAX_MS || !gmtime_r(&seconds, &tm) ||
        !strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%S", &tm) ||
        !strftime(person, sizeof(person), format, &tm))
        return http_print(page->reply, "<span class=\"time\">%" PRIu64 "</span> ", ms);
    return http_print(page->reply,
        "<time datetime=\"%s.%03uZ\" title=\"%.10s %s.%03u UTC\">%s.%03u</time> ", machine, rest,
        machine, machine + 11, rest, person, rest);
}

static bool put_time(struct page *page, uint64_t ms)
{
    return put_moment(page, ms, "%H:%M:%S");
}

bool put_date(struct page *page, uint64_t ms)
{
    return put_moment(page, ms, "%Y-%m-%d %H:%M:%S");
}

bool put_time_value(struct page *page, struct sl_span value)
{
    double number;
    if (!value_is_some(value)) return true;
    if (!value_number(value, &number) || number < 0) return put_span(page, "time", value);
    return put_time(page, value_u64(value));
}

void took_text(uint64_t ms, char text[48])
{
    uint64_t s = ms / 1000;
    if (ms < 1000)
        snprintf(text, 48, "%" PRIu64 " ms", ms);
    else if (s < 60)
        snprintf(text, 48, "%" PRIu64 ".%03u s", s, (unsigned)(ms % 1000));
    else if (s < 3600)
        snprintf(text, 48, "%" PRIu64 " min %02" PRIu64 " s", s / 60, s % 60);
    else if (s < 172800)
        snprintf(text, 48, "%" PRIu64 " h %02" PRIu64 " min", s / 3600, s / 60 % 60);
    else
        snprintf(text, 48, "%" PRIu64 " days", s / 86400);
}

static bool put_took(struct page *page, uint64_t ms)
{
    char text[48];
    took_text(ms, text);
    return http_print(page->reply, "<span class=\"took\">%s</span> ", text);
}

bool put_took_values(struct page *page, struct sl_span start, struct sl_span end)
{
    uint64_t from = value_u64(start), to = value_u64(end);
    return !from || to < from || put_took(page, to - from);
}
