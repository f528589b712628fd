/* The window grows a little with each ack, by the share that its bytes have in
 * the window; what is less than a byte is kept for the next. And the event is
 * the first moment that is not of it. */
#include "03-transport/newreno.h"

struct bitwise {
    struct controller base;
    size_t rest;   /* Of a division by the window. */
    nsec fresh;    /* What is sent from here on is of no event. */
    bool repeated; /* Nothing has arrived since the timer. */
};

static void on_acked(struct controller *base, struct controller_ack ack)
{
    struct bitwise *reno = (struct bitwise *)base;
    reno->repeated = false;
    if (ack.sent < reno->fresh || !ack.limited)
        return;
    if (base->window < base->threshold) {
        base->window += ack.acked;
        if (base->window > base->threshold)
            base->window = base->threshold;
    } else {
        size_t share = base->segment * ack.acked + reno->rest;
        size_t window = base->window;
        base->window += share / window;
        reno->rest = share % window;
    }
}

static void on_event(struct bitwise *reno, size_t flying, nsec now)
{
    reno->base.threshold = flying < 4 * reno->base.segment
                               ? 2 * reno->base.segment
                               : flying - flying / 2;
    reno->fresh = now + 1;
}

static void on_lost(struct controller *base, struct controller_loss loss)
{
    struct bitwise *reno = (struct bitwise *)base;
    if (loss.sent < reno->fresh)
        return;
    on_event(reno, loss.flying, loss.now);
    base->window = base->threshold;
}

static void on_expired(struct controller *base, size_t flying, nsec now)
{
    struct bitwise *reno = (struct bitwise *)base;
    size_t before = base->threshold;
    on_event(reno, flying, now);
    if (reno->repeated)
        base->threshold = before;
    base->window = 2 * base->segment;
    reno->repeated = true;
}

static void on_free(struct controller *base)
{
    g_free(base);
}

static const struct controller_ops ops = {"newreno", on_acked, on_lost,
                                          on_expired, on_free};

struct controller *newreno_new(size_t segment)
{
    struct bitwise *reno = g_new0(struct bitwise, 1);
    reno->base.ops = &ops;
    reno->base.segment = segment;
    reno->base.window = 10 * segment;
    reno->base.threshold = SIZE_MAX;
    return &reno->base;
}
