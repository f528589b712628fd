/**
 * @file reliable.h
 * The layers that make messages arrive, behind one table: so that one test, one
 * scene, one measurement is for all of them.
 *
 *     void *layer = reliable_gobackn.raise(env);
 *     env_bind(reliable_gobackn.env(layer), on_message, self);
 */
#ifndef TRANSPORT_RELIABLE_H
#define TRANSPORT_RELIABLE_H
#include "common/world/env.h"

/** One of them, with a window and a timeout that suit a test. */
struct reliable {
    const char *name; /**< "arq". */
    unsigned window;  /**< So many are on their way to a peer. */
    unsigned queue;   /**< So many wait for it. */
    size_t header;    /**< Bytes by which messages are shorter. */
    nsec timeout;     /**< Then they are sent again. */
    void *(*raise)(struct env *env);        /**< Make it. Returns new. */
    struct env *(*env)(void *layer);        /**< What it offers. */
    uint64_t (*repeats)(const void *layer); /**< How many it sent again. */
    void (*lower)(void *layer);             /**< Free it. */
};

/** arq.h. */
extern const struct reliable reliable_arq;
/** gobackn.h with a window of 8. */
extern const struct reliable reliable_gobackn;
/** nak.h, between nodes 1 and 2: it never sends again by itself. */
extern const struct reliable reliable_nak;

#endif
