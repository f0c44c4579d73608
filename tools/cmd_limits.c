/* `sharelog limits`: a hand-written row for each limit of core/base/limits.h, with the flag that
   changes it. */

#include "core/base/limits.h"
#include "tools/command.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#include <stdio.h>
#include <string.h>

/* Everything in core/base/limits.h; `flag` is that of `sharelog serve`. */
#define LIMIT(name, flag, what)                                                                    \
    {                                                                                              \
#name, (unsigned long long)(name), flag, what                                              \
    }
static const struct {
    const char *name;
    unsigned long long value;
    const char *flag, *what;
} limits[] = {
    LIMIT(SL_SHARE_ID_BYTES, "", "a share id"),
    LIMIT(SL_SESSION_ID_BYTES, "", "a session id"),
    LIMIT(SL_SECRET_BYTES, "", "a share's secret, a UUID as text"),
    LIMIT(SL_KEY_TEXT_BYTES, "", "an owner or client key as text"),
    LIMIT(SL_ITEM_TYPE_BYTES, "", "an item's type, decoded"),
    LIMIT(SL_ITEM_KEY_BYTES, "", "an item's key, encoded"),
    LIMIT(SL_REASON_BYTES, "", "the reason of a removal"),
    LIMIT(SL_BODY_BYTES, "--max-body-mb", "a request's body"),
    LIMIT(SL_JSON_DEPTH, "", "arrays and objects inside each other"),
    LIMIT(SL_BATCH_ITEMS, "", "items of a batch"),
    LIMIT(SL_HEADER_BYTES, "", "an event's header"),
    LIMIT(SL_BODY_ROW_BYTES, "", "a row of an event's body, and a pack's rows together"),
    LIMIT(SL_PACK_MIN_BYTES, "", "of events before a share's next pack is made"),
    LIMIT(SL_SNAPSHOT_ROW_BYTES, "", "a row of a snapshot on disk"),
    LIMIT(SL_SNAPSHOT_MIN_BYTES, "", "of events before a first snapshot"),
    LIMIT(SL_GROUP_BYTES, "", "a commit group"),
    LIMIT(SL_CACHE_BYTES, "--cache-mb", "RocksDB's block cache"),
    LIMIT(SL_PACK_CACHE_BYTES, "", "packs kept in memory, decoded"),
    LIMIT(SL_WRITE_BUFFER_BYTES, "", "RocksDB's memtables together"),
    LIMIT(SL_WAL_BYTES, "", "RocksDB's write-ahead log"),
    LIMIT(SL_SHARE_CACHE, "", "shares whose heads are kept in memory"),
    LIMIT(SL_SUMMARY_TEXT_BYTES, "", "title and directory, kept in memory with each"),
    LIMIT(SL_HISTORY_PAGE, "", "events of a page of history"),
    LIMIT(SL_LIST_PAGE, "", "shares of a page of the list"),
    LIMIT(SL_READ_AHEAD_BYTES, "", "of events' bodies that one read takes in"),
    LIMIT(SL_READ_AHEAD_MIN_BYTES, "", "the same, of who jumps about in them"),
    LIMIT(SL_VIEW_CACHED_BYTES, "", "a larger state is read past the cache"),
    LIMIT(SL_TWIN_CREATE_MS, "", "between the two creates of one share"),
    LIMIT(SL_TWIN_CREATES, "", "creates remembered for that"),
    LIMIT(SL_SMALL_BODY_BYTES, "", "a body that counts as small"),
    LIMIT(SL_INFLIGHT_BYTES, "--inflight-mb", "bodies of all requests in flight"),
    LIMIT(SL_INFLIGHT_SMALL_BYTES, "", "small bodies in flight, beside these"),
    LIMIT(SL_CONTROL_BODY_BYTES, "", "a body of create, delete and the owner's requests"),
    LIMIT(SL_BODY_RATE_BYTES_PER_S, "", "slowest arrival of a body, a second"),
    LIMIT(SL_BODY_RATE_GRACE_MS, "", "after so long"),
    LIMIT(SL_THREADS, "--threads", "connections served at a time"),
    LIMIT(SL_VIEWERS, "--viewers", "live viewers of all shares"),
    LIMIT(SL_VIEWERS_PER_SHARE, "--viewers-per-share", "live viewers of a share"),
    LIMIT(SL_VIEWER_STALL_MS, "", "a viewer reads nothing before it is dropped"),
    LIMIT(SL_STOP_MS, "--stop-timeout", "a graceful stop"),
};

static void print_line(size_t i)
{
    char text[WHEN_BYTES];
    size_t len = strlen(limits[i].name);
    snprintf(text, sizeof(text), "%llu", limits[i].value);
    if (strstr(limits[i].name, "BYTES") && limits[i].value >= 1024)
        size_text(limits[i].value, text);
    else if (len > 3 && strcmp(limits[i].name + len - 3, "_MS") == 0)
        when_span(limits[i].value, text);
    printf("%-26s %12s  %-20s %s\n", limits[i].name, text, limits[i].flag, limits[i].what);
}

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct common *common = given;
    size_t all = sizeof(limits) / sizeof(limits[0]);
    for (size_t i = 0; i < all; i++) {
        if (common->json)
            printf("%s{\"name\":\"%s\",\"value\":%llu,\"flag\":\"%s\",\"what\":\"%s\"}%s\n",
                i ? "" : "[", limits[i].name, limits[i].value, limits[i].flag, limits[i].what,
                i + 1 < all ? "," : "]");
        else
            print_line(i);
    }
    return EXIT_YES;
}

const struct command command_limits = {
    .name = "limits",
    .words = "",
    .takes = TAKES_JSON,
    .summary = "print every limit, and the flag of `serve` that changes it",
    .about = "",
    .examples = "  sharelog limits\n"
                "  sharelog limits --json\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
