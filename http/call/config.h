#ifndef SHARELOG_HTTP_CALL_CONFIG_H
#define SHARELOG_HTTP_CALL_CONFIG_H

/* How a store is to be served: what the flags of `sharelog serve` set. */

#include "core/sharelog.h"

/* What is known of one witness of the log. Its texts are good for as long as the application. */
struct http_witness_status {
    const char *url, *name;
    uint64_t size, time_ms; /* the last checkpoint that it cosigned, and when; 0: none yet */
    char error[256];        /* why the last try failed; empty: it didn't */
};

struct http_config {
    const char *listen;      /* "127.0.0.1:8787"; port 0 takes a free one */
    const char *public_url;  /* NULL: built from each request's Host */
    const char *control_key; /* NULL, or a key that counts as the owner's: the command line's on the
                                same machine */
    bool private_create;     /* a key is needed to create */
    bool public_log;
    bool public_index; /* the list of sessions, and only the list, is open to all */
    size_t body_bytes, inflight_bytes;
    unsigned threads, viewers, viewers_per_share;
    unsigned stop_ms;
    /* Fill at most `cap` of them, and return how many there are. NULL: the server has no witnesses.
     */
    size_t (*witnesses)(void *ctx, struct http_witness_status *status, size_t cap);
    void *witnesses_ctx;
    unsigned witness_quorum;
};

/* Defaults, from core/base/limits.h. */
struct http_config http_config_default(void);

#endif
