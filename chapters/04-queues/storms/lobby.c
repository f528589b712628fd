#include "04-queues/storms/lobby.h"
#include "02-framing/door/command.h"
#include "04-queues/server/pages.h"

struct lobby {
    struct env env;
    struct lobby_watch watch;
    GHashTable *awaited; /* By client: a GQueue of the words of commands. */
};

/* A message to a client, as its values are read. */
struct lobby_letter {
    struct lobby *lobby;
    node_id to;
};

static struct lobby *lobby_of(struct env *env)
{
    return (struct lobby *)env;
}

/* ---- What is asked. ---- */

static GQueue *awaited_by(struct lobby *lobby, node_id client)
{
    GQueue *queue = g_hash_table_lookup(lobby->awaited, &client);
    if (!queue) {
        queue = g_queue_new();
        g_hash_table_insert(lobby->awaited, g_memdup2(&client, sizeof client),
                            queue);
    }
    return queue;
}

static void queue_drop(void *data)
{
    g_queue_free_full(data, (GDestroyNotify)g_strfreev);
}

static char **words_of(const GArray *words)
{
    char **copy = g_new0(char *, words->len + 1);
    for (unsigned i = 0; i < words->len; i++) {
        const struct word *word = &g_array_index(words, struct word, i);
        copy[i] = g_strndup(word->data, word->size);
    }
    return copy;
}

static void read_commands(struct lobby *lobby, node_id from, GBytes *message)
{
    g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(struct word));
    size_t size, used;
    const char *data = g_bytes_get_data(message, &size);
    for (; size > 0; data += used, size -= used) {
        used = command_read(data, size, words);
        g_assert(used > 0);
        char **copy = words_of(words);
        g_queue_push_tail(awaited_by(lobby, from), copy);
        lobby->watch.asked(lobby->watch.self, from, copy);
    }
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct lobby *lobby = self;
    if (from != lobby->env.id && g_bytes_get_size(message) > 0) {
        read_commands(lobby, from, message);
    } else if (from != lobby->env.id) {
        g_hash_table_remove(lobby->awaited, &from);
        lobby->watch.parted(lobby->watch.self, from);
    }
    env_deliver(&lobby->env, from, message);
}

/* ---- What is answered. ---- */

static void deliver(const struct lobby_letter *letter, const char *queue,
                    struct talk_value value, bool pushed)
{
    struct lobby *lobby = letter->lobby;
    const struct resp_item *item = value.items;
    const struct resp_item *last = &item[pushed ? 4 : 3];
    struct word receipt = {value.data + item->at, item->size};
    struct delivery delivery = {.queue = queue,
                                .attempt = (uint32_t)item[1].number,
                                .again = item[2].number != 0,
                                .number = pushed ? (uint64_t)item[3].number : 0,
                                .payload = {value.data + last->at, last->size}};
    bool right = get_receipt(receipt, &delivery.receipt);
    g_assert(right);
    lobby->watch.delivered(lobby->watch.self, letter->to, &delivery);
}

/* An array of arrays of four: what was taken. */
static void deliver_taken(const struct lobby_letter *letter, const char *queue,
                          struct talk_value value)
{
    if (value.items[0].type != RESP_ARRAY)
        return;
    for (size_t i = 1; i + 4 < value.count; i += 5)
        deliver(letter, queue,
                (struct talk_value){value.items + i + 1, 4, value.data}, false);
}

static void on_push(const struct lobby_letter *letter, struct talk_value value)
{
    g_autofree char *queue = talk_text(value, 2);
    deliver(letter, queue,
            (struct talk_value){value.items + 3, value.count - 3, value.data},
            true);
}

static void on_value(void *self, struct talk_value value)
{
    const struct lobby_letter *letter = self;
    struct lobby *lobby = letter->lobby;
    if (value.items[0].type == RESP_PUSH) {
        on_push(letter, value);
        return;
    }
    g_auto(GStrv) words = g_queue_pop_head(awaited_by(lobby, letter->to));
    g_assert(words);
    if (strcmp(words[0], "QTAKE") == 0)
        deliver_taken(letter, words[1], value);
    lobby->watch.answered(lobby->watch.self, letter->to, words, value);
}

static void send(struct env *env, node_id to, GBytes *message)
{
    struct lobby *lobby = lobby_of(env);
    if (to != env->id && lobby->watch.lives(lobby->watch.self)) {
        struct lobby_letter letter = {lobby, to};
        talk_hear(message, on_value, &letter);
        lobby->watch.sent(lobby->watch.self, to);
    }
    env_send(env->below, to, message);
}

void lobby_awaited(struct lobby *lobby, node_id client,
                   void (*look)(void *self, char **words), void *self)
{
    for (GList *at = awaited_by(lobby, client)->head; at; at = at->next)
        look(self, at->data);
}

/* ---- Life. ---- */

struct lobby *lobby_new(struct env *env, struct lobby_watch watch)
{
    static const struct env_ops ops = {.send = send};
    struct lobby *lobby = g_new0(struct lobby, 1);
    lobby->env = (struct env){
        .ops = &ops, .below = env, .id = env->id, .most = env->most};
    lobby->watch = watch;
    lobby->awaited =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, queue_drop);
    env_bind(env, on_message, lobby);
    return lobby;
}

struct env *lobby_env(struct lobby *lobby)
{
    return &lobby->env;
}

void lobby_free(struct lobby *lobby)
{
    env_bind(lobby->env.below, NULL, NULL);
    g_hash_table_unref(lobby->awaited);
    g_free(lobby);
}
