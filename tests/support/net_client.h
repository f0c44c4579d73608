#ifndef TESTS_SUPPORT_API_CLIENT_H
#define TESTS_SUPPORT_API_CLIENT_H

/* A well-behaved HTTP client (libcurl's wall), with one connection that it keeps. For one thread at
   a time, each thread its own. Nothing here fails a test by itself, so threads may use it; the ones
   that do are said to. */

#include "core/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_client;

#define API_HEADERS 6
struct api_request {
    const char *method, *path;
    struct sl_span body;              /* ptr NULL: the request has none */
    const char *headers[API_HEADERS]; /* "Name: value" */
};

/* The last answer, valid until the next request. */
struct api_answer {
    int status; /* 0: no whole answer came, `failure` says why */
    const char *failure;
    const char *body; /* terminated; not decoded */
    size_t len;
    const char *headers; /* all lines, terminated */
};

struct api_client *api_client_create(const char *url);
void api_client_destroy(struct api_client *client); /* NULL is fine */

/* Ask, and return the status (0: no answer). A body goes as application/json unless a header says
   otherwise. */
int api_ask(struct api_client *client, const struct api_request *request);
const struct api_answer *api_answer(const struct api_client *client);

int api_get(struct api_client *client, const char *path);
int api_get_as(struct api_client *client, const char *path, const char *header);
int api_post(struct api_client *client, const char *path, const char *body);
int api_post_span(struct api_client *client, const char *path, struct sl_span body);
int api_delete(struct api_client *client, const char *path, const char *body);

/* The value of a header of the last answer, "" if it has none; valid until eight further calls. */
const char *api_header(const struct api_client *client, const char *name);

/* A string and a number of the last answer's object; "" and 0 if they are not there. Valid until
   eight further calls. */
const char *api_field(const struct api_client *client, const char *name);
uint64_t api_field_u64(const struct api_client *client, const char *name);

/* The last answer's body as a span. */
struct sl_span api_body_span(const struct api_client *client);

/* ---- these fail the test ---- */

/* The last answer: its status, and its whole body. */
#define api_expect(client, status, body) api_expect_at(client, status, body, __FILE__, __LINE__)
void api_expect_at(
    const struct api_client *client, int status, const char *body, const char *file, int line);

/* Its status, and {"error": text}. */
#define api_expect_error(client, status, text)                                                     \
    api_expect_error_at(client, status, text, __FILE__, __LINE__)
void api_expect_error_at(
    const struct api_client *client, int status, const char *text, const char *file, int line);

/* Its status alone; and: `text` is somewhere in its body. */
#define api_expect_status(client, status) api_expect_at(client, status, NULL, __FILE__, __LINE__)
#define api_expect_has(client, text) api_expect_has_at(client, text, __FILE__, __LINE__)
void api_expect_has_at(
    const struct api_client *client, const char *text, const char *file, int line);

/* ---- shares ---- */

struct api_share {
    char id[80], secret[64], url[300];
};

/* Create as a client without a key does; false if the answer is none of a create. */
bool api_create(struct api_client *client, const char *session_id, struct api_share *share);
bool api_create_as(struct api_client *client, const char *path, const char *header,
    const char *session_id, struct api_share *share);

/* Sync `items`, a JSON text of what stands between the brackets. The status. */
int api_sync(struct api_client *client, const struct api_share *share, const char *items);
int api_sync_span(struct api_client *client, const struct api_share *share, struct sl_span items);

/* "/api/share/ID" and what follows; valid until eight further calls (of this thread). */
const char *api_path(const struct api_share *share, const char *rest);

/* A formatted text, valid until eight further calls (of this thread); at most 1 KiB. */
const char *api_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A session id that no other test of this run used. */
const char *api_session_id(void);

#define API_AS_OWNER "Authorization: Bearer owner-key-of-the-api-tests"

#define API_SESSION(title)                                                                         \
    "{\"type\":\"session\",\"data\":{\"id\":\"ses_x\",\"title\":\"" title                          \
    "\",\"directory\":\"/w\"}}"
#define API_MESSAGE(id) "{\"type\":\"message\",\"data\":{\"id\":\"" id "\",\"role\":\"user\"}}"
#define API_PART(message, id, text)                                                                \
    "{\"type\":\"part\",\"data\":{\"id\":\"" id "\",\"messageID\":\"" message                      \
    "\",\"type\":\"text\",\"text\":\"" text "\"}}"

#endif
