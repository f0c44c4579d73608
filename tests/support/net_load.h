#ifndef TESTS_SUPPORT_NET_LOAD_H
#define TESTS_SUPPORT_NET_LOAD_H

/* Many writers at once, each with a connection of its own, and what was acknowledged to them. A
   batch follows from its writer and number, so nothing but these is remembered, and each can be
   demanded back byte for byte. */

#include "core/base/buf.h"
#include "tests/support/net_client.h"

#include <pthread.h>

struct net_ack {
    unsigned share, number;
    uint64_t sequence;
};

struct net_writer {
    struct net_load *load;
    pthread_t thread;
    unsigned index;
    struct net_ack *acks;
    size_t acks_count, acks_cap;
    size_t sent, refused; /* refused: answered, but not with 200 */
    int refused_status;
};

#define NET_WRITERS 16
struct net_load {
    /* set before the start: */
    const char *url;
    const struct net_share *shares;
    size_t shares_count;
    unsigned writers;
    unsigned batches;   /* of each writer; 0: until it is stopped or the server is gone */
    size_t large_bytes; /* now and then a batch is up to so large */
    uint64_t seed;      /* another for each load on the same shares */
    /* its own: */
    bool stop;
    struct net_writer writer[NET_WRITERS];
};

void net_load_start(struct net_load *load);
void net_load_stop(struct net_load *load); /* let the writers finish their requests and end */
void net_load_join(struct net_load *load); /* wait until they end by themselves */
void net_load_fini(struct net_load *load);

size_t net_load_acked(const struct net_load *load); /* so far; also while it runs */

/* Demand everything back that was acknowledged: each event holds what its request sent, no sequence
   was acknowledged twice. Fails the test otherwise, and if a request was refused. */
void net_load_check(const struct net_load *load, struct net_client *client);

/* A share's history has no gaps: sequences 1 to N. Returns N. Fails the test otherwise. */
uint64_t net_history_check(struct net_client *client, const struct net_share *share);

#endif
