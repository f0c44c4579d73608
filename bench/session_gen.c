/* A made-up session of any size, as a capture that `sharelog send` plays:

       build/release/bench/session_gen BATCHES MESSAGES PARTS BYTES > session.jsonl

   creates a share and sends BATCHES batches of MESSAGES messages and PARTS parts, BYTES bytes of
   text in a part on average. Same arguments, same bytes. The mix of parts is that of the recorded
   sessions: steps, prose in Markdown, thoughts, commands with their output, files read and written.
   Every fifth message is a prompt. */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SESSION "ses_dfbb00000ffemadeUpSession"
#define SECRET "00000000-0000-4000-8000-000000000000"
#define BEGUN_MS UINT64_C(1795368262728)
#define TURN 5 /* messages of which the first is a prompt */

static const char *const words[] = {"batch", "buffer", "cache", "chunk", "column", "cursor", "edge",
    "error", "file", "flush", "graph", "handler", "header", "index", "item", "key", "limit", "lock",
    "merge", "message", "node", "offset", "order", "page", "parser", "path", "queue", "read",
    "request", "response", "retry", "route", "row", "secret", "session", "share", "sort", "store",
    "stream", "table", "test", "timeout", "token", "tree", "value", "write"};

struct session {
    unsigned batches, messages, parts, bytes; /* messages and parts of a batch */
    uint64_t state;                           /* of the random numbers */
};

static unsigned below(struct session *session, unsigned n)
{
    session->state = session->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(session->state >> 33) % n;
}

static const char *word(struct session *session)
{
    return words[below(session, sizeof(words) / sizeof(*words))];
}

/* ---- texts, as they stand in a JSON string ---- */

static void put_line(struct session *session, unsigned bytes)
{
    for (unsigned n = 0; n < bytes;)
        n += (unsigned)printf("%s%s", n ? " " : "", word(session));
}

static void put_prose(struct session *session, unsigned bytes)
{
    for (unsigned n = 0; n < bytes; n += 160) {
        switch (below(session, 6)) {
        case 0: printf("## The %s of a %s\\n\\n", word(session), word(session)); break;
        case 1: printf("- `%s` before **%s**\\n- ", word(session), word(session)); break;
        case 2:
            printf(
                "```js\\nexport function %s(x) {\\n  return x < %u && \\\"%s\\\"\\n}\\n```\\n\\n",
                word(session), below(session, 1000), word(session));
            break;
        default: break;
        }
        put_line(session, 120);
        printf(".\\n\\n");
    }
}

static void put_code(struct session *session, unsigned bytes, const char *front)
{
    for (unsigned n = 0, line = 1; n < bytes; n += 64, line++)
        printf("%sexport function %s%u(x) { return x + %u } // %s %s %s\\n", front, word(session),
            line, below(session, 1000), word(session), word(session), word(session));
}

static void put_output(struct session *session, unsigned bytes)
{
    for (unsigned n = 0; n < bytes; n += 60)
        printf("\\u001b[3%um%s\\u001b[0m %s/%s.test.js %s %u ms\\n", 1 + below(session, 6),
            below(session, 9) ? "ok" : "not ok", word(session), word(session), word(session),
            below(session, 1000));
}

/* ---- parts ---- */

static void begin_tool(const char *tool, unsigned part)
{
    printf("\"type\":\"tool\",\"tool\":\"%s\",\"callID\":\"call_%u\",\"state\":{\"status\":"
           "\"completed\",\"input\":{",
        tool, part);
}

static void end_tool(struct session *session, uint64_t ms)
{
    printf("\",\"metadata\":{\"exit\":0},\"title\":\"%s %s\",\"time\":{\"start\":%" PRIu64
           ",\"end\":%" PRIu64 "}}",
        word(session), word(session), ms, ms + 1 + below(session, 900));
}

static void put_tool(struct session *session, unsigned part, uint64_t ms)
{
    unsigned bytes = 2 * session->bytes;
    switch (below(session, 3)) {
    case 0:
        begin_tool("bash", part);
        printf("\"command\":\"node --test %s.js && wc -l %s.js\",\"description\":\"Run the "
               "tests\"},\"output\":\"",
            word(session), word(session));
        put_output(session, bytes);
        break;
    case 1:
        begin_tool("read", part);
        printf("\"filePath\":\"/home/dev/%s.js\"},\"output\":\"<file>\\n", word(session));
        put_code(session, bytes, "00001| ");
        printf("</file>");
        break;
    default:
        begin_tool("write", part);
        printf("\"filePath\":\"/home/dev/%s.js\",\"content\":\"", word(session));
        put_code(session, bytes, "");
        printf("\"},\"output\":\"Wrote file successfully.");
        break;
    }
    end_tool(session, ms);
}

