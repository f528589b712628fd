/*
 * A history as a text: read line by line, as long as nothing is wrong; the
 * first sentence of refusal ends it. A file may be anything, so what is kept
 * of it is limited before it is read: a line, a word, all lines together.
 */
#include "common/history/history_parts.h"
#include "common/history/model.h"
#include <inttypes.h>
#include <string.h>

enum { WORDS = 16 }; /* Of a line that makes sense. */

/* A file that is being read. */
struct history_reader {
    FILE *file;
    struct history *history; /* NULL before the first line. */
    GString *line;
    size_t number, bytes; /* Lines and bytes so far. */
};

/* ---- Words. ---- */

/* Take the backslashes out of @p word. */
static bool read_escapes(char *word, GError **error)
{
    char *to = word;
    if (strcmp(word, "\"\"") == 0)
        *word = '\0';
    for (const char *at = word; *at; at++, to++) {
        *to = *at;
        if (*at != '\\')
            continue;
        if (*++at == '\\')
            continue;
        int high = *at == 'x' ? g_ascii_xdigit_value(at[1]) : -1;
        int low = high < 0 ? -1 : g_ascii_xdigit_value(at[2]);
        if (low < 0 || high + low == 0)
            return history_refuse(error,
                                  "a backslash is written \\\\, and a byte "
                                  "other than 0 \\xHH");
        *to = (char)(high << 4 | low);
        at += 2;
    }
    *to = '\0';
    return true;
}

static void print_word(const char *word, GString *text)
{
    if (!*word)
        g_string_append(text, "\"\"");
    for (const char *at = word; *at; at++)
        if (*at == '\\')
            g_string_append(text, "\\\\");
        else if (!g_ascii_isgraph(*at) || *at == '"' || *at == '#')
            g_string_append_printf(text, "\\x%02x", (unsigned char)*at);
        else
            g_string_append_c(text, *at);
}

/* Put the words of @p line, which is cut, into an array with a NULL at its end;
 * a comment is none. */
static bool split_words(char *line, const char **words, GError **error)
{
    size_t count = 0;
    for (char *at = line + strspn(line, " \t"); *at && *at != '#';) {
        if (count + 1 == WORDS)
            return history_refuse(error, "there are too many words");
        words[count++] = at;
        at += strcspn(at, " \t");
        char *end = at;
        at += strspn(at, " \t");
        *end = '\0';
        if (end == at) /* It was the end of the line. */
            break;
    }
    words[count] = NULL;
    for (size_t i = 0; i < count; i++)
        if (!read_escapes((char *)words[i], error))
            return false;
    return true;
}

static bool read_number(const char *word, const char *what, uint64_t *number,
                        GError **error)
{
    if (word &&
        g_ascii_string_to_unsigned(word, 10, 0, UINT64_MAX, number, NULL))
        return true;
    return history_refuse(error, "%s is missing", what);
}

/* ---- Lines. ---- */

static bool read_heading(struct history_reader *reader,
                         const char *const *words, GError **error)
{
    if (strcmp(words[0], "history") != 0 || !words[1] || words[2])
        return history_refuse(error, "the first line is \"history MODEL\"");
    if (model_find(words[1])) {
        reader->history = history_new(words[1]);
        return true;
    }
    g_autofree char *names = model_names();
    return history_refuse(error, "there is no model \"%.30s\", but %s",
                          words[1], names);
}

static bool read_event(struct history_reader *reader, const char *const *words,
                       GError **error)
{
    struct history_event event;
    if (!read_number(words[0], "a time, which is a number,", &event.time,
                     error) ||
        !read_number(words[1], "a client, which is a number,", &event.client,
                     error))
        return false;
    const char *what = words[2] ? words[2] : "";
    const char *value = words[2] ? words[3] : NULL;
    if (strcmp(what, "call") == 0 && value)
        return history_add_call(reader->history, event, words + 3, error);
    if (strcmp(what, "return") == 0 && (!value || !words[4]))
        return history_add_end(reader->history, event, HISTORY_RETURNED, value,
                               error);
    if (strcmp(what, "lost") == 0 && !value)
        return history_add_end(reader->history, event, HISTORY_LOST, NULL,
                               error);
    if (strcmp(what, "failed") == 0 && !value)
        return history_add_end(reader->history, event, HISTORY_FAILED, NULL,
                               error);
    return history_refuse(error,
                          "after time and client comes \"call OP KEY ..\", "
                          "\"return\", \"return VALUE\", \"lost\" or "
                          "\"failed\"");
}

