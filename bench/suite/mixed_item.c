/* Messages and parts, as templates that are filled in.

   In a template `$` and a letter stand for what differs:
     $S  the session's id      $M  the message's id     $P  the part's id     $U  the prompt's id
     $T  milliseconds          $N  a number below 100,000                     $H  40 hexadecimal
   digits $F  the name of a file that this step's command is about

   Formatting by printf would take longer than the texts do, which come of the chains. */

#include "bench/suite/mixed_item.h"

#include "bench/suite/bench.h"
#include "bench/suite/chain.h"

#include <string.h>

#define BEGUN_MS UINT64_C(1795368000000)
#define PROMPT_STEP 15u /* where a prompt's ids stand among its batch's steps */
#define LOOKED_BACK 64  /* steps, for a file that was written */

static uint64_t scrambled(uint64_t value)
{
    return bench_random(&value);
}

/* A seed of a thing in the session: nothing else has it. */
static uint64_t seed_of(const struct mixed_item *item, uint64_t batch, unsigned step, unsigned slot)
{
    return scrambled(item->seed ^ scrambled(batch * 256 + step * 16 + slot));
}

static uint64_t below(struct mixed_item *item, uint64_t n)
{
    return bench_random(&item->chance) % n;
}

/* ---- filling in ---- */

static void put_id(
    struct mixed_item *item, const char *kind, uint64_t batch, unsigned step, unsigned slot)
{
    char id[ID_BYTES];
    memcpy(id, kind, 4);
    write_time(id + 4, ((BEGUN_MS + batch * 1000 + step * 50 + slot) << 12) + 1);
    write_chance(id + 4 + ID_TIME, seed_of(item, batch, step, slot));
    buf_add(item->out, id, sizeof(id));
}

static void put_number(struct buf *out, uint64_t value)
{
    char digits[20], *at = digits + sizeof(digits);
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    buf_add(out, at, (size_t)(digits + sizeof(digits) - at));
}

static void put_hex(struct mixed_item *item)
{
    char digits[40];
    for (size_t i = 0; i < sizeof(digits); i++)
        digits[i] = "0123456789abcdef"[scrambled(item->chance + i / 16) >> i % 16 * 4 & 15];
    buf_add(item->out, digits, sizeof(digits));
}

static void put_file(struct buf *out, uint64_t file)
{
    static const char *const names[] = {"src/parser", "src/store", "src/http/route", "test/queue",
        "lib/cache", "src/cli", "src/edge/body", "test/batch"};
    const char *name = names[file % 8];
    buf_add(out, name, strlen(name));
    put_number(out, file / 8 % 100);
    buf_add_span(out, SL_SPAN(".js"));
}

struct ids {                /* of what a template is about */
    unsigned message, part; /* slots among the step's */
    uint64_t task, file;
};

static void fill(struct mixed_item *item, const struct ids *ids, const char *template)
{
    struct buf *out = item->out;
    for (const char *mark; (mark = strchr(template, '$')); template = mark + 2) {
        buf_add(out, template, (size_t)(mark - template));
        switch (mark[1]) {
        case 'S': buf_add(out, item->session, sizeof(item->session)); break;
        case 'M': put_id(item, "msg_", item->batch, item->step, ids->message); break;
        case 'P': put_id(item, "prt_", item->batch, item->step, ids->part); break;
        case 'U': put_id(item, "msg_", ids->task, PROMPT_STEP, 0); break;
        case 'T': put_number(out, BEGUN_MS + item->batch * 1000 + item->step * 50); break;
        case 'N': put_number(out, below(item, 100000)); break;
        case 'H': put_hex(item); break;
        default: put_file(out, ids->file); break;
        }
    }
    buf_add(out, template, strlen(template));
}

/* An item's begin: its numbers are those of its place, whatever came before. */
static void open_item(struct mixed_item *item, unsigned slot, const char *type)
{
    item->chance = seed_of(item, item->batch, item->step, slot);
    if (item->more) buf_add(item->out, ",", 1);
    item->more = true;
    buf_add_span(item->out, SL_SPAN("{\"type\":\""));
    buf_add(item->out, type, strlen(type));
    buf_add_span(item->out, SL_SPAN("\",\"data\":"));
}

/* What was written before once more: as quick as a copy. */
static void put_again(struct buf *out, size_t from, size_t len)
{
    if (buf_reserve(out, len)) buf_add(out, out->ptr + from, len);
}

