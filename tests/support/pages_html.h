#ifndef TESTS_SUPPORT_PAGES_HTML_H
#define TESTS_SUPPORT_PAGES_HTML_H

/* What a renderer wrote, caught and read again by a tokenizer that knows no mercy: only tags and
   attributes of a list, quoted values, entities of a list, every tag closed in its order, nothing
   raw that must not act. What fails, fails the test (cmocka). */

#include "http/http.h"

/* A reply that keeps what is written, until the next one; `limit` bytes, then the client is gone.
 */
struct http_reply *html_fresh(void);

/* The processor time that this thread has used, in seconds: what a costly input is judged by. A
   clock on the wall would judge the machine. */
double html_cpu_s(void);

struct http_reply *html_fresh_gone_after(size_t limit);
const char *html_got(void); /* terminated */
size_t html_got_len(void);

void assert_html(const char *whole);
void assert_html_has(const char *text);
void assert_html_lacks(const char *text);

/* What was written is harmless and well-formed; `seed` tells which input it was made from. */
void assert_harmless(const char *seed);

/* The same for what stands between the quotes of an attribute. */
void assert_harmless_attribute(const char *seed);

/* The text that a reader sees (terminated), tags taken out and entities resolved. */
const char *html_seen(void);

/* Hostile texts: every way known here to make a text act.. */
extern const struct sl_span hostile[];
extern const size_t hostile_count;

#endif
