/*
 * Deliveries: each sentence of the header on its own; any history beside a
 * model; many items in the worst order; and a small queue with workers in a
 * world that loses and crashes.
 */
#include "04-queues/test_inflight_failures.h"
#include "04-queues/test_inflight_model.h"
#include "04-queues/test_inflight_yard.h"

/* So many, where it is about the cost of each. */
enum { MANY = 50000 };

/* ---- Order. ---- */

static void any_ids_are_taken_in_order(void)
{
    static const uint64_t ids[] = {5, 9, 7, 1, UINT64_MAX, 8, 1ul << 32, 2};
    static const uint64_t order[] = {1, 2, 5, 7, 8, 9, 1ul << 32, UINT64_MAX};
    struct depot *depot = depot_usual();
    expect_next(depot, 7, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
        depot->item[i].id = ids[i];
        depot_add_one(depot, &depot->item[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++)
        expect_next(depot, 7, order[i]);
    expect_next(depot, 7, 0);
    depot_free(depot);
}

static void the_least_id_is_taken_first(void)
{
    any_ids_are_taken_in_order();
    struct depot *depot = depot_usual();
    uint64_t receipt[6];
    depot_add(depot, 8);
    for (unsigned i = 0; i < 6; i++)
        receipt[i] = expect_next(depot, i, i + 1);
    depot_nack(depot, receipt[3], 0);
    depot_nack(depot, receipt[1], 0);
    depot_nack(depot, receipt[4], 0);
    expect_next(depot, 7, 2);
    depot_leave(depot, 0);
    expect_next(depot, 7, 1);
    expect_next(depot, 7, 4);
    depot_touch(depot, receipt[2]);
    depot_pass(depot, LEASE); /* All are back, in whatever order. */
    for (unsigned id = 1; id <= 8; id++)
        expect_next(depot, 7, id);
    expect_next(depot, 7, 0);
    depot_free(depot);
}

/* ---- Leases and receipts. ---- */

static void a_lease_has_holder_receipt_and_end(void)
{
    static const uint32_t lives[] = {3, 2, 77, (1 << 24) - 1};
    for (unsigned i = 0; i < G_N_ELEMENTS(lives); i++) {
        struct depot *depot = depot_new((struct inflight_settings){
            .life = lives[i], .visibility = LEASE + i});
        uint64_t first = ((uint64_t)lives[i] << INFLIGHT_SHIFT) + 1;
        depot_add(depot, 3);
        expect_counts(depot, 3, 0, 0);
        for (unsigned n = 0; n < 3; n++) {
            const struct item *item = &depot->item[n];
            node_id holder = UINT64_MAX - n;
            expect_equal("the receipt less the first one is",
                         expect_next(depot, holder, n + 1) - first, n);
            expect_state("the state", item, ITEM_TAKEN);
            expect_that(item->holder == holder, "the holder to be kept, whole",
                        "another one");
            expect_equal("the lease, in ns, lasts", item->until - depot->now,
                         LEASE + i);
            expect_counts(depot, 2 - n, 1 + n, 0);
            depot_pass(depot, MSEC);
        }
        depot_free(depot);
    }
}

static void nobody_else_takes_it_while_the_lease_lasts(void)
{
    struct depot *depot = depot_usual();
    const struct item *item = depot->item;
    depot_add(depot, 1);
    for (unsigned times = 1; times < 5; times++) {
        expect_next(depot, times, 1);
        depot_pass(depot, LEASE - 1);
        expect_next(depot, 7, 0);
        expect_equal("the holder, a nanosecond before the end, is",
                     item->holder, times);
        expect_counts(depot, 0, 1, 0);
        depot_pass(depot, 1);
        expect_state("at the end, the state", item, ITEM_READY);
        expect_equal("ready() was called", depot->ready, times);
        expect_equal("failed() was called", depot->failed, times);
        expect_equal("attempts are", item->attempts, times);
    }
    depot_free(depot);
}

static void an_ack_in_time_ends_it(void)
{
    struct depot *depot = depot_usual();
    depot_add(depot, 2);
    uint64_t one = expect_next(depot, 7, 1), two = expect_next(depot, 8, 2);
    depot_pass(depot, LEASE - 1);
    expect_item("inflight_ack", depot_ack(depot, two), 2);
    expect_state("the state", &depot->item[1], ITEM_OUT);
    expect_counts(depot, 0, 1, 0);
    expect_worthless(depot, two);
    expect_worthless(depot, two + 1);
    expect_worthless(depot, one - 1);
    expect_worthless(depot, 0);
    expect_item("inflight_ack", depot_ack(depot, one), 1);
    expect_counts(depot, 0, 0, 0);
    depot_pass(depot, HUGE);
    expect_next(depot, 7, 0);
    expect_equal("ready() was called", depot->ready, 0);
    expect_equal("failed() was called", depot->failed, 0);
    depot_add(depot, 2); /* What is out may be added again. */
    expect_next(depot, 7, 1);
    expect_worthless(depot, one);
    depot_free(depot);
}

static void at_the_end_its_receipt_is_worth_nothing(void)
{
    for (nsec late = 0; late < 3 * LEASE; late += LEASE / 3) {
        struct depot *depot = depot_usual();
        depot_add(depot, 2);
        uint64_t one = expect_next(depot, 7, 1);
        depot_pass(depot, LEASE / 2);
        uint64_t two = expect_next(depot, 8, 2);
        depot_sleep(depot, LEASE / 2 + late); /* No timer has fired. */
        expect_worthless(depot, one);
        if (late >= LEASE / 2)
            expect_worthless(depot, two);
        depot_pass(depot, 0);
        expect_equal("attempts, after a late timer, are",
                     depot->item[0].attempts, 1);
        expect_equal("attempts of the other are", depot->item[1].attempts,
                     late >= LEASE / 2);
        expect_next(depot, 9, 1);
        depot_free(depot);
    }
}

static void a_late_ack_takes_nothing_from_the_next_holder(void)
{
    struct depot *depot = depot_usual();
    uint64_t old[5];
    depot_add(depot, 1);
    for (unsigned i = 0; i < 5; i++) {
        old[i] = expect_next(depot, 7, 1); /* Always the same holder. */
        for (unsigned n = 0; n < i; n++)
            expect_worthless(depot, old[n]);
        expect_state("the state", depot->item, ITEM_TAKEN);
        expect_equal("the lease, in ns, lasts", depot->item->until - depot->now,
                     LEASE);
        if (i % 2)
            depot_nack(depot, old[i], 0);
        else
            depot_pass(depot, LEASE);
        expect_worthless(depot, old[i]);
    }
    uint64_t last = expect_next(depot, 8, 1);
    expect_equal("attempts are", depot->item->attempts, 5);
    expect_item("inflight_ack by its holder", depot_ack(depot, last), 1);
    depot_free(depot);
}

static void receipts_of_an_earlier_life_are_worth_nothing(void)
{
    struct depot *depot = depot_usual();
    uint64_t old[12];
    for (uint32_t life = 1; life <= 4; life++) {
        depot_add(depot, 3);
        for (unsigned i = 0; i < 3; i++)
            old[3 * (life - 1) + i] = expect_next(depot, 7, i + 1);
        for (unsigned n = 0; n < 3 * (life - 1); n++)
            expect_worthless(depot, old[n]);
        expect_counts(depot, 0, 3, 0);
        depot_reboot(depot, life + 1);
    }
    expect_equal("failed() was called", depot->failed, 0);
    depot_free(depot);
}

static void touched_its_lease_begins_anew(void)
{
    struct depot *depot = depot_usual();
    uint64_t receipt[3];
    depot_add(depot, 3);
    for (unsigned i = 0; i < 3; i++)
        receipt[i] = expect_next(depot, 7, i + 1);
    for (unsigned i = 0; i < 20; i++) {
        depot_pass(depot, LEASE / 4 + (i % 2) * (LEASE / 4));
        expect_equal("inflight_touch returns", depot_touch(depot, receipt[0]),
                     true);
        expect_equal("after a touch the lease, in ns, lasts",
                     depot->item->until - depot->now, LEASE);
        if (i < 1)
            depot_touch(depot, receipt[1]);
    }
    expect_equal("attempts of item 1, touched again and again, are",
                 depot->item[0].attempts, 0);
    expect_equal("attempts of item 2, touched once, are",
                 depot->item[1].attempts, 1);
    expect_equal("attempts of item 3, not touched, are",
                 depot->item[2].attempts, 1);
    depot_pass(depot, LEASE - 1);
    expect_state("the state", &depot->item[0], ITEM_TAKEN);
    depot_pass(depot, 1);
    expect_state("at the new end the state", &depot->item[0], ITEM_READY);
    expect_worthless(depot, receipt[0]);
    depot_free(depot);
}

/* ---- Time. ---- */

static void what_lasts_for_ever_does_not_end(void)
{
    struct depot *depot = depot_new((struct inflight_settings){
        .life = 1, .attempts = 1, .visibility = UINT64_MAX});
    depot_add(depot, 3);
    uint64_t receipt = expect_next(depot, 7, 1);
    expect_next(depot, 8, 2);
    for (unsigned i = 0; i < 3; i++) {
        depot_pass(depot, (nsec)3 << 60);
        expect_counts(depot, 1, 2, 0);
        expect_equal("inflight_touch returns", depot_touch(depot, receipt),
                     true);
    }
    expect_item("inflight_ack", depot_ack(depot, receipt), 1);
    depot_free(depot);
}

static void each_end_comes_in_its_time(void)
{
    struct depot *depot = depot_usual();
    depot_add(depot, 4);
    uint64_t receipt = expect_next(depot, 7, 1);
    depot_pass(depot, 10 * MSEC);
    expect_next(depot, 7, 2);
    depot_nack(depot, expect_next(depot, 7, 3), 20 * MSEC);
    depot_nack(depot, expect_next(depot, 7, 4), 40 * MSEC);
    for (unsigned ms = 10; ms < 200; ms++) { /* Four ends: 30, 50, 100, 110. */
        unsigned ready = ms < 30 ? 0 : ms < 50 ? 1 : ms < 110 ? 2 : 3;
        expect_equal("ready() was called", depot->ready, ready);
        expect_counts(depot, ready, ms < 60 ? 2 : ms < 110,
                      ms < 30 ? 2 : ms < 50);
        if (ms == 59) {
            depot_pass(depot, MSEC);
            depot_ack(depot, receipt);
            continue;
        }
        depot_pass(depot, MSEC);
    }
    expect_next(depot, 7, 2); /* And now a timer is armed. */
    depot_free(depot);
    what_lasts_for_ever_does_not_end();
}

/* ---- Who is told. ---- */

/* It takes all there is, and adds one more. */
static void take_and_add(struct depot *depot)
{
    unsigned limit = depot->settings.attempts;
    for (unsigned i = 0; i < depot->added; i++)
        expect_that(depot->item[i].state != ITEM_OUT ||
                        (limit && depot->item[i].attempts >= limit),
                    "only dead items to be OUT, as somebody is told",
                    "item %u OUT", i + 1);
    while (depot_take(depot, 9))
        ;
    if (depot->added < ITEMS)
        depot_add_one(depot, &depot->item[depot->added++]);
}

static void who_is_told_may_take_and_add(void)
{
    for (unsigned limit = 0; limit < 3; limit++) {
        struct depot *depot = depot_new((struct inflight_settings){
            .life = 1, .attempts = limit, .visibility = LEASE});
        depot_add(depot, 20);
        for (unsigned i = 0; i < 10; i++)
            expect_next(depot, 7 + i % 2, i + 1);
        depot_nack(depot, depot->item[3].receipt, LEASE / 2);
        depot->then = take_and_add;
        depot_leave(depot, 7);
        depot_nack(depot, depot->item[1].receipt, 0);
        depot_pass(depot, 3 * LEASE);
        unsigned in = 0;
        for (unsigned i = 0; i < ITEMS; i++)
            in += depot->item[i].state != ITEM_OUT;
        struct inflight *inflight = depot->inflight;
        expect_equal("READY, TAKEN and DELAYED together are",
                     inflight_count(inflight, ITEM_READY) +
                         inflight_count(inflight, ITEM_TAKEN) +
                         inflight_count(inflight, ITEM_DELAYED),
                     in);
        expect_that(depot->failed + depot->dead >= 10, "ten failures or more",
                    "%u", depot->failed + depot->dead);
        depot->then = NULL;
        depot_leave(depot, 9);
        depot_leave(depot, 8);
        expect_equal("when all have left, TAKEN is",
                     inflight_count(inflight, ITEM_TAKEN), 0);
        depot_free(depot);
    }
}

/* ---- Cost. ---- */

/* All are taken, and come back in this order: the first, the last, backwards,
 * or as if drawn. */
static unsigned order_of(unsigned i, unsigned how)
{
    return how == 0 ? i : how == 1 ? MANY - 1 - i : i * 7919 % MANY;
}

static void come_back(struct depot *depot, struct item *items, unsigned how)
{
    struct inflight *inflight = depot->inflight;
    for (unsigned i = 0; i < MANY; i++)
        inflight_take(inflight, 7);
    expect_counts(depot, 0, MANY, 0);
    for (unsigned i = 0; i < MANY; i++) {
        struct item *item = &items[order_of(i, how % 3)];
        if (how < 3)
            inflight_nack(inflight, item->receipt, 0);
        else if (how < 6)
            inflight_nack(inflight, item->receipt, 1 + i * 7919 % MANY);
        else
            inflight_touch(inflight, item->receipt);
    }
    depot_pass(depot, how < 3 ? 0 : how < 6 ? MANY : LEASE);
    expect_counts(depot, MANY, 0, 0);
}

static void many_come_back_in_the_worst_order(void)
{
    struct depot *depot = depot_usual();
    depot->quiet = true;
    struct item *items = g_new0(struct item, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        items[i].id = i + 1;
        inflight_add(depot->inflight, &items[i]);
    }
    for (unsigned how = 0; how < 7; how++)
        come_back(depot, items, how);
    for (unsigned i = 0; i < MANY; i++)
        expect_next(depot, 7, i + 1);
    for (unsigned i = MANY; i-- > 0;)
        inflight_ack(depot->inflight, items[i].receipt);
    expect_counts(depot, 0, 0, 0);
    depot_free(depot);
    g_free(items);
}

/* ---- All together. ---- */

static void any_history_is_as_the_model_says(void)
{
    for_each_seed (seed, 200)
        play_history(seed);
}

static void through_crashes_each_is_done_or_dead(void)
{
    for_each_seed (seed, 25)
        play_yard(seed);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(the_least_id_is_taken_first),
        GRADED(a_lease_has_holder_receipt_and_end),
        GRADED(nobody_else_takes_it_while_the_lease_lasts),
        GRADED(an_ack_in_time_ends_it),
        GRADED(at_the_end_its_receipt_is_worth_nothing),
        GRADED(a_late_ack_takes_nothing_from_the_next_holder),
        GRADED(receipts_of_an_earlier_life_are_worth_nothing),
        GRADED(touched_its_lease_begins_anew),
        GRADED(given_back_it_is_ready_at_once),
        GRADED(others_pass_what_is_delayed),
        GRADED(each_failure_counts_once),
        GRADED(after_so_many_failures_it_is_dead),
        GRADED(attempts_are_counted_on_through_lives),
        GRADED(who_leaves_leaves_its_own),
        GRADED(it_is_removed_from_any_state),
        GRADED(each_end_comes_in_its_time),
        GRADED(who_is_told_may_take_and_add),
        GRADED(many_come_back_in_the_worst_order),
        GRADED(any_history_is_as_the_model_says),
        GRADED(through_crashes_each_is_done_or_dead),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
