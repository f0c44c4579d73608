/* The witness's state is a temporary directory; its logs' file is in the test's own. */

#include "tests/support/paper_witness.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "tests/support/tools_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct net_server witness;
struct net_client *asks;
struct note_key key;
struct paper_log paper;
const struct paper_branch own = {0, 0};
char logs_path[256];

static struct tools_run run;

void write_logs(const char *text)
{
    tools_write("logs", sl_span_of(text));
}

void show_key(const struct net_server *of, struct note_key *out)
{
    tools_expect(&run, 0, "+", "witness", "--state", of->dir, "--show-key");
    run.text[strcspn(run.text, "\n")] = 0;
    assert_true(note_key_parse(sl_span_of(run.text), out));
    assert_int_equal(out->kind, NOTE_COSIGNATURE);
}

int open_witness(void **state)
{
    const char *flags[] = {"--logs", logs_path, "--name", "w.example", NULL};
    (void)state;
    net_watchdog();
    paper_log_make(&paper, "paper.example/log", 7);
    snprintf(logs_path, sizeof(logs_path), "%s", tools_path("logs"));
    write_logs(net_text("# whom we watch\n\n  %s\r\n", paper.vkey));
    net_witness_open(&witness, flags);
    asks = net_client_create(witness.url);
    show_key(&witness, &key);
    return 0;
}

int close_witness(void **state)
{
    (void)state;
    net_client_destroy(asks);
    net_server_close(&witness);
    return 0;
}

void restart_witness(void)
{
    net_server_start(&witness);
    net_client_destroy(asks);
    asks = net_client_create(witness.url);
}

int ask_body(struct sl_span body)
{
    struct net_request request = {.method = "POST",
        .path = "/add-checkpoint",
        .body = body,
        .headers = {"Content-Type: text/plain"}};
    return net_ask(asks, &request);
}

int ask_growth(struct paper_branch branch, uint64_t from, uint64_t to)
{
    struct buf body = {0};
    paper_request(&paper, branch, from, to, &body);
    int status = ask_body(buf_span(&body));
    buf_fini(&body);
    return status;
}

void expect_cosigned(struct paper_branch branch, uint64_t size)
{
    struct buf note = {0};
    struct note parts;
    uint64_t time_s = 0, now_s = (uint64_t)time(NULL);
    net_expect_status(asks, 200);
    paper_checkpoint(&paper, branch, size, &note);
    buf_add_span(&note, net_body_span(asks));
    assert_true(note_parse(buf_span(&note), &parts));
    assert_true(note_signed_by(&parts, &key, &time_s));
    assert_true(time_s <= now_s && time_s + 3600 > now_s);
    buf_fini(&note);
}

void expect_conflict(uint64_t size)
{
    net_expect(asks, 409, net_text("%llu\n", (unsigned long long)size));
    assert_string_equal(net_header(asks, "Content-Type"), "text/x.tlog.size");
}

const char *log_hex(const char *origin)
{
    uint8_t hash[32];
    char hex[65];
    crypto_sha256(origin, strlen(origin), hash);
    crypto_hex(hash, 32, hex);
    return net_text("%s", hex);
}

const char *log_file(const char *ending)
{
    return net_text("%s/%s.%s", witness.dir, log_hex(paper.key.name), ending);
}

const char *log_path(void)
{
    return net_text("/%s/checkpoint", log_hex(paper.key.name));
}

char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(NOTE_BYTES * 4);
    assert_non_null(file);
    assert_non_null(bytes);
    *len = fread(bytes, 1, NOTE_BYTES * 4 - 1, file);
    bytes[*len] = 0;
    fclose(file);
    return bytes;
}

void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}
