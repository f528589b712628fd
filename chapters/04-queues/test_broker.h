/**
 * @file test_broker.h
 * A broker on a tape: what it says to its owner is written down in words.
 *
 *     begin_plain();
 *     declare("jobs", &(struct queue_settings){.durability = DURABILITY_SYNCED});
 *     assert_int_equal(publish("jobs", "a"), 1);
 *     take("jobs", 1);
 *     expect("a#1 ");
 *     reboot();
 */
#ifndef QUEUES_TEST_BROKER_H
#define QUEUES_TEST_BROKER_H
#include "04-queues/broker.h"
#include "common/judge/test.h"
#include "common/world/tape.h"
#include <string.h>

enum { MINE = 1, ANN = 1000001, BOB = 1000002, CYD = 1000003 };

static const struct origin nobody;

static struct {
    struct tape *tape;
    struct broker *broker;
    struct broker_settings settings;
    GString *said;
    uint64_t receipt; /* The last. */
    struct delivery last;
} bench;

static inline struct word word_of(const char *text)
{
    return (struct word){text, strlen(text)};
}

/* "a#2+": message a, attempt 2, and it may have come before. */
static inline void say_delivery(const struct delivery *delivery)
{
    g_string_append_len(bench.said, delivery->payload.data,
                        (gssize)MIN(delivery->payload.size, 20));
    g_string_append_printf(bench.said, "#%u%s ", delivery->attempt,
                           delivery->again ? "+" : "");
    bench.receipt = delivery->receipt;
    bench.last = *delivery;
}

/* "2:a#1 ": to Bob. */
static inline void on_deliver(void *self, node_id consumer,
                              const struct delivery *delivery)
{
    (void)self;
    g_string_append_printf(bench.said, "%u:", (unsigned)(consumer % 10));
    say_delivery(delivery);
}

/* "[2:a#1 b#1 ] ": Bob's wait is over. */
static inline void on_taken(void *self, node_id client,
                            const struct delivery *deliveries, unsigned count)
{
    (void)self;
    g_string_append_printf(bench.said, "[%u:", (unsigned)(client % 10));
    for (unsigned i = 0; i < count; i++)
        say_delivery(&deliveries[i]);
    g_string_append(bench.said, "] ");
}

/* "{jobs:2} ": Bob consumes no more; "{jobs:[2]} ": his wait is over. */
static inline void on_dropped(void *self, node_id client, const char *queue,
                              bool waits)
{
    (void)self;
    g_string_append_printf(bench.said, waits ? "{%s:[%u]} " : "{%s:%u} ", queue,
                           (unsigned)(client % 10));
}

static inline void on_message(void *self, node_id from, GBytes *message)
{
    (void)self;
    broker_on_message(bench.broker, from, message);
}

static inline struct broker *open_broker(GError **error)
{
    struct broker_settings settings = bench.settings;
    settings.deliver = on_deliver;
    settings.taken = on_taken;
    settings.dropped = on_dropped;
    bench.broker = broker_open(tape_env(bench.tape), settings, error);
    env_bind(tape_env(bench.tape), on_message, NULL);
    return bench.broker;
}

static inline void begin_with(struct broker_settings settings)
{
    bench.tape = tape_new(MINE);
    bench.settings = settings;
    bench.said = g_string_new(NULL);
    assert_non_null(open_broker(NULL));
}

static inline void begin_plain(void)
{
    begin_with((struct broker_settings){0});
}

/* Time passes; letters to oneself come back. */
static inline void pass(nsec time)
{
    for (int i = 0; i < 8; i++)
        tape_pass(bench.tape, 0);
    tape_pass(bench.tape, time);
}

static inline void crash(void)
{
    broker_free(bench.broker);
    bench.broker = NULL;
    tape_crash(bench.tape);
}

static inline void reboot(void)
{
    crash();
    assert_non_null(open_broker(NULL));
}

static inline void end(void)
{
    g_clear_pointer(&bench.broker, broker_free);
    g_clear_pointer(&bench.tape, tape_free);
    g_string_free(bench.said, TRUE);
}

static inline struct queue *queue_of(const char *name)
{
    return broker_find(bench.broker, word_of(name));
}

static inline enum broker_outcome declare(const char *name,
                                          struct queue_settings settings)
{
    return broker_declare(bench.broker, word_of(name), &settings);
}

static inline enum broker_outcome drop(const char *name)
{
    return broker_drop(bench.broker, word_of(name));
}

/* The id that it got; minus the outcome. */
static inline int publish_by(const char *name, struct origin origin,
                             const char *payload)
{
    uint64_t id = 0;
    enum broker_outcome outcome =
        queue_publish(queue_of(name), origin, word_of(payload), &id);
    return outcome == BROKER_DONE ? (int)id : -(int)outcome;
}

static inline int publish(const char *name, const char *payload)
{
    return publish_by(name, nobody, payload);
}

static inline void take(const char *name, unsigned most)
{
    g_autofree struct delivery *deliveries = g_new(struct delivery, most);
    unsigned count = queue_take(queue_of(name), deliveries, most);
    for (unsigned i = 0; i < count; i++)
        say_delivery(&deliveries[i]);
}

static inline uint64_t consume(const char *name, node_id who, uint64_t total)
{
    uint64_t sent = 0;
    assert_int_equal(queue_consume(queue_of(name), who, total, &sent),
                     BROKER_DONE);
    return sent;
}

static inline unsigned ack(const char *name, uint64_t receipt)
{
    return queue_ack(queue_of(name), &receipt, 1);
}

/* Take all of them one by one, and acknowledge each. */
static inline unsigned drain(const char *name)
{
    struct delivery delivery;
    unsigned count = 0;
    for (; queue_take(queue_of(name), &delivery, 1) == 1; count++)
        assert_int_equal(ack(name, delivery.receipt), 1);
    return count;
}

/* What was said since the last time is @p words. */
#define expect(words)                                \
    do {                                             \
        assert_string_equal(bench.said->str, words); \
        g_string_truncate(bench.said, 0);            \
    } while (0)

/* So many are ready, at work, and delayed. */
#define expect_counts(name, are_ready, are_taken, are_delayed)    \
    do {                                                          \
        struct queue_facts counted = queue_facts(queue_of(name)); \
        assert_int_equal(counted.ready, are_ready);               \
        assert_int_equal(counted.taken, are_taken);               \
        assert_int_equal(counted.delayed, are_delayed);           \
    } while (0)

#endif
