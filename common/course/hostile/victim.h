/**
 * @file victim.h An exercise for the tests of the grader: its answer is 2. The
 * submissions here mean no good.
 */
#ifndef COURSE_VICTIM_H
#define COURSE_VICTIM_H

/** What a submission does before it answers. */
enum mischief {
    NONE,
    LOOPS,
    LOOPS_UNSTOPPABLY,
    STOPS,
    READS_NULL,
    READS_BEYOND,
    RECURSES,
    OVERFLOWS,
    EATS_MEMORY,
    TALKS,
    FORKS,
    EXITS,
    EXITS_AT_ONCE,
    ABORTS,
    FORGES,
    CLOSES_ALL,
    WRITES_EVERYWHERE,
    JUMPS,
    KILLS_ITS_PARENT,
    LEAKS,
    LEAVES_A_FILE,
    TODOS
};

/** Returns 2, unless it has been up to something. */
int victim(int mischief);

#endif
