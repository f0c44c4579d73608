/* Where a share ends: what the server signs of it, what `sharelog verify` says with and without
   that, what came after a bundle, and what two things that can't both be true prove. The server is
   a process; one that lies is in the test, with the server's own key. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/head_statement.h"
#include "tests/support/fake_http.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_log.h"
#include "tests/support/tools_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct tools_run run;
static char keys[512], log_key[512];
static struct note_key head_key;

static int open_all(void **state)
{
    open_server(state);
    assert_int_equal(net_server_run(&server, "log-key", keys, sizeof(keys)), 0);
    tools_write("keys", sl_span_of(keys));
    size_t first = strcspn(keys, "\n");
    memcpy(log_key, keys, first);
    char *second = keys + first + 1;
    assert_true(note_key_parse((struct sl_span){second, strcspn(second, "\n")}, &head_key));
    return 0;
}

/* tools_path is valid for a few calls alone. */
static const char *keep(char room[300], const char *name)
{
    snprintf(room, 300, "%s", tools_path(name));
    return room;
}

static void sync_one(const struct net_share *share, const char *text)
{
    assert_int_equal(
        net_sync(client, share,
            net_text("{\"type\":\"message\",\"data\":{\"id\":\"m\",\"text\":\"%s\"}}", text)),
        200);
}

static struct net_share make_share(unsigned syncs)
{
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    while (syncs-- > 0)
        sync_one(&share, "line");
    return share;
}

/* An answer, kept as a file of that name. */
static void save(const char *target, const char *name)
{
    net_get(client, target);
    net_expect_status(client, 200);
    tools_write(name, net_body_span(client));
}

static void save_bundle(const struct net_share *share, const char *name)
{
    save(net_text("/api/share/%s/bundle", share->id), name);
}

static void remove_share(const struct net_share *share)
{
    run.as_owner = true;
    tools_expect(&run, 0, NULL, "rm", share->id, "--url", server.url, "--yes");
    run.as_owner = false;
}

static struct head_statement statement_at(const char *target)
{
    struct head_statement said;
    struct sl_err err = {0};
    net_get(client, target);
    net_expect_status(client, 200);
    if (head_statement_verify(net_body_span(client), &head_key, &said, &err) != SL_OK)
        fail_msg("%s: %s", target, err.text);
    return said;
}

/* ---- what is served ---- */

static void served(void **state)
{
    (void)state;
    struct net_share share = make_share(3);
    const char *head = net_text("/api/share/%s/head", share.id);
    struct head_statement said = statement_at(head);
    assert_string_equal(said.share_id, share.id);
    assert_int_equal(said.sequence, 4);
    net_get(client, head);
    assert_non_null(strstr(net_header(client, "Content-Type"), "text/plain"));
    assert_string_equal(net_header(client, "Cache-Control"), "no-store");
    struct head_statement receipt =
        statement_at(net_text("/api/share/%s/events/2/receipt", share.id));
    assert_int_equal(receipt.sequence, 2);
    assert_int_equal(receipt.size, receipt.last + 1);
    net_get(client, net_text("/api/share/%s/events/5/receipt", share.id));
    net_expect_status(client, 404);
    net_get(client, "/api/share/nosuchid/head");
    net_expect_status(client, 404);
    net_get(client, "/api/share/nosuchid/events/1/receipt");
    net_expect_status(client, 404);
    /* a removed share's say that it was */
    remove_share(&share);
    said = statement_at(head);
    assert_int_equal(said.sequence, 5);
    receipt = statement_at(net_text("/api/share/%s/events/2/receipt", share.id));
    assert_int_equal(receipt.sequence, 2);
}

/* ---- what is said of a bundle ---- */

static void sentences(void **state)
{
    (void)state;
    struct net_share share = make_share(3);
    const char *file = tools_path("s.bundle"), *both = tools_path("keys");
    save_bundle(&share, "s.bundle");
    tools_expect(&run, 0, "Verified: events 1 to 4, complete as of ", "verify", "--bundle", file,
        "--key", both);
    tools_expect(&run, 0, "by the operator's signature", "verify", "--bundle", file, "--key", keys);
    tools_expect(&run, 0, "\"statement\":\"holds\",\"complete\":true,\"asOf\":", "verify",
        "--bundle", file, "--key", both, "--json");
    tools_expect(&run, 0, "what came later isn't known from this file", "verify", "--bundle", file,
        "--key", log_key);
    tools_expect(&run, 0, "give --key both lines that `sharelog log-key` prints", "verify",
        "--bundle", file, "--key", log_key);
    tools_expect(&run, 0, "\"statement\":\"unchecked\",\"complete\":false", "verify", "--bundle",
        file, "--key", log_key, "--json");
    /* two keys of two logs */
    tools_expect(&run, 2, "is not that of that log's head statements", "verify", "--bundle", file,
        "--key",
        net_text(
            "%s\nexample.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", log_key));
    remove_share(&share);
    save_bundle(&share, "s.bundle");
    tools_expect(&run, 0, "by its owner, 5 events, complete as of ", "verify", "--bundle", file,
        "--key", both);
}

