/* Bodies: how they are read from a source of any pace, the room they wait for, and a query's
 * parameters. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/edge/body.h"
#include "http/edge/socket.h"
#include "http/http.h"
#include "tests/support/net_server.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a source ---- */

struct source {
    size_t left, step;
    bool gone_at_end; /* else it is silent */
    unsigned silence_ms;
    unsigned went_on, reads;
};

static long source_read(void *ctx, void *bytes, size_t len)
{
    struct source *source = ctx;
    source->reads++;
    if (source->left == 0) {
        if (source->gone_at_end) return -1;
        net_pause_ms(source->silence_ms);
        return 0;
    }
    size_t n = len < source->step ? len : source->step;
    if (n > source->left) n = source->left;
    memset(bytes, 'b', n);
    source->left -= n;
    return (long)n;
}

static bool source_go_on(void *ctx)
{
    ((struct source *)ctx)->went_on++;
    return true;
}

static struct body body_of(struct source *source, uint64_t length)
{
    return (struct body){.declared = {.has_length = true, .length = length},
        .source = {source_read, source_go_on, source}};
}

static void reading(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 65536, 65537, 3000000};
    static const size_t steps[] = {1000, 1u << 20};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
        for (size_t j = 0; j < 2; j++) {
            struct source source = {.left = lengths[i], .step = steps[j]};
            struct body body = body_of(&source, lengths[i]);
            struct sl_span bytes, again;
            assert_int_equal(body_read(&body, 3000000, &bytes, NULL), SL_OK);
            assert_int_equal(bytes.len, lengths[i]);
            for (size_t k = 0; k < bytes.len; k++)
                assert_true(bytes.ptr[k] == 'b');
            unsigned reads = source.reads;
            assert_int_equal(body_read(&body, 3000000, &again, NULL), SL_OK);
            assert_ptr_equal(again.ptr, bytes.ptr);
            assert_int_equal(source.reads, reads);
            assert_true(body_leaves_connection(&body) && body_drop_rest(&body));
            assert_int_equal(source.went_on, 0);
            body_fini(&body);
        }
}

static void refusing(void **state)
{
    (void)state;
    struct sl_span bytes;
    struct sl_err err = {0};
    struct source source = {.left = 100, .step = 100};
    struct body body = body_of(&source, 101);
    assert_int_equal(body_read(&body, 100, &bytes, &err), SL_TOO_LARGE);
    assert_non_null(strstr(err.text, "101"));
    assert_non_null(strstr(err.text, "100"));
    body.declared = (struct head_body){0};
    assert_int_equal(body_read(&body, 100, &bytes, &err), SL_INVALID);
    assert_false(body_leaves_connection(&body));
    body = body_of(&source, 0);
    body.declared = (struct head_body){.chunked = true};
    assert_int_equal(body_read(&body, 100, &bytes, &err), SL_INVALID);
    assert_false(body_leaves_connection(&body));
    assert_int_equal(source.reads, 0);
}

static void going(void **state)
{
    (void)state;
    struct sl_span bytes;
    struct source source = {.left = 50, .step = 10, .gone_at_end = true};
    struct body body = body_of(&source, 100);
    assert_int_equal(body_read(&body, 100, &bytes, NULL), SL_IO);
    assert_true(body.gone && !body.late);
    assert_false(body_leaves_connection(&body));
    assert_int_equal(body_read(&body, 100, &bytes, NULL), SL_IO);
    body_fini(&body);
}

static void being_late(void **state)
{
    (void)state;
    struct sl_span bytes;
    struct sl_err err = {0};
    struct source source = {.left = 50, .step = 50, .silence_ms = 10};
    struct body body = body_of(&source, 1000);
    body.grace_ms = 60;
    assert_int_equal(body_read(&body, 1000, &bytes, &err), SL_IO);
    assert_true(body.late && body.gone);
    assert_non_null(strstr(err.text, "slow"));
    body_fini(&body);
}

static void being_asked_to_go_on(void **state)
{
    (void)state;
    struct sl_span bytes;
    struct source source = {.left = 10, .step = 10};
    struct body body = body_of(&source, 10);
    body.expects_continue = true;
    assert_false(body_leaves_connection(&body)); /* unread: will it come? */
    assert_int_equal(body_read(&body, 10, &bytes, NULL), SL_OK);
    assert_int_equal(source.went_on, 1);
    assert_true(body_leaves_connection(&body));
    body_fini(&body);
}

static void being_left_unread(void **state)
{
    (void)state;
    struct source source = {.left = 60000, .step = 1000};
    struct body body = body_of(&source, 60000);
    assert_true(body_leaves_connection(&body));
    assert_true(body_drop_rest(&body));
    assert_int_equal(source.left, 0);
    source.left = 100000;
    body = body_of(&source, 100000);
    assert_false(body_leaves_connection(&body));
    assert_false(body_drop_rest(&body));
    assert_int_equal(source.left, 100000);
}

/* ---- recv, as CivetWeb's worker has it ---- */

