/**
 * @file exchange.h
 * Ask, and wait for the answer; and again. How long does each take?
 *
 *     const struct exchange_way way = {.writes = 2};
 *     struct exchange_times exchanges[10];
 *     unsigned packets;
 *     if (exchange_run(&way, exchanges, 10, &packets) < 0)
 *         ...errno says why...
 *
 * A request is a header and a body. Whoever writes them one by one, and then
 * waits for the answer, meets two rules that are each good alone:
 *
 * - The sender's (Nagle, RFC 896): as long as something is unacknowledged, a
 *   packet that is not full has to wait. So the body waits for the
 *   acknowledgment of the header.
 * - The receiver's (delayed acknowledgment, RFC 1122, 4.2.3.2): wait a moment
 *   with an acknowledgment, for it may ride with an answer. But there is no
 *   answer to half a request.
 *
 * So both wait, until the receiver's moment is over: 40 ms on Linux, which
 * acknowledges at once only while a connection is new.
 */
#ifndef SOCKETS_EXCHANGE_H
#define SOCKETS_EXCHANGE_H
#include "common/world/env.h"

/** Bytes of a request, and of its answer. */
enum { EXCHANGE_HEADER = 8, EXCHANGE_BODY = 56, EXCHANGE_ANSWER = 64 };

/** How long Linux waits with an acknowledgment, at least (TCP_DELACK_MIN). */
#define EXCHANGE_DELAY (40 * MSEC)

/** How a request is written. */
struct exchange_way {
    unsigned writes; /**< 2: header, then body; 1: both together. */
    bool nodelay;    /**< With TCP_NODELAY: without Nagle's algorithm. */
};

/** One request and its answer. */
struct exchange_times {
    nsec began;  /**< Since the first one began. */
    nsec ended;  /**< As above. */
    size_t held; /**< Bytes written that had to wait for an acknowledgment. */
};

/** Have @p count exchanges over a connection of their own, and tell in how many
 * packets the requests left. Returns 0, or -1 and errno. */
int exchange_run(const struct exchange_way *way,
                 struct exchange_times *exchanges, unsigned count,
                 unsigned *packets);

#endif
