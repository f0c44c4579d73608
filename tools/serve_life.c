#include "tools/serve.h"

#include "tools/target.h"
#include "tools/term.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Behind the deadline of the HTTP part: for the store to finish what is queued and close. */
#define CLOSE_GRACE_MS 5000

bool serve_is_ipv4(struct sl_span host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (host.len >= sizeof(text)) return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = 0;
    return inet_pton(AF_INET, text, &address) == 1;
}

/* CivetWeb doesn't say; so the same is tried once more, for its error alone. */
const char *serve_why_not(const char *listen_at, const char *otherwise)
{
    char host[INET_ADDRSTRLEN] = "";
    struct sockaddr_in address = {.sin_family = AF_INET};
    const char *colon = strrchr(listen_at, ':');
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, error = 0;
    if (fd < 0) return otherwise;
    snprintf(host, sizeof(host), "%.*s", (int)(colon - listen_at), listen_at);
    inet_pton(AF_INET, host, &address.sin_addr);
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0)
        error = errno;
    close(fd);
    if (error == EADDRINUSE)
        return "the port is in use; stop what uses it, or choose another with --listen";
    if (error == EACCES) return "ports below 1024 are for root; choose another with --listen";
    if (error == EADDRNOTAVAIL)
        return "this machine has no such address; choose another with --listen";
    return error ? strerror(error) : otherwise;
}

/* ---- what it tells ---- */

static void tell_user(const struct serving *serving, const char *dir, const char *url)
{
    struct buffer link = {0};
    buffer_text(&link, "/sessions"); /* the key is escaped, since an operator may have chosen it */
    target_param(&link, "key", sl_store_owner_key(serving->store));
    printf("\nData is kept in %s.\n\n", dir);
    printf(
        "In opencode.json, to share with this server:\n  %s{\"enterprise\":{\"url\":\"%s\"}}%s\n",
        term_style(TERM_BOLD), url, term_style(TERM_PLAIN));
    printf("or, so that a session that is shared again gets its old link:\n  "
           "{\"enterprise\":{\"url\":\"%s/k/%s\"}}\n\n",
        url, sl_store_client_key(serving->store));
    printf("Your sessions (this link has the owner key in it; keep it to yourself):\n  %s%s\n\n",
        url, buffer_c(&link));
    explicit_bzero(link.ptr, link.len);
    buffer_free(&link);
}

void serve_tell(const struct serving *serving, const char *dir, const char *public_url)
{
    printf("listening on %s\n", http_server_url(serving->server));
    if (term_out()) {
        struct buffer url = {0};
        buffer_text(&url, public_url ? public_url : serving->announced.url);
        while (url.len && url.ptr[url.len - 1] == '/')
            url.len--;
        tell_user(serving, dir, buffer_c(&url));
        printf("Stop it with Ctrl-C.\n");
        buffer_free(&url);
    }
    fflush(stdout);
}

/* ---- how it is stopped ---- */

static sigset_t stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

void serve_block_signals(void)
{
    sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void serve_wait(void)
{
    sigset_t set = stop_signals();
    int got;
    while (sigwait(&set, &got) != 0)
        continue;
}

static void *watch(void *ctx)
{
    const struct timespec *wait = ctx;
    sigset_t set = stop_signals();
    int got;
    do {
        got = sigtimedwait(&set, NULL, wait);
    } while (got < 0 && errno == EINTR);
    fail(got > 0 ? "leaving at once" : "couldn't stop in time; leaving");
    _exit(2);
}

void serve_watch(unsigned stop_ms)
{
    static struct timespec wait; /* it outlives every caller */
    unsigned ms = stop_ms + CLOSE_GRACE_MS;
    pthread_t thread;
    wait = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    if (pthread_create(&thread, NULL, watch, &wait) == 0)
        pthread_detach(thread);
    else
        alarm(ms / 1000 + 1); /* SIGALRM ends the process */
}
