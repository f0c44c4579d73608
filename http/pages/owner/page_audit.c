/* The log and the store's health, for the owner. Everything is read before the page begins: what
 * can't be read is an error page, and a fault of the store that was found is a part of the page. */

#include "http/pages/owner/page_audit.h"

#include "core/base/crypto.h"
#include "http/api/api.h"
#include "http/call/auth.h"
#include "http/pages/figure.h"
#include "http/pages/found.h"
#include "http/pages/owner/sign_in.h"
#include "http/pages/text/html.h"

#include <inttypes.h>
#include <stdlib.h>

#define MARKUP html_markup_without_escaping

/* All that the page says, read before it is begun. */
struct audit {
    struct http_call *call;
    struct sl_log_facts facts;
    struct sl_stats stats;
    enum sl_result health, signing;
    struct sl_err health_err, signing_err;
};

static enum sl_result read_all(struct audit *audit, struct sl_err *err)
{
    struct sl_store *store = audit->call->app->store;
    struct sl_checkpoint newest;
    audit->health = sl_store_health(store, &audit->health_err);
    /* signs one if there is more to sign: what the page shows is as of now */
    audit->signing = sl_log_checkpoint(store, 0, &newest, &audit->signing_err);
    if (audit->signing != SL_OK) api_note(audit->call, audit->signing, &audit->signing_err);
    enum sl_result result = sl_log_facts(store, &audit->facts, err);
    return result == SL_OK ? sl_store_stats(store, &audit->stats, err) : result;
}

/* ---- words ---- */

static bool write_count(struct http_reply *reply, const char *name, uint64_t count)
{
    char text[FIGURE_BYTES];
    return http_print(
        reply, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, figure_count(count, text));
}

static bool write_size(struct http_reply *reply, const char *name, uint64_t bytes)
{
    char text[FIGURE_BYTES];
    return http_print(reply, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, figure_size(bytes, text));
}

static bool write_line(
    struct http_reply *reply, const char *class, const char *lead, const char *text)
{
    return http_print(reply, "<div class=\"proof-line %s\"><p>%s", class, lead) &&
           html_text(reply, sl_span_of(text)) && MARKUP(reply, ".</p></div>\n");
}

static bool write_when(struct http_reply *reply, const struct sl_checkpoint *checkpoint)
{
    if (!checkpoint->signed_ms) return MARKUP(reply, "at a time that is not known");
    return figure_write_time(reply, checkpoint->signed_ms) && MARKUP(reply, " UTC");
}

/* ---- the log ---- */

static bool write_health(struct audit *audit)
{
    struct http_reply *reply = audit->call->reply;
    bool ok = audit->health == SL_OK
                  ? write_line(reply, "verified", "The store takes writes", "")
                  : write_line(reply, "fault", "The store is read-only: ", audit->health_err.text);
    if (ok && audit->signing != SL_OK && audit->signing != SL_NOT_FOUND)
        ok = write_line(reply, "fault", "No checkpoint can be signed: ", audit->signing_err.text);
    return ok;
}

static bool write_log(struct audit *audit)
{
    char root[65];
    struct http_reply *reply = audit->call->reply;
    const struct sl_log_facts *facts = &audit->facts;
    const struct sl_checkpoint *newest = &facts->newest;
    crypto_hex(newest->root, 32, root);
    return MARKUP(reply, "<section><h2>The log</h2>\n<dl class=\"facts hashes\">\n") &&
           write_count(reply, "Events", facts->size) &&
           MARKUP(reply, "<div><dt>Origin</dt><dd><code dir=\"auto\">") &&
           html_text(reply, sl_span_of(facts->origin)) && MARKUP(reply, "</code></dd></div>\n") &&
           (!facts->has_checkpoint ||
               (write_count(reply, "Signed", newest->size) &&
                   MARKUP(reply, "<div><dt>Last signed</dt><dd>") && write_when(reply, newest) &&
                   http_print(reply,
                       "</dd></div>\n<div><dt>Root of what is signed</dt>"
                       "<dd><code class=\"hash\">%s</code></dd></div>\n",
                       root))) &&
           MARKUP(reply, "</dl>\n<h3>Verifier keys</h3>\n<p class=\"import key\"><code>") &&
           html_text(reply, sl_span_of(facts->log_key)) && MARKUP(reply, " ") &&
           html_text(reply, sl_span_of(facts->head_key)) &&
           MARKUP(reply, "</code> <button type=\"button\" class=\"copy\" data-copy=\"") &&
           html_attribute(reply, sl_span_of(facts->log_key)) && MARKUP(reply, " ") &&
           html_attribute(reply, sl_span_of(facts->head_key)) &&
           MARKUP(reply,
               "\" hidden>Copy</button></p>\n<p class=\"quiet\">Give them to those who are "
               "to verify, by another way than this server's pages.</p>\n</section>\n");
}

