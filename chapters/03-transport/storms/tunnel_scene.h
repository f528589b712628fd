/**
 * @file tunnel_scene.h
 * tunnel.h before the judge, twice: with the counter of common/toys on top, and
 * with nothing but letters, which are counted.
 */
#ifndef TRANSPORT_TUNNEL_SCENE_H
#define TRANSPORT_TUNNEL_SCENE_H
#include "03-transport/tunnel.h"
#include "common/storm/subject.h"

/** A tunnel at each of nodes 1 to @p nodes, which have met, with buffers so
 * small that they are full now and then. Returns new. */
struct tunnel *tunnel_raise(struct env *env, unsigned nodes);
/** Call @p look for each message that is whole in @p datagram, a segment. */
void tunnel_unpack(GBytes *datagram, void (*look)(void *self, GBytes *message),
                   void *self);
/** What a datagram says, in a few words. */
void tunnel_describe(GString *text, GBytes *datagram);

/** The counter's subject, with a tunnel below each node, and every class of
 * faults. */
struct subject tunnel_subject(void);

#endif
