#ifndef SHARELOG_TOOLS_RECORDING_H
#define SHARELOG_TOOLS_RECORDING_H

/* A capture: what a client once sent, one JSON object a line: {t, method, path, headers, body,
 * status}. */

#include "core/sharelog.h"

#define RECORDING_NONE SIZE_MAX

struct recorded {
    uint64_t t_ms; /* since the first */
    const char *method;
    struct sl_span path;   /* up to the share's id, if it has one; else all of it */
    struct sl_span rest;   /* behind the id */
    struct sl_span body;   /* as it was sent; empty: none */
    struct sl_span secret; /* its place in the body, without quotes; empty: none */
    size_t share;          /* of the path: an index of recording.shares; RECORDING_NONE: none */
    size_t creates; /* a session, an index of recording.sessions; RECORDING_NONE: it is no create */
    bool is_sync;
    int status; /* what the server of then answered */
};

struct recorded_share {
    struct sl_span id;
    size_t session; /* RECORDING_NONE: it was never created in here */
};

struct recording {
    const char *file;
    char *text;       /* all spans are of this */
    char *user_agent; /* NULL: none is recorded */
    struct recorded *requests;
    size_t requests_count;
    struct recorded_share *shares;
    size_t shares_count;
    struct sl_span *sessions; /* ids */
    size_t sessions_count;
};

/* SL_IO: it can't be read; SL_INVALID: line N isn't what it should be. */
enum sl_result recording_open(const char *file, struct recording *recording, struct sl_err *err);
void recording_close(struct recording *recording);

#endif
