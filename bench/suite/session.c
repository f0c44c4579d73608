/* Texts and batches of a made-up session: see session.h. */

#include "bench/suite/session.h"

#include <inttypes.h>
#include <stdint.h>

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
    FILE *out;
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
        n += (unsigned)fprintf(session->out, "%s%s", n ? " " : "", word(session));
}

static void put_prose(struct session *session, unsigned bytes)
{
    for (unsigned n = 0; n < bytes; n += 160) {
        switch (below(session, 6)) {
        case 0:
            fprintf(session->out, "## The %s of a %s\\n\\n", word(session), word(session));
            break;
        case 1:
            fprintf(session->out, "- `%s` before **%s**\\n- ", word(session), word(session));
            break;
        case 2:
            fprintf(session->out,
                "```js\\nexport function %s(x) {\\n  return x < %u && \\\"%s\\\"\\n}\\n```\\n\\n",
                word(session), below(session, 1000), word(session));
            break;
        default: break;
        }
        put_line(session, 120);
        fprintf(session->out, ".\\n\\n");
    }
}

static void put_code(struct session *session, unsigned bytes, const char *front)
{
    for (unsigned n = 0, line = 1; n < bytes; n += 64, line++)
        fprintf(session->out, "%sexport function %s%u(x) { return x + %u } // %s %s %s\\n", front,
            word(session), line, below(session, 1000), word(session), word(session), word(session));
}

static void put_output(struct session *session, unsigned bytes)
{
    for (unsigned n = 0; n < bytes; n += 60)
        fprintf(session->out, "\\u001b[3%um%s\\u001b[0m %s/%s.test.js %s %u ms\\n",
            1 + below(session, 6), below(session, 9) ? "ok" : "not ok", word(session),
            word(session), word(session), below(session, 1000));
}

/* ---- parts ---- */

static void begin_tool(struct session *session, const char *tool, unsigned part)
{
    fprintf(session->out,
        "\"type\":\"tool\",\"tool\":\"%s\",\"callID\":\"call_%u\",\"state\":{\"status\":"
        "\"completed\",\"input\":{",
        tool, part);
}

static void end_tool(struct session *session, uint64_t ms)
{
    fprintf(session->out,
        "\",\"metadata\":{\"exit\":0},\"title\":\"%s %s\",\"time\":{\"start\":%" PRIu64
        ",\"end\":%" PRIu64 "}}",
        word(session), word(session), ms, ms + 1 + below(session, 900));
}

static void put_tool(struct session *session, unsigned part, uint64_t ms)
{
    unsigned bytes = 2 * session->bytes;
    switch (below(session, 3)) {
    case 0:
        begin_tool(session, "bash", part);
        fprintf(session->out,
            "\"command\":\"node --test %s.js && wc -l %s.js\",\"description\":\"Run the "
            "tests\"},\"output\":\"",
            word(session), word(session));
        put_output(session, bytes);
        break;
    case 1:
        begin_tool(session, "read", part);
        fprintf(session->out, "\"filePath\":\"/home/dev/%s.js\"},\"output\":\"<file>\\n",
            word(session));
        put_code(session, bytes, "00001| ");
        fprintf(session->out, "</file>");
        break;
    default:
        begin_tool(session, "write", part);
        fprintf(session->out, "\"filePath\":\"/home/dev/%s.js\",\"content\":\"", word(session));
        put_code(session, bytes, "");
        fprintf(session->out, "\"},\"output\":\"Wrote file successfully.");
        break;
    }
    end_tool(session, ms);
}

/* Five parts a message: a step that begins, a thought, tools or prose, a step that ends. */
static void put_content(struct session *session, unsigned part, unsigned nth, uint64_t ms)
{
    if (nth == 0) {
        fprintf(session->out,
            "\"type\":\"step-start\",\"snapshot\":\"f94e6d9422b3b9c2c72a57b05f34c445feb531d0\"");
    } else if (nth == 1) {
        fprintf(session->out,
            "\"type\":\"reasoning\",\"time\":{\"start\":%" PRIu64 ",\"end\":%" PRIu64
            "},\"text\":\"",
            ms, ms + 17);
        put_line(session, session->bytes / 2);
        fprintf(session->out, "\"");
    } else if (nth == 4) {
        fprintf(session->out,
            "\"type\":\"step-finish\",\"reason\":\"stop\",\"cost\":0.0155,\"tokens\":{\"input\":"
            "%u,\"output\":258,\"reasoning\":0,\"cache\":{\"write\":0,\"read\":0}}",
            below(session, 100000));
    } else if (below(session, 4)) {
        put_tool(session, part, ms);
    } else {
        fprintf(session->out, "\"type\":\"text\",\"text\":\"");
        put_prose(session, session->bytes);
        fprintf(session->out, "\"");
    }
}

