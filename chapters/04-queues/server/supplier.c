#include "04-queues/server/supplier.h"
#include "common/world/clock.h"
#include <inttypes.h>
#include <string.h>

enum { UNDER_WAY = 1024 }; /* More than any window. */
#define TICK  (5 * MSEC)
#define LATER (50 * MSEC) /* To try again what was refused. */

struct supplier {
    struct loop *loop;
    struct supplier_settings settings;
    struct queue_client *client;
    struct timer tick;
    nsec began;
    bool stopped;
    uint64_t begun; /* Messages, from 1 on. */
    uint64_t confirmed;
    char *error;    /* What trying again will not mend; or NULL. */
    GQueue refused; /* Their numbers. */
    nsec refusal;   /* When the last one came. */
    struct {
        uint64_t number;
        nsec start;
    } under_way[UNDER_WAY]; /* By request. */
};

/* ---- Which is next? ---- */

static uint64_t count_due(const struct supplier *supplier)
{
    const struct supplier_settings *settings = &supplier->settings;
    nsec time = clock_monotonic() - supplier->began;
    uint64_t most = settings->count ? settings->count : UINT64_MAX;
    if (supplier->stopped)
        return supplier->begun;
    if (settings->rate == 0)
        return most;
    return MIN(most, 1 + time / MSEC * settings->rate / 1000);
}

static bool publish(struct supplier *supplier, uint64_t number)
{
    const struct supplier_settings *settings = &supplier->settings;
    g_autofree char *name =
        g_strdup_printf("%s-%" PRIu64, settings->name, number);
    g_autoptr(GString) text = g_string_new(name);
    while (text->len < settings->size)
        g_string_append_c(text, ' ');
    uint64_t request = queue_client_publish(
        supplier->client, settings->queue, (struct word){text->str, text->len});
    if (request == 0)
        return false;
    supplier->under_way[request % UNDER_WAY].number = number;
    supplier->under_way[request % UNDER_WAY].start = clock_monotonic();
    return true;
}

static void go_on(struct supplier *supplier)
{
    bool waits = clock_monotonic() < supplier->refusal + LATER;
    GQueue *refused = &supplier->refused;
    while (!waits && !g_queue_is_empty(refused)) {
        if (!publish(supplier, *(uint64_t *)g_queue_peek_head(refused)))
            return;
        g_free(g_queue_pop_head(refused));
    }
    uint64_t due = count_due(supplier);
    while (!waits && supplier->begun < due &&
           publish(supplier, supplier->begun + 1))
        supplier->begun++;
}

/* ---- What the client tells. ---- */

static void on_confirm(void *self, uint64_t request, uint64_t id,
                       const char *error)
{
    struct supplier *supplier = self;
    const struct supplier_settings *settings = &supplier->settings;
    uint64_t number = supplier->under_way[request % UNDER_WAY].number;
    nsec start = supplier->under_way[request % UNDER_WAY].start;
    (void)id;
    if (error) {
        supplier->refusal = clock_monotonic();
        if (!supplier->error && !g_str_has_prefix(error, "FULL"))
            supplier->error = g_strdup(error);
        g_queue_push_tail(&supplier->refused,
                          g_memdup2(&number, sizeof number));
        return;
    }
    supplier->confirmed++;
    if (settings->on_confirm)
        settings->on_confirm(settings->self, number, clock_monotonic() - start);
}

static void on_room(void *self)
{
    go_on(self);
}

static void on_tick(void *self)
{
    struct supplier *supplier = self;
    go_on(supplier);
    loop_arm(supplier->loop, &supplier->tick, TICK);
}

/* ---- Life. ---- */

void supplier_stop(struct supplier *supplier)
{
    supplier->stopped = true;
}

bool supplier_is_done(const struct supplier *supplier)
{
    uint64_t count = supplier->settings.count;
    bool whole = supplier->stopped || (count > 0 && supplier->begun == count);
    return whole && supplier->confirmed == supplier->begun;
}

const char *supplier_error(const struct supplier *supplier)
{
    return supplier->error;
}

uint64_t supplier_begun(const struct supplier *supplier)
{
    return supplier->begun;
}

struct queue_client_counts supplier_counts(const struct supplier *supplier)
{
    return queue_client_counts(supplier->client);
}

struct supplier *supplier_new(struct loop *loop, const struct address *address,
                              const struct supplier_settings *settings)
{
    struct supplier *supplier = g_new0(struct supplier, 1);
    struct queue_settings kind = {.durability = settings->durability,
                                  .messages = settings->limit};
    supplier->loop = loop;
    supplier->settings = *settings;
    supplier->began = clock_monotonic();
    supplier->client = queue_client_new(
        loop, address,
        (struct queue_client_settings){.window = settings->window,
                                       .on_confirm = on_confirm,
                                       .on_room = on_room,
                                       .self = supplier});
    queue_client_declare(supplier->client, settings->queue, &kind);
    supplier->tick = (struct timer){.fire = on_tick, .self = supplier};
    loop_arm(loop, &supplier->tick, 0);
    return supplier;
}

void supplier_free(struct supplier *supplier)
{
    loop_disarm(supplier->loop, &supplier->tick);
    queue_client_free(supplier->client);
    while (!g_queue_is_empty(&supplier->refused))
        g_free(g_queue_pop_head(&supplier->refused));
    g_free(supplier->error);
    g_free(supplier);
}
