#ifndef TESTS_SUPPORT_NET_LOG_H
#define TESTS_SUPPORT_NET_LOG_H

/* What a stranger does with a server's log: fetch tiles, and hold proofs and bundles against the
   log's key. What fails, fails the test (cmocka). */

#include "core/proof/bundle.h"
#include "core/proof/tree.h"
#include "tests/support/net_client.h"
#include "tests/support/net_server.h"

/* The log's key, as `sharelog log-key` prints it, and the policy that asks for its signature
   alone (the caller destroys it). */
void net_log_key(struct net_server *server, struct note_key *key);
struct policy *net_log_policy(struct net_server *server);

/* GET /log/checkpoint, its signature checked. */
struct net_checkpoint {
    uint64_t size;
    uint8_t root[32];
    char origin[NOTE_NAME_BYTES + 1];
};
struct net_checkpoint net_log_checkpoint(struct net_client *client, const struct note_key *key);

/* The path of a tile, as C2SP has it; `what` is a level or "entries". Valid until eight further
   calls. */
const char *net_tile_path(const char *what, uint64_t index, unsigned width);

/* The tree of the first `size` events, made of tiles as they are asked for. */
struct net_tiles {
    struct net_client *client;
    uint64_t size;
};
struct tree_source net_tiles_source(struct net_tiles *tiles);

/* GET /api/share/ID/events/SEQ (with the owner key) and its proof: they fit each other, the share
   and the log. */
struct event_verdict net_event_verify(
    struct net_client *client, const char *id, uint64_t sequence, const struct policy *policy);

/* Bytes as a bundle. */
enum sl_result net_bundle_check(struct sl_span bytes, const struct policy *policy,
    struct bundle_verdict *verdict, struct sl_err *err);
/* GET /api/share/ID/bundle, verified. */
struct bundle_verdict net_bundle_verify(
    struct net_client *client, const char *id, const struct policy *policy);

#endif
