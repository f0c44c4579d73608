/* Words are moved to the front of argv while options are parsed out of it. The first wrong
   option ends it: one line on stderr, and what was parsed before it is wiped by options_done
   like the rest. */

#include "tools/shared/options.h"

#include "core/base/decimal.h"
#include "tools/shared/buffer.h"
#include "tools/shared/term.h"

#include <stdlib.h>
#include <string.h>

#define COMMON(field) offsetof(struct common, field)
static const struct {
    unsigned takes;
    struct option option;
} common_options[] = {
    {TAKES_AT, {"at", "SEQ|TIME", OPTION_TEXT, COMMON(at), 0, 0,
                   "as it was after this event, or at this time (ISO 8601)"}},
    {TAKES_YES, {"yes", NULL, OPTION_FLAG, COMMON(yes), 0, 0,
                    "don't ask (without a terminal nothing asks)"}},
    {TAKES_PROGRESS, {"progress", NULL, OPTION_FLAG, COMMON(progress), 0, 0,
                         "tell how far it is on stderr, without a terminal too"}},
    {TAKES_DATA, {"data", "DIR", OPTION_TEXT, COMMON(data), 0, 0,
                     "the data directory (else $XDG_DATA_HOME/sharelog, ~/.local/share/sharelog)"}},
    {TAKES_URL, {"url", "URL", OPTION_TEXT, COMMON(url), 0, 0, "ask the server there instead"}},
    {TAKES_URL, {"key", "KEY", OPTION_SECRET, COMMON(key), 0, 0,
                    "the server's key (better: environment SHARELOG_OWNER_KEY)"}},
    {TAKES_JSON, {"json", NULL, OPTION_FLAG, COMMON(json), 0, 0, "answer in JSON, for a program"}},
};
#define COMMON_COUNT (sizeof(common_options) / sizeof(common_options[0]))

static const struct option *find(struct option_set set, const char *name, size_t len)
{
    const struct option *option = set.options;
    for (; option && option->name; option++)
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0) return option;
    for (size_t i = 0; i < COMMON_COUNT; i++) {
        option = &common_options[i].option;
        if ((set.takes & common_options[i].takes) && strlen(option->name) == len &&
            memcmp(option->name, name, len) == 0)
            return option;
    }
    return NULL;
}

bool options_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
    uint64_t value;
    if (!sl_decimal(sl_span_of(text), max, &value) || value < min) return false;
    *number = value;
    return true;
}

bool options_speed(const char *command, const char *text, double *speed)
{
    char *end = NULL;
    double value = strcmp(text, "max") == 0 ? 0 : strtod(text, &end);
    if ((!end || (end != text && *end == 0)) && value >= 0 && value <= 1e9) {
        *speed = value;
        return true;
    }
    fail("%s: --speed takes a number such as 10, or max, not \"%s\"", command, text);
    return false;
}

static void forget(char **secret)
{
    if (*secret) explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

static void forget_secret(void *values, const struct option *option)
{
    if (option->kind == OPTION_SECRET) forget((char **)((char *)values + option->offset));
}

void options_done(struct option_set set, void *values)
{
    options_each(set, forget_secret, values);
}

/* A copy is kept; what others see of it in a list of processes is blotted out, argv being the
   program's own to change. */
static void take_secret(char **secret, char *given)
{
    forget(secret);
    *secret = need_text(given);
    memset(given, 'x', strlen(given));
}

static bool take(struct option_set set, const struct option *option, char *text, void *values)
{
    void *place = (char *)values + option->offset;
    if (option->kind == OPTION_FLAG) {
        *(bool *)place = true;
    } else if (option->kind == OPTION_SECRET) {
        take_secret(place, text);
    } else if (option->kind == OPTION_LIST) {
        struct option_list *list = place;
        if (list->count == OPTION_LIST_MAX) {
            fail("%s: --%s more than %d times", set.command, option->name, OPTION_LIST_MAX);
            return false;
        }
        list->values[list->count++] = text;
    } else if (option->kind == OPTION_TEXT) {
        *(const char **)place = text;
    } else {
        struct option_number *number = place;
        if (!options_number(text, option->min, option->max, &number->value)) {
            fail("%s: --%s takes a number from %llu to %llu, not \"%s\"", set.command, option->name,
                (unsigned long long)option->min, (unsigned long long)option->max, text);
            return false;
        }
        number->given = true;
    }
    return true;
}

static bool wrong(struct option_set set, const char *what, const char *name)
{
    fail("%s: %s --%s (see: sharelog help %s)", set.command, what, name, set.command);
    return false;
}

/* argv[*at] is an option: parse it, and its value where that is a word of its own. */
static bool parse_one(struct option_set set, int argc, char **argv, int *at, void *values)
{
    char *name = argv[*at] + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct option *option = find(set, name, len);
    if (!option) return wrong(set, "unknown option", name);
    if (option->kind == OPTION_FLAG) {
        if (equals) return wrong(set, "nothing belongs behind", option->name);
        return take(set, option, NULL, values);
    }
    char *text = equals ? equals + 1 : ++*at < argc ? argv[*at] : NULL;
    if (!text || (!*text && option->kind != OPTION_NUMBER))
        return wrong(set, "a value is missing behind", option->name);
    return take(set, option, text, values);
}

enum option_result options_parse(
    struct option_set set, int argc, char **argv, void *values, int *words)
{
    static char output[] = "--output";
    int count = 0;
    bool ended = false;
    for (int at = 0; at < argc; at++) {
        if (!ended && strcmp(argv[at], "-o") == 0) argv[at] = output;
        char *text = argv[at];
        if (ended || text[0] != '-' || !text[1]) {
            argv[count++] = text;
        } else if (strcmp(text, "--") == 0) {
            ended = true;
        } else if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
            return OPTIONS_HELP;
        } else if (text[1] != '-') {
            fail("%s: unknown option %s (see: sharelog help %s)", set.command, text, set.command);
            return OPTIONS_WRONG;
        } else if (!parse_one(set, argc, argv, &at, values)) {
            return OPTIONS_WRONG;
        }
    }
    const struct common *common = values;
    if (common->data && common->url) {
        fail("%s: --data and --url are two places; give one", set.command);
        return OPTIONS_WRONG;
    }
    *words = count;
    return OPTIONS_OK;
}

void options_each(
    struct option_set set, void (*each)(void *ctx, const struct option *option), void *ctx)
{
    for (const struct option *option = set.options; option && option->name; option++)
        each(ctx, option);
    for (size_t i = 0; i < COMMON_COUNT; i++)
        if (set.takes & common_options[i].takes) each(ctx, &common_options[i].option);
}
