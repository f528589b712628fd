/*
 *     a run of commands --> desk --> the table below --> queue of the broker
 *                            |                              |
 *           answers <--------+            pushes <-- pages
 *
 * A command that waits is parked at the desk until the broker says that the wait
 * is over. Pushes gather on pages.
 */
#include "04-queues/server/errand.h"
#include "04-queues/server/office_log.h"
#include "04-queues/server/office_queues.h"
#include "04-queues/topics.h"

enum { TAKE_MOST = 1000, ACK_BATCH = 128 };

/* ---- Publishing. ---- */

static void publish(struct errand *errand, struct origin origin,
                    struct word payload)
{
    uint64_t id;
    enum broker_outcome outcome =
        queue_publish(errand->queue, origin, payload, &id);
    if (outcome == BROKER_DONE)
        resp_put_integer(errand->out, (int64_t)id);
    else
        put_outcome(errand, outcome);
}

static void push(struct errand *errand)
{
    publish(errand, (struct origin){0, 0}, word_at(errand, 2));
}

static void once(struct errand *errand)
{
    struct origin origin;
    if (!get_number(errand, 2, INT64_MAX, &origin.producer) ||
        !get_number(errand, 3, INT64_MAX, &origin.request))
        return;
    if (origin.producer == 0 || origin.request == 0)
        resp_put_error(errand->out, "ERR producers and requests are numbered "
                                    "from 1 on");
    else
        publish(errand, origin, word_at(errand, 4));
}

static void last(struct errand *errand)
{
    uint64_t producer;
    if (get_number(errand, 2, INT64_MAX, &producer))
        resp_put_integer(errand->out,
                         (int64_t)queue_newest(errand->queue, producer));
}

/* ---- By topic. ---- */

/* Other outcomes than DONE may be wrong in another way than for a queue. */
static void put_topic_outcome(const struct errand *errand,
                              enum broker_outcome outcome)
{
    if (outcome == BROKER_INVALID)
        resp_put_error(errand->out, "ERR a topic, or a pattern, has 255 bytes "
                                    "at most, and no NUL");
    else
        put_outcome(errand, outcome);
}

static void bind_topics(struct errand *errand)
{
    put_topic_outcome(errand, topics_bind(errand->queue, word_at(errand, 2)));
}

static void unbind_topics(struct errand *errand)
{
    resp_put_integer(errand->out,
                     topics_unbind(errand->queue, word_at(errand, 2)));
}

static void publish_topic(struct errand *errand)
{
    unsigned count;
    enum broker_outcome outcome = topics_publish(
        errand->office->broker, word_at(errand, 1), word_at(errand, 2), &count);
    if (outcome == BROKER_DONE)
        resp_put_integer(errand->out, count);
    else
        put_topic_outcome(errand, outcome);
}

/* ---- Taking. ---- */

static void put_taken(struct wire_writer *out,
                      const struct delivery *deliveries, unsigned count)
{
    resp_put_array(out, count);
    for (unsigned i = 0; i < count; i++) {
        resp_put_array(out, 4);
        put_receipt(out, deliveries[i].receipt);
        resp_put_integer(out, deliveries[i].attempt);
        resp_put_integer(out, deliveries[i].again);
        resp_put_bulk(out, deliveries[i].payload.data,
                      deliveries[i].payload.size);
    }
}

static bool get_take(struct errand *errand, uint64_t *count, nsec *wait)
{
    for (size_t i = 2; i < errand->command->count; i += 2) {
        struct word option = word_at(errand, i);
        bool good = false;
        if (word_is(option, "COUNT"))
            good = get_number(errand, i + 1, TAKE_MOST, count);
        else if (word_is(option, "WAIT"))
            good = get_span(errand, i + 1, wait);
        else
            put_syntax(errand);
        if (!good)
            return false;
    }
    return true;
}

static void take(struct errand *errand)
{
    static struct delivery deliveries[TAKE_MOST];
    uint64_t most = 1;
    nsec wait = 0;
    if (!get_take(errand, &most, &wait))
        return;
    unsigned count = queue_take(errand->queue, deliveries, (unsigned)most);
    if (count > 0 || wait == 0 || most == 0 || !errand->parks) {
        put_taken(errand->out, deliveries, count);
        return;
    }
    enum broker_outcome outcome = queue_wait(
        errand->queue, errand->command->client, (unsigned)most, wait);
    errand->parked = outcome == BROKER_DONE;
    if (!errand->parked)
        put_outcome(errand, outcome);
}

