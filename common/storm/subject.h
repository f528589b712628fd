/**
 * @file subject.h
 * What is put before the judge: a protocol, what must hold of it, and what may
 * be asked of it. The least that makes sense:
 *
 *     static const struct invariant rules[] = {
 *         {"T1", "at most one node holds the token", .holds = one_holder}, {0}};
 *
 *     static const struct subject token = {
 *         .name = "token", .least = 3, .most = 5,
 *         .boot = token_boot, .stop = token_stop, .rules = rules};
 *
 *     int main(int argc, char **argv)
 *     {
 *         return storm_main(argc, argv, &token);
 *     }
 *
 * The checker is the subject's own: it looks at the nodes from outside, keeps
 * its own copies of what it saw, and never tells the protocol. Functions that
 * are NULL are not called.
 */
#ifndef STORM_SUBJECT_H
#define STORM_SUBJECT_H
#include "common/storm/storm.h"

struct ordeal;

/** The classes of faults. A storm has each, or not, by the toss of a coin. */
enum storm_class {
    CLASS_LOSS,     /**< Messages are lost ... */
    CLASS_REPEAT,   /**< ... arrive twice ... */
    CLASS_TURN,     /**< ... with a bit turned ... */
    CLASS_DELAY,    /**< ... late, by an exponential distribution ... */
    CLASS_TAIL,     /**< ... or one with a heavy tail ... */
    CLASS_OVERTAKE, /**< ... and in another order. */
    CLASS_CUT,      /**< A link is cut, one way. */
    CLASS_SPLIT,    /**< Some nodes are cut off from the others. */
    CLASS_FAREWELL, /**< A link is said to be broken, rightly or not. */
    CLASS_PAUSE,    /**< A node stands still for a while. */
    CLASS_CRASH,    /**< A process dies; what it wrote is kept. */
    CLASS_POINT,    /**< Crashes come in the midst of a turn. */
    CLASS_TORN,     /**< With the process the power fails: writes are lost. */
    CLASS_ALL_DOWN, /**< All nodes at once. */
    CLASS_SLOW,     /**< A disk takes long. */
    CLASS_DRIFT,    /**< A clock runs fast or slow. */
    CLASS_COUNT     /**< How many. */
};

/** Something that must be so. The last of an array has no id. */
struct invariant {
    const char *id;   /**< "R1": what a failure is known by. */
    const char *text; /**< A sentence. */
    /** Is it so now? Asked after every event. If not, say @p why. */
    bool (*holds)(void *checker, GString *why);
    /** Is it so at last? When all has healed it must become so, in time. */
    bool (*comes)(void *checker, GString *why);
    /* With neither, the checker watches over it: ordeal_break(). */
};

/** A protocol before the judge. */
struct subject {
    const char *name;   /**< One word. */
    unsigned least;     /**< At least so many nodes ... */
    unsigned most;      /**< ... at most so many. */
    uint32_t spared;    /**< Bit i: it does not claim to survive class i. */
    nsec lasts;         /**< How long a storm lasts; 0: ten seconds. */
    nsec calm;          /**< In how long it recovers; 0: ten seconds. */
    unsigned quorum;    /**< So many nodes must then do; 0: a majority; more
                           than there are: all. */
    uint64_t always;    /**< Bit i: without node i it cannot recover. */
    unsigned questions; /**< At most so many operations; 0: 32. */

    /** Make it. @p checker is what open() returned; how many nodes there are,
     * ordeal_storm(ordeal)->nodes says. */
    void *(*boot)(struct env *env, void *checker);
    /** Free it. */
    void (*stop)(void *protocol);
    /** Say in a few words what a message says. */
    void (*describe)(GString *text, GBytes *message);

    /** The checker of one run. Returns new. NULL: it is the ordeal itself. */
    void *(*open)(struct ordeal *ordeal);
    /** Free it, after the nodes. */
    void (*close)(void *checker);
    /** A message has left its node: all written before it is durable. */
    void (*left)(void *checker, const struct sim_message *message);
    /** The run is over: judge its history. */
    void (*end)(void *checker);
    const struct invariant *rules; /**< What must be so. */

    /** Draw an operation, a few words, for @p node; none: leave it empty. */
    void (*draw)(struct dice *dice, node_id node, GString *operation);
    /** It is asked of @p node, which is up. */
    void (*ask)(void *checker, node_id node, const char *operation);
    /** Who has this role now? 0: nobody. */
    node_id (*who)(void *checker, const char *role);
    const char *const *roles; /**< Of whom faults may be drawn; NULL ends it. */
    const char *const
        *marks; /**< What many storms must reach: ordeal_mark(). */
};

#endif
