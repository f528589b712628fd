/**
 * @file meter.h
 * A layer that changes nothing and counts what is sent.
 *
 *     struct meter *meter = meter_new(env);
 *     struct rpc *rpc = rpc_new(meter_env(meter), settings);
 *     ...meter_sent(meter)...
 *
 * Of the nine verbs it answers one, and hands it on; the env below answers the
 * others. Messages come through untouched.
 */
#ifndef FRAMING_METER_H
#define FRAMING_METER_H
#include "common/world/env.h"

struct meter;

/** A meter over @p below, to which it is bound. Returns new. */
struct meter *meter_new(struct env *below);
/** The env to hand to the protocol. Borrowed. */
struct env *meter_env(struct meter *meter);
/** How many messages were sent through it. */
uint64_t meter_sent(const struct meter *meter);
/** Free it. Free what stands on it first. */
void meter_free(struct meter *meter);

#endif
