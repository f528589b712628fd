/*
 * Reno adds one segment each round trip: on a path that holds 10000 segments,
 * with 100 ms, it takes 8 minutes to get back what one loss took. CUBIC grows
 * with the time, whatever the round trip.
 *
 *     window            .      Wmax is where it was lost. Up to there: fast,
 *      Wmax  .........-'...    then slowly, since it will be lost there again.
 *                 .-'          Beyond it: slowly, then fast, since it was not.
 *                /
 *               /              K is when it is at Wmax.
 *     ---------+------+--->
 *              0      K     t
 *
 * An *epoch* is avoidance between two events. Its time t stands still while the
 * sender is not limited by the window (RFC 9438, 5.8): else a pause of a minute
 * would be taken for a minute without loss.
 *
 * Whole numbers: time in milliseconds, the cubic in thousandths of a segment.
 * So the largest power is (2^20 ms)^3, 17 minutes from K, and fits 64 bits.
 * What a step rounds away is kept for the next one.
 */
#include "03-transport/cubic.h"

/* beta is 7/10, and alpha 3 (1 - beta) / (1 + beta) is 9/17; C is 2/5. */
enum { BETA = 7, TEN = 10, ALPHA = 9, SEVENTEEN = 17, MILLI = 1000 };
enum { FARTHEST = 1 << 20 }; /* Milliseconds from K. */

/* A number of bytes that grows by fractions. */
struct growing {
    size_t bytes;
    size_t rest; /* Of the last division. */
};

struct cubic {
    struct controller controller;
    /* Events, as in newreno.c. */
    bool answered;
    nsec answer;
    bool silent;
    /* Of the last event. */
    size_t most;  /* Wmax; 0: none, it begins where avoidance does. */
    size_t prior; /* The window before it. */
    /* The epoch. */
    bool begun;
    bool paused; /* The last ack was not limited. */
    nsec spent;  /* t .. */
    nsec last;   /* .. and when that was. */
    uint64_t k;  /* Milliseconds. */
    struct growing reno;
    size_t rest; /* Of the window. */
};

uint64_t cubic_root(uint64_t number)
{
    uint64_t root = 0;
    for (uint64_t bit = 1 << 21; bit > 0; bit /= 2) {
        uint64_t next = root + bit;
        if (next * next <= number / next)
            root = next;
    }
    return root;
}

/* @number * @times / @by, and what is rounded away stands in @rest. */
static size_t share(size_t number, size_t times, size_t by, size_t *rest)
{
    size_t product = number * times + *rest;
    *rest = product % by;
    return product / by;
}

/* ---- The cubic. ---- */

/* The milliseconds in which the cubic climbs by so many bytes. */
static uint64_t time_to_climb(const struct cubic *cubic, size_t bytes)
{
    uint64_t segments = bytes * MILLI / cubic->controller.segment;
    return cubic_root(segments * (MILLI * MILLI / 2 * 5));
}

/* RFC 9438, equation 1: W(t) in bytes. K is rounded down, so before K the cubic
 * is never further below Wmax than the window was. */
static size_t cubic_at(const struct cubic *cubic, nsec t)
{
    uint64_t now = t / MSEC;
    uint64_t far = now > cubic->k ? now - cubic->k : cubic->k - now;
    far = MIN(far, FARTHEST);
    uint64_t segments = far * far * far / (MILLI * MILLI) * 2 / 5;
    size_t bytes = segments * cubic->controller.segment / MILLI;
    return now > cubic->k ? cubic->most + bytes : cubic->most - bytes;
}

/* RFC 9438, 4.2. After the timer, K is 0 and Wmax is here (4.8); and so it is
 * when the window is beyond Wmax already. */
static void begin_epoch(struct cubic *cubic, nsec now)
{
    size_t window = cubic->controller.window;
    cubic->most = MAX(cubic->most, window);
    cubic->k = time_to_climb(cubic, cubic->most - window);
    cubic->begun = true;
    cubic->spent = 0;
    cubic->last = now;
    cubic->reno = (struct growing){.bytes = window};
}

/* RFC 9438, 4.3: what Reno would have by now. From where it was before the
 * event on, it grows as Reno does. */
