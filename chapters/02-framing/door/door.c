/*
 *     stream -- on_bytes: whole commands --> run --> the protocol
 *            <------- on_message: whole replies, counted <---
 *
 * A client has `asked` so many commands, and so many were `answered`. When the
 * two are equal, the next run is taken; when it is also `leaving`, it may go.
 */
#include "02-framing/door/door.h"
#include "01-sockets/acceptor.h"
#include "01-sockets/stream.h"
#include "02-framing/door/command.h"
#include <sys/socket.h>
#include <unistd.h>

enum {
    RUN_MOST = 1 << 16, /* Bytes after which a run takes no more commands. */
    PILE = 1 << 20,     /* Bytes of replies that pile up. */
};
#define DRAINING (2 * MSEC) /* How often we look whether they still do. */
#define SWEEP    SEC        /* How often we look for those who are late. */
#define GRACE    SEC        /* For answers to one who ended its side. */

struct client {
    struct door *door;
    node_id id;
    struct stream *stream;
    struct resp *resp;
    uint64_t asked, answered;
    size_t kept;      /* What door->kept has of it. */
    bool visited;     /* It was heard of above. */
    bool half;        /* The parser is in the middle of a command. */
    bool holding;     /* It has sent more than we have taken. */
    bool gone;        /* It ended its side: a process that died does, too. */
    bool leaving;     /* It asks for nothing any more, .. */
    bool ended;       /* .. and has all its answers. */
    nsec since;       /* When its command began; or when it began to leave. */
    nsec heard;       /* When it sent something. */
    nsec read;        /* When it was seen to read on, or had read all. */
    uint64_t written; /* Bytes of replies. */
    uint64_t left;    /* Of these, what had left when we looked last. */
};

struct door {
    struct env env; /* First: it is one. */
    struct host *host;
    struct door_settings settings;
    struct door_counts counts;
    struct acceptor *acceptor;
    GHashTable *clients; /* struct client, by its id. */
    struct resp *replies;
    GArray *words; /* struct word, of the command being read. */
    size_t kept;
    uint16_t boot;
    uint32_t serial;
    struct timer sweep;
    struct timer drain; /* Armed: someone's replies pile up. */
};

/* ---- What is kept. ---- */

static void count_kept(struct client *client)
{
    struct door *door = client->door;
    size_t kept =
        stream_unused(client->stream) + stream_backlog(client->stream);
    door->kept += kept - client->kept;
    client->kept = kept;
}

static void cut(struct client *client)
{
    client->door->counts.cut++;
    client->leaving = client->ended = true;
    stream_abort(client->stream);
}

/* What has left since is still counted: so look again before anyone is cut. */
static void bound_memory(struct client *client, size_t more)
{
    struct door *door = client->door;
    count_kept(client);
    if (door->kept + more <= door->settings.memory)
        return;
    GHashTableIter iter;
    void *other;
    g_hash_table_iter_init(&iter, door->clients);
    while (g_hash_table_iter_next(&iter, NULL, &other))
        count_kept(other);
    if (door->kept + more > door->settings.memory)
        cut(client);
}

/* ---- Going on, and going. ---- */

static bool is_answered(const struct client *client)
{
    return client->answered >= client->asked;
}

static bool is_piling(const struct client *client)
{
    return stream_backlog(client->stream) > PILE;
}

/* More has come than we took: take it as soon as it may be taken. */
static void go_on(struct client *client)
{
    if (!client->holding || !is_answered(client))
        return;
    if (is_piling(client))
        env_arm(client->door->env.below, &client->door->drain, DRAINING);
    else
        stream_again(client->stream);
}

static void leave(struct client *client)
{
    client->leaving = true;
    client->since = env_now(client->door->env.below);
}

/* Whoever leaves gets all answers first, and then the end. */
static void end_if_done(struct client *client)
{
    if (!client->leaving || client->ended || !is_answered(client))
        return;
    client->ended = true;
    stream_end(client->stream);
}

static void refuse(struct client *client)
{
    struct wire_writer out = {.most = SIZE_MAX};
    resp_put_error(&out, "ERR Protocol error: %s", resp_error(client->resp));
    stream_write(client->stream, out.data, out.size);
    wire_clear(&out);
    client->door->counts.malformed++;
    client->asked = client->answered; /* No answer would be understood. */
    leave(client);
}

/* ---- In: runs of commands. ---- */

static void count_command(struct client *client, struct word name)
{
    client->asked++;
    client->door->counts.commands++;
    if (word_is(name, "QUIT"))
        leave(client);
}

static void deliver(struct client *client, GBytes *run)
{
    client->visited = true;
    env_deliver(&client->door->env, client->id, run);
}

