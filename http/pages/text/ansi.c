/* Terminal output: colours become classes, a line overwritten shows as it ended, all other orders
   to the terminal are left out. */

#include "http/pages/text/ansi.h"

#include <stdio.h>
#include <stdlib.h>

/* Colours are 0 for the terminal's own, else 1 + one of the sixteen. */
struct style {
    uint8_t flags, fore, back;
};

enum { BOLD = 1, DIM = 2, ITALIC = 4, UNDERLINE = 8, INVERSE = 16, STRIKE = 32 };

struct order {
    enum { TEXT, COLOUR, COLUMN, LEFT, RIGHT, ERASE, BACKSPACE, RETURN, NEWLINE, NOTHING } kind;
    struct sl_span bytes;  /* TEXT */
    struct sl_span params; /* of a control sequence */
};

/* A column of a line that is overwritten: one character and how it looks. */
struct cell {
    char bytes[4];
    uint8_t len;
    struct style style;
};

/* A longer line goes on as if it began anew here. */
#define COLUMNS 16384

/* An order of a few bytes may blank a line; so many columns of one text, and no more. */
#define BLANKS_MAX 65536

/* A string for the terminal (a title, a link) that doesn't end within this is text after all. */
#define STRING_MAX 8192

struct terminal {
    struct http_reply *reply;
    struct style style; /* of what comes */
    struct style open;  /* of the span that is open; none: no span is */
    struct cell *cells; /* NULL: there was no need yet, or no memory */
    size_t at, width;
    size_t blanks; /* written for orders rather than for text, of BLANKS_MAX */
};

/* ---- reading ---- */

static size_t character_bytes(struct sl_span text)
{
    size_t len = 1;
    while (len < 4 && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len++;
    return (unsigned char)*text.ptr < 0xc0 ? 1 : len;
}

/* ESC [ … : up to the letter that says what it is. */
static size_t take_sequence(struct sl_span text, struct order *order)
{
    size_t at = 2, params;
    while (at < text.len && text.ptr[at] >= 0x30 && text.ptr[at] <= 0x3f)
        at++;
    params = at;
    while (at < text.len && text.ptr[at] >= 0x20 && text.ptr[at] <= 0x2f)
        at++;
    if (at >= text.len || text.ptr[at] < 0x40 || text.ptr[at] > 0x7e) return at;
    order->params = (struct sl_span){text.ptr + 2, params - 2};
    if (params == at) /* with others before the letter it is another order */
        switch (text.ptr[at]) {
        case 'm': order->kind = COLOUR; break;
        case 'G': order->kind = COLUMN; break;
        case 'D': order->kind = LEFT; break;
        case 'C': order->kind = RIGHT; break;
        case 'K': order->kind = ERASE; break;
        default: break;
        }
    if (params > 2 && strchr("<=>?", text.ptr[2])) order->kind = NOTHING; /* of one maker's own */
    return at + 1;
}

/* ESC ] … BEL, ESC P … ESC \ and their like. One that doesn't end on its line must not hide what
   follows: then only what began it is left out. */
static size_t take_string(struct sl_span text)
{
    for (size_t at = 2; at < text.len && at < STRING_MAX; at++) {
        if (text.ptr[at] == '\a') return at + 1;
        if (text.ptr[at] == '\x1b')
            return at + 1 < text.len && text.ptr[at + 1] == '\\' ? at + 2 : 2;
    }
    return 2;
}

static size_t take_escape(struct sl_span text, struct order *order)
{
    size_t at = 1;
    if (text.len < 2) return 1;
    if (text.ptr[1] == '[') return take_sequence(text, order);
    if (strchr("]P^_X", text.ptr[1]) && text.ptr[1]) return take_string(text);
    while (at < text.len && text.ptr[at] >= 0x20 && text.ptr[at] <= 0x2f)
        at++; /* a set of characters, such as ESC ( B */
    return at < text.len && text.ptr[at] >= 0x30 && text.ptr[at] <= 0x7e ? at + 1 : 1;
}

/* The next order to the terminal, off the front of a text that isn't empty. */
static struct order next_order(struct sl_span *text)
{
    struct order order = {.kind = NOTHING};
    size_t taken = 1;
    switch (*text->ptr) {
    case '\n': order.kind = NEWLINE; break;
    case '\r': order.kind = RETURN; break;
    case '\b': order.kind = BACKSPACE; break;
    case '\a': break;
    case '\x1b': taken = take_escape(*text, &order); break;
    default:
        order.kind = TEXT;
        while (taken < text->len && !memchr("\n\r\b\a\x1b", text->ptr[taken], 5))
            taken++;
        order.bytes = (struct sl_span){text->ptr, taken};
    }
    *text = (struct sl_span){text->ptr + taken, text->len - taken};
    return order;
}

/* ---- colours ---- */

static unsigned distance(unsigned a, unsigned b)
{
    unsigned sum = 0;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        int d = (int)(a >> shift & 255) - (int)(b >> shift & 255);
        sum += (unsigned)(d * d);
    }
    return sum;
}

