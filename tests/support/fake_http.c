/* A small HTTP server in the test's own process. */

#include "tests/support/fake_http.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES (1 << 20)

static bool more(struct fake_http *fake, int fd, char *text, size_t *len)
{
    for (int waited = 0; waited < 100 && !atomic_load(&fake->stop); waited++) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, 100) == 0) continue;
        ssize_t n = recv(fd, text + *len, REQUEST_BYTES - 1 - *len, 0);
        if (n <= 0) return false;
        *len += (size_t)n;
        text[*len] = 0;
        return *len < REQUEST_BYTES - 1;
    }
    return false;
}

/* The whole request; *body is where its body begins. */
static bool take(struct fake_http *fake, int fd, char *text, size_t *len, size_t *body)
{
    char *end = NULL;
    while (!(end = strstr(text, "\r\n\r\n")))
        if (!more(fake, fd, text, len)) return false;
    const char *field = strcasestr(text, "\r\nContent-Length:");
    size_t length = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    *body = (size_t)(end + 4 - text);
    while (*len - *body < length)
        if (!more(fake, fd, text, len)) return false;
    *len = *body + length;
    return true;
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes += n;
        len -= (size_t)n;
    }
}

static void serve_one(struct fake_http *fake, int fd, char *text)
{
    size_t len = 0, body = 0;
    char head[512];
    struct fake_reply reply = {.status = 200, .type = "text/plain; charset=utf-8"};
    text[0] = 0;
    if (!take(fake, fd, text, &len, &body)) return;
    char *rest = text, *method = strsep(&rest, " "), *path = strsep(&rest, " ");
    struct fake_request request = {method, path ? path : "", {text + body, len - body}};
    fake->answer(fake->ctx, &request, &reply);
    if (reply.status) {
        int n = snprintf(head, sizeof(head),
            "HTTP/1.1 %d Fake\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
            reply.status, reply.type, reply.body.len);
        send_all(fd, head, (size_t)n);
        send_all(fd, reply.body.ptr, reply.body.len);
    }
    buf_fini(&reply.body);
}

static void *run(void *ctx)
{
    struct fake_http *fake = ctx;
    char *text = malloc(REQUEST_BYTES);
    while (text && !atomic_load(&fake->stop)) {
        struct pollfd ready = {.fd = fake->fd, .events = POLLIN};
        if (poll(&ready, 1, 50) <= 0) continue;
        int fd = accept4(fake->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) continue;
        serve_one(fake, fd, text);
        shutdown(fd, SHUT_RDWR);
        close(fd);
    }
    free(text);
    return NULL;
}

bool fake_http_open(struct fake_http *fake, unsigned port,
    void (*answer)(void *ctx, const struct fake_request *request, struct fake_reply *reply),
    void *ctx)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof(address);
    int yes = 1;
    *fake = (struct fake_http){.answer = answer, .ctx = ctx};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fake->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fake->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fake->fd, (struct sockaddr *)&address, len) != 0 || listen(fake->fd, 16) != 0 ||
        getsockname(fake->fd, (struct sockaddr *)&address, &len) != 0)
        return false;
    fake->port = ntohs(address.sin_port);
    snprintf(fake->url, sizeof(fake->url), "http://127.0.0.1:%u", fake->port);
    return pthread_create(&fake->thread, NULL, run, fake) == 0;
}

void fake_http_close(struct fake_http *fake)
{
    if (!fake->port) return;
    atomic_store(&fake->stop, true);
    pthread_join(fake->thread, NULL);
    close(fake->fd);
    fake->port = 0;
}
