/* All text of sessions passes put() or put_json() on its way out: they find characters that
   would change what a terminal shows, and write something harmless in their place. What can't be
   written at all makes the program's exit code 2. */

#include "tools/shared/term.h"

#include "core/base/clock.h"

#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

/* About this process's own terminal, set once before anything is written. */
static struct {
    bool out, err, colours;
} term;

/* The end of a UTF-8 sequence that a chunk of JSON was cut in: its rest comes with the next one. */
static struct {
    char bytes[4];
    size_t len;
} held;

void term_init(void)
{
    const char *no_color = getenv("NO_COLOR"), *kind = getenv("TERM");
    setlocale(
        LC_CTYPE, "C.UTF-8"); /* for wcwidth alone: everything here is UTF-8 whatever the locale */
    term.out = isatty(STDOUT_FILENO);
    term.err = isatty(STDERR_FILENO);
    term.colours = term.out && !(no_color && *no_color) && kind && strcmp(kind, "dumb") != 0;
}

bool term_out(void)
{
    return term.out;
}

unsigned term_columns(void)
{
    struct winsize size;
    if (term.out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) return size.ws_col;
    return 120;
}

bool term_asks(void)
{
    return term.out && isatty(STDIN_FILENO);
}

bool term_yes(void)
{
    char line[16] = "";
    fflush(stdout);
    return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

const char *term_style(enum term_style style)
{
    static const char *const escapes[] = {"\033[0m", "\033[1m", "\033[2m", "\033[31m", "\033[32m",
        "\033[33m", "\033[34m", "\033[36m"};
    return term.colours ? escapes[style] : "";
}

/* The length of the UTF-8 sequence at `at` and its code point; 1 and -1 where it is none. Lone
   surrogates (json_decode gives them) are none. */
static size_t next_char(struct sl_span text, int32_t *code)
{
    const unsigned char *at = (const unsigned char *)text.ptr;
    size_t len = at[0] < 0x80   ? 1
                 : at[0] < 0xc2 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf5 ? 4
                                : 0;
    *code = -1;
    if (len == 0 || len > text.len) return 1;
    int32_t value = len == 1 ? at[0] : at[0] & (0x7f >> len);
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 1;
        value = value << 6 | (at[i] & 0x3f);
    }
    static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 1;
    *code = value;
    return len;
}

/* Characters that change how others look, or that can't be seen: controls, bidirectional and
   zero-width marks, line separators, tags. The joiners U+200C and U+200D stay: scripts and emoji
   need them. */