/* The nearest of the sixteen, as xterm has them. */
static uint8_t nearest(unsigned rgb)
{
    static const unsigned palette[] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
        0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff,
        0xffffff};
    unsigned best = 0;
    for (unsigned i = 1; i < 16; i++)
        if (distance(palette[i], rgb) < distance(palette[best], rgb)) best = i;
    return (uint8_t)(1 + best);
}

/* One of 256: the sixteen, a cube of 6 × 6 × 6, 24 greys. */
static uint8_t indexed(unsigned index)
{
    static const unsigned steps[] = {0, 95, 135, 175, 215, 255};
    if (index < 16) return (uint8_t)(1 + index);
    if (index > 255) return 0;
    if (index >= 232) return nearest((8 + (index - 232) * 10) * 0x10101);
    index -= 16;
    return nearest(steps[index / 36] << 16 | steps[index / 6 % 6] << 8 | steps[index % 6]);
}

#define PARAMS 32

/* The numbers of a sequence, and whether each goes with the one before (":" rather than ";"). A
 * number left out is 0. */
struct params {
    unsigned n[PARAMS];
    bool with[PARAMS];
    size_t count;
};

static struct params numbers(struct sl_span text)
{
    struct params params = {.count = 1};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        unsigned *last = &params.n[params.count - 1];
        if (c >= '0' && c <= '9') {
            if (*last < 100000) *last = *last * 10 + (unsigned)(c - '0');
        } else if (params.count == PARAMS) {
            break;
        } else {
            params.with[params.count++] = c == ':';
        }
    }
    return params;
}

/* 38 or 48 at `at`: the colour it says, and how many numbers that took. */
static uint8_t extended(const struct params *params, size_t at, size_t *taken)
{
    size_t together = 1;
    const unsigned *n = params->n + at;
    while (at + together < params->count && params->with[at + together])
        together++;
    size_t left = together > 1 ? together : params->count - at;
    *taken = left;
    if (left >= 3 && n[1] == 5) {
        *taken = together > 1 ? together : 3;
        return indexed(n[2]);
    }
    if (left < 5 || n[1] != 2) return 0;
    if (together > 5) n++; /* 38:2:SPACE:r:g:b */
    if (together == 1) *taken = 5;
    return nearest((n[2] & 255) << 16 | (n[3] & 255) << 8 | (n[4] & 255));
}

