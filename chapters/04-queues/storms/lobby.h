/**
 * @file lobby.h
 * Where a judge sits: between the world and an office, as a layer that changes
 * nothing.
 *
 *     clients <--> world <--> lobby <--> office
 *                               |
 *                             judge: what is asked, and what it is answered
 *
 * The commands of a client are answered in their order, so here it is known
 * which answer belongs to which. What a node that has had its last effect still
 * does is not seen.
 */
#ifndef QUEUES_LOBBY_H
#define QUEUES_LOBBY_H
#include "04-queues/storms/talk.h"
#include "04-queues/terms.h"

struct lobby;

/** Who looks on; a command is an array of words, which NULL ends. */
struct lobby_watch {
    /** Is this node alive? */
    bool (*lives)(void *self);
    /** A command has come. */
    void (*asked)(void *self, node_id client, char **words);
    /** It is answered. */
    void (*answered)(void *self, node_id client, char **words,
                     struct talk_value value);
    /** A message is delivered: pushed, or taken (then its number is 0). */
    void (*delivered)(void *self, node_id client,
                      const struct delivery *delivery);
    /** A farewell has come from that client. */
    void (*parted)(void *self, node_id client);
    /** All that a message to that client says has been seen: it is sent. */
    void (*sent)(void *self, node_id client);
    void *self; /**< Their first argument. */
};

/** A lobby over @p env, borrowed. Returns new. */
struct lobby *lobby_new(struct env *env, struct lobby_watch watch);
/** The env for the office. Borrowed. */
struct env *lobby_env(struct lobby *lobby);
/** Call @p look with each command that @p client waits for. */
void lobby_awaited(struct lobby *lobby, node_id client,
                   void (*look)(void *self, char **words), void *self);
/** Free it. */
void lobby_free(struct lobby *lobby);

#endif