/* The first end of a line, or NULL. */
static const char *line_end(const char *at, const char *end)
{
    for (; (at = memchr(at, '\\', (size_t)(end - at))); at += 2)
        if (at[1] == 'n') return at;
    return NULL;
}

/* Lines of a text, each between two others. */
static void put_lines(
    struct buf *out, struct sl_span text, const char *front, bool numbered, const char *back)
{
    const char *at = text.ptr, *end = at + text.len;
    for (unsigned line = 1; at < end; line++) {
        const char *next = line_end(at, end);
        buf_add(out, front, strlen(front));
        if (numbered) {
            put_number(out, line);
            buf_add(out, ": ", 2);
        }
        buf_add(out, at, (size_t)((next ? next : end) - at));
        buf_add(out, "\\n", 2);
        buf_add(out, back, strlen(back));
        at = next ? next + 2 : end;
    }
}

/* ---- what a step does ---- */

enum tool { TOOL_WRITE, TOOL_BASH, TOOL_GREP, TOOL_GLOB, TOOL_TODO, TOOL_READ };

/* Of a hundred steps as many as were recorded. */
static enum tool tool_of(const struct mixed_item *item, uint64_t batch, unsigned step)
{
    static const uint8_t shares[] = {25, 50, 63, 77, 92};
    uint64_t chance = seed_of(item, batch, step, 13) % 100;
    enum tool tool = TOOL_WRITE;
    while (tool < TOOL_READ && chance >= shares[tool])
        tool++;
    return tool;
}

/* How many batches a command is sent in: 1, but for some of those that end a batch. */
static uint64_t batches_run(const struct mixed_item *item)
{
    uint64_t chance = seed_of(item, item->batch, item->step, 12);
    bool runs = item->step == STEPS - 1 && chance % 4 == 0 &&
                tool_of(item, item->batch, item->step) == TOOL_BASH;
    return runs ? 2 + chance / 4 % 4 : 1;
}

/* The last file that was written before a step: by its place among the steps. */
static uint64_t file_before(const struct mixed_item *item, uint64_t place)
{
    uint64_t at = place;
    for (unsigned i = 0; i < LOOKED_BACK && at > 0; i++) {
        at--;
        if (tool_of(item, at / STEPS, (unsigned)(at % STEPS)) == TOOL_WRITE) return at;
    }
    return at;
}

static void add_content(const struct mixed_item *item, uint64_t file, struct buf *out)
{
    uint64_t seed = seed_of(item, file / STEPS, (unsigned)(file % STEPS), 14);
    chain_text(CHAIN_CODE, seed, 300 + seed % 2900, out);
}

static void put_content(
    struct mixed_item *item, uint64_t file, const char *front, bool numbered, const char *back)
{
    struct buf text = {0};
    add_content(item, file, &text);
    put_lines(item->out, buf_span(&text), front, numbered, back);
    buf_fini(&text);
}

static void put_text(struct mixed_item *item, enum chain_kind kind, size_t least, size_t more)
{
    size_t bytes = least + (size_t)below(item, more);
    chain_text(kind, bench_random(&item->chance), bytes, item->out);
}

/* ---- tools ---- */

static void put_write(struct mixed_item *item, const struct ids *ids)
{
    fill(item, ids, "{\"filePath\":\"$F\",\"content\":\"");
    add_content(item, ids->file, item->out);
    fill(item, ids,
        "\"},\"output\":\"Wrote file successfully.\",\"metadata\":{\"diagnostics\":{},\"filepath\":"
        "\"/home/dev/todo/$F\",\"exists\":true,\"truncated\":false},\"title\":\"$F\"");
}

/* What it prints stands in it twice. */
static void put_bash(struct mixed_item *item, const struct ids *ids, uint64_t units, bool ended)
{
    uint64_t seed = bench_random(&item->chance);
    size_t bytes = (size_t)(100 + below(item, 1500)) * (size_t)units;
    fill(item, ids, "{\"command\":\"node --test $F && wc $F\",\"description\":\"Check the file\"}");
    buf_add_span(
        item->out, ended ? SL_SPAN(",\"output\":\"") : SL_SPAN(",\"metadata\":{\"output\":\""));
    size_t from = item->out->len;
    chain_text(CHAIN_OUTPUT, seed, bytes, item->out);
    if (ended) {
        size_t len = item->out->len - from;
        buf_add_span(item->out, SL_SPAN("\",\"metadata\":{\"output\":\""));
        put_again(item->out, from, len);
    }
    fill(item, ids,
        ended ? "\",\"exit\":0,\"truncated\":false},\"title\":\"node --test $F && wc $F\"" : "\"}");
}

