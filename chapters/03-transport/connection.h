/**
 * @file connection.h
 * A connection: a flow with a beginning and an end.
 *
 *     struct connection *connection = endpoint_connect(endpoint, 2, owner);
 *     ...                                  // owner.opened:
 *     connection_push(connection, data, size);
 *     connection_end(connection);          // half-close: the other may go on
 *     ...                                  // owner.readable: connection_take()
 *     ...                                  // owner.closed: the last call
 *
 * It closes in order when each side has ended its stream and heard that all of
 * it has arrived. Who hears the other's end last has no word that its own last
 * ack has come: it *lingers*, for the other may ask again. It is reset when one
 * side gives up, or has forgotten it: then what was not delivered is lost, and
 * both are told.
 *
 * A reset, and an open, can be forged by anyone who can send a datagram; so
 * each is believed only with a proof that its sender can also receive
 * (endpoint.h).
 */
#ifndef TRANSPORT_CONNECTION_H
#define TRANSPORT_CONNECTION_H
#include "03-transport/flow.h"

/** How it ended. */
enum connection_end {
    CONNECTION_DONE,    /**< In order: all has arrived, both ways. */
    CONNECTION_RESET,   /**< The other gave up, or does not know of it. */
    CONNECTION_REFUSED, /**< The other does not want it. */
    CONNECTION_SILENT   /**< Nothing was heard of it for too long. */
};

struct connection;

/** Who is told. Any may be NULL; none may free the connection but .closed. */
struct connection_owner {
    /** The other has answered: it is open. Not called for accepted ones. */
    void (*opened)(void *self);
    /** There is something to take, or the other's stream has ended. */
    void (*readable)(void *self);
    /** There is room to push again, or all that was pushed has arrived. */
    void (*writable)(void *self);
    /** It is over. What has come can still be taken. */
    void (*closed)(void *self, enum connection_end end);
    void *self; /**< The first argument. */
};

/** Bytes to be sent; as many as there is room for are taken, none once it is
 * over, or connection_end() was called. Returns how many. Copies. */
size_t connection_push(struct connection *connection, const void *data,
                       size_t size);
/** How much there is room for. */
size_t connection_room(const struct connection *connection);
/** No more will be pushed. Once it is open, or over: not before. */
void connection_end(struct connection *connection);
/** Take up to @p size bytes that have come, in order. Returns how many. */
size_t connection_take(struct connection *connection, void *buffer,
                       size_t size);
/** Has the other's stream ended, and is all of it taken? */
bool connection_is_over(const struct connection *connection);
/** Has all that was pushed arrived, and the end too, if it was said? */
bool connection_is_delivered(const struct connection *connection);
/** Whom it leads to. */
node_id connection_peer(const struct connection *connection);
/** Its flow, for those who count; NULL before it is open. Borrowed. */
const struct flow *connection_flow(const struct connection *connection);
/** Forget it. One that is not over is reset: the other will be told, once. What
 * lingers goes on lingering. */
void connection_free(struct connection *connection);

#endif
