/* NewReno: each rule by itself, any course of events, and the square root. */
#include "03-transport/newreno.h"
#include "03-transport/test_controller.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include <math.h>
#include <string.h>

enum { S = 1400, MANY = 100, SEEDS = 200, STEPS = 400 };

/* ---- Expectations. ---- */

static struct controller *begin(size_t segment)
{
    struct controller *controller = newreno_new(segment);
    expect_that(controller, "newreno_new to return a controller", "NULL");
    return controller;
}

static void ack(struct controller *controller, size_t bytes, nsec sent)
{
    arrived(controller, bytes, sent, true);
}

static void expect_window(const char *when, struct controller *controller,
                          size_t wanted)
{
    g_autofree char *what = g_strdup_printf("the window %s is", when);
    expect_equal(what, controller_window(controller), wanted);
}

static void expect_threshold(const char *when, struct controller *controller,
                             size_t wanted)
{
    g_autofree char *what = g_strdup_printf("the threshold %s is", when);
    expect_equal(what, controller->threshold, wanted);
}

/* A window of bytes may be paid out bit by bit, or at its end. */
static void expect_about(const char *when, struct controller *controller,
                         size_t wanted)
{
    double off = (double)controller_window(controller) - (double)wanted;
    g_autofree char *text = g_strdup_printf(
        "a window %s of %zu, a segment more or less", when, wanted);
    expect_that(fabs(off) <= (double)controller->segment, text, "%zu",
                controller_window(controller));
}

/* In avoidance, with a window of so many segments, since one second. */
static struct controller *avoiding(size_t segments)
{
    struct controller *controller = begin(S);
    lose(controller, 2 * segments * S, SEC, SEC);
    expect_window("after a loss", controller, segments * S);
    return controller;
}

/* All of that arrives, in acks of so many bytes. */
static void arrive(struct controller *controller, size_t left, size_t bytes)
{
    for (; left > bytes; left -= bytes)
        ack(controller, bytes, 9 * SEC);
    ack(controller, left, 9 * SEC);
}

/* ---- Growing. ---- */

static void expect_beginnings(void)
{
    for (size_t segment = 100; segment < 10000; segment += 700) {
        struct controller *controller = begin(segment);
        expect_window("at the beginning", controller, 10 * segment);
        expect_threshold("at the beginning", controller, SIZE_MAX);
        expect_equal("bytes of a segment:", controller->segment, segment);
        expect_that(strcmp(controller->ops->name, "newreno") == 0,
                    "the name \"newreno\"", "\"%s\"", controller->ops->name);
        controller_free(controller);
    }
}

static void slow_start_begins_with_ten_and_grows_by_what_arrives(void)
{
    static const size_t sizes[] = {S, 1, 2 * S, 700, 3 * S, S - 1, 10 * S};
    struct controller *controller = begin(S);
    size_t wanted = 10 * S;
    expect_beginnings();
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ack(controller, sizes[i], 0);
        wanted += sizes[i];
        expect_window("in slow start", controller, wanted);
    }
    for (int round = 0; round < 5; round++) {
        wanted = 2 * controller_window(controller);
        arrive(controller, wanted / 2, S);
        expect_window("after a round trip of slow start", controller, wanted);
    }
    controller_free(controller);
}

/* The timer leaves a threshold of 20 segments, and a window of two. */
static void slow_start_ends_at_the_threshold(void)
{
    for (size_t bytes = 100; bytes <= 30 * S; bytes += 100) {
        struct controller *controller = begin(S);
        controller_expired(controller, 40 * S, SEC);
        size_t wanted = 2 * S;
        while (wanted < 20 * S) {
            ack(controller, bytes, 2 * SEC);
            wanted = MIN(wanted + bytes, 20 * S);
            expect_window("below its threshold", controller, wanted);
        }
        ack(controller, S, 2 * SEC);
        expect_that(controller_window(controller) <= 21 * S,
                    "avoidance from the threshold on, 21 S at most", "%zu",
                    controller_window(controller));
        controller_free(controller);
    }
}

static void avoidance_adds_a_segment_for_each_window(void)
{
    static const size_t windows[] = {2, 3, 10, 37, 100};
    for (size_t i = 0; i < G_N_ELEMENTS(windows); i++) {
        struct controller *controller = avoiding(windows[i]);
        for (size_t round = 1; round <= MANY; round++) {
            arrive(controller, (windows[i] + round - 1) * S, S);
            expect_about("after some round trips", controller,
                         (windows[i] + round) * S);
        }
        controller_free(controller);
    }
}

