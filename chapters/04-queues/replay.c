#include "04-queues/replay.h"
#include "04-queues/journal.h"
#include <inttypes.h>

/* What is being read. */
struct reading {
    struct broker *broker;
    enum durability durability; /* Of this log. */
    GHashTable *queues;         /* By number: those of this log. */
    uint64_t wrong;             /* The seq of a record that is none; 0: none. */
};

/* ---- Queues and messages. ---- */

static struct queue *queue_of(const struct reading *reading, uint64_t number)
{
    return g_hash_table_lookup(reading->queues,
                               GUINT_TO_POINTER((unsigned)number));
}

static struct queue *need_queue(struct reading *reading, uint64_t number)
{
    struct queue *queue = queue_of(reading, number);
    if (queue)
        return queue;
    queue = queue_new(reading->broker, (uint32_t)number, reading->durability);
    reading->broker->numbers = MAX(reading->broker->numbers, queue->number);
    queue->past = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_hash_table_insert(reading->queues, GUINT_TO_POINTER((unsigned)number),
                        queue);
    return queue;
}

static struct message *message_of(const struct queue *queue, uint64_t id)
{
    return g_hash_table_lookup(queue->past, &id);
}

static void remember(struct message *message)
{
    struct queue *queue = message->queue;
    queue->next = MAX(queue->next, message->item.id + 1);
    g_hash_table_insert(queue->past, &message->item.id, message);
}

static void forget(struct message *message)
{
    g_hash_table_remove(message->queue->past, &message->item.id);
}

/* ---- Records. ---- */

static struct word get_word(struct wire_reader *in)
{
    size_t size;
    const uint8_t *data = wire_get_string(in, &size);
    return (struct word){(const char *)data, size};
}

static struct word get_rest(struct wire_reader *in)
{
    size_t size = in->left;
    const uint8_t *data = wire_get_raw(in, size);
    return (struct word){(const char *)data, size};
}

/* Patterns lead to names, which a queue has only when all is read: until then
 * they are its own. */
static void note_binding(struct queue *queue, struct word pattern, bool bound)
{
    g_autofree char *text = g_strndup(pattern.data, pattern.size);
    if (!queue->patterns)
        queue->patterns = g_ptr_array_new_with_free_func(g_free);
    guint i;
    bool known = g_ptr_array_find_with_equal_func(queue->patterns, text,
                                                  g_str_equal, &i);
    if (known && !bound)
        g_ptr_array_remove_index(queue->patterns, i);
    else if (!known && bound)
        g_ptr_array_add(queue->patterns, g_steal_pointer(&text));
}

/* Said again, it says how things are by then. */
static void on_declare(struct queue *queue, uint64_t seq,
                       struct wire_reader *in)
{
    struct queue_settings settings = {.durability = queue->settings.durability};
    size_t size = in->left;
    struct word name = get_word(in);
    settings.messages = wire_get_varint(in);
    settings.bytes = wire_get_varint(in);
    settings.visibility = wire_get_varint(in);
    settings.attempts = (uint32_t)wire_get_varint(in);
    settings.dead = get_word(in);
    uint64_t next = wire_get_varint(in);
    for (size_t i = wire_get_count(in, 1); i > 0; i--)
        note_binding(queue, get_word(in), true);
    struct word requests = get_rest(in);
    if (in->failed)
        return;
    if (!queue->name)
        queue_declare(queue, name, &settings);
    journal_declared(queue, seq, size);
    queue->next = MAX(queue->next, next);
    if (requests.size > 0) {
        g_autoptr(GBytes) bytes = g_bytes_new(requests.data, requests.size);
        in->failed = !dedupe_read(queue_dedupe(queue), bytes);
    }
}

/* A message that is there was written once more. */
static void on_push(struct queue *queue, uint64_t seq, struct wire_reader *in)
{
    uint64_t id = wire_get_varint(in), attempts = wire_get_varint(in);
    uint64_t producer = wire_get_varint(in), request = wire_get_varint(in);
    struct word payload = get_rest(in);
    if (in->failed)
        return;
    struct message *message = message_of(queue, id);
    if (message) {
        journal_forget(message);
    } else {
        message = message_new(queue, payload);
        message->item.id = id;
        message->survivor = true;
        remember(message);
    }
    message->item.attempts = (uint32_t)attempts;
    message->seq = seq;
    journal_link(message);
    if (producer != 0)
        dedupe_done(queue_dedupe(queue), producer, request, id);
}

