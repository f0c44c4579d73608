/* A request's head, judged by the bytes that CivetWeb's parser left behind.

   head_check accepts a head that every parser reads alike, or names the first thing that one might
   read otherwise; nothing is corrected. */

#include "http/edge/head.h"

#include "core/base/decimal.h"

#include <string.h>
#include <strings.h>

/* CivetWeb reads the length into a signed number of 64 bits; 18 digits fit one. */
#define LENGTH_MAX UINT64_C(999999999999999999)

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool alphanumeric(char c)
{
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct sl_span trimmed(struct sl_span text)
{
    while (text.len > 0 && blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool token_valid(const char *name)
{
    if (!*name) return false;
    for (; *name; name++)
        if (!alphanumeric(*name) && !strchr("!#$%&'*+-.^_`|~", *name)) return false;
    return true;
}

/* CivetWeb cuts a line `Name: value CR LF` into texts by writing NUL over the colon (and spaces
   before it), CR and LF, and NUL over the very last byte of the head. A client's own NUL never gets
   that far. So the bytes between and behind the texts tell how the line was really written. */
static bool line_written_well(const struct head_field *field, const char **end)
{
    const char *colon = field->name + strlen(field->name);
    if (colon + 1 < field->value && colon[1] == '\0') return false; /* a space before the colon */
    const char *stop = field->value + strlen(field->value);
    *end = stop;
    return token_valid(field->name);
}

static int lines_check(
    const char *version, const struct head_field *fields, size_t count, const char **what)
{
    /* Behind the request line CivetWeb skips white space of any kind, and makes it NUL. */
    const char *first = version + strlen(version) + 2;
    if (count > 0 ? fields[0].name != first : first[0] != '\0' || first[1] != '\0') {
        *what = "malformed or folded header";
        return 400;
    }
    for (size_t i = 0; i < count; i++) {
        const char *end;
        if (!line_written_well(&fields[i], &end)) {
            *what = "malformed header";
            return 400;
        }
        if (i + 1 < count) {
            if (fields[i + 1].name == end + 2) continue;
            *what = "header line not ended by CR LF";
            return 400;
        }
        if (end[0] == '\0' && end[1] == '\0' && end[2] == '\r' && end[3] == '\0') continue;
        *what = count >= HEAD_FIELDS ? "too many headers" : "malformed or folded header";
        return count >= HEAD_FIELDS ? 431 : 400;
    }
    return 0;
}

static size_t count_named(const struct head_field *fields, size_t count, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += strcasecmp(fields[i].name, name) == 0;
    return n;
}

int head_check(const char *version, const struct head_field *fields, size_t count,
    struct head_body *body, const char **what)
{
    int status = lines_check(version, fields, count, what);
    if (status) return status;
    size_t lengths = count_named(fields, count, "Content-Length");
    size_t encodings = count_named(fields, count, "Transfer-Encoding");
    struct head_body found = {.has_length = lengths == 1, .chunked = encodings == 1};
    struct sl_span encoding = head_find(fields, count, "Transfer-Encoding");
    if (count_named(fields, count, "Host") > 1) {
        *what = "more than one Host";
    } else if (lengths > 1 || encodings > 1 || (lengths && encodings)) {
        *what = "more than one Content-Length or Transfer-Encoding";
    } else if (lengths &&
               !sl_decimal(head_find(fields, count, "Content-Length"), LENGTH_MAX, &found.length)) {
        *what = "Content-Length is not a number";
    } else if (encodings && (encoding.len != 7 || strncasecmp(encoding.ptr, "chunked", 7) != 0)) {
        *what = "unknown Transfer-Encoding";
    } else {
        *body = found;
        return 0;
    }
    return 400;
}

struct sl_span head_find(const struct head_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(fields[i].name, name) == 0) return trimmed(sl_span_of(fields[i].value));
    return (struct sl_span){0};
}

bool head_host_valid(struct sl_span host)
{
    size_t i = 0;
    if (host.len == 0 || host.len > 255) return false;
    if (host.ptr[0] == '[') {
        for (i = 1; i < host.len && host.ptr[i] != ']'; i++)
            if (!alphanumeric(host.ptr[i]) && host.ptr[i] != ':' && host.ptr[i] != '.')
                return false;
        if (i < 3 || i == host.len) return false;
        i++;
    } else {
        while (i < host.len && (alphanumeric(host.ptr[i]) || strchr("-._", host.ptr[i])))
            i++;
        if (i == 0) return false;
    }
    if (i == host.len) return true;
    if (host.ptr[i++] != ':' || i == host.len || host.len - i > 5) return false;
    while (i < host.len && digit(host.ptr[i]))
        i++;
    return i == host.len;
}

bool head_lists(struct sl_span list, const char *token)
{
    size_t len = strlen(token);
    while (list.len > 0) {
        const char *comma = memchr(list.ptr, ',', list.len);
        size_t n = comma ? (size_t)(comma - list.ptr) : list.len;
        struct sl_span entry = trimmed((struct sl_span){list.ptr, n});
        if (entry.len == len && strncasecmp(entry.ptr, token, len) == 0) return true;
        if (!comma) break;
        list.ptr += n + 1;
        list.len -= n + 1;
    }
    return false;
}

bool head_target_valid(struct sl_span target)
{
    for (size_t i = 0; i < target.len; i++)
        if (target.ptr[i] <= ' ' || target.ptr[i] >= 0x7f) return false;
    return true;
}

struct sl_span head_path_key(struct sl_span path, struct sl_span *key)
{
    *key = (struct sl_span){0};
    if (path.len < 4 || memcmp(path.ptr, "/k/", 3) != 0) return path;
    size_t i = 3;
    while (i < path.len && (alphanumeric(path.ptr[i]) || path.ptr[i] == '_' || path.ptr[i] == '-'))
        i++;
    if (i == 3 || (i < path.len && path.ptr[i] != '/')) return path;
    *key = (struct sl_span){path.ptr + 3, i - 3};
    if (i == path.len) return SL_SPAN("/");
    if (i + 1 < path.len && path.ptr[i + 1] == '/') i++;
    return (struct sl_span){path.ptr + i, path.len - i};
}

struct sl_span head_last(struct sl_span list)
{
    const char *comma = list.len ? memrchr(list.ptr, ',', list.len) : NULL;
    if (!comma) return trimmed(list);
    size_t skip = (size_t)(comma - list.ptr) + 1;
    return trimmed((struct sl_span){list.ptr + skip, list.len - skip});
}
