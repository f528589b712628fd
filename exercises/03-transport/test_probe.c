/* The zero-window probe: when it begins, how it goes on, and what ends it. */
#include "03-transport/probe.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include <string.h>

enum { STEPS = 300, SEEDS = 100, LOTS = 1 << 20, FOREVER = 10000 };

#define FIRST   (200 * MSEC)
#define LONGEST (60 * SEC)

static struct probe begin(nsec first, nsec longest)
{
    struct probe probe;
    memset(&probe, 0xa5, sizeof probe); /* No memory is empty by itself. */
    probe_init(&probe, first, longest);
    return probe;
}

/* One that waits, and has sent @p times. */
static struct probe waiting(int times)
{
    struct probe probe = begin(FIRST, LONGEST);
    probe_update(&probe, 0, 1, 0);
    for (int i = 0; i < times; i++)
        probe_expire(&probe);
    return probe;
}

/* ---- Rules. ---- */

static void it_probes_when_nothing_else_can_move(void)
{
    static const uint32_t windows[] = {0, 1, 1400, UINT32_MAX};
    static const size_t sizes[] = {0, 1, 1400, LOTS};
    for (int i = 0; i < 4 * 4 * 4; i++) {
        struct probe probe = begin(FIRST, LONGEST);
        uint32_t window = windows[i % 4];
        size_t wait = sizes[i / 4 % 4], fly = sizes[i / 16];
        g_autofree char *what =
            g_strdup_printf("window %u, waiting %zu, flying %zu: the wait is",
                            window, wait, fly);
        bool due = window == 0 && wait > 0 && fly == 0;
        expect_equal(what, probe_update(&probe, window, wait, fly),
                     due ? FIRST : 0);
    }
}

static void expect_doubling(nsec first, nsec longest)
{
    struct probe probe = begin(first, longest);
    nsec wanted = first;
    expect_equal("the first wait is", probe_update(&probe, 0, 7, 0), first);
    for (int i = 0; i < STEPS; i++) {
        wanted = MIN(2 * wanted, longest);
        expect_equal("the wait after a probe is", probe_expire(&probe), wanted);
        if (i % 2 == 0) /* It is answered: still nothing. */
            expect_equal("the wait after an answer is",
                         probe_update(&probe, 0, 7, 0), wanted);
    }
}

static void each_wait_is_twice_the_one_before(void)
{
    expect_doubling(FIRST, LONGEST);
    expect_doubling(FIRST, FIRST);
    expect_doubling(FIRST, FIRST + 1);
    expect_doubling(FIRST, 2 * FIRST - 1);
    expect_doubling(FIRST, 2 * FIRST);
    expect_doubling(1, 1024);
    expect_doubling(3 * SEC, 100 * SEC);
    struct probe probe = waiting(0);
    for (int i = 0; i < FOREVER; i++)
        expect_that(probe_expire(&probe) > 0, "it never to give up",
                    "a wait of 0 after %d probes", i + 1);
}

static void expect_more_data_to_change_nothing(void)
{
    for (int times = 0; times < 12; times++) {
        struct probe probe = waiting(times);
        nsec before = MIN(FIRST << times, LONGEST);
        for (size_t size = 1; size < LOTS; size *= 2)
            expect_equal("the wait, with more to send, is",
                         probe_update(&probe, 0, size, 0), before);
        expect_equal("the wait, with less to send, is",
                     probe_update(&probe, 0, 1, 0), before);
        expect_equal("and the next one is", probe_expire(&probe),
                     MIN(2 * before, LONGEST));
    }
}

static void what_flies_holds_it_up_and_more_data_changes_nothing(void)
{
    for (int times = 0; times < 12; times++) {
        struct probe probe = waiting(times);
        nsec before = MIN(FIRST << times, LONGEST);
        expect_equal("the wait, while the probe flies, is",
                     probe_update(&probe, 0, 1, 1), 0);
        expect_equal("the same, asked again, is",
                     probe_update(&probe, 0, LOTS, LOTS), 0);
        expect_equal("the wait, when nothing flies any more, is",
                     probe_update(&probe, 0, 1, 0), before);
        expect_equal("and the next one is", probe_expire(&probe),
                     MIN(2 * before, LONGEST));
    }
    struct probe probe = begin(FIRST, LONGEST);
    expect_equal("the wait, while all that was sent flies, is",
                 probe_update(&probe, 0, 1, LOTS), 0);
    expect_equal("the first wait, when it has arrived, is",
                 probe_update(&probe, 0, 1, 0), FIRST);
    expect_more_data_to_change_nothing();
}

static void a_window_or_nothing_to_send_ends_it(void)
{
    static const uint32_t windows[] = {1, 1400, 0, 0, 1, UINT32_MAX};
    static const size_t sizes[] = {1, LOTS, 0, 0, 0, 1};
    static const size_t flying[] = {0, 0, 0, 1, 0, 1};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (int times = 0; times < 12; times++) {
            struct probe probe = waiting(times);
            expect_equal("the wait, when it has ended, is",
                         probe_update(&probe, windows[i], sizes[i], flying[i]),
                         0);
            expect_equal("the first wait of the next time is",
                         probe_update(&probe, 0, 1, 0), FIRST);
            expect_equal("and the second is", probe_expire(&probe), 2 * FIRST);
        }
}

/* Beside a model that counts the probes of two senders in turn. */
static void any_course_of_events_obeys_the_rules(void)
{
    for_each_seed (seed, SEEDS) {
        struct dice dice = dice_at(seed, 1, 1);
        struct probe probe[2] = {begin(FIRST, LONGEST), begin(SEC, 9 * SEC)};
        nsec wanted[2] = {0, 0};
        for (int i = 0; i < STEPS; i++) {
            int who = (int)dice_between(&dice, 0, 1);
            nsec *wait = &wanted[who];
            if (*wait > 0 && dice_between(&dice, 0, 1) > 0) {
                *wait = MIN(2 * *wait, probe[who].longest);
                expect_equal("the next wait is", probe_expire(&probe[who]),
                             *wait);
                continue;
            }
            uint32_t window = dice_between(&dice, 0, 9) == 0;
            size_t data = dice_between(&dice, 0, 9);
            size_t flying = dice_between(&dice, 0, 3) == 0;
            if (window > 0 || data == 0)
                *wait = 0;
            else if (*wait == 0 && flying == 0)
                *wait = probe[who].first;
            expect_equal("the wait is",
                         probe_update(&probe[who], window, data, flying),
                         flying > 0 ? 0 : *wait);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(it_probes_when_nothing_else_can_move),
        GRADED(each_wait_is_twice_the_one_before),
        GRADED(what_flies_holds_it_up_and_more_data_changes_nothing),
        GRADED(a_window_or_nothing_to_send_ends_it),
        GRADED(any_course_of_events_obeys_the_rules),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
