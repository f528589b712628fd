/* With a phase, as the RFCs tell it: what an ack does is asked of the phase. A
 * window of bytes is counted down. */
#include "03-transport/newreno.h"

enum phase { SLOW_START, AVOIDANCE };

struct phased {
    struct controller base;
    enum phase phase;
    size_t missing; /* Bytes until the next segment more. */
    int64_t event;  /* Sent up to here: of the last event; -1: none. */
    unsigned timers;
};

static void become(struct phased *phased, enum phase phase)
{
    phased->phase = phase;
    phased->missing = phased->base.window;
}

static void take(struct phased *phased, size_t bytes)
{
    for (; bytes >= phased->missing; phased->missing = phased->base.window) {
        bytes -= phased->missing;
        phased->base.window += phased->base.segment;
    }
    phased->missing -= bytes;
}

static void on_acked(struct controller *base, struct controller_ack ack)
{
    struct phased *phased = (struct phased *)base;
    phased->timers = 0;
    if ((int64_t)ack.sent <= phased->event || !ack.limited)
        return;
    switch (phased->phase) {
    case SLOW_START:
        base->window = MIN(base->window + ack.acked, base->threshold);
        if (base->window == base->threshold)
            become(phased, AVOIDANCE);
        break;
    case AVOIDANCE:
        take(phased, ack.acked);
        break;
    }
}

static void on_lost(struct controller *base, struct controller_loss loss)
{
    struct phased *phased = (struct phased *)base;
    if ((int64_t)loss.sent <= phased->event)
        return;
    phased->event = (int64_t)loss.now;
    base->window = base->threshold = MAX(loss.flying, 4 * base->segment) / 2;
    become(phased, AVOIDANCE);
}

static void on_expired(struct controller *base, size_t flying, nsec now)
{
    struct phased *phased = (struct phased *)base;
    if (phased->timers++ == 0)
        base->threshold = MAX(flying, 4 * base->segment) / 2;
    phased->event = (int64_t)now;
    base->window = CONTROLLER_LEAST * base->segment;
    become(phased, base->window < base->threshold ? SLOW_START : AVOIDANCE);
}

static void on_free(struct controller *base)
{
    g_free(base);
}

static const struct controller_ops ops = {
    .name = "newreno",
    .acked = on_acked,
    .lost = on_lost,
    .expired = on_expired,
    .free = on_free,
};

struct controller *newreno_new(size_t segment)
{
    struct phased *phased = g_new0(struct phased, 1);
    phased->base = (struct controller){&ops, segment, 10 * segment, SIZE_MAX};
    phased->event = -1;
    become(phased, SLOW_START);
    return &phased->base;
}
