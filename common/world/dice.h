/**
 * @file dice.h
 * Random numbers from a place, not from a stream.
 *
 *     struct dice dice = dice_at(seed, link, number);
 *     bool lost = dice_roll(&dice) % 1000 < loss;
 *
 * Dice at one place always roll the same, however often other dice were rolled.
 * So the fate of the fifth message from 2 to 1 stays what it is when a shrinker
 * takes away the fourth from 1 to 3.
 *
 * The mixing is SplitMix64 (Steele, Lea and Flood 2014): short, and random
 * enough to shake a network. It is no secret from anybody.
 */
#ifndef WORLD_DICE_H
#define WORLD_DICE_H
#include <stdint.h>

/** Dice, thrown again with each dice_roll(). */
struct dice {
    uint64_t state; /**< Where in its sequence. */
};

/** Sixty-four bits that look unrelated to those of any other @p number. */
static inline uint64_t dice_mix(uint64_t number)
{
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

/** Sixty-four random bits. */
static inline uint64_t dice_roll(struct dice *dice)
{
    return dice_mix(dice->state += 0x9e3779b97f4a7c15u);
}

/** A number from @p low to @p high, both included. */
static inline uint64_t dice_between(struct dice *dice, uint64_t low,
                                    uint64_t high)
{
    uint64_t span = high - low + 1; /* 0: all numbers there are. */
    return low + (span ? dice_roll(dice) % span : dice_roll(dice));
}

/** A number that stands for @p text (FNV-1a). */
static inline uint64_t dice_number(const char *text)
{
    uint64_t number = 0xcbf29ce484222325u;
    for (; *text; text++)
        number = (number ^ (uint8_t)*text) * 0x100000001b3u;
    return number;
}

/** The dice of the @p number-th event at @p place, in the world of @p seed. */
static inline struct dice dice_at(uint64_t seed, uint64_t place,
                                  uint64_t number)
{
    uint64_t where = dice_mix(seed ^ dice_mix(place + 1));
    return (struct dice){dice_mix(where + number)};
}

#endif
