#include "tests/support/net_fixture.h"

struct net_server server;
struct net_client *client;

void open_server_with(const char *const *flags)
{
    net_watchdog();
    net_server_open(&server, flags);
    client = net_client_create(server.url);
}

int open_server(void **state)
{
    (void)state;
    open_server_with(NULL);
    return 0;
}

int close_server(void **state)
{
    (void)state;
    net_client_destroy(client);
    client = NULL;
    net_server_close(&server);
    return 0;
}

void start_again(void)
{
    net_server_start(&server);
    net_client_destroy(client);
    client = net_client_create(server.url);
}
