/* A statement's text is written line by line and read back strictly, in the same order: what is not
   just as it would have been written is none. Whoever made the text is a stranger. */

#include "core/proof/head_statement.h"

#include "core/base/decimal.h"
#include "core/proof/line.h"
#include "core/sharelog.h"

#include <assert.h>
#include <stdio.h>

#define SIZE_MAX_EVENTS ((uint64_t)1 << 62) /* no log has more */

/* ---- written ---- */

static void add_text(struct buf *out, const char *name, const char *value)
{
    buf_add_span(out, sl_span_of(name));
    buf_add(out, " ", 1);
    buf_add_span(out, sl_span_of(value));
    buf_add(out, "\n", 1);
}

static void add_number(struct buf *out, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    add_text(out, name, text);
}

static void add_hash(struct buf *out, const char *name, const uint8_t hash[32])
{
    char text[45];
    crypto_base64(hash, 32, text);
    add_text(out, name, text);
}

void head_statement_write(const struct head_statement *statement, struct buf *out)
{
    assert(statement->sequence > 0 && statement->last < statement->size);
    buf_add_span(out, SL_SPAN(HEAD_STATEMENT_FORM "\n"));
    add_text(out, "origin", statement->origin);
    add_text(out, "share", statement->share_id);
    add_hash(out, "ref", statement->ref);
    add_number(out, "first", statement->first);
    add_number(out, "last", statement->last);
    add_number(out, "sequence", statement->sequence);
    add_hash(out, "leaf", statement->leaf);
    add_number(out, "size", statement->size);
    add_number(out, "time", statement->time_ms);
}

/* ---- read ---- */

/* The value of the next line, which has that name. */
static bool take_value(struct sl_span *rest, const char *name, struct sl_span *value)
{
    struct sl_span line, before;
    return line_take(rest, &line) && line_split(line, ' ', &before, value) &&
           sl_span_eq(before, sl_span_of(name));
}

static bool take_number(struct sl_span *rest, const char *name, uint64_t max, uint64_t *number)
{
    struct sl_span value;
    return take_value(rest, name, &value) && sl_decimal_exact(value, max, number);
}

static bool take_hash(struct sl_span *rest, const char *name, uint8_t hash[32])
{
    struct sl_span value;
    size_t len;
    return take_value(rest, name, &value) && crypto_base64_parse(value, hash, 32, &len) &&
           len == 32;
}

static bool take_origin(struct sl_span *rest, char origin[NOTE_ORIGIN_BYTES + 1])
{
    struct sl_span value;
    if (!take_value(rest, "origin", &value) || !note_origin_valid(value)) return false;
    memcpy(origin, value.ptr, value.len);
    origin[value.len] = 0;
    return true;
}

static bool take_share(struct sl_span *rest, char share_id[SL_SHARE_ID_BYTES + 1])
{
    struct sl_span value;
    if (!take_value(rest, "share", &value) || !sl_share_id_valid(value)) return false;
    memcpy(share_id, value.ptr, value.len);
    share_id[value.len] = 0;
    return true;
}

/* Can a share's events lie so? */
static bool places_fit(const struct head_statement *statement)
{
    return statement->sequence > 0 && statement->first <= statement->last &&
           statement->last < statement->size &&
           statement->last - statement->first >= statement->sequence - 1 &&
           (statement->sequence > 1 || statement->first == statement->last);
}

bool head_statement_parse(struct sl_span text, struct head_statement *statement)
{
    struct head_statement got = {0};
    struct sl_span rest = text, form;
    if (!line_take(&rest, &form) || !sl_span_eq(form, SL_SPAN(HEAD_STATEMENT_FORM))) return false;
    if (!take_origin(&rest, got.origin) || !take_share(&rest, got.share_id)) return false;
    if (!take_hash(&rest, "ref", got.ref) ||
        !take_number(&rest, "first", SIZE_MAX_EVENTS, &got.first) ||
        !take_number(&rest, "last", SIZE_MAX_EVENTS, &got.last) ||
        !take_number(&rest, "sequence", SIZE_MAX_EVENTS, &got.sequence) ||
        !take_hash(&rest, "leaf", got.leaf) ||
        !take_number(&rest, "size", SIZE_MAX_EVENTS, &got.size) ||
        !take_number(&rest, "time", UINT64_MAX, &got.time_ms))
        return false;
    if (rest.len || !places_fit(&got)) return false;
    *statement = got;
    return true;
}

/* ---- signed ---- */

void head_key_name(struct sl_span origin, char name[NOTE_NAME_BYTES + 1])
{
    static_assert(NOTE_ORIGIN_BYTES + sizeof(HEAD_KEY_SUFFIX) <= NOTE_NAME_BYTES + 1,
        "an origin's head key has a name");
    assert(origin.len <= NOTE_ORIGIN_BYTES);
    snprintf(name, NOTE_NAME_BYTES + 1, "%.*s%s", (int)origin.len, origin.ptr, HEAD_KEY_SUFFIX);
}

enum sl_result head_statement_verify(struct sl_span bytes, const struct note_key *key,
    struct head_statement *statement, struct sl_err *err)
{
    struct note note;
    struct head_statement got;
    char name[NOTE_NAME_BYTES + 1];
    if (bytes.len > HEAD_STATEMENT_BYTES || !note_parse(bytes, &note))
        return sl_fail(err, SL_CORRUPT, "not a signed note");
    if (!head_statement_parse(note.text, &got))
        return sl_fail(err, SL_CORRUPT, "not a head statement");
    head_key_name(sl_span_of(got.origin), name);
    if (key->kind != NOTE_ED25519 || strcmp(key->name, name) != 0)
        return sl_fail(err, SL_CORRUPT,
            "of %s, whose head statements the given key, %s, doesn't sign", got.origin, key->name);
    if (!note_signed_by(&note, key, NULL))
        return sl_fail(err, SL_CORRUPT, "its signature, of %s, lacks or doesn't hold", name);
    *statement = got;
    return SL_OK;
}

enum sl_result head_statement_check_time(
    const struct head_statement *statement, uint64_t now_s, uint64_t max_age_s, struct sl_err *err)
{
    uint64_t time_s = statement->time_ms / 1000;
    if (time_s > now_s + POLICY_AHEAD_S) return sl_fail(err, SL_CORRUPT, "dated in the future");
    if (max_age_s && time_s < now_s && now_s - time_s > max_age_s)
        return sl_fail(err, SL_CORRUPT, "signed too long ago");
    return SL_OK;
}
