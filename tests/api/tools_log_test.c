/* The commands that prove: what they say of what is right, of what was tampered with, and of what
   they can't look at; the server is a process, and so are they. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/fake_http.h"
#include "tests/support/net_fixture.h"
#include "tests/support/tools_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct tools_run run;
static char keys[512], vkey[512]; /* both of the log; the one of its checkpoints */

static void sync_some(const struct net_share *share, unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count; i++)
        assert_int_equal(net_sync(client, share,
                             net_text("{\"type\":\"message\",\"data\":{\"id\":\"m%u\",\"role\":"
                                      "\"user\",\"text\":\"line %u\"}}",
                                 i, i)),
            200);
}

/* The checkpoint that is shown covers all there is: at most one is signed a second. */
static void wait_for_checkpoint(void)
{
    net_pause_ms(1100);
    net_get(client, "/log/checkpoint");
    net_expect_status(client, 200);
}

static int open_all(void **state)
{
    open_server(state);
    assert_int_equal(net_server_run(&server, "log-key", vkey, sizeof(vkey)), 0);
    tools_write("log.key", sl_span_of(vkey));
    memcpy(keys, vkey, sizeof(keys));
    vkey[strcspn(vkey, "\n")] = 0;
    return 0;
}

static void flip(const char *from, const char *to, size_t at, unsigned bit)
{
    size_t len;
    char *bytes = tools_read(from, &len);
    bytes[at % len] = (char)(bytes[at % len] ^ (1 << bit));
    tools_write(to, (struct sl_span){bytes, len});
    free(bytes);
}

/* ---- files ---- */

static void bundles(void **state)
{
    struct net_share share;
    size_t len;
    uint64_t random = net_seed();
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    sync_some(&share, 0, 5);
    const char *file = tools_path("b.bundle"), *bad = tools_path("bad.bundle");
    const char *key = tools_path("log.key");
    tools_expect(&run, 0, NULL, "bundle", share.id, "--url", server.url, "-o", file);
    tools_expect(&run, 0, "complete as of ", "verify", "--bundle", file, "--key", key);
    tools_expect(
        &run, 0, "\"events\":6,\"syncs\":5", "verify", "--bundle", file, "--key", vkey, "--json");
    tools_expect(&run, 0, NULL, "bundle", share.id, "--data", server.dir, "--output", file);
    tools_expect(&run, 0, NULL, "verify", "--bundle", file, "--key", vkey);

    char *bytes = tools_read("b.bundle", &len);
    for (unsigned i = 0; i < (NET_SANITIZED ? 8 : 40) * net_rounds(); i++) {
        size_t at = (size_t)(net_random(&random) % len);
        flip("b.bundle", "bad.bundle", at, (unsigned)(net_random(&random) % 8));
        tools_expect(&run, 1, "not verified: ", "verify", "--bundle", bad, "--key", keys);
    }
    tools_write("bad.bundle", (struct sl_span){bytes, len / 2});
    tools_expect(&run, 1, "not verified: ", "verify", "--bundle", bad, "--key", keys);
    tools_write("bad.bundle", (struct sl_span){bytes, 0});
    tools_expect(&run, 1, "\"verified\":false,\"fault\":", "verify", "--bundle", bad, "--key", keys,
        "--json");
    free(bytes);

    /* of another log; a file that isn't there; wrong use */
    const char *other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    tools_expect(&run, 1, "not verified: ", "verify", "--bundle", file, "--key", other);
    tools_expect(&run, 2, NULL, "verify", "--bundle", tools_path("none"), "--key", vkey);
    tools_expect(&run, 2, "--key", "verify", "--bundle", file);
    tools_expect(&run, 2, "verifier key", "verify", "--bundle", file, "--key", "nonsense");
    tools_expect(&run, 2, NULL, "verify", "--bundle", file, "--key", vkey, "--data", server.dir);
    tools_expect(&run, 2, NULL, "verify", "--bundle", file, "--key", vkey, "--url", server.url);
    tools_expect(&run, 2, NULL, "verify", "--key", vkey);
    tools_expect(&run, 1, "not found", "bundle", "nosuchid", "--url", server.url);

    /* removed: told so */
    run.as_owner = true;
    tools_expect(&run, 0, NULL, "rm", share.id, "--url", server.url, "--yes");
    run.as_owner = false;
    tools_expect(&run, 0, NULL, "bundle", share.id, "--url", server.url, "-o", file);
    tools_expect(&run, 0, "removed at ", "verify", "--bundle", file, "--key", vkey);
    tools_expect(&run, 0, ", 7 events", "verify", "--bundle", file, "--key", vkey);
}

