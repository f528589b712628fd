/**
 * @file controller.h
 * Congestion control: how many bytes may fly, so that the network is not asked
 * for more than it can carry. Not flow control, which is about the receiver.
 *
 *     struct controller *controller = newreno_new(1400);
 *     controller_acked(controller, (struct controller_ack){...});
 *     if (flying + size <= controller_window(controller))
 *         send();
 *
 * One small table, behind which each algorithm is a file of its own. Windows
 * are in bytes, and never below CONTROLLER_LEAST segments.
 */
#ifndef TRANSPORT_CONTROLLER_H
#define TRANSPORT_CONTROLLER_H
#include "common/world/env.h"

enum {
    CONTROLLER_FIRST = 10, /**< Segments at the beginning (RFC 6928). */
    CONTROLLER_LEAST = 2   /**< And never fewer. */
};

struct controller;

/** Bytes have arrived. */
struct controller_ack {
    size_t acked;  /**< So many, for the first time. */
    size_t flying; /**< So many flew before this ack. */
    bool limited;  /**< The window was what held the sender back, or nearly. */
    nsec sent;     /**< When the newest of the packets that arrived was sent. */
    nsec now;      /**< Now. */
    nsec rtt;      /**< The smoothed round trip; 0: not known. */
};

/** Bytes are lost. */
struct controller_loss {
    size_t flying; /**< So many flew, the lost ones with them. */
    nsec sent;     /**< When the newest of the lost packets was sent. */
    nsec now;      /**< Now. */
};

/** An algorithm. */
struct controller_ops {
    const char *name; /**< "newreno". */
    /** Bytes have arrived. */
    void (*acked)(struct controller *controller, struct controller_ack ack);
    /** Bytes are lost. */
    void (*lost)(struct controller *controller, struct controller_loss loss);
    /** The timer fired, while @p flying bytes were on their way. */
    void (*expired)(struct controller *controller, size_t flying, nsec now);
    /** Free it. */
    void (*free)(struct controller *controller);
};

/** The first member of each of them. */
struct controller {
    const struct controller_ops *ops; /**< Its algorithm. */
    size_t segment;                   /**< Bytes of a full segment. */
    size_t window;                    /**< So many may fly. */
    size_t threshold; /**< Below it, slow start; SIZE_MAX: no loss yet. */
};

/** See controller_ops.acked. */
static inline void controller_acked(struct controller *controller,
                                    struct controller_ack ack)
{
    controller->ops->acked(controller, ack);
}
/** See controller_ops.lost. */
static inline void controller_lost(struct controller *controller,
                                   struct controller_loss loss)
{
    controller->ops->lost(controller, loss);
}
/** See controller_ops.expired. */
static inline void controller_expired(struct controller *controller,
                                      size_t flying, nsec now)
{
    controller->ops->expired(controller, flying, now);
}
/** How many bytes may fly. */
static inline size_t controller_window(const struct controller *controller)
{
    return controller->window;
}
/** Free it. */
static inline void controller_free(struct controller *controller)
{
    controller->ops->free(controller);
}

#endif
