/*
 *     stream -- on_bytes: whole commands --> run --> the protocol
 *            <-- answer: whole replies, counted <---
 *
 * While a run is not answered, or replies pile up, bytes stay where they are,
 * in the stream. door_client_go_on() has them shown again: after an answer, and
 * every now and then while replies pile up.
 *
 * Of replies the stream gets a little at a time, the others wait in `later`: a
 * stream moves what it holds whenever some of it has left.
 *
 * The protocol may answer while a run is delivered, so nothing that was read
 * from the client before is used after that.
 */
#include "02-framing/door/command.h"
#include "02-framing/door/door_parts.h"

enum {
    RUN_MOST = 1 << 16, /* Bytes after which a run takes no more commands. */
    PILE = 1 << 18,     /* Bytes of replies that pile up; in the stream. */
};
#define GRACE SEC /* For answers to one who ended its side. */

static nsec time_of(const struct door_client *client)
{
    return env_now(client->door->env.below);
}

static bool is_answered(const struct door_client *client)
{
    return client->answered >= client->asked;
}

size_t door_client_unread(const struct door_client *client)
{
    return stream_backlog(client->stream) + client->queued;
}

static bool is_piling(const struct door_client *client)
{
    return door_client_unread(client) > PILE;
}

/* What it has sent, what that was read as, the run under way, replies. */
size_t door_client_kept(const struct door_client *client)
{
    size_t items = resp_count(client->resp) * sizeof(struct resp_item);
    size_t run = is_answered(client) ? 0 : client->run;
    if (client->cut)
        return 0;
    return client->unused + items + run + door_client_unread(client);
}

/* ---- Going on, and going. ---- */

void door_client_cut(struct door_client *client)
{
    if (client->cut)
        return;
    client->door->counts.cut++;
    client->cut = client->leaving = client->ended = true;
    stream_abort(client->stream);
}

/* Give the stream of what waits, as long as it holds little. Where it took some,
 * the kernel may take that at once, and then there is room again. */
static void pump(struct door_client *client)
{
    GBytes *first;
    bool took = false;
    while ((first = g_queue_peek_head(&client->later))) {
        size_t size, backlog = stream_backlog(client->stream);
        const uint8_t *data = g_bytes_get_data(first, &size);
        size_t room = backlog < PILE ? PILE - backlog : 0;
        size_t count = MIN(size - client->begun, room);
        if (count == 0)
            break;
        stream_write(client->stream, data + client->begun, count);
        took = true;
        client->begun += count;
        client->queued -= count;
        if (client->begun < size)
            break;
        client->begun = 0;
        g_bytes_unref(g_queue_pop_head(&client->later));
    }
    if (first)
        door_drain(client->door, client, took);
}

/* Returns whether there was room. */
static bool put(struct door_client *client, GBytes *replies)
{
    size_t size = g_bytes_get_size(replies);
    if (size > client->door->settings.most - door_client_unread(client)) {
        door_client_cut(client);
        return false;
    }
    client->written += size;
    client->queued += size;
    g_queue_push_tail(&client->later, g_bytes_ref(replies));
    pump(client);
    return true;
}

static void put_wrong(struct door_client *client)
{
    struct wire_writer out = {.most = SIZE_MAX};
    resp_put_error(&out, "ERR Protocol error: %s", client->wrong);
    g_autoptr(GBytes) error = wire_finish(&out);
    put(client, error);
}

static void leave(struct door_client *client)
{
    client->leaving = true;
    client->since = time_of(client);
}

/* Whoever leaves gets all answers first, and then the end. */
static void end_if_done(struct door_client *client)
{
    if (!client->leaving || client->ended || !is_answered(client))
        return;
    if (client->wrong)
        put_wrong(client);
    client->wrong = NULL;
    if (client->queued > 0 || client->cut)
        return;
    client->ended = true;
    stream_end(client->stream);
}

void door_client_go_on(struct door_client *client)
{
    if (client->cut)
        return;
    pump(client);
    end_if_done(client);
    if (!client->holding || !is_answered(client))
        return;
    if (is_piling(client))
        door_drain(client->door, client, false);
    else
        stream_again(client->stream);
}

/* What it asked before that is answered first. */
static void refuse(struct door_client *client, const char *why)
{
    client->wrong = why;
    client->door->counts.malformed++;
    leave(client);
}

/* ---- In: runs of commands. ---- */

static void count_command(struct door_client *client, struct word name)
{
    client->asked++;
    client->door->counts.commands++;
    if (word_is(name, "QUIT"))
        leave(client);
}

/* As many arrays of strings as are whole: as they stand, at once. Returns how
 * many bytes that is. */
static size_t add_arrays(struct door_client *client, struct wire_writer *run,
                         const uint8_t *data, size_t size)
{
    GArray *words = client->door->words;
    size_t used = 0, count = 1;
    while (count > 0 && used < RUN_MOST && !client->leaving) {
        count = command_read((const char *)data + used, size - used, words);
        if (count == 0 || words->len == 0)
            break;
        count_command(client, g_array_index(words, struct word, 0));
        used += count;
    }
    wire_put_raw(run, data, used);
    return used;
}