/* ---- what came after ---- */

static void after(void **state)
{
    (void)state;
    struct net_share share = make_share(2);
    const char *file = tools_path("a.bundle"), *both = tools_path("keys");
    save_bundle(&share, "a.bundle");
    tools_expect(&run, 0, "events 1 to 3; none came later, as of ", "verify", "--bundle", file,
        "--url", server.url, "--key", both);
    tools_expect(&run, 0, "\"after\":{\"events\":0", "verify", "--bundle", file, "--url",
        server.url, "--key", both, "--json");
    sync_one(&share, "a token that leaked");
    sync_one(&share, "more");
    run.as_owner = true;
    tools_expect(&run, 0, NULL, "redact", share.id, "--text", "a token that leaked", "--url",
        server.url, "--yes");
    run.as_owner = false;
    tools_expect(&run, 0, "events 1 to 3; 3 came later (2 sync, 1 redact), as of ", "verify",
        "--bundle", file, "--url", server.url, "--key", both);
    remove_share(&share);
    tools_expect(&run, 0, "4 came later (2 sync, 1 remove, 1 redact), as of ", "verify", "--bundle",
        file, "--url", server.url, "--key", both);
    tools_expect(&run, 0, "later      7, a remove, ", "verify", "--bundle", file, "--url",
        server.url, "--key", both);
    tools_expect(&run, 0, "\"after\":{\"events\":4", "verify", "--bundle", file, "--url",
        server.url, "--key", both, "--json");
    tools_expect(&run, 2, "give --key both lines", "verify", "--bundle", file, "--url", server.url,
        "--key", log_key);
    tools_expect(&run, 2, "couldn't go on", "verify", "--bundle", file, "--url",
        "http://127.0.0.1:9", "--key", both);
}

/* ---- a server that lies ---- */

struct liar {
    struct net_client *to;
    const char *path;       /* of this one … */
    struct sl_span instead; /* … it answers that */
    int status;
};

static void lie(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct liar *liar = ctx;
    reply->status = net_get(liar->to, request->path);
    if (strcmp(request->path, liar->path) != 0) {
        buf_add_span(&reply->body, net_body_span(liar->to));
        return;
    }
    reply->status = liar->status;
    buf_add_span(&reply->body, liar->instead);
}

/* A statement, signed as the server would: its key lies in its folder. */
static void sign(const struct head_statement *said, struct buf *note)
{
    struct buf text = {0};
    uint8_t log_seed[33], seed[32];
    char path[4200], base64[64] = "";
    size_t len;
    snprintf(path, sizeof(path), "%s/signing-key", server.dir);
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    assert_non_null(fgets(base64, sizeof(base64), file));
    fclose(file);
    base64[strcspn(base64, "\n")] = 0;
    assert_true(crypto_base64_parse(sl_span_of(base64), log_seed, sizeof(log_seed), &len));
    assert_int_equal(len, 32);
    crypto_hmac((struct sl_span){(const char *)log_seed, 32}, SL_SPAN(HEAD_KEY_USE), seed);
    head_statement_write(said, &text);
    buf_clear(note);
    buf_add_span(note, buf_span(&text));
    buf_add(note, "\n", 1);
    note_sign(buf_span(&text), &head_key, seed, note);
    buf_fini(&text);
}

/* verify --bundle FILE --url URL, where the server answers `path` with that. */
static void verify_lied(const char *file, const char *path, struct sl_span instead, int status,
    int code, const char *part)
{
    struct fake_http fake;
    struct liar liar = {
        .to = net_client_create(server.url), .path = path, .instead = instead, .status = status};
    assert_true(fake_http_open(&fake, 0, lie, &liar));
    tools_expect(&run, code, part, "verify", "--bundle", file, "--url", fake.url, "--key",
        tools_path("keys"));
    fake_http_close(&fake);
    net_client_destroy(liar.to);
}

