/* bench: what sharelog takes on this machine, beside what the machine gives. See bench/README.md.

   One process runs the parts one after the other, round by round, each round beginning with the
   floor, so that every ratio is taken of figures that lie minutes apart at most. */

#include "bench/suite/figures.h"
#include "bench/suite/server_process.h"
#include "core/base/decimal.h"

#include <errno.h>
#include <ftw.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* In the order in which they run: the floor first; custom, the last, only by its name. */
static const struct part *const all_parts[] = {&part_floor, &part_append, &part_ingest,
    &part_neighbours, &part_wrk, &part_read, &part_replay, &part_compact, &part_live, &part_verify,
    &part_open, &part_list, &part_disk, &part_models, &part_custom};
#define PARTS (sizeof(all_parts) / sizeof(all_parts[0]))

struct arguments {
    bool wanted[PARTS], any;
    enum bench_size size;
    uint64_t rounds; /* 0: as the size has it */
    uint64_t seed;
    const char *out, *sharelog, *captures, *folder;
    struct custom custom;
    const char *custom_flag; /* the last of its flags */
    bool asserts;
    const char *files[2]; /* of compare */
    unsigned files_count;
    bool compare, selftest;
};

static char scratch[4096]; /* the folder that is removed at the end */

/* ---- words ---- */

static void help(void)
{
    fputs(
        "bench: what sharelog takes on this machine, beside what the machine gives\n\n"
        "  bench [PART…] [--quick|--full] [flags]   run the suite, or these parts (behind the floor)\n"
        "  bench compare A.json B.json [--assert]   tell change from noise between two runs\n"
        "  bench selftest                           check the bench's own arithmetic\n\nParts:\n",
        stdout);
    for (size_t i = 0; i < PARTS; i++)
        printf("  %-9s %s\n", all_parts[i]->name, all_parts[i]->about);
    fputs(
        "\nFlags:\n"
        "  --quick            a minute: does it work, roughly how fast\n"
        "  --full             large stores and five rounds: what the goals are judged by\n"
        "  --rounds N         how often each part runs (1; 5 with --full)\n"
        "  --seed N           of all that is random (1)\n"
        "  --out DIR          run.json, report.html, *.csv, *.hist, *.svg (build/bench-results)\n"
        "  --sharelog PATH    the server that is measured (build/release/sharelog)\n"
        "  --captures DIR     recordings of real clients (tests/captures)\n"
        "  --folder DIR       where stores are made: the file system that is measured (that of --out)\n"
        "  --assert           exit 1 when a goal is missed, or a figure got worse\n"
        "\nFlags of custom:\n"
        "  --connections N    clients at a time, up to 1000 (16)\n"
        "  --shares N         shares that they sync into in turn, up to 100000 (one a connection)\n"
        "  --rate N           syncs a second, whatever the server does (0: each sends its next when it is answered)\n"
        "  --shape SHAPE      capture: as recorded; mixed: sessions that never repeat; 2k; 10k;\n"
        "                     ITEMSxBYTES[:RESENT], RESENT the per cent that were in the batch before (capture)\n"
        "  --seconds N        behind a warm-up of one (10)\n"
        "\nExamples:\n"
        "  bench --quick                              all of it, roughly\n"
        "  bench append read --rounds 5               two parts, medians of five\n"
        "  bench custom --connections 200 --rate 200 --shape 8x1250:25 --seconds 60\n"
        "                                             200 people, each of whose clients syncs once a second\n"
        "  bench --full --folder /srv/disk --out before\n"
        "  bench compare before/run.json after/run.json --assert\n"
        "\nExit: 0; 1: a part failed, or --assert found something; 2: asked for wrongly, or no room to write.\n",
        stdout);
}

static bool usage(const char *what, const char *which)
{
    fprintf(stderr, "bench: %s%s; see bench --help\n", what, which);
    return false;
}

static bool take_number(
    const char *flag, const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    char range[96];
    if (text && sl_decimal(sl_span_of(text), most, value) && *value >= least) return true;
    snprintf(range, sizeof(range), "a number from %llu to %llu belongs behind ",
        (unsigned long long)least, (unsigned long long)most);
    return usage(range, flag);
}

static bool take_word(struct arguments *args, const char *word)
{
    for (size_t i = 0; i < PARTS; i++)
        if (strcmp(all_parts[i]->name, word) == 0) {
            /* Ratios need the floor of the same run. */
            if (all_parts[i] != &part_custom) args->wanted[0] = true;
            return args->any = args->wanted[i] = true;
        }
    return usage("there is no part ", word);
}