/* As many arrays of strings as are whole: a run as it stands. */
static size_t take_arrays(struct client *client, const uint8_t *data,
                          size_t size)
{
    GArray *words = client->door->words;
    size_t used = 0, count = 1;
    while (count > 0 && used < RUN_MOST && !client->leaving) {
        count = command_read((const char *)data + used, size - used, words);
        if (words->len == 0)
            break;
        if (count > 0)
            count_command(client, g_array_index(words, struct word, 0));
        used += count;
    }
    if (used > 0) {
        g_autoptr(GBytes) run = g_bytes_new(data, used);
        deliver(client, run);
    }
    return used;
}

/* What the parser found is an inline command, or an array that came in pieces:
 * a run of its own. */
static void take_parsed(struct client *client, const uint8_t *data)
{
    const struct resp_item *words = resp_items(client->resp) + 1;
    size_t count = resp_count(client->resp) - 1;
    struct wire_writer out = {.most = SIZE_MAX};
    if (count == 0)
        return;
    resp_put_array(&out, count);
    for (size_t i = 0; i < count; i++)
        resp_put_bulk(&out, data + words[i].at, words[i].size);
    count_command(
        client, (struct word){(const char *)data + words[0].at, words[0].size});
    g_autoptr(GBytes) run = wire_finish(&out);
    deliver(client, run);
}

static size_t take_other(struct client *client, const uint8_t *data,
                         size_t size)
{
    ssize_t used = resp_parse(client->resp, data, size);
    client->half = used == 0;
    if (used > 0)
        take_parsed(client, data);
    else if (used < 0)
        refuse(client);
    return used > 0 ? (size_t)used : 0;
}

static size_t take_run(struct client *client, const uint8_t *data, size_t size)
{
    size_t used = client->half ? 0 : take_arrays(client, data, size);
    return used > 0 ? used : take_other(client, data, size);
}

static bool may_take(const struct client *client)
{
    return !client->leaving && is_answered(client) && !is_piling(client);
}

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct client *client = self;
    size_t used = 0, count = 1;
    client->heard = env_now(client->door->env.below);
    while (count > 0 && used < size && used < RUN_MOST && may_take(client)) {
        count = take_run(client, data + used, size - used);
        used += count;
    }
    client->holding = count > 0 && used < size && !client->leaving;
    if (used > 0 || size == 0)
        client->since = client->heard;
    if (ended && !client->holding && !client->leaving)
        leave(client);
    client->gone = ended;
    if (client->leaving)
        used = size;
    go_on(client);
    end_if_done(client);
    bound_memory(client, size - used);
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

static void answer(struct client *client, GBytes *message)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    client->answered += count_replies(client->door->replies, data, size);
    if (client->ended)
        return;
    if (stream_write(client->stream, data, size) < size) {
        cut(client);
        return;
    }
    client->written += size;
    go_on(client);
    end_if_done(client);
    bound_memory(client, 0);
}

static bool is_client(const struct door *door, node_id id)
{
    return id >> 48 == door->env.id && id > UINT16_MAX;
}

static void door_send(struct env *env, node_id to, GBytes *message)
{
    struct door *door = (struct door *)env;
    struct client *client = g_hash_table_lookup(door->clients, &to);
    if (client)
        answer(client, message);
    else if (!is_client(door, to))
        env_send(env->below, to, message);
}

static void on_below(void *self, node_id from, GBytes *message)
{
    struct door *door = self;
    env_deliver(&door->env, from, message);
}

/* ---- Coming. ---- */

static void new_boot(struct door *door)
{
    struct env *below = door->env.below;
    door->boot = (uint16_t)env_random(below);
    if (!door->settings.durable)
        return;
    g_autoptr(GBytes) last = env_recall(below, "door.boot");
    struct wire_reader in =
        wire_read(last ? g_bytes_get_data(last, NULL) : NULL,
                  last ? g_bytes_get_size(last) : 0);
    struct wire_writer out = {.most = 2};
    door->boot = (uint16_t)(wire_get_u16(&in) + 1);
    wire_put_u16(&out, door->boot);
    g_autoptr(GBytes) next = wire_finish(&out);
    env_persist(below, "door.boot", next);
}

static node_id next_id(struct door *door)
{
    if (++door->serial == 0)
        new_boot(door);
    return door->env.id << 48 | (node_id)door->boot << 32 | door->serial;
}

static void client_free(void *data)
{
    struct client *client = data;
    client->door->kept -= client->kept;
    stream_free(client->stream);
    resp_free(client->resp);
    g_free(client);
}

static void on_close(void *self, int error)
{
    struct client *client = self;
    struct door *door = client->door;
    node_id id = client->id;
    bool known = client->visited;
    (void)error;
    g_hash_table_remove(door->clients, &id);
    g_autoptr(GBytes) farewell = g_bytes_new(NULL, 0);
    if (known)
        env_deliver(&door->env, id, farewell);
}

