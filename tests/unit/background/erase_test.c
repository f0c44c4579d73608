/* Many shares that are removed at once are erased at once: the files are written anew for all of
 * them together, and those that stay keep all they have. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"
#include "tests/support/disk_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARES 40
#define GONE "this-is-to-go"
#define STAYS "this-one-stays"

static struct sl_credentials shares[SHARES];

static const char *text_of(unsigned i)
{
    return i % 4 ? GONE : STAYS;
}

/* Every other body is large enough to be packed. */
static void make_items(unsigned n, const char *text, struct buf *items)
{
    char head[100];
    snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m\",\"text\":\"", n);
    buf_clear(items);
    buf_add_span(items, sl_span_of(head));
    disk_search_hide(items, text);
    for (unsigned i = 0; n % 2 && i < 300; i++)
        buf_add(items, " filler", 7);
    buf_add_span(items, SL_SPAN("\"}}]"));
}

static int make_shares(void **state)
{
    make_folder(state);
    struct sl_options options = core_options(dir);
    options.uncompressed = true;
    open_store(&options);
    for (unsigned i = 0; i < SHARES; i++) {
        char session[64];
        struct buf items = {0};
        snprintf(session, sizeof(session), "ses_erase%016u", i);
        shares[i] = core_create(store, session);
        for (unsigned n = 0; n < 5; n++) {
            make_items(n, text_of(i), &items);
            core_sync_at(store, &shares[i], buf_span(&items), core_now_us);
        }
        buf_fini(&items);
    }
    settle();
    return 0;
}

static void remove_share(unsigned i)
{
    core_expect(sl_share_remove(
                    store, sl_span_of(shares[i].id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
}

/* As RocksDB's own log tells. */
static unsigned flushes(void)
{
    char path[512];
    struct buf log = {0};
    unsigned count = 0;
    snprintf(path, sizeof(path), "%s/db/LOG", dir);
    assert_true(core_read_file(path, &log));
    buf_add(&log, "", 1);
    for (const char *at = log.ptr; (at = strstr(at, "\"event\": \"flush_finished\"")); at++)
        count++;
    buf_fini(&log);
    return count;
}

static uint64_t pending(void)
{
    struct sl_stats stats;
    core_expect(sl_store_stats(store, &stats, &err), SL_OK, &err);
    return stats.erasures_pending;
}

static void test_together(void **state)
{
    (void)state;
    char file[256];
    for (unsigned i = 0; i < SHARES; i++)
        if (i % 4) remove_share(i);
    assert_int_equal(pending(), SHARES - SHARES / 4);
    unsigned before = flushes();
    settle();
    /* of each family once or twice, not once a share */
    assert_true(flushes() > before);
    assert_true(flushes() - before < SHARES / 2);
    assert_int_equal(pending(), 0);
    if (core_temp_grep(dir, sl_span_of(GONE), file) > 0) fail_msg("still in %s", file);
    core_verify(store);
    for (unsigned i = 0; i < SHARES; i++) {
        struct buf data = {0};
        enum sl_result result = core_try_data(store, shares[i].id, 0, &data, &err);
        core_expect(result, i % 4 ? SL_REMOVED : SL_OK, &err);
        if (result == SL_OK) assert_non_null(memmem(data.ptr, data.len, STAYS, strlen(STAYS)));
        buf_fini(&data);
    }
}

/* A removal and a redaction of one share, several redactions of another, in one go. */
static void test_of_all_kinds(void **state)
{
    (void)state;
    char file[256];
    struct sl_redacted told;
    struct sl_redaction text = {
        .text = {GONE, strlen(GONE)}, .who = SL_WHO_OWNER, .reason = {"why", 3}};
    struct sl_redaction key = {.share_id = sl_span_of(shares[0].id),
        .key = SL_SPAN("part/m/p1"),
        .who = SL_WHO_OWNER,
        .reason = {"why", 3}};
    core_expect(sl_redact(store, &text, NULL, &told, &err), SL_OK, &err);
    core_expect(sl_redact(store, &key, NULL, &told, &err), SL_OK, &err);
    key.key = SL_SPAN("part/m/p2");
    core_expect(sl_redact(store, &key, NULL, &told, &err), SL_OK, &err);
    remove_share(1);
    settle();
    assert_int_equal(pending(), 0);
    if (core_temp_grep(dir, sl_span_of(GONE), file) > 0) fail_msg("still in %s", file);
    assert_true(core_temp_grep(dir, sl_span_of(STAYS), file) > 0);
    core_verify(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_together, make_shares, drop_store),
        cmocka_unit_test_setup_teardown(test_of_all_kinds, make_shares, drop_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
