/*
 * demo_models measures, so nobody knows beforehand what it will print. But what
 * it concludes must follow from that.
 */
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const nsec PATIENCE = 120 * SEC;
static const double notable = 1.25;

enum { LEVELS = 3 };

/* The rate in the next row, of this model with so many clients: or fewer, where
 * the machine has not so many descriptors. */
static double read_rate(struct actor *demo, const char *model, unsigned clients)
{
    unsigned found_clients;
    char found_model[16];
    double rate = 0;
    g_autofree char *row = actor_await(demo, "  ", PATIENCE);
    g_autofree char *errors = actor_errors(demo);
    if (!row)
        fail_msg("no row of %s with %u clients; the demo said: %s", model,
                 clients, errors);
    assert_int_equal(
        sscanf(row, "%u %15s %lf", &found_clients, found_model, &rate), 3);
    assert_string_equal(found_model, model);
    assert_in_range(found_clients, 1, clients);
    assert_true(rate > 0);
    return rate;
}

/* As demo_models has it; NUL where it is too close to call. */
static char verdict_of(const double ratios[LEVELS])
{
    int alike = 0, slower = 0;
    for (int i = 0; i < LEVELS; i++) {
        double size = fabs(log(ratios[i]));
        if (fabs(size - log(notable)) < 0.01)
            return '\0';
        alike += size < log(notable);
        slower += size > log(notable) && ratios[i] < 1;
    }
    if (slower == LEVELS)
        return 'a';
    return alike == LEVELS ? 'b' : 'c';
}

static void the_verdict_follows_from_what_was_measured(void **state)
{
    static const unsigned levels[LEVELS] = {1, 64, 1024};
    struct stage *stage = stage_new();
    struct actor *demo = stage_start(stage, "demo_models", NULL);
    double ratios[LEVELS];
    (void)state;
    g_free(actor_await(demo, "  clients", PATIENCE));
    for (int i = 0; i < LEVELS; i++) {
        double thread = read_rate(demo, "thread", levels[i]);
        ratios[i] = thread / read_rate(demo, "epoll", levels[i]);
    }
    g_autofree char *said = actor_await(demo, "Measured: ", PATIENCE);
    assert_non_null(said);
    char verdict = verdict_of(ratios);
    if (verdict)
        assert_int_equal(said[strlen("Measured: ")], verdict);
    assert_int_equal(actor_wait(demo, PATIENCE), 0);
    stage_free(stage);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verdict_follows_from_what_was_measured),
    };
    return test_run(argc, argv, tests);
}
