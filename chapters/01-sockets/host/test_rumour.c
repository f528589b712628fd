/* One protocol in three worlds: its rules on the tape, its promise in storms,
 * the same lines over UDP. */
#include "01-sockets/host/crew.h"
#include "01-sockets/host/rumour.h"
#include "common/judge/test.h"
#include "common/world/sim.h"
#include "common/world/tape.h"
#include <string.h>

enum { NODES = 5 };

static const nsec again = 100 * MSEC;

/* ---- Rules, on the tape: we are node 2 of three. ---- */

static struct tape *tape;
static struct rumour *rumour;

static int open_tape(void **state)
{
    (void)state;
    tape = tape_new(2);
    rumour = rumour_new(tape_env(tape), 3, again);
    return 0;
}

static int close_tape(void **state)
{
    (void)state;
    rumour_free(rumour);
    tape_free(tape);
    return 0;
}

static void play(node_id from, const char *message)
{
    tape_play(tape, from, message, strlen(message));
}

static void who_starts_it_tells_all_others(void **state)
{
    (void)state;
    rumour_start(rumour, "ears");
    tape_expect(tape, "send 1 tell ears; send 3 tell ears; arm 100ms; ");
}

static void who_hears_it_tells_those_who_may_not_know_and_answers(void **state)
{
    (void)state;
    play(1, "tell ears");
    tape_expect(tape, "send 3 tell ears; arm 100ms; send 1 know ears; ");
}

static void who_hears_it_again_answers_again(void **state)
{
    (void)state;
    play(1, "tell ears");
    g_free(tape_take(tape));
    play(1, "tell ears");
    tape_expect(tape, "send 1 know ears; ");
}

static void those_who_did_not_answer_are_told_again(void **state)
{
    (void)state;
    rumour_start(rumour, "ears");
    play(3, "know ears");
    g_free(tape_take(tape));
    tape_pass(tape, again);
    tape_expect(tape, "send 1 tell ears; arm 100ms; ");
    assert_false(rumour_is_known_by_all(rumour));
}

static void the_talk_ends_when_all_are_known_to_know(void **state)
{
    (void)state;
    rumour_start(rumour, "ears");
    play(3, "know ears");
    g_free(tape_take(tape));
    play(1, "tell ears");
    tape_expect(tape, "disarm; send 1 know ears; ");
    tape_pass(tape, 10 * again);
    tape_expect(tape, "");
    assert_true(rumour_is_known_by_all(rumour));
}

static void nonsense_changes_nothing(void **state)
{
    (void)state;
    play(1, "");
    play(1, "t");
    play(1, "tell ");
    play(1, "TELL ears");
    play(9, "tell ears");
    play(1, "know ears");
    tape_expect(tape, "");
    assert_null(rumour_heard(rumour));
    rumour_start(rumour, "ears");
    g_free(tape_take(tape));
    play(1, "know nose");
    play(3, "tell nose");
    play(0, "know ears");
    tape_expect(tape, "");
    play(1, "know ears");
    assert_false(rumour_is_known_by_all(rumour));
}

/* ---- The promise, in storms. ---- */

static void *boot(struct env *env, void *context)
{
    (void)context;
    return rumour_new(env, NODES, again);
}

static void stop(void *self)
{
    rumour_free(self);
}

static void a_rumour_reaches_everyone_through_any_storm(void **state)
{
    (void)state;
    for_each_seed (seed, 300) {
        struct sim_weather storm = {.loss = (unsigned)(seed % 10 * 90),
                                    .repeat = (unsigned)(seed % 7 * 100),
                                    .delay_max = seed % 5 * 40 * MSEC};
        struct sim *sim = sim_new(NODES, seed, storm);
        for (node_id id = 1; id <= NODES; id++)
            sim_install(sim, id, (struct sim_program){boot, stop, NULL});
        rumour_start(sim_protocol(sim, seed % NODES + 1), "ears");
        while (sim_step(sim) && sim_time(sim) < 1000 * SEC)
            continue;
        assert_true(sim_time(sim) < 1000 * SEC); /* The talk has ended. */
        for (node_id id = 1; id <= NODES; id++)
            assert_true(rumour_is_known_by_all(sim_protocol(sim, id)));
        sim_free(sim);
    }
}

/* ---- The same lines, over UDP. ---- */

static void a_rumour_reaches_everyone_over_udp(void **state)
{
    struct rumour *rumours[NODES];
    unsigned known = 0;
    (void)state;
    struct crew *crew = crew_new(NODES, NULL, NULL);
    for (node_id id = 1; id <= NODES; id++)
        rumours[id - 1] =
            rumour_new(host_env(crew_host(crew, id)), NODES, again);
    rumour_start(rumours[0], "ears");
    for (int i = 0; i < 1000000 && known < NODES; i++) {
        crew_turn(crew);
        known = 0;
        for (int n = 0; n < NODES; n++)
            known += rumour_is_known_by_all(rumours[n]);
    }
    assert_int_equal(known, NODES);
    for (int n = 0; n < NODES; n++)
        rumour_free(rumours[n]);
    crew_free(crew);
}

#define RULE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_tape, close_tape)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RULE(who_starts_it_tells_all_others),
        RULE(who_hears_it_tells_those_who_may_not_know_and_answers),
        RULE(who_hears_it_again_answers_again),
        RULE(those_who_did_not_answer_are_told_again),
        RULE(the_talk_ends_when_all_are_known_to_know),
        RULE(nonsense_changes_nothing),
        cmocka_unit_test(a_rumour_reaches_everyone_through_any_storm),
        cmocka_unit_test(a_rumour_reaches_everyone_over_udp),
    };
    return test_run(argc, argv, tests);
}
