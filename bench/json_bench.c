/* How fast is the scanner, and how does it compare with yajl on the same bytes in the same run?

       json_bench [FILE…]      default: the captures in tests/captures

   The bytes are the bodies of the captured requests, which is what a server is sent. The ratios are
   the result; the MB/s are this machine's. */

#include "core/base/clock.h"
#include "core/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <yajl/yajl_parse.h>

enum { ROUNDS = 15, DEPTH_MAX = 512 };
static const size_t round_bytes = 32 << 20; /* each contender reads about this much a round */

struct bodies {
    struct sl_span *spans;
    size_t count, bytes;
};

struct contender {
    const char *name;
    bool (*reads)(struct sl_span body);
    double mb_per_s[ROUNDS];
};

static bool read_json(struct sl_span body)
{
    struct json json;
    json_init(&json, body, DEPTH_MAX);
    return json_value(&json, NULL) && json_end(&json);
}

static size_t seen; /* so that the callbacks aren't empty */

static int on_null(void *ctx)
{
    (void)ctx;
    return seen++, 1;
}

static int on_boolean(void *ctx, int value)
{
    (void)ctx;
    return seen += (size_t)value, 1;
}

static int on_bytes(void *ctx, const char *text, size_t len)
{
    (void)ctx, (void)text;
    return seen += len, 1;
}

static int on_text(void *ctx, const unsigned char *text, size_t len)
{
    (void)ctx, (void)text;
    return seen += len, 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_bytes,
    .yajl_string = on_text,
    .yajl_start_map = on_null,
    .yajl_map_key = on_text,
    .yajl_end_map = on_null,
    .yajl_start_array = on_null,
    .yajl_end_array = on_null,
};

static bool read_yajl(struct sl_span body, const yajl_callbacks *with)
{
    yajl_handle handle = yajl_alloc(with, NULL, NULL);
    bool ok = yajl_parse(handle, (const unsigned char *)body.ptr, body.len) == yajl_status_ok &&
              yajl_complete_parse(handle) == yajl_status_ok;
    yajl_free(handle);
    return ok;
}

static bool read_yajl_sax(struct sl_span body)
{
    return read_yajl(body, &callbacks);
}

static bool read_yajl_validate(struct sl_span body)
{
    return read_yajl(body, NULL);
}

static struct sl_span read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    long size = ftell(file);
    char *bytes = size > 0 ? malloc((size_t)size) : NULL;
    rewind(file);
    if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "%s: can't be read\n", path);
        exit(2);
    }
    fclose(file);
    return (struct sl_span){bytes, (size_t)size};
}

static void add_bodies(struct bodies *bodies, struct sl_span file)
{
    const char *at = file.ptr, *end = at + file.len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;
        struct sl_span body;
        if (json_get((struct sl_span){at, (size_t)(line_end - at)}, "body", &body)) {
            bodies->spans = realloc(bodies->spans, (bodies->count + 1) * sizeof(body));
            if (!bodies->spans) abort();
            bodies->spans[bodies->count++] = body;
            bodies->bytes += body.len;
        }
        at = newline ? newline + 1 : end;
    }
}

static void measure(struct contender *contender, const struct bodies *bodies, size_t round)
{
    size_t passes = round_bytes / bodies->bytes + 1;
    uint64_t from = clock_ns();
    for (size_t pass = 0; pass < passes; pass++)
        for (size_t i = 0; i < bodies->count; i++)
            if (!contender->reads(bodies->spans[i])) {
                fprintf(stderr, "%s: refuses body %zu\n", contender->name, i);
                exit(1);
            }
    contender->mb_per_s[round] =
        (double)(passes * bodies->bytes) / ((double)(clock_ns() - from) / 1e9) / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const char *const captures[] = {
        "kinds", "long", "medium", "run-share", "short", "stream", "unshare"};
    struct contender contenders[] = {
        {.name = "json_value", .reads = read_json},
        {.name = "yajl, validating", .reads = read_yajl_validate},
        {.name = "yajl, callbacks", .reads = read_yajl_sax},
    };
    const size_t count = sizeof(contenders) / sizeof(contenders[0]);
    struct bodies bodies = {0};
    for (int i = 1; i < argc; i++)
        add_bodies(&bodies, read_file(argv[i]));
    for (size_t i = 0; argc < 2 && i < sizeof(captures) / sizeof(captures[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "tests/captures/%s.jsonl", captures[i]);
        add_bodies(&bodies, read_file(path));
    }
    if (bodies.count == 0) return fprintf(stderr, "no bodies\n"), 2;
    printf("%zu bodies, %zu bytes, %d rounds of about %zu MiB\n", bodies.count, bodies.bytes,
        ROUNDS, round_bytes >> 20);
    /* In turns: what else the machine is doing then slows all of them alike. */
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < count; i++)
            measure(&contenders[i], &bodies, round);
    for (size_t i = 0; i < count; i++)
        qsort(contenders[i].mb_per_s, ROUNDS, sizeof(double), ascending);
    printf("%-18s %12s %12s %20s\n", "", "best MB/s", "median MB/s", "json_value is faster");
    for (size_t i = 0; i < count; i++) {
        double best = contenders[i].mb_per_s[ROUNDS - 1],
               median = contenders[i].mb_per_s[ROUNDS / 2];
        printf("%-18s %12.0f %12.0f %13.2f times\n", contenders[i].name, best, median,
            contenders[0].mb_per_s[ROUNDS / 2] / median);
    }
    return 0;
}
