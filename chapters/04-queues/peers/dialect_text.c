/*
 * Two whose protocol is lines, and bytes behind those lines that tell a number
 * of them. Words are separated by one space; a line ends with CR LF.
 */
#include "04-queues/peers/dialect.h"
#include <string.h>

enum { WORDS = 6, DIGITS = 9, LENGTH_MOST = 1 << 20, TTR = 60 };

/* ---- Lines. ---- */

struct word_line {
    const char *text;
    size_t size;
    const char *words[WORDS];
    size_t sizes[WORDS];
    unsigned count;
    size_t behind; /* Where the bytes begin, if it has any. */
};

static void split(struct word_line *line)
{
    const char *at = line->text, *end = at + line->size;
    while (line->count < WORDS && at < end) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const char *next = space ? space : end;
        line->words[line->count] = at;
        line->sizes[line->count++] = (size_t)(next - at);
        at = next + 1;
    }
}

/* False: it is not all there. */
static bool read_word_line(const uint8_t *data, size_t size,
                           struct word_line *line)
{
    const uint8_t *end = memchr(data, '\n', size);
    if (!end)
        return false;
    bool returns = end > data && end[-1] == '\r';
    *line = (struct word_line){.text = (const char *)data,
                               .size = (size_t)(end - data) - returns,
                               .behind = (size_t)(end - data) + 1};
    split(line);
    return true;
}

static bool has_word(const struct word_line *line, unsigned index,
                     const char *word)
{
    return index < line->count && line->sizes[index] == strlen(word) &&
           memcmp(line->words[index], word, line->sizes[index]) == 0;
}

/* The last word, a number: how many bytes follow. False: it is none. */
static bool tells_length(const struct word_line *line, size_t *length)
{
    uint64_t number = 0;
    size_t digits = line->count > 0 ? line->sizes[line->count - 1] : 0;
    for (size_t i = 0; i < digits; i++) {
        char digit = line->words[line->count - 1][i];
        if (!g_ascii_isdigit(digit))
            return false;
        number = 10 * number + (uint64_t)(digit - '0');
    }
    *length = number;
    return digits > 0 && digits <= DIGITS && number <= LENGTH_MOST;
}

/* The length of line and bytes, and CR LF behind them; 0: they are not all
 * there. */
static ssize_t whole(const struct word_line *line, size_t length, size_t size)
{
    size_t all = line->behind + length + 2;
    return size < all ? 0 : (ssize_t)all;
}

static void put(struct wire_writer *out, const char *text)
{
    wire_put_raw(out, text, strlen(text));
}

static void G_GNUC_PRINTF(2, 3)
    print(struct wire_writer *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    put(out, text);
}

static ssize_t refuse(struct speaker *speaker, const struct word_line *line)
{
    return speaker_fail(speaker, "it says: %.*s", (int)MIN(line->size, 200),
                        line->text);
}

/* ---- Beanstalkd. ---- */

static unsigned greet_beanstalk(struct speaker *speaker)
{
    put(&speaker->out, "use default\r\n");
    for (unsigned i = 0; speaker->role.consumes && i < speaker->role.window;
         i++)
        put(&speaker->out, "reserve\r\n");
    return 1;
}

static void publish_beanstalk(struct speaker *speaker)
{
    g_autofree char *payload = g_strnfill(speaker->role.size, 'm');
    print(&speaker->out, "put 0 0 %d %zu\r\n%s\r\n", TTR, speaker->role.size,
          payload);
}

/* "RESERVED id size", and so many bytes: done, and the next one. */
static ssize_t hear_job(struct speaker *speaker, const struct word_line *line,
                        size_t size)
{
    size_t length;
    if (line->count != 3 || !tells_length(line, &length) ||
        length != speaker->role.size)
        return refuse(speaker, line);
    ssize_t used = whole(line, length, size);
    if (used == 0)
        return 0;
    put(&speaker->out, "delete ");
    wire_put_raw(&speaker->out, line->words[1], line->sizes[1]);
    put(&speaker->out, "\r\nreserve\r\n");
    speaker->delivered++;
    return used;
}

/* What one word says. */
static bool hear_word(struct speaker *speaker, const struct word_line *line)
{
    if (has_word(line, 0, "INSERTED"))
        return speaker_confirmed(speaker);
    if (has_word(line, 0, "USING"))
        return speaker_was_greeted(speaker);
    if (!has_word(line, 0, "DELETED") || !speaker->role.consumes)
        return false;
    speaker->settled++;
    return true;
}

static ssize_t hear_beanstalk(struct speaker *speaker, const uint8_t *data,
                              size_t size)
{
    struct word_line line;
    if (!read_word_line(data, size, &line))
        return 0;
    if (has_word(&line, 0, "RESERVED"))
        return hear_job(speaker, &line, size);
    return hear_word(speaker, &line) ? (ssize_t)line.behind
                                     : refuse(speaker, &line);
}