static void lies(void **state)
{
    (void)state;
    struct net_share share = make_share(3), other = make_share(1);
    struct buf note = {0};
    char path[128];
    char room[300];
    const char *file = keep(room, "l.bundle");
    save_bundle(&share, "l.bundle");
    snprintf(path, sizeof(path), "/api/share/%s/head", share.id);
    struct head_statement said = statement_at(path), lie_of = said;

    verify_lied(file, path, SL_SPAN("{\"error\":\"Share not found\"}"), 404, 1, "no such share");
    verify_lied(file, path, SL_SPAN("no"), 503, 2, "the answer was 503");
    verify_lied(file, path, SL_SPAN("no note"), 200, 1, "head statement: not a signed note");
    save(net_text("/api/share/%s/head", other.id), "other.head");
    size_t len;
    char *text = tools_read("other.head", &len);
    verify_lied(file, path, (struct sl_span){text, len}, 200, 1, "of another share");
    free(text);

    /* an older end, which was true once: it may be an old copy, and is not what was asked for */
    save(net_text("/api/share/%s/events/2/receipt", share.id), "old.receipt");
    text = tools_read("old.receipt", &len);
    verify_lied(file, path, (struct sl_span){text, len}, 200, 1, "an older end than the bundle");
    free(text);

    /* an older end as of now: a lie, and the proof of it is kept */
    struct head_statement second =
        statement_at(net_text("/api/share/%s/events/2/receipt", share.id));
    second.size = said.size + 5;
    sign(&second, &note);
    verify_lied(file, path, buf_span(&note), 200, 1, "contradicts the bundle (left-out)");
    /* asked again, what was kept stays as it is */
    verify_lied(file, path, buf_span(&note), 200, 1, "what was kept before stays, in ");
    tools_expect(&run, 3, "left-out", "verify", "--fork", file, tools_path("l.bundle.contradicted"),
        "--key", tools_path("keys"));

    /* a later end, but the bundle behind it shows none */
    sync_one(&share, "late");
    lie_of = statement_at(path);
    lie_of.sequence = 9;
    lie_of.last += 20;
    lie_of.size += 30;
    sign(&lie_of, &note);
    verify_lied(file, path, buf_span(&note), 200, 1,
        "the server's bundle ends at event 5, its head statement at 9");
    /* a bundle that ends before, or says nothing of its end */
    char bundle_path[128];
    snprintf(bundle_path, sizeof(bundle_path), "/api/share/%s/bundle", share.id);
    text = tools_read("l.bundle", &len);
    verify_lied(file, bundle_path, (struct sl_span){text, len}, 200, 1, "ends at event 4");
    verify_lied(file, bundle_path, (struct sl_span){text, len / 2}, 200, 1, "the server's bundle");
    verify_lied(file, bundle_path, SL_SPAN("gone"), 404, 1, "the server's bundle");
    free(text);
    buf_fini(&note);
}

/* ---- time ---- */

/* The bundle with another note in the place of one in it: a str, whose length stands before it. */
static void put_note(const char *from, struct sl_span note, struct sl_span instead, const char *to)
{
    size_t len, old_head = note.len < 256 ? 2 : 3;
    char *bytes = tools_read(from, &len), *at = memmem(bytes, len, note.ptr, note.len);
    uint8_t head[3] = {0xda, (uint8_t)(instead.len >> 8), (uint8_t)instead.len};
    struct buf out = {0};
    assert_non_null(at);
    assert_true(instead.len >= 256 && instead.len < 65536);
    buf_add(&out, bytes, (size_t)(at - bytes) - old_head);
    buf_add(&out, head, sizeof(head));
    buf_add_span(&out, instead);
    buf_add(&out, at + note.len, len - (size_t)(at - bytes) - note.len);
    tools_write(to, buf_span(&out));
    buf_fini(&out);
    free(bytes);
}

/* The statement in a bundle, and the note that it is in. */
static struct head_statement statement_in(const char *name, struct buf *note)
{
    struct head_statement said;
    size_t len;
    char *bytes = tools_read(name, &len);
    char *at = memmem(bytes, len, HEAD_STATEMENT_FORM "\n", sizeof(HEAD_STATEMENT_FORM));
    assert_non_null(at);
    size_t left = len - (size_t)(at - bytes), most = left;
    while (
        most && head_statement_verify((struct sl_span){at, most}, &head_key, &said, NULL) != SL_OK)
        most--;
    assert_int_not_equal(most, 0);
    buf_add(note, at, most);
    free(bytes);
    return said;
}

/* What the server says of now must be of now: an old statement hides what came since. A bundle may
   be as old as it likes, but of no time that is yet to come. */
