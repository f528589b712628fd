#include "common/storm/weather.h"
#include "common/world/dice.h"
#include "common/world/timers.h"

/* Where dice are rolled: not where the simulator's are. */
enum { FATES = 101 };
enum { LINKS = (STORM_NODES + 1) * (STORM_NODES + 1) };

struct weather {
    const struct storm *storm;
    struct storm_weather now;
    GHashTable *listed; /* By place: the storm's events. */
    GArray *written;
    nsec last[LINKS]; /* When the last of a link arrives, of all so far. */
};

/* ---- Those whose fate is listed. ---- */

static unsigned link_of(node_id from, node_id to)
{
    return (unsigned)(from * (STORM_NODES + 1) + to);
}

static guint hash_place(gconstpointer data)
{
    const struct storm_event *event = data;
    uint64_t link = link_of(event->node, event->peer);
    return (guint)dice_mix(link << 48 ^ event->number);
}

static gboolean is_same_place(gconstpointer left, gconstpointer right)
{
    const struct storm_event *a = left, *b = right;
    return a->node == b->node && a->peer == b->peer && a->number == b->number;
}

static void list(struct weather *weather)
{
    const struct storm *storm = weather->storm;
    for (unsigned i = 0; i < storm->events->len; i++)
        if (storm_event(storm, i)->kind == STORM_MESSAGE)
            g_hash_table_add(weather->listed, storm_event(storm, i));
}

/* ---- Delays. ---- */

/* -log2 of a number between 0 and 1, the roll over 2^64, in units of 1/65536:
 * the zeros in front of it, and a parabola for the rest, at most 1 % wrong. */
static uint64_t bits_of(uint64_t roll)
{
    unsigned zeros = (unsigned)__builtin_clzll(roll | 1);
    uint64_t rest = roll << zeros << 1 >> 48;
    uint64_t logarithm = rest + rest * (65536 - rest) / 65536 * 22 / 64;
    return ((uint64_t)(zeros + 1) << 16) - logarithm;
}

/* So many bits, of which each is worth ln 2 (45426 / 65536) of the mean. */
static nsec exponential(nsec mean, uint64_t roll)
{
    nsec bounded = MIN(mean, 1000 * SEC); /* The product fits in 64 bits. */
    return bounded * bits_of(roll) / 65536 * 45426 / 65536;
}

/* Pareto's, with exponent 1: one in k is k times as late. Cut at 256 times. */
static nsec tail(nsec scale, uint64_t roll)
{
    return scale / 4 * (65536 / MAX(roll >> 48, 64));
}

static nsec delay(const struct storm_weather *weather, struct dice *dice)
{
    uint64_t roll = dice_roll(dice);
    nsec more = 0;
    switch (weather->spread) {
    case STORM_NONE:
        break;
    case STORM_EVEN:
        more = roll % (2 * weather->more + 1);
        break;
    case STORM_EXPONENTIAL:
        more = exponential(weather->more, roll);
        break;
    case STORM_TAIL:
        more = tail(weather->more, roll);
        break;
    }
    return weather->least + more;
}

/* ---- Fates. ---- */

static bool happens(struct dice *dice, unsigned chance)
{
    uint64_t roll = dice_roll(dice);
    return chance > 0 && roll % chance == 0;
}

/* Always the same rolls, so that no chance depends on another. */
static struct sim_fate roll(const struct weather *weather,
                            const struct sim_message *message)
{
    const struct storm_weather *now = &weather->now;
    uint64_t place = FATES | message->from << 16 | message->to << 32;
    struct dice dice = dice_at(weather->storm->seed, place, message->number);
    struct sim_fate fate = {.lost = happens(&dice, now->loss)};
    fate.repeated = happens(&dice, now->repeat);
    bool turned = happens(&dice, now->turn);
    uint64_t bit = dice_roll(&dice) % (8 * g_bytes_get_size(message->bytes));
    fate.turned = turned ? 1 + bit : 0;
    fate.delay = delay(now, &dice);
    fate.later = delay(now, &dice);
    return fate;
}

/* First in, first out, if messages do not overtake each other. */
static void keep_order(const struct weather *weather, struct sim_fate *fate,
                       const struct sim_message *message, nsec now)
{
    nsec last = weather->last[link_of(message->from, message->to)];
    if (weather->now.overtaking || fate->lost)
        return;
    if (now + fate->delay < last)
        fate->delay = last - now;
    if (fate->repeated && fate->later < fate->delay)
        fate->later = fate->delay;
}

static void note_arrival(struct weather *weather, const struct sim_fate *fate,
                         const struct sim_message *message, nsec now)
{
    nsec *last = &weather->last[link_of(message->from, message->to)];
    if (!fate->lost)
        *last = MAX(*last, now + fate->delay);
    if (!fate->lost && fate->repeated)
        *last = MAX(*last, now + fate->later);
}

static void write_down(const struct weather *weather,
                       const struct sim_message *message, struct sim_fate fate)
{
    struct storm_event event = {.kind = STORM_MESSAGE,
                                .node = message->from,
                                .peer = message->to,
                                .number = message->number,
                                .fate = fate};
    if (weather->written)
        g_array_append_val(weather->written, event);
}

struct sim_fate weather_decide(struct weather *weather,
                               const struct sim_message *message, nsec now)
{
    const struct storm_event place = {
        .node = message->from, .peer = message->to, .number = message->number};
    const struct storm_event *listed =
        g_hash_table_lookup(weather->listed, &place);
    struct sim_fate fate = listed ? listed->fate : roll(weather, message);
    if (!listed)
        keep_order(weather, &fate, message, now);
    note_arrival(weather, &fate, message, now);
    write_down(weather, message, fate);
    return fate;
}

/* ---- Life. ---- */

struct weather *weather_new(const struct storm *storm)
{
    struct weather *weather = g_new0(struct weather, 1);
    weather->storm = storm;
    weather->now = storm->weather;
    weather->listed =
        g_hash_table_new_full(hash_place, is_same_place, NULL, NULL);
    list(weather);
    return weather;
}

void weather_write_down(struct weather *weather, GArray *events)
{
    weather->written = events;
}

nsec weather_calm(struct weather *weather, bool in_order)
{
    struct storm_weather calm = {.least = weather->now.least,
                                 .overtaking = !in_order};
    nsec latest = 0;
    weather->now = calm;
    weather->written = NULL;
    g_hash_table_remove_all(weather->listed);
    for (unsigned link = 0; in_order && link < LINKS; link++)
        latest = MAX(latest, weather->last[link]);
    return latest;
}

void weather_free(struct weather *weather)
{
    g_hash_table_unref(weather->listed);
    g_free(weather);
}
