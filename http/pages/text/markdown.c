/* cmark-gfm's wall. The tree is walked here and written through the escaping emitter, rather than
   cmark's own HTML being passed on: every byte that came from outside is escaped by us, and only
   the tags in this file can come out. */

#include "http/pages/text/markdown.h"

#include "http/pages/text/markdown_cost.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <ctype.h>
#include <pthread.h>
#include <strings.h>

#define MARKUP html_markup_without_escaping

/* Quotes, lists and emphasis inside each other: deeper ones show their text without more tags.
   Browsers give up at 512. */
#define DEPTH_MAX 100

struct walk {
    struct http_reply *reply;
    unsigned depth; /* of the containers entered */
    unsigned links; /* inside each other: a picture may stand in a link */
    bool head;      /* in a table's head */
    uint8_t *alignments;
    uint16_t columns, column;
};

/* ---- parsing ---- */

/* cmark-gfm keeps the characters that its extensions look for in tables of the process, which a
   parse fills and empties; two at a time would lose each other's. */
static pthread_mutex_t parsing = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t registered = PTHREAD_ONCE_INIT;

static void attach(cmark_parser *parser, const char *name)
{
    cmark_syntax_extension *extension = cmark_find_syntax_extension(name);
    if (extension) cmark_parser_attach_syntax_extension(parser, extension);
}

static cmark_node *parse(struct sl_span text, struct markdown_cost cost)
{
    pthread_once(&registered, cmark_gfm_core_extensions_ensure_registered);
    pthread_mutex_lock(&parsing);
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_VALIDATE_UTF8);
    if (cost.tables) attach(parser, "table");
    attach(parser, "tasklist");
    attach(parser, "strikethrough");
    if (cost.links) attach(parser, "autolink");
    cmark_parser_feed(parser, text.ptr, text.len);
    cmark_node *document = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    pthread_mutex_unlock(&parsing);
    return document;
}

/* ---- pieces ---- */

static struct sl_span span_of(const char *text)
{
    return text ? sl_span_of(text) : (struct sl_span){0};
}

/* The name of a language, as the first word behind a fence: what no name of a language holds ends
   it. */
static struct sl_span language_of(const char *info)
{
    struct sl_span name = span_of(info);
    size_t len = 0;
    while (len < name.len && len < 32 &&
           (isalnum((unsigned char)name.ptr[len]) || strchr("+-#_.", name.ptr[len])))
        len++;
    return (struct sl_span){name.ptr, len};
}

static bool write_code(struct http_reply *reply, struct sl_span language, struct sl_span text)
{
    return MARKUP(reply, "<pre class=\"code\"><code") &&
           (!language.len || (MARKUP(reply, " class=\"language-") &&
                                 html_attribute(reply, language) && MARKUP(reply, "\""))) &&
           MARKUP(reply, ">") && html_text(reply, text) && MARKUP(reply, "</code></pre>\n");
}

/* May a link go there? Only where following it can do no more than open a page or a letter: all
   else (javascript:, data:, file:, and what would be a place on this server) is shown, not linked.
 */
static bool is_harmless(struct sl_span url)
{
    static const char *const schemes[] = {"https://", "http://", "mailto:"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (url.len > len && strncasecmp(url.ptr, schemes[i], len) == 0) return true;
    }
    return false;
}

/* An address, percent-encoded where it holds what no address may. */
static bool write_url(struct http_reply *reply, struct sl_span url)
{
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        bool as_it_is = c > ' ' && c < 0x7f && !strchr("\"'<>\\^`{|}", c);
        if (as_it_is ? !html_attribute(reply, (struct sl_span){url.ptr + i, 1})
                     : !http_print(reply, "%%%02X", c))
            return false;
    }
    return true;
}

static bool write_title(struct http_reply *reply, struct sl_span title)
{
    return !title.len ||
           (MARKUP(reply, " title=\"") && html_attribute(reply, title) && MARKUP(reply, "\""));
}