static void put_part(struct session *session, unsigned part, unsigned message, unsigned nth)
{
    uint64_t ms = BEGUN_MS + UINT64_C(1000) * message + 10 * nth;
    fprintf(session->out,
        "{\"type\":\"part\",\"data\":{\"id\":\"prt_%08umade\",\"sessionID\":\"" SESSION
        "\",\"messageID\":\"msg_%08umade\",",
        part, message);
    if (message % TURN == 0) {
        fprintf(
            session->out, "\"type\":\"text\",\"synthetic\":%s,\"text\":\"", nth ? "true" : "false");
        put_line(session, session->bytes / 2);
        fprintf(session->out, "\"");
    } else {
        put_content(session, part, nth % 5, ms);
    }
    fprintf(session->out, "}}");
}

/* ---- messages and batches ---- */

static void put_message(struct session *session, unsigned message)
{
    uint64_t ms = BEGUN_MS + UINT64_C(1000) * message;
    fprintf(session->out,
        "{\"type\":\"message\",\"data\":{\"id\":\"msg_%08umade\",\"sessionID\":\"" SESSION "\",",
        message);
    if (message % TURN == 0)
        fprintf(session->out,
            "\"role\":\"user\",\"time\":{\"created\":%" PRIu64
            "},\"agent\":\"build\",\"model\":{\"providerID\":\"fake\",\"modelID\":\"fake-1\"}}}",
            ms);
    else
        fprintf(session->out,
            "\"role\":\"assistant\",\"mode\":\"build\",\"agent\":\"build\",\"modelID\":\"fake-1"
            "\",\"providerID\":\"fake\",\"path\":{\"cwd\":\"/home/dev\",\"root\":\"/home/dev\"},"
            "\"cost\":0.0155,\"tokens\":{\"input\":%u,\"output\":258,\"reasoning\":0,\"cache\":{"
            "\"write\":0,\"read\":0}},\"finish\":\"stop\",\"time\":{\"created\":%" PRIu64
            ",\"completed\":%" PRIu64 "}}}",
            below(session, 100000), ms, ms + 900);
}

static void put_batch(struct session *session, unsigned batch)
{
    fprintf(session->out,
        "{\"t\":%u,\"method\":\"POST\",\"path\":\"/api/share/eUpSession/sync\",\"headers\":{"
        "\"content-type\":\"application/json\"},\"body\":{\"secret\":\"" SECRET
        "\",\"data\":[{\"type\":\"session\",\"data\":{\"id\":\"" SESSION
        "\",\"directory\":\"/home/dev\",\"title\":\"A made-up session\",\"version\":\"1.18.33\","
        "\"agent\":\"build\",\"time\":{\"created\":%" PRIu64 ",\"updated\":%" PRIu64 "}}}",
        1000 * (batch + 1), BEGUN_MS, BEGUN_MS + UINT64_C(1000) * batch);
    fprintf(session->out,
        ",{\"type\":\"session_diff\",\"data\":[]},{\"type\":\"model\",\"data\":[{\"id\":"
        "\"fake-1\",\"name\":\"Fake One\",\"providerID\":\"fake\"}]}");
    for (unsigned i = 0; i < session->messages; i++) {
        fprintf(session->out, ",");
        put_message(session, batch * session->messages + i);
    }
    unsigned each = session->parts / session->messages ? session->parts / session->messages : 1;
    for (unsigned i = 0; i < session->parts; i++) {
        unsigned of = i / each < session->messages ? i / each : session->messages - 1;
        fprintf(session->out, ",");
        put_part(
            session, batch * session->parts + i, batch * session->messages + of, i - of * each);
    }
    fprintf(session->out, "]},\"status\":200}\n");
}

void session_write(FILE *out, unsigned batches, unsigned messages, unsigned parts, unsigned bytes)
{
    struct session session = {out, batches, messages, parts, bytes, 1};
    fprintf(out,
        "{\"t\":0,\"method\":\"POST\",\"path\":\"/api/share\",\"headers\":{\"content-type\":"
        "\"application/json\"},\"body\":{\"sessionID\":\"" SESSION "\"},\"status\":200}\n");
    for (unsigned i = 0; i < batches; i++)
        put_batch(&session, i);
}
