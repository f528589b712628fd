#include "04-queues/topics.h"
#include "04-queues/journal.h"
#include <string.h>

/* NULL: it has a NUL, or is too long. Returns new. */
static char *text_of(struct word word)
{
    if (word.size > ROUTE_LONGEST || memchr(word.data, '\0', word.size))
        return NULL;
    return g_strndup(word.data, word.size);
}

enum broker_outcome topics_bind(struct queue *queue, struct word pattern)
{
    g_autofree char *text = text_of(pattern);
    if (!text)
        return BROKER_INVALID;
    if (!route_add(queue->broker->route, text, queue->name))
        return BROKER_FULL;
    journal_bind(queue, text, true);
    return BROKER_DONE;
}

bool topics_unbind(struct queue *queue, struct word pattern)
{
    g_autofree char *text = text_of(pattern);
    if (!text || !route_remove(queue->broker->route, text, queue->name))
        return false;
    journal_bind(queue, text, false);
    return true;
}

/* ---- Publishing. ---- */

static void on_queue(void *self, const char *pattern, const char *name)
{
    (void)pattern;
    g_ptr_array_add(self, (char *)name);
}

/* Each by itself, and all together. */
static enum broker_outcome admit(const struct broker *broker,
                                 const GPtrArray *queues, size_t size)
{
    for (unsigned i = 0; i < queues->len; i++) {
        enum broker_outcome outcome = queue_admits(queues->pdata[i], size);
        if (outcome != BROKER_DONE)
            return outcome;
    }
    size_t room =
        broker->settings.most - MIN(broker->size, broker->settings.most);
    return queues->len * (size + MESSAGE_COST) > room ? BROKER_FULL
                                                      : BROKER_DONE;
}

enum broker_outcome topics_publish(struct broker *broker, struct word topic,
                                   struct word payload, unsigned *count)
{
    g_autoptr(GPtrArray) queues = g_ptr_array_new();
    g_autofree char *text = text_of(topic);
    uint64_t id;
    if (!text)
        return BROKER_INVALID;
    route_match(broker->route, text, on_queue, queues);
    for (unsigned i = 0; i < queues->len; i++)
        queues->pdata[i] = g_hash_table_lookup(broker->names, queues->pdata[i]);
    enum broker_outcome outcome = admit(broker, queues, payload.size);
    for (unsigned i = 0; outcome == BROKER_DONE && i < queues->len; i++)
        queue_publish(queues->pdata[i], (struct origin){0, 0}, payload, &id);
    *count = queues->len;
    return outcome;
}
