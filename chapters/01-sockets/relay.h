/**
 * @file relay.h
 * Two connections made one: what comes in on either goes out on the other.
 *
 *     relay_new(loop, (int[]){client, server}, on_close, self);
 *
 * Each way is on its own: it ends when its sender does, and the other goes on,
 * as long as it likes. Each way is bounded, too, by what its two streams keep:
 * who reads slowly slows down who sends to it, and nobody else. An end that
 * fails takes the other with it, which is reset (RST) unless it has been sent
 * everything to the end: nobody takes a part for the whole.
 */
#ifndef SOCKETS_RELAY_H
#define SOCKETS_RELAY_H
#include "01-sockets/stream.h"

struct relay;

/** Relay between the sockets @p ends, connected or still connecting, which it
 * takes. @p on_close is called once, from the loop: with 0 when both ways have
 * ended and every byte has been passed on, else with the errno of the end that
 * failed; free it there. Borrows @p loop. Returns new. */
struct relay *relay_new(struct loop *loop, const int ends[2],
                        void (*on_close)(void *self, int error), void *self);
/** Close both ends now, whatever is on its way. (The kernel resets one of which
 * it still holds bytes that nobody has read.) */
void relay_free(struct relay *relay);

#endif
