/*
 * Credit: the giver's turns, the taker's totals, and both in a world that loses
 * what they say.
 */
#include "04-queues/test_credit.h"

/* So many, where it is about the cost of each. */
enum { MANY = 10000, FEW = 7 };

/* The next is @p taker, with its delivery @p number; 0: nobody has credit. */
static void expect_turn(struct credit *credit, node_id taker, uint64_t number)
{
    node_id next = 0;
    uint64_t got = 0;
    bool any = credit_next(credit, &next, &got);
    expect_equal("credit_next returns", any, taker != 0);
    if (!any)
        return;
    expect_that(next == taker, "the next to be the one that waits longest",
                "%u, and not %u", (unsigned)next, (unsigned)taker);
    expect_equal("the number of its delivery is", got, number);
}

static void expect_grant(struct credit *credit, node_id taker, uint64_t total,
                         uint64_t sent)
{
    expect_equal("credit_grant returns", credit_grant(credit, taker, total),
                 sent);
}

/* ---- The giver. ---- */

static void expect_no_more_than_granted(void)
{
    for (uint64_t total = 0; total < 5; total++) {
        struct credit *credit = credit_new();
        expect_turn(credit, 0, 0);
        expect_grant(credit, UINT64_MAX, total, 0);
        expect_equal("credit_takers returns", credit_takers(credit), 1);
        for (uint64_t number = 1; number <= total; number++)
            expect_turn(credit, UINT64_MAX, number);
        expect_turn(credit, 0, 0);
        expect_turn(credit, 0, 0);
        expect_grant(credit, UINT64_MAX, total + 2, total);
        expect_turn(credit, UINT64_MAX, total + 1);
        expect_turn(credit, UINT64_MAX, total + 2);
        expect_turn(credit, 0, 0);
        credit_free(credit);
    }
}

static void expect_copies_to_count_once(void)
{
    struct credit *credit = credit_new();
    node_id next;
    uint64_t number;
    for (unsigned i = 0; i < 10; i++)
        expect_grant(credit, 7, 2, 0);
    expect_turn(credit, 7, 1);
    expect_turn(credit, 7, 2);
    expect_that(!credit_next(credit, &next, &number),
                "two deliveries for a total of 2, said ten times", "a third");
    credit_free(credit);
}

static void nobody_is_sent_more_than_its_greatest_total(void)
{
    expect_copies_to_count_once();
    expect_no_more_than_granted();
    struct credit *credit = credit_new();
    expect_grant(credit, 7, 3, 0);
    expect_grant(credit, 7, 3, 0); /* It came twice. */
    expect_turn(credit, 7, 1);
    expect_grant(credit, 7, 5, 1); /* That of 4 was lost. */
    expect_grant(credit, 7, 4, 1); /* No, it was late. */
    expect_grant(credit, 7, 0, 1);
    for (uint64_t number = 2; number <= 5; number++)
        expect_turn(credit, 7, number);
    expect_turn(credit, 0, 0);
    expect_grant(credit, 7, 5, 5);
    expect_grant(credit, 7, 2, 5);
    expect_turn(credit, 0, 0);
    expect_grant(credit, 7, UINT64_MAX, 5);
    for (uint64_t number = 6; number <= 100; number++)
        expect_turn(credit, 7, number);
    expect_grant(credit, 7, 9, 100);
    expect_turn(credit, 7, 101);
    credit_free(credit);
}

static void who_has_waited_longest_is_next(void)
{
    struct credit *credit = credit_new();
    expect_grant(credit, 9, 2, 0);
    expect_grant(credit, 3, 0, 0); /* It comes, and has no credit yet. */
    expect_grant(credit, 5, 2, 0);
    expect_turn(credit, 9, 1);
    expect_grant(credit, 1, 1, 0); /* It comes behind those who wait. */
    expect_grant(credit, 3, 3, 0);
    expect_turn(credit, 3, 1);
    expect_turn(credit, 5, 1);
    expect_turn(credit, 9, 2); /* 9 was served before 1 came. */
    expect_turn(credit, 1, 1);
    expect_turn(credit, 3, 2);
    expect_turn(credit, 5, 2);
    expect_grant(credit, 1, 2, 1);
    expect_grant(credit, 9, 3, 2);
    expect_turn(credit, 9, 3);
    expect_turn(credit, 1, 2);
    expect_turn(credit, 3, 3);
    expect_turn(credit, 0, 0);
    credit_free(credit);
}