/* ---- checkpoints ---- */

static bool write_note(
    struct http_reply *reply, const char *name, const struct sl_checkpoint *checkpoint)
{
    char size[FIGURE_BYTES];
    return http_print(reply, "<h3>%s</h3>\n<p>Of %s events, ", name,
               figure_count(checkpoint->size, size)) &&
           write_when(reply, checkpoint) && MARKUP(reply, "</p>\n<pre class=\"note\"><code>") &&
           html_text(reply, (struct sl_span){checkpoint->note, checkpoint->len}) &&
           MARKUP(reply, "</code></pre>\n");
}

#define SIGNATURE_LEAD "\n\xE2\x80\x94 " /* a note's signature lines begin with a dash */

/* Who signed a note beside the log itself: the caller of sl_log_publish has checked them. */
static bool write_cosigners(
    struct http_reply *reply, const struct sl_checkpoint *checkpoint, const char *origin)
{
    bool any = false;
    const char *at = checkpoint->note;
    while ((at = strstr(at, SIGNATURE_LEAD))) {
        at += strlen(SIGNATURE_LEAD);
        struct sl_span name = {at, strcspn(at, " \n")};
        if (sl_span_eq(name, sl_span_of(origin))) continue;
        if (!MARKUP(reply, any ? ", <code dir=\"auto\">" : "<p>Cosigned by <code dir=\"auto\">") ||
            !html_text(reply, name) || !MARKUP(reply, "</code>"))
            return false;
        any = true;
    }
    return MARKUP(reply, any ? "</p>\n" : "<p>No witness has cosigned it.</p>\n");
}

static bool write_checkpoints(struct audit *audit)
{
    struct http_reply *reply = audit->call->reply;
    const struct sl_log_facts *facts = &audit->facts;
    return MARKUP(reply, "<section><h2>Checkpoints</h2>\n") &&
           (facts->has_checkpoint ? write_note(reply, "The newest", &facts->newest)
                                  : MARKUP(reply, "<p>None is signed yet.</p>\n")) &&
           (!facts->has_published ||
               (write_note(reply, "The published one, with its witnesses", &facts->published) &&
                   write_cosigners(reply, &facts->published, facts->origin))) &&
           MARKUP(reply, "<p class=\"quiet\"><a href=\"/log/checkpoint\">/log/checkpoint</a> is "
                         "what others are shown.</p>\n</section>\n");
}

/* ---- witnesses ---- */

static bool write_witness(struct http_reply *reply, const struct http_witness_status *witness)
{
    char size[FIGURE_BYTES];
    bool any = witness->time_ms != 0;
    return MARKUP(reply, "<tr><th scope=\"row\"><span dir=\"auto\">") &&
           html_text(reply, sl_span_of(witness->name)) &&
           MARKUP(reply, "</span><br><code class=\"directory\">") &&
           html_text(reply, sl_span_of(witness->url)) && MARKUP(reply, "</code></th><td>") &&
           (!any || http_print(reply, "%s events", figure_count(witness->size, size))) &&
           MARKUP(reply, "</td><td>") &&
           (any ? figure_write_time(reply, witness->time_ms)
                : MARKUP(reply, "nothing cosigned yet")) &&
           http_print(reply, "</td><td class=\"state %s\">", witness->error[0] ? "fault" : "") &&
           html_text(reply, sl_span_of(witness->error[0] ? witness->error : "well")) &&
           MARKUP(reply, "</td></tr>\n");
}