/* A link, or a picture as a link: what is elsewhere is not loaded. */
static bool write_link(struct walk *walk, cmark_node *node, bool enter, bool image)
{
    struct http_reply *reply = walk->reply;
    struct sl_span url = span_of(cmark_node_get_url(node));
    bool live = is_harmless(url);
    if (!enter) return --walk->links > 0 || MARKUP(reply, live ? "</a>" : "</span>");
    if (walk->links++ == 0) {
        bool ok = live ? MARKUP(reply, "<a") && MARKUP(reply, image ? " class=\"image\"" : "") &&
                             MARKUP(reply, " href=\"") && write_url(reply, url) &&
                             MARKUP(reply, "\" rel=\"noopener noreferrer nofollow ugc\"") &&
                             write_title(reply, span_of(cmark_node_get_title(node)))
                       : MARKUP(reply, "<span class=\"not-linked\"") && write_title(reply, url);
        if (!ok || !MARKUP(reply, ">")) return false;
    }
    return !image || cmark_node_first_child(node) || html_text(reply, url);
}

/* The one tag that is everywhere in tables made by models, where there is no other way to say it,
   and that can do nothing. */
static bool is_line_break(struct sl_span html)
{
    static const char *const forms[] = {"<br>", "<br/>", "<br />"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
        if (html.len == strlen(forms[i]) && strncasecmp(html.ptr, forms[i], html.len) == 0)
            return true;
    return false;
}

static bool write_html(struct http_reply *reply, struct sl_span html)
{
    if (is_line_break(html)) return MARKUP(reply, "<br>");
    return MARKUP(reply, "<code class=\"raw\">") && html_text(reply, html) &&
           MARKUP(reply, "</code>");
}

/* ---- blocks ---- */

static bool write_list(struct walk *walk, cmark_node *node, bool enter)
{
    if (cmark_node_get_list_type(node) == CMARK_BULLET_LIST)
        return MARKUP(walk->reply, enter ? "<ul>\n" : "</ul>\n");
    if (!enter) return MARKUP(walk->reply, "</ol>\n");
    int start = cmark_node_get_list_start(node);
    return start == 1 ? MARKUP(walk->reply, "<ol>\n")
                      : http_print(walk->reply, "<ol start=\"%d\">\n", start);
}

static bool write_task(struct walk *walk, cmark_node *node)
{
    return MARKUP(walk->reply,
        cmark_gfm_extensions_get_tasklist_item_checked(node)
            ? "<li class=\"task\"><input type=\"checkbox\" disabled checked aria-label=\"done\"> "
            : "<li class=\"task\"><input type=\"checkbox\" disabled aria-label=\"to do\"> ");
}

static bool write_heading(struct walk *walk, cmark_node *node, bool enter)
{
    int level = cmark_node_get_heading_level(node) + 2; /* the page has h1 and h2 */
    return http_print(walk->reply, enter ? "<h%d>" : "</h%d>\n", level > 6 ? 6 : level);
}

static bool is_in_tight_list(cmark_node *paragraph)
{
    cmark_node *item = cmark_node_parent(paragraph);
    cmark_node *list = item ? cmark_node_parent(item) : NULL;
    return list && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_tight(list);
}

static bool write_cell(struct walk *walk, bool enter)
{
    const char *name = walk->head ? "th" : "td";
    if (!enter) return http_print(walk->reply, "</%s>", name);
    uint8_t at = walk->column < walk->columns ? walk->alignments[walk->column] : 0;
    walk->column++;
    return http_print(walk->reply, "<%s%s>", name,
        at == 'l'   ? " class=\"left\""
        : at == 'r' ? " class=\"right\""
        : at == 'c' ? " class=\"center\""
                    : "");
}

/* cmark-gfm's extensions have node types that are numbered when they are registered; their names
   are what its interface gives. */
static bool write_extension(struct walk *walk, cmark_node *node, bool enter)
{
    struct http_reply *reply = walk->reply;
    struct sl_span type = span_of(cmark_node_get_type_string(node));
    if (sl_span_eq(type, SL_SPAN("strikethrough")))
        return walk->depth > DEPTH_MAX || MARKUP(reply, enter ? "<del>" : "</del>");
    if (sl_span_eq(type, SL_SPAN("table_cell"))) return write_cell(walk, enter);
    if (sl_span_eq(type, SL_SPAN("table"))) {
        walk->alignments = cmark_gfm_extensions_get_table_alignments(node);
        walk->columns = walk->alignments ? cmark_gfm_extensions_get_table_columns(node) : 0;
        if (enter) return MARKUP(reply, "<div class=\"table\"><table>\n");
        return MARKUP(reply, "</tbody></table></div>\n");
    }
    if (sl_span_eq(type, SL_SPAN("table_header")) || sl_span_eq(type, SL_SPAN("table_row"))) {
        walk->column = 0;
        walk->head = cmark_gfm_extensions_get_table_row_is_header(node);
        if (!enter) return MARKUP(reply, walk->head ? "</tr></thead><tbody>\n" : "</tr>\n");
        return MARKUP(reply, walk->head ? "<thead><tr>" : "<tr>");
    }
    return true; /* its children show */
}

static bool write_block(struct walk *walk, cmark_node *node, bool enter)
{
    struct http_reply *reply = walk->reply;
    bool shallow = walk->depth <= DEPTH_MAX;
    struct sl_span literal = span_of(cmark_node_get_literal(node));
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_BLOCK_QUOTE:
        return !shallow || MARKUP(reply, enter ? "<blockquote>\n" : "</blockquote>\n");
    case CMARK_NODE_LIST: return !shallow || write_list(walk, node, enter);
    case CMARK_NODE_ITEM: /* one deeper than its list, and there if that is */
        if (walk->depth > DEPTH_MAX + 1) return true;
        if (!enter) return MARKUP(reply, "</li>\n");
        if (strcmp(cmark_node_get_type_string(node), "tasklist") == 0)
            return write_task(walk, node);
        return MARKUP(reply, "<li>");
    case CMARK_NODE_CODE_BLOCK:
        return write_code(reply, language_of(cmark_node_get_fence_info(node)), literal);
    case CMARK_NODE_HTML_BLOCK: return write_code(reply, SL_SPAN("html"), literal);
    case CMARK_NODE_PARAGRAPH:
        if (is_in_tight_list(node)) return enter || MARKUP(reply, "\n");
        return MARKUP(reply, enter ? "<p>" : "</p>\n");
    case CMARK_NODE_HEADING: return write_heading(walk, node, enter);
    case CMARK_NODE_THEMATIC_BREAK: return MARKUP(reply, "<hr>\n");
    default: return write_extension(walk, node, enter);
    }
}