static void obey_one(struct style *style, unsigned n)
{
    static const struct {
        uint8_t on, off;
    } flags[30] = {[1] = {BOLD, 0},
        [2] = {DIM, 0},
        [3] = {ITALIC, 0},
        [4] = {UNDERLINE, 0},
        [7] = {INVERSE, 0},
        [9] = {STRIKE, 0},
        [21] = {UNDERLINE, 0},
        [22] = {0, BOLD | DIM},
        [23] = {0, ITALIC},
        [24] = {0, UNDERLINE},
        [27] = {0, INVERSE},
        [29] = {0, STRIKE}};
    if (n == 0)
        *style = (struct style){0};
    else if (n < 30)
        style->flags = (uint8_t)((style->flags | flags[n].on) & ~flags[n].off);
    else if (n < 38)
        style->fore = (uint8_t)(1 + n - 30);
    else if (n == 39)
        style->fore = 0;
    else if (n >= 40 && n < 48)
        style->back = (uint8_t)(1 + n - 40);
    else if (n == 49)
        style->back = 0;
    else if (n >= 90 && n < 98)
        style->fore = (uint8_t)(9 + n - 90);
    else if (n >= 100 && n < 108)
        style->back = (uint8_t)(9 + n - 100);
}

static void colour(struct style *style, struct sl_span text)
{
    struct params params = numbers(text);
    size_t taken;
    for (size_t i = 0; i < params.count; i += taken) {
        unsigned n = params.n[i];
        taken = 1;
        if (n == 38)
            style->fore = extended(&params, i, &taken);
        else if (n == 48)
            style->back = extended(&params, i, &taken);
        else if (n == 58) /* an underline's colour: one for all is enough */
            extended(&params, i, &taken);
        else if (n == 4 && i + 1 < params.count && params.with[i + 1] && !params.n[i + 1])
            obey_one(style, 24);
        else if (!params.with[i])
            obey_one(style, n);
    }
}

/* ---- writing ---- */

static bool same(struct style a, struct style b)
{
    return a.flags == b.flags && a.fore == b.fore && a.back == b.back;
}

static bool open_style(struct terminal *terminal, struct style style)
{
    static const char *const names[] = {
        "a-bold", "a-dim", "a-italic", "a-underline", "a-inverse", "a-strike"};
    static const struct style none = {0};
    char classes[128] = "";
    size_t len = 0;
    if (same(terminal->open, style)) return true;
    if (!same(terminal->open, none) && !html_markup_without_escaping(terminal->reply, "</span>"))
        return false;
    terminal->open = style;
    if (same(style, none)) return true;
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (style.flags >> i & 1)
            len += (size_t)snprintf(classes + len, sizeof(classes) - len, " %s", names[i]);
    if (style.fore)
        len += (size_t)snprintf(classes + len, sizeof(classes) - len, " a-f%d", style.fore - 1);
    if (style.back) snprintf(classes + len, sizeof(classes) - len, " a-b%d", style.back - 1);
    return http_print(terminal->reply, "<span class=\"%s\">", classes + 1);
}

static bool write_as(struct terminal *terminal, struct style style, struct sl_span text)
{
    return open_style(terminal, style) && html_text(terminal->reply, text);
}

/* The line that was put together in cells, in runs that look alike. */
static bool write_cells(struct terminal *terminal)
{
    char run[1024];
    size_t len = 0;
    bool ok = true;
    for (size_t i = 0; i < terminal->width && ok; i++) {
        struct cell *cell = &terminal->cells[i];
        memcpy(run + len, cell->bytes, cell->len);
        len += cell->len;
        bool last = i + 1 == terminal->width || len + sizeof(cell->bytes) > sizeof(run) ||
                    !same(cell->style, cell[1].style);
        if (!last) continue;
        ok = write_as(terminal, cell->style, (struct sl_span){run, len});
        len = 0;
    }
    terminal->at = terminal->width = 0;
    return ok;
}

static bool may_blank(struct terminal *terminal, size_t columns)
{
    if (columns > BLANKS_MAX - terminal->blanks) return false;
    terminal->blanks += columns;
    return true;
}