/* Takers of unequal credit, some of whom come and go. */
static void nobody_starves(void)
{
    for_each_seed (seed, 20) {
        struct dice dice = dice_at(seed, 45, 2);
        struct credit *credit = credit_new();
        uint64_t waits[FEW] = {0}, credits[FEW] = {0}, sent[FEW] = {0};
        for (unsigned i = 0; i < 2000; i++) {
            unsigned at = (unsigned)dice_between(&dice, 0, FEW - 1);
            if (at % 3 == 2 && credit_leave(credit, at + 1))
                credits[at] = sent[at] = 0; /* And it comes again. */
            uint64_t more = at % 3 ? 1 : 100;
            waits[at] = sent[at] < credits[at] ? waits[at] : 0;
            credits[at] = MAX(credits[at], sent[at] + more);
            credit_grant(credit, at + 1, credits[at]);
            node_id next;
            uint64_t number;
            bool any = credit_next(credit, &next, &number);
            expect_equal("credit_next returns", any, true);
            for (unsigned n = 0; n < FEW; n++) {
                waits[n] += sent[n] < credits[n];
                expect_that(n % 3 == 2 || waits[n] <= FEW,
                            "each with credit to be served in its turn",
                            "taker %u to wait for %u others", n + 1,
                            (unsigned)waits[n]);
            }
            waits[next - 1] = 0;
            sent[next - 1]++;
        }
        credit_free(credit);
    }
}

static void who_leaves_is_forgotten(void)
{
    struct credit *credit = credit_new();
    expect_equal("credit_leave of who never came returns",
                 credit_leave(credit, 7), false);
    expect_grant(credit, 7, 5, 0);
    expect_grant(credit, 8, 2, 0);
    expect_grant(credit, (node_id)1 << 32 | 7, 1, 0);
    expect_turn(credit, 7, 1);
    expect_equal("credit_takers returns", credit_takers(credit), 3);
    expect_equal("credit_leave returns", credit_leave(credit, 7), true);
    expect_equal("credit_leave, again, returns", credit_leave(credit, 7),
                 false);
    expect_equal("credit_takers returns", credit_takers(credit), 2);
    expect_turn(credit, 8, 1);
    expect_grant(credit, 7, 1, 0); /* It comes again, as a new one. */
    expect_turn(credit, (node_id)1 << 32 | 7, 1);
    expect_turn(credit, 8, 2);
    expect_turn(credit, 7, 1);
    expect_turn(credit, 0, 0);
    credit_free(credit);
}

static void many_without_credit_cost_nothing(void)
{
    struct credit *credit = credit_new();
    for (node_id id = 1; id <= MANY; id++)
        expect_grant(credit, id, id == MANY, 0);
    expect_equal("credit_takers returns", credit_takers(credit), MANY);
    expect_turn(credit, MANY, 1);
    for (uint64_t number = 2; number <= 3 * MANY; number++) {
        expect_grant(credit, MANY, number, number - 1);
        expect_turn(credit, MANY, number);
    }
    for (node_id id = 1; id <= MANY; id++) /* They had come before. */
        expect_grant(credit, MANY - id, 1, 0);
    for (node_id id = 1; id < MANY; id++)
        expect_turn(credit, id, 1);
    credit_free(credit);
}

/* ---- The taker. ---- */

static void expect_total(struct intake *intake, bool owes, uint64_t total)
{
    expect_equal("intake_owes returns", intake_owes(intake), owes);
    expect_equal("intake_total returns", intake_total(intake), total);
    expect_equal("intake_owes, when it was told, returns", intake_owes(intake),
                 false);
}

static void credit_comes_back_when_work_is_completed(void)
{
    for (uint64_t window = 1; window < 30; window++) {
        struct intake intake;
        memset(&intake, 0xa5, sizeof intake);
        intake_init(&intake, window);
        expect_total(&intake, true, window);
        for (uint64_t number = 1; number <= window; number++) {
            intake_received(&intake, number);
            expect_total(&intake, false, window);
        }
        for (uint64_t number = 1; number <= 3 * window; number++) {
            intake_completed(&intake);
            expect_total(&intake, window <= 3, window + number);
            intake_received(&intake, window + number);
            expect_total(&intake, false, window + number);
        }
    }
}

