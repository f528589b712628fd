/**
 * @file redial.h
 * A connection to a server of RESP3 that comes back by itself.
 *
 *     DOWN ---> dialling ---> greeting ---> UP: on_up, on_value ...
 *       ^          |             |           |
 *       +-- pause -+-------------+-----------+ refused, lost, silent, nonsense
 *
 *     struct redial *redial = redial_new(loop, &address, patience, owner);
 *     redial_write(redial, data, size);       // Between on_up and on_down.
 *
 * Pauses grow from 10 ms to a second, each between its half and its whole, by
 * chance: so a crowd that lost its server does not come back in one moment. The
 * greeting is HELLO 3. Who says nothing for half of the patience is asked
 * something (on_silence); who says nothing for all of it is lost, soon.
 */
#ifndef QUEUES_REDIAL_H
#define QUEUES_REDIAL_H
#include "01-sockets/address.h"
#include "01-sockets/loop.h"
#include "02-framing/resp.h"

struct redial;

/** Who is called; by the loop alone. It does not free the redial from there. */
struct redial_owner {
    /** The server has greeted. */
    void (*on_up)(void *self);
    /** A value came: these items, whose text stands in @p data. */
    void (*on_value)(void *self, const uint8_t *data,
                     const struct resp_item *items, size_t count);
    /** A write found too little room; now there is some. */
    void (*on_room)(void *self);
    /** Ask something that is answered. */
    void (*on_silence)(void *self);
    /** What was up is down. */
    void (*on_down)(void *self);
    void *self;  /**< Their first argument. */
    size_t most; /**< Bytes of a value, and kept each way. */
};

/** Dial @p address, soon, and ever again. Borrows @p loop. Returns new. */
struct redial *redial_new(struct loop *loop, const struct address *address,
                          nsec patience, struct redial_owner owner);
/** Is it up? */
bool redial_is_up(const struct redial *redial);
/** Write; returns how many bytes were taken. None while it is down. */
size_t redial_write(struct redial *redial, const void *data, size_t size);
/** What the server says makes no sense: it is lost, soon. No value comes any
 * more. */
void redial_hang_up(struct redial *redial);
/** Another address, from the next attempt on. */
void redial_move(struct redial *redial, const struct address *address);
/** Free it: the connection is cut. */
void redial_free(struct redial *redial);

#endif
