/**
 * @file purse_scene.h
 * A client pays from a purse on a server, and the answer is lost.
 *
 *     char *trace = purse_run(key, &left);
 *
 * Node 2 has a purse with PURSE_BEGIN in it. Node 1 calls it to pay PURSE_PRICE,
 * once. The purse is opened, and the answer, the first one, does not arrive: the
 * client tries again.
 */
#ifndef FRAMING_PURSE_SCENE_H
#define FRAMING_PURSE_SCENE_H
#include <stdbool.h>

enum { PURSE_BEGIN = 100, PURSE_PRICE = 10 };

/** What happens, with a key in the call or without; what is @p left in the
 * purse. The trace is as trace.h has it, but of messages it says what they mean.
 * Returns new, for g_free(). */
char *purse_run(bool key, int *left);

#endif