static void proofs(void **state)
{
    struct net_share share;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    sync_some(&share, 0, 3);
    const char *proof = tools_path("p"), *event = tools_path("e"), *bad = tools_path("bad");
    const char *third = tools_path("e3");
    tools_expect(&run, 0, NULL, "proof", share.id, "2", "--url", server.url, "-o", proof);
    tools_expect(&run, 0, NULL, "events", share.id, "2", "--url", server.url);
    tools_write("e", (struct sl_span){run.text, run.len});
    tools_expect(&run, 0, NULL, "events", share.id, "3", "--data", server.dir);
    tools_write("e3", (struct sl_span){run.text, run.len});
    tools_expect(&run, 0,
        "Verified: it is in the log, of this share, and its content is what the server", "verify",
        "--proof", proof, "--event", event, "--key", vkey);
    tools_expect(&run, 0, "\"content\":true", "verify", "--proof", proof, "--event", event, "--key",
        vkey, "--json");
    tools_expect(
        &run, 1, "not verified", "verify", "--proof", proof, "--event", third, "--key", vkey);

    /* bound to no share: not verified as one's own */
    size_t len;
    char *text = tools_read("e", &len);
    char *salt = strstr(text, "\"salt\":");
    assert_non_null(salt);
    salt[2] = 'u';
    tools_write("bad", (struct sl_span){text, len});
    free(text);
    tools_expect(
        &run, 1, "salt: missing", "verify", "--proof", proof, "--event", bad, "--key", vkey);
    tools_expect(&run, 1, "\"verified\":false,\"fault\":", "verify", "--proof", proof, "--event",
        bad, "--key", vkey, "--json");

    text = tools_read("e", &len);
    char *line = strstr(text, "line 0");
    assert_non_null(line);
    line[5] = '1';
    tools_write("bad", (struct sl_span){text, len});
    free(text);
    tools_expect(
        &run, 1, "not verified", "verify", "--proof", proof, "--event", bad, "--key", vkey);
    text = tools_read("p", &len);
    char *hash = strchr(strstr(text, "index ") + 1, '\n') + 1;
    hash[3] = hash[3] == 'A' ? 'B' : 'A';
    tools_write("bad", (struct sl_span){text, len});
    free(text);
    tools_expect(
        &run, 1, "not verified", "verify", "--proof", bad, "--event", event, "--key", vkey);
    tools_expect(&run, 2, NULL, "verify", "--proof", proof, "--key", vkey);
    tools_expect(
        &run, 2, NULL, "verify", "--proof", proof, "--event", tools_path("no"), "--key", vkey);
    tools_expect(&run, 1, NULL, "proof", share.id, "99", "--url", server.url);
    tools_expect(&run, 2, "sequence", "proof", share.id, "x", "--url", server.url);
}

/* ---- a server's log ---- */

