/* The owner's list: who sees it, what it finds, and that a share is taken down by its owner's own
 * form alone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/pages/owner/page_sessions.h"
#include "tests/support/http_capture.h"

#include <stdio.h>
#include <stdlib.h>

static char cookie[160];

static int get_page(const char *target)
{
    return ask(&(struct asking){.method = "GET", .target = target, .cookie = cookie});
}

static void log_in(void)
{
    char form[64];
    snprintf(form, sizeof(form), "key=%s", ASK_OWNER);
    assert_int_equal(
        ask(&(struct asking){.method = "POST", .target = "/sessions", .body = form}), 200);
    const char *set = strstr(got.headers, "Set-Cookie: ");
    assert_non_null(set);
    snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(set + 12, ";"), set + 12);
}

/* The value of the form's token on the page that was got last. */
static const char *token(void)
{
    static char text[80];
    const char *at = strstr(got.body, "name=\"token\" value=\"");
    assert_non_null(at);
    snprintf(text, sizeof(text), "%.64s", at + strlen("name=\"token\" value=\""));
    return text;
}

/* ---- the way in and out ---- */

static void way_in(void **state)
{
    (void)state;
    filled("ses_xxabcdefgh");
    static const char *const outside[] = {"/sessions", "/sessions?q=a", "/sessions?cursor=9",
        "/sessions?key=wrong", "/sessions?key=", "/sessions/abcdefgh/remove"};
    for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++) {
        assert_int_equal(get(outside[i]), 401);
        assert_has("name=\"key\"");
        assert_lacks("A &lt;b&gt;");
    }
    assert_int_equal(get("/sessions?key=" ASK_OWNER), 200);
    assert_header("Set-Cookie: sharelog_owner=");
    assert_header("; HttpOnly; SameSite=Strict; Path=/\r\n");
    assert_header("Refresh: 0; url=/sessions\r\n");
    assert_null(strstr(got.headers, ASK_OWNER));
    assert_lacks(ASK_OWNER);
    assert_int_equal(
        ask(&(struct asking){.method = "POST", .target = "/sessions", .body = "key=no"}), 401);
    assert_int_equal(ask(&(struct asking){.method = "POST", .target = "/sessions"}), 411);
    snprintf(cookie, sizeof(cookie), "sharelog_owner=%064d", 0);
    assert_int_equal(get_page("/sessions"), 401);
    log_in();
    assert_int_equal(get_page("/sessions"), 200);
    assert_has("A &lt;b&gt; &amp; &quot;c&quot;</a>");
    assert_has("Take down…</a>");
    assert_has("<td class=\"number\"><a href=\"/share/abcdefgh/history\">4</a></td>");
}

static void way_out(void **state)
{
    char form[96];
    (void)state;
    log_in();
    assert_int_equal(get_page("/sessions"), 200);
    struct asking out = {.method = "POST", .target = "/sessions/logout", .cookie = cookie};
    out.body = "token=";
    assert_int_equal(ask(&out), 403);
    assert_null(strstr(got.headers, "Set-Cookie"));
    assert_int_equal(get_page("/sessions"), 200);
    snprintf(form, sizeof(form), "token=%s", token());
    out.body = form;
    out.site = "same-origin";
    assert_int_equal(ask(&out), 303);
    assert_header("Set-Cookie: sharelog_owner=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0\r\n");
    assert_header("Location: /sessions\r\n");
}

/* ---- the list ---- */

