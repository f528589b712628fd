/**
 * @file fitness.h
 * Is a subject one that can be judged?
 *
 *     const char *why = fitness_lacks(&token);   // NULL: it is.
 */
#ifndef STORM_FITNESS_H
#define STORM_FITNESS_H
#include "common/storm/subject.h"

/** What it lacks, a sentence without its full stop; NULL: nothing. */
const char *fitness_lacks(const struct subject *subject);

#endif