const struct dialect dialect_beanstalk = {.greet = greet_beanstalk,
                                          .publish = publish_beanstalk,
                                          .hear = hear_beanstalk};

/* ---- JetStream. ----
 *
 * Three subscriptions: answers about streams and consumers, confirms, messages.
 * A message carries the subject to which its ack is published. */

enum { ANSWERS = 1, CONFIRMS = 2, MESSAGES = 3 };

static void ask(struct speaker *speaker, const char *what, const char *json)
{
    print(&speaker->out, "PUB $JS.API.%s answers %zu\r\n%s\r\n", what,
          strlen(json), json);
}

/* A stream that is a queue: what is acknowledged is removed. And one consumer,
 * of which all ours are members. */
static void make_queue(struct speaker *speaker)
{
    const struct speaker_role *role = &speaker->role;
    g_autofree char *stream = g_strdup_printf(
        "{\"name\":\"Q\",\"subjects\":[\"q\"],\"storage\":\"%s\","
        "\"retention\":\"workqueue\"}",
        role->mode);
    g_autofree char *consumer = g_strdup_printf(
        "{\"stream_name\":\"Q\",\"config\":{\"durable_name\":\"C\","
        "\"deliver_subject\":\"work\",\"deliver_group\":\"workers\","
        "\"ack_policy\":\"explicit\",\"max_ack_pending\":%u}}",
        role->window * role->others);
    print(&speaker->out, "SUB answers %d\r\n", ANSWERS);
    ask(speaker, "STREAM.CREATE.Q", stream);
    ask(speaker, "CONSUMER.DURABLE.CREATE.Q.C", consumer);
}

static unsigned greet_jetstream(struct speaker *speaker)
{
    put(&speaker->out, "CONNECT {\"verbose\":false,\"pedantic\":false,"
                       "\"lang\":\"c\",\"version\":\"1\"}\r\n");
    if (speaker->role.consumes)
        print(&speaker->out, "SUB work workers %d\r\n", MESSAGES);
    else
        print(&speaker->out, "SUB confirms.%u %d\r\n", speaker->role.number,
              CONFIRMS);
    put(&speaker->out, "PING\r\n");
    if (speaker->role.number > 0)
        return 2; /* INFO, PONG */
    make_queue(speaker);
    return 4;
}

static void publish_jetstream(struct speaker *speaker)
{
    g_autofree char *payload = g_strnfill(speaker->role.size, 'm');
    print(&speaker->out, "PUB q confirms.%u %zu\r\n%s\r\n",
          speaker->role.number, speaker->role.size, payload);
}

static bool take_ack(struct speaker *speaker, const struct word_line *line,
                     size_t size)
{
    if (!speaker->role.consumes || line->count != 5 ||
        size != speaker->role.size)
        return false;
    put(&speaker->out, "PUB ");
    wire_put_raw(&speaker->out, line->words[3], line->sizes[3]);
    put(&speaker->out, " 4\r\n+ACK\r\n");
    speaker->delivered++;
    speaker->settled++;
    return true;
}

static bool take_text(struct speaker *speaker, const struct word_line *line,
                      const char *text, size_t size)
{
    if (has_word(line, 2, "3"))
        return take_ack(speaker, line, size);
    if (memmem(text, size, "\"error\"", 7))
        return false;
    return has_word(line, 2, "2") ? speaker_confirmed(speaker)
                                  : speaker_was_greeted(speaker);
}

/* "MSG subject subscription [reply] size", and so many bytes. */
static ssize_t hear_message(struct speaker *speaker,
                            const struct word_line *line, const uint8_t *data,
                            size_t size)
{
    size_t length;
    if (line->count < 4 || !tells_length(line, &length))
        return refuse(speaker, line);
    ssize_t used = whole(line, length, size);
    const char *text = (const char *)data + line->behind;
    if (used > 0 && !take_text(speaker, line, text, length))
        return speaker_fail(speaker, "it says: %.*s", (int)MIN(length, 200),
                            text);
    return used;
}

static ssize_t hear_jetstream(struct speaker *speaker, const uint8_t *data,
                              size_t size)
{
    struct word_line line;
    if (!read_word_line(data, size, &line))
        return 0;
    if (has_word(&line, 0, "MSG"))
        return hear_message(speaker, &line, data, size);
    if (has_word(&line, 0, "PING"))
        put(&speaker->out, "PONG\r\n");
    else if (!(has_word(&line, 0, "INFO") || has_word(&line, 0, "PONG")) ||
             !speaker_was_greeted(speaker))
        return refuse(speaker, &line);
    return (ssize_t)line.behind;
}

const struct dialect dialect_jetstream = {.greet = greet_jetstream,
                                          .publish = publish_jetstream,
                                          .hear = hear_jetstream};
