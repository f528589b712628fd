/**
 * @file audit_parts.h
 * What the parts of an audit share: audit.c, which follows what is said; and
 * audit_boot.c, which looks at what a crash has left.
 */
#ifndef QUEUES_AUDIT_PARTS_H
#define QUEUES_AUDIT_PARTS_H
#include "04-queues/server/pages.h"
#include "04-queues/storms/audit.h"
#include "04-queues/storms/staff.h"
#include "common/world/sim_faults.h"

/** Where a message can be. */
enum berth { JOBS, GRAVE, PLACES };

/** How a lease is: failing is one whose nack has come, and was not answered. */
enum lease_state { LEASE_HELD, LEASE_FAILING, LEASE_OVER };

/** A delivery. */
struct tenure {
    uint64_t receipt;
    struct thing *thing;
    enum berth place;
    node_id holder; /**< To whom it was pushed; 0: it was taken. */
    nsec until;
    enum lease_state state;
};

/** A message, in one queue. */
struct stay {
    struct tenure *lease; /**< The last. */
    unsigned failed;      /**< Deliveries. */
    unsigned attempt;     /**< Of the last delivery in this life. */
    unsigned told;        /**< Of the last that has left. */
    bool left;            /**< A delivery has left. */
    bool acked;           /**< It is done with. */
    bool settled;         /**< And that has left. */
};

/** A message. */
struct thing {
    char *payload;
    uint64_t producer, request;
    uint64_t id;    /**< In jobs; 0: it was not accepted, or is lost. */
    bool confirmed; /**< That has left. */
    struct stay stays[PLACES];
};

/** What a message says that has not left. */
enum fact_kind { FACT_CONFIRMED, FACT_SETTLED, FACT_DELIVERED, FACT_DECLARED };

/** One of these. */
struct fact {
    enum fact_kind kind;
    struct thing *thing; /**< Of which. */
    enum berth place;    /**< Where. */
    unsigned attempt;    /**< FACT_DELIVERED: which. */
};

/** An audit. */
struct audit {
    struct ordeal *ordeal;
    struct env *env; /**< Of the office: its clock. */
    struct lobby *lobby;
    bool declared;      /**< That the queues are there has left. */
    GHashTable *things; /**< struct thing, by payload. */
    GPtrArray *row;     /**< The same, in the order in which they came. */
    GHashTable *leases[PLACES]; /**< struct tenure, by receipt. */
    unsigned farewells;         /**< So many have come. */
    uint64_t highest;           /**< The greatest id. */
    uint64_t first
        [STORM_NODES +
         1]; /**< By client: the last id it was the first to be delivered. */
    GArray *facts;      /**< struct fact: of the message that is written. */
    GHashTable *unsent; /**< By client: a GQueue of such arrays. */
};

/** Break a rule. */
#define BREAK(audit, rule, ...) \
    ordeal_break((audit)->ordeal, OFFICE, rule, __VA_ARGS__)

#endif