/* More than a tile, so that there is a level above the leaves. */
static void walks(void **state)
{
    struct net_share share;
    const char *since = tools_path("since");
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    sync_some(&share, 0, 10);
    wait_for_checkpoint();
    unlink(since);
    tools_expect(
        &run, 0, "owner key alone", "verify", "--url", server.url, "--key", vkey, "--since", since);
    assert_int_equal(access(since, R_OK), 0);
    sync_some(&share, 10, 300);
    wait_for_checkpoint();
    run.as_owner = true;
    const char *aside = tools_path("aside");
    tools_expect(&run, 0, "\"entries\":null", "verify", "--url", server.url, "--key", vkey,
        "--since", aside, "--json");
    tools_expect(&run, 0, "\"entries\":300", "verify", "--url", server.url, "--key", vkey,
        "--since", since, "--entries", "--json");
    tools_expect(&run, 0, "\"leaves\":0", "verify", "--url", server.url, "--key", vkey, "--since",
        since, "--json");
    tools_expect(&run, 0, "Verified", "verify", "--url", server.url, "--key", vkey, "--since",
        since, "--all", "--entries");
    tools_expect(&run, 0, "Verified", "verify", "--url", server.url, "--key", vkey, "--entries");
    run.as_owner = false;
    tools_expect(&run, 2, "owner key", "verify", "--url", server.url, "--key", vkey, "--entries");
    tools_expect(&run, 0, "Verified", "verify", "--url", server.url, "--key", vkey, "--entries",
        "--owner-key", NET_OWNER);
    tools_expect(&run, 2, NULL, "verify", "--url", "http://127.0.0.1:1", "--key", vkey);
    tools_expect(&run, 2, "no URL", "verify", "--url", "nonsense", "--key", vkey);
    tools_write("garbage", SL_SPAN("garbage\n"));
    tools_expect(&run, 2, "no checkpoint", "verify", "--url", server.url, "--key", vkey, "--since",
        tools_path("garbage"));
    const char *other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    tools_expect(&run, 1, "not verified", "verify", "--url", server.url, "--key", other);
    tools_expect(&run, 0, "\n32", "checkpoint", "--url", server.url);
    tools_expect(&run, 0, "sharelog-", "checkpoint", "--data", server.dir, "--newest");
}

/* What lies between a verifier and the server, and changes one answer. */
struct liar {
    struct net_client *to;
    const char *path;       /* whose answer is changed: the one that begins so */
    size_t at;              /* the byte that is flipped */
    unsigned status;        /* instead, if not 0 */
    bool cut;               /* instead, the answer's second half lacks */
    struct sl_span instead; /* of all of it */
    unsigned changed;
};

static void lie(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct liar *liar = ctx;
    reply->status = net_get_as(liar->to, request->path, NET_AS_OWNER);
    struct sl_span body = net_body_span(liar->to);
    buf_add_span(&reply->body, body);
    if (strncmp(request->path, liar->path, strlen(liar->path)) != 0) return;
    liar->changed++;
    if (liar->status)
        reply->status = (int)liar->status;
    else if (liar->instead.len)
        reply->body.len = 0, buf_add_span(&reply->body, liar->instead);
    else if (liar->cut)
        reply->body.len /= 2;
    else if (body.len)
        reply->body.ptr[liar->at % body.len] ^= 4;
}

static void lying_servers(void **state)
{
    static const struct {
        const char *path;
        size_t at;
        unsigned status;
        bool cut;
        int code;
    } lies[] = {
        {"/log/tile/0/000", 40, 0, false, 1},
        {"/log/tile/0/001", 5, 0, false, 1},
        {"/log/tile/0/001", 0, 0, true, 1},
        {"/log/tile/0/001", 0, 404, false, 1},
        {"/log/tile/0/001", 0, 500, false, 2},
        {"/log/tile/1/000", 3, 0, false, 1},
        {"/log/tile/entries/000", 700, 0, false, 1},
        {"/log/tile/entries/001", 0, 0, false, 1}, /* a length */
        {"/log/tile/entries/001", 0, 0, true, 1},
        {"/log/tile/entries/001", 0, 401, false, 2}, /* shown at first */
        {"/log/checkpoint", 22, 0, false, 1},
        {"/log/checkpoint", 0, 503, false, 2},
    };
    struct fake_http fake;
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct liar liar = {
            .path = lies[i].path, .at = lies[i].at, .status = lies[i].status, .cut = lies[i].cut};
        liar.to = net_client_create(server.url);
        assert_true(fake_http_open(&fake, 0, lie, &liar));
        tools_expect(&run, lies[i].code, lies[i].code == 1 ? "not verified" : "couldn't", "verify",
            "--url", fake.url, "--key", vkey);
        assert_true(liar.changed > 0);
        fake_http_close(&fake);
        net_client_destroy(liar.to);
    }
}

/* A server may show an older checkpoint than the one that was kept (witnesses lag behind), as long
   as the log of the kept one is still there. */
