/* Requests that come again, beside a model that keeps all that was done; and at
 * last a bank, whose sum must be right. */
#include "04-queues/test_dedupe_bytes.h"
#include "04-queues/test_ledger.h"

/* ---- Requests of one. ---- */

static void a_request_is_new_until_it_is_done(void)
{
    struct till *till = till_new((struct dedupe_settings){4, 8, SEC});
    for (uint64_t seq = 1; seq < 5; seq++) {
        ask(till, 7, seq);
        ask(till, 7, seq);
        ask(till, 8, seq); /* A number of another one is another request. */
        done(till, 7, seq);
        ask(till, 7, seq);
        ask(till, 8, seq);
        ask(till, 7, seq + 1);
        if (seq % 2)
            done(till, 8, seq);
    }
    ask_all(till, 1, 6);
    till_free(till);
}

static void a_retry_gets_the_first_answer(void)
{
    static const uint64_t answers[] = {0, 1, INT64_MAX, 77, 77, 0, 3, 256};
    struct till *till = till_new((struct dedupe_settings){4, 8, SEC});
    for (uint64_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        ask(till, 3, i + 1);
        log_done(till, (struct deed){3, i + 1, answers[i]});
        for (unsigned again = 0; again < 3; again++)
            ask_all(till, 1, 8);
    }
    for (uint64_t seq = 8; seq >= 1; seq--) /* From a log: done again. */
        log_done(till, (struct deed){3, seq, 5 + seq});
    ask_all(till, 1, 8);
    till_free(till);
}

/* Five requests under way, asked in each order, and done in another one. */
static void requests_come_and_are_done_in_any_order(void)
{
    for (unsigned order = 0; order < 120; order++) {
        struct till *till = till_new((struct dedupe_settings){4, 5, SEC});
        uint64_t seqs[] = {1, 2, 3, 4, 5};
        for (unsigned n = 5, rest = order; n > 0; rest /= n, n--) {
            uint64_t seq = seqs[rest % n];
            seqs[rest % n] = seqs[n - 1];
            ask(till, 9, seq);
            done(till, 9, 1 + (seq + order) % 5);
            ask_all(till, 1, 6);
        }
        till_free(till);
    }
}

static void what_was_never_done_stays_new(void)
{
    struct till *till = till_new((struct dedupe_settings){4, 10, SEC});
    for (uint64_t seq = 2; seq < 60; seq += 1 + seq % 4) {
        ask(till, 5, seq);
        done(till, 5, seq);
        for (uint64_t other = seq > 11 ? seq - 11 : 1; other < seq + 4; other++)
            ask(till, 5, other);
    }
    done(till, 5, 51); /* The last of the gaps are filled. */
    done(till, 5, 54);
    ask_all(till, 40, 62);
    till_free(till);
}

/* ---- The window. ---- */

static void the_window_ends_below_the_newest_done(void)
{
    static const unsigned windows[] = {1, 2, 3, 7, 16, 64};
    for (unsigned i = 0; i < G_N_ELEMENTS(windows); i++) {
        uint64_t window = windows[i];
        struct till *till =
            till_new((struct dedupe_settings){2, windows[i], SEC});
        for (uint64_t seq = 1; seq < 2 * window + 9; seq++) {
            serve(till, 5, seq);
            for (uint64_t back = 0; back < 3; back++)
                if (seq + back > window)
                    ask(till, 5, seq + back - window);
            ask(till, 5, 1);
        }
        till_free(till);
    }
}

/* Its own numbers are what a client knows; what it asks far ahead may be lost
 * on the way, or refused. */
static void what_is_only_asked_moves_no_window(void)
{
    struct till *till = till_new((struct dedupe_settings){2, 4, SEC});
    for (uint64_t seq = 1; seq <= 6; seq++)
        serve(till, 5, seq);
    for (uint64_t ahead = 7; ahead < 40; ahead += 3) {
        ask(till, 5, ahead);
        ask_all(till, 1, 7);
    }
    done(till, 5, 9);
    ask_all(till, 1, 12);
    till_free(till);
}

static void what_is_older_is_forgotten_always(void)
{
    struct till *till = till_new((struct dedupe_settings){2, 4, SEC});
    serve(till, 5, 1);
    serve(till, 5, 3);
    serve(till, 5, 20);
    ask_all(till, 1, 21);
    for (uint64_t seq = 1; seq < 19; seq++)
        done(till, 5, seq); /* Says an old log. */
    ask_all(till, 1, 21);
    serve(till, 5, 19);
    ask_all(till, 1, 21);
    till_free(till);
}

/* By as much as there are places, by twice as much, and by one more or less:
 * none of them may be taken for what was there before. */
