#include "tests/support/core_store.h"

#include "tests/support/disk_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A damaged record may claim four thousand million elements: msgpack then asks for their memory,
 * gets none and says so. The address sanitizer's allocator, unless told, ends the program there. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* ---- folders ---- */

#define TEMP_MAX 64

static char *temps[TEMP_MAX];

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
    (void)info, (void)flag, (void)ftw;
    return remove(path);
}

static void remove_tree(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_all(void)
{
    for (int i = 0; i < TEMP_MAX; i++) {
        if (temps[i]) remove_tree(temps[i]);
        free(temps[i]);
        temps[i] = NULL;
    }
}

const char *core_temp_make(void)
{
    static bool registered;
    if (!registered) atexit(remove_all);
    registered = true;
    int slot = 0;
    while (slot < TEMP_MAX && temps[slot])
        slot++;
    assert_true(slot < TEMP_MAX);
    const char *tmp = getenv("TMPDIR");
    assert_true(asprintf(&temps[slot], "%s/sharelog-test-XXXXXX", tmp && *tmp ? tmp : "/tmp") > 0);
    assert_non_null(mkdtemp(temps[slot]));
    return temps[slot];
}

void core_temp_remove(const char *dir)
{
    for (int i = 0; i < TEMP_MAX; i++) {
        if (!temps[i] || temps[i] != dir) continue;
        remove_tree(temps[i]);
        free(temps[i]);
        temps[i] = NULL;
        return;
    }
}

bool core_read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    char piece[65536];
    size_t n;
    while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
        buf_add(out, piece, n);
    fclose(file);
    return !out->failed;
}

/* nftw has no context of its own. */
static struct {
    struct sl_span bytes;
    bool plain;
    size_t found;
    char *first;
} grepping;

static int grep_one(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
    (void)info, (void)ftw;
    struct buf bytes = {0};
    if (flag == FTW_F && core_read_file(path, &bytes) && bytes.len) {
        bool found = grepping.plain ? disk_search_plain(buf_span(&bytes), grepping.bytes)
                                    : disk_search(path, buf_span(&bytes), grepping.bytes);
        if (found && grepping.found++ == 0) snprintf(grepping.first, 256, "%s", path);
    }
    buf_fini(&bytes);
    return 0;
}

static size_t grep(const char *dir, struct sl_span bytes, bool plain, char first[256])
{
    first[0] = 0;
    grepping.bytes = bytes;
    grepping.plain = plain;
    grepping.found = 0;
    grepping.first = first;
    nftw(dir, grep_one, 16, FTW_PHYS);
    return grepping.found;
}

size_t core_temp_grep(const char *dir, struct sl_span bytes, char first[256])
{
    return grep(dir, bytes, false, first);
}

size_t core_temp_grep_plain(const char *dir, struct sl_span bytes, char first[256])
{
    return grep(dir, bytes, true, first);
}

/* ---- numbers ---- */