/* What is not there was done with in a segment that is gone. */
static void on_done(struct queue *queue, struct wire_reader *in)
{
    while (in->left > 0 && !in->failed) {
        struct message *message = message_of(queue, wire_get_varint(in));
        if (!message)
            continue;
        forget(message);
        message_free(message);
    }
}

static void on_failed(struct queue *queue, struct wire_reader *in)
{
    struct message *message = message_of(queue, wire_get_varint(in));
    uint32_t attempts = (uint32_t)wire_get_varint(in);
    if (message)
        message->item.attempts = attempts;
}

static void on_dead(struct reading *reading, struct queue *queue,
                    struct wire_reader *in)
{
    struct message *message = message_of(queue, wire_get_varint(in));
    struct queue *to = need_queue(reading, wire_get_varint(in));
    uint64_t id = wire_get_varint(in);
    if (in->failed)
        return;
    if (message) {
        forget(message);
        message_move(message, to);
        message->item.id = id;
        remember(message);
    }
    to->next = MAX(to->next, id + 1);
}

static void purge(struct queue *queue)
{
    GHashTableIter iterator;
    void *message;
    g_hash_table_iter_init(&iterator, queue->past);
    while (g_hash_table_iter_next(&iterator, NULL, &message)) {
        g_hash_table_iter_steal(&iterator);
        message_free(message);
    }
}

static void drop(struct reading *reading, struct queue *queue)
{
    g_hash_table_remove(reading->queues, GUINT_TO_POINTER(queue->number));
    queue_free(queue);
}

static void on_record(void *self, uint64_t seq, struct word payload)
{
    struct reading *reading = self;
    struct wire_reader in = wire_read(payload.data, payload.size);
    uint8_t kind = wire_get_u8(&in);
    uint64_t number = wire_get_varint(&in);
    in.failed |= number == 0 || number > UINT32_MAX;
    if (reading->wrong == 0 && !in.failed) {
        struct queue *queue = need_queue(reading, number);
        switch ((enum record_kind)kind) {
        case RECORD_DECLARE:
            on_declare(queue, seq, &in);
            break;
        case RECORD_PUSH:
            on_push(queue, seq, &in);
            break;
        case RECORD_DONE:
            on_done(queue, &in);
            break;
        case RECORD_FAILED:
            on_failed(queue, &in);
            break;
        case RECORD_DEAD:
            on_dead(reading, queue, &in);
            break;
        case RECORD_PURGE:
            purge(queue);
            break;
        case RECORD_BIND:
        case RECORD_UNBIND:
            note_binding(queue, get_rest(&in), kind == RECORD_BIND);
            break;
        case RECORD_DROP:
            drop(reading, queue);
            break;
        }
        in.failed |= kind < RECORD_DECLARE || kind > RECORD_DROP;
    }
    if (!wire_whole(&in) && reading->wrong == 0)
        reading->wrong = seq;
}

/* ---- When all is read. ---- */

static int by_id(const void *a, const void *b)
{
    const struct message *one = *(void *const *)a, *other = *(void *const *)b;
    return (one->item.id > other->item.id) - (one->item.id < other->item.id);
}

static void fill(struct queue *queue)
{
    g_autoptr(GPtrArray) messages = g_ptr_array_new();
    GHashTableIter iterator;
    void *message;
    g_hash_table_iter_init(&iterator, queue->past);
    while (g_hash_table_iter_next(&iterator, NULL, &message))
        g_ptr_array_add(messages, message);
    g_ptr_array_sort(messages, by_id);
    for (unsigned i = 0; i < messages->len; i++) {
        struct message *next = messages->pdata[i];
        inflight_add(queue->inflight, &next->item);
    }
    g_clear_pointer(&queue->past, g_hash_table_unref);
    queue_count_producers(queue);
}

static int by_number(const void *a, const void *b)
{
    const struct queue *one = *(void *const *)a, *other = *(void *const *)b;
    return (one->number > other->number) - (one->number < other->number);
}

/* The order of a hash table ends here. */
static GPtrArray *in_order(const struct reading *reading)
{
    GPtrArray *queues = g_ptr_array_new();
    GHashTableIter iterator;
    void *queue;
    g_hash_table_iter_init(&iterator, reading->queues);
    while (g_hash_table_iter_next(&iterator, NULL, &queue))
        g_ptr_array_add(queues, queue);
    g_ptr_array_sort(queues, by_number);
    return queues;
}

