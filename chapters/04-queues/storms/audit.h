/**
 * @file audit.h
 * The judge of an office in a storm: what must be so, and who looks.
 *
 *     lobby --> what is asked, answered and delivered, in its order
 *     world --> what has left: so all before it is durable
 *     mirror -> what a crash has left on the disk
 *
 * It keeps books of its own: which messages were published and confirmed, who
 * has a lease on which and until when, what was acknowledged. From these follows
 * nearly every answer that an office gives, and it must give that one.
 */
#ifndef QUEUES_AUDIT_H
#define QUEUES_AUDIT_H
#include "04-queues/storms/lobby.h"
#include "common/storm/ordeal.h"

struct audit;

/** The ids of its rules, see queue_scene.c. Nothing was seen yet. Returns new. */
struct audit *audit_new(struct ordeal *ordeal);
/** What a lobby shall tell. */
struct lobby_watch audit_watch(struct audit *audit);
/** The office boots on @p env: look at what has survived. Borrows @p env until
 * the node stops. */
void audit_boot(struct audit *audit, struct env *env);
/** From now on this is the lobby of the office. Borrows it until the node
 * stops. */
void audit_enter(struct audit *audit, struct lobby *lobby);
/** The office has crashed. */
void audit_crash(struct audit *audit);
/** A message has left the office. */
void audit_left(struct audit *audit, node_id to);
/** Is each message that was asked for confirmed, and done with? If not, say @p
 * why. */
bool audit_is_settled(const struct audit *audit, GString *why);
/** Free it. */
void audit_free(struct audit *audit);

#endif
