/**
 * @file counter.h
 * A number on a page, live: all who look at it see it move.
 *
 *     GET  /counter   the page
 *     POST /count     one more; the answer is the number
 *     GET  /count     an endless answer: each new number, as an event
 *
 * The page asks once, and the answer never ends: a chunk for each event
 * (server- sent events, as the HTML standard has them). It is the web's way to
 * *push*. A reader who is slow misses numbers, and gets the newest as soon as
 * it can.
 */
#ifndef FRAMING_COUNTER_H
#define FRAMING_COUNTER_H
#include "02-framing/web/web.h"

struct counter;

/** A counter at 0. Borrows @p loop. Returns new. */
struct counter *counter_new(struct loop *loop);
/** Answer @p exchange, if its target is one of these. Returns whether it is. */
bool counter_answer(struct counter *counter, struct web_exchange *exchange,
                    const struct http_request *request);
/** How many look at it. */
unsigned counter_watchers(const struct counter *counter);
/** Free it, after the web. */
void counter_free(struct counter *counter);

#endif
