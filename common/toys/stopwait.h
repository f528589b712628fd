/**
 * @file stopwait.h
 * A toy for the judge: words from one node to another, each once and in order,
 * by stop-and-wait.
 *
 *     struct stopwait *stopwait = stopwait_new(env, 2);
 *     stopwait_push(stopwait, "fig");
 *
 * Both sides run it. Words that were pushed stand under the key "out", one a
 * line, and words that came under "in". Numbers are places in these: so there
 * is nothing to agree on after a reboot, and nothing that a later chapter
 * teaches (there, messages are many and disks are not asked for each).
 *
 * Invariant: what is in, is the beginning of what the other has out.
 */
#ifndef TOYS_STOPWAIT_H
#define TOYS_STOPWAIT_H
#include "common/world/env.h"

struct stopwait;

/** Between us and @p peer, over @p env, borrowed. Returns new. */
struct stopwait *stopwait_new(struct env *env, node_id peer);
/** Let @p word, without white space, get there. */
void stopwait_push(struct stopwait *stopwait, const char *word);
/** Free it. */
void stopwait_free(struct stopwait *stopwait);

/** The whole lines of what is written under @p key. Returns new. */
char **stopwait_lines(struct env *env, const char *key);

#endif
