/* The mixed load against what it promises: an item that comes again is the one that it was, or goes
   on where it was; nothing else comes again; and it packs about as well as what it was learnt from.
 */

#include "bench/suite/selftest_mixed.h"

#include "bench/suite/chain.h"
#include "bench/suite/mixed.h"
#include "bench/suite/scratch.h"
#include "bench/suite/selftest_check.h"
#include "core/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <zstd.h>

#define NOT_FOUND ((size_t)-1)

/* ---- items by what they overwrite ---- */

struct item {
    struct sl_span key, data; /* the key: the id, or the type of what has none */
    uint64_t batch;
};
struct items {
    struct item *list;
    size_t count, cap;
};

static void take(struct items *items, struct sl_span batch, uint64_t n)
{
    struct sl_span object;
    while (json_next(&batch, &object)) {
        struct item item = {.batch = n};
        if (!json_get(object, "data", &item.data)) abort();
        bool session =
            json_get(object, "type", &item.key) && sl_span_eq(item.key, SL_SPAN("\"session\""));
        if (!session && item.data.ptr[0] == '{') json_get(item.data, "id", &item.key);
        if (items->count == items->cap) {
            items->cap = items->cap ? 2 * items->cap : 256;
            items->list = realloc(items->list, items->cap * sizeof(*items->list));
            if (!items->list) abort();
        }
        items->list[items->count++] = item;
    }
}

/* The newest with that key among the first `count`. */
static size_t newest(const struct items *items, size_t count, struct sl_span key)
{
    while (count-- > 0)
        if (sl_span_eq(items->list[count].key, key)) return count;
    return NOT_FOUND;
}

/* The batches from `from` on, one behind the other, and where each ends. */
struct batches {
    struct buf text;
    size_t ends[3 * MIXED_SHARED_AGAIN];
    size_t count;
};

static void make(const struct mixed *mixed, size_t count, struct batches *batches)
{
    for (size_t n = 0; n < count; n++) {
        mixed_batch(mixed, n, &batches->text);
        batches->ends[batches->count++] = batches->text.len;
    }
    if (batches->text.failed) abort();
}

static struct sl_span batch_of(const struct batches *batches, size_t n)
{
    size_t from = n ? batches->ends[n - 1] : 0;
    return (struct sl_span){batches->text.ptr + from, batches->ends[n] - from};
}

static struct mixed of_kind(enum mixed_kind kind, uint64_t seed)
{
    for (uint64_t number = 8 * seed;; number++) {
        struct mixed mixed = mixed_of(number);
        if (mixed.kind == kind) return mixed;
    }
}

/* ---- what comes again ---- */

/* A batch that shares again has every item as it came last; of what was under way its end. */
static void check_shared_again(void)
{
    struct mixed mixed = of_kind(MIXED_AGAIN, 3);
    struct batches batches = {.count = 0};
    struct items items = {0};
    size_t same = 0, ended = 0, lost = 0, first;
    make(&mixed, MIXED_SHARED_AGAIN, &batches);
    for (size_t n = 0; n + 1 < MIXED_SHARED_AGAIN; n++)
        take(&items, batch_of(&batches, n), n);
    first = items.count;
    take(&items, batch_of(&batches, MIXED_SHARED_AGAIN - 1), MIXED_SHARED_AGAIN - 1);
    for (size_t i = first; i < items.count; i++) {
        size_t before = newest(&items, first, items.list[i].key);
        bool is_same =
            before != NOT_FOUND && sl_span_eq(items.list[i].data, items.list[before].data);
        same += is_same;
        ended += !is_same; /* of the last step, which was under way */
    }
    for (size_t i = 0; i < first; i++) {
        size_t again = newest(&items, items.count, items.list[i].key);
        lost += again == NOT_FOUND || again < first;
    }
    check(same > 1000 && ended < 20, "shared again: %zu items as they were, %zu not", same, ended);
    check(lost == 0, "shared again: %zu items are missing", lost);
    free(items.list);
    buf_fini(&batches.text);
}

static struct sl_span output_of(struct sl_span part)
{
    struct sl_span state, metadata, output = {0};
    if (json_get(part, "state", &state) && json_get(state, "metadata", &metadata) &&
        json_get(metadata, "output", &output))
        output = (struct sl_span){output.ptr + 1, output.len - 2};
    return output;
}

/* A command's output begins with what it had printed the second before. */
static void check_growing(void)
{
    struct mixed mixed = of_kind(MIXED_CODE, 4);
    struct batches batches = {.count = 0};
    struct items items = {0};
    size_t grown = 0, wrong = 0, late = 0;
    make(&mixed, 2 * MIXED_SHARED_AGAIN, &batches);
    for (size_t n = 0; n < batches.count; n++)
        take(&items, batch_of(&batches, n), n);
    for (size_t i = 0; i < items.count; i++) {
        size_t before = newest(&items, i, items.list[i].key);
        if (before == NOT_FOUND || items.list[i].key.ptr[1] != 'p') continue;
        late += items.list[i].batch - items.list[before].batch > 1;
        struct sl_span was = output_of(items.list[before].data), is = output_of(items.list[i].data);
        if (was.len == 0) continue;
        grown++;
        wrong += is.len <= was.len || memcmp(is.ptr, was.ptr, was.len) != 0;
    }
    check(grown > 5 && wrong == 0, "%zu outputs go on, %zu are others", grown, wrong);
    check(late == 0, "%zu parts come again behind a pause", late);
    free(items.list);
    buf_fini(&batches.text);
}