static void an_older_checkpoint(void **state)
{
    struct net_share share;
    struct fake_http fake;
    size_t len, now_len;
    (void)state;
    wait_for_checkpoint();
    char *older = strdup(net_answer(client)->body);
    assert_true(net_create(client, net_session_id(), &share));
    sync_some(&share, 0, 3);
    wait_for_checkpoint();
    const char *since = tools_path("newer");
    tools_expect(&run, 0, NULL, "verify", "--url", server.url, "--key", vkey, "--since", since);
    char *kept = tools_read("newer", &len);
    struct liar liar = {.path = "/log/checkpoint", .instead = sl_span_of(older)};
    liar.to = net_client_create(server.url);
    assert_true(fake_http_open(&fake, 0, lie, &liar));
    tools_expect(&run, 0, "it stays", "verify", "--url", fake.url, "--key", vkey, "--since", since);
    fake_http_close(&fake);
    net_client_destroy(liar.to);
    char *now = tools_read("newer", &now_len);
    assert_int_equal(now_len, len);
    assert_memory_equal(now, kept, len);
    free(now);
    free(kept);
    free(older);
}

/* ---- a log rewritten behind its server's back ---- */

/* A data directory is set back to what it was, and goes on in another way; whoever kept a
   checkpoint finds out. */
static void rewritten_logs(void **state)
{
    struct net_share one, two;
    const char *since = tools_path("old"), *before = tools_path("before");
    size_t len, now_len;
    (void)state;
    assert_true(net_create(client, net_session_id(), &one));
    assert_true(net_create(client, net_session_id(), &two));
    sync_some(&one, 0, 2);
    net_server_stop(&server);
    tools_copy(server.dir, before);
    start_again();
    sync_some(&one, 2, 3);
    sync_some(&two, 0, 3);
    wait_for_checkpoint();
    unlink(since);
    tools_expect(&run, 0, NULL, "verify", "--url", server.url, "--key", vkey, "--since", since);
    char *kept = tools_read("old", &len);
    net_server_stop(&server);

    for (int way = 0; way < 4; way++) {
        tools_copy(before, server.dir);
        start_again();
        switch (way) {
        case 0: break; /* the last six events are dropped */
        case 1:        /* one is replaced, and its time is another */
            sync_some(&one, 2, 2);
            sync_some(&one, 7, 1);
            sync_some(&two, 0, 3);
            break;
        case 2: sync_some(&one, 2, 8); break; /* a share is left out */
        default: /* the same ones, at other times */ sync_some(&one, 2, 3); sync_some(&two, 0, 3);
        }
        wait_for_checkpoint();
        tools_expect(&run, 1, "not verified: ", "verify", "--url", server.url, "--key", vkey,
            "--since", since);
        tools_expect(&run, 1, "not verified: ", "verify", "--url", server.url, "--key", vkey,
            "--since", since, "--all");
        tools_expect(&run, 0, "Verified", "verify", "--url", server.url, "--key", vkey);
        char *now = tools_read("old", &now_len);
        assert_int_equal(now_len, len); /* what was kept is kept */
        assert_memory_equal(now, kept, len);
        free(now);
        net_server_stop(&server);
    }
    free(kept);
    start_again();
}

/* Put back without its checkpoint, the store itself finds out, and goes on only by another name. */
static void new_origins(void **state)
{
    struct net_share share;
    char from[256], to[256];
    const char *before = tools_path("before-origin"), *since = tools_path("since-origin");
    (void)state;
    tools_expect(&run, 2, "in use by a server", "new-origin", "x/log-2", "--data", server.dir);
    net_server_stop(&server);
    snprintf(from, sizeof(from), "%s/db", server.dir);
    tools_copy(from, before);
    start_again();
    assert_true(net_create(client, net_session_id(), &share));
    sync_some(&share, 0, 3);
    wait_for_checkpoint();
    unlink(since);
    tools_expect(&run, 0, NULL, "verify", "--url", server.url, "--key", vkey, "--since", since);
    net_server_stop(&server);
    snprintf(to, sizeof(to), "%s/db", server.dir);
    tools_copy(before, to);
    start_again();
    assert_false(net_create(client, net_session_id(), &share));
    assert_int_equal(net_get(client, "/readyz"), 503);
    /* it shows no checkpoint at all: neither can be vouched for */
    tools_expect(
        &run, 2, "couldn't", "verify", "--url", server.url, "--key", vkey, "--since", since);
    net_server_stop(&server);
    tools_expect(&run, 2, NULL, "new-origin", "no spaces", "--data", server.dir);
    tools_expect(&run, 0, "takes no writes", "new-origin", "x/log-2", "--data", server.dir);
    tools_expect(&run, 0, "x/log-2+", "log-key", "--data", server.dir);
    start_again();
    assert_true(net_create(client, net_session_id(), &share));
    tools_expect(&run, 1, "not verified", "verify", "--url", server.url, "--key", vkey);
    assert_int_equal(net_server_run(&server, "log-key", vkey, sizeof(vkey)), 0);
    vkey[strcspn(vkey, "\n")] = 0;
    tools_expect(&run, 0, "Verified", "verify", "--url", server.url, "--key", vkey);
    tools_expect(&run, 2, "no checkpoint of this log", "verify", "--url", server.url, "--key", vkey,
        "--since", since);
}