static void put_grep(struct mixed_item *item, const struct ids *ids)
{
    uint64_t file = ids->file;
    fill(item, ids, "{\"pattern\":\"export\"},\"output\":\"Found $N matches");
    for (unsigned i = 0; i < 3; i++) {
        struct ids of = {.file = file};
        fill(item, &of, "\\n/home/dev/todo/$F:\\n");
        put_content(item, file, "  Line ", true, "\\n");
        file = file_before(item, file);
    }
    fill(item, ids, "\",\"metadata\":{\"matches\":$N,\"truncated\":false},\"title\":\"export\"");
}

static void put_glob(struct mixed_item *item, const struct ids *ids)
{
    uint64_t file = ids->file;
    fill(item, ids, "{\"pattern\":\"src/*.js\"},\"output\":\"");
    for (unsigned i = 0; i < 9; i++) {
        struct ids of = {.file = file};
        fill(item, &of, "/home/dev/todo/$F\\n");
        file = file_before(item, file);
    }
    fill(item, ids, "\",\"metadata\":{\"count\":9,\"truncated\":false},\"title\":\"\"");
}

static void put_read(struct mixed_item *item, const struct ids *ids)
{
    fill(item, ids,
        "{\"filePath\":\"$F\"},\"output\":\"<path>/home/dev/todo/$F</path>\\n<type>file</type>\\n"
        "<content>\\n");
    put_content(item, ids->file, "", true, "");
    fill(
        item, ids, "\\n(End of file - total $N lines)\\n</content>\",\"metadata\":{\"preview\":\"");
    size_t from = item->out->len;
    add_content(item, ids->file, item->out);
    size_t len = item->out->len - from;
    fill(item, ids,
        "\",\"truncated\":false,\"loaded\":[],\"display\":{\"type\":\"file\",\"path\":"
        "\"/home/dev/todo/$F\",\"text\":\"");
    put_again(item->out, from, len);
    fill(item, ids, "\",\"lineStart\":1,\"totalLines\":$N,\"truncated\":false}},\"title\":\"$F\"");
}

static void put_todos(struct mixed_item *item, uint64_t seed, uint64_t count, bool printed)
{
    static const char *const plain[] = {"{\"content\":\"", "\",\"status\":\"", "\",\"priority\":\"",
        "\"}", ","},
                             *const quoted[] = {"  {\\n    \\\"content\\\": \\\"",
                                 "\\\",\\n    \\\"status\\\": \\\"",
                                 "\\\",\\n    \\\"priority\\\": \\\"", "\\\"\\n  }", ",\\n"},
                             *const states[] = {"pending", "in_progress", "completed"},
                             *const weights[] = {"low", "medium", "high"};
    const char *const *pieces = printed ? quoted : plain;
    for (uint64_t i = 0; i < count; i++, seed = scrambled(seed)) {
        const char *state = states[seed % 3], *weight = weights[seed / 3 % 3];
        buf_add(item->out, pieces[0], strlen(pieces[0]));
        chain_text(CHAIN_PROSE, seed, 30, item->out);
        buf_add(item->out, pieces[1], strlen(pieces[1]));
        buf_add(item->out, state, strlen(state));
        buf_add(item->out, pieces[2], strlen(pieces[2]));
        buf_add(item->out, weight, strlen(weight));
        buf_add(item->out, pieces[3], strlen(pieces[3]));
        if (i + 1 < count) buf_add(item->out, pieces[4], strlen(pieces[4]));
    }
}

/* The list stands in it three times, once as text that holds JSON. */
static void put_todo(struct mixed_item *item, const struct ids *ids)
{
    uint64_t count = 2 + below(item, 5), seed = bench_random(&item->chance);
    fill(item, ids, "{\"todos\":[");
    put_todos(item, seed, count, false);
    fill(item, ids, "]},\"output\":\"[\\n");
    put_todos(item, seed, count, true);
    fill(item, ids, "\\n]\",\"metadata\":{\"todos\":[");
    put_todos(item, seed, count, false);
    fill(item, ids, "],\"truncated\":false},\"title\":\"todos\"");
}