uint64_t core_seed(const char *test)
{
    const char *text = getenv("SL_TEST_SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = text && *text ? strtoull(text, NULL, 0)
                                  : (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20;
    printf("%s: SL_TEST_SEED=%" PRIu64 "\n", test, seed);
    fflush(stdout);
    return seed;
}

unsigned core_rounds(void)
{
    const char *text = getenv("SL_TEST_ROUNDS");
    unsigned rounds = text && *text ? (unsigned)strtoul(text, NULL, 10) : 1;
    return rounds ? rounds : 1;
}

uint64_t core_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* ---- a store ---- */

_Atomic uint64_t core_now_us = CORE_TIME_US;

uint64_t core_clock(void)
{
    return core_now_us;
}

struct sl_options core_options(const char *dir)
{
    return (struct sl_options){
        .dir = dir, .durability = SL_DURABLE_PROCESS, .no_compactor = true, .clock_us = core_clock};
}

void core_expect(enum sl_result result, enum sl_result expected, const struct sl_err *err)
{
    if (result == expected) return;
    fail_msg("%s instead of %s: %s", sl_result_text(result), sl_result_text(expected),
        err ? err->text : "");
}

struct sl_store *core_open(const struct sl_options *options)
{
    struct sl_err err = {0};
    struct sl_store *store = NULL;
    core_expect(sl_store_open(options, NULL, &store, &err), SL_OK, &err);
    return store;
}

void core_verify(struct sl_store *store)
{
    struct sl_err err = {0};
    struct sl_verified verified;
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
}

struct sl_credentials core_create(struct sl_store *store, const char *session_id)
{
    struct sl_err err = {0};
    struct sl_credentials share = {0};
    core_expect(
        sl_share_create(store, sl_span_of(session_id), SL_ROLE_NONE, SL_SPAN(""), &share, &err),
        SL_OK, &err);
    return share;
}

enum sl_result core_try_sync(struct sl_store *store, const struct sl_credentials *share,
    struct sl_span items, uint64_t arrived_us, struct sl_synced *synced, struct sl_err *err)
{
    struct buf body = {0};
    buf_add_span(&body, SL_SPAN("{\"secret\":\""));
    buf_add_span(&body, sl_span_of(share->secret));
    buf_add_span(&body, SL_SPAN("\",\"data\":"));
    buf_add_span(&body, items);
    buf_add_span(&body, SL_SPAN("}"));
    assert_false(body.failed);
    enum sl_result result =
        sl_share_sync(store, sl_span_of(share->id), buf_span(&body), arrived_us, synced, err);
    buf_fini(&body);
    return result;
}

struct sl_synced core_sync_at(struct sl_store *store, const struct sl_credentials *share,
    struct sl_span items, uint64_t arrived_us)
{
    struct sl_err err = {0};
    struct sl_synced synced = {0};
    core_expect(core_try_sync(store, share, items, arrived_us, &synced, &err), SL_OK, &err);
    return synced;
}

struct sl_synced core_sync(
    struct sl_store *store, const struct sl_credentials *share, const char *items)
{
    return core_sync_at(store, share, sl_span_of(items), core_now_us);
}

/* ---- reading ---- */

bool core_gather(void *ctx, const void *bytes, size_t len)
{
    struct buf *into = ctx;
    buf_add(into, bytes, len);
    return !into->failed;
}

enum sl_result core_try_data(
    struct sl_store *store, const char *id, uint64_t sequence, struct buf *out, struct sl_err *err)
{
    struct sl_view *view = NULL;
    buf_clear(out);
    enum sl_result result = sl_view_open(store, sl_span_of(id), core_at(sequence), &view, err);
    if (result == SL_OK) result = sl_view_data(view, core_sink(out), err);
    sl_view_close(view);
    return result;
}

void core_data(struct sl_store *store, const char *id, uint64_t sequence, struct buf *out)
{
    struct sl_err err = {0};
    core_expect(core_try_data(store, id, sequence, out, &err), SL_OK, &err);
}

void core_section(struct sl_store *store, const char *id, uint64_t sequence,
    enum sl_section section, struct buf *out)
{
    struct sl_err err = {0};
    struct sl_view *view = NULL;
    buf_clear(out);
    core_expect(sl_view_open(store, sl_span_of(id), core_at(sequence), &view, &err), SL_OK, &err);
    core_expect(sl_view_section(view, section, core_sink(out), &err), SL_OK, &err);
    sl_view_close(view);
}

void core_assert_same(struct sl_span got, struct sl_span expected, const char *what)
{
    if (sl_span_eq(got, expected)) return;
    size_t at = 0;
    while (at < got.len && at < expected.len && got.ptr[at] == expected.ptr[at])
        at++;
    size_t from = at > 80 ? at - 80 : 0;
    size_t got_left = got.len - from < 240 ? got.len - from : 240;
    size_t expected_left = expected.len - from < 240 ? expected.len - from : 240;
    fail_msg("%s: differ at byte %zu (%zu and %zu bytes)\n  got      …%.*s…\n  expected …%.*s…",
        what, at, got.len, expected.len, (int)got_left, got_left ? got.ptr + from : "",
        (int)expected_left, expected_left ? expected.ptr + from : "");
}

void core_assert_data(struct sl_store *store, const char *id, uint64_t sequence, const char *text)
{
    struct buf out = {0};
    core_data(store, id, sequence, &out);
    core_assert_same(buf_span(&out), sl_span_of(text), "/data");
    buf_fini(&out);
}

void core_assert_section(struct sl_store *store, const char *id, uint64_t sequence,
    enum sl_section section, const char *text)
{
    struct buf out = {0};
    core_section(store, id, sequence, section, &out);
    core_assert_same(buf_span(&out), sl_span_of(text), "a section");
    buf_fini(&out);
}