/* ---- redacting, reporting ---- */

/* Each redacted item is named, by whom, when and why, and no bundle or event that has one is called
   what the server recorded. */
static void named(struct net_share *share)
{
    net_sync(client, share, NET_PART("m", "again", "the tokenABC of another"));
    const char *bundle = tools_path("t.bundle"), *proof = tools_path("tp"),
               *event = tools_path("te");
    tools_expect(&run, 0, NULL, "bundle", share->id, "--url", server.url, "-o", bundle);
    tools_expect(&run, 0, "by its owner, event ", "verify", "--bundle", bundle, "--key", vkey);
    assert_non_null(strstr(run.text, "event 2, item 0 (message/m0): redacted on "));
    assert_non_null(strstr(run.text, ": why not\n"));
    assert_non_null(strstr(run.text, " (part/m/again): redacted on arrival\n"));
    assert_non_null(strstr(run.text, "is the operator's word"));
    tools_expect(&run, 0, "\"key\":\"part/m/again\",\"onArrival\":true,\"withheld\":false}",
        "verify", "--bundle", bundle, "--key", vkey, "--json");
    assert_non_null(strstr(run.text, "\"who\":\"owner\",\"reason\":\"why not\"}"));
    tools_expect(
        &run, 0, "(part/m/again): redacted on arrival", "audit", share->id, "--url", server.url);
    tools_expect(&run, 0, "\"redactedItems\":[{\"seq\":2,\"item\":0,\"key\":\"message/m0\"",
        "audit", share->id, "--url", server.url, "--json");
    tools_expect(&run, 0, "(1 redacted on arrival)", "log", share->id, "--url", server.url);
    tools_expect(&run, 0, NULL, "proof", share->id, "2", "--url", server.url, "-o", proof);
    tools_expect(&run, 0, NULL, "events", share->id, "2", "--url", server.url);
    tools_write("te", (struct sl_span){run.text, run.len});
    tools_expect(&run, 0, "event 2, item 0 (message/m0): redacted\n", "verify", "--proof", proof,
        "--event", event, "--key", vkey);
    assert_non_null(strstr(run.text, "nothing here binds"));
    assert_non_null(strstr(run.text, "but for what was redacted."));
    tools_expect(&run, 0, "onArrival  1", "verify", "--data", server.dir);
}