static void avoidance_counts_bytes_and_rounds_nothing_away(void)
{
    static const size_t sizes[] = {7,     13,    100,   S / 2,
                                   S - 1, S + 1, 2 * S, 5 * S};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct controller *controller = avoiding(60);
        for (size_t round = 1; round <= 10; round++) {
            arrive(controller, (60 + round - 1) * S, sizes[i]);
            expect_about("after round trips in small acks, or large ones",
                         controller, (60 + round) * S);
        }
        controller_free(controller);
    }
    struct controller *controller = avoiding(3000);
    for (size_t round = 1; round <= 10; round++) {
        arrive(controller, (3000 + round - 1) * S, S);
        expect_about("that is large", controller, (3000 + round) * S);
    }
    controller_free(controller);
    controller = avoiding(20);
    arrive(controller, (20 + 49) * 15 * S, 9 * S); /* 20, 21, .. 49. */
    expect_about("after round trips in very large acks", controller, 50 * S);
    controller_free(controller);
}

static void it_does_not_grow_when_it_does_not_hold_back(void)
{
    struct controller *controller = begin(S);
    for (int i = 0; i < MANY; i++)
        arrived(controller, S, 0, false);
    expect_window("in slow start, of a sender with little to send", controller,
                  10 * S);
    ack(controller, S, 0);
    expect_window("when it held back again", controller, 11 * S);
    controller_free(controller);
    controller = avoiding(20);
    for (int i = 0; i < MANY; i++)
        arrived(controller, S, 2 * SEC, false);
    expect_window("in avoidance, of a sender with little to send", controller,
                  20 * S);
    for (int i = 0; i < 10; i++)
        ack(controller, S, 2 * SEC);
    expect_that(controller_window(controller) < 21 * S,
                "bytes of acks that were not limited not to count later",
                "a window of %zu", controller_window(controller));
    controller_free(controller);
}

/* ---- A loss. ---- */

static void a_loss_leaves_half_of_what_flew(void)
{
    static const size_t flying[] = {0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 40};
    for (size_t i = 0; i < G_N_ELEMENTS(flying); i++)
        for (int grown = 0; grown < 2; grown++) {
            struct controller *controller = begin(S);
            if (grown > 0)
                arrive(controller, 10 * S, S);
            size_t wanted = MAX(flying[i] * S / 2, 2 * S);
            lose(controller, flying[i] * S, 2 * SEC, 3 * SEC);
            expect_threshold("after a loss", controller, wanted);
            expect_window("after a loss", controller, wanted);
            ack(controller, S, 4 * SEC);
            expect_about("after a loss, and an ack", controller, wanted);
            controller_free(controller);
        }
}

static void losses_of_one_event_are_answered_once(void)
{
    struct controller *controller = begin(S);
    lose(controller, 80 * S, SEC, 3 * SEC);
    for (nsec sent = 0; sent <= 3 * SEC; sent += SEC / 8) {
        lose(controller, 40 * S, sent, 4 * SEC);
        expect_window("after a loss of the same event", controller, 40 * S);
        expect_threshold("after a loss of the same event", controller, 40 * S);
    }
    lose(controller, 40 * S, 3 * SEC + 1, 5 * SEC);
    expect_window("after another event", controller, 20 * S);
    lose(controller, 20 * S, 5 * SEC, 6 * SEC);
    expect_window("after a second loss of that", controller, 20 * S);
    lose(controller, 20 * S, 5 * SEC + 1, 6 * SEC);
    expect_window("after a third event", controller, 10 * S);
    ack(controller, S, 7 * SEC); /* It is over. */
    lose(controller, 10 * S, 6 * SEC, 8 * SEC);
    expect_about("after an old loss, when it is over", controller, 10 * S);
    expect_threshold("after an old loss, when it is over", controller, 10 * S);
    controller_free(controller);
}

static void acks_of_the_event_do_not_make_it_grow(void)
{
    struct controller *controller = begin(S);
    lose(controller, 40 * S, SEC, 3 * SEC);
    for (int i = 0; i < MANY; i++)
        ack(controller, S, (nsec)(i % 25) * SEC / 8);
    expect_window("while it recovers", controller, 20 * S);
    ack(controller, 5 * S, 3 * SEC);
    expect_window("after acks of what was sent at that moment", controller,
                  20 * S);
    for (int i = 0; i < 10; i++)
        ack(controller, S, 3 * SEC + 1);
    expect_that(controller_window(controller) < 21 * S,
                "bytes of the event not to count later", "a window of %zu",
                controller_window(controller));
    for (int i = 0; i < 10; i++)
        ack(controller, S, 4 * SEC);
    expect_about("when it is over", controller, 21 * S);
    size_t before = controller_window(controller);
    for (int i = 0; i < MANY; i++)
        ack(controller, S, 3 * SEC);
    expect_window("after old acks, when it is over", controller, before);
    for (int i = 0; i < 22 + 23 + 24; i++)
        ack(controller, S, 5 * SEC);
    expect_about("some round trips later", controller, 24 * S);
    controller_free(controller);
}

