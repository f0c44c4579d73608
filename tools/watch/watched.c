/* A line is cut into words, and each kind of line takes its own. Keys and policies are read at
   once, so that what is wrong with a file is told before anything is asked. */

#include "tools/watch/watched.h"

#include "core/base/limits.h"
#include "tools/shared/infile.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

#include <libgen.h>
#include <stdlib.h>

#define FILE_BYTES SL_MIB
#define WORDS 4
#define MAX_AGE_S (24 * 60 * 60) /* where nothing else is said */

struct reading {
    struct watched *watched;
    char *folder; /* of the file */
    char *key;    /* of the log at hand, and its policy (NULL: none), until all is known of it */
    char *policy;
    size_t words; /* of the line at hand */
    char *word[WORDS];
};

static struct watched_log *at_hand(const struct reading *reading)
{
    struct watched *watched = reading->watched;
    return watched->count ? &watched->logs[watched->count - 1] : NULL;
}

/* The word, or a file of that name in the folder of the configuration. */
static char *named_from(const struct reading *reading, const char *word)
{
    struct note_key key;
    struct buffer path = {0};
    if (*word != '/' && !note_key_parse(sl_span_of(word), &key))
        buffer_print(&path, "%s/", reading->folder);
    buffer_text(&path, word);
    char *text = need_text(buffer_c(&path));
    buffer_free(&path);
    return text;
}

/* The log at hand is told of in full: open what it believes. */
static bool end_log(struct reading *reading)
{
    struct watched_log *log = at_hand(reading);
    if (!log) return true;
    bool ok = trust_open(reading->key, reading->policy, log->max_age_s, &log->trust);
    free(reading->key);
    free(reading->policy);
    reading->key = reading->policy = NULL;
    return ok;
}

/* ---- kinds of lines: each returns what is wrong, NULL, or "" for what was told already ---- */

static bool is_watched(const struct watched *watched, const char *origin)
{
    for (size_t i = 0; i < watched->count; i++)
        if (strcmp(watched->logs[i].key.name, origin) == 0) return true;
    return false;
}

static const char *log_line(struct reading *reading)
{
    struct watched *watched = reading->watched;
    struct note_key key;
    if (!end_log(reading)) return "";
    if (watched->count == WATCHED_LOGS) return "too many logs";
    reading->key = named_from(reading, reading->word[2]);
    if (!trust_key(reading->key, NOTE_ED25519, &key)) return "";
    if (is_watched(watched, key.name)) return "this log is watched already";
    watched->logs[watched->count++] = (struct watched_log){
        .url = need_text(reading->word[1]), .key = key, .max_age_s = MAX_AGE_S};
    return NULL;
}

static const char *policy_line(struct reading *reading)
{
    if (reading->policy) return "a second policy of one log";
    reading->policy = named_from(reading, reading->word[1]);
    return NULL;
}

static const char *witness_line(struct reading *reading)
{
    struct watched_log *log = at_hand(reading);
    if (log->witnesses_count == WATCHED_WITNESSES) return "too many witnesses of one log";
    struct watched_witness *witness = &log->witnesses[log->witnesses_count];
    char *key = named_from(reading, reading->word[2]);
    bool ok = trust_key(key, NOTE_COSIGNATURE, &witness->key);
    free(key);
    if (!ok) return "";
    witness->url = need_text(reading->word[1]);
    log->witnesses_count++;
    return NULL;
}

static const char *time_span(const char *text, uint64_t *seconds)
{
    *seconds = 0;
    return strcmp(text, "none") == 0 || when_seconds(text, seconds)
               ? NULL
               : "expected a time such as 90s, 30m, 12h or 7d, or none";
}

static const char *max_age_line(struct reading *reading)
{
    return time_span(reading->word[1], &at_hand(reading)->max_age_s);
}

static const char *max_still_line(struct reading *reading)
{
    return time_span(reading->word[1], &at_hand(reading)->max_still_s);
}

/* ---- the file ---- */

static const char *take_line(struct reading *reading, char *line)
{
    static const struct {
        const char *word;
        size_t words;
        const char *(*take)(struct reading *reading);
    } kinds[] = {{"log", 3, log_line}, {"policy", 2, policy_line}, {"witness", 3, witness_line},
        {"max-age", 2, max_age_line}, {"max-still", 2, max_still_line}};
    char *rest = NULL;
    reading->words = 0;
    for (char *word = strtok_r(line, " \t\r", &rest); word; word = strtok_r(NULL, " \t\r", &rest)) {
        if (*word == '#') break;
        if (reading->words == WORDS) return "more words than any line has";
        reading->word[reading->words++] = word;
    }
    if (reading->words == 0) return NULL;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].word, reading->word[0]) != 0) continue;
        if (reading->words != kinds[i].words) return "it has too many or too few words";
        if (i > 0 && !at_hand(reading)) return "it belongs below a log";
        return kinds[i].take(reading);
    }
    return "expected log, policy, witness, max-age or max-still";
}

static bool take_lines(struct reading *reading, const char *path, char *text)
{
    char *rest = text;
    for (size_t number = 1; rest; number++) {
        const char *wrong = take_line(reading, strsep(&rest, "\n"));
        if (wrong && *wrong) fail("%s: line %zu: %s", path, number, wrong);
        if (wrong) return false;
    }
    return true;
}

bool watched_read(const char *path, struct watched *watched)
{
    struct buffer text = {0};
    char *copy = need_text(path);
    struct reading reading = {.watched = watched, .folder = dirname(copy)};
    *watched = (struct watched){.logs = need(WATCHED_LOGS * sizeof(*watched->logs))};
    bool ok = infile_all(path, FILE_BYTES, &text);
    if (ok) {
        buffer_add(&text, "", 1);
        ok = take_lines(&reading, path, text.ptr) && end_log(&reading);
    }
    if (ok && watched->count == 0) {
        fail("%s: it names no log", path);
        ok = false;
    }
    free(reading.key);
    free(reading.policy);
    free(copy);
    buffer_free(&text);
    if (!ok) watched_free(watched);
    return ok;
}

void watched_free(struct watched *watched)
{
    for (size_t i = 0; i < watched->count; i++) {
        struct watched_log *log = &watched->logs[i];
        for (size_t j = 0; j < log->witnesses_count; j++)
            free(log->witnesses[j].url);
        trust_close(&log->trust);
        free(log->url);
    }
    free(watched->logs);
    *watched = (struct watched){0};
}
