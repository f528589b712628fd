/**
 * @file weather.h
 * The fates of messages: rolled from the weather of a storm, or read from its
 * list, and written down when somebody wants to know.
 *
 *     struct weather *weather = weather_new(storm);
 *     fate = weather_decide(weather, &message, now);
 *
 * A fate depends on the seed, the link and the number of the message there; and
 * where messages do not overtake each other, on the ones before it, listed or
 * not. What is listed comes as it is listed. Numbers are whole: the same on
 * every machine.
 */
#ifndef STORM_WEATHER_H
#define STORM_WEATHER_H
#include "common/storm/storm.h"

struct weather;

/** The weather of @p storm, borrowed. Returns new. */
struct weather *weather_new(const struct storm *storm);
/** Put every fate into @p events, an array of struct storm_event; borrows it. */
void weather_write_down(struct weather *weather, GArray *events);
/** From now on nothing is lost, and nothing late; but where messages keep
 * their order, none overtakes one that was late before. Returns when the last of
 * these arrives; 0: nobody waits for one. */
nsec weather_calm(struct weather *weather, bool in_order);
/** What becomes of @p message, which leaves at @p now. */
struct sim_fate weather_decide(struct weather *weather,
                               const struct sim_message *message, nsec now);
/** Free it. */
void weather_free(struct weather *weather);

#endif