/* Five parts a message: a step that begins, a thought, tools or prose, a step that ends. */
static void put_content(struct session *session, unsigned part, unsigned nth, uint64_t ms)
{
    if (nth == 0) {
        printf("\"type\":\"step-start\",\"snapshot\":\"f94e6d9422b3b9c2c72a57b05f34c445feb531d0\"");
    } else if (nth == 1) {
        printf("\"type\":\"reasoning\",\"time\":{\"start\":%" PRIu64 ",\"end\":%" PRIu64
               "},\"text\":\"",
            ms, ms + 17);
        put_line(session, session->bytes / 2);
        printf("\"");
    } else if (nth == 4) {
        printf("\"type\":\"step-finish\",\"reason\":\"stop\",\"cost\":0.0155,\"tokens\":{\"input\":"
               "%u,\"output\":258,\"reasoning\":0,\"cache\":{\"write\":0,\"read\":0}}",
            below(session, 100000));
    } else if (below(session, 4)) {
        put_tool(session, part, ms);
    } else {
        printf("\"type\":\"text\",\"text\":\"");
        put_prose(session, session->bytes);
        printf("\"");
    }
}

static void put_part(struct session *session, unsigned part, unsigned message, unsigned nth)
{
    uint64_t ms = BEGUN_MS + UINT64_C(1000) * message + 10 * nth;
    printf("{\"type\":\"part\",\"data\":{\"id\":\"prt_%08umade\",\"sessionID\":\"" SESSION
           "\",\"messageID\":\"msg_%08umade\",",
        part, message);
    if (message % TURN == 0) {
        printf("\"type\":\"text\",\"synthetic\":%s,\"text\":\"", nth ? "true" : "false");
        put_line(session, session->bytes / 2);
        printf("\"");
    } else {
        put_content(session, part, nth % 5, ms);
    }
    printf("}}");
}

/* ---- messages and batches ---- */

static void put_message(struct session *session, unsigned message)
{
    uint64_t ms = BEGUN_MS + UINT64_C(1000) * message;
    printf("{\"type\":\"message\",\"data\":{\"id\":\"msg_%08umade\",\"sessionID\":\"" SESSION "\",",
        message);
    if (message % TURN == 0)
        printf("\"role\":\"user\",\"time\":{\"created\":%" PRIu64
               "},\"agent\":\"build\",\"model\":{\"providerID\":\"fake\",\"modelID\":\"fake-1\"}}}",
            ms);
    else
        printf("\"role\":\"assistant\",\"mode\":\"build\",\"agent\":\"build\",\"modelID\":\"fake-1"
               "\",\"providerID\":\"fake\",\"path\":{\"cwd\":\"/home/dev\",\"root\":\"/home/dev\"},"
               "\"cost\":0.0155,\"tokens\":{\"input\":%u,\"output\":258,\"reasoning\":0,\"cache\":{"
               "\"write\":0,\"read\":0}},\"finish\":\"stop\",\"time\":{\"created\":%" PRIu64
               ",\"completed\":%" PRIu64 "}}}",
            below(session, 100000), ms, ms + 900);
}

static void put_batch(struct session *session, unsigned batch)
{
    printf("{\"t\":%u,\"method\":\"POST\",\"path\":\"/api/share/eUpSession/sync\",\"headers\":{"
           "\"content-type\":\"application/json\"},\"body\":{\"secret\":\"" SECRET
           "\",\"data\":[{\"type\":\"session\",\"data\":{\"id\":\"" SESSION
           "\",\"directory\":\"/home/dev\",\"title\":\"A made-up session\",\"version\":\"1.18.33\","
           "\"agent\":\"build\",\"time\":{\"created\":%" PRIu64 ",\"updated\":%" PRIu64 "}}}",
        1000 * (batch + 1), BEGUN_MS, BEGUN_MS + UINT64_C(1000) * batch);
    printf(",{\"type\":\"session_diff\",\"data\":[]},{\"type\":\"model\",\"data\":[{\"id\":"
           "\"fake-1\",\"name\":\"Fake One\",\"providerID\":\"fake\"}]}");
    for (unsigned i = 0; i < session->messages; i++) {
        printf(",");
        put_message(session, batch * session->messages + i);
    }
    unsigned each = session->parts / session->messages ? session->parts / session->messages : 1;
    for (unsigned i = 0; i < session->parts; i++) {
        unsigned of = i / each < session->messages ? i / each : session->messages - 1;
        printf(",");
        put_part(
            session, batch * session->parts + i, batch * session->messages + of, i - of * each);
    }
    printf("]},\"status\":200}\n");
}

static unsigned number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value < 1 || value > 1000000) {
        fprintf(stderr, "session_gen: %s: expected a number from 1 to 1000000\n", text);
        exit(2);
    }
    return (unsigned)value;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "session_gen BATCHES MESSAGES PARTS BYTES: of a batch, and of a part\n");
        return 2;
    }
    struct session session = {
        number(argv[1]), number(argv[2]), number(argv[3]), number(argv[4]), 1};
    printf("{\"t\":0,\"method\":\"POST\",\"path\":\"/api/share\",\"headers\":{\"content-type\":"
           "\"application/json\"},\"body\":{\"sessionID\":\"" SESSION "\"},\"status\":200}\n");
    for (unsigned i = 0; i < session.batches; i++)
        put_batch(&session, i);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