static void grow_reno(struct cubic *cubic, size_t acked)
{
    size_t window = cubic->controller.window;
    size_t segment = cubic->controller.segment;
    size_t alpha = cubic->reno.bytes < cubic->prior ? ALPHA : SEVENTEEN;
    cubic->reno.bytes +=
        share(acked, alpha * segment, SEVENTEEN * window, &cubic->reno.rest);
}

/* RFC 9438, 4.4 and 4.5: towards where the cubic is a round trip from now. */
static void grow(struct cubic *cubic, struct controller_ack ack)
{
    struct controller *controller = &cubic->controller;
    size_t window = controller->window;
    size_t target = cubic_at(cubic, cubic->spent + ack.rtt);
    target = CLAMP(target, window, window + window / 2);
    grow_reno(cubic, ack.acked);
    if (cubic_at(cubic, cubic->spent) < cubic->reno.bytes)
        controller->window = MAX(window, cubic->reno.bytes);
    else
        controller->window +=
            share(ack.acked, target - window, window, &cubic->rest);
}

/* ---- Events. ---- */

static struct cubic *cubic_of(struct controller *controller)
{
    return (struct cubic *)controller;
}

static bool is_old(const struct cubic *cubic, nsec sent)
{
    return cubic->answered && sent <= cubic->answer;
}

/* What was sent up to now is of this event; and the epoch is over. */
static void answer(struct cubic *cubic, nsec now)
{
    cubic->answered = true;
    cubic->answer = now;
    cubic->begun = false;
}

/* RFC 9438, 4.6: beta of what flew. */
static void lower_threshold(struct cubic *cubic, size_t flying)
{
    struct controller *controller = &cubic->controller;
    size_t least = CONTROLLER_LEAST * controller->segment;
    controller->threshold = MAX(flying * BETA / TEN, least);
    cubic->prior = controller->window;
}

static void on_acked(struct controller *controller, struct controller_ack ack)
{
    struct cubic *cubic = cubic_of(controller);
    cubic->silent = false;
    if (!ack.limited)
        cubic->paused = true;
    if (!ack.limited || is_old(cubic, ack.sent))
        return;
    if (controller->window < controller->threshold) {
        size_t room = controller->threshold - controller->window;
        controller->window += MIN(ack.acked, room);
        return;
    }
    if (!cubic->begun)
        begin_epoch(cubic, ack.now);
    if (!cubic->paused)
        cubic->spent += ack.now - cubic->last;
    cubic->paused = false;
    cubic->last = ack.now;
    grow(cubic, ack);
}

static void on_lost(struct controller *controller, struct controller_loss loss)
{
    struct cubic *cubic = cubic_of(controller);
    if (is_old(cubic, loss.sent))
        return;
    answer(cubic, loss.now);
    /* RFC 9438, 4.7: it did not get where it was, so others want a share. */
    bool less = controller->window < cubic->most;
    cubic->most = controller->window;
    if (less)
        cubic->most = cubic->most * (TEN + BETA) / (2 * TEN);
    lower_threshold(cubic, loss.flying);
    controller->window = controller->threshold;
}

static void on_expired(struct controller *controller, size_t flying, nsec now)
{
    struct cubic *cubic = cubic_of(controller);
    answer(cubic, now);
    cubic->most = 0;
    if (!cubic->silent)
        lower_threshold(cubic, flying);
    controller->window = CONTROLLER_LEAST * controller->segment;
    cubic->silent = true;
}

static void free_cubic(struct controller *controller)
{
    g_free(controller);
}

static const struct controller_ops cubic_ops = {
    .name = "cubic",
    .acked = on_acked,
    .lost = on_lost,
    .expired = on_expired,
    .free = free_cubic,
};

struct controller *cubic_new(size_t segment)
{
    struct cubic *cubic = g_new0(struct cubic, 1);
    cubic->controller = (struct controller){
        .ops = &cubic_ops,
        .segment = segment,
        .window = CONTROLLER_FIRST * segment,
        .threshold = SIZE_MAX,
    };
    return &cubic->controller;
}
