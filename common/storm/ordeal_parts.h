/**
 * @file ordeal_parts.h
 * What the parts of a run share: ordeal.c, the run and what is looked at, and
 * faults.c, what befalls the nodes. Nobody else includes this.
 */
#ifndef STORM_ORDEAL_PARTS_H
#define STORM_ORDEAL_PARTS_H
#include "common/storm/ordeal.h"
#include "common/storm/weather.h"

enum { PLACES = STORM_NODES + 1 };

/** An event that will happen, or is under way. */
struct happening {
    struct timer timer; /**< When it begins; then when it ends. */
    struct ordeal *ordeal;
    struct storm_event *event;
    bool begun; /**< It has. */
};

/** A run. */
struct ordeal {
    const struct subject *subject;
    struct storm *storm; /**< A copy, in which roles become nodes. */
    struct ordeal_report *report;
    struct sim *sim;
    struct weather *weather;
    void *checker;
    struct happening *happenings; /**< One for each event of the storm. */
    struct timer end;             /**< Of the storm; then of all patience. */
    bool calm, over;
    unsigned cuts[PLACES][PLACES]; /**< How many cut this link. */
    nsec paused;                   /**< The last pause ends. */
    unsigned underway[PLACES];     /**< Questions not answered. */
    GString *why;
};

/** Let the events of the storm happen, each at its time. */
void faults_start(struct ordeal *ordeal);
/** Boot the core, and mend the links between its nodes. */
void faults_heal_core(struct ordeal *ordeal);

#endif
