/* One iterator goes through the rows of all bodies. A row that it meets before the one that it
   looks for belongs to no event: a fault, unless the share is being erased. */

#include "core/verify/verify_body.h"

#include <assert.h>

/* The row at hand is the one that is looked for. It lies in one family, and the first event's in no
   pack: a pack goes with the content of its share, of which that one stays. */
static enum sl_result take_row(struct body *body, struct sl_err *err)
{
    struct share_check *check = body->check;
    struct body_iter *at = &check->at.bodies;
    bool twice = false;
    enum sl_result result = SL_OK;
    if (body_iter_twice(at)) /* or moved, while this goes on */
        result = bodies_twice(check->store->bodies, sl_span_of(check->facts.id), body->sequence,
            body->chunk, &twice, err);
    if (result == SL_OK && twice)
        return SHARE_FAULT(check, body->sequence, err, "body row %u is there twice", body->chunk);
    if (result == SL_OK && body->sequence == 1 && body_iter_family(at) == KV_COLD)
        return SHARE_FAULT(check, body->sequence, err, "its body lies in a pack");
    return result == SL_OK ? body_iter_row(at, &body->row, err) : result;
}

/* Move to this event's next row. *found: it is there. */
static enum sl_result body_row(struct body *body, bool *found, struct sl_err *err)
{
    struct share_check *check = body->check;
    struct row_key key = row_body(sl_span_of(check->facts.id), body->sequence, body->chunk);
    struct body_iter *at = &check->at.bodies;
    if (body->row.ptr) body_iter_next(at);
    body->row = (struct sl_span){0};
    for (; body_iter_valid(at); body_iter_next(at)) {
        int order = sl_span_cmp(body_iter_key(at), row_span(&key));
        if (order > 0) break;
        *found = order == 0;
        if (*found) return take_row(body, err);
        /* what is being erased may be half gone */
        if (check->content != CONTENT_ERASING)
            return SHARE_FAULT(
                check, body->sequence, err, "a body row before it belongs to no event");
    }
    *found = false;
    return body_iter_check(at, err);
}

enum sl_result body_piece(
    struct body *body, uint64_t want, struct sl_span *piece, struct sl_err *err)
{
    struct share_check *check = body->check;
    assert(want > 0 && body->used <= body->row.len);
    if (body->used == body->row.len) {
        bool found = false;
        if (body->row.ptr && body->row.len != SL_BODY_ROW_BYTES)
            return SHARE_FAULT(
                check, body->sequence, err, "body row %u ends too early", body->chunk - 1);
        enum sl_result result = body_row(body, &found, err);
        if (result != SL_OK) return result;
        if (!found)
            return SHARE_FAULT(check, body->sequence, err, "body row %u is missing", body->chunk);
        if (body->row.len == 0 || body->row.len > SL_BODY_ROW_BYTES)
            return SHARE_FAULT(
                check, body->sequence, err, "body row %u has a wrong length", body->chunk);
        body->chunk++;
        body->used = 0;
    }
    size_t left = body->row.len - body->used;
    *piece = (struct sl_span){body->row.ptr + body->used, left < want ? left : want};
    body->used += piece->len;
    assert(piece->len > 0 && piece->len <= want);
    return SL_OK;
}

enum sl_result body_end(struct body *body, struct sl_err *err)
{
    assert(body->row.ptr && body->chunk > 0); /* the prefix was read */
    if (body->used != body->row.len)
        return SHARE_FAULT(body->check, body->sequence, err, "its body is longer than its items");
    bool found = false;
    enum sl_result result = body_row(body, &found, err);
    if (result == SL_OK && found)
        return SHARE_FAULT(
            body->check, body->sequence, err, "body row %u should not be there", body->chunk);
    return result;
}

enum sl_result bodies_end(struct share_check *check, struct sl_err *err)
{
    struct sl_span id;
    uint64_t sequence = 0;
    uint32_t chunk;
    const struct body_iter *at = &check->at.bodies;
    if (!body_iter_valid(at) || check->content == CONTENT_ERASING ||
        sl_span_cmp(body_iter_key(at), row_span(&check->at.end)) >= 0)
        return body_iter_check(&check->at.bodies, err);
    row_parse_chunk(body_iter_key(at), &id, &sequence, &chunk);
    return SHARE_FAULT(check, sequence, err, "a body row of it belongs to no event");
}