static void a_jump_leaves_no_old_answer_behind(void)
{
    static const uint64_t jumps[] = {1, 7, 8, 9, 16, 24, 31, 64, 100};
    for (unsigned i = 0; i < G_N_ELEMENTS(jumps); i++) {
        struct till *till = till_new((struct dedupe_settings){2, 8, SEC});
        for (uint64_t seq = 1; seq < 12; seq++)
            serve(till, 5, seq);
        for (uint64_t seq = 11; seq < 40 + 3 * jumps[i]; seq += jumps[i]) {
            serve(till, 5, seq);
            for (uint64_t other = seq - 9; other < seq + 18; other++)
                ask(till, 5, other);
        }
        till_free(till);
    }
}

static void expect_large_numbers(void)
{
    struct till *till = till_new((struct dedupe_settings){4, 5, SEC});
    static const uint64_t seqs[] = {
        1ull << 31,       (1ull << 32) - 1, 1ull << 32,
        (1ull << 32) + 4, INT64_MAX,        INT64_MAX + 1ull,
        UINT64_MAX - 9,   UINT64_MAX - 2,   UINT64_MAX};
    for (unsigned i = 0; i < G_N_ELEMENTS(seqs); i++) {
        uint64_t seq = seqs[i];
        serve(till, UINT64_MAX - i % 2, seq);
        for (uint64_t back = 0; back < 12; back++)
            ask(till, UINT64_MAX - i % 2, seq - back);
        ask(till, UINT64_MAX - i % 2, 1);
        ask(till, UINT64_MAX - i % 2, (uint32_t)seq);
    }
    reboot(till);
    for (uint64_t back = 0; back < 12; back++)
        ask(till, UINT64_MAX, UINT64_MAX - back);
    checkpoint(till);
    reboot(till);
    for (uint64_t back = 0; back < 12; back++)
        ask(till, UINT64_MAX, UINT64_MAX - back);
    till_free(till);
}

static void expect_no_number_0(void)
{
    struct till *till = till_new((struct dedupe_settings){1, 5, 100});
    ask(till, 6, 0);
    ask(till, 0, 0);
    serve(till, 0, 3); /* A producer may be number 0. */
    ask(till, 0, 0);
    ask(till, 6, 0);
    ask(till, 6, 1);
    pass(till, 101);
    ask(till, 0, 0); /* It is not heard: it may be forgotten. */
    ask(till, 6, 1);
    till_free(till);
}

static void numbers_go_from_1_as_far_as_can_be(void)
{
    expect_large_numbers();
    expect_no_number_0();
}

/* ---- Producers. ---- */

/* A client that starts again asks for its newest, and goes on behind it. */
static void a_client_that_starts_again_goes_on(void)
{
    struct till *till = till_new((struct dedupe_settings){3, 4, 100});
    expect_known(till, 5);
    ask(till, 5, 9); /* Newest is what was done. */
    static const uint64_t seqs[] = {2, 5, 3, 4, 8, 7, 9, 6, 12, 1};
    for (unsigned i = 0; i < G_N_ELEMENTS(seqs); i++)
        serve(till, 5, seqs[i]);
    for (unsigned life = 0; life < 20; life++) {
        uint64_t newest = dedupe_newest(till->dedupe, 5);
        ask(till, 5, newest);
        serve(till, 5, newest + 1);
        serve(till, 5, newest + 2);
        pass(till, 1000);
        if (life % 3 == 1)
            checkpoint(till);
        if (life % 4 == 2)
            reboot(till);
        expect_known(till, 5);
    }
    till_free(till);
}

/* Three, and a fourth one: who may be forgotten, and when to the nanosecond? */
static void nobody_is_forgotten_who_may_ask_again(void)
{
    struct till *till = till_new((struct dedupe_settings){3, 4, 100});
    for (uint64_t producer = 1; producer <= 3; producer++) {
        pass(till, 10);
        serve(till, producer, producer);
    }
    ask(till, 4, 1);
    pass(till, 80); /* The first one has been silent for 100. */
    ask(till, 4, 1);
    ask_all(till, 1, 4);
    pass(till, 100);
    ask(till, 1, 1);
    ask(till, 4, 1);
    pass(till, 1); /* The second for 101. */
    serve(till, 4, 1);
    serve(till, 5, 1);
    ask(till, 6, 1);
    expect_known(till, 1);
    expect_known(till, 2);
    expect_known(till, 3);
    ask(till, 2, 2);
    pass(till, 500);
    ask(till, 1, 1); /* Much later, and nobody wanted its place. */
    till_free(till);
}

/* Whatever it asks: done, new, forgotten. */
static void expect_all_heard(void)
{
    for (uint64_t seq = 1; seq < 12; seq++) {
        struct till *till = till_new((struct dedupe_settings){2, 4, 100});
        pass(till, 10);
        serve(till, 1, 9);
        serve(till, 2, 9);
        pass(till, 90);
        ask(till, 1, seq);
        pass(till, 11);
        ask(till, 3, 1); /* In the place of the second. */
        ask(till, 1, 9);
        pass(till, 95);
        done(till, 1, 12); /* This is a sign of life, too. */
        pass(till, 6);
        ask(till, 4, 1);
        ask(till, 1, 9);
        ask(till, 4, 1);
        ask(till, 5, 1);
        till_free(till);
    }
}