/* The part of a step's tool; a command has printed for so many batches. */
static void put_tool(struct mixed_item *item, struct ids ids, uint64_t units, bool ended)
{
    static const char *const names[] = {"write", "bash", "grep", "glob", "todowrite", "read"};
    enum tool tool = tool_of(item, item->batch, item->step);
    uint64_t place = item->batch * STEPS + item->step;
    ids.file = tool == TOOL_WRITE ? place : file_before(item, place);
    open_item(item, ids.part = 4, "part");
    buf_add_span(item->out, SL_SPAN("{\"type\":\"tool\",\"tool\":\""));
    buf_add(item->out, names[tool], strlen(names[tool]));
    fill(item, &ids,
        ended ? "\",\"callID\":\"call_$N_0\",\"state\":{\"status\":\"completed\",\"input\":"
              : "\",\"callID\":\"call_$N_0\",\"state\":{\"status\":\"running\",\"input\":");
    switch (tool) {
    case TOOL_WRITE: put_write(item, &ids); break;
    case TOOL_BASH: put_bash(item, &ids, units, ended); break;
    case TOOL_GREP: put_grep(item, &ids); break;
    case TOOL_GLOB: put_glob(item, &ids); break;
    case TOOL_TODO: put_todo(item, &ids); break;
    case TOOL_READ: put_read(item, &ids); break;
    }
    fill(item, &ids, ended ? ",\"time\":{\"start\":$T,\"end\":$T}}" : ",\"time\":{\"start\":$T}}");
    fill(item, &ids, ",\"id\":\"$P\",\"sessionID\":\"$S\",\"messageID\":\"$M\"}}");
}

/* ---- messages, and the parts of every step ---- */

static void put_answer(struct mixed_item *item, const struct ids *ids, const char *finish)
{
    open_item(item, ids->message, "message");
    fill(item, ids,
        "{\"id\":\"$M\",\"parentID\":\"$U\",\"role\":\"assistant\",\"mode\":\"build\",\"agent\":"
        "\"build\",\"path\":{\"cwd\":\"/home/dev/work\",\"root\":\"/home/dev/work\"},");
    if (!finish) {
        fill(item, ids,
            "\"cost\":0,\"tokens\":{\"input\":0,\"output\":0,\"reasoning\":0,\"cache\":{\"read\":0,"
            "\"write\":0}},\"modelID\":\"fake-1\",\"providerID\":\"fake\",\"time\":{\"created\":$T},"
            "\"sessionID\":\"$S\"}}");
        return;
    }
    fill(item, ids,
        "\"cost\":0.0$N,\"tokens\":{\"total\":$N,\"input\":$N,\"output\":$N,\"reasoning\":0,"
        "\"cache\":{\"write\":0,\"read\":0}},\"modelID\":\"fake-1\",\"providerID\":\"fake\","
        "\"time\":{\"created\":$T,\"completed\":$T},\"sessionID\":\"$S\",\"finish\":\"");
    buf_add(item->out, finish, strlen(finish));
    buf_add_span(item->out, SL_SPAN("\"}}"));
}

static void put_step_start(struct mixed_item *item, struct ids ids)
{
    open_item(item, ids.part = 1, "part");
    fill(item, &ids,
        "{\"id\":\"$P\",\"messageID\":\"$M\",\"sessionID\":\"$S\",\"snapshot\":\"$H\",\"type\":"
        "\"step-start\"}}");
}

static void put_prose(struct mixed_item *item, struct ids ids, unsigned slot, const char *type,
    size_t least, size_t more)
{
    open_item(item, ids.part = slot, "part");
    fill(item, &ids, "{\"id\":\"$P\",\"messageID\":\"$M\",\"sessionID\":\"$S\",\"type\":\"");
    buf_add(item->out, type, strlen(type));
    buf_add_span(item->out, SL_SPAN("\",\"text\":\""));
    if (more > 0) put_text(item, CHAIN_PROSE, least, more);
    fill(item, &ids,
        more > 0 ? "\",\"time\":{\"start\":$T,\"end\":$T}}}" : "\",\"time\":{\"start\":$T}}}");
}

static void put_patch(struct mixed_item *item, struct ids ids)
{
    open_item(item, ids.part = 5, "part");
    fill(item, &ids,
        "{\"id\":\"$P\",\"messageID\":\"$M\",\"sessionID\":\"$S\",\"type\":\"patch\",\"hash\":"
        "\"$H\",\"files\":[\"/home/dev/todo/$F\"]}}");
}

