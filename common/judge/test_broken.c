/*
 * Are the sentences of the contract sharp? Here the simulator stands on rotten
 * boards: what it is built from is replaced, one piece at a time, by something
 * that breaks one promise. Whoever judges it must notice, by the right
 * sentence; and must find nothing when no board is rotten.
 */
#include "common/judge/conform.h"
#include "common/judge/test.h"
#include "common/world/sim_parts.h"
#include <stdio.h>

static enum flaw {
    NONE,
    SENDS_BEFORE_THE_SYNC,
    LETTER_BEFORE_THE_SYNC,
    STAMP_FORGETS_WHAT_WAS_JUST_WRITTEN,
    SYNC_COVERS_WHAT_CAME_LATER,
    VERB_CALLS_BACK,
    DISARMED_TIMER_FIRES,
    EQUAL_TIMES_FIRE_BACKWARDS,
    ARMING_AGAIN_IS_IGNORED,
    TIMER_IS_EARLY,
    LONG_DELAYS_OVERFLOW,
    CLOCK_JUMPS_BACK,
    PERSIST_IS_TORN,
    EMPTY_IS_TAKEN_FOR_ABSENT,
    SYNC_FORGETS_TO_WRITE,
    APPENDS_CHANGE_PLACES,
    CRASH_KEEPS_TIMERS,
    CRASH_KEEPS_LETTERS,
    CRASH_SENDS_WHAT_IT_HELD,
    LETTERS_TAKE_THE_NETWORK,
    LETTER_COMES_TWICE,
} flaw;

static const struct {
    enum flaw flaw;
    const char *sentence; /* The one that must notice. */
} flaws[] = {
    {SENDS_BEFORE_THE_SYNC, "nothing_leaves_before_what_was_written_before_it"},
    {LETTER_BEFORE_THE_SYNC, "a_message_to_oneself_waits_for_the_disk"},
    {STAMP_FORGETS_WHAT_WAS_JUST_WRITTEN,
     "nothing_leaves_before_what_was_written_before_it"},
    {SYNC_COVERS_WHAT_CAME_LATER,
     "what_is_written_during_a_sync_waits_for_the_next"},
    {VERB_CALLS_BACK, "no_verb_calls_back"},
    {DISARMED_TIMER_FIRES, "a_disarmed_timer_does_not_fire_even_when_due"},
    {EQUAL_TIMES_FIRE_BACKWARDS, "equal_times_fire_in_the_order_of_arming"},
    {ARMING_AGAIN_IS_IGNORED, "arming_an_armed_timer_moves_it"},
    {TIMER_IS_EARLY, "a_timer_may_arm_itself_and_is_never_early"},
    {LONG_DELAYS_OVERFLOW, "a_delay_without_end_does_not_end"},
    {CLOCK_JUMPS_BACK, "the_clock_never_runs_backwards"},
    {PERSIST_IS_TORN, "a_crash_keeps_a_value_whole_or_the_one_before"},
    {EMPTY_IS_TAKEN_FOR_ABSENT, "a_written_value_reads_back_at_once"},
    {SYNC_FORGETS_TO_WRITE, "what_is_durable_survives_a_crash"},
    {APPENDS_CHANGE_PLACES, "a_crash_keeps_a_prefix_of_what_was_appended"},
    {CRASH_KEEPS_TIMERS, "a_crash_forgets_the_timers"},
    {CRASH_KEEPS_LETTERS, "a_crash_loses_what_was_sent_home"},
    {CRASH_SENDS_WHAT_IT_HELD, "what_a_crash_finds_unsent_is_never_sent"},
    {LETTERS_TAKE_THE_NETWORK, "a_message_to_oneself_comes_once_and_in_order"},
    {LETTER_COMES_TWICE, "a_message_to_oneself_comes_once_and_in_order"},
};

/* ---- The boards. ---- */

static void on_alarm(void *self);
static void on_synced(void *self);

static bool is_protocols(const struct timer *timer)
{
    return timer->fire != on_alarm && timer->fire != on_synced;
}

static uint64_t rotten_stamp(const struct gate *gate)
{
    if (flaw == STAMP_FORGETS_WHAT_WAS_JUST_WRITTEN)
        return gate->started;
    if (flaw == SYNC_COVERS_WHAT_CAME_LATER && gate->started > gate->done)
        return gate->started;
    return gate_stamp(gate);
}

static bool rotten_passes(const struct gate *gate, uint64_t stamp)
{
    return flaw == SENDS_BEFORE_THE_SYNC || gate_passes(gate, stamp);
}

static nsec rotten_local(const struct clock *clock, nsec world)
{
    nsec local = clock_local(clock, world);
    return flaw == CLOCK_JUMPS_BACK ? local % (7 * MSEC) : local;
}

static void rotten_persist(struct disk *disk, const char *key, GBytes *value)
{
    if (flaw == PERSIST_IS_TORN && value) {
        disk_persist(disk, key, NULL);
        disk_append(disk, key, value);
    } else {
        disk_persist(disk, key, value);
    }
}

/* The second of two appends is written first. */
static void rotten_append(struct disk *disk, const char *key, GBytes *bytes)
{
    g_autoptr(GBytes) before = disk_recall(disk, key);
    if (flaw == APPENDS_CHANGE_PLACES && before) {
        disk_persist(disk, key, bytes);
        disk_append(disk, key, before);
    } else {
        disk_append(disk, key, bytes);
    }
}