/* An inline command, or an array that came in pieces. */
static void add_parsed(struct door_client *client, struct wire_writer *run,
                       const uint8_t *data)
{
    const struct resp_item *words = resp_items(client->resp) + 1;
    size_t count = resp_count(client->resp) - 1;
    if (count == 0)
        return;
    resp_put_array(run, count);
    for (size_t i = 0; i < count; i++)
        resp_put_bulk(run, data + words[i].at, words[i].size);
    count_command(
        client, (struct word){(const char *)data + words[0].at, words[0].size});
}

/* What is not an array of strings, or not all of it. */
static size_t add_other(struct door_client *client, struct wire_writer *run,
                        const uint8_t *data, size_t size)
{
    ssize_t used = resp_parse(client->resp, data, size);
    client->half = used == 0;
    if (used > 0)
        add_parsed(client, run, data);
    else if (used < 0)
        refuse(client, resp_error(client->resp));
    else if (size >= client->door->settings.most)
        refuse(client, "too long a command");
    return used > 0 ? (size_t)used : 0;
}

static void deliver(struct door_client *client, struct wire_writer *run)
{
    g_autoptr(GBytes) message = wire_finish(run);
    if (g_bytes_get_size(message) == 0)
        return;
    client->visited = true;
    client->run = g_bytes_get_size(message);
    env_deliver(&client->door->env, client->id, message);
}

/* Returns how many bytes it took. */
static size_t take_run(struct door_client *client, const uint8_t *data,
                       size_t size)
{
    struct wire_writer run = {.most = SIZE_MAX};
    size_t used = 0, count = 1;
    while (count > 0 && used < size && used < RUN_MOST && !client->leaving) {
        count = 0;
        if (!client->half)
            count = add_arrays(client, &run, data + used, size - used);
        if (count == 0)
            count = add_other(client, &run, data + used, size - used);
        used += count;
    }
    client->holding = count > 0 && used < size && !client->leaving;
    deliver(client, &run);
    return used;
}

/* When did the command begin that is not whole? At its first byte. And one who
 * has ended its side has some time from then on. */
static void note_time(struct door_client *client, size_t used, bool ended)
{
    bool begins = used > 0 || client->unused == 0;
    client->heard = time_of(client);
    if ((begins && !client->leaving) || (ended && !client->gone))
        client->since = client->heard;
    client->gone = ended;
}

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct door_client *client = self;
    size_t used = 0;
    client->holding = size > 0 && !client->leaving;
    if (!client->leaving && is_answered(client) && !is_piling(client))
        used = take_run(client, data, size);
    note_time(client, used, ended);
    if (ended && !client->holding && !client->leaving)
        leave(client);
    if (client->leaving)
        used = size;
    client->unused = size - used;
    door_client_go_on(client);
    door_bound_memory(client->door, client);
    return used;
}

/* ---- Out: runs of replies. ---- */

/* A push is no answer. A service that sends no whole reply is wrong, not the
 * client. */
static uint64_t count_replies(struct resp *resp, const uint8_t *data,
                              size_t size)
{
    uint64_t count = 0;
    while (size > 0) {
        size_t used = reply_size((const char *)data, size);
        if (used == 0) {
            ssize_t parsed = resp_parse(resp, data, size);
            g_assert(parsed > 0);
            used = (size_t)parsed;
        }
        count += data[0] != RESP_PUSH;
        data += used;
        size -= used;
    }
    return count;
}

void door_client_answer(struct door_client *client, GBytes *message)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    client->answered += count_replies(client->door->replies, data, size);
    if (client->ended || !put(client, message))
        return;
    client->heard = time_of(client);
    door_client_go_on(client);
    door_bound_memory(client->door, client);
}

/* ---- Too late? ---- */

/* While one who leaves has something to read, its leaving has not begun. */
static void note_reading(struct door_client *client, nsec now)
{
    size_t backlog = door_client_unread(client);
    uint64_t left = client->written - backlog;
    if (left > client->left || backlog == 0)
        client->read = now;
    if (client->leaving && backlog > 0)
        client->since = now;
    client->left = left;
}

bool door_client_is_late(struct door_client *client, nsec now)
{
    const struct door_settings *settings = &client->door->settings;
    note_reading(client, now);
    if (now - client->read >= settings->patience)
        return true;
    if (!is_answered(client))
        return client->gone && now - client->since >= GRACE;
    if (client->leaving || (client->unused > 0 && !client->holding))
        return now - client->since >= settings->patience;
    return settings->idle > 0 && now - client->heard >= settings->idle;
}

/* ---- Life. ---- */

static void on_close(void *self, int error)
{
    struct door_client *client = self;
    (void)error;
    door_forget(client->door, client);
}

struct door_client *door_client_new(struct door *door, node_id id, int fd)
{
    struct door_client *client = g_new0(struct door_client, 1);
    size_t most = door->settings.most;
    client->door = door;
    client->pile.data = client;
    client->id = id;
    client->since = client->heard = client->read = time_of(client);
    client->resp =
        resp_new((struct resp_limits){.commands = true, .bulk = most});
    client->stream =
        stream_new(host_loop(door->host), host_gate(door->host), fd,
                   (struct stream_owner){.on_bytes = on_bytes,
                                         .on_close = on_close,
                                         .self = client,
                                         .most = most});
    return client;
}

void door_client_free(struct door_client *client)
{
    stream_free(client->stream);
    resp_free(client->resp);
    g_queue_clear_full(&client->later, (GDestroyNotify)g_bytes_unref);
    g_free(client);
}