static bool write_inline(struct walk *walk, cmark_node *node, bool enter)
{
    struct http_reply *reply = walk->reply;
    bool shallow = walk->depth <= DEPTH_MAX;
    struct sl_span literal = span_of(cmark_node_get_literal(node));
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT: return html_text(reply, literal);
    case CMARK_NODE_SOFTBREAK: return MARKUP(reply, "\n");
    case CMARK_NODE_LINEBREAK: return MARKUP(reply, "<br>\n");
    case CMARK_NODE_CODE:
        return MARKUP(reply, "<code>") && html_text(reply, literal) && MARKUP(reply, "</code>");
    case CMARK_NODE_HTML_INLINE: return write_html(reply, literal);
    case CMARK_NODE_EMPH: return !shallow || MARKUP(reply, enter ? "<em>" : "</em>");
    case CMARK_NODE_STRONG: return !shallow || MARKUP(reply, enter ? "<strong>" : "</strong>");
    case CMARK_NODE_LINK: return write_link(walk, node, enter, false);
    case CMARK_NODE_IMAGE: return write_link(walk, node, enter, true);
    default: return write_extension(walk, node, enter);
    }
}

/* Does a node count for the depth? Links don't: they can't be in each other, and must end where
   they began. */
static bool is_container(cmark_node *node)
{
    cmark_node_type type = cmark_node_get_type(node);
    return type == CMARK_NODE_BLOCK_QUOTE || type == CMARK_NODE_LIST || type == CMARK_NODE_ITEM ||
           type == CMARK_NODE_EMPH || type == CMARK_NODE_STRONG ||
           strcmp(cmark_node_get_type_string(node), "strikethrough") == 0;
}

static bool write_document(struct http_reply *reply, cmark_node *document)
{
    struct walk walk = {.reply = reply};
    cmark_iter *iter = cmark_iter_new(document);
    cmark_event_type event;
    bool ok = true;
    while (ok && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        bool enter = event == CMARK_EVENT_ENTER, container = is_container(node);
        bool is_inline =
            (cmark_node_get_type(node) & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_INLINE;
        if (node == document) continue;
        if (enter && container) walk.depth++;
        ok = is_inline ? write_inline(&walk, node, enter) : write_block(&walk, node, enter);
        if (!enter && container) walk.depth--;
    }
    cmark_iter_free(iter);
    return ok;
}

bool markdown_write(struct http_reply *reply, struct sl_span text)
{
    struct markdown_cost cost = markdown_cost_of(text);
    if (!cost.document) return write_code(reply, (struct sl_span){0}, text);
    cmark_node *document = parse(text, cost);
    bool ok = write_document(reply, document);
    cmark_node_free(document);
    return ok;
}
