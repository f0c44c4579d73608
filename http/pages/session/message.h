#ifndef SHARELOG_HTTP_PAGES_SESSION_MESSAGE_H
#define SHARELOG_HTTP_PAGES_SESSION_MESSAGE_H

/* One message: an <article>. What it is depends on its own items, on the message before it and on
   where the session is reverted to, on nothing else: so that an article is the same, byte for byte,
   in every page that shows this version of it. */

#include "http/pages/session/outline.h"
#include "http/pages/session/put.h"

/* Reads messages of an outline in its order; keeps its place in a `messages` item, so that walking
   one costs its bytes once. Start with {.outline = …}. */
struct message_reader {
    const struct outline *outline;
    uint32_t item, element; /* the element that `rest` goes on with */
    struct sl_span rest;
    struct sl_span key; /* of the item that was read last */
    bool open;
};

/* A message's JSON, valid until the next call on the view; an empty span when it is missing. */
enum sl_result message_data(struct message_reader *reader, const struct outline_message *message,
    struct sl_span *data, struct sl_err *err);

/* Write the article of messages[index]. SL_STOPPED: the client is gone. */
enum sl_result message_put(
    struct page *page, struct message_reader *reader, size_t index, struct sl_err *err);

#endif
