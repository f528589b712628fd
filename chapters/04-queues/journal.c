/*
 *     queue --> record --> wal of its durability --> segments
 *                            ^
 *     oldest <-> .. <-> newest: all messages, by their newest record
 *
 * The list is what makes compaction cheap: what lives in the oldest segment is
 * at its head. A message that is written once more goes to its end.
 *
 * A record begins with its kind and the number of its queue. replay.c reads
 * them.
 */
#include "04-queues/journal.h"
#include <string.h>

/* What a record of a message has beside its payload, about. */
enum { PUSH_COST = 32, SLACK = 1 };

static struct journal *journal_of(const struct queue *queue)
{
    return &queue->broker->journals[queue->settings.durability];
}

/* ---- The list. ---- */

void journal_link(struct message *message)
{
    struct journal *journal = journal_of(message->queue);
    message->older = journal->newest;
    message->newer = NULL;
    *(journal->newest ? &journal->newest->newer : &journal->oldest) = message;
    journal->newest = message;
    journal->live += message->size + PUSH_COST;
}

void journal_forget(struct message *message)
{
    struct journal *journal = journal_of(message->queue);
    *(message->older ? &message->older->newer : &journal->oldest) =
        message->newer;
    *(message->newer ? &message->newer->older : &journal->newest) =
        message->older;
    journal->live -= message->size + PUSH_COST;
}

/* ---- Writing. ---- */

/* A record's head; NULL when nothing of the queue is kept. */
static struct wire_writer *begin(const struct queue *queue,
                                 enum record_kind kind)
{
    struct wire_writer *entry = &queue->broker->entry;
    if (!journal_of(queue)->wal)
        return NULL;
    entry->size = 0;
    wire_put_u8(entry, (uint8_t)kind);
    wire_put_varint(entry, queue->number);
    return entry;
}

static uint64_t finish(const struct queue *queue, struct word payload)
{
    const struct wire_writer *entry = &queue->broker->entry;
    struct word parts[] = {{(const char *)entry->data, entry->size}, payload};
    return wal_append(journal_of(queue)->wal, parts, 2);
}

static void put_word(struct wire_writer *out, struct word word)
{
    wire_put_string(out, word.data, word.size);
}

/* The patterns that lead to a queue, while they are counted or written. */
struct bindings {
    const struct queue *queue;
    unsigned count;
    struct wire_writer *out; /* NULL: they are counted. */
};

static void on_binding(void *self, const char *pattern, const char *name)
{
    struct bindings *bindings = self;
    if (strcmp(bindings->queue->name, name) != 0)
        return;
    bindings->count++;
    if (bindings->out)
        put_word(bindings->out, (struct word){pattern, strlen(pattern)});
}

static void put_bindings(const struct queue *queue, struct wire_writer *out)
{
    struct bindings bindings = {.queue = queue};
    route_each(queue->broker->route, on_binding, &bindings);
    wire_put_varint(out, bindings.count);
    bindings.out = out;
    route_each(queue->broker->route, on_binding, &bindings);
}

void journal_declared(struct queue *queue, uint64_t seq, size_t size)
{
    struct journal *journal = journal_of(queue);
    journal->live += size - queue->declared;
    queue->declared = size;
    queue->seq = seq;
}

void journal_declare(struct queue *queue)
{
    struct wire_writer *out = begin(queue, RECORD_DECLARE);
    const struct queue_settings *settings = &queue->settings;
    if (!out)
        return;
    put_word(out, (struct word){queue->name, strlen(queue->name)});
    wire_put_varint(out, settings->messages);
    wire_put_varint(out, settings->bytes);
    wire_put_varint(out, settings->visibility);
    wire_put_varint(out, settings->attempts);
    put_word(out, settings->dead);
    wire_put_varint(out, queue->next);
    put_bindings(queue, out);
    g_autoptr(GBytes) requests =
        queue->dedupe ? dedupe_write(queue->dedupe) : g_bytes_new(NULL, 0);
    size_t size;
    const char *data = g_bytes_get_data(requests, &size);
    uint64_t seq = finish(queue, (struct word){data, size});
    journal_declared(queue, seq, out->size + size);
}

static void write_push(struct message *message, struct origin origin)
{
    struct wire_writer *out = begin(message->queue, RECORD_PUSH);
    if (!out)
        return;
    wire_put_varint(out, message->item.id);
    wire_put_varint(out, message->item.attempts);
    wire_put_varint(out, origin.producer);
    wire_put_varint(out, origin.request);
    message->seq =
        finish(message->queue, (struct word){message->data, message->size});
}

void journal_push(struct message *message, struct origin origin)
{
    journal_link(message);
    write_push(message, origin);
}

void journal_done(struct queue *queue, const uint64_t *ids, unsigned count)
{
    struct wire_writer *out = begin(queue, RECORD_DONE);
    if (!out)
        return;
    for (unsigned i = 0; i < count; i++)
        wire_put_varint(out, ids[i]);
    finish(queue, (struct word){"", 0});
}

void journal_failed(const struct message *message)
{
    struct wire_writer *out = begin(message->queue, RECORD_FAILED);
    if (!out)
        return;
    wire_put_varint(out, message->item.id);
    wire_put_varint(out, message->item.attempts);
    finish(message->queue, (struct word){"", 0});
}

void journal_dead(const struct message *message, const struct queue *from,
                  uint64_t id)
{
    struct wire_writer *out = begin(from, RECORD_DEAD);
    if (!out)
        return;
    wire_put_varint(out, id);
    wire_put_varint(out, message->queue->number);
    wire_put_varint(out, message->item.id);
    finish(from, (struct word){"", 0});
}

void journal_bind(struct queue *queue, const char *pattern, bool bound)
{
    if (begin(queue, bound ? RECORD_BIND : RECORD_UNBIND))
        finish(queue, (struct word){pattern, strlen(pattern)});
}

static void write_bare(struct queue *queue, enum record_kind kind)
{
    if (begin(queue, kind))
        finish(queue, (struct word){"", 0});
}

void journal_purge(struct queue *queue)
{
    write_bare(queue, RECORD_PURGE);
}

void journal_drop(struct queue *queue)
{
    write_bare(queue, RECORD_DROP);
}

/* ---- Compaction. ---- */

static void carry_queues(const struct broker *broker,
                         const struct journal *journal, uint64_t seq)
{
    for (unsigned i = 0; i < broker->queues->len; i++) {
        struct queue *queue = broker->queues->pdata[i];
        if (journal_of(queue) == journal && queue->seq < seq)
            journal_declare(queue);
    }
}

/* Write once more what lives in the oldest segment. */
static void empty_oldest(struct broker *broker, struct journal *journal)
{
    uint64_t seq = wal_second(journal->wal);
    struct message *message;
    if (seq == wal_next(journal->wal))
        return;
    carry_queues(broker, journal, seq);
    while ((message = journal->oldest) && message->seq < seq) {
        journal_forget(message);
        journal_push(message, (struct origin){0, 0});
    }
    wal_trim(journal->wal, seq);
}

void journal_compact(struct broker *broker)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(broker->journals); i++) {
        struct journal *journal = &broker->journals[i];
        if (journal->wal &&
            wal_size(journal->wal) >
                2 * journal->live + SLACK * broker->settings.segment)
            empty_oldest(broker, journal);
    }
}