static void half_a_window_is_owed(void)
{
    for (uint64_t window = 1; window < 30; window++) {
        struct intake intake;
        intake_init(&intake, window);
        intake_total(&intake);
        for (uint64_t number = 1; number <= window; number++)
            intake_received(&intake, number);
        for (uint64_t done = 1; done <= window; done++) {
            intake_completed(&intake);
            expect_equal("intake_owes returns", intake_owes(&intake),
                         done >= MAX(window / 2, 1));
        }
        expect_total(&intake, true, 2 * window);
    }
}

static void what_was_lost_comes_back(void)
{
    struct intake intake;
    intake_init(&intake, 8);
    expect_total(&intake, true, 8);
    intake_received(&intake, 5); /* 1 to 4 are lost, or late. */
    expect_total(&intake, true, 12);
    intake_received(&intake, 2); /* One of them was late. */
    expect_total(&intake, false, 12);
    intake_completed(&intake);
    intake_completed(&intake);
    expect_total(&intake, false, 13);
    intake_heard(&intake, 13); /* All others are lost. */
    expect_total(&intake, true, 21);
    intake_heard(&intake, 12); /* It was overtaken. */
    expect_total(&intake, false, 21);
    for (uint64_t number = 14; number <= 21; number++)
        intake_received(&intake, number);
    expect_total(&intake, false, 21);
    intake_received(&intake, 13); /* It was not lost: now 9 are at work. */
    intake_received(&intake, 13); /* And twice. */
    expect_total(&intake, false, 21);
    for (unsigned i = 0; i < 9; i++)
        intake_completed(&intake);
    expect_total(&intake, true, 28);
    intake_heard(&intake, 28);
    intake_heard(&intake, 27); /* It was overtaken, before a grant. */
    expect_total(&intake, true, 35);
}

/* Whatever is received, heard and completed. */
static void expect_totals_in_bounds(uint64_t seed)
{
    struct dice dice = dice_at(seed, 45, 3);
    struct intake intake;
    uint64_t working = 0, last = 0;
    intake_init(&intake, seed);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t roll = dice_between(&dice, 0, 3);
        uint64_t number = dice_between(&dice, 1, i / 4 + 1);
        if (roll == 0) {
            intake_heard(&intake, number);
        } else if (roll == 1 && working > 0) {
            intake_completed(&intake);
            working--;
        } else {
            intake_received(&intake, number);
            working++;
        }
        uint64_t total = intake_total(&intake);
        expect_that(total >= last, "a total that never falls", "%u after %u",
                    (unsigned)total, (unsigned)last);
        expect_that(total <= seed + 51, "a total that stays in bounds",
                    "%" G_GUINT64_FORMAT, total);
        last = total;
    }
}

static void the_total_never_falls(void)
{
    for (uint64_t window = 1; window < 20; window++) {
        struct intake intake;
        intake_init(&intake, window);
        expect_total(&intake, true, window);
        for (unsigned i = 0; i < 60; i++) { /* The same one, all the time. */
            intake_received(&intake, 1);
            expect_total(&intake, false, window);
        }
        for (unsigned i = 0; i < 60; i++)
            intake_completed(&intake);
        expect_equal("intake_total returns", intake_total(&intake), window + 1);
    }
    for_each_seed (seed, 100)
        expect_totals_in_bounds(seed);
}

/* ---- Both. ---- */

static void all_work_is_given_over_any_link(void)
{
    for_each_seed (seed, 40)
        play_market(seed);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(nobody_is_sent_more_than_its_greatest_total),
        GRADED(who_has_waited_longest_is_next),
        GRADED(nobody_starves),
        GRADED(who_leaves_is_forgotten),
        GRADED(many_without_credit_cost_nothing),
        GRADED(credit_comes_back_when_work_is_completed),
        GRADED(half_a_window_is_owed),
        GRADED(what_was_lost_comes_back),
        GRADED(the_total_never_falls),
        GRADED(all_work_is_given_over_any_link),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