static bool write_witnesses(struct audit *audit)
{
    struct http_reply *reply = audit->call->reply;
    const struct http_config *config = &audit->call->app->config;
    if (!MARKUP(reply, "<section><h2>Witnesses</h2>\n")) return false;
    struct http_witness_status *all =
        config->witnesses ? calloc(AUDIT_WITNESSES, sizeof(*all)) : NULL;
    size_t count = all ? config->witnesses(config->witnesses_ctx, all, AUDIT_WITNESSES) : 0;
    bool ok = count
                  ? http_print(reply,
                        "<p>%zu, of which %u are asked for before a checkpoint is published.</p>\n"
                        "<table class=\"sessions witnesses\">\n<thead><tr><th scope=\"col\">"
                        "Witness</th><th scope=\"col\">Cosigned</th><th scope=\"col\">When "
                        "(UTC)</th><th scope=\"col\">State</th></tr></thead>\n<tbody>\n",
                        count, config->witness_quorum)
                  : MARKUP(reply, "<p>None. A witness that cosigns checkpoints makes it known to "
                                  "others if this log ever showed two of them two histories: "
                                  "<code>sharelog serve --witness URL --witness-key KEY</code>"
                                  "</p>\n");
    for (size_t i = 0; ok && i < count && i < AUDIT_WITNESSES; i++)
        ok = write_witness(reply, &all[i]);
    free(all);
    return ok && (!count || MARKUP(reply, "</tbody></table>\n")) && MARKUP(reply, "</section>\n");
}

/* ---- the store ---- */

static bool write_verified(struct audit *audit)
{
    char size[FIGURE_BYTES], since[FIGURE_BYTES];
    struct http_reply *reply = audit->call->reply;
    const struct sl_log_facts *facts = &audit->facts;
    uint64_t newer = facts->size > facts->verified_size ? facts->size - facts->verified_size : 0;
    if (!MARKUP(reply, "<section><h2>Last verification</h2>\n")) return false;
    if (!facts->verified_ms)
        return MARKUP(reply, "<p>The whole store was not verified yet. "
                             "<code>sharelog verify</code>, on this machine, holds everything "
                             "against everything.</p>\n</section>\n");
    return http_print(reply, "<div class=\"proof-line %s\"><p>On ",
               facts->verified_ok ? "verified" : "fault") &&
           figure_write_time(reply, facts->verified_ms) &&
           http_print(reply, " UTC, %s events; %s have come since. ",
               figure_count(facts->verified_size, size), figure_count(newer, since)) &&
           (facts->verified_ok ? MARKUP(reply, "All was as it should be.")
                               : MARKUP(reply, "A fault was found: ") &&
                                     html_text(reply, sl_span_of(facts->verified_fault))) &&
           MARKUP(reply, "</p></div>\n</section>\n");
}

static bool write_stored(struct audit *audit)
{
    struct http_reply *reply = audit->call->reply;
    const struct sl_stats *stats = &audit->stats;
    return MARKUP(reply, "<section><h2>What is stored</h2>\n<dl class=\"facts\">\n") &&
           write_count(reply, "Shares", stats->shares_live) &&
           write_count(reply, "Removed", stats->shares_removed) &&
           write_count(reply, "Erasures pending", stats->erasures_pending) &&
           write_count(reply, "Events", stats->events) &&
           write_size(reply, "On disk", stats->disk_bytes) &&
           write_size(reply, "Contents", stats->body_bytes) &&
           write_size(reply, "Snapshots", stats->snapshot_bytes) &&
           MARKUP(reply, "</dl>\n<p class=\"quiet\"><code>sharelog audit</code> reports on each "
                         "share: first and last event, removals, redactions, gaps.</p>\n"
                         "</section>\n");
}

static bool write_head(struct audit *audit)
{
    struct http_reply *reply = audit->call->reply;
    return page_begin(audit->call, 200, "Audit") &&
           MARKUP(reply, "<nav class=\"crumbs\" aria-label=\"Place\"><a href=\"/sessions\">Sessions"
                         "</a> › Audit</nav>\n<section class=\"head\"><h1>Audit</h1>\n"
                         "<p>All events of this server are the leaves of one log. What it signed "
                         "once it can't take back unnoticed.</p></section>\n");
}

void page_audit(struct http_call *call)
{
    struct sl_err err = {0};
    if (!auth_page_owner(call->app, call->request)) {
        sign_in_ask(call, "The audit is for the owner of this server.");
        return;
    }
    struct audit *audit = calloc(1, sizeof(*audit)); /* checkpoints are large */
    if (!audit) {
        found_fail(call, sl_fail(&err, SL_NOMEM, "audit page"), &err);
        return;
    }
    audit->call = call;
    enum sl_result result = read_all(audit, &err);
    if (result != SL_OK)
        found_fail(call, result, &err);
    else if (write_head(audit) && write_health(audit) && write_log(audit) &&
             write_checkpoints(audit) && write_witnesses(audit) && write_verified(audit) &&
             write_stored(audit))
        page_end(call);
    free(audit);
}
