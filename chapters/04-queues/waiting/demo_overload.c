/*
 * Does a queue cure overload? For a while a tenth more arrives than one worker
 * can do: to a queue without a bound, to one of fifty that makes its producer
 * wait, and to one of fifty that drops what finds it full. In virtual time.
 */
#include "04-queues/waiting/waiting_scene.h"
#include "common/world/complain.h"
#include <stdio.h>

enum { BOUND = 50, ROWS = 18, QUEUES = 3 };
#define STEP (2 * SEC)

/* Calm, a tenth too much, calm. */
static double load_at(int row)
{
    return row > 2 && row <= 10 ? 1.1 : 0.7;
}

/* What the row has seen: how many wait, and how long those that were begun had
 * waited, in ms. */
static struct waiting_seen print_queue(struct waiting *waiting)
{
    waiting_forget(waiting);
    waiting_run(waiting, STEP);
    struct waiting_seen seen = waiting_seen(waiting);
    printf("  %6u %5.0f", waiting_queued(waiting),
           seen.waited / (double)seen.begun);
    return seen;
}

static double a_second(uint64_t count)
{
    return (double)count * (double)SEC / (double)STEP;
}

static void print_row(int row, struct waiting **queues)
{
    printf("%5d %5.1f", row * (int)(STEP / SEC), load_at(row));
    for (unsigned i = 0; i < QUEUES; i++)
        waiting_set_load(queues[i], load_at(row));
    struct waiting_seen seen = print_queue(queues[0]);
    printf(" %5.0f", a_second(seen.done));
    seen = print_queue(queues[1]);
    printf(" %7.0f", a_second(seen.arrived));
    seen = print_queue(queues[2]);
    printf(" %7.0f\n", a_second(seen.dropped));
}

int main(int argc, char **argv)
{
    struct waiting *queues[QUEUES];
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    for (unsigned i = 0; i < QUEUES; i++) {
        struct waiting_load load = {.work = EXPONENTIAL,
                                    .load = load_at(1),
                                    .workers = 1,
                                    .full = NEVER_FULL + i,
                                    .most = BOUND};
        queues[i] = waiting_new(load, 1);
    }
    printf("One worker does 1000 messages a second. At load 1.1 there arrive "
           "1100. A queue\nwithout a bound takes them all. One of %d makes the "
           "producer wait until there is\nroom. Another of %d drops what finds "
           "it full.\n\n",
           BOUND, BOUND);
    printf("                   no bound           pushes back            "
           "drops\n"
           "    s  load  queued    ms  done  queued    ms  let in  queued    "
           "ms dropped\n");
    for (int row = 1; row <= ROWS; row++)
        print_row(row, queues);
    printf(
        "\nQueued: those that wait; ms: how long those now begun have waited; "
        "and each\nsecond: done, let in, dropped. No queue gets more done than "
        "the worker can.\nWithout a bound the excess becomes waiting for all, "
        "and is still there long\nafter. A bound hands it back at once, to "
        "somebody who can do something about it.\n");
    for (unsigned i = 0; i < QUEUES; i++)
        waiting_free(queues[i]);
    return 0;
}
