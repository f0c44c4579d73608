/* What proves a share to others: the log's checkpoint, an event's proof, a share's bundle. */

#include "tools/ask/source.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"

struct values {
    struct common common;
    const char *output;
    bool newest;
};

static const struct option options[] = {
    {"output", "FILE", OPTION_TEXT, offsetof(struct values, output), 0, 0,
        "write it there (-o FILE too), not to standard output"},
    {0},
};

/* The source is opened to write: an event newer than the last checkpoint needs a new one, and only
   a process that writes signs. */
static int save(const struct values *values, const char *target)
{
    struct source source;
    if (!source_open_write(&values->common, &source)) return EXIT_WRONG;
    int code = source_save(&source, target, values->output);
    source_close(&source);
    return code;
}

/* ---- proof ---- */

static int run_proof(const void *given, int count, char **words)
{
    (void)count;
    struct buffer target = {0};
    uint64_t sequence;
    int code = EXIT_WRONG;
    if (!options_number(words[1], 1, UINT64_MAX / 2, &sequence)) {
        fail("proof: \"%s\" is no sequence: events of a share are numbered 1, 2, 3 …", words[1]);
    } else if (target_share(&target, words[0], "/events/")) {
        buffer_print(&target, "%llu/proof", (unsigned long long)sequence);
        code = save(given, buffer_c(&target));
    }
    buffer_free(&target);
    return code;
}

const struct command command_proof = {
    .name = "proof",
    .words = "ID SEQ",
    .words_min = 2,
    .words_max = 2,
    .takes = TAKES_DATA | TAKES_URL,
    .summary = "print the proof that an event is in the log",
    .about =
        "A c2sp.org/tlog-proof@v1: the event's position, the hashes from its leaf to the root, the signed checkpoint.\n"
        "With the event itself (sharelog events ID SEQ) it is all that `sharelog verify --proof` needs. Of removed\n"
        "shares too.",
    .examples = "  sharelog proof ID 12 -o 12.tlog-proof\n"
                "  sharelog events ID 12 >12.json\n"
                "  sharelog verify --proof 12.tlog-proof --event 12.json --key log.key\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run_proof,
};

/* ---- bundle ---- */

static int run_bundle(const void *given, int count, char **words)
{
    (void)count;
    const struct values *values = given;
    struct buffer target = {0};
    int code = EXIT_WRONG;
    if (!values->output && term_out())
        return fail("bundle: that is no text for a terminal; name a file: -o %s.bundle", words[0]);
    if (target_share(&target, words[0], "/bundle")) code = save(values, buffer_c(&target));
    buffer_free(&target);
    return code;
}

const struct command command_bundle = {
    .name = "bundle",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .takes = TAKES_DATA | TAKES_URL,
    .summary = "write everything that proves a share into one file",
    .about =
        "Its events, items and what they were committed to with, their places in the log, the signed checkpoint. Who\n"
        "has the file and the log's keys checks all of it with `sharelog verify --bundle`, without a server. Of a\n"
        "removed share: that it was removed, when and by whom, and how many events it had.",
    .examples = "  sharelog bundle ID -o ID.bundle\n"
                "  sharelog bundle ID | sharelog verify --bundle - --key log.key\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run_bundle,
};

/* ---- checkpoint ---- */

static const struct option checkpoint_options[] = {
    {"newest", NULL, OPTION_FLAG, offsetof(struct values, newest), 0, 0,
        "the newest that was signed, whether witnesses have cosigned it or not"},
    {"output", "FILE", OPTION_TEXT, offsetof(struct values, output), 0, 0,
        "write it there (-o FILE too), not to standard output"},
    {0},
};

static int put_note(const struct values *values, struct sl_span note)
{
    FILE *file = values->output ? fopen(values->output, "wbe") : stdout;
    if (!file) return fail("%s: it can't be written", values->output);
    fwrite(note.ptr, 1, note.len, file);
    bool ok = fflush(file) == 0;
    if (values->output && fclose(file) != 0) ok = false;
    return ok               ? EXIT_YES
           : values->output ? fail("%s: it can't be written", values->output)
                            : term_failed();
}

static int print_newest(const struct values *values)
{
    struct source source;
    struct buffer answer = {0}, note = {0};
    if (!source_open_write(&values->common, &source)) return EXIT_WRONG;
    int code = source_get(&source, "/api/log", &answer);
    if (code == EXIT_YES && !field_text(buffer_span(&answer), "checkpoint.note", &note)) {
        fail("no checkpoint was signed yet");
        code = EXIT_NO;
    }
    source_close(&source);
    if (code == EXIT_YES) code = put_note(values, buffer_span(&note));
    buffer_free(&answer);
    buffer_free(&note);
    return code;
}

static int run_checkpoint(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct values *values = given;
    return values->newest ? print_newest(values) : save(values, "/log/checkpoint");
}

const struct command command_checkpoint = {
    .name = "checkpoint",
    .words = "",
    .takes = TAKES_DATA | TAKES_URL,
    .summary = "print the log's signed checkpoint",
    .about =
        "The log's name, how many events it has, their root hash, signatures: a C2SP checkpoint. Keep one, on another\n"
        "machine: `sharelog verify --url URL --since FILE` then tells whether the log has only grown since. What is\n"
        "printed is what the server publishes: the newest that enough witnesses have cosigned, where it has any.",
    .examples = "  sharelog checkpoint\n"
                "  sharelog checkpoint --url https://share.example.org -o checkpoint\n"
                "  sharelog checkpoint --newest\n",
    .options = checkpoint_options,
    .values_bytes = sizeof(struct values),
    .run = run_checkpoint,
};