static void times(void **state)
{
    (void)state;
    struct net_share share = make_share(2);
    struct buf note = {0}, true_note = {0};
    char path[128], room[2][300];
    const char *file = keep(room[0], "t.bundle"), *future = keep(room[1], "future.bundle");
    save_bundle(&share, "t.bundle");
    snprintf(path, sizeof(path), "/api/share/%s/head", share.id);
    struct head_statement said = statement_at(path);
    uint64_t now_ms = said.time_ms;
    said.time_ms = now_ms - UINT64_C(25) * 3600 * 1000;
    sign(&said, &note);
    remove_share(&share);
    verify_lied(file, path, buf_span(&note), 200, 1, "signed too long ago");
    said.time_ms = now_ms - UINT64_C(23) * 3600 * 1000;
    sign(&said, &note);
    verify_lied(file, path, buf_span(&note), 200, 0, "none came later, as of ");
    said.time_ms = now_ms + UINT64_C(3600) * 1000;
    sign(&said, &note);
    verify_lied(file, path, buf_span(&note), 200, 1, "dated in the future");
    /* how old is told */
    tools_expect(&run, 0, "1 came later (1 remove)", "verify", "--bundle", file, "--url",
        server.url, "--key", tools_path("keys"), "--max-age", "1m");
    tools_expect(&run, 2, "--max-age belongs to", "verify", "--bundle", file, "--key",
        tools_path("keys"), "--max-age", "1m");

    struct head_statement inner = statement_in("t.bundle", &true_note);
    inner.time_ms = now_ms + UINT64_C(3600) * 1000;
    sign(&inner, &note);
    put_note("t.bundle", buf_span(&true_note), buf_span(&note), "future.bundle");
    tools_expect(&run, 1, "its head statement: dated in the future", "verify", "--bundle", future,
        "--key", tools_path("keys"));
    buf_fini(&true_note);
    buf_fini(&note);
}

/* An old bundle that was cosigned when it was young, held against a server of now: the cosignature
   may be as old as the bundle. */
static void an_old_cosigned_bundle(void **state)
{
    (void)state;
    struct net_share share = make_share(1);
    struct note_key key;
    struct note parts;
    struct buf note = {0};
    uint8_t seed[32] = {7}, public_key[32];
    char vkey[NOTE_VKEY_BYTES], room[3][300];
    const char *file = keep(room[0], "old.bundle"), *policy = keep(room[1], "policy"),
               *both = keep(room[2], "keys");
    crypto_sign_key(seed, public_key);
    note_key_make(&key, NOTE_COSIGNATURE, SL_SPAN("w.example"), public_key);
    note_key_text(&key, vkey);
    tools_write("policy", sl_span_of(net_text("witness w %s\nquorum w\n", vkey)));
    save("/log/checkpoint", "old.checkpoint");
    save_bundle(&share, "new.bundle");
    save("/log/checkpoint", "old.checkpoint");
    size_t len;
    char *bare = tools_read("old.checkpoint", &len);
    buf_add(&note, bare, len);
    assert_true(note_parse(buf_span(&note), &parts));
    struct buf line = {0};
    note_cosign(parts.text, &key, seed, (uint64_t)time(NULL) - 60, &line);
    buf_add_span(&note, buf_span(&line));
    put_note("new.bundle", (struct sl_span){bare, len}, buf_span(&note), "old.bundle");
    tools_expect(&run, 1, "too long ago", "verify", "--bundle", file, "--key", both, "--policy",
        policy, "--max-age", "30s");
    /* what the server says of now, by a clock that runs ahead: fresh for as long as this takes */
    struct fake_http fake;
    struct buf fresh = {0};
    char path[128];
    snprintf(path, sizeof(path), "/api/share/%s/head", share.id);
    struct head_statement said = statement_at(path);
    said.time_ms += UINT64_C(500) * 1000;
    sign(&said, &fresh);
    struct liar liar = {.to = net_client_create(server.url),
        .path = path,
        .instead = buf_span(&fresh),
        .status = 200};
    assert_true(fake_http_open(&fake, 0, lie, &liar));
    tools_expect(&run, 0, "none came later, as of ", "verify", "--bundle", file, "--url", fake.url,
        "--key", both, "--policy", policy, "--max-age", "30s");
    fake_http_close(&fake);
    net_client_destroy(liar.to);
    buf_fini(&fresh);
    buf_fini(&line);
    buf_fini(&note);
    free(bare);
}

/* ---- evidence ---- */

/* Several notes in one file, one behind the other. */
static void several_in_one(const char *both)
{
    size_t one, two;
    char *first = tools_read("1.head", &one), *second = tools_read("other.head", &two);
    struct buf all = {0};
    buf_add(&all, first, one);
    buf_add(&all, second, two);
    tools_write("all", buf_span(&all));
    free(first);
    free(second);
    buf_fini(&all);
    tools_expect(&run, 3, "(event)", "verify", "--fork", tools_path("all"), "--key", both);
}