static void turn_away(struct door *door, int fd)
{
    static const char why[] = "-ERR max number of clients reached\r\n";
    door->counts.refused++;
    send(fd, why, sizeof why - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void let_in(struct door *door, int fd)
{
    struct client *client = g_new0(struct client, 1);
    client->door = door;
    client->id = next_id(door);
    client->since = client->heard = client->read = env_now(door->env.below);
    client->resp = resp_new(
        (struct resp_limits){.commands = true, .bulk = door->settings.most});
    client->stream =
        stream_new(host_loop(door->host), host_gate(door->host), fd,
                   (struct stream_owner){.on_bytes = on_bytes,
                                         .on_close = on_close,
                                         .self = client,
                                         .most = door->settings.most});
    g_hash_table_insert(door->clients, &client->id, client);
    door->counts.visits++;
}

static void on_connection(void *self, int fd)
{
    struct door *door = self;
    if (g_hash_table_size(door->clients) < door->settings.clients)
        let_in(door, fd);
    else
        turn_away(door, fd);
}

/* ---- Those who take too long. ---- */

/* Does it owe us something since too long? */
static bool is_late(struct client *client, nsec now)
{
    const struct door_settings *settings = &client->door->settings;
    uint64_t left = client->written - stream_backlog(client->stream);
    if (left > client->left || stream_backlog(client->stream) == 0)
        client->read = now;
    client->left = left;
    if (now - client->read >= settings->patience)
        return true;
    if (client->gone && !is_answered(client))
        return now - client->since >= GRACE;
    if (client->leaving)
        return now - client->since >= settings->patience;
    if (client->holding || !is_answered(client))
        return false;
    if (stream_unused(client->stream) > 0)
        return now - client->since >= settings->patience;
    return settings->idle > 0 && now - client->heard >= settings->idle;
}

static void on_sweep(void *self)
{
    struct door *door = self;
    nsec now = env_now(door->env.below);
    GHashTableIter iter;
    void *client;
    g_hash_table_iter_init(&iter, door->clients);
    while (g_hash_table_iter_next(&iter, NULL, &client))
        if (is_late(client, now))
            cut(client);
    env_arm(door->env.below, &door->sweep, SWEEP);
}

static void on_drain(void *self)
{
    struct door *door = self;
    GHashTableIter iter;
    void *client;
    g_hash_table_iter_init(&iter, door->clients);
    while (g_hash_table_iter_next(&iter, NULL, &client))
        go_on(client);
}

/* ---- Life. ---- */

static struct door_settings with_defaults(struct door_settings settings)
{
    settings.clients = settings.clients ? settings.clients : 10000;
    settings.most = settings.most ? settings.most : (size_t)64 << 20;
    settings.memory = settings.memory ? settings.memory : (size_t)1 << 30;
    settings.patience = settings.patience ? settings.patience : 60 * SEC;
    return settings;
}

struct door *door_new(struct host *host, struct env *below, int listener,
                      struct door_settings settings)
{
    static const struct env_ops ops = {.send = door_send};
    struct door *door = g_new0(struct door, 1);
    door->settings = with_defaults(settings);
    door->env = (struct env){.ops = &ops,
                             .below = below,
                             .id = below->id,
                             .most = door->settings.most};
    door->host = host;
    door->clients =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, client_free);
    door->replies = resp_new((struct resp_limits){
        .bulk = door->settings.most, .items = SIZE_MAX, .depth = 64});
    door->words = g_array_new(FALSE, FALSE, sizeof(struct word));
    door->sweep = (struct timer){.fire = on_sweep, .self = door};
    door->drain = (struct timer){.fire = on_drain, .self = door};
    new_boot(door);
    env_arm(below, &door->sweep, SWEEP);
    env_bind(below, on_below, door);
    door->acceptor =
        acceptor_new(host_loop(host), listener, on_connection, door);
    return door;
}

struct env *door_env(struct door *door)
{
    return &door->env;
}

struct door_counts door_counts(const struct door *door)
{
    struct door_counts counts = door->counts;
    counts.clients = g_hash_table_size(door->clients);
    return counts;
}

void door_close(struct door *door)
{
    g_clear_pointer(&door->acceptor, acceptor_free);
}

void door_free(struct door *door)
{
    env_bind(door->env.below, NULL, NULL);
    env_disarm(door->env.below, &door->sweep);
    env_disarm(door->env.below, &door->drain);
    door_close(door);
    g_hash_table_unref(door->clients);
    resp_free(door->replies);
    g_array_unref(door->words);
    g_free(door);
}
