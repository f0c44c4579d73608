/* Query parameters, strictly: numbers, times, moments. */

#include "http/call/param.h"

#include "core/base/decimal.h"

/* How often a query names a parameter. A name is compared as it stands: `%61t` is not `at`. */
static unsigned times_given(struct sl_span query, const char *name)
{
    size_t name_len = strlen(name);
    unsigned times = 0;
    while (query.len) {
        const char *amp = memchr(query.ptr, '&', query.len);
        size_t len = amp ? (size_t)(amp - query.ptr) : query.len;
        if (len >= name_len && memcmp(query.ptr, name, name_len) == 0 &&
            (len == name_len || query.ptr[name_len] == '='))
            times++;
        if (!amp) break;
        query = (struct sl_span){amp + 1, query.len - len - 1};
    }
    return times;
}

enum param param_text(const struct http_request *request, const char *name, char *buf, size_t cap)
{
    unsigned times = times_given(request->query, name);
    if (times == 0) return PARAM_ABSENT;
    if (times > 1 || !http_query(request, name, buf, cap)) return PARAM_WRONG;
    return PARAM_GIVEN;
}

enum param param_u64(const struct http_request *request, const char *name, uint64_t *number)
{
    char text[32];
    enum param given = param_text(request, name, text, sizeof(text));
    if (given == PARAM_GIVEN && !sl_decimal(sl_span_of(text), UINT64_MAX, number))
        return PARAM_WRONG;
    return given;
}

/* ---- ISO 8601 ---- */

/* Exactly `digits` digits at the front, within bounds. */
static bool take_number(
    struct sl_span *text, size_t digits, unsigned min, unsigned max, unsigned *out)
{
    unsigned value = 0;
    if (text->len < digits) return false;
    for (size_t i = 0; i < digits; i++) {
        char c = text->ptr[i];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (unsigned)(c - '0');
    }
    if (value < min || value > max) return false;
    *text = (struct sl_span){text->ptr + digits, text->len - digits};
    *out = value;
    return true;
}

static bool take(struct sl_span *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c) return false;
    *text = (struct sl_span){text->ptr + 1, text->len - 1};
    return true;
}

/* Days since 1970 of a date of the Gregorian calendar: years are counted from March, so that a leap
 * day ends one. */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct sl_span *text, int64_t *ms)
{
    unsigned year, month, day;
    if (!take_number(text, 4, 0, 9999, &year) || !take(text, '-') ||
        !take_number(text, 2, 1, 12, &month) || !take(text, '-') ||
        !take_number(text, 2, 1, days_in(year, month), &day))
        return false;
    *ms = days_of(year, month, day) * 86400000;
    return true;
}

/* One to nine decimals of a second, as milliseconds. */
static bool take_decimals(struct sl_span *text, int64_t *ms)
{
    unsigned digits = 0, value = 0, digit;
    while (take_number(text, 1, 0, 9, &digit)) {
        if (++digits > 9) return false;
        if (digits <= 3) value = value * 10 + digit;
    }
    if (digits == 0) return false;
    for (unsigned i = digits; i < 3; i++)
        value *= 10;
    *ms += value;
    return true;
}

static bool take_clock(struct sl_span *text, int64_t *ms)
{
    unsigned hour, minute, second = 0;
    if (!take_number(text, 2, 0, 23, &hour) || !take(text, ':') ||
        !take_number(text, 2, 0, 59, &minute))
        return false;
    if (take(text, ':')) {
        if (!take_number(text, 2, 0, 59, &second)) return false;
        if (take(text, '.') && !take_decimals(text, ms)) return false;
    }
    *ms += ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * 1000;
    return true;
}

static bool take_zone(struct sl_span *text, int64_t *ms)
{
    unsigned hour, minute;
    if (take(text, 'Z')) return true;
    /* A `+` that was typed into a URL as it is arrives as a space. */
    bool east = take(text, '+') || take(text, ' ');
    if (!east && !take(text, '-')) return false;
    if (!take_number(text, 2, 0, 23, &hour) || !take(text, ':') ||
        !take_number(text, 2, 0, 59, &minute))
        return false;
    int64_t offset = ((int64_t)hour * 60 + minute) * 60000;
    *ms += east ? -offset : offset;
    return true;
}

bool param_parse_time(struct sl_span text, uint64_t *ms)
{
    int64_t value = 0;
    if (sl_decimal(text, UINT64_MAX, ms)) return true;
    if (!take_date(&text, &value)) return false;
    if (text.len && (!take(&text, 'T') || !take_clock(&text, &value) || !take_zone(&text, &value)))
        return false;
    if (text.len) return false;
    *ms = value < 0 ? 0 : (uint64_t)value;
    return true;
}

enum sl_result param_moment(
    const struct http_request *request, struct sl_moment *moment, struct sl_err *err)
{
    char time[64];
    uint64_t sequence = 0, ms = 0;
    enum param at = param_u64(request, "at", &sequence);
    enum param t = param_text(request, "t", time, sizeof(time));
    if (at == PARAM_WRONG) return sl_fail(err, SL_INVALID, "at: expected a sequence");
    if (t == PARAM_WRONG || (t == PARAM_GIVEN && !param_parse_time(sl_span_of(time), &ms)))
        return sl_fail(
            err, SL_INVALID, "t: expected milliseconds, or a time such as 2026-01-31T23:59:59Z");
    if (at == PARAM_GIVEN && t == PARAM_GIVEN)
        return sl_fail(err, SL_INVALID, "at and t: expected one of them");
    moment->kind = at == PARAM_GIVEN ? SL_AT_SEQUENCE : t == PARAM_GIVEN ? SL_AT_TIME : SL_NOW;
    moment->value = at == PARAM_GIVEN ? sequence : ms;
    return SL_OK;
}
