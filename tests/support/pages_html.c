/* The tokenizer that fails on anything unexpected. */

#include "tests/support/pages_html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define NEST_MAX 512

static char *out, *seen;
static size_t out_len, out_cap, gone_after;
static struct http_reply reply;

/* ---- catching ---- */

static bool begin(struct http_reply *unused)
{
    (void)unused;
    return true;
}

static bool keep(struct http_reply *unused, const void *bytes, size_t len)
{
    (void)unused;
    if (out_len + len > gone_after) return false;
    if (out_len + len + 1 > out_cap) {
        out_cap = (out_len + len + 1) * 2;
        out = realloc(out, out_cap);
        assert_non_null(out);
    }
    memcpy(out + out_len, bytes, len);
    out_len += len;
    out[out_len] = 0;
    return true;
}

struct http_reply *html_fresh_gone_after(size_t limit)
{
    gone_after = SIZE_MAX;
    out_len = 0;
    keep(NULL, "", 0);
    gone_after = limit;
    reply = (struct http_reply){.begin = begin, .write = keep, .begun = true, .status = 200};
    return &reply;
}

double html_cpu_s(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

struct http_reply *html_fresh(void)
{
    return html_fresh_gone_after(SIZE_MAX);
}

const char *html_got(void)
{
    return out;
}

size_t html_got_len(void)
{
    return out_len;
}

void assert_html(const char *whole)
{
    assert_string_equal(out, whole);
}

void assert_html_has(const char *text)
{
    if (strstr(out, text)) return;
    print_error("lacks: %s\nin: %.4000s\n", text, out);
    fail();
}

void assert_html_lacks(const char *text)
{
    if (!strcasestr(out, text)) return;
    print_error("has: %s\nin: %.4000s\n", text, out);
    fail();
}

/* ---- reading again ---- */

static const char *const tags[] = {"a", "blockquote", "br", "code", "del", "div", "em", "h3", "h4",
    "h5", "h6", "hr", "input", "ins", "li", "ol", "p", "pre", "span", "strong", "table", "tbody",
    "td", "th", "thead", "tr", "ul", "wbr", NULL};
static const char *const lone[] = {"br", "hr", "input", "wbr", NULL};
/* tag, attribute, what its value must begin with */
static const char *const attributes[][3] = {{"a", "href", "http://"}, {"a", "href", "https://"},
    {"a", "href", "HTTP"}, {"a", "href", "mailto:"}, {"a", "class", "image"}, {"a", "title", ""},
    {"a", "rel", "noopener noreferrer nofollow ugc"}, {"span", "class", ""}, {"span", "title", ""},
    {"pre", "class", "code"}, {"code", "class", "language-"}, {"code", "class", "raw"},
    {"ol", "start", ""}, {"li", "class", "task"}, {"input", "type", "checkbox"},
    {"input", "disabled", ""}, {"input", "checked", ""}, {"input", "aria-label", ""},
    {"div", "class", "diff"}, {"div", "class", "table"}, {"table", "class", "diff-lines"},
    {"th", "class", ""}, {"td", "class", ""}, {"tr", "class", ""}, {"tr", "data-pair", ""},
    {"p", "class", "diff-note"}};
static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", NULL};

struct reading {
    const char *seed, *at, *end;
    const char *open[NEST_MAX];
    size_t depth;
    char *text;
};

static void refuse(const struct reading *reading, const char *why)
{
    size_t left = (size_t)(reading->end - reading->at);
    print_error("%s\n  at: %.*s\n  in: %.3000s\n  from: %.2000s\n", why,
        (int)(left < 80 ? left : 80), reading->at, out, reading->seed);
    fail();
}

static const char *one_of(const char *const *list, const char *at, size_t len)
{
    for (; *list; list++)
        if (strlen(*list) == len && memcmp(*list, at, len) == 0) return *list;
    return NULL;
}

/* A raw character that is seen and does nothing, by tables of this file's own. */
static size_t harmless_character(const struct reading *reading)
{
    const unsigned char *c = (const unsigned char *)reading->at;
    size_t left = (size_t)(reading->end - reading->at);
    if (*c < 0x80) return (*c >= 0x20 && *c != 0x7f) || *c == '\n' || *c == '\t';
    size_t len = *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : *c >= 0xc2 ? 2 : 0;
    if (!len || len > left || *c > 0xf4) return 0;
    uint32_t code = *c & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((c[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (c[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool bad = code < least[len] || code < 0xa0 || code == 0xad || code == 0x61c ||
               code == 0x200b || code == 0x200e || code == 0x200f ||
               (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
               code == 0xfeff || (code >= 0xd800 && code < 0xe000) || (code & 0xfffe) == 0xfffe ||
               (code >= 0xe0000 && code < 0xe1000) || code > 0x10ffff;
    return bad ? 0 : len;
}

static void take_character(struct reading *reading)
{
    static const char resolved[] = "&<>\"'";
    if (*reading->at == '&') {
        for (size_t i = 0; entities[i]; i++) {
            size_t len = strlen(entities[i]);
            if (strncmp(reading->at, entities[i], len) != 0) continue;
            *reading->text++ = resolved[i];
            reading->at += len;
            return;
        }
        refuse(reading, "a bare & or an entity that isn't ours");
    }
    if (strchr("<>\"'", *reading->at) && *reading->at) refuse(reading, "a raw character of markup");
    size_t len = harmless_character(reading);
    if (!len) refuse(reading, "a raw character that acts");
    memcpy(reading->text, reading->at, len);
    reading->text += len;
    reading->at += len;
}

static size_t name_len(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

/* One attribute, the cursor on its name. */
static void take_attribute(struct reading *reading, const char *tag)
{
    const char *name = reading->at;
    size_t len = name_len(name);
    const char *value = name + len;
    bool known = false;
    char *kept = reading->text;
    reading->at = value;
    if (value[0] == '=' && value[1] == '"') {
        value += 2;
        for (reading->at = value; reading->at < reading->end && *reading->at != '"';)
            take_character(reading);
        if (reading->at >= reading->end) refuse(reading, "a value that doesn't end");
        reading->at++;
    }
    reading->text = kept; /* not seen */
    for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
        known = known || (strcmp(attributes[i][0], tag) == 0 && strlen(attributes[i][1]) == len &&
                             memcmp(attributes[i][1], name, len) == 0 &&
                             strncasecmp(value, attributes[i][2], strlen(attributes[i][2])) == 0);
    reading->at = known ? reading->at : name;
    if (!known) refuse(reading, "an attribute that isn't on the list");
}

static void take_tag(struct reading *reading)
{
    bool closing = reading->at[1] == '/';
    const char *name = reading->at + 1 + closing;
    size_t len = name_len(name);
    const char *tag = one_of(tags, name, len);
    if (!tag) refuse(reading, "a tag that isn't on the list");
    if (closing) {
        if (!reading->depth || reading->open[reading->depth - 1] != tag || name[len] != '>')
            refuse(reading, "an end tag that isn't due");
        reading->depth--;
        reading->at = name + len + 1;
        return;
    }
    for (reading->at = name + len; *reading->at == ' ';) {
        reading->at++;
        take_attribute(reading, tag);
    }
    if (*reading->at != '>') refuse(reading, "a tag that doesn't end");
    reading->at++;
    if (one_of(lone, name, len)) return;
    if (strcmp(tag, "a") == 0)
        for (size_t i = 0; i < reading->depth; i++)
            if (strcmp(reading->open[i], "a") == 0) refuse(reading, "a link in a link");
    if (reading->depth == NEST_MAX) refuse(reading, "too deep");
    reading->open[reading->depth++] = tag;
}

static void read_again(const char *seed, bool attribute)
{
    struct reading reading = {.seed = seed, .at = out, .end = out + out_len};
    free(seen);
    reading.text = seen = malloc(out_len + 1);
    assert_non_null(seen);
    while (reading.at < reading.end) {
        if (*reading.at == '<' && !attribute)
            take_tag(&reading);
        else
            take_character(&reading);
    }
    *reading.text = 0;
    if (reading.depth) refuse(&reading, "a tag left open");
}

void assert_harmless(const char *seed)
{
    read_again(seed, false);
}

void assert_harmless_attribute(const char *seed)
{
    read_again(seed, true);
}

const char *html_seen(void)
{
    return seen;
}
