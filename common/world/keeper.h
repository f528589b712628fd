/**
 * @file keeper.h
 * Ends processes and removes a directory when their owner is gone, however it
 * went.
 *
 *     struct keeper *keeper = keeper_new(dir, &error);
 *     g_auto(GStrv) environment = keeper_environment(keeper);
 *     ... fork, and in the child: keeper_join(keeper); execve(...);
 *     keeper_free(keeper);
 *
 * There is no moment at which who joined runs and a kill -9 of the owner would
 * leave it running.
 */
#ifndef WORLD_KEEPER_H
#define WORLD_KEEPER_H
#include <glib.h>

struct keeper;

/** Start a keeper of @p dir, owned by this process. Returns new; NULL with
 * @p error when the machine refuses. */
struct keeper *keeper_new(const char *dir, GError **error);
/** The environment of a process that will join: ours and the keeper's mark, by
 * which it finds those who leave their process group. Returns new. */
char **keeper_environment(const struct keeper *keeper);
/** For a child of the owner, between fork and exec: lead a process group, with
 * no signal blocked, that ends with the owner. */
void keeper_join(const struct keeper *keeper);
/** End all who joined, with their children, and remove the directory. The owner
 * itself still has to wait for its children. */
void keeper_free(struct keeper *keeper);

#endif
