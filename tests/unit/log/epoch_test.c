/* The epoch: its numbers, and what rests on it. Readers, the compactor, writers, redactions and
   removals work on the same shares at random, so many of each; nothing that was taken away before a
   read began is ever read again, no event mixes old and new rows, and nothing of it is on disk at
   the end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/epoch.h"
#include "tests/support/core_fixture.h"

#include <pthread.h>
#include <stdio.h>

#define SLOTS 2 /* shares that are live at a time */
#define WORDS 40
#define AHEAD 3 /* words that are written before they are redacted */
#define ACTS (WORDS - AHEAD)
#define KEYS 40
#define SMALL_BYTES 8000   /* of most items: a snapshot has several rows */
#define LARGE_BYTES 200000 /* of some: it takes long from the rules to the sequencer */
#define READERS 3
#define WRITERS 4
#define SYNCS 100 /* of each writer */
#define READS 250 /* of each reader */

static void numbers(void **state)
{
    (void)state;
    struct epoch epoch = {0};
    unsigned long seen = epoch_number(&epoch);
    assert_true(epoch_is_even(seen));
    assert_true(epoch_holds(&epoch, seen));
    epoch_begin(&epoch);
    assert_false(epoch_is_even(epoch_number(&epoch)));
    assert_false(epoch_holds(&epoch, seen));
    epoch_end(&epoch);
    assert_true(epoch_is_even(epoch_number(&epoch)));
    assert_false(epoch_holds(&epoch, seen));
    seen = epoch_number(&epoch);
    epoch_pass(&epoch);
    assert_true(epoch_is_even(epoch_number(&epoch)));
    assert_false(epoch_holds(&epoch, seen));
}

/* ---- what is known of the shares ---- */

struct known {
    struct sl_credentials credentials;
    atomic_ullong gone; /* words that were redacted in it, a bit each */
    atomic_bool removed;
};

static struct known *known;         /* every share that there ever was */
static atomic_uint current[SLOTS];  /* which of them are live, but for the moment of a removal */
static unsigned known_count;        /* the actor's */
static atomic_ullong gone_anywhere; /* words that were redacted in every share */
static atomic_ulong failures, refused, whole_reads, redactions, removals;
static uint64_t base_seed;
static atomic_uint stage; /* the word that is redacted next, or just now */
static atomic_uint synced_count;

static void fail_of(const char *what, enum sl_result result, const struct sl_err *why)
{
    fprintf(stderr, "%s: %s: %s\n", what, sl_result_text(result), why->text);
    atomic_fetch_add(&failures, 1);
}

static void word_text(unsigned word, char text[32])
{
    snprintf(text, 32, "<word-%02u-of-many>", word);
}

static struct known *any_share(uint64_t *random)
{
    return &known[atomic_load(&current[core_random(random) % SLOTS])];
}

static void add_share(unsigned slot)
{
    char session[40];
    snprintf(session, sizeof(session), "ses_epoch_test_%08u", known_count);
    struct known *to = &known[known_count];
    to->credentials = core_create(store, session);
    atomic_store(&current[slot], known_count++);
}

/* ---- writers ---- */

static void *write_on(void *arg)
{
    uint64_t random = base_seed ^ (uintptr_t)arg;
    struct buf items = {0};
    for (unsigned i = 0; i < SYNCS; i++, atomic_fetch_add(&synced_count, 1)) {
        struct known *to = any_share(&random);
        char word[32], head[256];
        /* the next ones to be redacted, and sometimes one that is gone */
        unsigned number = atomic_load(&stage) + (unsigned)(core_random(&random) % AHEAD);
        if (i % 5 == 0) number = (unsigned)(core_random(&random) % (number + 1));
        struct sl_synced synced;
        struct sl_err why = {0};
        word_text(number, word);
        snprintf(head, sizeof(head),
            "[{\"type\":\"session\",\"data\":{\"id\":\"s\",\"title\":\"%s\"}},{\"type\":\"part\","
            "\"data\":{\"id\":\"p%u\",\"messageID\":\"m\",\"text\":\"%s\",\"more\":\"",
            word, (unsigned)(core_random(&random) % KEYS), word);
        buf_clear(&items);
        buf_add(&items, head, strlen(head));
        size_t filler = i % 8 == 7 ? LARGE_BYTES : SMALL_BYTES;
        for (size_t n = 0; n < filler / 8; n++)
            buf_add(&items, &"0123456789abcdefghijklmn"[core_random(&random) % 16], 8);
        buf_add(&items, "\"}}]", 4);
        enum sl_result result =
            core_try_sync(store, &to->credentials, buf_span(&items), core_now_us, &synced, &why);
        if (result != SL_OK && result != SL_REMOVED) fail_of("sync", result, &why);
        if (result == SL_OK && atomic_load(&to->removed) && i % 2) {
            /* answered after the removal was: it must have been admitted before */
            struct sl_share_info info;
            if (sl_share_info(store, sl_span_of(to->credentials.id), &info, &why) != SL_OK ||
                info.sequence < synced.sequence)
                fail_of("a sync of a removed share", result, &why);
        }
    }
    buf_fini(&items);
    return NULL;
}

