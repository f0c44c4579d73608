/* What pages say of proofs: the mark of an event, of a history's rows, the owner's audit, the
   bundle in an export. Sound, damaged, redacted, removed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "http/pages/history/mark.h"
#include "tests/support/http_ask.h"
#include "tests/support/store_rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static struct sl_err err;

static void assert_whole(void)
{
    assert_false(got.aborted);
    assert_has("</html>");
}

/* A checkpoint is signed once a second: wait until one can be, and has been. */
static void sign_all(void)
{
    struct sl_stats stats;
    struct sl_checkpoint checkpoint;
    assert_int_equal(sl_store_stats(ask_store, &stats, NULL), SL_OK);
    assert_int_equal(sl_log_checkpoint(ask_store, stats.events, &checkpoint, NULL), SL_OK);
    assert_int_equal(checkpoint.size, stats.events);
}

/* ---- sound ---- */

static void sound(void **state)
{
    char text[128];
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    sign_all();
    for (int sequence = 1; sequence <= 4; sequence++) {
        snprintf(text, sizeof(text), "/history/%d", sequence);
        assert_int_equal(get(share_page(&a, text)), 200);
        assert_whole();
        assert_has("<section class=\"proof verified\"");
        assert_has("<h2 id=\"proof\">Verified</h2>");
        assert_has("its own word");
        assert_has("href=\"/log/checkpoint\"");
        assert_has(sl_store_log_key(ask_store));
        assert_has(sl_store_head_key(ask_store));
        snprintf(text, sizeof(text), "href=\"/api/share/%s/bundle\"", a.id);
        assert_has(text);
        snprintf(text, sizeof(text), "href=\"/api/share/%s/events/%d/proof\"", a.id, sequence);
        assert_has(text);
        snprintf(text, sizeof(text), "at position %d of the log of 4 events", sequence - 1);
        assert_has(text);
    }
    assert_int_equal(get(share_page(&a, "/history/2")), 200);
    assert_has("Its 2 items, with types");
    assert_int_equal(get(share_page(&a, "/history")), 200);
    assert_has("All of them are in the checkpoint of 4 events");
    assert_int_equal(times("aria-label=\"in the newest checkpoint\""), 4);
    assert_has("sharelog verify --bundle");
}

/* The hash before is the hash of the event before. */
static void chained(void **state)
{
    char leaf[65];
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(get(share_page(&a, "/history/3")), 200);
    const char *at = strstr(got.body, "<dt>Leaf hash</dt><dd><code class=\"hash\">");
    assert_non_null(at);
    snprintf(leaf, sizeof(leaf), "%s", at + strlen("<dt>Leaf hash</dt><dd><code class=\"hash\">"));
    assert_int_equal(strspn(leaf, "0123456789abcdef"), 64);
    assert_int_equal(get(share_page(&a, "/history/4")), 200);
    char text[160];
    snprintf(text, sizeof(text), "<dt>Previous leaf</dt><dd><code class=\"hash\">%s", leaf);
    assert_has(text);
    assert_int_equal(get(share_page(&a, "/history")), 200);
    snprintf(text, sizeof(text), "title=\"leaf hash %s\">%.12s</code>", leaf, leaf);
    assert_has(text);
}

/* No page waits for the second to go by. */
static void not_yet(void **state)
{
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    sign_all();
    assert_int_equal(sync_items(&a, PART("three")), 200);
    assert_int_equal(get(share_page(&a, "/history/5")), 200);
    assert_whole();
    if (strstr(got.body, "class=\"proof verified\"")) skip(); /* this machine took a second */
    assert_has("<h2 id=\"proof\">Not yet in a signed checkpoint</h2>");
    assert_has("reload this page");
    assert_has("are what its header commits to");
    assert_int_equal(get(share_page(&a, "/history")), 200);
    if (strstr(got.body, "All of them are in")) skip();
    assert_has("The last of them is not yet in the checkpoint of 4 events");
    assert_int_equal(times("aria-label=\"not yet in a checkpoint\""), 1);
    assert_int_equal(times("aria-label=\"in the newest checkpoint\""), 4);
    sign_all();
    assert_int_equal(get(share_page(&a, "/history/5")), 200);
    assert_has("class=\"proof verified\"");
}