/* What is none, is told so. */
static void no_evidence(
    const char *both, const char *head1, const char *head2, const struct buf *bad)
{
    tools_write("no.head", (struct sl_span){bad->ptr, bad->len - 3});
    tools_expect(
        &run, 1, "not verified", "verify", "--fork", tools_path("no.head"), head1, "--key", both);
    tools_expect(&run, 1, "not verified", "verify", "--fork", both, head1, "--key", both);
    tools_expect(&run, 2, "give both", "verify", "--fork", tools_path("4.json"), head1, head2,
        "--key", both);
    tools_expect(&run, 2, "give two", "verify", "--fork", head1, "--key", both);
    tools_expect(
        &run, 2, "give --key both lines", "verify", "--fork", head1, head2, "--key", log_key);
    tools_expect(&run, 2, NULL, "verify", "--fork", head1, tools_path("none"), "--key", both);
    tools_expect(&run, 2, "--fork needs the files", "verify", "--fork", "--key", both);
    tools_expect(&run, 2, "only --fork takes files", "verify", head1, "--key", both);
}

static void evidence(void **state)
{
    (void)state;
    struct net_share share = make_share(3);
    struct buf note = {0};
    char target[128];
    snprintf(target, sizeof(target), "/api/share/%s/head", share.id);
    save(target, "1.head");
    struct head_statement said = statement_at(target);
    save_bundle(&share, "1.bundle");
    save(net_text("/api/share/%s/events/3/receipt", share.id), "3.receipt");
    save(net_text("/api/share/%s/events/4", share.id), "4.json");
    save(net_text("/api/share/%s/events/4/proof", share.id), "4.proof");
    save("/log/checkpoint", "1.checkpoint");
    sync_one(&share, "more");
    save_bundle(&share, "2.bundle");
    save(target, "2.head");
    char rooms[8][300];
    const char *both = keep(rooms[0], "keys"), *head1 = keep(rooms[1], "1.head");
    const char *head2 = keep(rooms[2], "2.head"), *bundle1 = keep(rooms[3], "1.bundle");
    const char *bundle2 = keep(rooms[4], "2.bundle"), *receipt = keep(rooms[5], "3.receipt");

    tools_expect(&run, 0, "No contradiction shows", "verify", "--fork", head1, head2, bundle1,
        bundle2, receipt, "--key", both);
    tools_expect(&run, 0, "\"fraud\":false", "verify", "--fork", tools_path("1.checkpoint"),
        tools_path("4.json"), tools_path("4.proof"), "--key", both, "--json");

    /* the fifth event denied */
    said.size = said.size + 7;
    sign(&said, &note);
    tools_write("denied.head", buf_span(&note));
    const char *denied = keep(rooms[6], "denied.head");
    tools_expect(&run, 0, NULL, "verify", "--fork", denied, head1, "--key", both);
    tools_expect(&run, 3, "has no other event below its size; it has one", "verify", "--fork",
        denied, bundle2, "--key", both);
    tools_expect(&run, 3, "(left-out)", "verify", "--fork", denied, head2, "--key", both);
    tools_expect(&run, 3, "{\"fraud\":true,\"rule\":\"left-out\"", "verify", "--fork", bundle2,
        denied, "--key", both, "--json");

    /* the fourth replaced by another: its receipt, its proof, its bundle show it */
    said = statement_at(net_text("/api/share/%s/events/4/receipt", share.id));
    said.leaf[0] ^= 1;
    sign(&said, &note);
    tools_write("other.head", buf_span(&note));
    const char *other = keep(rooms[7], "other.head");
    tools_expect(&run, 3, "(event)", "verify", "--fork", other, head1, "--key", both);
    tools_expect(&run, 3, "(event)", "verify", "--fork", bundle2, other, "--key", both);
    tools_expect(&run, 3, "an event: share", "verify", "--fork", tools_path("4.json"),
        tools_path("4.proof"), other, "--key", both);

    several_in_one(both);
    no_evidence(both, head1, head2, &note);
    buf_fini(&note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(served),
        cmocka_unit_test(sentences),
        cmocka_unit_test(after),
        cmocka_unit_test(lies),
        cmocka_unit_test(times),
        cmocka_unit_test(an_old_cosigned_bundle),
        cmocka_unit_test(evidence),
    };
    return cmocka_run_group_tests(tests, open_all, close_server);
}
