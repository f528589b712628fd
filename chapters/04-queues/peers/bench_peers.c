/*
 * Our queue beside others, each with those of the same guarantee. One generator
 * speaks with all of them, in their own protocols (dialect.h) and with the same
 * windows: 100 messages unconfirmed for each producer, 100 unacknowledged for
 * each consumer, at most 1000 in the queue for each producer. A message counts
 * when it went all the way: published, confirmed, delivered, acknowledged.
 *
 *     bench_peers [--all]    // all sizes with all numbers of producers
 *
 * A bar says how many times as many messages ours shall bring as the other.
 * Where ours is held up by the processors or by the disk (contest.h), it is
 * enough that its server needs so many times less processor time for a message.
 * Both are printed. A bar that is missed is marked; missed by two thirds, it fails.
 */
#include "04-queues/peers/contest.h"
#include "common/world/complain.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 3 };
#define WARMUP   (400 * MSEC)
#define DURATION (400 * MSEC)

static const struct contest_setting settings[] = {
    {1, 100}, {8, 1024}, {8, 100}, {1, 1024}};
enum { SETTINGS = G_N_ELEMENTS(settings), FEWER = 2 };

/* ---- What is seen. ---- */

static void print_ratio(double ratio)
{
    if (isnan(ratio))
        printf(" %6s", "-");
    else
        printf(" %6.1f", ratio);
}

/* Met; met in processor time, where ours was held up; missed; failed. */
static const char *mark_of(const struct rival *rival,
                           const struct contest_row *row)
{
    if (isnan(row->more))
        return "";
    if (row->more >= rival->bar)
        return "met";
    if (row->score >= rival->bar)
        return "met*";
    return row->score >= rival->bar / 3 ? "MISS" : "FAIL";
}

static void print_row(const struct rival *rival, const struct contest_row *row)
{
    printf("  %-21s", rival->name);
    if (!row->held) {
        printf(" %s\n", rival->bar > 0 ? "skipped: not installed"
                                       : "skipped: nothing beside it");
        return;
    }
    printf(" %9.0f %7.2f %7.2f %7.2f", row->rate, row->p50, row->p99,
           row->cost);
    if (rival->bar > 0) {
        print_ratio(row->more);
        print_ratio(row->cheaper);
        printf(" %3.0f %s", rival->bar, mark_of(rival, row));
    }
    printf("\n");
}

static void print_limit(const struct contest *contest,
                        const struct rival *rival,
                        const struct contest_row *ours)
{
    if (!ours->held)
        return;
    printf("    of processors: our server %.2f, generator %.2f, nobody %.0f %%",
           ours->busy, ours->generator, 100 * ours->idle);
    if (rival->guarantee == SURVIVES_POWER_LOSS)
        printf("; a window a sync: %.0f/s", contest_most(contest));
    printf("\n");
}

static void print_setting(const struct contest *contest,
                          struct contest_setting setting)
{
    const char *more = setting.pairs > 1 ? "s" : "";
    printf("\n%zu bytes, %u producer%s and %u consumer%s; a sync takes %.2f "
           "ms\n",
           setting.size, setting.pairs, more, setting.pairs, more,
           (double)contest_sync_time(contest) / (double)MSEC);
    printf("  %-21s %9s %7s %7s %7s %6s %6s %3s\n", "", "messages", "p50",
           "p99", "server", "ours:", "less", "");
    printf("  %-21s %9s %7s %7s %7s %6s %6s %3s\n", "", "a second", "ms", "ms",
           "µs  ", "more", "µs  ", "bar");
}

/* Returns whether a bar was missed by two thirds. */
static bool print_all(const struct contest *contest,
                      struct contest_setting setting)
{
    bool failed = false;
    print_setting(contest, setting);
    for (unsigned i = 0; i < rivals_count; i++) {
        const struct contest_row *row = contest_row(contest, i);
        if (rivals[i].bar == 0)
            printf(" %s\n", guarantee_text(rivals[i].guarantee));
        print_row(&rivals[i], row);
        if (rivals[i].bar == 0)
            print_limit(contest, &rivals[i], row);
        failed |= row->held && strcmp(mark_of(&rivals[i], row), "FAIL") == 0;
    }
    fflush(stdout);
    return failed;
}

int main(int argc, char **argv)
{
    bool all = argc == 2 && strcmp(argv[1], "--all") == 0, failed = false;
    if (argc > 1 && !all)
        return complain(USAGE, "bench_peers [--all]");
    printf("Message queues: from publish to acknowledgement, by TCP over "
           "loopback, %d rounds.\np50 and p99: from publish to confirm. "
           "Server: its processor time for a message.\n",
           ROUNDS);
    struct contest *contest = contest_new((struct contest_plan){
        .rounds = ROUNDS, .warmup = WARMUP, .duration = DURATION});
    for (unsigned i = 0; i < (all ? SETTINGS : FEWER); i++) {
        contest_hold(contest, settings[i]);
        failed |= print_all(contest, settings[i]);
    }
    contest_free(contest);
    return failed ? FAILED : 0;
}
