/**
 * @file hunt.h
 * Many storms, one after another, until an invariant breaks; and what the
 * storms were worth.
 *
 *     struct hunt hunt = {.subject = &counter, .first = 1, .count = 1000};
 *     if (hunt_run(&hunt))
 *         printf("seed %lu breaks %s\n", hunt.seed, hunt.report.id);
 *     hunt_clear(&hunt);
 *
 * A hunt that finds nothing says little if nothing happened: so it counts what
 * did. Of the operations most should be answered, some should overlap, and each
 * situation that the subject names (subject->marks) should have come.
 */
#ifndef STORM_HUNT_H
#define STORM_HUNT_H
#include "common/storm/ordeal.h"

/** A hunt. Set the first members; the others are its result. */
struct hunt {
    const struct subject *subject; /**< Whom. */
    uint64_t first;                /**< The first seed. */
    uint64_t count;                /**< How many. */
    /** Called after each storm, or NULL. */
    void (*progress)(const struct hunt *hunt);

    uint64_t storms; /**< How many it was. */
    uint64_t seed;   /**< The last of them. */
    /** Of the one that broke something, or had no end. */
    struct ordeal_report report;
    uint64_t delivered;             /**< Messages, in all. */
    uint64_t asked;                 /**< Operations ... */
    uint64_t answered;              /**< ... that were answered ... */
    uint64_t overlapping;           /**< ... or asked beside another. */
    uint64_t happened[STORM_KINDS]; /**< Faults that took place. */
    uint64_t *marks;                /**< How often each mark was reached. */
    nsec healed;                    /**< The longest time of recovery. */
};

/** Run it. Returns whether something broke, or had no end: then the report has
 * no id. */
bool hunt_run(struct hunt *hunt);
/** A mark that was never reached, or NULL. */
const char *hunt_unreached(const struct hunt *hunt);
/** Write what the storms were worth, a few lines. */
void hunt_write_health(const struct hunt *hunt, FILE *file);
/** Free what is in it. */
void hunt_clear(struct hunt *hunt);

#endif