/* A flag with a value behind it; false: it is none of these, or the value doesn't fit. */
static bool take_value(struct arguments *args, const char *flag, const char *value)
{
    const struct {
        const char *flag, **to;
    } texts[] = {{"--out", &args->out}, {"--sharelog", &args->sharelog},
        {"--captures", &args->captures}, {"--folder", &args->folder}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(flag, texts[i].flag) == 0) {
            if (!value) return usage("a path belongs behind ", flag);
            *texts[i].to = value;
            return true;
        }
    if (strcmp(flag, "--seed") == 0) return take_number(flag, value, 0, UINT64_MAX, &args->seed);
    if (strcmp(flag, "--rounds") == 0) return take_number(flag, value, 1, 1000, &args->rounds);
    args->custom_flag = flag;
    if (strcmp(flag, "--shape") == 0)
        return (value && shape_named(value, &args->custom.shape)) ||
               usage("capture, mixed, 2k, 10k or ITEMSxBYTES[:RESENT] belongs behind ", flag);
    const struct {
        const char *flag;
        uint64_t least, most, *to;
    } numbers[] = {{"--connections", 1, 1000, &args->custom.connections},
        {"--shares", 1, 100000, &args->custom.shares}, {"--rate", 0, 1000000, &args->custom.rate},
        {"--seconds", 1, 86400, &args->custom.seconds}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strcmp(flag, numbers[i].flag) == 0)
            return take_number(flag, value, numbers[i].least, numbers[i].most, numbers[i].to);
    return usage("there is no flag ", flag);
}

static bool take_arguments(int argc, char **argv, struct arguments *args)
{
    *args = (struct arguments){.size = BENCH_NORMAL,
        .seed = 1,
        .out = "build/bench-results",
        .sharelog = "build/release/sharelog",
        .captures = "tests/captures",
        .custom = {.connections = 16, .seconds = 10, .shape = shape_capture}};
    int i = 1;
    if (argc > 1 && strcmp(argv[1], "compare") == 0) args->compare = i++;
    if (argc > 1 && strcmp(argv[1], "selftest") == 0) args->selftest = i++;
    for (; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--assert") == 0) {
            args->asserts = true;
        } else if (args->compare || args->selftest) {
            if (word[0] == '-') return usage("there is no flag ", word);
            if (args->selftest || args->files_count == 2) return usage("too many words: ", word);
            args->files[args->files_count++] = word;
        } else if (strcmp(word, "--quick") == 0) {
            args->size = BENCH_QUICK;
        } else if (strcmp(word, "--full") == 0) {
            args->size = BENCH_FULL;
        } else if (word[0] != '-') {
            if (!take_word(args, word)) return false;
        } else {
            if (!take_value(args, word, i + 1 < argc ? argv[i + 1] : NULL)) return false;
            i++;
        }
    }
    if (args->custom_flag && !args->wanted[PARTS - 1])
        return usage("only the part custom has a flag ", args->custom_flag);
    if (args->custom.shares > 0 && args->custom.shares < args->custom.connections)
        return usage("--shares: at least as many as connections", "");
    if (args->compare && args->files_count != 2)
        return usage("compare takes two run.json files", "");
    return true;
}

/* ---- the scratch folder ---- */

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status, (void)kind, (void)at;
    remove(path);
    return 0;
}

/* Also called by a handler of signals: leave_by_signal says why. */
static void leave(void)
{
    // NOLINTBEGIN(bugprone-signal-handler,cert-sig30-c)
    server_kill_all();
    if (scratch[0]) nftw(scratch, remove_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    // NOLINTEND(bugprone-signal-handler,cert-sig30-c)
    scratch[0] = 0;
}

/* Not all of this is safe in a handler; but nothing comes after it, and a folder of gigabytes left
   behind is the worse end. */
static void leave_by_signal(int number)
{
    static volatile sig_atomic_t leaving;
    if (leaving++) _exit(128 + number);
    leave();
    _exit(128 + number);
}

static bool make_folders(const char *path)
{
    char part[4096];
    if (strlen(path) >= sizeof(part)) return false;
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != 0) continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return false;
    }
    return true;
}

static bool prepare(const struct arguments *args)
{
    const char *under = args->folder ? args->folder : args->out;
    if (!make_folders(args->out) || !make_folders(under)) {
        fprintf(stderr, "bench: can't make %s or %s: %s\n", args->out, under, strerror(errno));
        return false;
    }
    char *real = realpath(under, NULL);
    snprintf(scratch, sizeof(scratch), "%s/scratch-XXXXXX", real ? real : under);
    free(real);
    if (!mkdtemp(scratch)) {
        fprintf(stderr, "bench: %s: %s\n", scratch, strerror(errno));
        scratch[0] = 0;
        return false;
    }
    atexit(leave);
    signal(SIGINT, leave_by_signal);
    signal(SIGTERM, leave_by_signal);
    signal(SIGHUP, leave_by_signal);
    signal(SIGPIPE, SIG_IGN);
    if (access(args->sharelog, X_OK) == 0) return true;
    return usage(args->sharelog, ": no server there; make all, or name it with --sharelog");
}