static void redactions(void **state)
{
    struct net_share share, other;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    assert_true(net_create(client, net_session_id(), &other));
    sync_some(&share, 0, 3);
    net_sync(client, &other, NET_PART("m", "p", "the tokenABC of one"));
    net_sync(client, &share, NET_PART("m", "p", "the tokenABC of another"));
    run.as_owner = true;
    tools_expect(&run, 0, "Redacted: 1 items of 1 events", "redact", share.id, "2", "0", "--reason",
        "why not", "--data", server.dir);
    tools_expect(&run, 0, "\"items\":1", "redact", share.id, "--key", "message/m1", "--url",
        server.url, "--json");
    run.input = "tokenABC\n";
    tools_expect(&run, 0, "\"shares\":2,\"events\":2,\"items\":2", "redact", "--text", "-",
        "--data", server.dir, "--json");
    run.input = NULL;
    tools_expect(
        &run, 1, "Nothing that fits", "redact", "--text", "tokenABC", "--data", server.dir);
    tools_expect(&run, 2, NULL, "redact", share.id, "--data", server.dir);
    tools_expect(&run, 2, NULL, "redact", share.id, "2", "--data", server.dir);
    tools_expect(&run, 2, NULL, "redact", "--key", "message/m1", "--data", server.dir);
    tools_expect(
        &run, 2, NULL, "redact", share.id, "2", "0", "--text", "abcd", "--data", server.dir);
    tools_expect(&run, 1, NULL, "redact", share.id, "99", "0", "--data", server.dir);
    net_get(client, net_path(&share, "/data"));
    assert_null(strstr(net_answer(client)->body, "tokenABC"));
    assert_null(strstr(net_answer(client)->body, "line 0"));
    assert_null(strstr(net_answer(client)->body, "line 1"));
    net_expect_has(client, "line 2");
    tools_expect(&run, 0, "why not", "audit", share.id, "--url", server.url);
    tools_expect(&run, 0, "by owner", "audit", share.id, "--url", server.url);
    named(&share);
    /* without a server too, and erased when it returns */
    net_server_stop(&server);
    tools_expect(&run, 0, "and erased from disk", "redact", share.id, "--key", "message/m2",
        "--data", server.dir);
    start_again();
    tools_expect(&run, 0, "Verified", "verify", "--url", server.url, "--key", vkey, "--entries");
    /* redacted, then removed */
    tools_expect(&run, 0, NULL, "rm", share.id, "--url", server.url);
    tools_expect(
        &run, 0, NULL, "bundle", share.id, "--url", server.url, "-o", tools_path("r.bundle"));
    tools_expect(
        &run, 0, "removed at ", "verify", "--bundle", tools_path("r.bundle"), "--key", vkey);
    tools_expect(&run, 0, "Everything fits", "verify", "--data", server.dir);
    tools_expect(&run, 0, "erased with the share", "audit", "--data", server.dir);
    tools_expect(&run, 0, "\"who\":null", "audit", share.id, "--url", server.url, "--json");
    run.as_owner = false;
}

static void audits(void **state)
{
    struct net_share share;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    sync_some(&share, 0, 4);
    run.as_owner = true;
    tools_expect(&run, 0, NULL, "rm", share.id, "--reason", "a <reason>", "--url", server.url);
    wait_for_checkpoint();
    tools_expect(&run, 0, "all fits together", "audit", "--data", server.dir);
    tools_expect(&run, 0, "a <reason>", "audit", "--url", server.url);
    tools_expect(&run, 0, "\"gapsCount\":0", "audit", "--data", server.dir, "--json");
    tools_expect(&run, 0, "\"verified\":{\"ok\":true", "audit", "--url", server.url, "--json");
    tools_expect(
        &run, 0, "\"verified\":null", "audit", "--url", server.url, "--json", "--no-verify");
    tools_expect(&run, 0, "removed", "audit", share.id, "--data", server.dir);
    tools_expect(&run, 0, "share,seq,position,time,kind,items,bytes,leaf\r\n", "audit", "--csv",
        "--data", server.dir);
    tools_expect(
        &run, 0, net_text("%s,1,", share.id), "audit", share.id, "--csv", "--url", server.url);
    tools_expect(&run, 1, NULL, "audit", "nosuchid", "--data", server.dir);
    tools_expect(&run, 2, NULL, "audit", "--csv", "--json", "--data", server.dir);
    tools_expect(&run, 2, NULL, "audit", "--data", tools_path("nothing-there"));
    run.as_owner = false;
    tools_expect(&run, 2, "owner key", "audit", "--url", server.url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundles),
        cmocka_unit_test(proofs),
        cmocka_unit_test(walks),
        cmocka_unit_test(lying_servers),
        cmocka_unit_test(an_older_checkpoint),
        cmocka_unit_test(rewritten_logs),
        cmocka_unit_test(redactions),
        cmocka_unit_test(audits),
        cmocka_unit_test(new_origins),
    };
    return cmocka_run_group_tests(tests, open_all, close_server);
}
