/**
 * @file port.h
 * Ports for tests and demos, such that no two of this machine meet.
 *
 *     uint16_t port;
 *     int hold = port_reserve(&port);
 *     ...
 *     close(hold);
 *
 * A port that was merely free a moment ago may be anybody's by the time a
 * server binds it. One reserved here is given to nobody else who asks here, and
 * the kernel gives it to nobody at all, until @p hold is closed or its process
 * has ended.
 */
#ifndef WORLD_PORT_H
#define WORLD_PORT_H
#include <stdint.h>

/** Find a port that nobody uses on 127.0.0.1, neither for TCP nor for UDP.
 * Returns the descriptor that keeps it reserved; -1 when there is none. */
int port_reserve(uint16_t *port);

#endif
