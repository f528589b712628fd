/**
 * @file hole.h
 * A socket that hears nothing: whatever is sent to it vanishes, without a word.
 *
 *     hole_open(listener);     // Who connects now gets no answer at all.
 *     hole_close(listener);
 *
 * A dead machine behind a living address, for demos and tests, without
 * privileges: the socket takes only packets with a TTL of 255, which no router
 * has touched (RFC 5082). Those of this machine begin with 64, and are dropped
 * before TCP sees them.
 */
#ifndef WRONG_HOLE_H
#define WRONG_HOLE_H
#include <stdbool.h>

/** From now on @p fd, a TCP socket, hears nothing. False and errno when the
 * kernel refuses. */
bool hole_open(int fd);
/** It hears again. */
void hole_close(int fd);

#endif