static bool unsafe(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
           c == 0x200b || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

/* How an unsafe character is shown: ^[ for a control character, <U+202E>, <ff> for a byte that is
 * no UTF-8. */
static size_t show(int32_t code, unsigned char byte, char out[16])
{
    int len;
    if (code < 0)
        len = snprintf(out, 16, "<%02x>", byte);
    else if (code < 0x20 || code == 0x7f)
        len = snprintf(out, 16, "^%c", code ^ 0x40);
    else
        len = snprintf(out, 16, "<U+%04X>", (unsigned)code);
    return (size_t)len;
}

static void put(FILE *out, struct sl_span text, bool lines, const char *indent)
{
    while (text.len) {
        int32_t code;
        size_t len = next_char(text, &code);
        char shown[16] = "";
        if (lines && code == '\r' && text.len > 1 && text.ptr[1] == '\n') {
            /* of a line's end, \n alone is enough */
        } else if (lines && code == '\n') {
            fputc('\n', out);
            if (text.len > 1) fputs(indent, out);
        } else if (lines && code == '\t') {
            fputs("    ", out);
        } else if (unsafe(code)) {
            show(code, (unsigned char)*text.ptr, shown);
            fputs(shown, out);
        } else {
            fwrite(text.ptr, 1, len, out);
        }
        text.ptr += len;
        text.len -= len;
    }
}

void term_put(struct sl_span text, bool lines, const char *indent)
{
    put(stdout, text, lines, indent);
}

static size_t columns_of(int32_t code, size_t shown_len)
{
    if (shown_len) return shown_len;
    int width = wcwidth((wchar_t)code);
    return width < 0 ? 1 : (size_t)width;
}

/* How many bytes of `text` fit into `columns`, and how many columns they take. */
static size_t fitting(struct sl_span text, size_t columns, size_t *taken)
{
    size_t bytes = 0, used = 0;
    while (bytes < text.len) {
        struct sl_span rest = {text.ptr + bytes, text.len - bytes};
        int32_t code;
        char shown[16];
        size_t len = next_char(rest, &code);
        size_t width =
            columns_of(code, unsafe(code) ? show(code, (unsigned char)*rest.ptr, shown) : 0);
        if (used + width > columns) break;
        used += width;
        bytes += len;
    }
    *taken = used;
    return bytes;
}

void term_put_cell(struct sl_span text, size_t columns)
{
    size_t used;
    size_t bytes = fitting(text, columns, &used);
    if (bytes < text.len && columns > 1) {
        bytes = fitting(text, columns - 1, &used);
        term_put((struct sl_span){text.ptr, bytes}, false, "");
        fputs("…", stdout);
        used++;
    } else {
        term_put((struct sl_span){text.ptr, bytes}, false, "");
    }
    for (; used < columns; used++)
        putchar(' ');
}

/* ---- JSON to stdout ---- */

/* A sequence that is cut off by the end of `text` and may be whole with more bytes. */
static bool cut(struct sl_span text)
{
    unsigned char lead = (unsigned char)text.ptr[0];
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    return text.len < len;
}

static void put_json(struct sl_span text, bool last)
{
    while (text.len) {
        int32_t code;
        if (!last && cut(text)) {
            memcpy(held.bytes, text.ptr, text.len);
            held.len = text.len;
            return;
        }
        size_t len = next_char(text, &code);
        /* The only characters below a space that JSON has are white space. */
        if (code >= 0x20 && unsafe(code)) {
            if (code >= 0x10000)
                printf("\\u%04x\\u%04x", 0xd7c0u + ((unsigned)code >> 10),
                    0xdc00u + ((unsigned)code & 0x3ff));
            else
                printf("\\u%04x", (unsigned)code);
        } else {
            fwrite(text.ptr, 1, len, stdout);
        }
        text.ptr += len;
        text.len -= len;
    }
}

static bool write_json(void *ctx, const void *bytes, size_t len)
{
    (void)ctx;
    if (!term.out) return fwrite(bytes, 1, len, stdout) == len;
    struct sl_span text = {bytes, len};
    while (held.len && text.len) {
        held.bytes[held.len++] = *text.ptr++;
        text.len--;
        struct sl_span whole = {held.bytes, held.len};
        if (held.len == sizeof(held.bytes) || !cut(whole)) {
            held.len = 0;
            put_json(whole, true);
        }
    }
    put_json(text, false);
    return !ferror(stdout);
}

struct sl_sink term_json(void)
{
    return (struct sl_sink){write_json, NULL};
}

bool term_json_end(void)
{
    struct sl_span rest = {held.bytes, held.len};
    held.len = 0;
    put_json(rest, true);
    putchar('\n');
    return fflush(stdout) == 0;
}

int term_failed(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    bool reader_gone = poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP));
    return reader_gone ? EXIT_WRONG : fail("the output could not be written");
}

/* ---- stderr ---- */

void term_line(struct term_line *line, bool last, const char *format, ...)
{
    if (!term.err && !line->force) return;
    uint64_t now = clock_us(), wait = term.err ? 100000 : 1000000;
    if (!last && line->shown_us && now - line->shown_us < wait) return;
    line->shown_us = now;
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (term.err)
        fprintf(stderr, "\r%s\033[K%s", text, last && *text ? "\n" : "");
    else if (*text)
        fprintf(stderr, "%s\n", text);
    fflush(stderr);
}

static void report(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    struct term_line *line = ctx;
    if (total)
        term_line(line, false, "%s: %llu of %llu (%u %%)", phase, (unsigned long long)done,
            (unsigned long long)total, (unsigned)((double)done * 100 / (double)total));
    else
        term_line(line, false, "%s: %llu", phase, (unsigned long long)done);
}

struct sl_progress term_progress(struct term_line *line)
{
    return (struct sl_progress){report, line};
}

int fail(const char *format, ...)
{
    char text[2048]; /* it may quote what a server or a file says */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fflush(stdout);
    fputs("sharelog: ", stderr);
    put(stderr, sl_span_of(text), true, "  ");
    fputc('\n', stderr);
    return EXIT_WRONG;
}
