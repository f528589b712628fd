/*
 * Nobody tells a sender how much the network can carry. It finds out: it asks
 * for more until something is lost, and then for half.
 *
 *     window    /|                 slow start: twice as much each round trip,
 *              / |    /|    /|     up to the threshold
 *             /  |  /  |  /  |     avoidance: a segment more each round trip
 *            /   |/    |/    |
 *           /                      a loss: half of what flew
 *     ------------------------->
 *
 * More is added and less is multiplied: so two senders on one path come closer
 * to each other with each loss (Chiu and Jain 1989).
 *
 * One full queue loses many packets, and that is one event: it is answered
 * once. The moment of the answer tells apart what was sent too fast, before it,
 * from what is news, after it. So all there is to recovery is one time.
 */
#include "03-transport/newreno.h"
#include "common/course/todo.h"

struct newreno {
    struct controller controller;
    size_t counted; /* Bytes that arrived, in avoidance, not paid out yet. */
    bool answered;  /* There was an event .. */
    nsec answer;    /* .. and what was sent up to here is of it. */
    bool silent;    /* The timer fired, and nothing has arrived since. */
};

static struct newreno *newreno_of(struct controller *controller)
{
    return (struct newreno *)controller;
}

/* SOLUTION: what a loss and the timer have in common, if you like. */
static bool is_old(const struct newreno *newreno, nsec sent)
{
    return newreno->answered && sent <= newreno->answer;
}

/* What was sent up to now is of this event. */
static void answer(struct newreno *newreno, nsec now)
{
    newreno->answered = true;
    newreno->answer = now;
    newreno->counted = 0;
}

/* RFC 5681, equation 4. */
static size_t half_of(const struct controller *controller, size_t flying)
{
    return MAX(flying / 2, 2 * controller->segment);
}

/* END SOLUTION: */
static void on_acked(struct controller *controller, struct controller_ack ack)
{
    struct newreno *newreno = newreno_of(controller);
    /* SOLUTION: does this ack make the window grow? If so: below the threshold,
     * or from there on? */
    newreno->silent = false;
    if (!ack.limited || is_old(newreno, ack.sent))
        return;
    if (controller->window < controller->threshold) {
        size_t room = controller->threshold - controller->window;
        controller->window += MIN(ack.acked, room);
        return;
    }
    newreno->counted += ack.acked;
    if (newreno->counted >= controller->window) {
        newreno->counted -= controller->window;
        controller->window += controller->segment;
    }
    /* END SOLUTION: (void)newreno, (void)todo(ack.acked); */
}

static void on_lost(struct controller *controller, struct controller_loss loss)
{
    struct newreno *newreno = newreno_of(controller);
    /* SOLUTION: is it of an event that was answered? */
    if (is_old(newreno, loss.sent))
        return;
    controller->threshold = half_of(controller, loss.flying);
    controller->window = controller->threshold;
    answer(newreno, loss.now);
    /* END SOLUTION: (void)newreno, (void)todo(loss.flying); */
}

static void on_expired(struct controller *controller, size_t flying, nsec now)
{
    struct newreno *newreno = newreno_of(controller);
    /* SOLUTION: begin from the beginning. The threshold remembers how far it
     * may go fast; what flies when the timer fires again says nothing of
     * that. */
    if (!newreno->silent)
        controller->threshold = half_of(controller, flying);
    controller->window = CONTROLLER_LEAST * controller->segment;
    newreno->silent = true;
    answer(newreno, now);
    /* END SOLUTION: (void)newreno, (void)flying, (void)todo(now); */
}

static void free_newreno(struct controller *controller)
{
    g_free(controller);
}

static const struct controller_ops newreno_ops = {
    .name = "newreno",
    .acked = on_acked,
    .lost = on_lost,
    .expired = on_expired,
    .free = free_newreno,
};

struct controller *newreno_new(size_t segment)
{
    struct newreno *newreno = g_new0(struct newreno, 1);
    newreno->controller = (struct controller){
        .ops = &newreno_ops,
        .segment = segment,
        .window = CONTROLLER_FIRST * segment,
        .threshold = SIZE_MAX,
    };
    return &newreno->controller;
}