static void *trickling_worker(void *ctx)
{
    int fd = *(int *)ctx;
    char bytes[64];
    intptr_t failed = 0;
    socket_worker_begin();
    socket_connection_begin();
    failed |= recv(fd, bytes, 1, 0) != 1;
    failed |= socket_arrived_us() == 0;
    socket_pace_begin(1000, 3600 * 1000);
    failed |= recv(fd, bytes, 1, 0) != 1;
    failed |= !socket_pace_kept();
    socket_pace_end();
    socket_pace_begin(1000, 1);
    net_pause_ms(5); /* in which nothing was received */
    errno = 0;
    failed |= recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) != -1 ||
              errno != ETIMEDOUT; /* though there is a byte */
    failed |= socket_pace_kept();
    socket_pace_end();
    /* A connection that is taken over: nothing is received on it, no end is sent. */
    int copy = -1;
    failed |= socket_take(&copy, NULL) != SL_OK || !socket_taken();
    failed |= recv(fd, bytes, sizeof(bytes), 0) != 0;
    failed |= shutdown(fd, SHUT_WR) != 0;
    failed |= send(copy, "still here", 10, 0) != 10;
    failed |= socket_take(&copy, NULL) != SL_IO;
    socket_connection_close();
    socket_connection_closed();
    failed |= socket_taken();
    socket_worker_end();
    close(copy);
    return (void *)failed;
}

static void a_workers_connection(void **state)
{
    (void)state;
    int pair[2];
    pthread_t thread;
    void *failed;
    char bytes[64];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(send(pair[1], "abcd", 4, 0), 4);
    assert_int_equal(pthread_create(&thread, NULL, trickling_worker, &pair[0]), 0);
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_int_equal(recv(pair[1], bytes, sizeof(bytes), 0), 10);
    close(pair[0]);
    close(pair[1]);
}

static void only_for_workers(void **state)
{
    (void)state;
    int fd;
    assert_int_equal(socket_take(&fd, NULL), SL_IO);
    assert_true(socket_arrived_us() > 0);
    assert_true(socket_pace_kept());
}

/* ---- room ---- */

struct wanting {
    struct budget *budget;
    uint64_t bytes;
    pthread_t thread;
    unsigned turn;
};

static unsigned turns;

static void *want(void *ctx)
{
    struct wanting *wanting = ctx;
    budget_reserve(wanting->budget, wanting->bytes);
    wanting->turn = __atomic_add_fetch(&turns, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void wait_for(struct budget *budget, unsigned count)
{
    unsigned waiting = 0;
    for (uint64_t since = 0; budget_used(budget, &waiting), waiting != count;)
        net_wait(&since);
}

static void waiting_in_order(void **state)
{
    (void)state;
    struct budget *budget = budget_create(100);
    struct wanting large = {budget, 90, 0, 0}, small = {budget, 10, 0, 0};
    unsigned waiting;
    assert_int_equal(budget_reserve(budget, 50), 50);
    pthread_create(&large.thread, NULL, want, &large);
    wait_for(budget, 1);
    pthread_create(&small.thread, NULL, want, &small); /* there is room, but it came later */
    wait_for(budget, 2);
    assert_int_equal(budget_used(budget, &waiting), 50);
    budget_release(budget, 50);
    pthread_join(large.thread, NULL);
    pthread_join(small.thread, NULL);
    assert_true(large.turn != 0 && small.turn != 0);
    assert_int_equal(budget_used(budget, &waiting), 100);
    assert_int_equal(waiting, 0);
    budget_release(budget, 90);
    budget_release(budget, 10);
    assert_int_equal(budget_reserve(budget, 1000), 100); /* more than there is: all of it */
    budget_release(budget, 100);
    budget_destroy(budget);
}

/* ---- queries ---- */

static const char *query(const char *text, const char *name)
{
    static char value[16];
    struct http_request request = {.query = sl_span_of(text)};
    return http_query(&request, name, value, sizeof(value)) ? value : NULL;
}

static void queries(void **state)
{
    (void)state;
    assert_string_equal(query("at=7", "at"), "7");
    assert_string_equal(query("t=1&at=7&x=2", "at"), "7");
    assert_string_equal(query("at=7&at=8", "at"), "7");
    assert_string_equal(query("at", "at"), "");
    assert_string_equal(query("at=", "at"), "");
    assert_string_equal(query("at=a+b%20c%2B", "at"), "a b c+");
    assert_string_equal(query("at=a=b", "at"), "a=b");
    assert_string_equal(query("at=%C3%A9", "at"), "\xc3\xa9");
    assert_string_equal(query("&&at=1&&", "at"), "1");
    assert_string_equal(query("at=123456789012345", "at"), "123456789012345");
    static const char *const wrong[] = {"", "b=1", "cat=1", "at%3D1", "at=%", "at=%4", "at=%4g",
        "at=%00", "att=1", "at=1234567890123456"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        if (query(wrong[i], "at")) fail_msg("`%s` has an `at`", wrong[i]);
}

static int end_thread(void **state)
{
    (void)state;
    body_connection_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(refusing),
        cmocka_unit_test(going),
        cmocka_unit_test(being_late),
        cmocka_unit_test(being_asked_to_go_on),
        cmocka_unit_test(being_left_unread),
        cmocka_unit_test(a_workers_connection),
        cmocka_unit_test(only_for_workers),
        cmocka_unit_test(waiting_in_order),
        cmocka_unit_test(queries),
    };
    return cmocka_run_group_tests(tests, NULL, end_thread);
}
