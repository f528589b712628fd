/**
 * @file rumour.h
 * A rumour: whoever hears it tells all others, again and again, until each has
 * said that it knows.
 *
 *     struct rumour *rumour = rumour_new(env, 5, 100 * MSEC);
 *     rumour_start(rumour, "the king has donkey's ears");
 *
 * The smallest protocol that a lost message cannot stop. It runs, unchanged, on
 * a tape, in the simulator and over real sockets. Two kinds of message, "tell "
 * and "know ", each followed by the rumour.
 *
 * Promise: if every message arrives with some chance, however small, every node
 * hears the rumour, and then the talk ends.
 */
#ifndef SOCKETS_RUMOUR_H
#define SOCKETS_RUMOUR_H
#include "common/world/env.h"

struct rumour;

/** One of @p nodes nodes, 1 to @p nodes, that speak again after @p again.
 * Borrows @p env. Returns new. */
struct rumour *rumour_new(struct env *env, unsigned nodes, nsec again);
/** Make one up: 1 to env->most - 5 bytes. A second one is not listened to. */
void rumour_start(struct rumour *rumour, const char *text);
/** What we heard; NULL when nothing yet. Borrowed. */
GBytes *rumour_heard(const struct rumour *rumour);
/** Do we know of everyone that they know? */
bool rumour_is_known_by_all(const struct rumour *rumour);
/** Free it. */
void rumour_free(struct rumour *rumour);

#endif
