#ifndef SHARELOG_TOOLS_TERM_H
#define SHARELOG_TOOLS_TERM_H

/* What is written to a terminal. Sessions hold what a model, a tool or a stranger wrote: escapes,
   control characters and bidirectional marks are made visible here and never reach the terminal as
   such. */

#include "core/sharelog.h"

#include <stdio.h>

/* Exit codes: yes; the answer is no; wrong use, or it could not be done; two things that were
   signed contradict each other. */
enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_WRONG = 2, EXIT_FRAUD = 3 };

/* Looks at stdout, stderr, NO_COLOR and TERM, once. */
void term_init(void);
bool term_out(void); /* stdout is a terminal */
unsigned term_columns(void);

/* Is there somebody who can be asked? Both stdin and stdout are terminals. */
bool term_asks(void);
/* The answer to a question that ends in [y/N]; stdout is flushed before it is waited for. */
bool term_yes(void);

enum term_style {
    TERM_PLAIN,
    TERM_BOLD,
    TERM_DIM,
    TERM_RED,
    TERM_GREEN,
    TERM_YELLOW,
    TERM_BLUE,
    TERM_CYAN
};
/* The escape that begins a style on stdout; "" where there are no colours. TERM_PLAIN ends it. */
const char *term_style(enum term_style style);

/* Write text to stdout with everything unsafe made visible. Of `lines` true, newlines and tabs
   stay, each new line being begun with `indent`; else they are made visible as well. */
void term_put(struct sl_span text, bool lines, const char *indent);
/* One line of exactly `columns`, cut with … or padded with spaces. */
void term_put_cell(struct sl_span text, size_t columns);

/* A sink that writes JSON to stdout as it is; on a terminal, unsafe characters become \u escapes:
   the same JSON. False from `write` means that stdout is gone. Flush it with term_json_end, which
   adds a newline. */
struct sl_sink term_json(void);
bool term_json_end(void);

/* Stdout could not be written: tells so, unless its reader has just had enough (`| head`).
 * Returns EXIT_WRONG. */
int term_failed(void);

/* A line on stderr that replaces itself, when stderr is a terminal or `force`d (then one line after
 * the other). */
struct term_line {
    bool force;
    uint64_t shown_us;
};
void term_line(struct term_line *line, bool last, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A progress that draws itself in such a line. */
struct sl_progress term_progress(struct term_line *line);

/* `sharelog: …` on stderr; returns EXIT_WRONG. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
