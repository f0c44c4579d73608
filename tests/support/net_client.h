#ifndef TESTS_SUPPORT_NET_CLIENT_H
#define TESTS_SUPPORT_NET_CLIENT_H

/* A well-behaved HTTP client (libcurl's wall), with one connection that it keeps. For one thread at
   a time, each thread its own. Nothing here fails a test by itself, so threads may use it; the ones
   that do are said to. */

#include "core/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_client;

#define NET_HEADERS 6
struct net_request {
    const char *method, *path;
    struct sl_span body;              /* ptr NULL: the request has none */
    const char *headers[NET_HEADERS]; /* "Name: value" */
};

/* The last answer, valid until the next request. */
struct net_answer {
    int status; /* 0: no whole answer came, `failure` says why */
    const char *failure;
    const char *body; /* terminated; not decoded */
    size_t len;
    const char *headers; /* all lines, terminated */
};

struct net_client *net_client_create(const char *url);
void net_client_destroy(struct net_client *client); /* NULL is fine */

/* Ask, and return the status (0: no answer). A body goes as application/json unless a header says
   otherwise. */
int net_ask(struct net_client *client, const struct net_request *request);
const struct net_answer *net_answer(const struct net_client *client);

int net_get(struct net_client *client, const char *path);
int net_get_as(struct net_client *client, const char *path, const char *header);
int net_ask_as(struct net_client *client, const char *method, const char *path, const char *header);
int net_post(struct net_client *client, const char *path, const char *body);
int net_post_span(struct net_client *client, const char *path, struct sl_span body);
int net_delete(struct net_client *client, const char *path, const char *body);

/* The value of a header of the last answer, "" if it has none; valid until eight further calls. */
const char *net_header(const struct net_client *client, const char *name);

/* A string and a number of the last answer's object; "" and 0 if they are not there. Valid until
   eight further calls. */
const char *net_field(const struct net_client *client, const char *name);
uint64_t net_field_u64(const struct net_client *client, const char *name);

/* The last answer's body as a span. */
struct sl_span net_body_span(const struct net_client *client);

/* ---- these fail the test ---- */

/* The last answer: its status, and its whole body. */
#define net_expect(client, status, body) net_expect_at(client, status, body, __FILE__, __LINE__)
void net_expect_at(
    const struct net_client *client, int status, const char *body, const char *file, int line);

/* Its status, and {"error": text}. */
#define net_expect_error(client, status, text)                                                     \
    net_expect_error_at(client, status, text, __FILE__, __LINE__)
void net_expect_error_at(
    const struct net_client *client, int status, const char *text, const char *file, int line);

/* Its status alone; and: `text` is somewhere in its body. */
#define net_expect_status(client, status) net_expect_at(client, status, NULL, __FILE__, __LINE__)
#define net_expect_has(client, text) net_expect_has_at(client, text, __FILE__, __LINE__)
void net_expect_has_at(
    const struct net_client *client, const char *text, const char *file, int line);

/* A copy of the last answer's body, for the caller to drop; and what lies in it under a name. */
struct sl_span net_body_copy(const struct net_client *client);
void net_body_drop(struct sl_span copy);
struct sl_span net_member(const struct net_client *client, const char *name);

/* ---- shares ---- */

struct net_share {
    char id[80], secret[64], url[300];
};

/* Create as a client without a key does; false if the answer is none of a create. */
bool net_create(struct net_client *client, const char *session_id, struct net_share *share);
bool net_create_as(struct net_client *client, const char *path, const char *header,
    const char *session_id, struct net_share *share);

/* Sync `items`, a JSON text of what stands between the brackets. The status. */
int net_sync(struct net_client *client, const struct net_share *share, const char *items);
int net_sync_span(struct net_client *client, const struct net_share *share, struct sl_span items);

/* "/api/share/ID" and what follows; valid until eight further calls (of this thread). */
const char *net_path(const struct net_share *share, const char *rest);

/* A formatted text, valid until eight further calls (of this thread); at most 1 KiB. */
const char *net_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A session id that no other test of this run used. */
const char *net_session_id(void);

#define NET_AS_OWNER "Authorization: Bearer owner-key-of-the-api-tests"

#define NET_SESSION(title)                                                                         \
    "{\"type\":\"session\",\"data\":{\"id\":\"ses_x\",\"title\":\"" title                          \
    "\",\"directory\":\"/w\"}}"
#define NET_MESSAGE(id) "{\"type\":\"message\",\"data\":{\"id\":\"" id "\",\"role\":\"user\"}}"
#define NET_PART(message, id, text)                                                                \
    "{\"type\":\"part\",\"data\":{\"id\":\"" id "\",\"messageID\":\"" message                      \
    "\",\"type\":\"text\",\"text\":\"" text "\"}}"

#endif
