/**
 * @file endpoint.h
 * Many connections over one env: what the kernel does behind one UDP port.
 *
 *     struct endpoint *endpoint = endpoint_new(env, settings);
 *     endpoint_listen(endpoint, on_accept, self);
 *     connection = endpoint_connect(endpoint, 2, owner);
 *
 * Each side of a connection draws 32 random bits, its *id* of it; a segment
 * carries the id of its receiver. The first three segments:
 *
 *     client, id c                                    server, id s
 *       OPEN, to 0, seq x; c                  ---->     keeps nothing
 *       OPEN ACK COOKIE, to c, seq y,         <----
 *                    ack x + 1; s, cookie
 *       OPEN ACK COOKIE, to s, seq x,         ---->     remembers, accepts
 *                    ack y + 1; c, cookie
 *       data, from x + 1                      ---->
 *                                             <----     ack; data, from y + 1
 *
 * The *cookie* is a keyed hash of all these numbers, of who asks and of the
 * time. So whoever asks costs no memory until it has shown that it hears the
 * answer, and an old open cannot begin a connection again: its cookie is too
 * old, or its id is still remembered (RFC 4960, 5.1.3; RFC 4987, 3.6). An open
 * has as many bytes as its answer: who forges addresses gains nothing.
 *
 * Who gets a segment of a connection it does not know answers with a *reset*.
 * It says to which id and in which packet that segment came; and only who has
 * sent that packet to that id, and no ack of it yet, believes it: who cannot
 * see the traffic would have to guess 32 random bits, and a packet that is not
 * acknowledged yet (RFC 5961, for the same end). With an end it is from one who
 * knew the connection, and has given it up.
 */
#ifndef TRANSPORT_ENDPOINT_H
#define TRANSPORT_ENDPOINT_H
#include "03-transport/connection.h"

/** How its connections are. 0: what is said here. */
struct endpoint_settings {
    size_t segment;  /**< Bytes of data in a full segment: 1440. */
    size_t outgoing; /**< Bytes that each may keep to be sent: 1 MiB. */
    size_t incoming; /**< And to be taken, the window: 1 MiB. */
    unsigned most;   /**< Connections at a time, lingering ones too: 4096. */
    nsec floor;      /**< No wait for an ack is shorter: 10 ms. */
    nsec keepalive;  /**< After so long in silence the other is asked: 15 s. */
    nsec patience;   /**< After so long a silence it is over: 100 s. */
    /** Congestion control: newreno_new. */
    struct controller *(*controller)(size_t segment);
};

struct endpoint;

/** @p peer opens a connection. Fill in @p owner, and return true to have it:
 * what the owner is told next, it is told about @p connection. */
typedef bool endpoint_acceptor(void *self, node_id peer,
                               struct connection *connection,
                               struct connection_owner *owner);

/** Over @p env, borrowed, to which it is bound. Returns new. */
struct endpoint *endpoint_new(struct env *env,
                              struct endpoint_settings settings);
/** From now on, whoever opens is let in, if @p accept says so. */
void endpoint_listen(struct endpoint *endpoint, endpoint_acceptor *accept,
                     void *self);
/** Open a connection to @p peer; pushed to it can be when owner.opened was
 * called. Returns new, to be freed by connection_free(); NULL: there are too
 * many. */
struct connection *endpoint_connect(struct endpoint *endpoint, node_id peer,
                                    struct connection_owner owner);
/** How many there are, with those that linger. */
unsigned endpoint_connections(const struct endpoint *endpoint);
/** Free it, as a crash: nobody is told. Its connections go with it, but for
 * those that ended in no order: they must be freed before. */
void endpoint_free(struct endpoint *endpoint);

#endif