static void list(void **state)
{
    char session[64], items[512], target[96];
    (void)state;
    for (int i = 0; i < 120; i++) {
        snprintf(session, sizeof(session), "ses_list%08d", i);
        struct share share = create(session, NULL);
        snprintf(items, sizeof(items),
            "{\"type\":\"session\",\"data\":{\"title\":\"Number %03d %s\",\"directory\":\"/home/%s\"}}",
            i, i % 40 ? "<i>plain</i>" : "SPECIAL", i == 7 ? "Needle" : "x");
        assert_int_equal(sync_items(&share, items), 200);
    }
    log_in();
    size_t rows = 0;
    snprintf(target, sizeof(target), "/sessions");
    for (int page = 0; page < 3; page++) {
        assert_int_equal(get_page(target), 200);
        assert_has("120 sessions shared here");
        assert_lacks("<i>");
        rows += times("<tr><th scope=\"row\">");
        const char *next = strstr(got.body, "/sessions?cursor=");
        if (page < 2) assert_non_null(next);
        if (next) snprintf(target, sizeof(target), "%.*s", (int)strcspn(next, "\""), next);
    }
    assert_int_equal(rows, 120);
    assert_lacks("Older</a>");
    assert_int_equal(get_page("/sessions?q=special"), 200);
    assert_int_equal(times("<tr><th scope=\"row\">"), 3);
    assert_has("120 sessions looked through, 3 found.");
    assert_int_equal(get_page("/sessions?q=%2Fhome%2FnEEdle"), 200);
    assert_int_equal(times("<tr><th scope=\"row\">"), 1);
    assert_has("Number 007");
    assert_int_equal(get_page("/sessions?q=%3Cscript%3E%22"), 200);
    assert_int_equal(times("<tr><th scope=\"row\">"), 0);
    assert_lacks("<script>\"");
    assert_int_equal(get_page("/sessions?q=plain"), 200);
    assert_has("Older</a>");
    assert_has("&amp;q=%70%6C%61%69%6E\">");
    assert_int_equal(get_page("/sessions?q="), 200);
    assert_int_equal(times("<tr><th scope=\"row\">"), SESSIONS_ROWS);
    assert_int_equal(get_page("/sessions?cursor=x"), 400);
    assert_int_equal(get_page("/sessions?q=%zz"), 400);
}

static void live_ones(void **state)
{
    (void)state;
    filled("ses_xxabcdefgh");
    log_in();
    /* http_ask's requests came in 2023, so that any share was updated after them. */
    assert_int_equal(get_page("/sessions"), 200);
    assert_has("<span class=\"live\">live</span>");
}

static void public_index(void **state)
{
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    char target[96];
    ask_app->config.public_index = true;
    assert_int_equal(get("/sessions"), 200);
    assert_has("A &lt;b&gt;");
    assert_lacks("Take down");
    assert_lacks("/remove");
    assert_lacks("token");
    assert_has("/sessions?login=1");
    assert_int_equal(get("/sessions?q=nothing"), 200);
    assert_int_equal(get("/sessions?login=1"), 401);
    snprintf(target, sizeof(target), "/sessions/%s/remove", a.id);
    assert_int_equal(get(target), 401);
    assert_int_equal(
        ask(&(struct asking){.method = "POST", .target = target, .body = "token=x"}), 401);
    assert_int_equal(get("/api/sessions"), 401);
    assert_int_equal(get("/api/events"), 401);
    assert_int_equal(get("/api/stats"), 401);
    log_in();
    assert_int_equal(get_page("/sessions"), 200);
    assert_has("Take down");
    assert_has("Log out");
}

/* ---- taking down ---- */

static bool there(const struct share *share)
{
    return get(at(share, "/data")) == 200;
}

