/**
 * @file pair.h
 * Both ends of a TCP connection, in one process: for measurements and tests.
 *
 *     int listener = pair_listener();
 *     int ends[2];
 *     if (listener < 0 || pair_open(listener, ends) < 0)
 *         ... errno says why ...
 *
 * As socketpair(2), but what lies between the ends is TCP, over loopback. Both
 * block, and have TCP_NODELAY: what is written leaves at once. Closed, they are
 * gone at once too (SO_LINGER 0): thousands of them, closed, would otherwise
 * keep their ports for a minute.
 */
#ifndef SOCKETS_PAIR_H
#define SOCKETS_PAIR_H

/** A socket that listens on 127.0.0.1, on a port the kernel chooses; or -1 and
 * errno. Any number of pairs may be made with it. */
int pair_listener(void);
/** Connect to @p listener, which blocks, and accept; whoever else connects to
 * it is turned away. Returns 0; or -1 and errno, and no end is open. */
int pair_open(int listener, int ends[2]);

#endif
