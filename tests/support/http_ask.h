#ifndef TESTS_SUPPORT_HTTP_ASK_H
#define TESTS_SUPPORT_HTTP_ASK_H

/* Requests without sockets, for tests of handlers: a real store in a folder of its own, a request
   filled in, its answer caught. One thread, one store at a time. What fails, fails the test
   (cmocka). */

#include "http/call/call.h"
#include "http/http.h"

#define ASK_OWNER "owner-key-of-this-test"

extern struct sl_store *ask_store;
extern struct http_app *ask_app;

/* For cmocka_unit_test_setup_teardown: a fresh store and an application (private: create needs a
 * key); and its end. */
int ask_open_public(void **state);
int ask_open_private(void **state);
int ask_close(void **state);

struct asking {
    const char *method, *target, *body;
    /* headers, NULL for none: */
    const char *auth, *key, *type, *cookie, *cors, *site, *origin, *accept;
    const char *path_key, *peer;
    bool no_length;
    uint64_t length; /* what Content-Length says; 0: the body's length */
    bool body_read;  /* set: the handler asked for the body */
};

/* The last answer. */
struct answer {
    int status;
    char type[64], cache[64], headers[2048];
    char *body; /* terminated */
    size_t len;
    bool aborted;
};
extern struct answer got;

/* Ask, and return the status. */
int ask(struct asking *asking);
int get(const char *target);
int get_as_owner(const char *target);
int post(const char *target, const char *body);

void assert_body(const char *body);
void assert_has(const char *text);
void assert_lacks(const char *text);
size_t times(const char *text); /* that it stands in the body */
void assert_header(const char *line);

/* A string member of the answer; valid until four further calls. */
const char *field(const char *name);

/* ---- a share ---- */

struct share {
    char id[SL_SHARE_ID_BYTES + 1], secret[64];
};

struct share create(const char *session_id, const char *peer);

/* "/api/share/ID" and what follows; valid until four further calls. */
const char *at(const struct share *share, const char *rest);

/* "/share/ID" and what follows; valid until the next call. */
const char *share_page(const struct share *share, const char *rest);

int sync_items(const struct share *share, const char *items);

#define SESSION                                                                                    \
    "{\"type\":\"session\",\"data\":{\"id\":\"ses_abcdefgh\",\"title\":\"A <b> & "                 \
    "\\\"c\\\"\",\"directory\":\"/w\"}}"
#define MESSAGE "{\"type\":\"message\",\"data\":{\"id\":\"msg_1\",\"role\":\"user\"}}"
#define PART(text)                                                                                 \
    "{\"type\":\"part\",\"data\":{\"id\":\"prt_1\",\"messageID\":\"msg_1\",\"type\":\"text\","     \
    "\"text\":\"" text "\"}}"

/* A share whose sequence 1 is its creation, 2 a session and a message, 3 a part, 4 the part again.
 */
struct share filled(const char *session_id);

#endif
