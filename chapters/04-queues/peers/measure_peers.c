/*
 * Our queue beside others, as bench_peers.c measures them, for a figure:
 * longer, and with all sizes and numbers of producers.
 */
#include "04-queues/peers/contest.h"
#include "common/judge/machine.h"
#include <math.h>
#include <stdio.h>

enum { ROUNDS = 3 };
#define WARMUP   (300 * MSEC)
#define DURATION (1000 * MSEC)

static void print_number(double number)
{
    if (isnan(number))
        printf("\t-");
    else
        printf("\t%.4g", number);
}

static void print_row(const struct contest *contest, unsigned index,
                      struct contest_setting setting)
{
    const struct rival *rival = &rivals[index];
    const struct contest_row *row = contest_row(contest, index);
    bool peer = rival->bar > 0;
    printf("%s\t%u\t%d\t%u\t%zu\t%.0f\t%.0f\t%.0f", rival->name, index,
           rival->guarantee, setting.pairs, setting.size, row->rate, row->low,
           row->high);
    print_number(row->p50);
    print_number(row->p99);
    print_number(row->cost);
    print_number(row->generator);
    print_number(row->idle);
    print_number(peer ? row->more : NAN);
    print_number(peer ? row->cheaper : NAN);
    print_number(peer ? row->score : NAN);
    print_number(peer ? rival->bar : NAN);
    printf("\n");
}

static void print_setting(struct contest *contest,
                          struct contest_setting setting)
{
    contest_hold(contest, setting);
    for (unsigned i = 0; i < rivals_count; i++)
        if (contest_row(contest, i)->held)
            print_row(contest, i, setting);
    fflush(stdout);
}

int main(void)
{
    static const struct contest_setting settings[] = {
        {1, 100}, {8, 100}, {1, 1024}, {8, 1024}};
    g_autofree char *machine = machine_text();
    struct contest *contest = contest_new((struct contest_plan){
        .rounds = ROUNDS, .warmup = WARMUP, .duration = DURATION});
    printf("# real time, on %s\n", machine);
    printf(
        "# Message queues over TCP on loopback. Medians of %d runs of %.1f s, "
        "and the lowest and\n# highest rate; p50 and p99, in milliseconds, "
        "from publish to confirm; the server's processor\n# time for a "
        "message, in microseconds. Guarantee 0: synced before the confirm; "
        "1: written;\n# 2: in memory. Ours by theirs: more, in messages; "
        "cheaper, in processor time.\n",
        ROUNDS, (double)DURATION / (double)SEC);
    printf(
        "# "
        "queue\trow\tguarantee\tpairs\tsize\trate\tlow\thigh\tp50\tp99\tcost\t"
        "generator\tidle\tmore\tcheaper\tscore\tbar\n");
    printf("# claim: cheaper >= 1\n");
    printf("# claim: score >= 0.5 * bar for bar >= 5\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++)
        print_setting(contest, settings[i]);
    contest_free(contest);
    return 0;
}
