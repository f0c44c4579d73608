/* `sharelog version`: its own version, and of the libraries the files that are loaded. */

#include "tools/ask/client.h"
#include "tools/command.h"
#include "tools/shared/buffer.h"
#include "tools/shared/term.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>

/* The libraries that sharelog is built on. Their versions are those of the files that are loaded:
   no header is included here, each being behind its wall. */
static bool is_ours(struct sl_span name)
{
    static const char *const names[] = {"librocksdb", "libmsgpackc", "libmsgpack-c", "libcivetweb",
        "libcrypto", "libz", "liblz4", "libzstd", "libcurl"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (sl_span_eq(name, sl_span_of(names[i]))) return true;
    return false;
}

/* "librocksdb.so.7.8.3", of the file behind the links; a line each. */
static int add_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
    (void)size;
    char *path = info->dlpi_name && *info->dlpi_name ? realpath(info->dlpi_name, NULL) : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : "";
    if (is_ours((struct sl_span){name, strcspn(name, ".")})) buffer_print(ctx, "%s\n", name);
    free(path);
    return 0;
}

static void print_json(const char *libraries)
{
    printf("{\"sharelog\":\"%s\",\"curl\":\"%s\",\"compiler\":\"%s\",\"libraries\":[", SL_VERSION,
        client_version(), __VERSION__);
    for (const char *comma = ""; *libraries; comma = ",") {
        size_t len = strcspn(libraries, "\n");
        printf("%s\"%.*s\"", comma, (int)len, libraries);
        libraries += len + 1;
    }
    printf("]}\n");
}

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct common *common = given;
    struct buffer libraries = {0};
    dl_iterate_phdr(add_library, &libraries);
    if (common->json)
        print_json(buffer_c(&libraries));
    else
        printf("sharelog %s\n\ncompiler %s\ncurl %s\n%s", SL_VERSION, __VERSION__, client_version(),
            buffer_c(&libraries));
    buffer_free(&libraries);
    return EXIT_YES;
}

const struct command command_version = {
    .name = "version",
    .words = "",
    .takes = TAKES_JSON,
    .summary = "print the version, and the libraries in use",
    .about = "",
    .examples = "  sharelog version\n"
                "  sharelog --version\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
