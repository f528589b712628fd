/**
 * @file stage.h
 * Real processes, for demos and tests: started, awaited, paused, killed.
 *
 *     struct stage *stage = stage_new();
 *     struct actor *server = stage_start(stage, "http", "--listen=127.0.0.1:0",
 *                                        NULL);
 *     g_autofree char *ready = actor_await(server, "ready ", 10 * SEC);
 *     actor_signal(server, SIGSTOP);
 *     stage_free(stage);
 *
 * Whatever ends the stage, stage_free or a kill -9 of whoever made it, ends
 * every process started on it, with all their children, and removes its
 * directory: nothing is left behind. The one thread that made the stage uses
 * it, and leaves SIGCHLD and the waiting for actors to it.
 */
#ifndef WORLD_STAGE_H
#define WORLD_STAGE_H
#include "common/world/env.h"

struct stage;
struct actor;

/** An empty stage with a directory of its own. Returns new; stops the program
 * with a sentence when the machine has none to give. */
struct stage *stage_new(void);
/** Its directory: removed with all in it when the stage ends. */
const char *stage_dir(const struct stage *stage);
/** A port nobody uses, neither TCP nor UDP, on 127.0.0.1; reserved among all
 * stages of this machine until this one ends. */
uint16_t stage_port(struct stage *stage);
/** Start @p program, a name in build/bin or, with a slash in it, a path, with
 * the arguments that follow, strings up to a NULL. Its standard input is empty,
 * its standard output is read by the stage, its standard error goes to a file
 * in the directory. Borrowed from @p stage; NULL when there is no such program.
 */
struct actor *stage_start(struct stage *stage, const char *program,
                          ...) G_GNUC_NULL_TERMINATED;
/** The path of @p program, as stage_start() takes it. Returns new. */
char *stage_program(const char *program);
/** End every process and remove the directory. */
void stage_free(struct stage *stage);

/** Wait for a line of the actor's output that begins with @p prefix, at most
 * @p patience. Returns new: the line without its end; NULL when the actor ended
 * or the patience did. Lines before it are passed over. Meanwhile the output of
 * all actors is read, and of each at least the last 8 MiB are kept; while the
 * owner waits for nobody, an actor can write 1 MiB. */
char *actor_await(struct actor *actor, const char *prefix, nsec patience);
/** Send @p signal to it and its children: SIGSTOP pauses it, and has done so on
 * return; SIGCONT lets it go on, SIGKILL kills. */
void actor_signal(struct actor *actor, int signal);
/** Wait until it has ended. Returns its exit status, or minus the signal that
 * ended it. Kills it after @p patience. */
int actor_wait(struct actor *actor, nsec patience);
/** What it has written to its standard error so far. Returns new. */
char *actor_errors(struct actor *actor);

#endif
