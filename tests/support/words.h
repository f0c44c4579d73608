#ifndef TESTS_SUPPORT_WORDS_H
#define TESTS_SUPPORT_WORDS_H

/* What a callback was given, as words with a space behind each: a whole list is compared as one
 * text. */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct words {
    char text[400];
    unsigned left; /* the callback stops when it is 0 */
};

static inline bool words_add(struct words *words, const char *word)
{
    size_t at = strlen(words->text);
    snprintf(words->text + at, sizeof(words->text) - at, "%s ", word);
    return --words->left > 0;
}

#endif
