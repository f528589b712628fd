/**
 * @file guests.h
 * Whoever writes without having been met: each address gets a number of its
 * own.
 *
 *     node_id id = guests_id(guests, &from);      // 65536, 65537 ..
 *     guests_address(guests, id);                 // the way back
 *
 * So a server can answer clients that it knows nothing of (env.h: such numbers
 * are clients). There is room for so many; one more, and the one that was
 * silent for the longest is forgotten. Should it write again, it is somebody
 * else.
 */
#ifndef SOCKETS_GUESTS_H
#define SOCKETS_GUESTS_H
#include "01-sockets/address.h"
#include "common/world/env.h"

struct guests;

/** Room for @p most addresses, at least one. Returns new. */
struct guests *guests_new(unsigned most);
/** The number of @p address, which has just written. */
node_id guests_id(struct guests *guests, const struct address *address);
/** The address of number @p id; NULL: forgotten, or never given. Borrowed,
 * until guests_id() is called. */
const struct address *guests_address(const struct guests *guests, node_id id);
/** Never forget number @p id, as long as it is known: one that has been let
 * in. */
void guests_keep(struct guests *guests, node_id id);
/** Free it; NULL is fine. */
void guests_free(struct guests *guests);

#endif