/* Each has a name, and its dead queue is in the same log. */
static bool find_graves(const GPtrArray *queues)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    bool whole = true;
    for (unsigned i = 0; i < queues->len; i++) {
        struct queue *queue = queues->pdata[i];
        whole &= queue->name && g_hash_table_insert(names, queue->name, queue);
    }
    for (unsigned i = 0; i < queues->len && whole; i++) {
        struct queue *queue = queues->pdata[i];
        if (queue->settings.attempts == 0)
            continue;
        queue->grave = g_hash_table_lookup(names, queue->settings.dead.data);
        whole = queue->grave && queue->grave != queue;
        if (whole)
            queue->grave->mourned++;
    }
    return whole;
}

/* All of one log are in the broker from here on, whatever else happens. */
static bool add_queues(struct reading *reading)
{
    g_autoptr(GPtrArray) queues = in_order(reading);
    bool whole = find_graves(queues);
    for (unsigned i = 0; i < queues->len; i++) {
        struct queue *queue = queues->pdata[i];
        g_ptr_array_add(reading->broker->queues, queue);
        if (whole)
            fill(queue);
    }
    return whole;
}

static bool read_log(struct broker *broker, enum durability durability,
                     const char *name, GError **error)
{
    struct reading reading = {.broker = broker, .durability = durability};
    struct wal_settings settings = {name, broker->settings.segment};
    reading.queues = g_hash_table_new(NULL, NULL);
    struct wal *wal =
        wal_open(broker->env, settings, on_record, &reading, error);
    broker->journals[durability].wal = wal;
    bool whole = add_queues(&reading);
    g_hash_table_unref(reading.queues);
    if (!wal)
        return false;
    if (reading.wrong != 0)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s: record %" PRIu64 " is none that a broker writes", name,
                    reading.wrong);
    else if (!whole)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s: it speaks of a queue that is not declared", name);
    return reading.wrong == 0 && whole;
}

/* ---- Both logs together. ---- */

/* A crash can take the end of one log, and leave that of the other. So a queue
 * may be there whose DROP is lost: then a later one has its name, or that of the
 * dead queue that it had. */
static bool is_outlived(const struct broker *broker, const struct queue *queue)
{
    for (; queue; queue = queue->grave)
        if (g_hash_table_lookup(broker->names, queue->name) != queue)
            return true;
    return false;
}

static void drop_outlived(struct broker *broker)
{
    for (unsigned i = broker->queues->len; i-- > 0;) {
        struct queue *queue = broker->queues->pdata[i];
        if (!is_outlived(broker, queue))
            continue;
        if (g_hash_table_lookup(broker->names, queue->name) == queue)
            g_hash_table_remove(broker->names, queue->name);
        if (queue->grave)
            queue->grave->mourned--;
        journal_drop(queue);
        g_ptr_array_remove_index(broker->queues, i);
        queue_free(queue);
    }
}

/* Each can be delivered in one message of the env, which may be a smaller one
 * than that of the life before. */
static bool all_fit(const struct broker *broker, GError **error)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(broker->journals); i++)
        for (const struct message *message = broker->journals[i].oldest;
             message; message = message->newer)
            if (message->size > broker->longest) {
                g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                            "%s: a message of %u bytes is kept there, and "
                            "here none may be longer than %zu",
                            message->queue->name, message->size,
                            broker->longest);
                return false;
            }
    return true;
}

/* Patterns lead to names, and those are settled now. */
static void bind_topics(const struct broker *broker)
{
    for (unsigned i = 0; i < broker->queues->len; i++) {
        struct queue *queue = broker->queues->pdata[i];
        for (unsigned j = 0; queue->patterns && j < queue->patterns->len; j++)
            route_add(broker->route, queue->patterns->pdata[j], queue->name);
        g_clear_pointer(&queue->patterns, g_ptr_array_unref);
    }
}

bool replay(struct broker *broker, GError **error)
{
    if (!read_log(broker, DURABILITY_WRITTEN, "queue-written", error) ||
        !read_log(broker, DURABILITY_SYNCED, "queue-synced", error) ||
        !all_fit(broker, error))
        return false;
    g_ptr_array_sort(broker->queues, by_number);
    for (unsigned i = 0; i < broker->queues->len; i++) {
        struct queue *queue = broker->queues->pdata[i];
        g_hash_table_replace(broker->names, queue->name, queue);
    }
    drop_outlived(broker);
    bind_topics(broker);
    return true;
}
