/*
 * Stop-and-wait: each sentence of its header on a stage of its own; the
 * contract of an env over the simulator; and all of it in storms.
 */
#include "03-transport/storms/arq_scene.h"
#include "03-transport/test_incarnations.h"
#include "common/course/graded_storm.h"

/* ---- Storms. ---- */

static void add_crash(struct storm *storm, node_id node, nsec at,
                      enum disk_loss loss)
{
    struct storm_event event = {.kind = STORM_CRASH,
                                .node = node,
                                .at = at,
                                .lasts = 10 * MSEC,
                                .loss = loss};
    g_array_append_val(storm->events, event);
}

static void add_question(struct storm *storm, node_id node, nsec at)
{
    struct storm_event event = {.kind = STORM_ASK, .node = node, .at = at};
    g_strlcpy(event.asked, "ask 1 2", sizeof event.asked);
    g_array_append_val(storm->events, event);
}

/* Disks are slow, and power fails twice before one has written anything. */
static struct storm *dark_storm(uint64_t seed)
{
    struct storm *storm = storm_new();
    struct dice dice = dice_at(seed, 1, 1);
    storm->seed = seed;
    storm->nodes = 2;
    storm->core = 6;
    storm->until = 5 * SEC;
    storm->weather = (struct storm_weather){.loss = 16,
                                            .repeat = 8,
                                            .overtaking = true,
                                            .least = MSEC,
                                            .spread = STORM_EVEN,
                                            .more = 4 * MSEC,
                                            .sync_least = 30 * MSEC,
                                            .sync_most = 60 * MSEC};
    for (unsigned i = 0; i < 12; i++) {
        nsec at = i * 400 * MSEC;
        node_id node = dice_between(&dice, 1, 2);
        nsec soon = dice_between(&dice, 12, 40) * MSEC;
        add_question(storm, 3 - node, at);
        add_crash(storm, node, at + 100 * MSEC, DISK_LOSES);
        add_question(storm, node, at + 111 * MSEC);
        add_crash(storm, node, at + 110 * MSEC + soon, DISK_LOSES);
        add_question(storm, node, at + 122 * MSEC + soon);
    }
    return storm;
}

static void through_any_storm_each_arrives_once(void)
{
    stage_free(stage_open(trial)); /* In fair weather first. */
    for_each_seed (seed, 10) {
        struct storm *storm = dark_storm(seed);
        graded_storm_of(&arq_subject, storm);
        storm_free(storm);
    }
    graded_storm(&arq_subject, 60);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(messages_arrive_as_sent_and_in_order),
        GRADED(no_more_are_on_their_way_than_may_be),
        GRADED(what_is_not_acknowledged_is_sent_again),
        GRADED(what_is_acknowledged_is_not_sent_again),
        GRADED(a_copy_is_acknowledged_and_not_delivered),
        GRADED(a_late_copy_is_not_delivered),
        GRADED(a_late_acknowledgement_is_for_what_it_was),
        GRADED(what_is_damaged_is_as_good_as_lost),
        GRADED(it_is_acknowledged_when_it_is_written_down),
        GRADED(the_one_above_may_send_from_within),
        GRADED(a_new_incarnation_gets_what_was_being_sent),
        GRADED(what_was_meant_for_an_earlier_one_is_not_delivered),
        GRADED(of_an_earlier_incarnation_nothing_counts),
        GRADED(of_those_that_wait_the_oldest_is_forgotten),
        GRADED(each_peer_is_for_itself),
        GRADED(to_oneself_and_farewells_pass_as_they_are),
        GRADED(to_free_it_disarms_and_no_more),
        GRADED(it_is_an_env_by_the_contract),
        GRADED(through_any_storm_each_arrives_once),
    };
    trial = &reliable_arq;
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