static void take_down(void **state)
{
    char target[96], form[256], other[80];
    (void)state;
    struct share a = filled("ses_xxabcdefgh"), b = filled("ses_yyyyyyyyyy");
    log_in();
    snprintf(target, sizeof(target), "/sessions/%s/remove", b.id);
    assert_int_equal(get_page(target), 200);
    snprintf(other, sizeof(other), "%s", token());
    snprintf(target, sizeof(target), "/sessions/%s/remove", a.id);
    assert_int_equal(get_page(target), 200);
    assert_has("Take this session down?");
    assert_has("A &lt;b&gt;");
    snprintf(form, sizeof(form), "token=%s&reason=a+%%3Cgood%%3E+one", token());
    char wrong[96];
    snprintf(wrong, sizeof(wrong), "token=%s", other);
    const struct {
        const char *body, *cookie, *site, *origin;
        int status;
    } refused[] = {{form, NULL, "same-origin", NULL, 401},
        {form, "sharelog_owner=x", NULL, NULL, 401}, {"token=", cookie, NULL, NULL, 403},
        {"reason=x", cookie, "same-origin", NULL, 403}, {wrong, cookie, "same-origin", NULL, 403},
        {form, cookie, "cross-site", NULL, 403}, {form, cookie, "same-site", NULL, 403},
        {form, cookie, "none", NULL, 403}, {form, cookie, NULL, "https://evil.example", 403},
        {form, cookie, NULL, "http://share.example.evil", 403},
        {form, cookie, NULL, "http://share.example:81", 403}};
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        struct asking asking = {.method = "POST",
            .target = target,
            .body = refused[i].body,
            .cookie = refused[i].cookie,
            .site = refused[i].site,
            .origin = refused[i].origin};
        if (ask(&asking) != refused[i].status) fail_msg("%zu: %d", i, got.status);
        assert_true(there(&a));
    }
    struct asking yes = {.method = "POST",
        .target = target,
        .body = form,
        .cookie = cookie,
        .site = "same-origin",
        .origin = "null"};
    assert_int_equal(ask(&yes), 303);
    assert_header("Location: /sessions\r\n");
    assert_false(there(&a));
    assert_true(there(&b));
    assert_int_equal(get_page("/sessions"), 200);
    assert_has("1 session shared here");
    assert_int_equal(get_page(target), 410);
    assert_int_equal(get_page("/sessions/nothing/remove"), 404);
    /* Without what a browser says of itself the token is enough. */
    snprintf(target, sizeof(target), "/sessions/%s/remove", b.id);
    snprintf(form, sizeof(form), "token=%s", other);
    yes = (struct asking){.method = "POST",
        .target = target,
        .body = form,
        .cookie = cookie,
        .origin = "https://SHARE.example"};
    assert_int_equal(ask(&yes), 303);
    assert_false(there(&b));
    assert_int_equal(get_page("/sessions"), 200);
    assert_has("Nothing is shared yet.");
}

static void hostile(void **state)
{
    static const char *const sessions[] = {
        "{\"type\":\"session\",\"data\":{\"title\":\"</title><script>x\\u0000\\u202e\",\"directory\":\"\\\"><img\"}}",
        "{\"type\":\"session\",\"data\":{\"title\":7,\"directory\":[\"<b>\"]}}",
        "{\"type\":\"session\",\"data\":{\"title\":\"\",\"directory\":\"\\ud800\"}}",
        "{\"type\":\"session\",\"data\":\"<b>\"}", "{\"type\":\"session\",\"data\":[]}"};
    char session[32], target[96];
    (void)state;
    log_in();
    for (size_t i = 0; i < sizeof(sessions) / sizeof(*sessions); i++) {
        snprintf(session, sizeof(session), "ses_hostile%03zu", i);
        struct share share = create(session, NULL);
        assert_int_equal(sync_items(&share, sessions[i]), 200);
        snprintf(target, sizeof(target), "/sessions/%s/remove", share.id);
        for (int j = 0; j < 3; j++) {
            assert_int_equal(get_page(j == 0   ? target
                                      : j == 1 ? "/sessions"
                                               : "/sessions?q=%3C"),
                200);
            assert_has("</html>");
            assert_lacks("<script>x");
            assert_lacks("<img");
            assert_lacks("<b>");
        }
    }
}

#define ON(test) cmocka_unit_test_setup_teardown(test, ask_open_public, ask_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(way_in),
        ON(way_out),
        ON(list),
        ON(live_ones),
        ON(public_index),
        ON(take_down),
        ON(hostile),
    };
    return cmocka_run_group_tests_name("sessions page", tests, NULL, NULL);
}