static void put_step_finish(struct mixed_item *item, struct ids ids, const char *reason)
{
    open_item(item, ids.part = 6, "part");
    fill(item, &ids, "{\"id\":\"$P\",\"reason\":\"");
    buf_add(item->out, reason, strlen(reason));
    fill(item, &ids,
        "\",\"snapshot\":\"$H\",\"messageID\":\"$M\",\"sessionID\":\"$S\",\"type\":\"step-finish\","
        "\"tokens\":{\"total\":$N,\"input\":$N,\"output\":$N,\"reasoning\":0,\"cache\":{\"write\":0,"
        "\"read\":0}},\"cost\":0.0$N}}");
}

/* ---- what a batch is made of ---- */

void item_session(struct mixed_item *item)
{
    struct ids ids = {0};
    open_item(item, 7, "session");
    item->chance = scrambled(item->seed);
    fill(item, &ids,
        "{\"id\":\"$S\",\"slug\":\"brave-island\",\"projectID\":\"$H\",\"directory\":\"/home/dev/work\","
        "\"path\":\"\",\"title\":\"Session $N\",\"agent\":\"build\",\"model\":{\"id\":\"fake-1\","
        "\"providerID\":\"fake\",\"variant\":\"default\"},\"version\":\"1.18.33\",\"summary\":{"
        "\"additions\":0,\"deletions\":0,\"files\":0},");
    item->chance = seed_of(item, item->batch, 0, 7);
    fill(item, &ids,
        "\"cost\":1.$N,\"tokens\":{\"input\":$N,\"output\":$N,\"reasoning\":0,\"cache\":{\"read\":0,"
        "\"write\":0}},\"time\":{\"created\":1795368000000,\"updated\":$T}}}");
    open_item(item, 7, "session_diff");
    buf_add_span(item->out, SL_SPAN("[]}"));
    open_item(item, 7, "model");
    fill(item, &ids,
        "[{\"id\":\"fake-1\",\"api\":{\"id\":\"fake-1\",\"npm\":\"@ai-sdk/openai-compatible\",\"url\":"
        "\"\"},\"status\":\"active\",\"name\":\"Fake One\",\"providerID\":\"fake\",\"capabilities\":{"
        "\"temperature\":true,\"reasoning\":true,\"attachment\":true,\"toolcall\":true,\"input\":{"
        "\"text\":true,\"audio\":false,\"image\":true,\"video\":false,\"pdf\":true},\"output\":{"
        "\"text\":true,\"audio\":false,\"image\":false,\"video\":false,\"pdf\":false},\"interleaved\":"
        "false},\"cost\":{\"input\":1,\"output\":5,\"cache\":{\"read\":0,\"write\":0}},\"options\":{},"
        "\"limit\":{\"context\":100000000,\"output\":32000},\"headers\":{},\"family\":\"\","
        "\"release_date\":\"\"}]}");
}

static struct mixed_item prompt_of(const struct mixed_item *item, uint64_t task_batch)
{
    struct mixed_item prompt = *item;
    prompt.batch = task_batch;
    prompt.step = PROMPT_STEP;
    return prompt;
}

static void put_diffs(struct mixed_item *prompt)
{
    bool more = false;
    uint64_t first = prompt->batch * STEPS, end = first + (uint64_t)MIXED_TASK * STEPS;
    for (uint64_t file = first; file < end; file++) {
        struct ids of = {.file = file};
        if (tool_of(prompt, file / STEPS, (unsigned)(file % STEPS)) != TOOL_WRITE) continue;
        if (more) buf_add(prompt->out, ",", 1);
        fill(prompt, &of,
            "{\"file\":\"$F\",\"patch\":\"Index: $F\\n--- $F\\t\\n+++ $F\\t\\n@@ -0,0 +1,$N @@\\n");
        put_content(prompt, file, "+", false, "");
        fill(prompt, &of, "\",\"additions\":$N,\"deletions\":0,\"status\":\"modified\"}");
        more = true;
    }
}

void item_prompt(struct mixed_item *item, uint64_t task_batch, bool done)
{
    struct mixed_item prompt = prompt_of(item, task_batch);
    struct ids ids = {0};
    open_item(&prompt, 0, "message");
    fill(&prompt, &ids,
        "{\"role\":\"user\",\"time\":{\"created\":$T},\"agent\":\"build\",\"model\":{\"providerID\":"
        "\"fake\",\"modelID\":\"fake-1\"},\"summary\":{\"diffs\":[");
    if (done) put_diffs(&prompt);
    fill(&prompt, &ids, "]},\"id\":\"$M\",\"sessionID\":\"$S\"}}");
    item->more = true;
}

