/*
 *     publish --> message --> inflight: ready, taken, delayed
 *                    |            |
 *                 journal      dispatch: whose turn is it?  credit
 *                                 |
 *                     deliver to a consumer, or end a wait
 *
 * A client that waits is a consumer with a credit of one. So who waits and who
 * consumes are served in turn, by one rule; both are subscribers.
 */
#include "04-queues/queue.h"
#include "04-queues/journal.h"
#include <string.h>

/* How many producers a queue remembers, for how long, and how many requests of
 * each: what a client may rely on. All of that fits into one record. */
static const struct dedupe_settings remembered = {
    .producers = 4096, .window = 1024, .keep = 3600 * SEC};

enum { BATCH = 256 }; /* Acknowledgements in one record. */

static struct message *message_of(struct item *item)
{
    return (struct message *)((char *)item - offsetof(struct message, item));
}

/* ---- Messages. ---- */

struct message *message_new(struct queue *queue, struct word payload)
{
    struct message *message = g_malloc(sizeof *message + payload.size);
    *message = (struct message){.queue = queue, .size = (uint32_t)payload.size};
    memcpy(message->data, payload.data, payload.size);
    queue->broker->size += payload.size + MESSAGE_COST;
    queue->facts.bytes += payload.size;
    return message;
}

void message_free(struct message *message)
{
    journal_forget(message);
    message->queue->broker->size -= message->size + MESSAGE_COST;
    message->queue->facts.bytes -= message->size;
    g_free(message);
}

void message_move(struct message *message, struct queue *to)
{
    message->queue->facts.bytes -= message->size;
    to->facts.bytes += message->size;
    message->queue = to;
    message->item = (struct item){.id = to->next++};
}

/* ---- Deliveries. ---- */

/* What is about to leave with this item. */
static struct delivery deliver(struct queue *queue, struct item *item,
                               uint64_t number)
{
    struct message *message = message_of(item);
    bool again = item->attempts > 0 || message->survivor;
    queue->facts.delivered++;
    queue->facts.redelivered += item->attempts > 0;
    return (struct delivery){.queue = queue->name,
                             .receipt = item->receipt,
                             .attempt = item->attempts + 1,
                             .again = again,
                             .number = number,
                             .payload = {message->data, message->size}};
}

unsigned queue_take(struct queue *queue, struct delivery *deliveries,
                    unsigned most)
{
    size_t room = queue->broker->longest;
    struct item *item;
    unsigned count = 0;
    while (count < most && (item = inflight_take(queue->inflight, 0))) {
        size_t size = message_of(item)->size + MESSAGE_COST;
        if (count > 0 && size > room) { /* As if it had not been taken. */
            inflight_remove(queue->inflight, item);
            inflight_add(queue->inflight, item);
            break;
        }
        room -= MIN(size, room);
        deliveries[count++] = deliver(queue, item, 0);
    }
    return count;
}

static void push(struct queue *queue, node_id consumer, uint64_t number)
{
    const struct broker_settings *owner = &queue->broker->settings;
    struct item *item = inflight_take(queue->inflight, consumer);
    struct delivery delivery = deliver(queue, item, number);
    owner->deliver(owner->self, consumer, &delivery);
}

/* ---- Subscribers. ---- */

static int by_client(const void *a, const void *b, void *self)
{
    node_id one = *(const node_id *)a, other = *(const node_id *)b;
    (void)self;
    return (one > other) - (one < other);
}

static void subscriber_free(void *data)
{
    struct subscriber *subscriber = data;
    env_disarm(subscriber->queue->broker->env, &subscriber->timer);
    g_free(subscriber);
}

/* NULL: that client is none. */
static struct subscriber *subscriber_of(const struct queue *queue,
                                        node_id client)
{
    return g_tree_lookup(queue->subscribers, &client);
}

static bool waits(const struct queue *queue, node_id client)
{
    const struct subscriber *subscriber = subscriber_of(queue, client);
    return subscriber && subscriber->most > 0;
}

static struct subscriber *subscribe(struct queue *queue, node_id client)
{
    struct subscriber *subscriber = g_new0(struct subscriber, 1);
    subscriber->queue = queue;
    subscriber->client = client;
    g_tree_insert(queue->subscribers, &subscriber->client, subscriber);
    return subscriber;
}

/* Returns whether it was one. */
static bool unsubscribe(struct queue *queue, node_id client)
{
    credit_leave(queue->credit, client);
    return g_tree_remove(queue->subscribers, &client);
}

/* ---- Waits. ---- */

/* The wait of this client is over: it takes what is there. */
static void end_wait(struct queue *queue, node_id client)
{
    const struct broker_settings *owner = &queue->broker->settings;
    unsigned ready = inflight_count(queue->inflight, ITEM_READY);
    unsigned most = MIN(subscriber_of(queue, client)->most, ready);
    g_autofree struct delivery *deliveries = g_new(struct delivery, most);
    unsigned count = queue_take(queue, deliveries, most);
    unsubscribe(queue, client);
    owner->taken(owner->self, client, deliveries, count);
}

