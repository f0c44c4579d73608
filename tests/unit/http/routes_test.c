/* Routes: what fits, what never does, what a wrong method is told, and what a path is of. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/routes.h"

#include <stdio.h>
#include <stdlib.h>

/* The pattern a request is answered by, or NULL. The path lies in memory of exactly its size. */
static const char *found(enum http_method method, const char *text, struct http_call *call)
{
    char allow[64];
    size_t len = strlen(text);
    char *path = malloc(len ? len : 1);
    assert_non_null(path);
    memcpy(path, text, len);
    *call = (struct http_call){0};
    const struct route *route =
        route_find(method, (struct sl_span){path, len}, call, allow, sizeof(allow));
    free(path);
    return route ? route->pattern : NULL;
}

static void fits(void **state)
{
    static const struct {
        enum http_method method;
        const char *path, *pattern, *id;
    } cases[] = {
        {HTTP_POST, "/api/share", "/api/share", ""},
        {HTTP_POST, "/api/shares", "/api/share", ""},
        {HTTP_POST, "/api/share/a-_9/sync", "/api/share/:id/sync", "a-_9"},
        {HTTP_POST, "/api/shares/a/sync", "/api/share/:id/sync", "a"},
        {HTTP_DELETE, "/api/share/a", "/api/share/:id", "a"},
        {HTTP_GET, "/api/share/a", "/api/share/:id", "a"},
        {HTTP_HEAD, "/api/shares/a/data", "/api/share/:id/data", "a"},
        {HTTP_GET, "/api/share/data/data", "/api/share/:id/data", "data"},
        {HTTP_GET, "/api/share/a/metadata", "/api/share/:id/metadata", "a"},
        {HTTP_GET, "/api/share/a/events", "/api/share/:id/events", "a"},
        {HTTP_GET, "/api/share/a/live", "/api/share/:id/live", "a"},
        {HTTP_GET, "/api/share/a/events/3/proof", "/api/share/:id/events/:seq/proof", "a"},
        {HTTP_GET, "/api/shares/a/bundle", "/api/share/:id/bundle", "a"},
        {HTTP_GET, "/share/a.bundle", "/share/:id.bundle", "a"},
        {HTTP_GET, "/log/checkpoint", "/log/checkpoint", ""},
        {HTTP_GET, "/log/tile/0/000", "/log/tile/:level/:tile", ""},
        {HTTP_HEAD, "/log/tile/63/x001/x234/067.p/9", "/log/tile/:level/:tile", ""},
        {HTTP_GET, "/log/tile/entries/x001/067.p/9", "/log/tile/entries/:tile", ""},
        {HTTP_GET, "/ws/a", "/ws/:id", "a"},
        {HTTP_DELETE, "/api/support/actions/remove-share", "/api/support/actions/remove-share", ""},
        {HTTP_GET, "/", "/", ""},
        {HTTP_GET, "/share/a", "/share/:id", "a"},
        {HTTP_GET, "/s/a", "/s/:id", "a"},
        {HTTP_GET, "/healthz", "/healthz", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct http_call call;
        const char *pattern = found(cases[i].method, cases[i].path, &call);
        if (!pattern) fail_msg("%s: no route", cases[i].path);
        assert_string_equal(pattern, cases[i].pattern);
        assert_string_equal(call.id, cases[i].id);
    }
}

static void never_fits(void **state)
{
    static const char *const paths[] = {
        "", "api/share/a", "//", "/api", "/api/", "/api/share/", "/api/share//sync",
        "/api/share/a/", "/api/share/a/sync/", "/api//share/a", "/api/share/..", "/api/share/../a",
        "/api/share/a/../data", "/api/share/./a", "/api/share/a%2Fsync", "/api/share/a%00",
        "/api/share/%61", "/api/share/a.b", "/api/share/a b", "/api/share/a;x", "/api/share/a\\b",
        "/api/share/\xc3\xa4", "/API/share/a", "/api/sharesx/a", "/shares/a", "/s/", "/sessions/",
        "/api/share/a/nothing", "/api/share/a/events/", "/api/share/a/events/x",
        "/api/share/a/events/-1", "/api/share/a/events/+1",
        "/api/share/a/events/18446744073709551616", "/api/share/a/events/1/proof/", "/log", "/log/",
        "/log/checkpoint/", "/log/tile", "/log/tile/", "/log/tile/0", "/log/tile/0/",
        "/log/tile/64/000", "/log/tile/00/000", "/log/tile//000", "/log/tile/0/0",
        "/log/tile/0//000", "/log/tile/0/000/", "/log/tile/0/x000/001", "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/256", "/log/tile/entries", "/log/tile/entries/", "/log/tile/entries/1",
        "/log/tile/Entries/000", "/log/tile/0/../000", "/log/tile/%30/000",
        "/api/share/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 65 */
    };
    static const enum http_method methods[] = {HTTP_GET, HTTP_POST, HTTP_DELETE, HTTP_OTHER};
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        for (size_t j = 0; j < sizeof(methods) / sizeof(*methods); j++) {
            struct http_call call;
            const char *pattern = found(methods[j], paths[i], &call);
            if (pattern) fail_msg("%s fits %s", paths[i], pattern);
        }
}

static void parameters(void **state)
{
    struct http_call call;
    (void)state;
    assert_non_null(found(HTTP_GET, "/api/share/q7Zk2bXa/events/18446744073709551615", &call));
    assert_string_equal(call.id, "q7Zk2bXa");
    assert_true(call.sequence == UINT64_MAX);
    assert_non_null(found(HTTP_GET,
        "/share/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &call));
    assert_int_equal(strlen(call.id), SL_SHARE_ID_BYTES);
    assert_non_null(found(HTTP_GET, "/log/tile/7/x001/x234/067.p/9", &call));
    assert_int_equal(call.level, 7);
    assert_int_equal(call.tile, 1234067);
    assert_int_equal(call.width, 9);
    assert_non_null(found(HTTP_GET, "/log/tile/entries/067", &call));
    assert_int_equal(call.tile, 67);
    assert_int_equal(call.width, 256);
}

static void nul_in_a_path(void **state)
{
    struct http_call call = {0};
    (void)state;
    assert_false(route_fits("/share/:id", (struct sl_span){"/share/a\0b", 10}, &call));
    assert_false(route_fits("/livez", (struct sl_span){"/livez\0", 7}, &call));
}

static void wrong_method(void **state)
{
    static const struct {
        enum http_method method;
        const char *path, *allow;
    } cases[] = {
        {HTTP_GET, "/api/share", "POST"},
        {HTTP_OTHER, "/api/shares/a", "DELETE, GET, HEAD"},
        {HTTP_POST, "/api/share/a", "DELETE, GET, HEAD"},
        {HTTP_DELETE, "/sessions", "GET, HEAD, POST"},
        {HTTP_OPTIONS, "/share/a", "GET, HEAD"},
        {HTTP_GET, "/nothing", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char allow[64];
        struct http_call call = {0};
        assert_null(
            route_find(cases[i].method, sl_span_of(cases[i].path), &call, allow, sizeof(allow)));
        assert_string_equal(allow, cases[i].allow);
    }
}

static void whose_path(void **state)
{
    (void)state;
    assert_true(route_is_api(SL_SPAN("/api")));
    assert_true(route_is_api(SL_SPAN("/api/%2e%2e")));
    assert_false(route_is_api(SL_SPAN("/apis/share")));
    assert_true(route_is_page(SL_SPAN("/share/..")));
    assert_true(route_is_page(SL_SPAN("/s/x")));
    assert_false(route_is_page(SL_SPAN("/api/share/x")));
    assert_true(sl_span_eq(route_path(SL_SPAN("//api/share")), SL_SPAN("/api/share")));
    assert_true(sl_span_eq(route_path(SL_SPAN("///api/share")), SL_SPAN("///api/share")));
    assert_true(sl_span_eq(route_path(SL_SPAN("//share/a")), SL_SPAN("//share/a")));
    assert_true(sl_span_eq(route_path(SL_SPAN("/")), SL_SPAN("/")));
}

static void table(void **state)
{
    size_t count;
    const struct route *routes = routes_table(&count);
    (void)state;
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(routes[i].handler);
        assert_true(routes[i].help[0] != 0);
        bool takes_body = routes[i].method != HTTP_GET;
        assert_int_equal(takes_body, routes[i].body_bytes > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits),
        cmocka_unit_test(never_fits),
        cmocka_unit_test(parameters),
        cmocka_unit_test(nul_in_a_path),
        cmocka_unit_test(wrong_method),
        cmocka_unit_test(whose_path),
        cmocka_unit_test(table),
    };
    return cmocka_run_group_tests_name("http routes", tests, NULL, NULL);
}
