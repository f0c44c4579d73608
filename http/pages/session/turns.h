#ifndef SHARELOG_HTTP_PAGES_SESSION_TURNS_H
#define SHARELOG_HTTP_PAGES_SESSION_TURNS_H

/* The prompts of a session: the index of its turns. */

#include "http/pages/session/outline.h"
#include "http/pages/session/put.h"

/* Append the first words of a prompt, plain text. */
enum sl_result turns_words(const struct outline *outline, const struct outline_message *message,
    struct buf *words, struct sl_err *err);

/* <nav class="turns">. SL_STOPPED: the client is gone. */
enum sl_result turns_put(struct page *page, const struct outline *outline, struct sl_err *err);

#endif
