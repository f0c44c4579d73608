/* `sharelog monitor`: its options, checked and made into what tools/watch runs with. */

#include "tools/command.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"
#include "tools/watch/monitor.h"

struct values {
    struct common common;
    const char *logs, *state, *every;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"logs", "FILE", OPTION_TEXT, AT(logs), 0, 0, "which logs are watched; see below"},
    {"state", "DIR", OPTION_TEXT, AT(state), 0, 0,
        "where the last checkpoint of each is kept, and what proves a fork; made when missing"},
    {"every", "DURATION", OPTION_TEXT, AT(every), 0, 0,
        "stay, and look again after 90s, 30m, 12h, 7d (default: look once)"},
    {0},
};

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct values *values = given;
    struct monitor_setup setup = {
        .config = values->logs, .state = values->state, .json = values->common.json};
    if (!values->logs || !values->state)
        return fail("monitor: --logs FILE and --state DIR are needed (see: sharelog help monitor)");
    if (values->every && !when_seconds(values->every, &setup.every_s))
        return fail("monitor: --every is 90s, 30m, 12h or 7d, not \"%s\"", values->every);
    return monitor_run(&setup);
}

const struct command command_monitor = {
    .name = "monitor",
    .words = "",
    .takes = TAKES_JSON,
    .summary = "watch logs over time, for what their operators could do unseen",
    .about =
        "For cron: fetches each log's checkpoint and checks its signature, its cosignatures and their age; that it grew\n"
        "out of the one that was kept from before; that the tiles, and the entries where they are public, are what was\n"
        "signed and keep to the rules; and that it is of one history with what its witnesses say they cosigned. A line\n"
        "for each thing that is wrong, nothing where all is well (on a terminal a line for each log):\n\n"
        "  share.example.org: stale: no quorum: 0 of 1 witnesses signed; not w (cosigned too long ago)\n\n"
        "Behind the log's name stands what it is: fork, log, unsigned, quorum, stale, older, still, times or witness\n"
        "(something is wrong: exits with 1), unreachable or state (it couldn't look: exits with 2, unless something is\n"
        "wrong beside it). A fork is proven by a file in DIR, for `sharelog verify --fork`. What is kept is replaced by nothing that is wrong.\n\n"
        "FILE has a line for each log and what belongs to it below; files are named from its folder:\n\n"
        "  log https://share.example.org share.key          # a server, and its log's key (see log-key)\n"
        "  policy team.policy                               # whose cosignatures it must have (a C2SP tlog-policy)\n"
        "  witness https://witness.example.org witness.key  # asked what it cosigned (a monitoring prefix)\n"
        "  max-age 1d                                       # of cosignatures; this is the default; or none\n"
        "  max-still 7d                                     # it must grow at least so often; default none",
    .examples = "  sharelog monitor --logs watched --state /srv/monitor\n"
                "  sharelog monitor --logs watched --state /srv/monitor --json\n"
                "  sharelog monitor --logs watched --state /srv/monitor --every 15m --json\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
