#include "04-queues/server/producer.h"
#include "common/world/clock.h"
#include <inttypes.h>
#include <string.h>

enum { UNDER_WAY = 1024 }; /* More than any window. */
#define TICK  (5 * MSEC)
#define LATER (50 * MSEC) /* To try again what was refused. */

struct producer {
    struct loop *loop;
    struct producer_settings settings;
    struct queue_client *client;
    struct timer tick;
    nsec began;
    bool stopped;
    uint64_t begun; /* Messages, from 1 on. */
    uint64_t confirmed;
    GQueue refused; /* Their numbers. */
    nsec refusal;   /* When the last one came. */
    struct {
        uint64_t number;
        nsec start;
    } under_way[UNDER_WAY]; /* By request. */
};

/* ---- Which is next? ---- */

static uint64_t count_due(const struct producer *producer)
{
    const struct producer_settings *settings = &producer->settings;
    nsec time = clock_monotonic() - producer->began;
    uint64_t most = settings->count ? settings->count : UINT64_MAX;
    if (producer->stopped)
        return producer->begun;
    if (settings->rate == 0)
        return most;
    return MIN(most, 1 + time / MSEC * settings->rate / 1000);
}

static bool publish(struct producer *producer, uint64_t number)
{
    const struct producer_settings *settings = &producer->settings;
    g_autofree char *name =
        g_strdup_printf("%s-%" PRIu64, settings->name, number);
    g_autoptr(GString) text = g_string_new(name);
    while (text->len < settings->size)
        g_string_append_c(text, ' ');
    uint64_t request = queue_client_publish(
        producer->client, settings->queue, (struct word){text->str, text->len});
    if (request == 0)
        return false;
    producer->under_way[request % UNDER_WAY].number = number;
    producer->under_way[request % UNDER_WAY].start = clock_monotonic();
    return true;
}

static void go_on(struct producer *producer)
{
    bool waits = clock_monotonic() < producer->refusal + LATER;
    GQueue *refused = &producer->refused;
    while (!waits && !g_queue_is_empty(refused)) {
        if (!publish(producer, *(uint64_t *)g_queue_peek_head(refused)))
            return;
        g_free(g_queue_pop_head(refused));
    }
    uint64_t due = count_due(producer);
    while (!waits && producer->begun < due &&
           publish(producer, producer->begun + 1))
        producer->begun++;
}

/* ---- What the client tells. ---- */

static void on_confirm(void *self, uint64_t request, uint64_t id,
                       const char *error)
{
    struct producer *producer = self;
    const struct producer_settings *settings = &producer->settings;
    uint64_t number = producer->under_way[request % UNDER_WAY].number;
    nsec start = producer->under_way[request % UNDER_WAY].start;
    (void)id;
    if (error) {
        producer->refusal = clock_monotonic();
        g_queue_push_tail(&producer->refused,
                          g_memdup2(&number, sizeof number));
        return;
    }
    producer->confirmed++;
    if (settings->on_confirm)
        settings->on_confirm(settings->self, number, clock_monotonic() - start);
}

static void on_room(void *self)
{
    go_on(self);
}

static void on_tick(void *self)
{
    struct producer *producer = self;
    go_on(producer);
    loop_arm(producer->loop, &producer->tick, TICK);
}

/* ---- Life. ---- */

void producer_stop(struct producer *producer)
{
    producer->stopped = true;
}

bool producer_is_done(const struct producer *producer)
{
    uint64_t count = producer->settings.count;
    bool whole = producer->stopped || (count > 0 && producer->begun == count);
    return whole && producer->confirmed == producer->begun;
}

uint64_t producer_begun(const struct producer *producer)
{
    return producer->begun;
}

struct queue_client_counts producer_counts(const struct producer *producer)
{
    return queue_client_counts(producer->client);
}

struct producer *producer_new(struct loop *loop, const struct address *address,
                              const struct producer_settings *settings)
{
    struct producer *producer = g_new0(struct producer, 1);
    struct queue_settings kind = {.durability = settings->durability,
                                  .messages = settings->limit};
    producer->loop = loop;
    producer->settings = *settings;
    producer->began = clock_monotonic();
    producer->client = queue_client_new(
        loop, address,
        (struct queue_client_settings){.window = settings->window,
                                       .on_confirm = on_confirm,
                                       .on_room = on_room,
                                       .self = producer});
    queue_client_declare(producer->client, settings->queue, &kind);
    producer->tick = (struct timer){.fire = on_tick, .self = producer};
    loop_arm(loop, &producer->tick, 0);
    return producer;
}

void producer_free(struct producer *producer)
{
    loop_disarm(producer->loop, &producer->tick);
    queue_client_free(producer->client);
    while (!g_queue_is_empty(&producer->refused))
        g_free(g_queue_pop_head(&producer->refused));
    g_free(producer);
}
