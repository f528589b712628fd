/* The graded test of the victim (test_hostile.c starts it). */
#include "common/course/graded.h"
#include "common/course/hostile/victim.h"

#define CASE(mischief)                                       \
    static void when_it_##mischief(void)                     \
    {                                                        \
        expect_equal("victim returns", victim(mischief), 2); \
    }

CASE(NONE)
CASE(LOOPS)
CASE(LOOPS_UNSTOPPABLY)
CASE(STOPS)
CASE(READS_NULL)
CASE(READS_BEYOND)
CASE(RECURSES)
CASE(OVERFLOWS)
CASE(EATS_MEMORY)
CASE(TALKS)
CASE(FORKS)
CASE(EXITS)
CASE(EXITS_AT_ONCE)
CASE(ABORTS)
CASE(FORGES)
CASE(CLOSES_ALL)
CASE(WRITES_EVERYWHERE)
CASE(JUMPS)
CASE(KILLS_ITS_PARENT)
CASE(LEAKS)
CASE(LEAVES_A_FILE)
CASE(TODOS)

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(when_it_NONE),
        GRADED(when_it_LOOPS),
        GRADED(when_it_LOOPS_UNSTOPPABLY),
        GRADED(when_it_STOPS),
        GRADED(when_it_READS_NULL),
        GRADED(when_it_READS_BEYOND),
        GRADED(when_it_RECURSES),
        GRADED(when_it_OVERFLOWS),
        GRADED(when_it_EATS_MEMORY),
        GRADED(when_it_TALKS),
        GRADED(when_it_FORKS),
        GRADED(when_it_EXITS),
        GRADED(when_it_EXITS_AT_ONCE),
        GRADED(when_it_ABORTS),
        GRADED(when_it_FORGES),
        GRADED(when_it_CLOSES_ALL),
        GRADED(when_it_WRITES_EVERYWHERE),
        GRADED(when_it_JUMPS),
        GRADED(when_it_KILLS_ITS_PARENT),
        GRADED(when_it_LEAKS),
        GRADED(when_it_LEAVES_A_FILE),
        GRADED(when_it_TODOS),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
