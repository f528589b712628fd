/**
 * @file generals.h
 * Two generals on two hills. They win if they attack together, and lose if one
 * attacks alone; and they have only messengers, who may be caught (Akkoyunlu
 * and others 1975; Gray 1978).
 *
 *     static const struct generals_protocol mine = {
 *         .name = "mine", .rounds = 2, .send = send, .attacks = attacks};
 *
 * General 1 may have an order to attack; general 2 has none, and must hear of
 * it. All happens in rounds: each sends a messenger or does not, and each
 * messenger arrives at the end of that round or never. After the last round it
 * is dawn, and each attacks or waits. Three things are asked of a protocol:
 *
 *  - Never does one attack alone.
 *  - If there is an order, and no messenger is caught, both attack.
 *  - If there is no order, nobody attacks.
 *
 * Both functions may look at nothing but what they are given: all that a
 * general can know.
 */
#ifndef TRANSPORT_GENERALS_H
#define TRANSPORT_GENERALS_H
#include <stdbool.h>

enum { GENERALS_ROUNDS = 8 /**< No protocol has more. */ };

/** A general, and all that one knows. */
struct general {
    unsigned id;     /**< 1 or 2. */
    bool ordered;    /**< Has an order to attack; never general 2. */
    unsigned rounds; /**< So many there are. */
    unsigned round;  /**< Now, from 1 on; rounds + 1: it is dawn. */
    /** What came, in each round: a number, or 0 for nobody. */
    unsigned heard[GENERALS_ROUNDS + 1];
};

/** How they shall do it. */
struct generals_protocol {
    const char *name; /**< "one acknowledgement". */
    unsigned rounds;  /**< From 1 to GENERALS_ROUNDS. */
    /** In a round: what does a messenger take along? 0: none is sent. */
    unsigned (*send)(const struct general *self);
    /** At dawn. */
    bool (*attacks)(const struct general *self);
};

/** Some to begin with; NULL behind the last. */
extern const struct generals_protocol *const generals_protocols[];

#endif
