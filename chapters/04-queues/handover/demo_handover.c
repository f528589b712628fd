/*
 * The same jobs to the same worker, by call and by message. For a while the
 * worker is slow. Who notices? In virtual time.
 */
#include "04-queues/handover/handover_scene.h"
#include "common/world/complain.h"
#include <stdio.h>

enum { EACH = 25, WIDTH = 22 };  /* Jobs in a row; signs of a bar. */
static const double full = 1000; /* Milliseconds of a whole bar. */

static nsec longest(const struct handover_job *jobs)
{
    nsec most = 0;
    for (unsigned i = 0; i < EACH; i++)
        most = MAX(most, jobs[i].free);
    return most;
}

static void print_bar(nsec span)
{
    double ms = (double)span / MSEC;
    int signs = (int)(ms / full * WIDTH + 0.5);
    printf("%7.1f ", ms);
    for (int i = 0; i < WIDTH; i++)
        putchar(i < MAX(signs, 1) ? '#' : ' ');
}

static void print_row(const struct handover_job *calls,
                      const struct handover_job *messages, unsigned first)
{
    printf("%5.1f ", (double)(first * HANDOVER_EVERY) / SEC);
    print_bar(longest(calls + first));
    print_bar(longest(messages + first));
    printf("%6u\n", messages[first].depth);
}

int main(int argc, char **argv)
{
    static struct handover_job calls[HANDOVER_JOBS], messages[HANDOVER_JOBS];
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    handover_by_call(calls);
    handover_by_message(messages);
    printf("A job comes each 10 ms, and the worker needs 6 ms for one. From "
           "1.0 s on it is\nslow: 20 jobs take 60 ms each. How long is the "
           "caller busy with a job, at most?\n\n");
    printf("    s  by call: until it is done      by message: until it is kept "
           "   queue\n");
    for (unsigned i = 0; i < HANDOVER_JOBS; i += EACH)
        print_row(calls, messages, i);
    printf("\nMilliseconds. The work is done as late either way: a queue makes "
           "nothing faster.\nBut by message nobody waits for it who need not. "
           "The slow second is in the\nqueue, and goes from there when the "
           "worker is faster than what comes in.\n");
    return 0;
}
