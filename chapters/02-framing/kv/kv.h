/**
 * @file kv.h
 * A key-value service in memory, with the commands that a user of Redis knows
 * for strings.
 *
 *     struct kv *kv = kv_new(env, (struct kv_settings){.most = 1 << 30});
 *
 * SET, GET and their kin, numbers, times and sets of keys: the table in kv.c
 * says which. Each does what Redis' command of that name does, but for what is
 * left out: dates of the calendar, since an env has none (EXPIREAT, EXAT,
 * PXAT); times of more than 73 years; conditions of EXPIRE (NX, GT); and every
 * type but strings. And when there is no room for all of an MSET, a part of it
 * is done.
 *
 * It is a protocol like any other. Over a door, clients of all languages come
 * in; in the simulator a client is a node, whose messages are runs of commands.
 */
#ifndef FRAMING_KV_H
#define FRAMING_KV_H
#include "common/world/env.h"

struct kv;

/** How much, and what else there is to say. */
struct kv_settings {
    size_t most; /**< Bytes for keys and values (table.h); 0: 1 GiB. */
    /** Add "name:value\r\n" lines for INFO; NULL: none. */
    void (*info)(void *self, GString *text);
    void *self; /**< Its first argument. */
};

/** A service over @p env, to which it is bound. Returns new. */
struct kv *kv_new(struct env *env, struct kv_settings settings);
/** How many keys there are. */
unsigned kv_count(const struct kv *kv);
/** Free it. */
void kv_free(struct kv *kv);

#endif