static void large(void **state)
{
    (void)state;
    char secret[96];
    struct share a = filled("ses_xxabcdefgh");
    struct buf items = {0};
    snprintf(secret, sizeof(secret), "{\"secret\":\"%s\",\"data\":[", a.secret);
    buf_add_span(&items, sl_span_of(secret));
    buf_add_span(&items, SL_SPAN("{\"type\":\"session\",\"data\":{\"title\":\""));
    for (size_t i = 0; i <= MARK_BYTES; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}}]}"));
    buf_add(&items, "", 1);
    assert_int_equal(post(at(&a, "/sync"), items.ptr), 200);
    buf_fini(&items);
    sign_all();
    assert_int_equal(get(share_page(&a, "/history/5")), 200);
    assert_whole();
    assert_has("<section class=\"proof partly\"");
    assert_has("not hashed again for a page");
}

/* ---- damaged ---- */

/* A damaged store is told of on stderr, at each request. */
static int stderr_kept;

static void be_quiet(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    fflush(stderr);
    stderr_kept = dup(STDERR_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
}

static void be_heard(void)
{
    fflush(stderr);
    dup2(stderr_kept, STDERR_FILENO);
    close(stderr_kept);
}

static int open_quiet(void **state)
{
    int result = ask_open_public(state);
    be_quiet();
    return result;
}

static int close_quiet(void **state)
{
    be_heard();
    return ask_close(state);
}

/* Each byte of a body: never "Verified", always a whole page. */
static void damaged_body(void **state)
{
    struct buf row = {0};
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    sign_all();
    store_body_get(ask_store, sl_span_of(a.id), 2, 0, &row);
    for (size_t i = 1; i < row.len; i += 3) {
        row.ptr[i] ^= 1;
        store_body_put(ask_store, sl_span_of(a.id), 2, 0, buf_span(&row));
        assert_int_equal(get(share_page(&a, "/history/2")), 200);
        assert_whole();
        assert_has("<section class=\"proof fault\"");
        assert_has("<h2 id=\"proof\">Not verified</h2>");
        assert_has("its items are not the ones that its header commits to");
        assert_lacks("<h2 id=\"proof\">Verified");
        row.ptr[i] ^= 1;
    }
    store_body_put(ask_store, sl_span_of(a.id), 2, 0, buf_span(&row));
    assert_int_equal(get(share_page(&a, "/history/2")), 200);
    assert_has("<section class=\"proof verified\"");
    buf_fini(&row);
}

/* Each byte of an event's row: its page is whole or an error, and says "Verified" of no event whose
   header, position, types, keys, lengths or arrival was touched. The bytes of two numbers are the
   store's own counts, which no header knows: of syncs, and of what is stored. */
static void damaged_row(void **state)
{
    struct buf row = {0};
    size_t faults = 0, good = 0;
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    sign_all();
    struct row_key key = row_event(sl_span_of(a.id), 3);
    store_row_get(ask_store, KV_EVENT, key, &row);
    for (size_t i = 0; i < row.len; i++) {
        row.ptr[i] ^= 1;
        store_row_put(ask_store, KV_EVENT, key, buf_span(&row));
        int status = get(share_page(&a, "/history/3"));
        assert_whole();
        if (status != 200)
            assert_int_equal(status, 500);
        else if (strstr(got.body, "proof fault"))
            faults++;
        else
            good++;
        row.ptr[i] ^= 1;
    }
    store_row_put(ask_store, KV_EVENT, key, buf_span(&row));
    buf_fini(&row);
    assert_in_range(faults, 64, 1000); /* at the least `prev` and the commitment */
    assert_int_equal(good, 1 + 8);
}

static void damaged_control(void **state)
{
    struct buf row = {0};
    struct sl_redacted redacted;
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    struct sl_redaction redaction = {
        .share_id = sl_span_of(a.id), .sequence = 3, .who = SL_WHO_OWNER, .reason = SL_SPAN("why")};
    assert_int_equal(sl_redact(ask_store, &redaction, NULL, &redacted, &err), SL_OK);
    assert_int_equal(sl_store_settle(ask_store, &err), SL_OK); /* nobody else holds the share */
    sign_all();
    store_body_get(ask_store, sl_span_of(a.id), 5, 0, &row);
    for (size_t i = 1; i < row.len; i++) {
        row.ptr[i] ^= (char)0x80;
        store_body_put(ask_store, sl_span_of(a.id), 5, 0, buf_span(&row));
        assert_int_equal(get(share_page(&a, "/history/5")), 200);
        assert_whole();
        assert_has("<section class=\"proof fault\"");
        assert_int_equal(get(share_page(&a, "/history/3")), 200); /* the event that it redacted */
        assert_whole();
        row.ptr[i] ^= (char)0x80;
    }
    buf_fini(&row);
}

/* ---- withheld, removed ---- */

#define HOSTILE "<script>alert(1)</script>\" onload=x \xE2\x80\xAE"

static void redacted(void **state)
{
    struct sl_redacted done;
    (void)state;
    struct share a = create("ses_xxabcdefgh", NULL);
    assert_int_equal(sync_items(&a, SESSION "," MESSAGE), 200);
    assert_int_equal(sync_items(&a, PART("the secret word") "," MESSAGE), 200);
    struct sl_redaction redaction = {.share_id = sl_span_of(a.id),
        .sequence = 3,
        .item = 0,
        .who = SL_WHO_OWNER,
        .reason = SL_SPAN(HOSTILE)};
    assert_int_equal(sl_redact(ask_store, &redaction, NULL, &done, &err), SL_OK);
    assert_int_equal(done.items, 1);
    sign_all();
    assert_int_equal(get(share_page(&a, "/history/3")), 200);
    assert_whole();
    assert_has("<section class=\"proof verified\"");
    assert_has("1 of them is redacted");
    assert_int_equal(times("<p class=\"withheld\">"), 1);
    assert_has("by the owner of this server. Reason: <q dir=\"auto\">&lt;script&gt;alert(1)");
    assert_has("/history/4\">event 4</a>");
    assert_has("[redacted]");
    assert_lacks("the secret word");
    assert_lacks("<script>alert");
    assert_lacks("\xE2\x80\xAE");
    assert_int_equal(get(share_page(&a, "/history/4")), 200);
    assert_has("<section class=\"proof verified\"");
    assert_has("1 item was redacted by the owner of this server");
    assert_has("/history/3?item=1\">Event 3, item 1</a>");
    assert_lacks("<script>alert");
    assert_int_equal(get(share_page(&a, "")), 200);
    assert_has("[redacted]");
    assert_lacks("the secret word");
    assert_int_equal(get(share_page(&a, ".txt")), 200);
    assert_has("[redacted]");
    assert_lacks("the secret word");
    /* sent again, redacted again, by an event of its own */
    assert_int_equal(sync_items(&a, PART("the secret word")), 200);
    sign_all();
    assert_int_equal(get(share_page(&a, "/history/5")), 200);
    assert_lacks("the secret word");
    assert_has("<section class=\"proof verified\"");
    assert_has("1 of them was redacted on arrival");
    assert_has("<strong>Redacted on arrival</strong>");
    assert_int_equal(get(share_page(&a, "/history")), 200);
    assert_int_equal(times("redacted on arrival"), 1);
}

static void removed(void **state)
{
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(sl_share_remove(ask_store, sl_span_of(a.id), SL_WHO_OWNER,
                         (struct sl_span){"", 0}, SL_SPAN(HOSTILE), &err),
        SL_OK);
    sign_all();
    assert_int_equal(get(share_page(&a, "/history/3")), 410);
    assert_int_equal(get_as_owner(share_page(&a, "/history/3")), 200);
    assert_whole();
    assert_has("<section class=\"proof partly\"");
    assert_has("Its content was erased");
    assert_int_equal(get_as_owner(share_page(&a, "/history/5")), 200);
    assert_has("<section class=\"proof verified\"");
    assert_has("This share was removed by the owner of this server. Reason: ");
    assert_lacks("<script>alert");
    assert_int_equal(get_as_owner(share_page(&a, "/history")), 200);
    assert_has("All of them are in the checkpoint of 5 events");
}

/* ---- the audit ---- */

static size_t two_witnesses(void *ctx, struct http_witness_status *status, size_t cap)
{
    (void)ctx;
    if (cap > 0)
        status[0] = (struct http_witness_status){
            "https://w.example/<b>", "w.example/<i>", 3, 1700000000000, ""};
    if (cap > 1)
        status[1] =
            (struct http_witness_status){"https://v.example", "v.example", 0, 0, "<script>down"};
    return 2;
}

static void audit(void **state)
{
    char root[65];
    struct sl_checkpoint checkpoint;
    (void)state;
    filled("ses_xxabcdefgh");
    sign_all();
    assert_int_equal(get("/audit"), 401);
    assert_has("name=\"key\"");
    assert_lacks(sl_store_log_key(ask_store));
    char cookie[96];
    snprintf(cookie, sizeof(cookie), "sharelog_owner=%064d", 0);
    assert_int_equal(
        ask(&(struct asking){.method = "GET", .target = "/audit", .cookie = cookie}), 401);
    snprintf(cookie, sizeof(cookie), "sharelog_owner=%s", ask_app->cookie);
    struct asking owner = {.method = "GET", .target = "/audit", .cookie = cookie};
    assert_int_equal(ask(&owner), 200);
    assert_whole();
    assert_int_equal(sl_log_checkpoint(ask_store, 0, &checkpoint, &err), SL_OK);
    crypto_hex(checkpoint.root, 32, root);
    assert_has(root);
    assert_has(sl_store_log_key(ask_store));
    assert_has("<dt>Events</dt><dd>4</dd>");
    assert_has("The store takes writes");
    assert_has("was not verified yet");
    assert_has("<p>None. A witness");
    owner.target = "/sessions";
    assert_int_equal(ask(&owner), 200);
    assert_has("<a href=\"/audit\">");
    ask_app->config.witnesses = two_witnesses;
    owner.target = "/audit";
    assert_int_equal(ask(&owner), 200);
    assert_has("w.example/&lt;i&gt;");
    assert_has("<td class=\"state fault\">&lt;script&gt;down</td>");
    assert_lacks("<script>down");
}

/* ---- the export ---- */

/* The bundle in the file that was got last, as it was before it was packed. */
static void unpack_bundle(struct buf *out)
{
    static const char lead[] =
        "<script type=\"application/octet-stream\" id=\"bundle\" data-encoding=\"gzip\">";
    const char *at = strstr(got.body, lead);
    assert_non_null(at);
    struct sl_span text = {at + strlen(lead), strcspn(at + strlen(lead), "<")};
    size_t len;
    uint8_t *packed = malloc(text.len);
    assert_true(crypto_base64_parse(text, packed, text.len, &len));
    z_stream stream = {.next_in = packed, .avail_in = (uInt)len};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    int result;
    do {
        char piece[4096];
        stream.next_out = (Bytef *)piece;
        stream.avail_out = sizeof(piece);
        result = inflate(&stream, Z_NO_FLUSH);
        assert_true(result == Z_OK || result == Z_STREAM_END);
        buf_add(out, piece, sizeof(piece) - stream.avail_out);
    } while (result != Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    inflateEnd(&stream);
    free(packed);
}

static bool gather(void *ctx, const void *bytes, size_t len)
{
    buf_add(ctx, bytes, len);
    return true;
}

static void export(void **state)
{
    struct buf inside = {0}, ours = {0};
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    sign_all();
    assert_int_equal(get(share_page(&a, ".html")), 200);
    assert_whole();
    assert_has("This file carries it, of 4 events");
    assert_has("class=\"save-bundle\"");
    assert_has("href=\"http://share.example/api/share/abcdefgh/bundle\"");
    unpack_bundle(&inside);
    assert_int_equal(
        sl_share_bundle(ask_store, sl_span_of(a.id), (struct sl_sink){gather, &ours}, &err), SL_OK);
    assert_int_equal(inside.len, ours.len);
    /* the statement of its end is of another moment */
    const char *time = memmem(ours.ptr, ours.len, "\ntime ", 6);
    assert_non_null(time);
    assert_memory_equal(inside.ptr, ours.ptr, (size_t)(time - ours.ptr));
    buf_fini(&inside);
    buf_fini(&ours);
    assert_int_equal(get(share_page(&a, ".html?at=3")), 200);
    assert_whole();
    assert_has("It is not in this file: it would hold what came after");
    assert_lacks("id=\"bundle\"");
    assert_int_equal(get(share_page(&a, ".html?at=4")), 200);
    assert_has("id=\"bundle\"");
}

#define ON(test) cmocka_unit_test_setup_teardown(test, ask_open_public, ask_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(sound),
        ON(chained),
        ON(not_yet),
        ON(large),
        cmocka_unit_test_setup_teardown(damaged_body, open_quiet, close_quiet),
        cmocka_unit_test_setup_teardown(damaged_row, open_quiet, close_quiet),
        cmocka_unit_test_setup_teardown(damaged_control, open_quiet, close_quiet),
        ON(redacted),
        ON(removed),
        ON(audit),
        ON(export),
    };
    return cmocka_run_group_tests_name("pages of proofs", tests, NULL, NULL);
}
