#include "client.h"
#include "command.h"

#include <gnu/libc-version.h>
#include <stdio.h>

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct common *common = given;
    if (common->json)
        printf("{\"sharelog\":\"%s\",\"libcurl\":\"%s\",\"glibc\":\"%s\",\"compiler\":\"%s\"}\n",
            SL_VERSION, client_version(), gnu_get_libc_version(), __VERSION__);
    else
        printf("sharelog %s\nlibcurl %s\nglibc %s\ncompiler %s\n", SL_VERSION, client_version(),
            gnu_get_libc_version(), __VERSION__);
    return EXIT_YES;
}

const struct command command_version = {
    .name = "version",
    .words = "",
    .takes = TAKES_JSON,
    .summary = "print the version, and that of the libraries",
    .about = "",
    .examples = "  sharelog version\n"
                "  sharelog --version\n",
    .values_bytes = sizeof(struct common),
    .run = run,
};
