/**
 * @file calling.h
 * A subject for tests of the judge: nodes call to all others every ten
 * milliseconds, and do as they are asked:
 *
 *     at 0s ask 1 await 60       # so many must come from 1 to 2 (W3)
 *     at 1s ask 1 lead 2         # 2 is the leader
 *     at 1s ask 1 break          # then W2 does not hold; "say so": W4
 *     at 1s ask 1 write          # five bytes, appended under "log"
 *     at 1s ask 1 answer         # "mark": "marked" is reached
 *     at 1s ask 1 loop           # each message is answered, for ever
 *
 * What a run was like stands in calling_view until the next begins.
 */
#ifndef STORM_CALLING_H
#define STORM_CALLING_H
#include "common/storm/ordeal.h"

/** So many at most. */
enum { CALLING_NODES = 5 };

/** What was seen of the last run; times are in milliseconds. */
struct calling_view {
    struct ordeal *ordeal; /**< The run. */
    GString *log;   /**< "100-2 " node 2 goes, "300+2 " it comes, and words. */
    GString *quiet; /**< "13:100-250 ": nothing from 1 to 3 came meanwhile. */
    nsec last[CALLING_NODES + 1][CALLING_NODES + 1]; /**< It came there. */
    bool up[CALLING_NODES + 1]; /**< When last looked at. */
    unsigned looks;             /**< How often a rule was asked. */
    node_id leader;             /**< As was asked for ... */
    bool broken;                /**< ... and so was this ... */
    bool loops;                 /**< ... and this. */
    unsigned awaited; /**< What must come: so many messages from 1 to 2. */
    unsigned came;    /**< So many have. */
};

/** The one there is. */
extern struct calling_view calling_view;
/** The subject: of one node to five, that keep the order of their links. */
extern const struct subject calling_subject;

/** Before the first run: make the strings. */
void calling_open(void);
/** Run the storm in @p text; messages take 1 ms, unless it says otherwise. */
void calling_run(const char *text, struct ordeal_wish wish,
                 struct ordeal_report *report);
/** The same, and returns its trace: new, free(). */
char *calling_trace(const char *text, struct ordeal_report *report);
/** After the last. */
void calling_close(void);

#endif
