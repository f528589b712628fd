/**
 * @file ordeal.h
 * One run of a subject through one storm, and what came of it.
 *
 *     struct ordeal_report report;
 *     ordeal_run(&counter, storm, (struct ordeal_wish){.trace = file}, &report);
 *     if (report.id)
 *         printf("%s: %s\n", report.id, report.why);
 *     ordeal_report_clear(&report);
 *
 * The same subject and the same storm always give the same run. It has two
 * parts. Until storm->until things happen as the storm says. Then the core of
 * the nodes heals: they are booted, the links between them are mended, nothing
 * is lost any more; the others stay as they are, for ever. Now all that must
 * come (invariant.comes) has to, within subject->calm. After every event
 * all that must hold is looked at.
 */
#ifndef STORM_ORDEAL_H
#define STORM_ORDEAL_H
#include "common/storm/subject.h"

/** No run takes more steps, though a storm may last for ever, or a protocol
 * never rest. */
enum { ORDEAL_EVENTS = 1000000 };

/** What else is wanted of a run. */
struct ordeal_wish {
    FILE *trace;      /**< Write what happens there, see trace.h; or NULL. */
    bool write_fates; /**< Put the fate of each message into report.storm. */
};

/** What came of a run. */
struct ordeal_report {
    const char *id;       /**< Of the invariant that broke; NULL: none did. */
    char *why;            /**< What was seen. */
    char *more;           /**< Lines on that, or NULL. */
    node_id node;         /**< Where; 0: nowhere in particular. */
    nsec time;            /**< When it ended. */
    nsec healed;          /**< How long it took to recover, if it did. */
    struct storm *storm;  /**< As it was: every role is a node. */
    uint64_t events;      /**< Steps of the simulator. */
    bool endless;         /**< They were too many: it was given up. */
    uint64_t delivered;   /**< Messages and farewells. */
    unsigned asked;       /**< Operations asked of a node ... */
    unsigned answered;    /**< ... and answered ... */
    unsigned overlapping; /**< ... and asked while another was under way. */
    unsigned happened[STORM_KINDS]; /**< Events of each kind that took place. */
    unsigned *marks;                /**< How often each of subject->marks. */
};

/** Run @p subject through @p storm. Borrows both. */
void ordeal_run(const struct subject *subject, const struct storm *storm,
                struct ordeal_wish wish, struct ordeal_report *report);
/** Free what is in it. */
void ordeal_report_clear(struct ordeal_report *report);

/** The run under way, or NULL: for whoever must explain why the program died. */
struct ordeal *ordeal_under_way(void);
/** How many steps it has taken. */
uint64_t ordeal_events(const struct ordeal *ordeal);

/** For a checker: the world. */
struct sim *ordeal_sim(struct ordeal *ordeal);
/** For a checker: the storm. */
const struct storm *ordeal_storm(struct ordeal *ordeal);
/** Is the storm over, and has the core healed? */
bool ordeal_has_healed(const struct ordeal *ordeal);
/** What runs on a node; NULL while it is down. */
void *ordeal_node(struct ordeal *ordeal, node_id id);
/** Is it one of those that must recover? */
bool ordeal_is_core(struct ordeal *ordeal, node_id id);
/** What was asked of a node is answered, in these words. False when the node has
 * crashed in the midst of this turn: then nobody hears it. */
bool ordeal_answer(struct ordeal *ordeal, node_id id, const char *words);
/** A situation was reached: one of subject->marks. */
void ordeal_mark(struct ordeal *ordeal, const char *mark);
/** The invariant @p id is broken, at node @p at, or 0; the rest says what was
 * seen. The run ends with this event. */
void ordeal_break(struct ordeal *ordeal, node_id at, const char *id,
                  const char *format, ...) G_GNUC_PRINTF(4, 5);
/** What broke, in more words: lines for whoever reads the report. Borrows. */
void ordeal_explain(struct ordeal *ordeal, const char *lines);

#endif
