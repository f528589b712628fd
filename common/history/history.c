/*
 * Both ways into a history, the recorder's and the text's, lead through two
 * functions here that check all there is to check; so a history that exists is
 * one that the format can hold. What the text refuses in a sentence is, coming
 * from a recorder, a mistake of ours.
 */
#include "common/history/history_parts.h"
#include "common/history/model.h"
#include <inttypes.h>
#include <string.h>

/* ---- What is refused. ---- */

bool history_refuse(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, g_quark_from_static_string("history"), 0,
                        message);
    return false;
}

static bool check_size(const char *value, GError **error)
{
    return strlen(value) <= HISTORY_VALUE ||
           history_refuse(error, "a value has at most %d bytes", HISTORY_VALUE);
}

static bool check_words(const struct model_op *op, const char *const *words,
                        GError **error)
{
    guint more = g_strv_length((char **)words) - 1;
    if (more != op->arguments + 1)
        return history_refuse(
            error,
            "%s takes %u word%s, its key first, and not %u (an "
            "operation is about one key)",
            op->name, op->arguments + 1, op->arguments ? "s" : "", more);
    if (strlen(words[1]) > HISTORY_KEY)
        return history_refuse(error, "a key has at most %d bytes", HISTORY_KEY);
    for (guint i = 2; words[i]; i++)
        if (!check_size(words[i], error))
            return false;
    return true;
}

static bool check_nothing(const struct model *model, const char *const *words,
                          GError **error)
{
    if (!words[2] || g_strcmp0(words[2], model->nothing) != 0)
        return true;
    return history_refuse(error, "a %s holds no value \"%s\"", model->name,
                          model->nothing);
}

static bool check_value(const struct model_op *op, const char *value,
                        GError **error)
{
    if (value && !check_size(value, error))
        return false;
    if (model_answers(op, value))
        return true;
    if (!op->answers[0] || !value)
        return history_refuse(error, "%s returns a value", op->name);
    return history_refuse(error, "%s returns %s%s%s and nothing else", op->name,
                          op->answers[0], op->answers[1] ? " or " : "",
                          op->answers[1] ? op->answers[1] : "");
}

static bool check_time(const struct history *history, nsec time, GError **error)
{
    return time >= history->now || history_refuse(error, "time runs backwards");
}

static size_t find_call(const struct history *history, node_id client)
{
    return GPOINTER_TO_SIZE(
        g_hash_table_lookup(history->under_way, GSIZE_TO_POINTER(client)));
}

/* ---- Events. ---- */

static const char *keep(struct history *history, const char *word)
{
    return word ? g_string_chunk_insert_const(history->words, word) : NULL;
}

static uint32_t count_event(struct history *history, nsec time)
{
    history->now = time;
    return ++history->events;
}

bool history_add_call(struct history *history, struct history_event event,
                      const char *const *words, GError **error)
{
    int op = model_op(history->model, words[0]);
    if (op < 0)
        return history_refuse(error, "a %s has no operation \"%.30s\"",
                              history->model->name, words[0]);
    if (!check_words(&history->model->ops[op], words, error) ||
        !check_nothing(history->model, words, error) ||
        !check_time(history, event.time, error))
        return false;
    if (find_call(history, event.client) > 0)
        return history_refuse(error, "client %" PRIu64 " has a call under way",
                              event.client);
    if (history->operations->len == HISTORY_OPERATIONS)
        return history_refuse(error, "a history has at most %d operations",
                              HISTORY_OPERATIONS);
    struct operation operation = {
        .key = keep(history, words[1]),
        .called = event.time,
        .call = count_event(history, event.time),
        .client = event.client,
        .op = (uint16_t)op,
    };
    for (guint i = 0; words[i + 2]; i++)
        operation.arguments[i] = keep(history, words[i + 2]);
    g_array_append_val(history->operations, operation);
    g_hash_table_insert(history->under_way, GSIZE_TO_POINTER(event.client),
                        GSIZE_TO_POINTER(history->operations->len));
    return true;
}

bool history_add_end(struct history *history, struct history_event event,
                     enum history_end how, const char *value, GError **error)
{
    size_t call = find_call(history, event.client);
    if (call == 0)
        return history_refuse(error, "client %" PRIu64 " has no call under way",
                              event.client);
    struct operation *operation =
        &g_array_index(history->operations, struct operation, call - 1);
    const struct model_op *op = &history->model->ops[operation->op];
    if (!check_time(history, event.time, error) ||
        (how == HISTORY_RETURNED && !check_value(op, value, error)))
        return false;
    operation->how = (uint16_t)how;
    operation->ended = event.time;
    operation->end = count_event(history, event.time);
    if (how == HISTORY_RETURNED)
        operation->value = keep(history, value ? value : "ok");
    g_hash_table_remove(history->under_way, GSIZE_TO_POINTER(event.client));
    return true;
}

/* ---- The recorder's way. ---- */

static void end_call(struct history *history, struct history_event event,
                     enum history_end how, const char *value)
{
    g_autoptr(GError) error = NULL;
    if (!history_add_end(history, event, how, value, &error))
        g_error("%s", error->message);
}

/* The end of the call of that @p index, at @p time. */
static struct history_event end_of(const struct history *history, nsec time,
                                   size_t index)
{
    g_assert(index < history->operations->len);
    struct operation *operation =
        &g_array_index(history->operations, struct operation, index);
    g_assert(find_call(history, operation->client) == index + 1);
    return (struct history_event){time, operation->client};
}

struct history *history_new(const char *model)
{
    struct history *history = g_new0(struct history, 1);
    history->model = model_find(model);
    g_assert(history->model);
    history->operations = g_array_new(FALSE, FALSE, sizeof(struct operation));
    history->words = g_string_chunk_new(4096);
    history->under_way = g_hash_table_new(NULL, NULL);
    return history;
}

size_t history_call(struct history *history, nsec time, node_id client,
                    const char *key, const char *op, ...)
{
    const char *words[8] = {op, key};
    g_autoptr(GError) error = NULL;
    va_list arguments;
    va_start(arguments, op);
    for (size_t i = 2; i + 1 < G_N_ELEMENTS(words); i++)
        if (!(words[i] = va_arg(arguments, const char *)))
            break;
    va_end(arguments);
    struct history_event event = {time, client};
    if (!history_add_call(history, event, words, &error))
        g_error("%s", error->message);
    return history->operations->len - 1;
}

void history_return(struct history *history, nsec time, size_t index,
                    const char *value)
{
    end_call(history, end_of(history, time, index), HISTORY_RETURNED, value);
}

void history_lost(struct history *history, nsec time, size_t index)
{
    end_call(history, end_of(history, time, index), HISTORY_LOST, NULL);
}

void history_failed(struct history *history, nsec time, size_t index)
{
    end_call(history, end_of(history, time, index), HISTORY_FAILED, NULL);
}

const struct operation *history_operations(const struct history *history,
                                           size_t *count)
{
    *count = history->operations->len;
    return (const struct operation *)(const void *)history->operations->data;
}

const struct model *history_model(const struct history *history)
{
    return history->model;
}

void history_free(struct history *history)
{
    if (!history)
        return;
    g_array_unref(history->operations);
    g_string_chunk_free(history->words);
    g_hash_table_unref(history->under_way);
    g_free(history);
}
