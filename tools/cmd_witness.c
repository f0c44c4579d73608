/* `sharelog witness`: its options, checked and made into what tools/watch runs with. */

#include "tools/command.h"
#include "tools/serve/listen_at.h"
#include "tools/shared/term.h"
#include "tools/watch/witness_serve.h"

struct values {
    struct common common;
    const char *state, *name, *logs, *listen;
    bool show_key;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"state", "DIR", OPTION_TEXT, AT(state), 0, 0,
        "where its key is, and what it has cosigned; made when missing"},
    {"logs", "FILE", OPTION_TEXT, AT(logs), 0, 0,
        "the verifier keys of the logs to cosign, one a line; read again when it changes"},
    {"name", "NAME", OPTION_TEXT, AT(name), 0, 0,
        "what its key is called, such as witness.example.org; needed the first time"},
    {"listen", "HOST:PORT", OPTION_TEXT, AT(listen), 0, 0,
        "default 127.0.0.1:8788; port 0 takes a free one"},
    {"show-key", NULL, OPTION_FLAG, AT(show_key), 0, 0,
        "print its verifier key, made if there is none, and do nothing else"},
    {0},
};

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct values *values = given;
    struct witness_serve setup = {
        .state = values->state, .name = values->name, .logs = values->logs};
    char listen[64];
    if (!values->state) return fail("witness: --state DIR is missing (see: sharelog help witness)");
    if (values->show_key) return witness_show_key(&setup);
    if (!values->logs) return fail("witness: --logs FILE is missing (see: sharelog help witness)");
    const char *address = values->listen ? values->listen : "127.0.0.1:8788";
    if (!listen_at("witness", address, listen, sizeof(listen))) return EXIT_WRONG;
    setup.listen = listen;
    return witness_serve(&setup);
}

const struct command command_witness = {
    .name = "witness",
    .words = "",
    .takes = 0,
    .summary = "cosign other logs' checkpoints, so that they can't be rewritten unseen",
    .about =
        "A witness of C2SP (tlog-witness): `POST /add-checkpoint` cosigns a log's checkpoint if the log grew out of the\n"
        "one that was cosigned before, and `GET /LOG/checkpoint` shows that one (LOG is the SHA-256 of the log's origin,\n"
        "as hex). Two teams that run one for each other can't rewrite their logs any more without the other's knowledge.\n\n"
        "Only logs of --logs are cosigned: give it what `sharelog log-key` prints for their operators. Give your own\n"
        "verifier key (--show-key) to theirs, for `sharelog serve --witness URL --witness-key KEY`. TLS, and a prefix in the URL, are a proxy's business.\n\n"
        "DIR must never go back in time: a witness whose DIR was restored from a copy would cosign another history. Where\n"
        "it is lost or damaged, begin again in another DIR under another name. A log that signed two histories is told on\n"
        "stderr, and the proof kept in DIR (.conflict), for `sharelog verify --fork`. SIGTERM and SIGINT stop it in good order.",
    .examples =
        "  sharelog witness --state /srv/witness --logs logs.keys --name witness.example.org\n"
        "  sharelog witness --state /srv/witness --logs logs.keys --listen 0.0.0.0:8788\n"
        "  sharelog witness --state /srv/witness --show-key\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