static void on_patience(void *self)
{
    struct subscriber *waiter = self;
    end_wait(waiter->queue, waiter->client);
}

enum broker_outcome queue_wait(struct queue *queue, node_id client,
                               unsigned most, nsec wait)
{
    if (subscriber_of(queue, client))
        return BROKER_CONFLICT;
    struct subscriber *waiter = subscribe(queue, client);
    waiter->most = most;
    waiter->timer = (struct timer){.fire = on_patience, .self = waiter};
    env_arm(queue->broker->env, &waiter->timer, wait);
    credit_grant(queue->credit, client, 1);
    queue_dispatch(queue);
    return BROKER_DONE;
}

/* ---- Consumers. ---- */

void queue_dispatch(struct queue *queue)
{
    node_id taker;
    uint64_t number;
    while (inflight_count(queue->inflight, ITEM_READY) > 0 &&
           credit_next(queue->credit, &taker, &number)) {
        if (waits(queue, taker))
            end_wait(queue, taker);
        else
            push(queue, taker, number);
    }
    journal_compact(queue->broker);
}

enum broker_outcome queue_consume(struct queue *queue, node_id consumer,
                                  uint64_t total, uint64_t *sent)
{
    if (waits(queue, consumer))
        return BROKER_CONFLICT;
    if (!subscriber_of(queue, consumer))
        subscribe(queue, consumer);
    *sent = credit_grant(queue->credit, consumer, total);
    queue_dispatch(queue);
    return BROKER_DONE;
}

bool queue_leave(struct queue *queue, node_id consumer)
{
    if (!unsubscribe(queue, consumer))
        return false;
    inflight_leave(queue->inflight, consumer);
    queue_dispatch(queue);
    return true;
}

/* ---- What becomes of a delivery. ---- */

static void on_ready(void *self)
{
    queue_dispatch(self);
}

static void on_failed(void *self, struct item *item)
{
    (void)self;
    journal_failed(message_of(item));
}

/* It goes to the dead queue, where it begins anew. */
static void on_dead(void *self, struct item *item)
{
    struct queue *from = self;
    struct queue *to = from->grave;
    struct message *message = message_of(item);
    uint64_t id = item->id;
    from->facts.dead++;
    message_move(message, to);
    journal_dead(message, from, id);
    inflight_add(to->inflight, item);
    queue_dispatch(to);
}

unsigned queue_ack(struct queue *queue, const uint64_t *receipts,
                   unsigned count)
{
    uint64_t ids[BATCH];
    unsigned known = 0, batch = 0;
    for (unsigned i = 0; i < count; i++) {
        struct item *item = inflight_ack(queue->inflight, receipts[i]);
        if (!item)
            continue;
        ids[batch++] = item->id;
        known++;
        message_free(message_of(item));
        if (batch == BATCH) {
            journal_done(queue, ids, batch);
            batch = 0;
        }
    }
    if (batch > 0)
        journal_done(queue, ids, batch);
    journal_compact(queue->broker);
    queue->facts.acked += known;
    return known;
}

bool queue_nack(struct queue *queue, uint64_t receipt, nsec delay)
{
    bool known = inflight_nack(queue->inflight, receipt, delay);
    queue_dispatch(queue);
    return known;
}

bool queue_touch(struct queue *queue, uint64_t receipt)
{
    return inflight_touch(queue->inflight, receipt);
}

/* ---- Publishing. ---- */

static unsigned count_messages(const struct queue *queue)
{
    return inflight_count(queue->inflight, ITEM_READY) +
           inflight_count(queue->inflight, ITEM_TAKEN) +
           inflight_count(queue->inflight, ITEM_DELAYED);
}

/* Before anything is kept of it. */
enum broker_outcome queue_admits(const struct queue *queue, size_t size)
{
    const struct broker *broker = queue->broker;
    const struct queue_settings *limits = &queue->settings;
    if (size > broker->longest)
        return BROKER_LONG;
    if (broker->size + size + MESSAGE_COST > broker->settings.most ||
        (limits->messages > 0 && count_messages(queue) >= limits->messages) ||
        (limits->bytes > 0 && queue->facts.bytes + size > limits->bytes))
        return BROKER_FULL;
    return BROKER_DONE;
}

struct dedupe *queue_dedupe(struct queue *queue)
{
    if (!queue->dedupe)
        queue->dedupe = dedupe_new(queue->broker->env, remembered);
    return queue->dedupe;
}

uint64_t queue_newest(const struct queue *queue, uint64_t producer)
{
    return queue->dedupe ? dedupe_newest(queue->dedupe, producer) : 0;
}

void queue_count_producers(struct queue *queue)
{
    unsigned count = queue->dedupe ? dedupe_producers(queue->dedupe) : 0;
    queue->broker->size += count * (size_t)PRODUCER_COST;
    queue->broker->size -= queue->producers * (size_t)PRODUCER_COST;
    queue->producers = count;
}

/* Was this request done? Then its id is said again. A producer that may be new
 * needs room for its answers. */
