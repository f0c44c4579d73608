/* `sharelog redact`: what is meant is taken from words and options, asked for on a terminal, and
   sent to the API as one request. The text is wiped from memory on every way out. On a data
   directory without a server this process erases, and returns when it is done; a server erases
   in its own time. */

#include "tools/ask/source.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/infile.h"
#include "tools/shared/term.h"

#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

struct values {
    struct common common;
    const char *reason, *key;
    char *text;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"reason", "TEXT", OPTION_TEXT, AT(reason), 0, 0, "why; kept in the history"},
    {"key", "KEY", OPTION_TEXT, AT(key), 0, 0,
        "every version of an item key, such as part/msg_1/prt_2"},
    {"text", "TEXT", OPTION_SECRET, AT(text), 0, 0,
        "every item that holds it; - reads it from standard input"},
    {"owner-key", "KEY", OPTION_SECRET, AT(common.key), 0, 0,
        "with --url: the server's key (better: SHARELOG_OWNER_KEY)"},
    {"url", "URL", OPTION_TEXT, AT(common.url), 0, 0, "have the server there do it"},
    {0},
};

/* What is to be redacted. */
struct subject {
    const char *id; /* NULL: all shares */
    uint64_t sequence, item;
    const char *key;
    struct buffer text; /* len 0: not meant */
};

static void forget(struct subject *subject)
{
    if (subject->text.ptr) explicit_bzero(subject->text.ptr, subject->text.cap);
    buffer_free(&subject->text);
}

/* ---- what is meant ---- */

/* Read a line from the terminal with its echo turned off. */
static bool ask_text(struct buffer *text)
{
    struct termios before, quiet;
    char line[4096] = "";
    bool is_set = tcgetattr(STDIN_FILENO, &before) == 0;
    if (is_set) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    fputs("The text to be redacted (it isn't shown): ", stderr);
    bool ok = fgets(line, sizeof(line), stdin) != NULL;
    if (is_set) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    buffer_text(text, line);
    explicit_bzero(line, sizeof(line));
    return ok;
}

/* From the command line, which others can see, or from standard input; its last newline doesn't
   count. */
static bool take_text(const char *given, struct buffer *text)
{
    bool standard = strcmp(given, "-") == 0;
    if (!standard) {
        buffer_text(text, given);
    } else if (!(isatty(STDIN_FILENO) ? ask_text(text)
                                      : infile_all("-", SL_CONTROL_BODY_BYTES, text))) {
        return false;
    }
    if (standard && text->len && text->ptr[text->len - 1] == '\n') text->len--;
    if (standard && text->len && text->ptr[text->len - 1] == '\r') text->len--;
    if (text->len) return true;
    fail("redact: the text is empty");
    return false;
}

static bool take_subject(
    const struct values *values, int count, char **words, struct subject *subject)
{
    int meant = (values->key != NULL) + (values->text != NULL) + (count > 1);
    if (meant != 1 || count == 2 || (!count && !values->text)) {
        fail("redact: name what is meant: ID SEQ ITEM, or ID --key KEY, or [ID] --text TEXT "
             "(see: sharelog help redact)");
        return false;
    }
    if (values->reason && strlen(values->reason) > SL_REASON_BYTES) {
        fail("redact: a reason has at most %d bytes", SL_REASON_BYTES);
        return false;
    }
    subject->key = values->key;
    if (count == 3 && (!options_number(words[1], 1, UINT64_MAX / 2, &subject->sequence) ||
                          !options_number(words[2], 0, UINT32_MAX, &subject->item))) {
        fail("redact: SEQ and ITEM are numbers: the event (from 1), and its item (from 0)");
        return false;
    }
    return !values->text || take_text(values->text, &subject->text);
}

static void put_body(
    const struct values *values, const struct subject *subject, struct buffer *body)
{
    buffer_text(body, "{\"reason\":");
    buffer_json(body, sl_span_of(values->reason ? values->reason : ""));
    if (subject->sequence)
        buffer_print(body, ",\"seq\":%llu,\"item\":%llu", (unsigned long long)subject->sequence,
            (unsigned long long)subject->item);
    if (subject->key) {
        buffer_text(body, ",\"key\":");
        buffer_json(body, sl_span_of(subject->key));
    }
    if (subject->text.len) {
        buffer_text(body, ",\"text\":");
        buffer_json(body, buffer_span(&subject->text));
    }
    buffer_text(body, "}");
}

/* ---- asking ---- */

/* Name the item in the question. False, told: there is no such item. */
static bool put_item(struct source *source, const struct subject *subject)
{
    struct buffer target = {0}, answer = {0}, key = {0};
    struct sl_span rest, item = {0};
    uint64_t at = 0;
    buffer_print(
        &target, "/api/share/%s/events/%llu", subject->id, (unsigned long long)subject->sequence);
    bool known = source_get(source, buffer_c(&target), &answer) == EXIT_YES;
    rest = field_array(buffer_span(&answer), "items");
    while (known && at <= subject->item && json_next(&rest, &item))
        at++;
    if (known && at <= subject->item) {
        fail("redact: event %llu has %llu items", (unsigned long long)subject->sequence,
            (unsigned long long)at);
        known = false;
    }
    if (known && field_text(item, "key", &key)) {
        printf("Redact item %llu of event %llu of %s (", (unsigned long long)subject->item,
            (unsigned long long)subject->sequence, subject->id);
        term_put(buffer_span(&key), false, "");
        printf(", %llu bytes)", (unsigned long long)field_u64(item, "bytes"));
    }
    buffer_free(&target);
    buffer_free(&answer);
    buffer_free(&key);
    return known;
}

