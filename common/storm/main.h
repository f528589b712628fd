/**
 * @file main.h
 * The program round a subject: it hunts, shrinks, draws and replays.
 *
 *     int main(int argc, char **argv)
 *     {
 *         return storm_main(argc, argv, &counter);
 *     }
 *
 *     storm_counter                      1000 storms; the first failure, small
 *     storm_counter --seeds=10000        a long hunt
 *     storm_counter --seed=0x17          the storm of one seed
 *     storm_counter FILE                 a storm from a file: a replay
 *     storm_counter --hash --seeds=50    what identifies all 50 runs
 *
 * Exits 0 when nothing broke, 1 when something did, 2 when it was asked in a
 * way that makes no sense.
 */
#ifndef STORM_MAIN_H
#define STORM_MAIN_H
#include "common/storm/subject.h"

/** One number for the traces of the seeds 1 to @p count. */
uint64_t storm_hash(const struct subject *subject, uint64_t count);
/** What main() should return. */
int storm_main(int argc, char **argv, const struct subject *subject);

#endif
