#ifndef TESTS_SUPPORT_NET_FIXTURE_H
#define TESTS_SUPPORT_NET_FIXTURE_H

/* The server that a test works on, and a client of it. Tests name them on every line, hence the
 * short names. */

#include "tests/support/net_client.h"
#include "tests/support/net_server.h"

extern struct net_server server;
extern struct net_client *client;

/* `flags` as for net_server_open. The whole program ends when the tests hang: net_watchdog. */
void open_server_with(const char *const *flags);
int open_server(void **state); /* without flags: cmocka's set-up */
int close_server(void **state);

/* The server, stopped or killed before, and the client on a new connection. */
void start_again(void);

#endif
