/**
 * @file obituary.h
 * If the program dies in a storm, it says in which.
 *
 *     obituary_prepare("build/storm/mine");
 *
 * A protocol that follows a NULL pointer, breaks an assertion, or never leaves a
 * handler, takes the judge with it. Its last words are the seed, the time of the
 * world, and the command that shows it again.
 */
#ifndef STORM_OBITUARY_H
#define STORM_OBITUARY_H

/** From now on, for this process. One event may take five seconds of processor
 * time, or as many as the environment's STORM_SECONDS. Borrows @p program. */
void obituary_prepare(const char *program);

#endif
