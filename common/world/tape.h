/**
 * @file tape.h
 * An env that only writes down what the protocol asked of it.
 *
 * A test of one rule plays one event, then reads one line:
 *
 *     tape_play(tape, 2, "ping", 4);
 *     tape_expect(tape, "send 2 pong; arm 50ms; ");
 *
 * Its disk is durable at once, its clock moves in tape_pass() alone, and its
 * random numbers are 0, 1, 2 and so on. A message to oneself, and a timer of
 * delay zero, come at the next tape_pass().
 */
#ifndef WORLD_TAPE_H
#define WORLD_TAPE_H
#include "common/world/env.h"

struct tape;

/** A tape for node @p id. Returns new. */
struct tape *tape_new(node_id id);
/** The env to hand to the protocol. Borrowed. */
struct env *tape_env(struct tape *tape);
/** Deliver a message of @p size bytes; 0 is a farewell. */
void tape_play(struct tape *tape, node_id from, const void *data, size_t size);
/** Let @p time pass: messages to oneself arrive, then due timers fire. */
void tape_pass(struct tape *tape, nsec time);
/** What was asked since the last take, each of these ended by "; ":
 * "send ID MESSAGE", "arm 50ms", "disarm" (of an armed timer), "persist KEY
 * VALUE", "remove KEY", "append KEY BYTES", "note TEXT". What only asks (now,
 * recall, random) is not written. Bytes that do not print are a backslash, an x
 * and two digits. Returns new. */
char *tape_take(struct tape *tape);
/** Forget timers, messages and receiver; keep the disk and the clock. */
void tape_crash(struct tape *tape);
/** Free it. Free what stands on it first. */
void tape_free(struct tape *tape);

/** In a test (judge/test.h): what was asked since the last take is @p line, or
 * fail. */
#define tape_expect(tape, line)                        \
    do {                                               \
        g_autofree char *tape_asked = tape_take(tape); \
        assert_string_equal(tape_asked, line);         \
    } while (0)

#endif
