/*
 * Messages are text. An id names a request for ever: the node that asks, how
 * often it has booted, a number.
 *
 *     client           leader              follower
 *       | add 3.1.7      |                    |
 *       |--------------->| append             |
 *       |                | copy 12 3.1.7      |
 *       |                |------------------->| append
 *       |                |          stored 12 |
 *       | done 3.1.7 12  |<-------------------|
 *       |<---------------|   on a majority's disks
 *
 * Nothing is trusted to arrive: the client asks again until it is answered, the
 * leader sends each follower the first entry it lacks until it has it. What is
 * asked again is found in the log, and not added again.
 *
 * A read is answered when all that stood in the log when it came is on a
 * majority's disks: after a reboot the leader does not know what is.
 */
#include "common/toys/counter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEADER = 1, PATIENCE = 50, MOST = 64 }; /* Milliseconds; bytes. */

/* A question of our own client, or, at the leader, a read that waits. */
struct request {
    char id[MOST];
    bool reads;
    unsigned number; /* Of the client; of a read: how much must be stored. */
};

struct counter {
    struct env *env;
    unsigned nodes;
    struct counter_answer answer;
    GPtrArray *log;      /* Ids of what was added: the count is its length. */
    unsigned *stored;    /* Of each node: so many entries are on its disk. */
    unsigned committed;  /* So many are on a majority's. */
    GPtrArray *reads;    /* Leader: struct request. */
    GPtrArray *requests; /* Client: struct request. */
    unsigned boots, asked;
    struct timer timer;
};

/* ---- Messages. ---- */

static void G_GNUC_PRINTF(3, 4)
    say(struct counter *counter, node_id to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autoptr(GBytes) message = g_bytes_new(text, strlen(text));
    env_send(counter->env, to, message);
}

static node_id node_of(const char *id)
{
    return g_ascii_strtoull(id, NULL, 10);
}

/* ---- The log. ---- */

static void append(struct counter *counter, const char *id)
{
    g_autofree char *line = g_strdup_printf("%s\n", id);
    g_autoptr(GBytes) bytes = g_bytes_new(line, strlen(line));
    env_append(counter->env, "log", bytes);
    g_ptr_array_add(counter->log, g_strdup(id));
    counter->stored[counter->env->id] = counter->log->len;
}

/* At which place, from one, is it? 0: nowhere. */
static unsigned place_of(const struct counter *counter, const char *id)
{
    for (unsigned i = 0; i < counter->log->len; i++)
        if (strcmp(counter->log->pdata[i], id) == 0)
            return i + 1;
    return 0;
}

/* ---- The leader. ---- */

static void copy_to(struct counter *counter, node_id follower)
{
    unsigned next = counter->stored[follower];
    if (next < counter->log->len)
        say(counter, follower, "copy %u %s", next + 1,
            (char *)counter->log->pdata[next]);
}

static void copy_to_all(struct counter *counter)
{
    for (node_id id = 1; id <= counter->nodes; id++)
        if (id != LEADER)
            copy_to(counter, id);
}

static void answer_reads(struct counter *counter)
{
    for (unsigned i = counter->reads->len; i-- > 0;) {
        const struct request *read = counter->reads->pdata[i];
        if (read->number > counter->committed)
            continue;
        say(counter, node_of(read->id), "done %s %u", read->id,
            counter->committed);
        g_ptr_array_remove_index(counter->reads, i);
    }
}

static unsigned count_copies(const struct counter *counter, unsigned place)
{
    unsigned copies = 0;
    for (unsigned id = 1; id <= counter->nodes; id++)
        copies += counter->stored[id] >= place;
    return copies;
}

static void commit(struct counter *counter)
{
    while (counter->committed < counter->log->len &&
           count_copies(counter, counter->committed + 1) > counter->nodes / 2) {
        const char *id = counter->log->pdata[counter->committed++];
        say(counter, node_of(id), "done %s %u", id, counter->committed);
    }
    answer_reads(counter);
}

static void on_add(struct counter *counter, const char *id)
{
    unsigned place = place_of(counter, id);
    if (place == 0) {
        append(counter, id);
        copy_to_all(counter);
        commit(counter);
    } else if (place <= counter->committed) {
        say(counter, node_of(id), "done %s %u", id, place);
    }
}

static void on_read(struct counter *counter, const char *id)
{
    struct request *read = g_new0(struct request, 1);
    g_strlcpy(read->id, id, sizeof read->id);
    read->number = counter->log->len;
    g_ptr_array_add(counter->reads, read);
    answer_reads(counter);
}

static void on_stored(struct counter *counter, node_id from, unsigned count)
{
    if (count <= counter->stored[from])
        return;
    counter->stored[from] = count;
    copy_to(counter, from);
    commit(counter);
}

/* ---- A follower. ---- */

static void on_copy(struct counter *counter, unsigned place, const char *id)
{
    if (place == counter->log->len + 1)
        append(counter, id);
    say(counter, LEADER, "stored %u", counter->log->len);
}

