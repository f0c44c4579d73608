#ifndef SHARELOG_HTTP_CALL_PARAM_H
#define SHARELOG_HTTP_CALL_PARAM_H

/* What a query asks for, strictly: a parameter is absent, or right, or a 400. A moment that is
   guessed from a typing mistake would show a reader the wrong session state without saying so. */

#include "http/call/request.h"

enum param { PARAM_ABSENT, PARAM_GIVEN, PARAM_WRONG };

/* A parameter's text, decoded. PARAM_WRONG: given twice, malformed, or longer than cap - 1. */
enum param param_text(const struct http_request *request, const char *name, char *buf, size_t cap);

/* A whole number. *number is set only when given. */
enum param param_u64(const struct http_request *request, const char *name, uint64_t *number);

/* Milliseconds since 1970 of a time: digits alone are milliseconds; else ISO 8601: `2026-01-31`, or
   `2026-01-31T23:59Z`, seconds and up to nine decimals of them optional, zone `Z` or `±HH:MM`
   (demanded: a local time would mean another moment to each reader). Before 1970 is 0, decimals
   beyond milliseconds are cut off. */
bool param_parse_time(struct sl_span text, uint64_t *ms);

/* The moment asked for by `at` or `t`; SL_NOW without either. SL_INVALID: wrong, or both. */
enum sl_result param_moment(
    const struct http_request *request, struct sl_moment *moment, struct sl_err *err);

#endif