static enum dedupe_verdict ask(struct queue *queue, struct origin origin,
                               uint64_t *id)
{
    if (origin.producer == 0)
        return DEDUPE_NEW;
    if (queue_newest(queue, origin.producer) == 0 &&
        !broker_has_room(queue->broker, PRODUCER_COST))
        return DEDUPE_FULL;
    enum dedupe_verdict verdict =
        dedupe_ask(queue_dedupe(queue), origin.producer, origin.request, id);
    queue_count_producers(queue);
    return verdict;
}

static void add(struct queue *queue, struct origin origin, struct word payload)
{
    struct message *message = message_new(queue, payload);
    message->item.id = queue->next++;
    journal_push(message, origin);
    inflight_add(queue->inflight, &message->item);
    queue->facts.published++;
    if (origin.producer != 0)
        dedupe_done(queue->dedupe, origin.producer, origin.request,
                    message->item.id);
}

enum broker_outcome queue_publish(struct queue *queue, struct origin origin,
                                  struct word payload, uint64_t *id)
{
    enum broker_outcome outcome = BROKER_DONE;
    switch (ask(queue, origin, id)) {
    case DEDUPE_NEW:
        outcome = queue_admits(queue, payload.size);
        break;
    case DEDUPE_REPEATED:
        queue->facts.repeated++;
        return BROKER_DONE;
    case DEDUPE_FORGOTTEN:
        return BROKER_FORGOTTEN;
    case DEDUPE_FULL:
        return BROKER_FULL;
    }
    if (outcome != BROKER_DONE)
        return outcome;
    *id = queue->next;
    add(queue, origin, payload);
    queue_dispatch(queue);
    return BROKER_DONE;
}

/* ---- Readers. ---- */

struct queue_facts queue_facts(const struct queue *queue)
{
    struct queue_facts facts = queue->facts;
    facts.name = queue->name;
    facts.settings = queue->settings;
    facts.ready = inflight_count(queue->inflight, ITEM_READY);
    facts.taken = inflight_count(queue->inflight, ITEM_TAKEN);
    facts.delayed = inflight_count(queue->inflight, ITEM_DELAYED);
    facts.consumers = credit_takers(queue->credit);
    return facts;
}

/* ---- Life. ---- */

/* All of its messages, wherever they are. */
static unsigned empty(struct queue *queue)
{
    struct journal *journal =
        &queue->broker->journals[queue->settings.durability];
    struct message *message = journal->oldest;
    unsigned count = 0;
    while (message) {
        struct message *next = message->newer;
        if (message->queue == queue) {
            if (message->item.state != ITEM_OUT)
                inflight_remove(queue->inflight, &message->item);
            message_free(message);
            count++;
        }
        message = next;
    }
    return count;
}

unsigned queue_purge(struct queue *queue)
{
    unsigned count = empty(queue);
    journal_purge(queue);
    return count;
}

struct queue *queue_new(struct broker *broker, uint32_t number,
                        enum durability durability)
{
    struct queue *queue = g_new0(struct queue, 1);
    queue->broker = broker;
    queue->number = number;
    queue->settings.durability = durability;
    queue->next = 1;
    return queue;
}

void queue_declare(struct queue *queue, struct word name,
                   const struct queue_settings *settings)
{
    struct inflight_settings deliveries = {.life = queue->broker->life,
                                           .attempts = settings->attempts,
                                           .visibility = settings->visibility,
                                           .ready = on_ready,
                                           .failed = on_failed,
                                           .dead = on_dead,
                                           .self = queue};
    queue->name = g_strndup(name.data, name.size);
    queue->settings = *settings;
    queue->settings.dead.data =
        g_strndup(settings->dead.data, settings->dead.size);
    queue->inflight = inflight_new(queue->broker->env, deliveries);
    queue->credit = credit_new();
    queue->subscribers =
        g_tree_new_full(by_client, NULL, NULL, subscriber_free);
}

void queue_clear(struct queue *queue)
{
    const struct broker_settings *owner = &queue->broker->settings;
    GTreeNode *first;
    empty(queue);
    while ((first = g_tree_node_first(queue->subscribers))) {
        const struct subscriber *subscriber = g_tree_node_value(first);
        node_id client = subscriber->client;
        bool waited = subscriber->most > 0;
        unsubscribe(queue, client);
        owner->dropped(owner->self, client, queue->name, waited);
    }
}

void queue_free(struct queue *queue)
{
    empty(queue);
    journal_declared(queue, 0, 0);
    g_clear_pointer(&queue->subscribers, g_tree_unref);
    g_clear_pointer(&queue->past, g_hash_table_unref);
    g_clear_pointer(&queue->patterns, g_ptr_array_unref);
    g_clear_pointer(&queue->dedupe, dedupe_free);
    queue_count_producers(queue);
    g_clear_pointer(&queue->credit, credit_free);
    g_clear_pointer(&queue->inflight, inflight_free);
    g_free((char *)queue->settings.dead.data);
    g_free(queue->name);
    g_free(queue);
}