/* Ask on a terminal, since what is redacted never comes back. */
static bool agreed(struct source *source, const struct subject *subject)
{
    if (subject->sequence) {
        if (!put_item(source, subject)) return false;
    } else if (subject->key) {
        printf("Redact every version of ");
        term_put(sl_span_of(subject->key), false, "");
        printf(" in %s", subject->id);
    } else {
        printf("Redact that text of %zu bytes in %s%s", subject->text.len,
            subject->id ? "" : "every share", subject->id ? subject->id : "");
    }
    printf(" for ever? [y/N] ");
    bool yes = term_yes();
    if (!yes) puts("Nothing was redacted.");
    return yes;
}

/* ---- telling ---- */

static int tell(const struct values *values, struct source *source, struct sl_span answer)
{
    struct sl_err err = {0};
    uint64_t items = field_u64(answer, "items"), in_keys = field_u64(answer, "inKeys");
    bool erased = source->store != NULL;
    /* This process is the only one that could go on erasing: so it stays until that is done. */
    if (erased && items && sl_store_settle(source->store, &err) != SL_OK)
        return fail(
            "it is redacted, but erasing was interrupted: %s; the next start goes on", err.text);
    if (values->common.json) {
        printf("{\"shares\":%llu,\"events\":%llu,\"items\":%llu,\"inKeys\":%llu,\"erased\":%s}\n",
            (unsigned long long)(field(answer, "shares").len ? field_u64(answer, "shares")
                                                             : items > 0),
            (unsigned long long)field_u64(answer, "events"), (unsigned long long)items,
            (unsigned long long)in_keys, erased ? "true" : "false");
    } else if (!items) {
        puts("Nothing that fits was found.");
    } else {
        printf("Redacted: %llu items of %llu events", (unsigned long long)items,
            (unsigned long long)field_u64(answer, "events"));
        if (field(answer, "shares").len)
            printf(" of %llu shares", (unsigned long long)field_u64(answer, "shares"));
        printf(erased ? ", and erased from disk.\n"
                      : ". Nobody can read them any more; the server is erasing them from disk.\n");
    }
    if (in_keys)
        fail("%llu items hold the text in their key or type, which stays, being no content: only "
             "taking the share down (sharelog rm) hides those",
            (unsigned long long)in_keys);
    return items ? EXIT_YES : EXIT_NO;
}

static int redact(const struct values *values, struct subject *subject, const char *target)
{
    struct source source;
    struct buffer body = {0}, answer = {0};
    int code = EXIT_WRONG;
    if (source_open_write(&values->common, &source)) {
        put_body(values, subject, &body);
        bool ask = !values->common.yes && term_asks();
        if (ask && !agreed(&source, subject))
            code = EXIT_NO;
        else
            code = source_ask(&source, "POST", target, buffer_span(&body), &answer);
        if (code == EXIT_YES) code = tell(values, &source, buffer_span(&answer));
        source_close(&source);
    }
    if (body.ptr) explicit_bzero(body.ptr, body.cap);
    buffer_free(&body);
    buffer_free(&answer);
    return code;
}

static int run(const void *given, int count, char **words)
{
    const struct values *values = given;
    struct subject subject = {0};
    struct buffer target = {0};
    char id[SL_SHARE_ID_BYTES + 1] = "";
    int code = EXIT_WRONG;
    bool ok = take_subject(values, count, words, &subject);
    if (ok && count) {
        ok = target_share(&target, words[0], "");
        if (ok) snprintf(id, sizeof(id), "%s", strrchr(buffer_c(&target), '/') + 1);
        subject.id = id;
        buffer_text(&target, "/redact");
    } else {
        buffer_text(&target, "/api/redact");
    }
    if (ok) code = redact(values, &subject, buffer_c(&target));
    forget(&subject);
    buffer_free(&target);
    return code;
}

const struct command command_redact = {
    .name = "redact",
    .words = "[ID [SEQ ITEM]]",
    .words_max = 3,
    .takes = TAKES_DATA | TAKES_JSON | TAKES_YES,
    .summary = "take an item, a key or a text out of events that stay",
    .about =
        "What is meant: one item of one event (ID SEQ ITEM, items being numbered from 0), every version of an item key\n"
        "(ID --key KEY), or every item whose strings hold a text (ID --text TEXT, or --text TEXT alone: in all shares).\n"
        "The strings read [redacted] from then on, in every view, page and earlier moment; the bytes are erased from\n"
        "disk; an event says who, when and why. Everything else still proves. Sent again, it is redacted again.\n\n"
        "--text - takes the text from standard input, so that it is in no shell's history. Exits with 1 where nothing\n"
        "fits. Where a server runs on the data directory, it does it.",
    .examples = "  sharelog redact ID 12 0 --reason 'a password'\n"
                "  sharelog redact ID --key KEY --yes\n"
                "  sharelog redact --text - <leaked-token\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
