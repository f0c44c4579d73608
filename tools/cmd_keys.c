/* The store's keys, a line each (the log has two). They are printed from the data directory alone:
 * no server hands out a key. */

#include "core/sharelog.h"
#include "tools/ask/source.h"
#include "tools/command.h"
#include "tools/shared/buffer.h"
#include "tools/shared/term.h"

static int print(
    const struct common *common, const char *(*key)(struct sl_store *), const char *name)
{
    const char *dir;
    struct sl_store *store;
    if (!source_open_store(common, SL_READ_BESIDE, &dir, &store, NULL)) return EXIT_WRONG;
    if (!*key(store)) {
        sl_store_close(store);
        fail(
            "the key is not in %s: the server got it from outside; set SHARELOG_OWNER_KEY here too",
            dir);
        return EXIT_WRONG;
    }
    if (common->json) {
        struct buffer line = {0};
        buffer_print(&line, "{\"%s\":", name);
        buffer_json(&line, sl_span_of(key(store)));
        printf("%s}\n", buffer_c(&line));
        buffer_free(&line);
    } else {
        printf("%s\n", key(store));
    }
    sl_store_close(store);
    return EXIT_YES;
}

static int run_owner(const void *values, int count, char **words)
{
    (void)count, (void)words;
    return print(values, sl_store_owner_key, "ownerKey");
}

static int run_client(const void *values, int count, char **words)
{
    (void)count, (void)words;
    return print(values, sl_store_client_key, "clientKey");
}

/* Both public keys: a verifier's --key takes them as they are printed. */
static int run_log(const void *values, int count, char **words)
{
    (void)count, (void)words;
    const struct common *common = values;
    const char *dir;
    struct sl_store *store;
    if (!source_open_store(common, SL_READ_BESIDE, &dir, &store, NULL)) return EXIT_WRONG;
    const char *log = sl_store_log_key(store), *head = sl_store_head_key(store);
    if (common->json) {
        struct buffer line = {0};
        buffer_text(&line, "{\"logKey\":");
        buffer_json(&line, sl_span_of(log));
        buffer_text(&line, ",\"headKey\":");
        buffer_json(&line, sl_span_of(head));
        printf("%s}\n", buffer_c(&line));
        buffer_free(&line);
    } else {
        printf("%s\n%s\n", log, head);
    }
    sl_store_close(store);
    return EXIT_YES;
}

const struct command command_owner_key = {
    .name = "owner-key",
    .words = "",
    .takes = TAKES_DATA | TAKES_JSON,
    .summary = "print the operator's key: lists, takes down, recovers",
    .about =
        "Who has it may do everything. It is SHARELOG_OWNER_KEY if that is set, else the one in the data directory.",
    .examples =
        "  sharelog owner-key\n"
        "  curl -fH \"Authorization: Bearer $(sharelog owner-key)\" http://127.0.0.1:8787/api/sessions\n",
    .values_bytes = sizeof(struct common),
    .run = run_owner,
};

const struct command command_client_key = {
    .name = "client-key",
    .words = "",
    .takes = TAKES_DATA | TAKES_JSON,
    .summary = "print the key an opencode.json may hold: creates and recovers",
    .about =
        "With it in the URL, {\"enterprise\":{\"url\":\"http://HOST:PORT/k/KEY\"}}, a client that shares a session\n"
        "again gets the share that was made with it before. It is derived from the owner key.",
    .examples = "  sharelog client-key\n",
    .values_bytes = sizeof(struct common),
    .run = run_client,
};

const struct command command_log_key = {
    .name = "log-key",
    .words = "",
    .takes = TAKES_DATA | TAKES_JSON,
    .summary = "print the public keys of the log, to verify what it signs with",
    .about =
        "Two verifier keys as C2SP signed notes have them, NAME+ID+KEY, a line each: that of the log's checkpoints, and\n"
        "that of its head statements, which say where a share ends. Both follow from one secret; neither is one. Give\n"
        "both to whoever verifies: `--key` of `sharelog verify` takes them as they stand.",
    .examples = "  sharelog log-key >log.key\n"
                "  sharelog verify --bundle ID.bundle --key log.key\n",
    .values_bytes = sizeof(struct common),
    .run = run_log,
};
