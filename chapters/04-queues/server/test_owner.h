/**
 * @file test_owner.h
 * For tests: a client whose owner writes down what it is told, and a server that
 * says what the test says.
 */
#ifndef QUEUES_TEST_OWNER_H
#define QUEUES_TEST_OWNER_H
#include "04-queues/server/queue_client.h"
#include "04-queues/server/test_script.h"
#include <inttypes.h>

#define DECLARED \
    "QDECLARE jobs DURABILITY synced MESSAGES 0 BYTES 0 VISIBILITY 0;"

static struct queue_client *client;
static GString *told;          /* What the owner was told. */
static uint64_t receipts[100]; /* Of what was delivered. */
static unsigned delivered;

/* ---- The owner. ---- */

static inline void on_confirm(void *self, uint64_t request, uint64_t id,
                              const char *error)
{
    (void)self;
    g_string_append_printf(told, "%" PRIu64 "=%" PRIu64 "%s;", request, id,
                           error ? error : "");
}

static inline void on_delivery(void *self, const struct delivery *delivery)
{
    (void)self;
    receipts[delivered++] = delivery->receipt;
    g_string_append_printf(told, "%s %u%s %" PRIu64 " %.*s;", delivery->queue,
                           delivery->attempt, delivery->again ? " again" : "",
                           delivery->number, (int)delivery->payload.size,
                           delivery->payload.data);
}

static inline void on_room(void *self)
{
    (void)self;
    g_string_append(told, "room;");
}

static inline void on_connection(void *self, bool there)
{
    (void)self;
    g_string_append(told, there ? "there;" : "gone;");
}

static inline void on_refusal(void *self, const char *queue, const char *error)
{
    (void)self;
    g_string_append_printf(told, "%s: %s;", queue, error);
}

static inline void open_client(struct queue_client_settings settings)
{
    open_world();
    told = g_string_new(NULL);
    delivered = 0;
    settings.producer = settings.producer ? settings.producer : 9;
    settings.on_confirm = on_confirm;
    settings.on_delivery = on_delivery;
    settings.on_room = on_room;
    settings.on_connection = on_connection;
    settings.on_refusal = on_refusal;
    client = queue_client_new(loop, &place, settings);
}

static inline void open_simple(void)
{
    open_client((struct queue_client_settings){.patience = 0});
}

static inline void close_client(void)
{
    queue_client_free(client);
    g_string_free(told, TRUE);
    close_world();
}

#define expect_told(text)                     \
    do {                                      \
        turn();                               \
        assert_string_equal(told->str, text); \
        g_string_truncate(told, 0);           \
    } while (0)

static inline uint64_t publish(const char *text)
{
    return queue_client_publish(client, "jobs",
                                (struct word){text, strlen(text)});
}

static inline void declare_jobs(void)
{
    queue_client_declare(
        client, "jobs",
        &(struct queue_settings){.durability = DURABILITY_SYNCED});
}

/* Delivery @p number to @p queue, with a receipt of the same number. */
static inline void push(int fd, const char *queue, unsigned number)
{
    g_autofree char *receipt = g_strdup_printf("1-%u", number);
    g_autofree char *text = g_strdup_printf(
        ">7\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n:1\r\n:0\r\n:%u"
        "\r\n$1\r\nx\r\n",
        strlen(queue), queue, strlen(receipt), receipt, number);
    say(fd, text);
}

#endif
