/* kill -9 while bodies are packed: whatever was synced before reads the same afterwards, wherever
   it lies, and packing goes on. And what is redacted or removed around it is gone from every file.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "hunter2-is-the-word"
#define BESIDE "this-one-is-to-stay"
#define SHARES 3
#define EVENTS 12

static const char *const sessions[SHARES] = {
    "ses_0123456789abcdefghij", "ses_0123456789abcdefghik", "ses_0123456789abcdefghil"};
static struct sl_credentials shares[SHARES];

static void open_plain(bool compactor)
{
    struct sl_options options = core_options(dir);
    options.uncompressed = true;
    options.no_compactor = !compactor;
    open_store(&options);
}

/* Of 20 KB to 110 KB; one of the first share's has two rows. */
static void sync_part(const struct sl_credentials *to, unsigned n)
{
    struct buf items = {0};
    char head[200];
    uint64_t random = n;
    size_t bytes = n == 9 && to == shares ? 4400000 : 20000 + (n % 7) * 15000;
    snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"p%02u\",\"messageID\":\"m\",\"text\":\"%s ", n % 10,
        n % 2 ? SECRET : BESIDE);
    buf_add(&items, head, strlen(head));
    while (items.len < bytes) {
        char text[17];
        snprintf(text, sizeof(text), "%016llx", (unsigned long long)core_random(&random));
        buf_add(&items, text, 16);
    }
    buf_add(&items, "\"}}]", 4);
    core_sync_at(store, to, buf_span(&items), core_now_us);
    buf_fini(&items);
}

static void make_filled(void)
{
    make_folder(NULL);
    open_plain(false);
    for (int i = 0; i < SHARES; i++) {
        shares[i] = core_create(store, sessions[i]);
        for (unsigned n = 0; n < EVENTS; n++)
            sync_part(&shares[i], n);
    }
}

/* The states of all shares at some of their moments. */
static void states(struct buf *out)
{
    struct buf one = {0};
    buf_clear(out);
    for (int i = 0; i < SHARES; i++)
        for (uint64_t at = 2; at <= EVENTS + 1; at += 3) {
            core_data(store, shares[i].id, at, &one);
            buf_add_span(out, buf_span(&one));
        }
    assert_false(out->failed);
    buf_fini(&one);
}

static size_t count_packs(void)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_COLD, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    size_t count = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        count++;
    kv_iter_destroy(iter);
    return count;
}

/* ---- killed ---- */

/* A program of its own: what is forked has none of RocksDB's threads. */
static _Noreturn void pack_and_tell(const char *in)
{
    dir = in;
    open_plain(true);
    puts("open");
    fflush(stdout);
    for (;;)
        sl_store_compact(store, NULL, NULL);
}

static pid_t start(int *out)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        execl("/proc/self/exe", "pack", dir, NULL);
        _exit(2);
    }
    close(pipes[1]);
    *out = pipes[0];
    return child;
}

static void killed_while_packing(void **state)
{
    (void)state;
    uint64_t seed = core_seed("killed while packing");
    struct buf before = {0}, after = {0};
    size_t least = SIZE_MAX, most = 0;
    for (unsigned round = 0; round < 5 * core_rounds(); round++) {
        make_filled();
        states(&before);
        close_store();
        /* killed again and again: each goes on from where the one before was */
        for (int kills = 0; kills < 2; kills++) {
            int out;
            char byte;
            pid_t child = start(&out);
            assert_int_equal(read(out, &byte, 1), 1);
            usleep((useconds_t)(core_random(&seed) % 300000));
            kill(child, SIGKILL);
            waitpid(child, NULL, 0);
            close(out);
            open_plain(false);
            states(&after);
            core_assert_same(buf_span(&after), buf_span(&before), "states after the kill");
            core_verify(store);
            size_t packs = count_packs();
            if (packs < least) least = packs;
            if (packs > most) most = packs;
            close_store();
        }
        open_plain(false);
        core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
        states(&after);
        core_assert_same(buf_span(&after), buf_span(&before), "states when all is packed");
        core_verify(store);
        drop_store(NULL);
    }
    printf("killed with %zu to %zu packs written\n", least, most);
    assert_true(least < most);
    buf_fini(&before);
    buf_fini(&after);
}

/* ---- removed and redacted ---- */

static void nowhere(bool beside)
{
    char file[256];
    settle();
    if (core_temp_grep(dir, sl_span_of(SECRET), file) > 0) fail_msg("still in %s", file);
    assert_int_equal(core_temp_grep(dir, sl_span_of(BESIDE), file) > 0, beside);
    core_verify(store);
}

static void act(bool removal)
{
    for (int i = 0; i < SHARES && removal; i++)
        core_expect(sl_share_remove(store, sl_span_of(shares[i].id), SL_WHO_OWNER, SL_SPAN(""),
                        SL_SPAN(""), &err),
            SL_OK, &err);
    struct sl_redaction everywhere = {
        .text = SL_SPAN(SECRET), .who = SL_WHO_OWNER, .reason = SL_SPAN("why")};
    struct sl_redacted told;
    if (!removal) core_expect(sl_redact(store, &everywhere, NULL, &told, &err), SL_OK, &err);
}

/* Packed before, while it is packed behind snapshots, and not at all. */
static void gone_with_its_packs(void **state)
{
    (void)state;
    uint64_t seed = core_seed("gone with its packs");
    for (unsigned round = 0; round < 4 * core_rounds(); round++) {
        char file[256];
        make_filled();
        if (round % 4 < 2) core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
        close_store();
        open_plain(true);
        assert_true(core_temp_grep(dir, sl_span_of(SECRET), file) > 0);
        usleep((useconds_t)(core_random(&seed) % 60000));
        act(round % 2);
        nowhere(!(round % 2));
        close_store();
        open_plain(true);
        nowhere(!(round % 2));
        drop_store(NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2) pack_and_tell(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_while_packing),
        cmocka_unit_test(gone_with_its_packs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
