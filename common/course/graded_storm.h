/**
 * @file graded_storm.h
 * For the tests of an exercise: storms as a rule that is checked for points.
 *
 *     static void through_any_storm_a_key_takes_effect_once(void)
 *     {
 *         graded_storm(&calls, 20);
 *     }
 *
 * The first seed whose storm breaks an invariant of the subject (subject.h) fails
 * the test. What the reader is shown is a smaller storm in which the same
 * invariant breaks, as a picture on the sheet. It is searched for in a number of
 * steps of the simulator, not in seconds: so it is the same on any machine.
 */
#ifndef COURSE_GRADED_STORM_H
#define COURSE_GRADED_STORM_H
#include "common/storm/subject.h"

/** Run @p subject, borrowed, through the storms of @p count seeds. */
void graded_storm(const struct subject *subject, uint64_t count);
/** Run it through @p storm: borrows both. */
void graded_storm_of(const struct subject *subject, const struct storm *storm);

#endif
