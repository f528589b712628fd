/**
 * @file visited.h
 * Where a search has been: a set of pairs, a set of operations and a state,
 * each kept as 128 random bits.
 *
 * The bits of a set of operations are those of its members, XORed (Zobrist
 * 1970): one XOR puts a member in or takes it out. So two of n pairs are taken
 * for one with a likelihood of about n^2 / 2^129: for the ten million that fill
 * 256 MB, 10^-25. That a bit of the memory flips meanwhile is more likely, so
 * we accept it. This is said of chance: the bits are no secret, and who wants
 * to deceive the judge can.
 */
#ifndef HISTORY_VISITED_H
#define HISTORY_VISITED_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** 128 bits that stand for something. */
struct fingerprint {
    uint64_t low;  /**< Half of them. */
    uint64_t high; /**< The other half. */
};

struct visited;

/** The bits of number @p number among things of one @p kind. */
struct fingerprint fingerprint_of(uint64_t kind, uint64_t number);
/** Both; or, what is in @p one already taken out again. */
struct fingerprint fingerprint_join(struct fingerprint one,
                                    struct fingerprint other);

/** An empty set. Returns new. */
struct visited *visited_new(void);
/** Put it in. Returns whether it was not there before. */
bool visited_add(struct visited *visited, struct fingerprint print);
/** How many bytes it takes. */
size_t visited_bytes(const struct visited *visited);
/** How many more it takes for a moment, if the next is a new one. */
size_t visited_growth(const struct visited *visited);
/** Free it. */
void visited_free(struct visited *visited);

#endif
