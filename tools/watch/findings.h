#ifndef SHARELOG_TOOLS_FINDINGS_H
#define SHARELOG_TOOLS_FINDINGS_H

/* What a monitor finds of one log, told at once: a line each on stdout,

     share.example.org: fork: … are of two histories, and it signed both; kept in DIR/91c2….conflict

   or, of --json, a line for each log with all that was found. Where nothing is found nothing is
   said, so that cron sends no mail; on a terminal a line says so. */

#include "tools/shared/buffer.h"

/* Kinds are words of the output: a script may go by them. */
enum finding {
    FINDING_FORK,        /* the log signed two histories */
    FINDING_LOG,         /* tiles or entries are not what was signed, or break the log's rules */
    FINDING_UNSIGNED,    /* what it shows is no checkpoint that the log signed */
    FINDING_QUORUM,      /* cosignatures lack */
    FINDING_STALE,       /* cosignatures are too old, or a witness's is */
    FINDING_OLDER,       /* it shows less than it has shown before */
    FINDING_STILL,       /* it hasn't grown for too long */
    FINDING_TIMES,       /* events are dated as no clock would */
    FINDING_WITNESS,     /* a witness doesn't show what it should */
    FINDING_UNREACHABLE, /* a server or witness couldn't be asked */
    FINDING_STATE        /* what was kept can't be read, or not be written */
};

struct findings {
    const char *log; /* its origin */
    const char *url;
    bool json;
    unsigned seen;      /* kinds, a bit each */
    struct buffer list; /* of --json */
};

/* `evidence` is a file that shows it, or NULL. */
void findings_add(struct findings *findings, enum finding kind, const char *evidence,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
bool findings_have(const struct findings *findings, enum finding kind);

/* The end: what was seen of the log, where a checkpoint was. Returns an exit code: EXIT_NO
   something is wrong with the log, EXIT_WRONG it couldn't be looked at, EXIT_YES. */
struct findings_seen {
    bool any;
    uint64_t size;
    size_t cosignatures;
    uint64_t newest_s; /* the newest cosignature's time; 0: none */
};
int findings_end(struct findings *findings, const struct findings_seen *seen);

#endif