static void on_taken(void *self, node_id client,
                     const struct delivery *deliveries, unsigned count)
{
    struct office *office = self;
    struct wire_writer out = {.most = office->env->most};
    put_taken(&out, deliveries, count);
    if (out.failed) {
        wire_clear(&out);
        out = (struct wire_writer){.most = office->env->most};
        resp_put_error(&out, "ERR the reply is too long");
    }
    desk_answer(office->desk, client, out.data, out.size);
    wire_clear(&out);
}

/* ---- What became of a message. ---- */

static void ack(struct errand *errand)
{
    uint64_t receipts[ACK_BATCH];
    unsigned batch = 0, known = 0;
    for (size_t i = 2; i < errand->command->count; i++) {
        uint64_t receipt;
        if (get_receipt(word_at(errand, i), &receipt))
            receipts[batch++] = receipt;
        if (batch == ACK_BATCH || i + 1 == errand->command->count) {
            known += queue_ack(errand->queue, receipts, batch);
            batch = 0;
        }
    }
    resp_put_integer(errand->out, known);
}

static void nack(struct errand *errand)
{
    uint64_t receipt;
    nsec delay = 0;
    bool delays = errand->command->count > 3;
    if (errand->command->count == 4 ||
        (delays && !word_is(word_at(errand, 3), "DELAY")))
        put_syntax(errand);
    else if (!delays || get_span(errand, 4, &delay))
        resp_put_integer(errand->out,
                         get_receipt(word_at(errand, 2), &receipt) &&
                             queue_nack(errand->queue, receipt, delay));
}

static void touch(struct errand *errand)
{
    uint64_t receipt;
    resp_put_integer(errand->out, get_receipt(word_at(errand, 2), &receipt) &&
                                      queue_touch(errand->queue, receipt));
}

/* ---- Pushing. ---- */

static void on_deliver(void *self, node_id consumer,
                       const struct delivery *delivery)
{
    struct office *office = self;
    pages_put(office->pages, consumer, delivery);
}

/* Grants credit; returns whether it could. */
static bool grant(struct errand *errand, uint64_t *sent)
{
    uint64_t total;
    if (!get_number(errand, 2, INT64_MAX, &total))
        return false;
    if (errand->command->version != RESP3) {
        resp_put_error(errand->out,
                       "ERR messages are pushed in RESP3 only: say "
                       "HELLO 3, or use QTAKE");
        return false;
    }
    node_id client = errand->command->client;
    enum broker_outcome outcome = queue_consume(errand->queue, client, 0, sent);
    if (outcome == BROKER_DONE)
        pages_grant(errand->office->pages, client, errand->queue, total);
    else
        put_outcome(errand, outcome);
    return outcome == BROKER_DONE;
}

static void consume(struct errand *errand)
{
    uint64_t sent;
    if (grant(errand, &sent))
        resp_put_simple(errand->out, "OK");
}

static void credit(struct errand *errand)
{
    uint64_t sent;
    if (grant(errand, &sent))
        resp_put_integer(errand->out, (int64_t)sent);
}

static void cancel(struct errand *errand)
{
    node_id client = errand->command->client;
    pages_cancel(errand->office->pages, client,
                 queue_facts(errand->queue).name);
    resp_put_integer(errand->out, queue_leave(errand->queue, client));
}

/* Nothing is pushed to it any more; what it holds comes back. */
static void on_left(void *self, node_id client)
{
    struct office *office = self;
    broker_leave(office->broker, client);
    pages_close(office->pages, client);
    logs_leave(office->logs, client);
}

/* Its queue is gone: no wait there, and no push from there. */
static void on_dropped(void *self, node_id client, const char *queue,
                       bool waits)
{
    struct office *office = self;
    struct wire_writer out = {.most = office->env->most};
    if (!waits) {
        pages_put_dropped(office->pages, client, queue);
        return;
    }
    put_outcome(&(struct errand){.out = &out}, BROKER_UNKNOWN);
    desk_answer(office->desk, client, out.data, out.size);
    wire_clear(&out);
}

/* ---- Which is it? ---- */

#define MANY SIZE_MAX

/* With how many words, the name included; and is the first of the others the
 * name of a queue that is there? */
