/**
 * @file env.h
 * The world, as a protocol sees it.
 *
 * A protocol never opens a socket, reads a clock, touches a file or draws a
 * random number. It asks its env, in nine verbs:
 *
 *     env_append(env, "log", entry);   // Persist, then send: whatever is sent
 *     env_send(env, leader, ack);      // leaves only when all that was written
 *                                      // before it is durable.
 *
 * A tape, a simulator and a real machine are envs; so is a *layer*, a protocol
 * that uses the env below it to offer a better one above. No verb calls back:
 * messages and timers come from the env's own loop, one at a time, each run to
 * completion. The whole contract stands in CONTRACT.md.
 */
#ifndef WORLD_ENV_H
#define WORLD_ENV_H
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** Who: 1 to 65535 are peers, 0 is nobody, every other number is a client. */
typedef uint64_t node_id;
/** Nanoseconds; as a time, on one env's clock, within one boot of one node. */
typedef uint64_t nsec;

#define USEC ((nsec)1000)  /**< A microsecond. */
#define MSEC (1000 * USEC) /**< A millisecond. */
#define SEC  (1000 * MSEC) /**< A second. */

/** An alarm, embedded in the protocol that owns it. */
struct timer {
    void (*fire)(void *self); /**< The owner's: what to call. */
    void *self;               /**< The owner's: with what. */
    nsec due;                 /**< The env's: when. */
    uint64_t order;           /**< The env's: equal times fire in this order. */
    unsigned place; /**< The env's: in its heap, from one; 0 when not armed. */
};

struct env;

/** How an env answers the verbs. One left NULL is answered by the env below. */
struct env_ops {
    /** @{ */
    /** Answers the verb of its name. */
    nsec (*now)(struct env *env);
    void (*send)(struct env *env, node_id to, GBytes *message);
    void (*arm)(struct env *env, struct timer *timer, nsec delay);
    void (*disarm)(struct env *env, struct timer *timer);
    void (*persist)(struct env *env, const char *key, GBytes *value);
    void (*append)(struct env *env, const char *key, GBytes *bytes);
    GBytes *(*recall)(struct env *env, const char *key);
    uint64_t (*random)(struct env *env);
    void (*note)(struct env *env, const char *format, va_list arguments);
    /** @} */
};

/** Receives a message. An empty one is a farewell: the link to @p from is
 * broken, or so it seems. Borrows @p message. */
typedef void env_receiver(void *self, node_id from, GBytes *message);

/** The first member of every env. Set ops, below, id and most. */
struct env {
    const struct env_ops *ops; /**< How the verbs are answered. */
    struct env *below;         /**< Whom a layer stands on; else NULL. */
    node_id id;                /**< Who we are. */
    size_t most;               /**< The longest message env_send() takes. */
    env_receiver *deliver;     /**< Who is bound: see env_bind(). */
    void *self;                /**< The receiver's first argument. */
};

/** Name the function that receives this env's messages; NULL: drop them. */
void env_bind(struct env *env, env_receiver *deliver, void *self);
/** Hand @p message up to whoever is bound: for envs and layers only. */
void env_deliver(struct env *env, node_id from, GBytes *message);

/** The time, in nanoseconds since some moment: it never runs backwards. */
nsec env_now(struct env *env);
/** Send 1 to env->most bytes (else it aborts), which may be lost, repeated,
 * late or overtaken; but never on the way to oneself. Borrows @p message. */
void env_send(struct env *env, node_id to, GBytes *message);
/** Fire @p timer once, no sooner than @p delay from now; an armed one moves. */
void env_arm(struct env *env, struct timer *timer, nsec delay);
/** Forget @p timer. One that is not armed is left alone. */
void env_disarm(struct env *env, struct timer *timer);
/** Replace the value under @p key, which matches [a-z0-9._-]{1,64}, whole or
 * not at all; NULL removes it. Borrows both. */
void env_persist(struct env *env, const char *key, GBytes *value);
/** Add @p bytes at the end of the value under @p key. Borrows both. */
void env_append(struct env *env, const char *key, GBytes *bytes);
/** The value under @p key as written so far, or NULL; after a boot, what
 * survived. May wait for the disk. Returns new. */
GBytes *env_recall(struct env *env, const char *key);
/** Sixty-four random bits. */
uint64_t env_random(struct env *env);
/** A line for the trace; where there is none, it costs one call. */
void env_note(struct env *env, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
