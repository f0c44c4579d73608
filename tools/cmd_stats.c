/* `sharelog stats`: the numbers of /api/stats, whatever they are. */

#include "tools/ask/source.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

/* All numbers of an object, one a line; one whose name ends in Bytes is shown as a size too. */
static void put_numbers(struct sl_span object, int depth)
{
    struct sl_span name, value;
    while (json_next_member(&object, &name, &value)) {
        char size[WHEN_BYTES] = "";
        uint64_t number;
        if (json_kind_of(value) == JSON_OBJECT) {
            printf("%*s%.*s\n", depth * 2, "", (int)name.len, name.ptr);
            put_numbers(value, depth + 1);
            continue;
        }
        bool bytes = name.len > 5 && memcmp(name.ptr + name.len - 5, "Bytes", 5) == 0;
        if (bytes && json_u64(value, &number) && number >= 1024) size_text(number, size);
        printf("%*s%-*.*s ", depth * 2, "", 20 - depth * 2, (int)name.len, name.ptr);
        term_put(value, false, "");
        printf("%s%s\n", *size ? "  " : "", size);
    }
}

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct common *common = given;
    struct source source;
    struct buffer answer = {0};
    if (!source_open(common, &source)) return EXIT_WRONG;
    int code;
    if (common->json) {
        code = source_print(&source, "/api/stats");
    } else {
        code = source_get(&source, "/api/stats", &answer);
        if (code == EXIT_YES) put_numbers(buffer_span(&answer), 0);
    }
    buffer_free(&answer);
    source_close(&source);
    return code;
}

const struct command command_stats = {
    .name = "stats",
    .words = "",
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON,
    .summary = "tell what the store holds and what it takes",
    .about =
        "Sizes on disk are RocksDB's estimates. Figures since opening are a server's with --url.",
    .examples =
        "  sharelog stats\n"
        "  SHARELOG_OWNER_KEY=$(sharelog owner-key) sharelog stats --url http://127.0.0.1:8787 --json\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
