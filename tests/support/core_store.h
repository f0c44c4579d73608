#ifndef TESTS_SUPPORT_CORE_STORE_H
#define TESTS_SUPPORT_CORE_STORE_H

/* What the tests of core/ share: folders of their own, a clock that stands still until it is moved,
 * a store in a folder, and the few calls of it that most tests make. What fails here fails the test
 * (cmocka). */

#include "core/base/buf.h"
#include "core/sharelog.h"

/* ---- folders ---- */

/* A new folder under $TMPDIR or /tmp; valid until core_temp_remove. What a failed test leaves
 * behind is removed when the program ends. */
const char *core_temp_make(void);
void core_temp_remove(const char *dir);

/* In how many files under `dir` the bytes are, as they are or packed (disk_search.h); *first names
 * one of them. */
size_t core_temp_grep(const char *dir, struct sl_span bytes, char first[256]);
/* As they are alone. */
size_t core_temp_grep_plain(const char *dir, struct sl_span bytes, char first[256]);

/* A file's bytes; false if there is no such file. */
bool core_read_file(const char *path, struct buf *out);

/* ---- numbers from the environment ---- */

/* SL_TEST_SEED, or one of the clock's; printed, so that a failure can be had again. */
uint64_t core_seed(const char *test);
/* SL_TEST_ROUNDS, or 1. */
unsigned core_rounds(void);
/* splitmix64 */
uint64_t core_random(uint64_t *state);

/* ---- a store ---- */

#define CORE_TIME_US 1700000000000000u /* where the clock begins */
extern _Atomic uint64_t core_now_us;
uint64_t core_clock(void);

/* Options of most tests: durable to the process only (an fsync a batch tells a test nothing), the
 * clock above, no thread that makes snapshots. */
struct sl_options core_options(const char *dir);
struct sl_store *core_open(const struct sl_options *options);
void core_verify(struct sl_store *store);

/* Fails unless `result` is `expected`, with err's text. */
void core_expect(enum sl_result result, enum sl_result expected, const struct sl_err *err);

struct sl_credentials core_create(struct sl_store *store, const char *session_id);

/* Sync `items`, the text of a JSON array. */
enum sl_result core_try_sync(struct sl_store *store, const struct sl_credentials *share,
    struct sl_span items, uint64_t arrived_us, struct sl_synced *synced, struct sl_err *err);
struct sl_synced core_sync(
    struct sl_store *store, const struct sl_credentials *share, const char *items);
struct sl_synced core_sync_at(struct sl_store *store, const struct sl_credentials *share,
    struct sl_span items, uint64_t arrived_us);

/* ---- reading ---- */

bool core_gather(
    void *ctx, const void *bytes, size_t len); /* an sl_sink's write; ctx: struct buf */
static inline struct sl_sink core_sink(struct buf *into)
{
    return (struct sl_sink){core_gather, into};
}

static inline struct sl_moment core_at(uint64_t sequence) /* 0: now */
{
    return (struct sl_moment){sequence ? SL_AT_SEQUENCE : SL_NOW, sequence};
}

enum sl_result core_try_data(
    struct sl_store *store, const char *id, uint64_t sequence, struct buf *out, struct sl_err *err);
void core_data(struct sl_store *store, const char *id, uint64_t sequence, struct buf *out);
void core_section(struct sl_store *store, const char *id, uint64_t sequence,
    enum sl_section section, struct buf *out);

void core_assert_data(struct sl_store *store, const char *id, uint64_t sequence, const char *text);
void core_assert_section(struct sl_store *store, const char *id, uint64_t sequence,
    enum sl_section section, const char *text);

/* Fails with the place of the first difference, `what` naming the two. */
void core_assert_same(struct sl_span got, struct sl_span expected, const char *what);

#endif
