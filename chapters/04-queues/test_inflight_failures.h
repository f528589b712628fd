/**
 * @file test_inflight_failures.h
 * The tests of inflight.h that are about deliveries which fail: given back,
 * delayed, too often, left, removed.
 *
 *     GRADED(given_back_it_is_ready_at_once),
 */
#ifndef QUEUES_TEST_INFLIGHT_FAILURES_H
#define QUEUES_TEST_INFLIGHT_FAILURES_H
#include "04-queues/test_inflight.h"

/** Longer than any test lasts. */
#define HUGE ((nsec)1 << 63)

static void given_back_it_is_ready_at_once(void)
{
    struct depot *depot = depot_usual();
    depot_add(depot, 3);
    for (unsigned times = 1; times < 5; times++) {
        uint64_t receipt = expect_next(depot, 7, 1);
        expect_equal("inflight_nack returns", depot_nack(depot, receipt, 0),
                     true);
        expect_state("the state", depot->item, ITEM_READY);
        expect_equal("attempts are", depot->item->attempts, times);
        expect_equal("failed() was called", depot->failed, times);
        expect_that(depot->told == depot->item, "failed() of that item",
                    "another one");
        expect_counts(depot, 3, 0, 0);
        expect_worthless(depot, receipt);
    }
    depot_pass(depot, HUGE);
    expect_equal("ready() was called", depot->ready, 0);
    expect_equal("attempts are", depot->item->attempts, 4);
    depot_free(depot);
}

static void others_pass_what_is_delayed(void)
{
    static const nsec delay[] = {5 * LEASE, LEASE / 2, HUGE,      3 * LEASE,
                                 1,         LEASE,     UINT64_MAX};
    struct depot *depot = depot_usual();
    depot_add(depot, 7);
    for (unsigned i = 0; i < 7; i++) {
        depot_nack(depot, expect_next(depot, 7, i + 1), delay[i]);
        expect_state("the state", &depot->item[i], ITEM_DELAYED);
        expect_equal("attempts are", depot->item[i].attempts, 1);
    }
    expect_counts(depot, 0, 0, 7);
    depot_add_one(depot, &depot->item[7]);
    depot_ack(depot, expect_next(depot, 7, 8));
    depot_pass(depot, 1);
    expect_equal("ready() was called", depot->ready, 1);
    depot_ack(depot, expect_next(depot, 7, 5));
    depot_pass(depot, LEASE / 2 - 2);
    expect_next(depot, 7, 0);
    depot_pass(depot, 1);
    depot_ack(depot, expect_next(depot, 7, 2));
    depot_pass(depot, 3 * LEASE);
    expect_equal("ready() was called", depot->ready, 4);
    depot_ack(depot, expect_next(depot, 7, 4));
    depot_ack(depot, expect_next(depot, 7, 6));
    depot_pass(depot, 5 * LEASE);
    depot_ack(depot, expect_next(depot, 7, 1));
    depot_pass(depot, 1000 * SEC);
    expect_counts(depot, 0, 0, 2);
    expect_equal("failed() was called", depot->failed, 7);
    depot_free(depot);
}

/* Let the delivery of the item fail, in the @p how-th way. */
static void fail_somehow(struct depot *depot, unsigned how)
{
    uint64_t receipt = expect_next(depot, 7, 1);
    switch (how % 4) {
    case 0:
        depot_nack(depot, receipt, 0);
        break;
    case 1:
        depot_pass(depot, LEASE);
        break;
    case 2:
        depot_leave(depot, 7);
        break;
    default:
        depot_nack(depot, receipt, LEASE / 10);
        depot_pass(depot, LEASE / 10);
    }
}

static void each_failure_counts_once(void)
{
    struct depot *depot = depot_usual();
    depot_add(depot, 1);
    for (unsigned how = 0; how < 40; how++) {
        fail_somehow(depot, how + how / 4);
        expect_equal("attempts are", depot->item->attempts, how + 1);
        expect_equal("failed() was called", depot->failed, how + 1);
    }
    uint64_t receipt = expect_next(depot, 7, 1);
    depot_touch(depot, receipt);
    depot_ack(depot, receipt);
    depot_add(depot, 1);
    expect_next(depot, 7, 1);
    depot_remove(depot, depot->item);
    expect_equal("attempts, after touch, ack and remove, are",
                 depot->item->attempts, 40);
    depot_free(depot);
}

static void only_death_is_no_news_of_ready_items(void)
{
    struct depot *depot = depot_new((struct inflight_settings){
        .life = 1, .attempts = 1, .visibility = LEASE});
    depot_add(depot, 3);
    expect_next(depot, 7, 1);
    expect_next(depot, 7, 2);
    depot_pass(depot, LEASE);
    expect_equal("dead() was called", depot->dead, 2);
    expect_equal("ready() was called", depot->ready, 0);
    depot_free(depot);
}

