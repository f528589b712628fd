#include "04-queues/broker.h"
#include "04-queues/journal.h"
#include "04-queues/replay.h"
#include <string.h>

/* ---- Names. ---- */

struct queue *broker_find(struct broker *broker, struct word name)
{
    char text[QUEUE_NAME + 1];
    if (name.size == 0 || name.size > QUEUE_NAME)
        return NULL;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    if (strlen(text) < name.size)
        return NULL;
    return g_hash_table_lookup(broker->names, text);
}

struct queue *broker_queue(struct broker *broker, unsigned i)
{
    return i < broker->queues->len ? broker->queues->pdata[i] : NULL;
}

/* ---- Queues come and go. ---- */

static bool are_equal(struct word a, struct word b)
{
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool is_same(const struct queue_settings *a,
                    const struct queue_settings *b)
{
    return a->durability == b->durability && a->messages == b->messages &&
           a->bytes == b->bytes && a->visibility == b->visibility &&
           a->attempts == b->attempts && are_equal(a->dead, b->dead);
}

/* A dead queue is there, is another one, and lives in the same log: so a message
 * goes there in one record. */
static bool are_sound(struct broker *broker, struct word name,
                      const struct queue_settings *settings)
{
    struct queue *dead = broker_find(broker, settings->dead);
    if (settings->dead.size == 0)
        return settings->attempts == 0;
    return dead && settings->attempts > 0 &&
           dead->settings.durability == settings->durability &&
           !are_equal(name, settings->dead);
}

static void add_queue(struct broker *broker, struct word name,
                      const struct queue_settings *settings)
{
    struct queue *queue =
        queue_new(broker, ++broker->numbers, settings->durability);
    queue_declare(queue, name, settings);
    queue->grave = broker_find(broker, settings->dead);
    if (queue->grave)
        queue->grave->mourned++;
    g_ptr_array_add(broker->queues, queue);
    g_hash_table_insert(broker->names, queue->name, queue);
    journal_declare(queue);
}

enum broker_outcome broker_declare(struct broker *broker, struct word name,
                                   const struct queue_settings *settings)
{
    struct queue_settings full = *settings;
    struct queue *queue = broker_find(broker, name);
    if (full.visibility == 0)
        full.visibility = 30 * SEC;
    if (full.dead.size == 0)
        full.dead.data = "";
    if (queue)
        return is_same(&queue->settings, &full) ? BROKER_DONE : BROKER_CONFLICT;
    if (!queue_is_name(name) || !are_sound(broker, name, &full) ||
        (broker->settings.transient && full.durability != DURABILITY_NONE))
        return BROKER_INVALID;
    if (broker->queues->len == QUEUES_MOST)
        return BROKER_FULL;
    add_queue(broker, name, &full);
    return BROKER_DONE;
}

enum broker_outcome broker_drop(struct broker *broker, struct word name)
{
    struct queue *queue = broker_find(broker, name);
    if (!queue)
        return BROKER_UNKNOWN;
    if (queue->mourned > 0)
        return BROKER_CONFLICT;
    if (queue->grave)
        queue->grave->mourned--;
    queue_clear(queue);
    journal_drop(queue);
    route_remove_queue(broker->route, queue->name);
    g_ptr_array_remove(broker->queues, queue);
    g_hash_table_remove(broker->names, queue->name);
    queue_free(queue);
    return BROKER_DONE;
}

void broker_leave(struct broker *broker, node_id consumer)
{
    for (unsigned i = 0; i < broker->queues->len; i++)
        queue_leave(broker->queues->pdata[i], consumer);
}

size_t broker_size(const struct broker *broker)
{
    return broker->size;
}

bool broker_has_room(const struct broker *broker, size_t bytes)
{
    size_t most = broker->settings.most;
    return bytes <= most - MIN(broker->size, most);
}

void broker_charge(struct broker *broker, size_t bytes)
{
    broker->size += bytes - broker->others;
    broker->others = bytes;
}

/* ---- Life. ---- */

/* How often it was opened: receipts of before are told from those of now. */
enum { LIFE_MOST = (1 << 24) - 1 }; /* See inflight.h. */

static void begin_life(struct broker *broker)
{
    g_autoptr(GBytes) old = env_recall(broker->env, "queue.life");
    struct wire_writer out = {.most = sizeof broker->life};
    if (old) {
        struct wire_reader in = wire_read_bytes(old);
        broker->life = wire_get_u32(&in);
    }
    wire_put_u32(&out, ++broker->life);
    g_autoptr(GBytes) life = wire_finish(&out);
    env_persist(broker->env, "queue.life", life);
}

struct broker *broker_open(struct env *env, struct broker_settings settings,
                           GError **error)
{
    struct broker *broker = g_new0(struct broker, 1);
    broker->env = env;
    broker->settings = settings;
    if (settings.most == 0)
        broker->settings.most = (size_t)1 << 30;
    if (settings.segment == 0)
        broker->settings.segment = (size_t)16 << 20;
    g_assert(env->most > MESSAGE_SPACE);
    broker->longest = env->most - MESSAGE_SPACE;
    broker->longest = MIN(broker->longest, MESSAGE_MOST);
    broker->queues = g_ptr_array_new();
    broker->names = g_hash_table_new(g_str_hash, g_str_equal);
    broker->route = route_new();
    broker->entry.most = SIZE_MAX;
    if (settings.transient)
        broker->life = env_random(env) & LIFE_MOST;
    else
        begin_life(broker);
    if (settings.transient || replay(broker, error))
        return broker;
    broker_free(broker);
    return NULL;
}

bool broker_on_message(struct broker *broker, node_id from, GBytes *message)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(broker->journals); i++)
        if (broker->journals[i].wal &&
            wal_on_message(broker->journals[i].wal, from, message))
            return true;
    return false;
}

/* Messages first, all at once: a queue would look for its own among all. */
static void free_messages(const struct journal *journal)
{
    while (journal->oldest) {
        struct message *message = journal->oldest;
        if (message->item.state != ITEM_OUT)
            inflight_remove(message->queue->inflight, &message->item);
        message_free(message);
    }
}

void broker_free(struct broker *broker)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(broker->journals); i++)
        free_messages(&broker->journals[i]);
    for (unsigned i = 0; i < broker->queues->len; i++)
        queue_free(broker->queues->pdata[i]);
    for (unsigned i = 0; i < G_N_ELEMENTS(broker->journals); i++)
        g_clear_pointer(&broker->journals[i].wal, wal_free);
    g_ptr_array_unref(broker->queues);
    g_hash_table_unref(broker->names);
    route_free(broker->route);
    wire_clear(&broker->entry);
    g_free(broker);
}
