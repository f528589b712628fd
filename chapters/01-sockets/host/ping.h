/**
 * @file ping.h
 * Ask, wait, ask again: round trips and losses counted over any env.
 *
 *     struct ping *ping = ping_new(env, (struct ping_settings){
 *         .to = 2, .count = 10, .interval = 100 * MSEC, .patience = SEC});
 *     ... ping_result(ping, 3) ...
 *
 * Every node answers "ping 7" with "pong 7"; one that has somebody to ask also
 * asks. It takes four verbs: env_send, env_arm and env_disarm, and env_now,
 * read when the answer is in hand, never before. An answer that comes after its
 * patience is a loss; one that comes twice counts once.
 */
#ifndef SOCKETS_PING_H
#define SOCKETS_PING_H
#include "common/world/env.h"

struct ping;

/** Whom to ask, how often. */
struct ping_settings {
    node_id to;     /**< 0: ask nobody, only answer. */
    unsigned count; /**< Pings to send. */
    nsec interval;  /**< From one to the next. */
    nsec patience;  /**< How long an answer may take. */
    void (*report)(void *self, unsigned number); /**< When one is decided. */
    void *self;                                  /**< For report. */
};

/** What became of a ping. */
struct ping_result {
    bool decided; /**< It was answered, or given up. */
    bool lost;    /**< It was given up. */
    nsec rtt;     /**< Round-trip time, if it was answered. */
};

/** Begin. Borrows @p env. Returns new. */
struct ping *ping_new(struct env *env, struct ping_settings settings);
/** What became of ping @p number, from 0 on. */
struct ping_result ping_result(const struct ping *ping, unsigned number);
/** Are all decided? */
bool ping_is_over(const struct ping *ping);
/** Free it. */
void ping_free(struct ping *ping);

#endif
