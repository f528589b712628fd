/**
 * @file flow.h
 * A stream of bytes, reliable and both ways, over an env that loses, repeats,
 * delays and damages segments: selective repeat, with flow and congestion
 * control.
 *
 *     struct flow *flow = flow_new(env, options, owner);
 *     taken = flow_push(flow, data, size);     // first door: bytes to be sent
 *     flow_on_segment(flow, &segment);         // second: what the other sent
 *                                              // third: its own timers
 *     size = flow_take(flow, buffer, sizeof buffer);
 *
 * It is made of parts that know nothing of each other:
 *
 *     push -> buffer -> ackset -> controller, pacing -> owner.send
 *                         ^         ^     rto, probe: its timers
 *                         '---------'--- acks of the other
 *     take <- reassembly, receipt <- on_segment
 *
 * Who sends segments, and to whom, is the owner's affair (connection.h): here
 * there are only two streams, each with a first sequence number that both sides
 * know.
 */
#ifndef TRANSPORT_FLOW_H
#define TRANSPORT_FLOW_H
#include "03-transport/controller.h"
#include "03-transport/segment.h"

/** What a flow asks of its owner. None may free the flow. */
struct flow_owner {
    /** Send it: .connection is still to be set. */
    void (*send)(void *self, struct segment *segment);
    /** There is something to take, or the stream has ended. */
    void (*readable)(void *self);
    /** There is room to push again, or all that was pushed has arrived. */
    void (*writable)(void *self);
    void *self; /**< The first argument. */
};

/** How it is. */
struct flow_options {
    uint32_t first_out; /**< The number of the first byte we send ... */
    uint32_t first_in;  /**< ... and of the first the other sends. */
    uint32_t window;    /**< How much the other takes before it says more. */
    size_t segment;     /**< Bytes of data in a full segment. */
    size_t outgoing;    /**< Bytes that may wait to be sent, or fly. */
    size_t incoming;    /**< Bytes that may wait to be taken: our window. */
    nsec floor;         /**< No wait for an ack is shorter. */
    nsec rtt;           /**< A round trip, as measured so far; 0: not known. */
    struct controller *controller; /**< Taken. */
};

/** What it has done so far. */
struct flow_count {
    uint64_t segments; /**< Sent, with data. */
    uint64_t repeats;  /**< Of these, such as were sent before. */
    uint64_t acks;     /**< Sent, without data. */
    uint64_t bytes;    /**< Of data that arrived at the other. */
    uint64_t expiries; /**< Of the timer: nothing was heard. */
    uint64_t lies;     /**< Acks that cannot be. */
};

struct flow;

/** Over @p env's clock and timers, borrowed. Returns new. */
struct flow *flow_new(struct env *env, struct flow_options options,
                      struct flow_owner owner);
/** Bytes to be sent: as many are taken as there is room for. Returns that. */
size_t flow_push(struct flow *flow, const void *data, size_t size);
/** No more will be pushed: behind what was, the stream ends. */
void flow_end(struct flow *flow);
/** A segment of the other. Borrows it. */
void flow_on_segment(struct flow *flow, const struct segment *segment);
/** Take up to @p size bytes that have come, in order. Returns how many. */
size_t flow_take(struct flow *flow, void *buffer, size_t size);
/** Has the other's stream ended, and is all of it taken? */
bool flow_is_over(const struct flow *flow);
/** Has all of the other's stream come, taken or not? */
bool flow_is_whole(const struct flow *flow);
/** Has all that was pushed arrived, and, after flow_end(), the end too? */
bool flow_is_delivered(const struct flow *flow);
/** Ask the other for an ack, though nothing is to be said: is it alive? */
void flow_ask(struct flow *flow);
/** May @p packet be the last that the other has received? */
bool flow_may_have_sent(const struct flow *flow, uint32_t packet);
/** The number of the packet that will be sent next. */
uint32_t flow_packet(const struct flow *flow);
/** How much there is room for. */
size_t flow_room(const struct flow *flow);
/** What it has done. */
struct flow_count flow_count(const struct flow *flow);
/** Its controller, borrowed. */
const struct controller *flow_controller(const struct flow *flow);
/** Free it, with its controller; its timers are disarmed. */
void flow_free(struct flow *flow);

#endif