static void time_may_begin_at_nothing(void)
{
    struct controller *controller = begin(S);
    ack(controller, S, 0);
    expect_window("after an ack of what was sent at 0", controller, 11 * S);
    lose(controller, 10 * S, 0, 0);
    expect_window("after a loss at 0", controller, 5 * S);
    lose(controller, 5 * S, 0, 1);
    expect_window("after a second loss of that", controller, 5 * S);
    lose(controller, 8 * S, 1, 1);
    expect_window("after a loss of what was sent later", controller, 4 * S);
    controller_free(controller);
    controller = begin(S);
    controller_expired(controller, 10 * S, 0);
    ack(controller, S, 0);
    expect_window("after the timer, and an ack, at 0", controller, 2 * S);
    ack(controller, S, 1);
    expect_window("after an ack of what was sent later", controller, 3 * S);
    controller_free(controller);
}

/* ---- The timer. ---- */

static void the_timer_begins_from_the_beginning(void)
{
    static const size_t flying[] = {0, 1, 2, 3, 4, 5, 6, 10, 40};
    for (size_t i = 0; i < G_N_ELEMENTS(flying); i++) {
        struct controller *controller = begin(S);
        size_t wanted = MAX(flying[i] * S / 2, 2 * S);
        ack(controller, S, 0);
        controller_expired(controller, flying[i] * S, 3 * SEC);
        expect_threshold("after the timer", controller, wanted);
        expect_window("after the timer", controller, CONTROLLER_LEAST * S);
        lose(controller, 10 * S, 3 * SEC, 4 * SEC);
        expect_threshold("after a loss of the same event", controller, wanted);
        expect_window("after a loss of the same event", controller,
                      CONTROLLER_LEAST * S);
        for (int j = 0; j < MANY; j++)
            ack(controller, S, (nsec)(j % 4) * SEC);
        expect_window("after acks of the same event", controller,
                      CONTROLLER_LEAST * S);
        lose(controller, 8 * S, 3 * SEC + 1, 4 * SEC);
        expect_window("after a loss of what was sent later", controller, 4 * S);
        controller_free(controller);
    }
}

/* While nothing arrives, what flies says nothing of the path. */
static void a_timer_that_fires_again_keeps_the_threshold(void)
{
    struct controller *controller = begin(S);
    controller_expired(controller, 40 * S, SEC);
    for (nsec i = 2; i < 10; i++) {
        controller_expired(controller, 2 * S, i * SEC);
        expect_threshold("when the timer fired again", controller, 20 * S);
        expect_window("when the timer fired again", controller, 2 * S);
    }
    controller_free(controller);
    for (int limited = 0; limited < 2; limited++)
        for (nsec sent = 0; sent < 3 * SEC; sent += 2 * SEC) {
            controller = begin(S);
            controller_expired(controller, 40 * S, SEC);
            arrived(controller, S, sent, limited > 0);
            controller_expired(controller, 12 * S, 3 * SEC);
            expect_threshold("when something arrived between", controller,
                             6 * S);
            controller_expired(controller, 40 * S, 5 * SEC);
            expect_threshold("when nothing did", controller, 6 * S);
            controller_free(controller);
        }
}

static void a_loss_before_the_timer_is_another_event(void)
{
    struct controller *controller = begin(S);
    lose(controller, 80 * S, SEC, 2 * SEC);
    controller_expired(controller, 60 * S, 3 * SEC);
    expect_threshold("after a loss, and the timer", controller, 30 * S);
    lose(controller, 10 * S, 2 * SEC + 1, 4 * SEC);
    expect_threshold("after a loss of the timer's event", controller, 30 * S);
    for (int i = 0; i < MANY; i++)
        ack(controller, S, 2 * SEC + 1);
    expect_window("after acks of the timer's event", controller, 2 * S);
    for (int i = 0; i < 28; i++)
        ack(controller, S, 3 * SEC + 1);
    expect_window("in slow start, up to the threshold", controller, 30 * S);
    arrive(controller, (30 + 31) * S, S);
    expect_about("and then in avoidance", controller, 32 * S);
    controller_free(controller);
}

/* ---- All of it. ---- */

/* By the rules, with bytes that are counted until they make a window. */
struct model {
    double window, threshold, counted;
    bool answered, silent;
    nsec answer;
};

static void model_ack(struct model *model, double bytes, bool limited,
                      nsec sent)
{
    model->silent = false;
    if (!limited || (model->answered && sent <= model->answer))
        return;
    if (model->window < model->threshold)
        model->window = fmin(model->window + bytes, model->threshold);
    else if ((model->counted += bytes) >= model->window) {
        model->counted -= model->window;
        model->window += S;
    }
}

