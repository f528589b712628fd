/*
 * What a reader's program says when the protocol takes the judge with it, when it
 * is no function of its seed, and when the subject cannot be judged. This program
 * is both: the test, and, where PLAY names a part, a program that plays it.
 */
#include "common/judge/test.h"
#include "common/storm/fitness.h"
#include "common/storm/main.h"
#include "common/storm/ordeal.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- The program. ---- */

static const char *part;

struct player {
    struct env *env;
    struct timer timer;
};

static void act(void)
{
    static unsigned calls;
    if (strcmp(part, "null") == 0)
        raise(SIGSEGV);
    if (strcmp(part, "abort") == 0)
        abort();
    if (strcmp(part, "loop") == 0)
        for (volatile int i = 0; i == 0;)
            continue;
    calls++;
    if (strcmp(part, "static") == 0 && calls % 16 == 0)
        ordeal_break(ordeal_under_way(), 0, "P1", "at call %u", calls);
}

static void on_timer(void *self)
{
    struct player *player = self;
    if (env_now(player->env) > 0)
        act();
    env_arm(player->env, &player->timer, SEC);
}

static void *boot(struct env *env, void *ordeal)
{
    struct player *player = g_new0(struct player, 1);
    (void)ordeal;
    player->env = env;
    player->timer = (struct timer){.fire = on_timer, .self = player};
    env_arm(env, &player->timer, SEC);
    return player;
}

static void stop(void *self)
{
    struct player *player = self;
    env_disarm(player->env, &player->timer);
    g_free(player);
}

static const struct invariant rules[] = {{.id = "P1", .text = "It plays."},
                                         {0}};
static const struct subject player_subject = {.name = "player",
                                              .least = 1,
                                              .most = 1,
                                              .spared = ~0u,
                                              .boot = boot,
                                              .stop = stop,
                                              .rules = rules};

/* ---- The tests. ---- */

static char *play(const char *name, int *status)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *quoted = g_shell_quote(program);
    g_autofree char *line =
        g_strdup_printf("PLAY=%s STORM_SECONDS=1 %s --seeds=3", name, quoted);
    return test_shell(status, line);
}

static void expect_words(const char *name, const char *first,
                         const char *second)
{
    int status;
    g_autofree char *output = play(name, &status);
    if (status == 0 || !strstr(output, first) || !strstr(output, second))
        fail_msg("%s: expected \"%s\" and \"%s\", got %d and:\n%s", name, first,
                 second, status, output);
}

static void who_dies_says_in_which_storm(void **state)
{
    (void)state;
    expect_words("null", "It died in the storm of seed 1, at 1000.000 ms.",
                 "--seed=1 --whole");
    expect_words("abort", "It died in the storm of seed 1, at 1000.000 ms.",
                 "--seed=1 --whole");
}

/* ThreadSanitizer holds signals back from who calls nothing. */
#if defined(__SANITIZE_THREAD__)
enum { SIGNALS_WAIT = true };
#else
enum { SIGNALS_WAIT = false };
#endif

static void a_handler_without_end_is_ended(void **state)
{
    (void)state;
    if (SIGNALS_WAIT)
        skip();
    expect_words("loop",
                 "A handler does not come to an end, in the storm of seed 1",
                 "--seed=1 --whole");
}

static void what_is_no_function_of_its_seed_is_refused(void **state)
{
    (void)state;
    expect_words("static", "another run each time", "static variable");
}

static void who_lacks_nothing_comes_through(void **state)
{
    int status;
    (void)state;
    g_autofree char *output = play("nothing", &status);
    assert_int_equal(status, 0);
    assert_non_null(strstr(output, "3 storms, and nothing broke"));
}

/* ---- Fitness. ---- */

static void expect_lack(struct subject subject, const char *words)
{
    const char *lack = fitness_lacks(&subject);
    if (!lack || !strstr(lack, words))
        fail_msg("expected \"%s\", got \"%s\"", words, lack ? lack : "nothing");
}

static void draw(struct dice *dice, node_id node, GString *operation)
{
    (void)dice, (void)node, (void)operation;
}

static void a_subject_says_what_it_lacks(void **state)
{
    static const char *const roles[] = {"leader", NULL};
    static const struct invariant spaced[] = {
        {.id = "P 1", .text = "It plays."}, {0}};
    static const struct invariant mute[] = {{.id = "P1"}, {0}};
    (void)state;
    assert_null(fitness_lacks(&player_subject));
#define WITHOUT(change, words)                   \
    do {                                         \
        struct subject subject = player_subject; \
        subject.change;                          \
        expect_lack(subject, words);             \
    } while (0)
    WITHOUT(name = NULL, ".name");
    WITHOUT(name = "two words", ".name");
    WITHOUT(least = 0, ".least");
    WITHOUT(least = 2, ".least");
    WITHOUT(most = STORM_NODES + 1, ".most");
    WITHOUT(boot = NULL, ".boot");
    WITHOUT(stop = NULL, ".stop");
    WITHOUT(draw = draw, ".ask");
    WITHOUT(roles = roles, ".who");
    WITHOUT(rules = spaced, "one word");
    WITHOUT(rules = mute, "a text");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_dies_says_in_which_storm),
        cmocka_unit_test(a_handler_without_end_is_ended),
        cmocka_unit_test(what_is_no_function_of_its_seed_is_refused),
        cmocka_unit_test(who_lacks_nothing_comes_through),
        cmocka_unit_test(a_subject_says_what_it_lacks),
    };
    part = g_getenv("PLAY");
    if (part)
        return storm_main(argc, argv, &player_subject);
    return test_run(argc, argv, tests);
}