/* Put a character where the cursor is, and blanks up to there. */
static bool put(struct terminal *terminal, struct sl_span character)
{
    if (terminal->at >= COLUMNS && !write_cells(terminal)) return false;
    if (terminal->at > terminal->width && !may_blank(terminal, terminal->at - terminal->width))
        terminal->at = terminal->width;
    for (; terminal->width < terminal->at; terminal->width++)
        terminal->cells[terminal->width] = (struct cell){.bytes = " ", .len = 1};
    struct cell *cell = &terminal->cells[terminal->at++];
    if (terminal->width < terminal->at) terminal->width = terminal->at;
    memcpy(cell->bytes, character.ptr, character.len);
    cell->len = (uint8_t)character.len;
    cell->style = terminal->style;
    return true;
}

static bool put_text(struct terminal *terminal, struct sl_span text)
{
    while (text.len) {
        size_t bytes = character_bytes(text);
        if (!put(terminal, (struct sl_span){text.ptr, bytes})) return false;
        text = (struct sl_span){text.ptr + bytes, text.len - bytes};
    }
    return true;
}

/* 0: from the cursor on, 1: up to it, 2: all. */
static void erase(struct terminal *terminal, unsigned what)
{
    size_t end = terminal->at + 1;
    if (what == 2) terminal->width = 0;
    if (what == 0 && terminal->width > terminal->at) terminal->width = terminal->at;
    if (what != 1) return;
    if (end > terminal->width) end = terminal->width;
    if (!may_blank(terminal, end)) return;
    for (size_t i = 0; i < end; i++)
        terminal->cells[i] = (struct cell){.bytes = " ", .len = 1};
}

static void move(struct terminal *terminal, const struct order *order)
{
    size_t n = numbers(order->params).n[0];
    if (order->kind == COLUMN) terminal->at = n ? n - 1 : 0;
    if (order->kind == RIGHT) terminal->at += n ? n : 1;
    if (order->kind == BACKSPACE) n = 1;
    if (order->kind == LEFT || order->kind == BACKSPACE) {
        if (!n) n = 1;
        terminal->at = n < terminal->at ? terminal->at - n : 0;
    }
    if (order->kind == RETURN) terminal->at = 0;
    if (terminal->at >= COLUMNS) terminal->at = COLUMNS - 1;
}

/* A line in which the cursor goes elsewhere than on. */
static bool write_moving(struct terminal *terminal, struct sl_span line)
{
    bool ok = true;
    while (line.len && ok) {
        struct order order = next_order(&line);
        if (order.kind == TEXT)
            ok = put_text(terminal, order.bytes);
        else if (order.kind == COLOUR)
            colour(&terminal->style, order.params);
        else if (order.kind == ERASE)
            erase(terminal, numbers(order.params).n[0]);
        else
            move(terminal, &order);
    }
    return ok && write_cells(terminal);
}

static bool write_flowing(struct terminal *terminal, struct sl_span line)
{
    bool ok = true;
    while (line.len && ok) {
        struct order order = next_order(&line);
        if (order.kind == TEXT) ok = write_as(terminal, terminal->style, order.bytes);
        if (order.kind == COLOUR) colour(&terminal->style, order.params);
    }
    return ok;
}

static bool moves(struct sl_span line)
{
    while (line.len) {
        struct order order = next_order(&line);
        if (order.kind != TEXT && order.kind != COLOUR && order.kind != NOTHING) return true;
    }
    return false;
}

static bool write_line(struct terminal *terminal, struct sl_span line)
{
    while (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (!moves(line)) return write_flowing(terminal, line);
    if (!terminal->cells) terminal->cells = malloc(COLUMNS * sizeof(*terminal->cells));
    return terminal->cells ? write_moving(terminal, line) : write_flowing(terminal, line);
}

bool ansi_write(struct http_reply *reply, struct sl_span text)
{
    struct terminal terminal = {.reply = reply};
    bool ok = true;
    while (text.len && ok) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;
        ok = write_line(&terminal, (struct sl_span){text.ptr, len}) &&
             (!end || write_as(&terminal, terminal.open, SL_SPAN("\n")));
        len += end != NULL;
        text = (struct sl_span){text.ptr + len, text.len - len};
    }
    ok = ok && open_style(&terminal, (struct style){0});
    free(terminal.cells);
    return ok;
}
