/*
 * Messages are text, a check sum before the rest:
 *
 *     CRC word NUMBER WORD    the word at this place
 *     CRC ack NUMBER          it is on my disk
 *
 * One word is under way at a time, and is sent again until its ack comes. The
 * receiver acknowledges what it has, also what it had before: the first ack may
 * have been lost.
 */
#include "common/toys/stopwait.h"
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { PATIENCE = 50, MOST = 64 }; /* Milliseconds; bytes of a message. */

struct stopwait {
    struct env *env;
    node_id peer;
    GPtrArray *out;    /* Words pushed. */
    unsigned acked;    /* So many of them have arrived. */
    unsigned expected; /* So many words have come. */
    struct timer timer;
};

/* ---- Messages. ---- */

static void say(struct stopwait *stopwait, const char *text)
{
    uLong sum = crc32(0, (const Bytef *)text, (uInt)strlen(text));
    g_autofree char *whole = g_strdup_printf("%08lx %s", sum, text);
    g_autoptr(GBytes) message = g_bytes_new(whole, strlen(whole));
    env_send(stopwait->env, stopwait->peer, message);
}

/* What was said; "" when it came damaged. */
static void hear(GBytes *message, char text[MOST])
{
    size_t size;
    unsigned long sum = 0;
    const char *data = g_bytes_get_data(message, &size);
    g_autofree char *whole = g_strndup(data, MIN(size, MOST));
    *text = '\0';
    if (sscanf(whole, "%8lx", &sum) != 1 || strlen(whole) < 9)
        return;
    g_strlcpy(text, whole + 9, MOST);
    if (crc32(0, (const Bytef *)text, (uInt)strlen(text)) != sum)
        *text = '\0';
}

/* ---- Sending. ---- */

static void transmit(struct stopwait *stopwait)
{
    if (stopwait->acked == stopwait->out->len)
        return;
    g_autofree char *text =
        g_strdup_printf("word %u %s", stopwait->acked,
                        (char *)stopwait->out->pdata[stopwait->acked]);
    say(stopwait, text);
    env_arm(stopwait->env, &stopwait->timer, PATIENCE * MSEC);
}

static void on_timeout(void *self)
{
    transmit(self);
}

static void write_line(struct env *env, const char *key, const char *word)
{
    g_autofree char *line = g_strdup_printf("%s\n", word);
    g_autoptr(GBytes) bytes = g_bytes_new(line, strlen(line));
    env_append(env, key, bytes);
}

void stopwait_push(struct stopwait *stopwait, const char *word)
{
    write_line(stopwait->env, "out", word);
    g_ptr_array_add(stopwait->out, g_strdup(word));
    if (stopwait->acked + 1 == stopwait->out->len)
        transmit(stopwait);
}

static void on_ack(struct stopwait *stopwait, unsigned number)
{
    if (number != stopwait->acked || number == stopwait->out->len)
        return;
    stopwait->acked++;
    env_disarm(stopwait->env, &stopwait->timer);
    transmit(stopwait);
}

/* ---- Receiving. ---- */

static void on_word(struct stopwait *stopwait, unsigned number,
                    const char *word)
{
    g_autofree char *ack = g_strdup_printf("ack %u", number);
    if (number == stopwait->expected) {
        write_line(stopwait->env, "in", word);
        stopwait->expected++;
    }
    say(stopwait, ack);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    char text[MOST], word[MOST];
    unsigned number;
    (void)from;
    if (g_bytes_get_size(message) == 0)
        return; /* A farewell changes nothing. */
    hear(message, text);
    if (sscanf(text, "word %u %63s", &number, word) == 2)
        on_word(self, number, word);
    else if (sscanf(text, "ack %u", &number) == 1)
        on_ack(self, number);
}

/* ---- Life. ---- */

/* How much of it is whole lines? */
static size_t whole_lines(GBytes *bytes)
{
    size_t size = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : "";
    while (size > 0 && data[size - 1] != '\n')
        size--;
    return size;
}

char **stopwait_lines(struct env *env, const char *key)
{
    g_autoptr(GBytes) bytes = env_recall(env, key);
    size_t size = whole_lines(bytes);
    const char *data = size > 0 ? g_bytes_get_data(bytes, NULL) : "";
    g_autofree char *text = g_strndup(data, MAX(size, 1) - 1);
    return g_strsplit(text, "\n", -1);
}

/* What a crash has torn is cut, for more will be appended. */
static void cut_torn_line(struct env *env, const char *key)
{
    g_autoptr(GBytes) bytes = env_recall(env, key);
    size_t size = whole_lines(bytes);
    if (!bytes || size == g_bytes_get_size(bytes))
        return;
    g_autoptr(GBytes) whole = g_bytes_new_from_bytes(bytes, 0, size);
    env_persist(env, key, whole);
}

static char **recall(struct env *env, const char *key)
{
    cut_torn_line(env, key);
    return stopwait_lines(env, key);
}

struct stopwait *stopwait_new(struct env *env, node_id peer)
{
    struct stopwait *stopwait = g_new0(struct stopwait, 1);
    g_auto(GStrv) in = recall(env, "in");
    g_auto(GStrv) out = recall(env, "out");
    stopwait->env = env;
    stopwait->peer = peer;
    stopwait->out = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; out[i]; i++)
        g_ptr_array_add(stopwait->out, g_strdup(out[i]));
    stopwait->expected = g_strv_length(in);
    stopwait->timer = (struct timer){.fire = on_timeout, .self = stopwait};
    env_bind(env, on_message, stopwait);
    transmit(stopwait);
    return stopwait;
}

void stopwait_free(struct stopwait *stopwait)
{
    env_disarm(stopwait->env, &stopwait->timer);
    g_ptr_array_unref(stopwait->out);
    g_free(stopwait);
}
