/* Keys and reasons are a stranger's text: on a terminal they are written by term_put, in JSON as
   strings. Memory that runs out ends the program (buffer.h). */

#include "tools/prove/redacted_tell.h"

#include "tools/prove/who.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#include <stdlib.h>

static struct sl_span copy(struct sl_span text)
{
    char *own = need(text.len + 1);
    if (text.len) memcpy(own, text.ptr, text.len);
    return (struct sl_span){own, text.len};
}

static void take(void *ctx, const struct redacted_item *item)
{
    struct redacted_list *list = ctx;
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 16;
        list->items = need_more(list->items, list->cap * sizeof(*list->items));
    }
    struct redacted_item *own = &list->items[list->count++];
    *own = *item;
    own->key = copy(item->key);
    own->reason = copy(item->reason);
}

struct redacted_each redacted_gather(struct redacted_list *list)
{
    return (struct redacted_each){take, list};
}

void redacted_free(struct redacted_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((char *)(uintptr_t)list->items[i].key.ptr);
        free((char *)(uintptr_t)list->items[i].reason.ptr);
    }
    free(list->items);
    *list = (struct redacted_list){0};
}

static void put_item(const struct redacted_item *item)
{
    char when[WHEN_BYTES];
    printf("event %llu, item %llu (", (unsigned long long)item->sequence,
        (unsigned long long)item->item);
    term_put(item->key, false, "");
    printf("): redacted%s", item->marked ? " on arrival" : "");
    if (item->marked && item->withheld) printf(", and again");
    if (item->by)
        printf(" on %s by its %s, event %llu", when_iso(item->time_ms, when), who_name(item->who),
            (unsigned long long)item->by);
    if (item->reason.len) {
        printf(": ");
        term_put(item->reason, false, "");
    }
    putchar('\n');
}

void redacted_put(const struct redacted_list *list, size_t max)
{
    for (size_t i = 0; i < list->count && i < max; i++)
        put_item(&list->items[i]);
    if (list->count > max) printf("and %zu more\n", list->count - max);
}

void redacted_json(const struct redacted_list *list, struct buffer *out)
{
    buffer_text(out, "[");
    for (size_t i = 0; i < list->count; i++) {
        const struct redacted_item *item = &list->items[i];
        buffer_print(out, "%s{\"seq\":%llu,\"item\":%llu,\"key\":", i ? "," : "",
            (unsigned long long)item->sequence, (unsigned long long)item->item);
        buffer_json(out, item->key);
        buffer_print(out, ",\"onArrival\":%s,\"withheld\":%s", item->marked ? "true" : "false",
            item->withheld ? "true" : "false");
        if (item->by) {
            buffer_print(out, ",\"by\":%llu,\"time\":%llu,\"who\":\"%s\",\"reason\":",
                (unsigned long long)item->by, (unsigned long long)item->time_ms,
                who_name(item->who));
            buffer_json(out, item->reason);
        }
        buffer_text(out, "}");
    }
    buffer_text(out, "]");
}
