#include "02-framing/door/command.h"

enum {
    WORDS = 1 << 20, /* As resp.h: more are refused, and not by this reader. */
    QUOTED = 64,     /* So much of a wrong command is said back. */
};

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- Reading. ---- */

/* What is left to read. */
struct rest {
    const char *next, *end;
};

/* A line of @p type and a number, of nine digits at most and one form. */
static inline bool read_line(struct rest *rest, char type, size_t *number)
{
    const char *digits = rest->next + 1, *at = digits;
    *number = 0;
    if (rest->next == rest->end || *rest->next != type)
        return false;
    for (; at < rest->end && at - digits < 9 && is_digit(*at); at++)
        *number = 10 * *number + (size_t)(*at - '0');
    if (at == digits || rest->end - at < 2 || at[0] != '\r' || at[1] != '\n' ||
        (digits[0] == '0' && at > digits + 1))
        return false;
    rest->next = at + 2;
    return true;
}

static inline bool read_word(struct rest *rest, struct word *word)
{
    size_t size;
    if (!read_line(rest, RESP_BULK, &size) ||
        (size_t)(rest->end - rest->next) < size + 2)
        return false;
    *word = (struct word){rest->next, size};
    rest->next += size + 2;
    return rest->next[-2] == '\r' && rest->next[-1] == '\n';
}

size_t command_read(const char *data, size_t size, GArray *words)
{
    struct rest rest = {data, data + size};
    size_t count;
    g_array_set_size(words, 0);
    if (!read_line(&rest, RESP_ARRAY, &count) || count > WORDS)
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct word word;
        if (!read_word(&rest, &word))
            return 0;
        g_array_append_val(words, word);
    }
    return (size_t)(rest.next - data);
}

size_t reply_size(const char *data, size_t size)
{
    struct rest rest = {data, data + size};
    struct word word;
    if (size > 0 && data[0] == RESP_BULK)
        return read_word(&rest, &word) ? (size_t)(rest.next - data) : 0;
    if (size == 0 || !memchr("+-:", data[0], 3))
        return 0;
    const char *end = memchr(data, '\n', size);
    return end && end[-1] == '\r' ? (size_t)(end - data) + 1 : 0;
}

/* ---- Words. ---- */

bool word_number(struct word word, int64_t *number)
{
    bool minus = word.size > 0 && word.data[0] == '-';
    size_t digits = word.size - minus;
    const char *digit = word.data + minus;
    uint64_t sum = 0, most = (uint64_t)INT64_MAX + minus;
    if (digits == 0 || digits > 19 || (digit[0] == '0' && word.size > 1))
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(digit[i]))
            return false;
        sum = 10 * sum + (uint64_t)(digit[i] - '0');
    }
    *number = (int64_t)(minus ? 0 - sum : sum);
    return sum <= most;
}

/* It goes into a line, and on a screen. */
static char *quote(struct word word)
{
    char *text = g_strndup(word.data, MIN(word.size, QUOTED));
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return text;
}

void put_unknown(struct wire_writer *out, const struct command *command)
{
    g_autofree char *name = quote(command->words[0]);
    resp_put_error(out, "ERR unknown command '%s'", name);
}

void put_wrong_count(struct wire_writer *out, const struct command *command)
{
    g_autofree char *name = quote(command->words[0]);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    resp_put_error(out, "ERR wrong number of arguments for '%s' command",
                   lower);
}