/* ---- readers ---- */

/* What was taken away before a read of a share began. */
struct before {
    struct known *share;
    uint64_t gone;
    bool removed;
};

static struct before look(struct known *share)
{
    return (struct before){share, atomic_load(&share->gone) | atomic_load(&gone_anywhere),
        atomic_load(&share->removed)};
}

static void expect_without(const struct before *before, struct sl_span text, const char *what)
{
    struct sl_err why = {0};
    for (unsigned word = 0; word < WORDS; word++) {
        char gone[32];
        if (!(before->gone >> word & 1) || text.len == 0) continue;
        word_text(word, gone);
        if (!memmem(text.ptr, text.len, gone, strlen(gone))) continue;
        sl_fail(&why, SL_CORRUPT, "%s of %s has %s", what, before->share->credentials.id, gone);
        fail_of("what was redacted came back", SL_CORRUPT, &why);
    }
    if (before->removed) {
        sl_fail(&why, SL_CORRUPT, "%s of %s", what, before->share->credentials.id);
        fail_of("what was removed came back", SL_CORRUPT, &why);
    }
}

static bool is_expected(enum sl_result result)
{
    return result == SL_OK || result == SL_REDACTED || result == SL_REMOVED;
}

/* The state at a moment, opened, then read to its end, with what is known from before the opening.
 */
static void read_state(struct known *of, uint64_t sequence, struct buf *out)
{
    struct before before = look(of);
    struct sl_err why = {0};
    struct sl_view *view = NULL;
    struct sl_metadata metadata;
    enum sl_result result =
        sl_view_open(store, sl_span_of(of->credentials.id), core_at(sequence), &view, &why);
    if (result == SL_OK) result = sl_view_metadata(view, &metadata, &why);
    if (result == SL_OK) expect_without(&before, metadata.title, "a title");
    buf_clear(out);
    if (result == SL_OK) result = sl_view_data(view, core_sink(out), &why);
    if (result == SL_OK) {
        if (out->len < 2 || out->ptr[0] != '[' || out->ptr[out->len - 1] != ']')
            fail_of("no array", SL_CORRUPT, &why);
        expect_without(&before, buf_span(out), "a state");
        atomic_fetch_add(&whole_reads, 1);
    } else if (!is_expected(result)) {
        fail_of("read", result, &why);
    } else {
        atomic_fetch_add(&refused, 1);
    }
    sl_view_close(view);
}

/* An event, held against its own header: a mix of old and new rows doesn't prove. */
static void read_event(struct known *of, uint64_t sequence, struct buf *out)
{
    struct before before = look(of);
    struct sl_err why = {0};
    struct sl_event *event = NULL;
    enum sl_result result =
        sl_event_open(store, sl_span_of(of->credentials.id), sequence, &event, &why);
    if (result == SL_OK && sl_event_info(event)->kind == SL_SYNC && !sl_event_info(event)->erased) {
        result = sl_event_check(event, &why);
        buf_clear(out);
        if (result == SL_OK) result = sl_event_item_data(event, 1, core_sink(out), &why);
        if (result == SL_OK) expect_without(&before, buf_span(out), "an event");
    }
    sl_event_close(event);
    if (!is_expected(result)) fail_of("event", result, &why);
}

static void *read_on(void *arg)
{
    uint64_t random = base_seed ^ ((uintptr_t)arg << 32);
    struct buf out = {0};
    for (unsigned i = 0; i < READS; i++) {
        struct known *of = any_share(&random);
        struct sl_share_info info;
        struct sl_err why = {0};
        enum sl_result result = sl_share_info(store, sl_span_of(of->credentials.id), &info, &why);
        if (result != SL_OK) {
            fail_of("info", result, &why);
            continue;
        }
        uint64_t sequence = 1 + core_random(&random) % info.sequence;
        if (i % 3 == 2)
            read_event(of, sequence, &out);
        else
            read_state(of, i % 3 ? sequence : 0, &out);
    }
    buf_fini(&out);
    return NULL;
}

