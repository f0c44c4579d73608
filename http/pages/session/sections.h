#ifndef SHARELOG_HTTP_PAGES_SESSION_SECTIONS_H
#define SHARELOG_HTTP_PAGES_SESSION_SECTIONS_H

/* What stands around the messages. Each section is always there, perhaps empty, so that a script
   finds the place to put one into. SL_STOPPED: the client is gone. */

#include "http/pages/session/message.h"

/* <details class="undone" id="undone">: the messages from where the session is reverted to on.
   Nothing when there are none. */
enum sl_result sections_put_undone(
    struct page *page, struct message_reader *reader, struct sl_err *err);

/* <section id="diff">: what the session changed, as `session_diff` has it. */
enum sl_result sections_put_diff(
    struct page *page, const struct outline *outline, struct sl_err *err);

/* <section id="other">: the items that have no place of their own. */
enum sl_result sections_put_other(
    struct page *page, const struct outline *outline, struct sl_err *err);

#endif