static void expect_places(void)
{
    struct till *till = till_new((struct dedupe_settings){2, 4, 100});
    ask(till, 1, 5);
    ask(till, 2, 5);
    ask(till, 3, 5);
    done(till, 1, 5);
    done(till, 2, 5);
    ask(till, 3, 5);
    ask_all(till, 1, 9);
    pass(till, 101);
    ask(till, 3, 5);
    ask(till, 4, 5);
    ask(till, 5, 5);
    till_free(till);
}

/* An old record is none of life. */
static void expect_old_ones_unheard(void)
{
    struct till *till = till_new((struct dedupe_settings){2, 4, 100});
    serve(till, 1, 9);
    serve(till, 2, 9);
    pass(till, 60);
    done(till, 1, 9);
    done(till, 1, 3);
    done(till, 1, 0);
    pass(till, 41);
    ask(till, 3, 1);
    expect_known(till, 1);
    expect_known(till, 2);
    till_free(till);
}

static void who_asks_is_heard_and_has_a_place(void)
{
    expect_all_heard();
    expect_old_ones_unheard();
    expect_places();
}

static void memory_has_a_bound(void)
{
    enum { PRODUCERS = 50, WINDOW = 32, BOUND = PRODUCERS * (WINDOW + 8) * 64 };
    struct tape *tape = tape_new(1);
    size_t before = allocated_bytes(), most = 0;
    struct dedupe_settings settings = {PRODUCERS, WINDOW, 1000};
    struct dedupe *dedupe = dedupe_new(tape_env(tape), settings);
    struct dice dice = dice_at(1, 44, 2);
    for (unsigned i = 0; i < 60000; i++) {
        uint64_t producer = dice_roll(&dice) % (i % 100 ? 40 : 5000);
        uint64_t seq = 1 + i / 10 + dice_roll(&dice) % WINDOW, answer;
        if (dedupe_ask(dedupe, producer, seq, &answer) == DEDUPE_NEW)
            dedupe_done(dedupe, producer, seq, i);
        if (i % 16 == 0)
            tape_pass(tape, 100);
        if (i % 64 == 0)
            most = MAX(most, allocated_bytes());
    }
    expect_that(most - before < BOUND,
                "at most 64 bytes an answer, and 512 a producer", "%zu bytes",
                most - before);
    dedupe_free(dedupe);
    tape_free(tape);
}

/* ---- All together. ---- */

static void happen(struct till *till, struct dice *dice)
{
    uint64_t what = dice_roll(dice) % 64;
    uint64_t producer = dice_roll(dice) % 7;
    uint64_t seq = dedupe_newest(till->dedupe, producer) + 4;
    seq -= MIN(seq, dice_roll(dice) % (till->model.settings.window + 6));
    if (what < 30)
        serve(till, producer, seq);
    else if (what < 45)
        ask(till, producer, seq);
    else if (what < 50)
        done(till, producer, seq);
    else if (what < 60)
        pass(till, dice_roll(dice) % 60);
    else if (what < 62)
        checkpoint(till);
    else if (dice_roll(dice) % 2)
        reboot(till);
}

static void any_requests_are_as_the_model_says(void)
{
    for_each_seed (seed, 60) {
        struct dice dice = dice_at(seed, 44, 4);
        struct dedupe_settings settings = {1 + (unsigned)(dice_roll(&dice) % 6),
                                           1 + (unsigned)(dice_roll(&dice) % 9),
                                           dice_roll(&dice) % 300 + 1};
        struct till *till = till_new(settings);
        for (unsigned i = 0; i < 300; i++)
            happen(till, &dice);
        till_free(till);
    }
}

static void in_the_end_the_sum_is_right(void)
{
    for_each_seed (seed, 20) {
        struct ledger ledger = {.requests = 60,
                                .pipeline = 1 + (unsigned)(seed % 6)};
        ledger_run(&ledger, seed);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(a_request_is_new_until_it_is_done),
        GRADED(a_retry_gets_the_first_answer),
        GRADED(requests_come_and_are_done_in_any_order),
        GRADED(what_was_never_done_stays_new),
        GRADED(the_window_ends_below_the_newest_done),
        GRADED(what_is_only_asked_moves_no_window),
        GRADED(what_is_older_is_forgotten_always),
        GRADED(a_jump_leaves_no_old_answer_behind),
        GRADED(numbers_go_from_1_as_far_as_can_be),
        GRADED(a_client_that_starts_again_goes_on),
        GRADED(nobody_is_forgotten_who_may_ask_again),
        GRADED(who_asks_is_heard_and_has_a_place),
        GRADED(memory_has_a_bound),
        GRADED(after_a_boot_answers_are_the_same),
        GRADED(after_a_boot_nobody_is_forgotten_at_once),
        GRADED(what_was_forgotten_stays_so),
        GRADED(the_same_calls_give_the_same_bytes),
        GRADED(damaged_bytes_are_refused),
        GRADED(any_requests_are_as_the_model_says),
        GRADED(in_the_end_the_sum_is_right),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
