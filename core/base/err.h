#ifndef SHARELOG_ERR_H
#define SHARELOG_ERR_H

/* The one error space of sharelog: a result that a program acts on, and a message that a person
   reads. */

/* Expected outcomes first, failures after. The numbers are for ever: only append. */
#define SL_RESULTS(X)                                                                              \
    X(SL_OK, 0, "ok")                                                                              \
    /* expected outcomes */                                                                        \
    X(SL_NOT_FOUND, 1, "not found")                                                                \
    X(SL_REMOVED, 2, "removed")                                                                    \
    X(SL_BAD_SECRET, 3, "bad secret")                                                              \
    X(SL_INVALID, 4, "invalid input")                                                              \
    X(SL_TOO_LARGE, 5, "too large")                                                                \
    X(SL_NO_MOMENT, 6, "no such moment")                                                           \
    X(SL_HELD, 7, "taken down by the owner")                                                       \
    X(SL_READ_ONLY, 8, "read-only")                                                                \
    X(SL_CLOSING, 9, "closing")                                                                    \
    X(SL_LOCKED, 10, "in use by another process")                                                  \
    X(SL_FORMAT, 11, "made by a newer version")                                                    \
    X(SL_STOPPED, 12, "stopped by the caller")                                                     \
    X(SL_REDACTED, 13, "redacted meanwhile")                                                       \
    /* failures */                                                                                 \
    X(SL_IO, 32, "input/output error")                                                             \
    X(SL_CORRUPT, 33, "corrupt")                                                                   \
    X(SL_NOMEM, 34, "out of memory")

enum sl_result {
#define X(name, value, text) name = value,
    SL_RESULTS(X)
#undef X
};

/* Owned by the caller, who zeroes it; written only when a function fails. `text` never holds a
   secret, and what a client sent only in an escaped, bounded form. */
struct sl_err {
    enum sl_result result;
    char text[480];
};

/* The result's own words, never NULL. */
const char *sl_result_text(enum sl_result result);

/* Set *err (which may be NULL) and return `result`, so that failing reads `return sl_fail(err,
   …)`. */
enum sl_result sl_fail(struct sl_err *err, enum sl_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#ifdef __clang_analyzer__
/* It sees one file at a time, and would follow paths on which a failure is SL_OK. */
#define sl_fail(err, result, ...) ((void)sl_fail((err), (result), __VA_ARGS__), (result))
#endif

/* Put `format` and ": " before the message of a level below; returns err->result.
   `sync share q7Zk2bXa: append: write: No space left on device` is made of three levels. */
enum sl_result sl_fail_in(struct sl_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
