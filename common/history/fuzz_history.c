/*
 * Any bytes, as a history: raw, or as words that histories are made of, so that
 * some make sense. A file is refused in one sentence, which names a line; or
 * it is written as a text that is read the same. Then it is judged, with
 * little of everything.
 */
#include "common/history/linear.h"
#include "common/judge/fuzz.h"
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
    "1",       "2",       "call",    "return",   "lost",    "failed",
    "put",     "get",     "append",  "cas",      "enqueue", "dequeue",
    "acquire", "release", "granted", "released", "refused", "ok",
    "x",       "y",       "nil",     "empty",    "\\x41",   "#",
};

static const char *const models[] = {"register", "cas", "kv", "queue", "lock"};

/* A line of a few words, as likely as not one that makes sense. */
static void append_line(GString *text, const uint8_t *byte)
{
    const char *const *what = &words[2 + byte[0] % 4];
    g_string_append_printf(text, "%d %d %s", 7, byte[1] % 4, *what);
    unsigned count = what == &words[2] ? 2 + byte[2] % 2 : byte[2] % 2;
    for (unsigned i = 0; i < count; i++)
        g_string_append_printf(text, " %s",
                               words[byte[3 + i] % G_N_ELEMENTS(words)]);
    g_string_append_c(text, '\n');
}

static GString *text_of(const uint8_t *data, size_t size)
{
    GString *text = g_string_new(NULL);
    if (data[0] % 2 == 0)
        return g_string_append_len(text, (const char *)data, (gssize)size);
    g_string_printf(text, "history %s\n", models[data[0] / 2 % 5]);
    for (size_t at = 1; at + 6 <= size; at += 6)
        append_line(text, data + at);
    return text;
}

static struct history *read_text(const char *text, size_t size, GError **error)
{
    FILE *file = fmemopen((void *)text, size, "r");
    struct history *history = history_read(file, error);
    fclose(file);
    return history;
}

static char *write_text(const struct history *history, size_t *size)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, size);
    history_write(history, file);
    fclose(file);
    return text;
}

static void check_again(const struct history *history)
{
    size_t size, other;
    char *text = write_text(history, &size);
    struct history *again = read_text(text, size, NULL);
    g_assert(again);
    char *same = write_text(again, &other);
    g_assert(size == other && memcmp(text, same, size) == 0);
    history_free(again);
    free(text);
    free(same);
}

static void judge(const struct history *history)
{
    struct linear_limits limits = {.steps = 2000, .bytes = 1 << 20};
    struct linear *linear = linear_judge(history, limits);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (linear_answer(linear) == LINEAR_NO)
        linear_draw(linear, file);
    fclose(file);
    free(text);
    linear_free(linear);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    if (size == 0)
        return 0;
    GString *text = text_of(data, size);
    struct history *history = read_text(text->str, text->len, &error);
    g_assert(!history == (error != NULL));
    g_assert(history || g_str_has_prefix(error->message, "line "));
    g_assert(history || !strchr(error->message, '\n'));
    if (history) {
        check_again(history);
        judge(history);
    }
    history_free(history);
    g_string_free(text, TRUE);
    return 0;
}