static void after_so_many_failures_it_is_dead(void)
{
    for (unsigned limit = 1; limit < 6; limit++)
        for (unsigned last = 0; last < 4; last++) {
            struct depot *depot = depot_new((struct inflight_settings){
                .life = 1, .attempts = limit, .visibility = LEASE});
            depot_add(depot, 2);
            for (unsigned i = 1; i <= limit; i++) {
                expect_equal("dead() was called", depot->dead, 0);
                fail_somehow(depot, i < limit ? i : last);
            }
            expect_equal("at the limit dead() was called", depot->dead, 1);
            expect_that(depot->told == depot->item, "dead() of that item",
                        "another one");
            expect_equal("failed() was called", depot->failed, limit - 1);
            expect_equal("the attempts of a dead item are",
                         depot->item->attempts, limit);
            expect_state("the state", depot->item, ITEM_OUT);
            expect_counts(depot, 1, 0, 0);
            expect_next(depot, 7, 2); /* It blocks nobody. */
            expect_next(depot, 7, 0);
            depot_free(depot);
        }
    only_death_is_no_news_of_ready_items();
}

static void attempts_are_counted_on_through_lives(void)
{
    struct depot *depot = depot_new((struct inflight_settings){
        .life = 1, .attempts = 3, .visibility = LEASE});
    depot_add(depot, 1);
    fail_somehow(depot, 0);
    depot_reboot(depot, 2);
    depot_add(depot, 1);
    expect_next(depot, 7, 1);
    depot_reboot(depot, 3); /* Nobody knows how that one ended. */
    depot_add(depot, 1);
    fail_somehow(depot, 1);
    depot_reboot(depot, 4);
    depot_add(depot, 1);
    expect_equal("dead() was called", depot->dead, 0);
    fail_somehow(depot, 2);
    expect_equal("dead() was called", depot->dead, 1);
    depot->item->attempts = 5; /* The limit was higher then. */
    depot_reboot(depot, 5);
    depot_add(depot, 1);
    expect_counts(depot, 1, 0, 0);
    fail_somehow(depot, 0);
    expect_equal("dead() was called", depot->dead, 2);
    depot_free(depot);
}

static void who_leaves_leaves_its_own(void)
{
    struct depot *depot = depot_usual();
    node_id holder[] = {7, 8, (node_id)1 << 32 | 7, UINT64_MAX, 7, 0, 7};
    uint64_t receipt[7];
    depot_add(depot, 8);
    for (unsigned i = 0; i < 7; i++)
        receipt[i] = expect_next(depot, holder[i], i + 1);
    depot_nack(depot, receipt[4], LEASE / 2);
    depot_leave(depot, 9); /* Who has nothing. */
    expect_counts(depot, 1, 6, 1);
    depot_leave(depot, 7);
    expect_counts(depot, 3, 4, 1);
    expect_equal("attempts are", depot->item[0].attempts, 1);
    expect_equal("attempts of its other one are", depot->item[6].attempts, 1);
    expect_worthless(depot, receipt[0]);
    expect_worthless(depot, receipt[6]);
    depot_leave(depot, UINT64_MAX);
    expect_counts(depot, 4, 3, 1);
    expect_next(depot, 7, 1);
    expect_next(depot, 8, 4);
    for (unsigned i = 1; i < 6; i++)
        if (i != 3 && i != 4)
            expect_item("inflight_ack of who stays",
                        depot_ack(depot, receipt[i]), i + 1);
    expect_equal("failed() was called", depot->failed, 4);
    expect_equal("ready() was called", depot->ready, 0);
    depot_free(depot);
}

static void it_is_removed_from_any_state(void)
{
    struct depot *depot = depot_usual();
    depot_add(depot, 6);
    uint64_t one = expect_next(depot, 7, 1), two = expect_next(depot, 7, 2);
    depot_nack(depot, one, 0);
    depot_nack(depot, two, LEASE);
    one = expect_next(depot, 7, 1);
    uint64_t three = expect_next(depot, 7, 3);
    depot_nack(depot, three, 0);
    for (unsigned i = 0; i < 6; i++) { /* 1 is taken, 2 delayed; 3 is back. */
        unsigned at = (i * 5 + 2) % 6;
        depot_remove(depot, &depot->item[at]);
        depot_remove(depot, &depot->item[at]);
        expect_state("the state", &depot->item[at], ITEM_OUT);
    }
    expect_counts(depot, 0, 0, 0);
    expect_worthless(depot, one);
    unsigned failed = depot->failed;
    depot_pass(depot, 1000 * SEC);
    expect_next(depot, 7, 0);
    expect_equal("failed() of what was removed was called",
                 depot->failed - failed, 0);
    depot_add(depot, 6); /* And added again. */
    for (unsigned id = 1; id <= 6; id++)
        expect_next(depot, 7, id);
    depot_free(depot);
}

#endif
