/**
 * @file arq_scene.h
 * Reliable layers before the judge: two to four nodes, each of which sends numbered
 * messages to the others, writes down what it hears, and sometimes sends one back
 * from within.
 *
 *     graded_storm(&arq_subject, 20);
 *     void *layer = reliable_gobackn.raise(env);
 */
#ifndef TRANSPORT_ARQ_SCENE_H
#define TRANSPORT_ARQ_SCENE_H
#include "common/storm/subject.h"

/** Any of these layers, that one test may be for all of them. */
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

/** Two to four nodes over arq.h. */
extern const struct subject arq_subject;
/** The same over gobackn.h. */
extern const struct subject gobackn_subject;
/** The counter of common/toys over arq.h: it need spare itself no class. */
struct subject arq_counter(void);

#endif