void item_question(struct mixed_item *item, uint64_t task_batch)
{
    struct mixed_item prompt = prompt_of(item, task_batch);
    put_prose(&prompt, (struct ids){0}, 1, "text", 40, 300);
    item->more = true;
}

void item_step(struct mixed_item *item, uint64_t task_batch, enum progress progress, bool again)
{
    struct ids ids = {.task = task_batch, .file = item->batch * STEPS + item->step};
    bool ended = progress == PROGRESS_ENDED;
    uint64_t runs = batches_run(item), chance = seed_of(item, item->batch, item->step, 11);
    put_answer(item, &ids, ended ? "tool-calls" : NULL);
    if (!again) put_step_start(item, ids);
    if (!again && chance % 3 == 0) put_prose(item, ids, 2, "reasoning", 60, 500);
    bool begins = !ended && runs == 1; /* to write: the text is there, and empty */
    if (chance % 10 != 0) put_prose(item, ids, 3, "text", 40, begins ? 0 : 500);
    if (begins) return;
    put_tool(item, ids, ended ? runs : 1, ended);
    if (!ended) return;
    if (tool_of(item, item->batch, item->step) == TOOL_WRITE) put_patch(item, ids);
    put_step_finish(item, ids, "tool-calls");
}

bool item_running(struct mixed_item *item, uint64_t task_batch, uint64_t batches)
{
    struct ids ids = {.task = task_batch};
    uint64_t runs = batches_run(item);
    if (runs == 1) return false;
    if (batches > runs) return true;
    put_tool(item, ids, batches, batches == runs);
    if (batches < runs) return true;
    put_answer(item, &ids, "tool-calls");
    put_step_finish(item, ids, "tool-calls");
    return true;
}

void item_answer(struct mixed_item *item, uint64_t task_batch, enum progress progress)
{
    struct ids ids = {.task = task_batch};
    bool ended = progress == PROGRESS_ENDED;
    put_answer(item, &ids, ended ? "stop" : NULL);
    if (!ended) put_step_start(item, ids);
    put_prose(item, ids, 3, "text", ended ? 100 : 0, ended ? 2500 : 0);
    if (ended) put_step_finish(item, ids, "stop");
}

/* ---- the second generation ---- */

static void put_element(struct mixed_item *item, bool ended)
{
    struct ids ids = {0};
    item->chance = seed_of(item, item->batch, 0, 0);
    fill(item, &ids, "{\"id\":\"$M\",\"type\":\"");
    if (item->batch % 2 == 0) {
        fill(item, &ids, "user\",\"text\":\"");
        put_text(item, CHAIN_PROSE, 60, 500);
        fill(item, &ids, "\",\"time\":{\"created\":$T}}");
        return;
    }
    fill(item, &ids,
        "assistant\",\"agent\":\"build\",\"model\":{\"id\":\"fake-1\",\"providerID\":\"fake\"},"
        "\"content\":[{\"type\":\"text\",\"text\":\"");
    put_text(item, CHAIN_PROSE, 100, 1200);
    if (ended) {
        ids.file = item->batch;
        fill(item, &ids,
            "\"},{\"type\":\"tool\",\"id\":\"call_$N\",\"name\":\"write\",\"state\":{\"status\":\"completed\",\"input\":");
        put_write(item, &ids);
        fill(item, &ids, "}}],\"cost\":0.0$N,\"time\":{\"created\":$T,\"completed\":$T}}");
    } else {
        fill(item, &ids, "\"}],\"time\":{\"created\":$T}}");
    }
}

void item_list(struct mixed_item *item, uint64_t list, uint64_t messages)
{
    struct ids ids = {0};
    uint64_t seed = scrambled(item->seed ^ scrambled(list));
    write_chance(item->session + 4 + ID_TIME, seed);
    open_item(item, 7, "session");
    fill(item, &ids,
        "{\"id\":\"$S\",\"title\":\"List $N\",\"location\":{\"directory\":\"/home/dev/work\"},"
        "\"version\":\"2.0.1\",\"time\":{\"created\":1795368000000,\"updated\":$T}}}");
    open_item(item, 7, "messages");
    fill(item, &ids, "{\"sessionID\":\"$S\",\"messages\":[");
    for (uint64_t i = 0; i < messages; i++) {
        if (i > 0) buf_add(item->out, ",", 1);
        struct mixed_item element = *item;
        element.seed = seed;
        element.batch = i;
        put_element(&element, i + 1 < messages);
    }
    buf_add_span(item->out, SL_SPAN("]}}"));
}
