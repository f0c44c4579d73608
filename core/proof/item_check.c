/* One pass over an item's data, which validates it and takes its ids; another over what stands in a
   redacted item's place. Memory is taken only where such has no `[redacted]` in it, and is redacted
   as a whole to see that nothing changes. */

#include "core/proof/item_check.h"

#include "core/event/item_key.h"
#include "core/event/redact_whole.h"

#include <assert.h>

enum { REDACTED_BYTES = sizeof(REDACTED) - 1 };

/* Strings and names that read `[redacted]`, as redacting writes it. */
static uint64_t count_redacted(struct sl_span data)
{
    struct sl_span token;
    uint64_t count = 0;
    while (json_token(&data, &token))
        count += sl_span_eq(token, SL_SPAN("\"" REDACTED "\""));
    return count;
}

static enum sl_result is_whole(struct sl_span data, bool *whole, struct sl_err *err)
{
    struct buf again = {0};
    enum sl_result result = redact_whole(data, &again, err);
    assert(result == SL_OK || result == SL_NOMEM); /* it is JSON */
    *whole = result == SL_OK && sl_span_eq(buf_span(&again), data);
    buf_fini(&again);
    return result;
}

static enum sl_result check_redacted(
    const struct item_claim *claim, const char **fault, struct sl_err *err)
{
    uint64_t count = count_redacted(claim->data);
    bool whole = count > 0;
    enum sl_result result = whole ? SL_OK : is_whole(claim->data, &whole, err);
    if (result != SL_OK) return result;
    if (!whole)
        *fault = "what stands in its place is not what redacting makes: no string of it reads "
                 "" REDACTED;
    else if (claim->state == CLAIM_WITHHELD && claim->data.len > claim->committed &&
             claim->data.len - claim->committed > count * REDACTED_BYTES)
        *fault = "what stands in its place is not what redacting makes: it is longer than what was "
                 "sent";
    return SL_OK;
}

enum sl_result item_check(
    const struct item_claim *claim, const char **fault, bool *unmarked, struct sl_err *err)
{
    struct json json;
    struct item_ids ids;
    struct sl_span value;
    *fault = NULL;
    *unmarked = false;
    json_init(&json, claim->data, JSON_DEPTH_CEILING);
    if (!item_ids_read(&json, &ids, &value) || value.len != claim->data.len) {
        *fault = claim->state == CLAIM_WITHHELD ? "what stands in its place is not one JSON value"
                                                : "its data is not one JSON value";
        return SL_OK;
    }
    enum item_key_fit fit = item_key_fits(claim->type, claim->key, &ids, claim->data);
    if (fit == ITEM_KEY_DIFFERS) {
        *fault = claim->state == CLAIM_WITHHELD
                     ? "what stands in its place is another item by its ids"
                     : "its key is not the one that its type and data make";
        return SL_OK;
    }
    if (claim->state != CLAIM_SENT) return check_redacted(claim, fault, err);
    *unmarked = fit == ITEM_KEY_REDACTED;
    return SL_OK;
}