/* ---- The client. ---- */

static void ask_leader(struct counter *counter, const struct request *request)
{
    say(counter, LEADER, "%s %s", request->reads ? "read" : "add", request->id);
}

static void ask(struct counter *counter, unsigned number, bool reads)
{
    struct request *request = g_new0(struct request, 1);
    g_snprintf(request->id, sizeof request->id, "%u.%u.%u",
               (unsigned)counter->env->id, counter->boots, ++counter->asked);
    request->reads = reads;
    request->number = number;
    g_ptr_array_add(counter->requests, request);
    ask_leader(counter, request);
}

static void on_done(struct counter *counter, const char *id, unsigned result)
{
    for (unsigned i = 0; i < counter->requests->len; i++) {
        struct request *request = counter->requests->pdata[i];
        if (strcmp(request->id, id) != 0)
            continue;
        unsigned number = request->number;
        g_ptr_array_remove_index(counter->requests, i);
        counter->answer.call(counter->answer.self, number, result);
        return;
    }
}

void counter_add(struct counter *counter, unsigned request)
{
    ask(counter, request, false);
}

void counter_read(struct counter *counter, unsigned request)
{
    ask(counter, request, true);
}

unsigned counter_waiting(const struct counter *counter)
{
    return counter->requests->len;
}

/* ---- What comes. ---- */

static void on_message(void *self, node_id from, GBytes *message)
{
    struct counter *counter = self;
    size_t size;
    char id[MOST];
    unsigned number;
    const char *data = g_bytes_get_data(message, &size);
    if (size == 0)
        return; /* A farewell changes nothing. */
    g_autofree char *text = g_strndup(data, MIN(size, MOST - 1));
    if (sscanf(text, "add %63s", id) == 1)
        on_add(counter, id);
    else if (sscanf(text, "read %63s", id) == 1)
        on_read(counter, id);
    else if (sscanf(text, "copy %u %63s", &number, id) == 2)
        on_copy(counter, number, id);
    else if (sscanf(text, "stored %u", &number) == 1)
        on_stored(counter, from, number);
    else if (sscanf(text, "done %63s %u", id, &number) == 2)
        on_done(counter, id, number);
}

static void on_timeout(void *self)
{
    struct counter *counter = self;
    for (unsigned i = 0; i < counter->requests->len; i++)
        ask_leader(counter, counter->requests->pdata[i]);
    if (counter->env->id == LEADER)
        copy_to_all(counter);
    env_arm(counter->env, &counter->timer, PATIENCE * MSEC);
}

/* ---- Life. ---- */

/* What a crash has torn is cut, for more will be appended. */
static void recall_log(struct counter *counter)
{
    size_t size = 0;
    g_autoptr(GBytes) bytes = env_recall(counter->env, "log");
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    while (size > 0 && data[size - 1] != '\n')
        size--;
    if (bytes && size < g_bytes_get_size(bytes)) {
        g_autoptr(GBytes) whole = g_bytes_new(data, size);
        env_persist(counter->env, "log", whole);
    }
    while (size > 0) {
        size_t length = strcspn(data, "\n");
        g_ptr_array_add(counter->log, g_strndup(data, length));
        data += length + 1;
        size -= length + 1;
    }
    counter->stored[counter->env->id] = counter->log->len;
}

/* So that no id is given twice. */
static unsigned count_boot(struct env *env)
{
    unsigned boots = 0;
    g_autoptr(GBytes) before = env_recall(env, "boots");
    if (before && g_bytes_get_size(before) == sizeof boots)
        memcpy(&boots, g_bytes_get_data(before, NULL), sizeof boots);
    boots++;
    g_autoptr(GBytes) after = g_bytes_new(&boots, sizeof boots);
    env_persist(env, "boots", after);
    return boots;
}

struct counter *counter_new(struct env *env, unsigned nodes,
                            struct counter_answer answer)
{
    struct counter *counter = g_new0(struct counter, 1);
    counter->env = env;
    counter->nodes = nodes;
    counter->answer = answer;
    counter->log = g_ptr_array_new_with_free_func(g_free);
    counter->stored = g_new0(unsigned, nodes + 1);
    counter->reads = g_ptr_array_new_with_free_func(g_free);
    counter->requests = g_ptr_array_new_with_free_func(g_free);
    counter->boots = count_boot(env);
    counter->timer = (struct timer){.fire = on_timeout, .self = counter};
    recall_log(counter);
    env_bind(env, on_message, counter);
    env_arm(env, &counter->timer, PATIENCE * MSEC);
    return counter;
}

void counter_free(struct counter *counter)
{
    env_disarm(counter->env, &counter->timer);
    g_ptr_array_unref(counter->log);
    g_ptr_array_unref(counter->reads);
    g_ptr_array_unref(counter->requests);
    g_free(counter->stored);
    g_free(counter);
}