/* A loss, or the timer. */
static void model_answer(struct model *model, double flying, nsec now,
                         bool timer)
{
    if (!timer || !model->silent)
        model->threshold = fmax(flying / 2, 2 * S);
    model->window = timer ? 2 * S : model->threshold;
    model->counted = 0;
    model->answered = true;
    model->answer = now;
    model->silent = model->silent || timer;
}

static void step(struct controller *controller, struct model *model,
                 struct dice *dice, nsec now)
{
    nsec sent = now - dice_between(dice, 0, 80 * MSEC);
    bool old = model->answered && sent <= model->answer;
    size_t flying = 2 * dice_between(dice, 0, 40 * S);
    uint64_t kind = dice_between(dice, 0, 99);
    if (kind < 2) {
        controller_expired(controller, flying, now);
        model_answer(model, (double)flying, now, true);
    } else if (kind < 10 && (old || !model->silent)) {
        lose(controller, flying, sent, now);
        if (!old)
            model_answer(model, (double)flying, now, false);
    } else {
        bool limited = dice_between(dice, 0, 4) > 0;
        size_t bytes = dice_between(dice, 1, 2 * S);
        arrived(controller, bytes, sent, limited);
        model_ack(model, (double)bytes, limited, sent);
    }
}

static void expect_two_senders_apart(void)
{
    struct controller *one = begin(S), *two = begin(S);
    lose(one, 40 * S, SEC, 2 * SEC);
    ack(two, S, SEC);
    expect_window("of another sender, which lost nothing", two, 11 * S);
    lose(two, 10 * S, SEC, SEC);
    expect_window("of another sender, which lost as well", two, 5 * S);
    ack(one, S, SEC);
    lose(two, 8 * S, SEC + SEC / 2, SEC + SEC / 2);
    expect_window("of another sender, which lost again", two, 4 * S);
    for (int i = 0; i < 19; i++)
        ack(one, S, 3 * SEC);
    for (int i = 0; i < 4; i++)
        ack(two, S, 3 * SEC);
    controller_expired(one, 40 * S, 4 * SEC);
    controller_expired(two, 12 * S, 4 * SEC);
    expect_threshold("of the first", one, 20 * S);
    expect_threshold("of the second", two, 6 * S);
    controller_free(one);
    controller_free(two);
}

static void any_course_of_events_obeys_the_rules(void)
{
    for_each_seed (seed, SEEDS) {
        struct dice dice = dice_at(seed, 1, 1);
        struct controller *controller = begin(S);
        struct model model = {.window = 10 * S, .threshold = (double)SIZE_MAX};
        nsec now = SEC;
        for (int i = 0; i < STEPS; i++) {
            now += dice_between(&dice, 0, 9 * MSEC);
            step(controller, &model, &dice, now);
            expect_about("after any events", controller, (size_t)model.window);
            expect_that((double)controller->threshold == model.threshold,
                        "the threshold of the rules", "%zu, and not %.0f",
                        controller->threshold, model.threshold);
            expect_that(controller_window(controller) >= CONTROLLER_LEAST * S,
                        "two segments at least", "%zu",
                        controller_window(controller));
        }
        controller_free(controller);
    }
    expect_two_senders_apart();
}

/* When each 1 / p-th is lost, the mean window is the root of 3 / 2p segments. */
static void over_many_losses_the_window_is_the_square_root(void)
{
    static const uint64_t periods[] = {200, 1000, 5000};
    for (size_t i = 0; i < G_N_ELEMENTS(periods); i++) {
        struct fluid fluid = {
            .rtt = 50 * MSEC,
            .period = periods[i],
            .before = 10,
            .losses = 40,
        };
        struct controller *controller = begin(S);
        double mean = fluid_window(&fluid, controller);
        double wanted = sqrt(1.5 * (double)periods[i]);
        g_autofree char *text = g_strdup_printf(
            "a mean window of %.1f segments, a tenth more or less, when one of "
            "%u is lost",
            wanted, (unsigned)periods[i]);
        expect_that(fabs(mean / wanted - 1) < .1, text, "%.1f", mean);
        controller_free(controller);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(slow_start_begins_with_ten_and_grows_by_what_arrives),
        GRADED(slow_start_ends_at_the_threshold),
        GRADED(avoidance_adds_a_segment_for_each_window),
        GRADED(avoidance_counts_bytes_and_rounds_nothing_away),
        GRADED(it_does_not_grow_when_it_does_not_hold_back),
        GRADED(a_loss_leaves_half_of_what_flew),
        GRADED(losses_of_one_event_are_answered_once),
        GRADED(acks_of_the_event_do_not_make_it_grow),
        GRADED(time_may_begin_at_nothing),
        GRADED(the_timer_begins_from_the_beginning),
        GRADED(a_timer_that_fires_again_keeps_the_threshold),
        GRADED(a_loss_before_the_timer_is_another_event),
        GRADED(any_course_of_events_obeys_the_rules),
        GRADED(over_many_losses_the_window_is_the_square_root),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
