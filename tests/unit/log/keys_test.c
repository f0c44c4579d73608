/* The store's keys: made once, kept for their owner alone, taken from outside, refused where they
   are damaged; a share's secret computed from them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/file.h"
#include "core/log/keys.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sl_options options;

static int make_options(void **state)
{
    make_folder(state);
    options = core_options(dir);
    return 0;
}

static enum sl_result load(bool make, struct keys *keys)
{
    return keys_load(&options, make, keys, &err);
}

static void write_file(const char *name, const char *text)
{
    char *path = file_path(dir, name);
    core_expect(file_write(dir, path, sl_span_of(text), &err), SL_OK, &err);
    free(path);
}

static void remove_file(const char *name)
{
    char *path = file_path(dir, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void made_once(void **state)
{
    (void)state;
    struct keys first, again;
    core_expect(load(true, &first), SL_OK, &err);
    assert_int_equal(strlen(first.owner), 43);
    assert_int_equal(strlen(first.client), 43);
    assert_true(first.has_namespace);
    core_expect(load(false, &again), SL_OK, &err);
    assert_memory_equal(&again, &first, sizeof(first));
    const char *const names[] = {"owner-key", "namespace", "signing-key"};
    for (size_t i = 0; i < 3; i++) {
        char *path = file_path(dir, names[i]);
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
        free(path);
    }
}

static void from_outside(void **state)
{
    (void)state;
    struct keys keys;
    options.owner_key = SL_SPAN("an-owner-key-of-the-operator");
    options.namespace_id = SL_SPAN("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    core_expect(load(true, &keys), SL_OK, &err);
    assert_string_equal(keys.owner, "an-owner-key-of-the-operator");
    assert_int_equal(keys.namespace_id[0], 0x6b);
    struct buf text = {0};
    char *path = file_path(dir, "owner-key");
    assert_int_equal(file_read(path, 100, &text, &err), SL_NOT_FOUND); /* it isn't written */
    free(path);
    buf_fini(&text);
}

static void refused(void **state)
{
    (void)state;
    struct keys keys;
    options.owner_key = SL_SPAN("fifteen-letters");
    assert_int_equal(load(true, &keys), SL_INVALID);
    options.owner_key = SL_SPAN("an owner key\nin two lines");
    assert_int_equal(load(true, &keys), SL_INVALID);
    options.owner_key = SL_SPAN("");
    options.namespace_id = SL_SPAN("not-a-uuid");
    assert_int_equal(load(true, &keys), SL_INVALID);
    options.namespace_id = SL_SPAN("");
    core_expect(load(true, &keys), SL_OK, &err);
    write_file("signing-key", "AAAA\n");
    assert_int_equal(load(false, &keys), SL_INVALID);
    remove_file("signing-key");
    assert_int_equal(load(false, &keys), SL_INVALID); /* never made again by itself */
    assert_non_null(strstr(err.text, "signing-key: missing"));
}

/* What the operator keeps may be missing where nothing is made: it is unknown then. */
static void unknown(void **state)
{
    (void)state;
    struct keys keys;
    core_expect(load(true, &keys), SL_OK, &err);
    remove_file("owner-key");
    remove_file("namespace");
    core_expect(load(false, &keys), SL_OK, &err);
    assert_int_equal(keys.owner[0], 0);
    assert_int_equal(keys.client[0], 0);
    assert_false(keys.has_namespace);
}

static void origins(void **state)
{
    (void)state;
    struct keys keys;
    char origin[32];
    core_expect(load(true, &keys), SL_OK, &err);
    keys_default_origin(&keys, origin);
    assert_int_equal(strlen(origin), strlen("sharelog-") + 8);
    keys_set_origin(&keys, SL_SPAN("example.org/log"));
    assert_string_equal(keys.origin, "example.org/log");
    assert_int_equal(strncmp(keys.log_key, "example.org/log+", 16), 0);
}

static void secrets(void **state)
{
    (void)state;
    char plain[SL_SECRET_BYTES + 1], by_id[SL_SECRET_BYTES + 1], longest[SL_SECRET_BYTES + 1];
    char session[SL_SESSION_ID_BYTES + 1], share[SL_SHARE_ID_BYTES];
    open_store(&options);
    memset(session, 's', sizeof(session));
    memset(share, 'h', sizeof(share));
    sl_store_secret(store, SL_SPAN("ses_1"), SL_SPAN(""), plain);
    sl_store_secret(store, SL_SPAN("ses_1"), SL_SPAN("1-abc"), by_id);
    sl_store_secret(store, (struct sl_span){session, SL_SESSION_ID_BYTES},
        (struct sl_span){share, sizeof(share)}, longest);
    assert_int_equal(strlen(plain), SL_SECRET_BYTES);
    assert_int_equal(strlen(by_id), SL_SECRET_BYTES);
    assert_int_equal(strlen(longest), SL_SECRET_BYTES);
    assert_string_not_equal(plain, by_id);
    /* no share has such a session */
    sl_store_secret(store, (struct sl_span){session, sizeof(session)}, SL_SPAN(""), longest);
    assert_string_equal(longest, "");
}

/* The same for ever: of the name and the signing key alone, whatever else the server is given. */
static void makers(void **state)
{
    (void)state;
    struct keys keys, other;
    uint8_t nobody[MAKER_BYTES], client[MAKER_BYTES], owner[MAKER_BYTES], again[MAKER_BYTES];
    core_expect(load(true, &keys), SL_OK, &err);
    keys_maker(&keys, SL_ROLE_NONE, nobody);
    keys_maker(&keys, SL_ROLE_CLIENT, client);
    keys_maker(&keys, SL_ROLE_OWNER, owner);
    assert_true(maker_same(nobody, maker_nobody));
    assert_false(maker_same(client, owner));
    options.owner_key = SL_SPAN("another-owner-key-0");
    options.namespace_id = SL_SPAN("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    core_expect(load(true, &other), SL_OK, &err);
    assert_string_not_equal(keys.client, other.client);
    keys_maker(&other, SL_ROLE_CLIENT, again);
    assert_true(maker_same(client, again));
    other.signing_seed[0] ^= 1;
    keys_maker(&other, SL_ROLE_CLIENT, again);
    assert_false(maker_same(client, again));
    memset(other.signing_seed, 0, 32); /* by hand: FORMAT.md, chapter 5 */
    keys_maker(&other, SL_ROLE_OWNER, owner);
    char hex[65];
    crypto_hex(owner, 32, hex);
    assert_string_equal(hex, "2884011e5be385249a63fe4531f7fd7904d761512f51e481b4c0db84ac37763a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_options, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(made_once),
        TEST(from_outside),
        TEST(refused),
        TEST(unknown),
        TEST(origins),
        TEST(secrets),
        TEST(makers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