static bool is_text(const GString *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (g_ascii_iscntrl(line->str[i]) && line->str[i] != '\t')
            return false;
    return g_utf8_validate(line->str, (gssize)line->len, NULL);
}

static bool read_words(struct history_reader *reader, GError **error)
{
    const char *words[WORDS];
    if (!is_text(reader->line))
        return history_refuse(error, "this is not a text");
    if (!split_words(reader->line->str, words, error))
        return false;
    if (!words[0])
        return true;
    return reader->history ? read_event(reader, words, error)
                           : read_heading(reader, words, error);
}

/* Fetch the next line, without its end. Returns whether there is one. */
static bool fetch_line(struct history_reader *reader)
{
    int next = EOF;
    g_string_truncate(reader->line, 0);
    while (reader->line->len <= HISTORY_LINE && (next = getc(reader->file)) > 0)
        if (next == '\n')
            break;
        else
            g_string_append_c(reader->line, (char)next);
    if (next == 0) /* Why it is refused: a NUL is not of a text. */
        g_string_append_c(reader->line, '\1');
    if (g_str_has_suffix(reader->line->str, "\r"))
        g_string_truncate(reader->line, reader->line->len - 1);
    reader->number++;
    reader->bytes += reader->line->len + 1;
    return next != EOF || reader->line->len > 0;
}

static bool read_line(struct history_reader *reader, GError **error)
{
    if (reader->line->len > HISTORY_LINE)
        return history_refuse(error, "a line has at most %d bytes",
                              HISTORY_LINE);
    if (reader->bytes > HISTORY_TEXT)
        return history_refuse(error, "a history has at most %d bytes",
                              HISTORY_TEXT);
    return read_words(reader, error);
}

static bool read_lines(struct history_reader *reader, GError **error)
{
    while (fetch_line(reader))
        if (!read_line(reader, error))
            return false;
    if (ferror(reader->file))
        return history_refuse(error, "the file cannot be read");
    return reader->history || history_refuse(error, "there is no history");
}

struct history *history_read(FILE *file, GError **error)
{
    struct history_reader reader = {.file = file, .line = g_string_new(NULL)};
    bool whole = read_lines(&reader, error);
    g_string_free(reader.line, TRUE);
    if (whole)
        return reader.history;
    g_prefix_error(error, "line %zu: ", reader.number);
    history_free(reader.history);
    return NULL;
}

/* ---- Writing. ---- */

static void print_call(const struct model *model, const struct operation *op,
                       GString *text)
{
    g_string_append_printf(text, "%s ", model->ops[op->op].name);
    print_word(op->key, text);
    for (size_t i = 0; i < G_N_ELEMENTS(op->arguments); i++)
        if (op->arguments[i]) {
            g_string_append_c(text, ' ');
            print_word(op->arguments[i], text);
        }
}

void operation_print(const struct model *model, const struct operation *op,
                     GString *text)
{
    print_call(model, op, text);
    g_string_append(text, " -> ");
    if (op->value)
        print_word(op->value, text);
    else
        g_string_append_c(text, '?');
}

static void print_end(const struct model *model, const struct operation *op,
                      GString *text)
{
    static const char *const ends[] = {NULL, "return", "lost", "failed"};
    g_string_append(text, ends[op->how]);
    if (op->value && !model_answers(&model->ops[op->op], NULL)) {
        g_string_append_c(text, ' ');
        print_word(op->value, text);
    }
}

/* The line of the event of that @p number, which is of @p op. */
static void print_event(const struct model *model, const struct operation *op,
                        uint32_t number, GString *text)
{
    nsec time = number == op->call ? op->called : op->ended;
    g_string_append_printf(text, "%" PRIu64 "  %" PRIu64 "  ", time,
                           op->client);
    if (number == op->call) {
        g_string_append(text, "call ");
        print_call(model, op, text);
    } else {
        print_end(model, op, text);
    }
    g_string_append_c(text, '\n');
}

void history_write(const struct history *history, FILE *file)
{
    const struct operation **events =
        g_new0(const struct operation *, (size_t)history->events + 1);
    g_autoptr(GString) line = g_string_new(NULL);
    size_t count;
    const struct operation *operations = history_operations(history, &count);
    for (size_t i = 0; i < count; i++) {
        events[operations[i].call] = &operations[i];
        events[operations[i].end] = &operations[i]; /* Or 0, which is none. */
    }
    fprintf(file, "history %s\n# time  client  what\n", history->model->name);
    for (uint32_t i = 1; i <= history->events; i++) {
        g_string_truncate(line, 0);
        print_event(history->model, events[i], i, line);
        fputs(line->str, file);
    }
    g_free(events);
}