/* ---- a run ---- */

static bool run_part(struct run *run, const struct part *part)
{
    uint64_t begun = clock_ns();
    bench_tell("round %u of %u: %s", run->bench.round + 1, run->rounds, part->name);
    if (!part->run(&run->bench)) {
        run->failed = true;
        return bench_fail("%s failed", part->name);
    }
    malloc_trim(0); /* what one part held is not the next one's to pay for */
    double took = (double)(clock_ns() - begun) / 1e9;
    char name[64];
    snprintf(name, sizeof(name), "seconds.%s", part->name);
    figure_add(&run->bench, name, "s", BETTER_NEITHER, took);
    bench_tell(
        "round %u of %u: %s took %.1f s", run->bench.round + 1, run->rounds, part->name, took);
    return true;
}

/* A part that fails ends its own figures, not the run: the others may still tell something. */
static void run_rounds(struct run *run, const struct arguments *args)
{
    bool broken[PARTS] = {false};
    for (unsigned round = 0; round < run->rounds; round++) {
        run->bench.round = round;
        for (size_t i = 0; i < PARTS; i++) {
            bool wanted = args->any ? args->wanted[i] : all_parts[i] != &part_custom;
            if (wanted && !broken[i]) broken[i] = !run_part(run, all_parts[i]);
        }
    }
    if (server_rss_ever() > 0) {
        figure_add(&run->bench, "suite.rss", "B", BETTER_LOW, (double)server_rss_ever());
        goal_add(&run->bench, "largest resident memory of any server, 256 MB", "suite.rss", NULL,
            false, 256e6);
    }
}

static void join_flags(struct run *run, int argc, char **argv)
{
    static const char *const paths[] = {"--out", "--sharelog", "--captures", "--folder"};
    for (int i = 1; i < argc; i++) {
        bool path = false; /* where things lie on this machine is nobody else's business */
        for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++)
            path = path || strcmp(argv[i], paths[k]) == 0;
        if (path) {
            i++;
            continue;
        }
        size_t len = strlen(run->flags);
        snprintf(run->flags + len, sizeof(run->flags) - len, "%s%s", len ? " " : "", argv[i]);
    }
}

static int run_suite(const struct arguments *args, int argc, char **argv)
{
    if (!prepare(args) || !shapes_load(args->captures)) return 2;
    unsigned rounds = args->size == BENCH_FULL ? 5 : 1;
    struct run run = {.rounds = args->rounds ? (unsigned)args->rounds : rounds};
    run.bench = (struct bench){.size = args->size,
        .seed = args->seed,
        .sharelog = args->sharelog,
        .captures = args->captures,
        .folder = scratch,
        .out = args->out,
        .figures = figures_create(),
        .custom = &args->custom};
    time_t now = (time_t)(clock_real_ms() / 1000);
    struct tm utc;
    strftime(run.when, sizeof(run.when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    join_flags(&run, argc, argv);
    machine_look(&run.bench, &run.machine);
    uint64_t begun = clock_ns();
    run_rounds(&run, args);
    run.seconds = (double)(clock_ns() - begun) / 1e9;
    bench_tell("%s", "");
    for (size_t i = 0; i < run.bench.figures->series_count; i++)
        fflush(run.bench.figures->series[i].file);
    report_text(&run, stdout);
    unsigned missed = report_goals(&run, stdout);
    json_write(&run);
    plots_draw(&run);
    html_write(&run);
    printf("\nrun.json, report.html and the rest are in %s\n", args->out);
    figures_destroy(run.bench.figures);
    return run.failed || (args->asserts && missed > 0) ? 1 : 0;
}

static int run_compare(const struct arguments *args)
{
    int worse = compare_runs(args->files[0], args->files[1], stdout);
    if (worse == -2) return 2;
    if (!args->asserts) return 0;
    return worse == -1 ? 2 : worse > 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct arguments args;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            help();
            return 0;
        }
    if (!take_arguments(argc, argv, &args)) return 2;
    mallopt(M_MMAP_THRESHOLD, 8 * 1024 * 1024); /* as the server has it */
    mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
    if (args.selftest) return selftest_run() ? 0 : 1;
    return args.compare ? run_compare(&args) : run_suite(&args, argc, argv);
}
