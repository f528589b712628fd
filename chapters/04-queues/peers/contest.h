/**
 * @file contest.h
 * All queues of rival_scene.h measured in turn, in rounds, and each compared
 * with ours of the same guarantee.
 *
 *     struct contest *contest = contest_new((struct contest_plan){
 *         .rounds = 3, .warmup = 300 * MSEC, .duration = SEC});
 *     contest_hold(contest, (struct contest_setting){.pairs = 8, .size = 100});
 *     contest_row(contest, 0)->rate ...
 *     contest_free(contest);
 *
 * In each round each is measured once, in another order. A ratio is that of one
 * round; all that is told is the median of the rounds.
 *
 * What holds ours up? The processors: the generator's is full, or all are. The
 * disk: ours is not far from as many messages as all windows hold, at each
 * sync; no queue that syncs before it confirms can pass that. Else it is ours.
 */
#ifndef QUEUES_CONTEST_H
#define QUEUES_CONTEST_H
#include "04-queues/peers/rival_scene.h"

/** How long it takes. */
struct contest_plan {
    unsigned rounds; /**< How many; odd. */
    nsec warmup;     /**< Of each run. */
    nsec duration;   /**< Of each run, counted. */
};

/** What is asked of all. */
struct contest_setting {
    unsigned pairs; /**< Producers, and as many consumers. */
    size_t size;    /**< Bytes of a message. */
};

/** What came of one. */
struct contest_row {
    bool held;   /**< It is installed, and was measured. */
    double rate; /**< Messages a second. */
    double low;  /**< The lowest rate of a round. */
    double high; /**< The highest one. */
    double p50;  /**< From publish to confirm, in milliseconds. */
    double p99;  /**< One in a hundred takes longer than that. */
    double cost; /**< The server's processor time, microseconds a message. */
    double busy; /**< The share of a processor that its server used. */
    double generator; /**< The share of one that we used. */
    double idle;      /**< The share of all that nobody used. */
    double more;    /**< Messages: ours by its own; NAN when ours is absent. */
    double cheaper; /**< Processor time: its by ours. */
    bool bound;     /**< Ours was held up by the processors, not by itself. */
    double score;   /**< What the bar is held against: `more`, and where ours
                         was held up the better of both. */
};

struct contest;
/** A contest. Returns new. */
struct contest *contest_new(struct contest_plan plan);
/** Hold it once. What it finds ends the program when a server fails. */
void contest_hold(struct contest *contest, struct contest_setting setting);
/** What came of rivals[@p index], the last time. */
const struct contest_row *contest_row(const struct contest *contest,
                                      unsigned index);
/** How long a sync of this disk took (synctime.h), the last time. */
nsec contest_sync_time(const struct contest *contest);
/** As many messages a second as who syncs before it confirms can have
 * confirmed, the last time: all windows, at each sync. */
double contest_most(const struct contest *contest);
/** End it, and the servers. */
void contest_free(struct contest *contest);

#endif
