#include "04-queues/peers/contest.h"
#include "04-queues/peers/drive.h"
#include "04-queues/peers/idletime.h"
#include "04-queues/peers/synctime.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is measured of each in a round, or follows from it. */
enum figure {
    RATE,
    P50,
    P99,
    COST,
    BUSY,
    GENERATOR,
    IDLE,
    MORE,
    CHEAPER,
    KINDS
};

/* Above that share a processor is the limit. And above that share of what the
 * disk lets pass the disk is: on average a message comes in the middle of a
 * sync, and waits for that one and the next. */
#define FULL 0.9
#define NEAR 0.5

struct contestant {
    const struct rival *rival;
    struct rival_server *server; /* While it runs. */
    nsec spent;                  /* By it: at the last mark, between the two. */
    nsec before;
    double idle, idle_before; /* In the same way: time of all processors. */
    double now[KINDS];        /* In this round. */
    stats *samples[KINDS];
    struct contest_row row;
};

struct contest {
    struct contest_plan plan;
    struct contestant *all;
    GHashTable *staying; /* Servers that stay, by program. */
    nsec sync;           /* A sync, the last time. */
    double most;         /* Messages a second, by that. */
};

/* ---- A run. ---- */

/* At both ends of the counting. */
static void look(void *self)
{
    struct contestant *one = self;
    nsec now = rival_spent(one->server);
    double idle = idletime_seconds();
    one->spent = now - one->before;
    one->before = now;
    one->idle = idle - one->idle_before;
    one->idle_before = idle;
}

static void note(struct contestant *one, const struct drive_result *result)
{
    double counted = (double)result->counted;
    double settled = (double)result->settled;
    one->now[RATE] = settled * (double)SEC / counted;
    one->now[P50] = (double)result->p50 / (double)MSEC;
    one->now[P99] = (double)result->p99 / (double)MSEC;
    one->now[COST] = (double)one->spent / (double)USEC / settled;
    one->now[BUSY] = (double)one->spent / counted;
    one->now[GENERATOR] = (double)result->busy / counted;
    one->now[IDLE] = idletime_share(one->idle, counted / (double)SEC);
}

static void start(struct contest *contest, struct contestant *one)
{
    const char *program = one->rival->program;
    g_autoptr(GError) error = NULL;
    one->server = g_hash_table_lookup(contest->staying, program);
    if (one->server)
        return;
    one->server = rival_start(one->rival, &error);
    if (!one->server)
        exit(complain(FAILED, "%s", error->message));
    if (one->rival->stays)
        g_hash_table_insert(contest->staying, (char *)program, one->server);
}

static void measure(struct contest *contest, struct contestant *one,
                    struct contest_setting setting)
{
    g_autoptr(GError) error = NULL;
    struct drive_result result;
    start(contest, one);
    struct drive_plan plan = {.address = rival_address(one->server),
                              .dialect = one->rival->dialect,
                              .mode = one->rival->mode,
                              .pairs = setting.pairs,
                              .size = setting.size,
                              .warmup = contest->plan.warmup,
                              .duration = contest->plan.duration,
                              .mark = look,
                              .self = one};
    if (!drive_run(&plan, &result, &error))
        exit(complain(FAILED, "%s: %s", one->rival->name, error->message));
    note(one, &result);
    if (!one->rival->stays)
        rival_stop(one->server);
}

/* ---- A round. ---- */

/* Ours with the same guarantee. */
static const struct contestant *ours_beside(const struct contest *contest,
                                            const struct contestant *one)
{
    const struct contestant *ours = contest->all;
    while (ours->rival->bar > 0 ||
           ours->rival->guarantee != one->rival->guarantee)
        ours++;
    return ours;
}

static void add_sample(struct contestant *one, enum figure kind)
{
    if (!isnan(one->now[kind]))
        stats_add(one->samples[kind], one->now[kind]);
}

static void compare(const struct contest *contest, struct contestant *one)
{
    const struct contestant *ours = ours_beside(contest, one);
    bool known = ours->row.held;
    one->now[MORE] = known ? ours->now[RATE] / one->now[RATE] : NAN;
    one->now[CHEAPER] = known ? one->now[COST] / ours->now[COST] : NAN;
    for (enum figure kind = 0; kind < KINDS; kind++)
        add_sample(one, kind);
}

