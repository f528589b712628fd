/*
 * Go-Back-N: the promise of arq.h, with eight on their way; what is its own;
 * and all of it in storms. And the counter of common/toys, which stands on arq.
 */
#include "03-transport/gobackn.h"
#include "03-transport/storms/arq_scene.h"
#include "03-transport/storms/storeys_scene.h"
#include "03-transport/test_incarnations.h"
#include "common/course/graded_storm.h"

enum { N = 8 };

/* ---- What is its own. ---- */

/* The first of eight is lost: what comes behind it is acknowledged as what was
 * before, and then all eight come again. */
static void one_is_lost_and_all_from_it_are_sent_again(void)
{
    struct post_stage *stage = stage_open(trial);
    uint64_t before = trial->repeats(stage->nodes[1].layer);
    stage_count(stage, 1, 2, N);
    expect_equal("letters:", stage_pending(stage), N);
    stage_letter(stage);
    while (stage_pending(stage) > N - 1 - 6)
        stage_hand(stage, stage_letter(stage));
    expect_heard(stage, 2, "");
    stage_exchange(stage);
    expect_heard(stage, 2, "");
    stage_pass(stage, trial->timeout - 1);
    expect_equal("letters before the timeout:", stage_pending(stage), 0);
    stage_pass(stage, 1);
    expect_equal("letters after it:", stage_pending(stage), N);
    expect_equal("they were sent again:",
                 trial->repeats(stage->nodes[1].layer) - before, N);
    stage_exchange(stage);
    expect_heard(stage, 2, "0 1 2 3 4 5 6 7");
    stage_free(stage);
}

/* The fourth is lost: from there on. */
static void what_came_before_it_is_not_sent_again(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, N);
    for (int i = 0; i < N; i++) {
        const struct post_letter *letter = stage_letter(stage);
        if (i != 3)
            stage_hand(stage, letter);
    }
    expect_heard(stage, 2, "0 1 2");
    stage_exchange(stage);
    stage_pass(stage, trial->timeout);
    expect_equal("letters:", stage_pending(stage), N - 3);
    stage_exchange(stage);
    expect_heard(stage, 2, "3 4 5 6 7");
    stage_free(stage);
}

/* Of eight acknowledgements only the last gets through. */
static void an_acknowledgement_is_for_all_up_to_it(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, N + 3);
    for (int i = 0; i < N; i++)
        stage_hand(stage, stage_letter(stage));
    expect_equal("acknowledgements:", stage_pending(stage), N);
    for (int i = 0; i < N - 1; i++)
        stage_letter(stage);
    stage_hand(stage, stage_letter(stage));
    expect_equal("letters:", stage_pending(stage), 3);
    stage_exchange(stage);
    expect_heard(stage, 2, "0 1 2 3 4 5 6 7 8 9 10");
    expect_quiet(stage);
    stage_free(stage);
}

/* What comes too early is not kept. */
static void out_of_order_nothing_is_kept(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, 3);
    struct post_letter *letters[3];
    for (int i = 0; i < 3; i++)
        letters[i] = stage_letter(stage);
    for (int i = 2; i >= 0; i--)
        stage_hand(stage, letters[i]);
    expect_heard(stage, 2, "0");
    stage_hand(stage, letters[2]);
    expect_heard(stage, 2, "");
    stage_hand(stage, letters[1]);
    expect_heard(stage, 2, "1");
    stage_settle(stage);
    expect_heard(stage, 2, "2");
    stage_free(stage);
}

/* One timer: it begins anew with each acknowledgement that says something
 * new. */
static void the_timer_is_that_of_the_oldest(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, 2);
    const struct post_letter *first = stage_letter(stage);
    stage_lose(stage);
    stage_pass(stage, trial->timeout / 2);
    stage_hand(stage, first);
    const struct post_letter *ack = stage_letter(stage);
    stage_hand(stage, ack);
    stage_pass(stage, trial->timeout - 1);
    expect_equal("letters before the timeout:", stage_pending(stage), 0);
    stage_hand(stage, ack); /* This says nothing new. */
    stage_pass(stage, 1);
    expect_equal("letters after it:", stage_pending(stage), 1);
    stage_settle(stage);
    expect_heard(stage, 2, "0 1");
    stage_free(stage);
}

/* What is sent later does not put it off. */
static void a_later_message_does_not_move_the_timer(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_say(stage, 1, 2, "a");
    stage_pass(stage, trial->timeout / 2);
    stage_say(stage, 1, 2, "b");
    stage_lose(stage);
    stage_pass(stage, trial->timeout / 2);
    expect_equal("letters:", stage_pending(stage), 2);
    stage_settle(stage);
    expect_heard(stage, 2, "a b");
    stage_free(stage);
}

static void of_eight_on_their_way_all_come_to_a_new_incarnation(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, N + 4);
    for (int i = 0; i < N; i++)
        stage_hand(stage, stage_letter(stage));
    expect_heard(stage, 2, "0 1 2 3 4 5 6 7");
    stage_lose(stage);
    stage_reboot(stage, 2);
    stage_settle(stage);
    expect_heard(stage, 2, "0 1 2 3 4 5 6 7 8 9 10 11");
    stage_free(stage);
}

/* ---- Storms. ---- */

static void through_any_storm_each_arrives_once(void)
{
    graded_storm(&gobackn_subject, 300);
}

static void through_any_storm_over_arq_too(void)
{
    graded_storm(&arq_subject, 300);
}

static void a_counter_over_arq_comes_through(void)
{
    struct subject counter = storeys();
    graded_storm(&counter, 30);
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
        GRADED(one_is_lost_and_all_from_it_are_sent_again),
        GRADED(what_came_before_it_is_not_sent_again),
        GRADED(an_acknowledgement_is_for_all_up_to_it),
        GRADED(out_of_order_nothing_is_kept),
        GRADED(the_timer_is_that_of_the_oldest),
        GRADED(a_later_message_does_not_move_the_timer),
        GRADED(of_eight_on_their_way_all_come_to_a_new_incarnation),
        GRADED(through_any_storm_each_arrives_once),
        GRADED(through_any_storm_over_arq_too),
        GRADED(a_counter_over_arq_comes_through),
    };
    trial = &reliable_gobackn;
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
