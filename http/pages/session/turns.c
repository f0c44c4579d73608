/* The prompts of a session, in a line each. */

#include "http/pages/session/turns.h"

#include "http/pages/session/message.h"
#include "http/pages/text/cut.h"
#include "http/pages/value.h"

#define WORDS_BYTES 90
#define LOOK_BYTES 400

/* The first words of a text, its white space made single spaces, cut behind a word. */
static bool add_words(struct sl_span text, struct buf *words)
{
    struct buf plain = {0};
    struct cut cut;
    size_t from = words->len;
    bool space = false;
    if (!cut_decode(text, SIZE_MAX, LOOK_BYTES, &plain, &cut)) return false;
    for (size_t i = 0; i < plain.len && words->len - from < WORDS_BYTES; i++) {
        bool is_space = (unsigned char)plain.ptr[i] <= ' ';
        if (!is_space && space && words->len > from) buf_add(words, " ", 1);
        if (!is_space) buf_add(words, &plain.ptr[i], 1);
        space = is_space;
    }
    if (words->len - from >= WORDS_BYTES) {
        while (words->len > from && ((unsigned char)words->ptr[words->len - 1] & 0xc0) == 0x80)
            words->len--;
        words->len -= words->len > from;
        const char *last = memrchr(words->ptr + from, ' ', words->len - from);
        if (last && last > words->ptr + from + WORDS_BYTES / 2)
            words->len = (size_t)(last - words->ptr);
        buf_add(words, "…", sizeof("…") - 1);
    }
    buf_fini(&plain);
    return words->len > from;
}

/* A part that a person wrote; what stands for a prompt without one. */
static bool add_part(struct sl_span data, struct buf *words, const char **instead)
{
    static const char *const names[] = {"type", "text", "synthetic", "ignored"};
    struct sl_span v[4];
    value_pick(data, 4, names, v);
    if (value_is(v[0], "compaction")) *instead = "Compaction";
    if (value_is(v[0], "subtask")) return add_words(value_at(data, "description"), words);
    if (value_is(v[0], "file") && !*instead) *instead = "A file";
    if (!value_is(v[0], "text") || value_is_true(v[2]) || value_is_true(v[3])) return false;
    return add_words(v[1], words);
}

enum sl_result turns_words(const struct outline *outline, const struct outline_message *message,
    struct buf *words, struct sl_err *err)
{
    struct message_reader reader = {.outline = outline};
    struct sl_view_item item;
    struct sl_span data;
    const char *instead = NULL;
    enum sl_result result;
    for (uint32_t i = 0; i < message->count; i++) {
        result = sl_view_item(outline->view, SL_BY_KEY, message->first + i, &item, err);
        if (result != SL_OK) return result;
        if (add_part(item.data, words, &instead)) return SL_OK;
    }
    result = message_data(&reader, message, &data, err);
    if (result != SL_OK || add_words(value_at(data, "text"), words)) return result;
    if (add_words(value_at(data, "summary.title"), words)) return SL_OK;
    if (!instead) instead = "…";
    buf_add(words, instead, strlen(instead));
    return SL_OK;
}

enum sl_result turns_put(struct page *page, const struct outline *outline, struct sl_err *err)
{
    struct buf words = {0};
    enum sl_result result = SL_OK;
    if (!put(page, "<nav class=\"turns\" id=\"turns\" aria-label=\"Turns\"><ol>\n"))
        return SL_STOPPED;
    for (size_t i = 0; result == SL_OK && i < outline->count; i++) {
        const struct outline_message *message = &outline->messages[i];
        if (!message->user) continue;
        buf_clear(&words);
        result = turns_words(outline, message, &words, err);
        if (result != SL_OK) break;
        bool ok = put(page, message->undone ? "<li class=\"undone\">" : "<li>") &&
                  put(page, "<a dir=\"auto\" href=\"#") && put_id_url(page, message->id) &&
                  put(page, "\">") && put_text(page, buf_span(&words)) && put(page, "</a></li>\n");
        if (!ok) result = SL_STOPPED;
    }
    buf_fini(&words);
    if (result == SL_OK && !put(page, "</ol></nav>\n")) result = SL_STOPPED;
    return result;
}