static void show_progress(const char *name, unsigned round, unsigned rounds)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K  round %u of %u: %s", round + 1, rounds,
                name);
}

static void hold_round(struct contest *contest, unsigned round,
                       struct contest_setting setting)
{
    for (unsigned i = 0; i < rivals_count; i++) {
        unsigned turn = (i + round) % rivals_count;
        struct contestant *one = &contest->all[turn];
        show_progress(one->rival->name, round, contest->plan.rounds);
        if (one->row.held)
            measure(contest, one, setting);
    }
    for (unsigned i = 0; i < rivals_count; i++)
        if (contest->all[i].row.held)
            compare(contest, &contest->all[i]);
}

/* ---- What came of it. ---- */

static double median(const struct contestant *one, enum figure kind)
{
    return stats_percentile(one->samples[kind], 0.5);
}

static bool is_held_up(const struct contest *contest,
                       const struct contestant *ours)
{
    bool syncs = ours->rival->guarantee == SURVIVES_POWER_LOSS;
    return median(ours, GENERATOR) > FULL ||
           idletime_is_short(median(ours, IDLE)) ||
           (syncs && median(ours, RATE) > NEAR * contest->most);
}

static void sum_up(const struct contest *contest, struct contestant *one)
{
    const struct contestant *ours = ours_beside(contest, one);
    struct contest_row *row = &one->row;
    row->rate = median(one, RATE);
    row->low = stats_percentile(one->samples[RATE], 0);
    row->high = stats_percentile(one->samples[RATE], 1);
    row->p50 = median(one, P50);
    row->p99 = median(one, P99);
    row->cost = median(one, COST);
    row->busy = median(one, BUSY);
    row->generator = median(one, GENERATOR);
    row->idle = median(one, IDLE);
    row->more = median(one, MORE);
    row->cheaper = median(one, CHEAPER);
    row->bound = is_held_up(contest, ours);
    row->score = row->bound ? fmax(row->more, row->cheaper) : row->more;
}

static void begin_samples(struct contestant *one)
{
    for (enum figure kind = 0; kind < KINDS; kind++) {
        g_clear_pointer(&one->samples[kind], stats_free);
        one->samples[kind] = stats_new();
    }
}

void contest_hold(struct contest *contest, struct contest_setting setting)
{
    for (unsigned i = 0; i < rivals_count; i++)
        begin_samples(&contest->all[i]);
    contest->sync = synctime_measure(g_get_tmp_dir());
    contest->most = (double)DRIVE_WINDOW * setting.pairs * (double)SEC /
                    (double)MAX(contest->sync, 1);
    for (unsigned round = 0; round < contest->plan.rounds; round++)
        hold_round(contest, round, setting);
    for (unsigned i = 0; i < rivals_count; i++)
        sum_up(contest, &contest->all[i]);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

const struct contest_row *contest_row(const struct contest *contest,
                                      unsigned index)
{
    return &contest->all[index].row;
}

nsec contest_sync_time(const struct contest *contest)
{
    return contest->sync;
}

double contest_most(const struct contest *contest)
{
    return contest->most;
}

/* ---- Its life. ---- */

static void stop_server(void *server)
{
    rival_stop(server);
}

/* Is there anything to compare ours with? */
static bool has_others(const struct rival *ours)
{
    bool found = false;
    for (unsigned i = 0; i < rivals_count; i++)
        found |= rivals[i].bar > 0 && rivals[i].guarantee == ours->guarantee &&
                 rival_is_here(&rivals[i]);
    return found;
}

struct contest *contest_new(struct contest_plan plan)
{
    struct contest *contest = g_new0(struct contest, 1);
    contest->plan = plan;
    contest->all = g_new0(struct contestant, rivals_count);
    contest->staying =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, stop_server);
    for (unsigned i = 0; i < rivals_count; i++) {
        contest->all[i].rival = &rivals[i];
        contest->all[i].row.held =
            rival_is_here(&rivals[i]) &&
            (rivals[i].bar > 0 || has_others(&rivals[i]));
    }
    return contest;
}

void contest_free(struct contest *contest)
{
    for (unsigned i = 0; i < rivals_count; i++)
        for (enum figure kind = 0; kind < KINDS; kind++)
            g_clear_pointer(&contest->all[i].samples[kind], stats_free);
    g_hash_table_unref(contest->staying);
    g_free(contest->all);
    g_free(contest);
}