/* Each list is the one before, its last message ended, and one more. */
static void check_list(void)
{
    struct mixed mixed = of_kind(MIXED_LIST, 5);
    struct batches batches = {.count = 0};
    struct sl_span object, data, list, element, before[MIXED_LIST_SYNCS];
    size_t wrong = 0;
    make(&mixed, 2 * MIXED_LIST_SYNCS, &batches);
    for (size_t n = 0; n < batches.count; n++) {
        struct sl_span batch = batch_of(&batches, n);
        size_t count = 0, expected = n % MIXED_LIST_SYNCS + 1;
        json_next(&batch, &object); /* the session */
        if (!json_next(&batch, &object) || !json_get(object, "data", &data) ||
            !json_get(data, "messages", &list))
            abort();
        for (; json_next(&list, &element) && count < expected; count++) {
            if (count + 2 < expected) wrong += !sl_span_eq(element, before[count]);
            before[count] = element;
        }
        check(count == expected, "list %zu has %zu messages", n, count);
    }
    check(wrong == 0, "%zu messages of a list changed", wrong);
    buf_fini(&batches.text);
}

/* ---- what doesn't ---- */

static void check_ids(void)
{
    struct mixed shares[2] = {of_kind(MIXED_CODE, 6), of_kind(MIXED_CODE, 7)};
    struct batches batches[2] = {{.count = 0}, {.count = 0}};
    struct items items = {0};
    size_t again = 0;
    for (size_t i = 0; i < 2; i++) {
        make(&shares[i], MIXED_SHARED_AGAIN, &batches[i]);
        for (size_t n = 0; n < MIXED_SHARED_AGAIN; n++)
            take(&items, batch_of(&batches[i], n), n + i * 1000);
    }
    for (size_t i = 0; i < items.count; i++) {
        size_t before = newest(&items, i, items.list[i].key);
        bool has_id = items.list[i].data.ptr[0] == '{' && items.list[i].key.len > 20;
        if (has_id && before != NOT_FOUND)
            again += items.list[i].batch - items.list[before].batch > 8;
    }
    check(items.count > 2000 && again == 0, "%zu of %zu ids came again", again, items.count);
    free(items.list);
    buf_fini(&batches[0].text);
    buf_fini(&batches[1].text);
}

static void check_texts(void)
{
    struct buf text = {0}, shorter = {0};
    size_t again = 0, count = 3000, bytes = 1400;
    for (size_t i = 0; i < count; i++) {
        size_t from = text.len;
        chain_text(CHAIN_PROSE, i, bytes, &text);
        buf_clear(&shorter);
        chain_text(CHAIN_PROSE, i, bytes / 3, &shorter);
        check(text.len - from >= bytes && text.len - from < bytes + CHAIN_TOKEN_BYTES,
            "a text of %zu bytes, not %zu", text.len - from, bytes);
        check(memcmp(text.ptr + from, shorter.ptr, shorter.len) == 0,
            "a shorter text isn't how the longer one begins");
    }
    for (size_t i = 0; i < 300; i++) { /* a passage of some words, in all that comes behind it */
        const char *passage = text.ptr + i * 4000;
        size_t rest = text.len - i * 4000 - 64;
        again += memmem(passage + 64, rest, passage, 64) != NULL;
    }
    check(again < 15, "of 300 passages of 4 MB %zu come again", again);
    buf_fini(&text);
    buf_fini(&shorter);
}

/* ---- how it packs ---- */

/* What zstd makes of so many bytes at a time. */
static double packed(struct sl_span text, size_t piece)
{
    size_t room = ZSTD_compressBound(piece), sum = 0;
    char *out = malloc(room);
    if (!out) abort();
    for (size_t at = 0; at < text.len; at += piece) {
        size_t len = text.len - at < piece ? text.len - at : piece;
        size_t got = ZSTD_compress(out, room, text.ptr + at, len, 3);
        if (ZSTD_isError(got)) abort();
        sum += got;
    }
    free(out);
    return (double)sum / (double)text.len;
}

static void check_packing(enum mixed_kind kind, struct sl_span recorded, const char *what)
{
    static const size_t pieces[] = {256 << 10, 4 << 20};
    struct mixed mixed = of_kind(kind, 9);
    struct buf made = {0};
    for (uint64_t n = 0; made.len < recorded.len; n++)
        mixed_batch(&mixed, n, &made);
    for (size_t i = 0; i < 2; i++) {
        double was = packed(recorded, pieces[i]), is = packed(buf_span(&made), pieces[i]);
        printf("%-8s %4zu KiB at a time: packed to %.3f, the recording to %.3f\n", what,
            pieces[i] >> 10, is, was);
        check(fabs(is / was - 1) < 0.3, "%s packs to %.3f, the recording to %.3f", what, is, was);
    }
    buf_fini(&made);
}

void check_mixed(void)
{
    struct bench bench = {.captures = "tests/captures"};
    struct bodies recorded = {0};
    check_shared_again();
    check_growing();
    check_list();
    check_ids();
    check_texts();
    if (!bodies_of_recording(&bench, "long", &recorded)) abort();
    check_packing(MIXED_AGAIN, buf_span(&recorded.bytes), "again");
    recorded.bytes.len = recorded.ends[recorded.count - 2]; /* without what was shared again */
    check_packing(MIXED_CODE, buf_span(&recorded.bytes), "code");
    bodies_fini(&recorded);
}
