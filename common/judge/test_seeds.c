/* The loop over seeds, and what a test that fails or aborts in it says. */
#include "common/judge/test.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void fails_at_seven(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        if (seed == 7)
            fail();
    }
}

static void aborts_at_seven(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        g_assert(seed != 7);
    }
}

static void counts_seeds(void **state)
{
    unsigned count = 0;
    (void)state;
    for_each_seed (seed, 100) {
        count += seed < 1000;
    }
    fprintf(stderr, "%u seeds", count);
}

static void leaves_its_loop_and_passes(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        if (seed == 7)
            return;
    }
}

static void nests(void **state)
{
    unsigned count = 0;
    (void)state;
    for_each_seed (outer, 3) {
        for_each_seed (inner, 4) {
            count += outer + inner > 0;
        }
    }
    fprintf(stderr, "%u times", count);
}

/* In a process of its own, so that it may fail. */
static G_NORETURN void run_inside(CMUnitTestFunction function, const char *seed)
{
    const struct CMUnitTest tests[] = {{"inside", function, NULL, NULL, NULL}};
    char *argv[] = {"test_seeds", NULL};
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    g_setenv("SEED", seed, TRUE);
    fclose(stdout);
    exit(test_run(1, argv, tests));
}

/* What it says on stderr, and its exit status, or minus its signal. */
static char *said_by(CMUnitTestFunction function, const char *seed, int *status)
{
    int pipes[2];
    char text[4000];
    size_t size = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        run_inside(function, seed);
    }
    close(pipes[1]);
    for (ssize_t n; (n = read(pipes[0], text + size, 3999 - size)) > 0;)
        size += (size_t)n;
    close(pipes[0]);
    waitpid(child, status, 0);
    *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -WTERMSIG(*status);
    return g_strndup(text, size);
}

static void expect(CMUnitTestFunction function, const char *seed, int status,
                   const char *words)
{
    int came;
    g_autofree char *said = said_by(function, seed, &came);
    if (!strstr(said, words))
        fail_msg("\"%s\" does not say \"%s\"", said, words);
    assert_int_equal(came, status);
}

static void every_seed_is_tried_or_the_one_that_was_asked_for(void **state)
{
    (void)state;
    expect(counts_seeds, "", 0, "100 seeds");
    expect(counts_seeds, "5", 0, "1 seeds");
    expect(counts_seeds, "0x5", 0, "1 seeds");
    expect(counts_seeds, "0", 0, "1 seeds");
}

static void loops_may_nest_and_may_be_left(void **state)
{
    int status;
    (void)state;
    expect(nests, "", 0, "12 times");
    expect(nests, "5", 0, "1 times");
    g_autofree char *said = said_by(leaves_its_loop_and_passes, "", &status);
    assert_null(strstr(said, "seed 0x7"));
}

static void a_seed_that_is_no_number_is_refused(void **state)
{
    (void)state;
    expect(counts_seeds, "junk", 2, "SEED=junk is not a number");
    expect(counts_seeds, "7x", 2, "SEED=7x is not a number");
}

static void a_failure_names_its_seed_and_how_to_see_it_again(void **state)
{
    (void)state;
    expect(fails_at_seven, "", 1, "seed 0x7. See it again:");
    expect(fails_at_seven, "", 1, "common/judge/test_seeds inside");
    expect(fails_at_seven, "7", 1, "SEED=0x7 ");
}

static void an_abort_names_its_test_and_its_seed(void **state)
{
    (void)state;
    expect(aborts_at_seven, "", -SIGABRT, "[  ABORTED ] inside");
    expect(aborts_at_seven, "", -SIGABRT, "SEED=0x7 ");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_seed_is_tried_or_the_one_that_was_asked_for),
        cmocka_unit_test(loops_may_nest_and_may_be_left),
        cmocka_unit_test(a_seed_that_is_no_number_is_refused),
        cmocka_unit_test(a_failure_names_its_seed_and_how_to_see_it_again),
        cmocka_unit_test(an_abort_names_its_test_and_its_seed),
    };
    return test_run(argc, argv, tests);
}
