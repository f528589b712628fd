/*
 * A message that nobody can handle; a request that is sent again and again; and
 * a worker that dies between its work and the ack.
 */
#include "04-queues/server/look.h"
#include "04-queues/server/queue_client.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS = 6, POISON = 3, PRICE = 10 };
#define PATIENCE (20 * SEC)

static struct {
    struct stage *stage;
    struct loop *loop;
    struct address address;
    struct queue_client *client;
    unsigned settled;   /* Deliveries acknowledged. */
    GHashTable *paid;   /* Orders by name, for who looks. */
    int naive, careful; /* What was paid by who looks not, and who does. */
    bool dies;          /* Before its ack. */
    bool dead;
} show;

static void start_broker(void)
{
    const char *dir = stage_dir(show.stage);
    g_autofree char *listen = g_strdup_printf("--listen=unix:%s/socket", dir);
    g_autofree char *kept = g_strdup_printf("--dir=%s/broker", dir);
    struct actor *broker = stage_start(show.stage, "queue", listen, kept, NULL);
    g_autofree char *ready =
        broker ? actor_await(broker, "ready ", PATIENCE) : NULL;
    if (!ready || !address_parse(&show.address, strchr(listen, '=') + 1, NULL))
        exit(complain(FAILED, "the broker did not start"));
}

/* Ask by hand; the answer without its type and end. Returns new. */
static char *ask(const char *line)
{
    char *text = look_ask(&show.address, line);
    if (!text)
        exit(complain(FAILED, "the broker is gone"));
    memmove(text, text + 1, strlen(text));
    text[strcspn(text, "\r")] = '\0';
    return text;
}

static void show_ask(const char *line)
{
    g_autofree char *answer = ask(line);
    printf("  %-36s --> %s\n", line, answer);
}

static void begin(const char *queue,
                  void (*on_delivery)(void *, const struct delivery *))
{
    show.client = queue_client_new(
        show.loop, &show.address,
        (struct queue_client_settings){.on_delivery = on_delivery});
    queue_client_consume(show.client, queue, 1);
}

static void end(void)
{
    nsec patience = clock_monotonic() + PATIENCE;
    while (queue_client_pending(show.client) > 0 &&
           clock_monotonic() < patience)
        loop_turn(show.loop, 5 * MSEC);
    queue_client_free(show.client);
}

/* ---- Poison. ---- */

static void on_job(void *self, const struct delivery *delivery)
{
    static const char bad[] = "poison";
    (void)self;
    bool poison = delivery->payload.size == strlen(bad) &&
                  memcmp(delivery->payload.data, bad, strlen(bad)) == 0;
    printf("  %-8.*s attempt %u   %s\n", (int)delivery->payload.size,
           delivery->payload.data, (unsigned)delivery->attempt,
           poison ? "fails, and is given back" : "done");
    if (poison) {
        queue_client_nack(show.client, delivery->receipt, 30 * MSEC);
        return;
    }
    queue_client_ack(show.client, delivery->receipt);
    show.settled++;
}

static bool is_buried(void)
{
    g_autofree char *count = ask("QLEN graves");
    return strcmp(count, "1") == 0;
}

static void show_poison(void)
{
    printf("One of six messages makes every worker fail. It may be delivered "
           "three times;\nthen it goes to another queue, where somebody looks "
           "at it. The rest passes:\n\n");
    show_ask("QDECLARE graves");
    show_ask("QDECLARE jobs ATTEMPTS 3 DEAD graves");
    for (int i = 1; i <= JOBS; i++) {
        g_autofree char *line = i == POISON
                                    ? g_strdup("QPUSH jobs poison")
                                    : g_strdup_printf("QPUSH jobs job-%d", i);
        g_free(ask(line));
    }
    nsec patience = clock_monotonic() + PATIENCE;
    begin("jobs", on_job);
    while ((show.settled < JOBS - 1 || !is_buried()) &&
           clock_monotonic() < patience)
        loop_turn(show.loop, 5 * MSEC);
    end();
    printf("\n");
    show_ask("QLEN jobs");
    show_ask("QLEN graves");
}

/* ---- Once. ---- */

static void show_once(void)
{
    printf("\nA producer that hears no answer cannot know whether it was "
           "heard. So it asks\nagain, under the same number: producer 7, its "
           "request 1.\n\n");
    show_ask("QDECLARE orders");
    for (int i = 0; i < 3; i++)
        show_ask("QONCE orders 7 1 order-1");
    show_ask("QONCE orders 7 2 order-2");
    show_ask("QLEN orders");
    printf("\nThe answer is the same each time, and there are two messages. So "
           "it is across a\nrestart of the broker: number and message are one "
           "record of its log.\n");
}

/* ---- Twice. ---- */

/* The work on an order is to pay. The second of two workers looks first whether
 * the order was paid; it would keep that where it keeps the money. */
static void on_order(void *self, const struct delivery *delivery)
{
    g_autofree char *order =
        g_strndup(delivery->payload.data, delivery->payload.size);
    (void)self;
    bool fresh = g_hash_table_add(show.paid, g_strdup(order));
    show.naive += PRICE;
    show.careful += fresh ? PRICE : 0;
    printf("  %-7s %-5s  who just pays: %3d  who looks first: %3d  %s\n", order,
           delivery->again ? "again" : "", show.naive, show.careful,
           show.dies ? "dies before the ack" : "ack");
    if (show.dies)
        show.dead = true;
    else
        show.settled += queue_client_ack(show.client, delivery->receipt);
}

static void show_twice(void)
{
    printf("\nTwo orders of %d each. The worker dies when it has paid, and "
           "before it says so:\n\n",
           PRICE);
    nsec patience = clock_monotonic() + PATIENCE;
    show.paid = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    show.dies = true;
    show.settled = 0;
    begin("orders", on_order);
    while (!show.dead && clock_monotonic() < patience)
        loop_turn(show.loop, 5 * MSEC);
    queue_client_free(show.client);
    show.dies = false;
    begin("orders", on_order);
    while (show.settled < 2 && clock_monotonic() < patience)
        loop_turn(show.loop, 5 * MSEC);
    end();
    g_hash_table_unref(show.paid);
    printf("\nNo queue delivers exactly once: the word that a thing was done "
           "can be lost.\nIt delivers at least once, and says so (\"again\"); "
           "who works makes it once in\neffect, by the number of what it has "
           "done.\n");
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    show.stage = stage_new();
    show.loop = loop_new();
    start_broker();
    show_poison();
    show_once();
    show_twice();
    loop_free(show.loop);
    stage_free(show.stage);
    bool right = show.naive == 3 * PRICE && show.careful == 2 * PRICE;
    return right ? 0 : complain(FAILED, "it did not go as it should");
}
