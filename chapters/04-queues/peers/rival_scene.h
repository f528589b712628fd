/**
 * @file rival_scene.h
 * The queues that are compared: what each promises with its confirm, and how
 * its server is started, as a child in a directory of its own.
 *
 *     struct rival_server *server = rival_start(&rivals[i], &error);
 *     ... rival_address(server), rival_spent(server) ...
 *     rival_stop(server);
 *
 * Only queues with the same guarantee are comparable. All are set up as their
 * manuals advise; nothing is bound to a processor.
 */
#ifndef QUEUES_RIVAL_SCENE_H
#define QUEUES_RIVAL_SCENE_H
#include "01-sockets/address.h"
#include "04-queues/peers/dialect.h"

/** What a confirmed message survives. */
enum guarantee {
    SURVIVES_POWER_LOSS, /**< It is synced before the confirm. */
    SURVIVES_CRASH,      /**< It is written before: the process may die. */
    SURVIVES_NOTHING,    /**< It is in memory. */
    GUARANTEES,          /**< How many there are. */
};

/** A queue, in one of its modes. */
struct rival {
    const char *name;              /**< Of the row. */
    enum guarantee guarantee;      /**< What it is comparable with. */
    double bar;                    /**< Ours does so many times as much; 0: it
                                      is ours. */
    const char *program;           /**< The server's. */
    const struct dialect *dialect; /**< How it is spoken with. */
    const char *mode;              /**< For the dialect. */
    const char *script;            /**< For sh: becomes the server. $1 is the
                                      program, $2 a port, $3 a directory; $4
                                      and $5 are ports, too. */
    bool stays; /**< It takes long to start: one server for all rounds, and for
                   all modes of this program. */
};

/** All of them; of each guarantee ours is the first. */
extern const struct rival rivals[];
/** How many there are. */
extern const unsigned rivals_count;
/** In a few words. */
const char *guarantee_text(enum guarantee guarantee);

/** Is it installed here? */
bool rival_is_here(const struct rival *rival);

struct rival_server;
/** Start the server of @p rival, and wait until it takes connections. Returns
 * new; NULL and @p error when it does not. */
struct rival_server *rival_start(const struct rival *rival, GError **error);
/** Where it is. Borrowed. */
const struct address *rival_address(const struct rival_server *server);
/** Processor time that all its processes have spent. */
nsec rival_spent(const struct rival_server *server);
/** End it, with all it has written. */
void rival_stop(struct rival_server *server);

#endif