static const struct {
    const char *name;
    size_t least, most;
    bool queue;
    void (*serve)(struct errand *errand);
} errands[] = {
    {"qpush", 3, 3, true, push},
    {"qack", 3, MANY, true, ack},
    {"qcredit", 3, 3, true, credit},
    {"qtake", 2, 6, true, take},
    {"qonce", 5, 5, true, once},
    {"qnack", 3, 5, true, nack},
    {"qtouch", 3, 3, true, touch},
    {"qconsume", 3, 3, true, consume},
    {"qcancel", 2, 2, true, cancel},
    {"qlast", 3, 3, true, last},
    {"qdeclare", 2, MANY, false, office_declare},
    {"qlen", 2, 2, true, office_length},
    {"qinfo", 2, 2, true, office_about},
    {"qlist", 1, 1, false, office_list},
    {"qbind", 3, 3, true, bind_topics},
    {"qunbind", 3, 3, true, unbind_topics},
    {"publish", 3, 3, false, publish_topic},
    {"qpurge", 2, 2, true, office_purge},
    {"qdrop", 2, 2, false, office_drop},
    {"logadd", 3, 3, false, log_add},
    {"logread", 4, 8, false, log_read},
    {"logcommit", 4, 4, false, log_commit},
    {"logcreate", 2, 6, false, log_create},
    {"loginfo", 2, 2, false, log_info},
    {"loglist", 1, 1, false, log_list},
    {"logdrop", 2, 2, false, log_drop},
};

static enum desk_outcome serve(void *self, const struct command *command,
                               struct wire_writer *out, bool parks)
{
    struct errand errand = {self, command, out, parks, false, NULL};
    if (gives_up_pushes(command))
        on_left(self, command->client);
    for (size_t i = 0; i < G_N_ELEMENTS(errands); i++) {
        if (!word_is(command->words[0], errands[i].name))
            continue;
        bool fits = command->count >= errands[i].least &&
                    command->count <= errands[i].most;
        if (fits && errands[i].queue)
            errand.queue =
                broker_find(errand.office->broker, command->words[1]);
        if (!fits)
            put_wrong_count(out, command);
        else if (errands[i].queue && !errand.queue)
            put_outcome(&errand, BROKER_UNKNOWN);
        else
            errands[i].serve(&errand);
        return errand.parked ? DESK_PARKED : DESK_ANSWERED;
    }
    return DESK_UNKNOWN;
}

static void info(void *self, GString *text)
{
    struct office *office = self;
    g_string_append_printf(text, "used_memory:%zu\r\n",
                           broker_size(office->broker));
    if (office->settings.info)
        office->settings.info(office->settings.self, text);
}

/* ---- Life. ---- */

/* A letter to oneself comes when all that was written before it is durable. */
static void open_soon(struct office *office)
{
    static const char text[] = "office open";
    office->opening = g_bytes_new_static(text, strlen(text));
    env_send(office->env, office->env->id, office->opening);
}

static bool is_opening(const struct office *office, node_id from,
                       GBytes *message)
{
    return office->opening && from == office->env->id &&
           g_bytes_equal(message, office->opening);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct office *office = self;
    if (is_opening(office, from, message))
        office->settings.ready(office->settings.self);
    else if (!broker_on_message(office->broker, from, message) &&
             !logs_on_message(office->logs, from, message))
        desk_take(office->desk, from, message);
}

struct office *office_open(struct env *env, struct office_settings settings,
                           GError **error)
{
    struct office *office = g_new0(struct office, 1);
    struct broker_settings broker = {.most = settings.most,
                                     .segment = settings.segment,
                                     .transient = settings.transient,
                                     .deliver = on_deliver,
                                     .taken = on_taken,
                                     .dropped = on_dropped,
                                     .self = office};
    struct desk_service service = {serve, on_left, info, office, "queue"};
    office->env = env;
    office->settings = settings;
    office->broker = broker_open(env, broker, error);
    if (office->broker)
        office->logs = logs_open(office, error);
    if (!office->logs) {
        g_clear_pointer(&office->broker, broker_free);
        g_free(office);
        return NULL;
    }
    office->desk = desk_new(env, service);
    office->pages = pages_new(env, settings);
    env_bind(env, on_message, office);
    if (settings.ready)
        open_soon(office);
    return office;
}

struct broker *office_broker(struct office *office)
{
    return office->broker;
}

void office_free(struct office *office)
{
    env_bind(office->env, NULL, NULL);
    logs_free(office->logs);
    broker_free(office->broker);
    desk_free(office->desk);
    pages_free(office->pages);
    g_clear_pointer(&office->opening, g_bytes_unref);
    g_free(office);
}