static GBytes *rotten_recall(struct disk *disk, const char *key)
{
    GBytes *value = disk_recall(disk, key);
    if (flaw == EMPTY_IS_TAKEN_FOR_ABSENT && value &&
        g_bytes_get_size(value) == 0)
        g_clear_pointer(&value, g_bytes_unref);
    return value;
}

static void rotten_sync_start(struct disk *disk)
{
    if (flaw != SYNC_FORGETS_TO_WRITE)
        disk_sync_start(disk);
}

#define gate_stamp      rotten_stamp
#define gate_passes     rotten_passes
#define clock_local     rotten_local
#define disk_persist    rotten_persist
#define disk_append     rotten_append
#define disk_recall     rotten_recall
#define disk_sync_start rotten_sync_start
#include "common/world/network.c" /* NOLINT: on rotten boards. */

static void take_the_network(struct packet *packet)
{
    meet_fate(packet, roll_fate(packet));
}

static void rotten_send(struct node *node, node_id to, GBytes *message)
{
    if (to != node->env.id) {
        network_send(node, to, message);
        return;
    }
    if (flaw == VERB_CALLS_BACK)
        env_deliver(&node->env, to, message);
    else if (flaw == LETTERS_TAKE_THE_NETWORK)
        take_the_network(packet_new(node->sim, to, to, message));
    else if (flaw == LETTER_BEFORE_THE_SYNC)
        launch(packet_new(node->sim, to, to, message));
    else
        network_send(node, to, message);
    if (flaw == LETTER_COMES_TWICE)
        network_send(node, to, message);
}

static void rotten_forget(struct node *node)
{
    while (flaw == CRASH_SENDS_WHAT_IT_HELD && node->held.length > 0)
        launch(g_queue_pop_head(&node->held));
    network_forget(node);
}

static void rotten_arm(struct timers *timers, struct timer *timer, nsec due)
{
    static unsigned count;
    if (flaw == ARMING_AGAIN_IS_IGNORED && is_protocols(timer) &&
        timer->place > 0)
        return;
    if (flaw == EQUAL_TIMES_FIRE_BACKWARDS && is_protocols(timer))
        due += 100 - count++ % 100;
    if (flaw == TIMER_IS_EARLY && is_protocols(timer))
        due -= MIN(due, 10 * USEC);
    if (flaw == LONG_DELAYS_OVERFLOW && due > (nsec)1 << 61)
        due = 0;
    timers_arm(timers, timer, due);
}

static void rotten_disarm(struct timers *timers, struct timer *timer)
{
    if (flaw != DISARMED_TIMER_FIRES || !is_protocols(timer))
        timers_disarm(timers, timer);
}

static bool closing;

static void rotten_clear(struct timers *timers)
{
    if (flaw != CRASH_KEEPS_TIMERS || closing)
        timers_clear(timers);
}

#define network_send   rotten_send
#define network_forget rotten_forget
#define timers_arm     rotten_arm
#define timers_disarm  rotten_disarm
#define timers_clear   rotten_clear
#include "common/world/sim.c" /* NOLINT: on rotten boards. */

/* ---- The world that stands on them. ---- */

static const struct sim_weather weather = {.repeat = 100,
                                           .delay_max = 9 * MSEC,
                                           .sync_min = MSEC,
                                           .sync_max = 9 * MSEC};

static void *open_world(uint64_t seed)
{
    return sim_new(2, seed, weather);
}

static struct env *env_of_world(void *world, node_id id)
{
    return sim_env(world, id);
}

static void pass_world(void *world, nsec time)
{
    sim_run(world, sim_time(world) + time);
}

static void crash_world(void *world)
{
    struct sim *sim = world;
    sim_crash(sim, 1);
    sim_boot(sim, 1);
    if (flaw == CRASH_KEEPS_LETTERS)
        sim->nodes[0].boots--; /* As if it had never crashed. */
}

static void stall_world(void *world, void (*during)(void *, int), void *self)
{
    struct sim_weather slow = weather;
    slow.sync_min = slow.sync_max = 60 * SEC;
    sim_set_weather(world, slow);
    pass_world(world, 20 * MSEC);
    during(self, 1);
    pass_world(world, 60 * SEC);
    during(self, 2);
    sim_set_weather(world, weather);
    pass_world(world, 60 * SEC);
}

static void close_world(void *world)
{
    closing = true;
    sim_free(world);
    closing = false;
}

static const struct conform_world kind = {
    .name = "sim on rotten boards",
    .connected = true,
    .overlaps = true,
    .rounds = 20,
    .open = open_world,
    .env = env_of_world,
    .pass = pass_world,
    .crash = crash_world,
    .stall = stall_world,
    .close = close_world,
};

/* ---- The judgement. ---- */

static void a_sound_world_breaks_no_sentence(void **state)
{
    (void)state;
    flaw = NONE;
    for (const char *const *s = conform_sentences; *s; s++) {
        g_autofree char *failure = conform_judge(&kind, *s);
        assert_null(failure);
    }
}

static void each_broken_promise_is_noticed_by_its_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++) {
        flaw = flaws[i].flaw;
        g_autofree char *failure = conform_judge(&kind, flaws[i].sentence);
        if (!failure)
            fail_msg("flaw %d passed: %s", flaw, flaws[i].sentence);
        printf("  %s: %s\n", flaws[i].sentence, failure);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_world_breaks_no_sentence),
        cmocka_unit_test(each_broken_promise_is_noticed_by_its_sentence),
    };
    return test_run(argc, argv, tests);
}
