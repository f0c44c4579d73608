/* `sharelog secret`: a share's secret, computed from the namespace; no server is asked. */

#include "core/sharelog.h"
#include "tools/ask/source.h"
#include "tools/command.h"
#include "tools/shared/term.h"

struct values {
    struct common common;
    const char *share;
};

static const struct option options[] = {
    {"share", "ID", OPTION_TEXT, offsetof(struct values, share), 0, 0,
        "of this share, whose id is not the one that its session id suggests"},
    {0},
};

static int run(const void *given, int count, char **words)
{
    (void)count;
    const struct values *values = given;
    const char *dir;
    struct sl_store *store;
    char secret[SL_SECRET_BYTES + 1];
    struct sl_span session = sl_span_of(words[0]);
    struct sl_span share = values->share ? sl_span_of(values->share) : (struct sl_span){0};
    if (!session.len || session.len > SL_SESSION_ID_BYTES)
        return fail("secret: a session id has 1 to %d characters", SL_SESSION_ID_BYTES);
    if (share.len && !sl_share_id_valid(share))
        return fail("secret: \"%s\" is no share id", values->share);
    if (!source_open_store(&values->common, SL_READ_BESIDE, &dir, &store, NULL)) return EXIT_WRONG;
    sl_store_secret(store, session, share, secret);
    if (!*secret) {
        sl_store_close(store);
        return fail(
            "the namespace is not in %s: the server got it from outside; set SHARELOG_NAMESPACE here too",
            dir);
    }
    printf(values->common.json ? "{\"secret\":\"%s\"}\n" : "%s\n", secret);
    sl_store_close(store);
    return EXIT_YES;
}

const struct command command_secret = {
    .name = "secret",
    .words = "SESSION_ID",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_JSON,
    .summary = "compute a share's secret",
    .about =
        "A share's secret follows from the namespace (SHARELOG_NAMESPACE, else the one in the data directory) and\n"
        "the session id; of a share with an id like q7Zk2bXa-h3Kd91Lm, from that id too.",
    .examples = "  sharelog secret SESSION_ID\n"
                "  sharelog secret SESSION_ID --share ID\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
