/* Addresses are parsed before anything is opened; why one can't be listened at is found out by
   trying, after the server failed to. */

#include "tools/serve/listen_at.h"

#include "core/base/decimal.h"
#include "tools/shared/term.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <unistd.h>

#define PORT_MAX 65535

static bool is_ipv4(struct sl_span host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (host.len >= sizeof(text)) return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = 0;
    return inet_pton(AF_INET, text, &address) == 1;
}

bool listen_at(const char *command, const char *text, char *listen, size_t cap)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || colon == text || !sl_decimal(sl_span_of(colon + 1), PORT_MAX, &port)) {
        fail("%s: --listen takes HOST:PORT, such as 127.0.0.1:8787, not \"%s\"", command, text);
        return false;
    }
    struct sl_span host = {text, (size_t)(colon - text)};
    if (sl_span_eq(host, SL_SPAN("localhost"))) host = SL_SPAN("127.0.0.1");
    if (sl_span_eq(host, SL_SPAN("*"))) host = SL_SPAN("0.0.0.0");
    if (!is_ipv4(host)) {
        fail(
            "%s: --listen \"%s\": the host is an IPv4 address, such as 127.0.0.1, or 0.0.0.0 for all; for IPv6 "
            "and TLS put a reverse proxy in front",
            command, text);
        return false;
    }
    snprintf(listen, cap, "%.*s:%u", (int)host.len, host.ptr, (unsigned)port);
    return true;
}

/* CivetWeb doesn't say; so the same is tried once more, for its error alone. */
const char *listen_why_not(const char *address_text, const char *otherwise)
{
    char host[INET_ADDRSTRLEN] = "";
    struct sockaddr_in address = {.sin_family = AF_INET};
    const char *colon = strrchr(address_text, ':');
    uint64_t port = 0;
    bool parsed = colon && sl_decimal(sl_span_of(colon + 1), PORT_MAX, &port);
    assert(parsed); /* listen_at made it */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, error = 0;
    if (fd < 0) return otherwise;
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address_text), address_text);
    inet_pton(AF_INET, host, &address.sin_addr);
    address.sin_port = htons((uint16_t)port);
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