/* ---- the one who takes away ---- */

static void redact_word(struct known *in, unsigned word)
{
    char text[32];
    struct sl_err why = {0};
    struct sl_redacted redacted;
    word_text(word, text);
    struct sl_redaction asked = {.text = sl_span_of(text), .who = SL_WHO_OWNER};
    if (in) asked.share_id = sl_span_of(in->credentials.id);
    enum sl_result result = sl_redact(store, &asked, NULL, &redacted, &why);
    if (result != SL_OK) {
        fail_of("redact", result, &why);
        return;
    }
    /* what was found nowhere isn't redacted when it is sent again */
    if (redacted.items == 0) return;
    atomic_fetch_or(in ? &in->gone : &gone_anywhere, 1ull << word);
    atomic_fetch_add(&redactions, 1);
}

static void remove_share(unsigned slot)
{
    struct known *share = &known[atomic_load(&current[slot])];
    struct sl_err why = {0};
    enum sl_result result = sl_share_remove(store, sl_span_of(share->credentials.id), SL_WHO_SECRET,
        sl_span_of(share->credentials.secret), SL_SPAN(""), &why);
    if (result != SL_OK) fail_of("remove", result, &why);
    atomic_store(&share->removed, true);
    atomic_fetch_add(&removals, 1);
    add_share(slot);
}

/* One word after the other, in one share or in all; a share goes now and then. */
static void *act_on(void *arg)
{
    uint64_t random = base_seed + (uintptr_t)arg;
    for (unsigned word = 0; word < ACTS; word++) {
        unsigned kind = core_random(&random) % 8;
        /* spread over the syncs, so that each word was written, and more is to come */
        while (atomic_load(&synced_count) < word * WRITERS * SYNCS / ACTS)
            sched_yield();
        atomic_store(&stage, word);
        if (kind == 0) remove_share((unsigned)(core_random(&random) % SLOTS));
        redact_word(kind < 5 ? NULL : any_share(&random), word);
    }
    return NULL;
}

/* ---- all of them ---- */

static void expect_nothing_left(void)
{
    char file[256], word[32];
    settle();
    for (unsigned i = 0; i < WORDS; i++) {
        word_text(i, word);
        bool gone = atomic_load(&gone_anywhere) >> i & 1;
        if (gone && core_temp_grep(dir, sl_span_of(word), file) > 0)
            fail_msg("%s is still in %s", word, file);
    }
    struct buf out = {0};
    for (unsigned slot = 0; slot < SLOTS; slot++)
        read_state(&known[atomic_load(&current[slot])], 0, &out);
    buf_fini(&out);
    core_verify(store);
}

static void run_all(void)
{
    pthread_t threads[WRITERS + READERS + 1];
    unsigned n = 0;
    for (unsigned slot = 0; slot < SLOTS; slot++)
        add_share(slot);
    for (uintptr_t i = 1; i <= WRITERS; i++)
        pthread_create(&threads[n++], NULL, write_on, (void *)i);
    for (uintptr_t i = 1; i <= READERS; i++)
        pthread_create(&threads[n++], NULL, read_on, (void *)i);
    pthread_create(&threads[n++], NULL, act_on, (void *)(uintptr_t)7);
    while (n > 0)
        pthread_join(threads[--n], NULL);
}

static void nothing_comes_back(void **state)
{
    uint64_t seed = core_seed("nothing comes back");
    for (unsigned round = 0; round < core_rounds(); round++) {
        if (round > 0) {
            drop_store(state);
            make_folder(state);
        }
        base_seed = core_random(&seed);
        known_count = 0;
        known = calloc(SLOTS + ACTS, sizeof(*known));
        assert_non_null(known);
        atomic_store(&gone_anywhere, 0);
        atomic_store(&synced_count, 0);
        struct sl_options options = core_options(dir);
        options.uncompressed = true;
        options.no_compactor = false;
        open_store(&options);
        run_all();
        expect_nothing_left();
        free(known);
        assert_int_equal(atomic_load(&failures), 0);
    }
    printf("%lu states read whole, %lu refused; %lu redactions, %lu removals\n",
        atomic_load(&whole_reads), atomic_load(&refused), atomic_load(&redactions),
        atomic_load(&removals));
    assert_true(atomic_load(&whole_reads) > 0 && atomic_load(&redactions) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test_setup_teardown(nothing_comes_back, make_folder, drop_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
