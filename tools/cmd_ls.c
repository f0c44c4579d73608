/* `sharelog ls`: shared sessions as a table that fits the terminal, or as JSON, a page of the
   list at a time. */

#include "tools/ask/source.h"
#include "tools/ask/target.h"
#include "tools/command.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"
#include "tools/shared/when.h"

struct values {
    struct common common;
    struct option_number limit;
};

static const struct option options[] = {
    {"limit", "N", OPTION_NUMBER, offsetof(struct values, limit), 1, UINT64_MAX / 2,
        "list so many at most"},
    {0},
};

/* One page of the list. */
struct table {
    const struct values *values;
    uint64_t listed;
    struct buffer title;
    size_t id_columns, title_columns;
};

static void set_widths(struct table *table, struct sl_span sessions)
{
    struct sl_span session;
    char id[SL_SHARE_ID_BYTES + 1];
    while (json_next(&sessions, &session)) {
        field_short(session, "id", id, sizeof(id));
        if (strlen(id) > table->id_columns) table->id_columns = strlen(id);
    }
    size_t fixed = table->id_columns + 40, all = term_columns();
    table->title_columns = all > fixed + 20 ? all - fixed : 20;
    if (table->title_columns > 60) table->title_columns = 60;
}

static void print_row(struct table *table, struct sl_span session)
{
    char id[SL_SHARE_ID_BYTES + 1], ago[WHEN_BYTES];
    field_short(session, "id", id, sizeof(id));
    if (!field_text(session, "title", &table->title)) buffer_text(&table->title, "(no title yet)");
    printf("%s%-*s%s  ", term_style(TERM_BOLD), (int)table->id_columns, id, term_style(TERM_PLAIN));
    term_put_cell(buffer_span(&table->title), table->title_columns);
    printf("  %5llu %6llu %6llu  %s\n", (unsigned long long)field_u64(session, "messageCount"),
        (unsigned long long)field_u64(session, "partCount"),
        (unsigned long long)field_u64(session, "syncCount"),
        when_ago(field_u64(session, "lastUpdated"), ago));
}

static void print_page(struct table *table, struct sl_span sessions)
{
    struct sl_span rest = sessions, session;
    if (!table->values->common.json) {
        set_widths(table, sessions);
        if (table->listed == 0 && json_next(&rest, &session))
            printf("%s%-*s  %-*s  %5s %6s %6s  %s%s\n", term_style(TERM_DIM),
                (int)table->id_columns, "ID", (int)table->title_columns, "TITLE", "MSGS", "PARTS",
                "SYNCS", "UPDATED", term_style(TERM_PLAIN));
        rest = sessions;
    }
    struct sl_sink out = term_json();
    while (json_next(&rest, &session)) {
        if (table->values->common.json) {
            if (table->listed) out.write(out.ctx, ",\n", 2);
            out.write(out.ctx, session.ptr, session.len);
        } else {
            print_row(table, session);
        }
        table->listed++;
    }
}

static int list(struct source *source, struct table *table)
{
    struct buffer target = {0}, answer = {0};
    uint64_t cursor = 0,
             most = table->values->limit.given ? table->values->limit.value : UINT64_MAX;
    int code = EXIT_YES;
    do {
        uint64_t left = most - table->listed;
        target.len = 0;
        buffer_text(&target, "/api/sessions");
        target_number(&target, "limit", left < SL_LIST_PAGE ? left : SL_LIST_PAGE);
        if (cursor) target_number(&target, "cursor", cursor);
        code = source_get(source, buffer_c(&target), &answer);
        if (code != EXIT_YES) break;
        if (table->values->common.json && table->listed == 0 && cursor == 0)
            printf("{\"sessions\":[");
        print_page(table, field_array(buffer_span(&answer), "sessions"));
        cursor = field_u64(buffer_span(&answer), "next");
    } while (cursor && table->listed < most);
    if (code == EXIT_YES && table->values->common.json)
        printf("],\"count\":%llu}\n", (unsigned long long)table->listed);
    else if (code == EXIT_YES && table->listed == 0)
        printf("No session is shared here.\n");
    buffer_free(&target);
    buffer_free(&answer);
    return code;
}

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    struct source source;
    struct table table = {.values = given, .id_columns = 8};
    if (!source_open(&table.values->common, &source)) return EXIT_WRONG;
    int code = list(&source, &table);
    buffer_free(&table.title);
    source_close(&source);
    return code;
}

const struct command command_ls = {
    .name = "ls",
    .words = "",
    .takes = TAKES_DATA | TAKES_URL | TAKES_JSON,
    .summary = "list the shared sessions, newest first",
    .about =
        "Live shares alone: what was removed is no longer listed. Needs the owner key with --url.",
    .examples =
        "  sharelog ls\n"
        "  sharelog ls --limit 20 --json\n"
        "  SHARELOG_OWNER_KEY=$(sharelog owner-key) sharelog ls --url https://share.example.org\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
