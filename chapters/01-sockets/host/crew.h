/**
 * @file crew.h
 * Several machines in one program: hosts 1 to n on loopback, introduced to each
 * other, each in a thread of its own. For demos and tests.
 *
 *     struct crew *crew = crew_new(5, NULL, NULL);
 *     ... make a protocol on host_env(crew_host(crew, 1)) ...
 *     crew_start(crew);   // From here on each host is its thread's alone.
 *     ... wait ...
 *     crew_stop(crew);    // Now they may be looked at, and freed.
 *
 * Between them there is nothing but UDP: what runs here runs as well in
 * processes of their own, on machines of their own.
 */
#ifndef SOCKETS_CREW_H
#define SOCKETS_CREW_H
#include "01-sockets/host/host.h"

struct crew;

/** Hosts 1 to @p nodes, on ports the kernel chose on 127.0.0.1. Unless NULL:
 * host 1 keeps its values in @p dir/1, and so on; all are traced to @p trace.
 * Nothing runs yet. Returns new; stops the program with a
 * sentence when the machine has no sockets to give. */
struct crew *crew_new(unsigned nodes, const char *dir, FILE *trace);
/** Host @p id. Borrowed. */
struct host *crew_host(struct crew *crew, node_id id);
/** Give each host one turn, in this thread, without waiting. */
void crew_turn(struct crew *crew);
/** Run each in its thread. */
void crew_start(struct crew *crew);
/** Stop the threads, after the turns they are in. */
void crew_stop(struct crew *crew);
/** Free it. Free what stands on it first. */
void crew_free(struct crew *crew);

#endif
