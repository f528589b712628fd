/**
 * @file test_controller.h
 * For the tests of controllers: single events; and a path, in the smallest
 * model there is. All that the window allows is sent at once, and all of it
 * arrives a round trip later, but for every so many-th packet. So the window
 * between two losses is known by formulas (Mathis and others 1997).
 */
#ifndef TRANSPORT_TEST_CONTROLLER_H
#define TRANSPORT_TEST_CONTROLLER_H
#include "03-transport/controller.h"

/** So many bytes arrive, of what was sent then; the window was full, or not. */
static inline void arrived(struct controller *controller, size_t bytes,
                           nsec sent, bool limited)
{
    struct controller_ack ack = {
        .acked = bytes,
        .flying = limited ? controller_window(controller) : bytes,
        .limited = limited,
        .sent = sent,
        .now = sent + 50 * MSEC,
        .rtt = 50 * MSEC,
    };
    controller_acked(controller, ack);
}

/** Bytes are lost, the newest of which were sent then. */
static inline void lose(struct controller *controller, size_t flying, nsec sent,
                        nsec now)
{
    struct controller_loss loss = {.flying = flying, .sent = sent, .now = now};
    controller_lost(controller, loss);
}

/** A path, and how long it is watched. */
struct fluid {
    nsec rtt;        /**< The round trip. */
    uint64_t period; /**< Of so many packets the last is lost. */
    unsigned before; /**< So many losses are not looked at .. */
    unsigned losses; /**< .. and then so many are. */
};

/** One round trip from @p now on; is a packet of it lost? */
static inline bool fluid_round(const struct fluid *fluid,
                               struct controller *controller, nsec now,
                               uint64_t *sent)
{
    size_t flying = controller_window(controller) / controller->segment;
    bool lost = false;
    for (size_t i = 0; i < flying; i++) {
        if (++*sent % fluid->period == 0) {
            lost = true;
            continue;
        }
        struct controller_ack ack = {
            .acked = controller->segment,
            .flying = flying * controller->segment,
            .limited = true,
            .sent = now + 1,
            .now = now + fluid->rtt,
            .rtt = fluid->rtt,
        };
        controller_acked(controller, ack);
    }
    struct controller_loss loss = {
        .flying = flying * controller->segment,
        .sent = now + 1,
        .now = now + fluid->rtt,
    };
    if (lost)
        controller_lost(controller, loss);
    return lost;
}

/** The mean window, in segments, over round trips. */
static inline double fluid_window(const struct fluid *fluid,
                                  struct controller *controller)
{
    uint64_t sent = 0;
    unsigned losses = 0, rounds = 0;
    double sum = 0;
    for (nsec now = 0; losses < fluid->before + fluid->losses;
         now += fluid->rtt) {
        if (losses >= fluid->before) {
            sum += (double)controller_window(controller);
            rounds++;
        }
        losses += fluid_round(fluid, controller, now, &sent);
    }
    return sum / rounds / (double)controller->segment;
}

#endif
