/**
 * @file doorway.h
 * What every program with a door has before it serves: its options, from
 * --listen to --idle, a listener, and descriptors for its clients.
 *
 *     static const struct doorway doorway = {
 *         "kv", "Keep values under keys ..", "127.0.0.1:6379", NULL};
 *     int status, listener = doorway_open(&doorway, argc, argv, &status);
 *     if (listener < 0)
 *         return status;
 *     struct door *door = door_new(host, env, listener, doorway_settings());
 */
#ifndef FRAMING_DOORWAY_H
#define FRAMING_DOORWAY_H
#include "02-framing/door/door.h"

/** Whose. */
struct doorway {
    const char *program;      /**< What it is called. */
    const char *summary;      /**< What it does, for --help. */
    const char *where;        /**< Where it serves, unless told otherwise. */
    const GOptionEntry *more; /**< Options of its own; NULL: none. */
};

/** Read the options, and listen. Returns the listener; or -1, and after one
 * sentence @p status is what main should return. */
int doorway_open(const struct doorway *doorway, int argc, char **argv,
                 int *status);
/** The door that the options ask for. Its memory is that of what is kept, too. */
struct door_settings doorway_settings(void);
/** Lines for INFO, of this process and of @p door. */
void doorway_info(const struct door *door, GString *text);

#endif
