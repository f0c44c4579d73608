#ifndef SHARELOG_DECIMAL_H
#define SHARELOG_DECIMAL_H

/* Numbers as people and programs write them: decimal digits, nothing else. The one parser of them,
   for queries, headers, flags and the text formats of the log. */

#include "core/base/span.h"

/* Zeros may lead, as long as there are no more digits than the largest number has. */
#define SL_DECIMAL_DIGITS 20

/* A number of 1 to SL_DECIMAL_DIGITS digits that is at most `max`. False, with *number untouched:
   no digit, any byte that is none (a sign, a space, a NUL), too many digits, or too large. */
static inline bool sl_decimal(struct sl_span text, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > SL_DECIMAL_DIGITS) return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    if (value > max) return false;
    *number = value;
    return true;
}

/* The same in its one shortest form, for what is signed or hashed as text: no leading zero. */
static inline bool sl_decimal_exact(struct sl_span text, uint64_t max, uint64_t *number)
{
    return (text.len == 1 || (text.len && text.ptr[0] != '0')) && sl_decimal(text, max, number);
}

#endif
