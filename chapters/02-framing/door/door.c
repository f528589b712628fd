/*
 *     clients --> runs --> the protocol --> replies --> clients
 *                           |      ^
 *     the env below  <------'      '-- its messages
 *
 * Here is what concerns all clients together: who is let in, and as whom; the
 * memory that they share; and the sweep, which finds those who are late.
 */
#include "02-framing/door/command.h"
#include "02-framing/door/door_parts.h"
#include <sys/socket.h>
#include <unistd.h>

#define DRAINING (2 * MSEC) /* How often we look whether replies still pile. */
#define SWEEP    SEC        /* How often we look for those who are late. */

/* ---- What is kept. ---- */

static void count_kept(struct door *door, struct door_client *client)
{
    size_t kept = door_client_kept(client);
    door->kept += kept - client->kept;
    client->kept = kept;
}

/* What has left since is still counted: so look again before anyone is cut. */
void door_bound_memory(struct door *door, struct door_client *client)
{
    GHashTableIter iter;
    void *other;
    count_kept(door, client);
    if (door->kept <= door->settings.memory)
        return;
    g_hash_table_iter_init(&iter, door->clients);
    while (g_hash_table_iter_next(&iter, NULL, &other))
        count_kept(door, other);
    if (door->kept > door->settings.memory)
        door_client_cut(client);
}

/* ---- The layer. ---- */

static bool is_client(const struct door *door, node_id id)
{
    return id >> 48 == door->env.id;
}

static void door_send(struct env *env, node_id to, GBytes *message)
{
    struct door *door = (struct door *)env;
    struct door_client *client = g_hash_table_lookup(door->clients, &to);
    if (client)
        door_client_answer(client, message);
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

static void turn_away(struct door *door, int fd)
{
    static const char why[] = "-ERR max number of clients reached\r\n";
    door->counts.refused++;
    send(fd, why, sizeof why - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void let_in(struct door *door, int fd)
{
    struct door_client *client = door_client_new(door, next_id(door), fd);
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

/* ---- Going. ---- */

void door_forget(struct door *door, struct door_client *client)
{
    node_id id = client->id;
    bool known = client->visited;
    g_autoptr(GBytes) farewell = g_bytes_new(NULL, 0);
    door->kept -= client->kept;
    if (client->piles)
        g_queue_unlink(&door->piling, &client->pile);
    g_hash_table_remove(door->clients, &id);
    if (known)
        env_deliver(&door->env, id, farewell);
}

static void free_client(void *client)
{
    door_client_free(client);
}

/* ---- Those who take too long. ---- */

static void on_sweep(void *self)
{
    struct door *door = self;
    nsec now = env_now(door->env.below);
    GHashTableIter iter;
    void *client;
    g_hash_table_iter_init(&iter, door->clients);
    while (g_hash_table_iter_next(&iter, NULL, &client))
        if (door_client_is_late(client, now))
            door_client_cut(client);
    env_arm(door->env.below, &door->sweep, SWEEP);
}

/* Not put off when it is armed: else a busy crowd would put it off for ever. */
void door_drain(struct door *door, struct door_client *client, bool soon)
{
    if (!client->piles)
        g_queue_push_tail_link(&door->piling, &client->pile);
    client->piles = true;
    if (soon || door->drain.place == 0)
        env_arm(door->env.below, &door->drain, soon ? 0 : DRAINING);
}

/* Who still piles up comes back. */
static void on_drain(void *self)
{
    struct door *door = self;
    GQueue piling = door->piling;
    g_queue_init(&door->piling);
    for (GList *link; (link = g_queue_pop_head_link(&piling));) {
        struct door_client *client = link->data;
        client->piles = false;
        door_client_go_on(client);
    }
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
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_client);
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

size_t door_unread(const struct door *door, node_id client)
{
    struct door_client *known = g_hash_table_lookup(door->clients, &client);
    return known ? door_client_unread(known) : 0;
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
