/**
 * @file facts.h
 * What follows from a subject, for all who ask.
 *
 *     unsigned quorum = facts_quorum(&counter, storm->nodes);
 */
#ifndef STORM_FACTS_H
#define STORM_FACTS_H
#include "common/storm/subject.h"

/** Its rule of that id. Stops the program, with a sentence, if it has none. */
const struct invariant *facts_rule(const struct subject *subject,
                                   const char *id);
/** So many of @p nodes nodes must recover. */
unsigned facts_quorum(const struct subject *subject, unsigned nodes);
/** How many marks it has. */
unsigned facts_marks(const struct subject *subject);

#endif
