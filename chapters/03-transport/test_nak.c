/*
 * The NAK variant: right where messages are only damaged; and what it takes to
 * make it wait for ever.
 */
#include "03-transport/nak.h"
#include "03-transport/test_reliable_stage.h"

#define AN_HOUR (3600 * SEC)

/* It arrives, with a bit turned. */
static void hand_damaged(struct post_stage *stage,
                         const struct post_letter *letter, size_t bit)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(letter->bytes, &size);
    g_autofree uint8_t *copy = g_memdup2(data, size);
    copy[bit / 8 % size] ^= (uint8_t)(1 << bit % 8);
    g_autoptr(GBytes) bytes = g_bytes_new(copy, size);
    stage_play(stage, letter->from, letter->to, bytes);
}

/* Nobody has anything to say, an hour later, and to what is sent then. */
static void expect_silence(struct post_stage *stage)
{
    stage_pass(stage, AN_HOUR);
    stage_say(stage, 1, 2, "behind it");
    stage_pass(stage, AN_HOUR);
    expect_equal("letters, for ever:", stage_pending(stage), 0);
    expect_heard(stage, 2, "");
}

/* ---- As long as nothing is lost. ---- */

static void messages_arrive_in_order_each_once(void)
{
    struct post_stage *stage = stage_new(&reliable_nak);
    stage_count(stage, 1, 2, 5);
    stage_say(stage, 2, 1, "x");
    stage_say(stage, 2, 1, "y");
    stage_settle(stage);
    expect_heard(stage, 2, "0 1 2 3 4");
    expect_heard(stage, 1, "x y");
    expect_equal("the count of repeats is", nak_repeats(stage->nodes[1].layer),
                 0);
    stage_free(stage);
}

static void a_damaged_message_is_asked_for_at_once(void)
{
    struct post_stage *stage = stage_new(&reliable_nak);
    nsec before = env_now(tape_env(stage->nodes[1].tape));
    stage_say(stage, 1, 2, "a");
    hand_damaged(stage, stage_letter(stage), 77);
    expect_heard(stage, 2, "");
    stage_exchange(stage); /* No time passes. */
    expect_heard(stage, 2, "a");
    expect_equal("the count of repeats is", nak_repeats(stage->nodes[1].layer),
                 1);
    expect_equal(
        "nanoseconds:", env_now(tape_env(stage->nodes[1].tape)) - before, 0);
    stage_free(stage);
}

/* One of three letters is damaged, whatever it is, and both sides talk. */
static void no_damage_stops_it(void)
{
    for_each_seed (seed, 300) {
        struct dice dice = dice_at(seed, 0, 0);
        struct post_stage *stage = stage_new(&reliable_nak);
        stage_count(stage, 1, 2, 10);
        stage_count(stage, 2, 1, 10);
        for (const struct post_letter *letter; (letter = stage_letter(stage));)
            if (dice_between(&dice, 0, 2) == 0)
                hand_damaged(stage, letter, dice_between(&dice, 0, 1000));
            else
                stage_hand(stage, letter);
        expect_heard(stage, 2, "0 1 2 3 4 5 6 7 8 9");
        expect_heard(stage, 1, "0 1 2 3 4 5 6 7 8 9");
        stage_free(stage);
    }
}

/* ---- When something is lost. ---- */

static void a_lost_nak_makes_both_wait_for_ever(void)
{
    struct post_stage *stage = stage_new(&reliable_nak);
    stage_say(stage, 1, 2, "a");
    hand_damaged(stage, stage_letter(stage), 77);
    expect_that(stage_pending(stage) > 0, "a NAK", "silence");
    stage_lose(stage);
    expect_silence(stage);
    stage_free(stage);
}

static void so_does_a_lost_message(void)
{
    struct post_stage *stage = stage_new(&reliable_nak);
    stage_say(stage, 1, 2, "a");
    stage_lose(stage);
    expect_silence(stage);
    stage_free(stage);
}

static void so_does_a_lost_acknowledgement(void)
{
    struct post_stage *stage = stage_new(&reliable_nak);
    stage_say(stage, 1, 2, "a");
    stage_hand(stage, stage_letter(stage));
    expect_heard(stage, 2, "a");
    stage_lose(stage);
    expect_silence(stage);
    stage_free(stage);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(messages_arrive_in_order_each_once),
        GRADED(a_damaged_message_is_asked_for_at_once),
        GRADED(no_damage_stops_it),
        GRADED(a_lost_nak_makes_both_wait_for_ever),
        GRADED(so_does_a_lost_message),
        GRADED(so_does_a_lost_acknowledgement),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
