/*
 * How fast is a flow, and is it fair? All in simulated time, so that each
 * number is the same on every machine, and one below its bar is a mistake, not
 * noise: then the bench fails.
 *
 * The bars:
 *
 *  - where nothing is lost: 0.95 of what the link carries, slow start included;
 *  - elsewhere: no worse than Padhye says; and NewReno, with a round trip of 20
 *    ms, and up to one segment in twenty lost, at least three quarters of
 *    Mathis' line;
 *  - "as the peers": what the kernel's CUBIC reached over an emulated link, in
 *    at most 10 or 12 s, times what we ask for; but of a path of 100 ms that
 *    loses, three quarters of Mathis' line, if that is less: more would not be
 *    fair, there it is slow start that the peers' numbers show;
 *  - bytes on the wire for each byte of data, times 1 - p: at most 1.06;
 *  - on a path whose round trips tremble slow start does not end at once: three
 *    fifths of what the link carries;
 *  - two flows share; and after a black-out of a second all goes on within 1.1
 *    more: each wait for an answer is twice the last one, so the one that is
 *    running when the light comes back is as long as all before it together,
 *    and one first wait.
 */
#include "03-transport/bottleneck/bottleneck_scene.h"
#include "03-transport/cubic.h"
#include "03-transport/newreno.h"
#include "common/judge/stats.h"
#include <math.h>
#include <stdio.h>

enum { SEGMENT = BOTTLENECK_SEGMENT, SEEDS = 5, MANY = 20, DARK = 40 };

#define SHARE   0.95 /* Of what is possible. */
#define MATHIS  0.75 /* Of the line. */
#define WIRE    1.06
#define FOREVER (3600 * SEC)
#define STALL   (1100 * MSEC)

typedef struct controller *controller_maker(size_t segment);

/* What is asked for, and where. */
struct bench_cell {
    unsigned rate;   /* Mbit/s. */
    unsigned delay;  /* Milliseconds, one way. */
    double loss;     /* Per cent. */
    double cubic;    /* What the kernel's CUBIC reached; 0: not measured. */
    double fair;     /* So many times that is asked for. */
    double at_least; /* Besides: NewReno. */
    unsigned seeds;
};

static const struct bench_cell cells[] = {
    {10, 1, 0, 9.63, 0.97, 0, SEEDS},   {10, 1, 1, 9.14, 0.97, 0, SEEDS},
    {10, 1, 5, 5.87, 1.3, 0, SEEDS},    {10, 1, 10, 1.95, 2.5, 0, SEEDS},
    {10, 10, 0, 9.54, 0.97, 0, MANY},   {10, 10, 0.1, 7.12, 1.1, 0, SEEDS},
    {10, 10, 1, 5.04, 1.1, 5.19, MANY}, {10, 10, 2, 0, 0, 0, MANY},
    {10, 10, 5, 1.49, 1.4, 2.3, MANY},  {10, 10, 10, 0.89, 1.6, 0, SEEDS},
    {10, 50, 0, 8.84, 0.97, 0, SEEDS},  {10, 50, 1, 2.02, 0.9, 0, SEEDS},
    {10, 50, 5, 0.49, 1.2, 0, SEEDS},   {10, 50, 10, 0.34, 1.3, 0, SEEDS},
    {100, 1, 0, 89.8, 0.95, 0, SEEDS},  {100, 1, 1, 37.5, 1.4, 0, SEEDS},
    {100, 1, 5, 6.26, 3.0, 0, SEEDS},   {100, 10, 0, 89.4, 0.95, 0, SEEDS},
    {100, 10, 1, 5.61, 1.1, 0, SEEDS},  {100, 10, 2, 0, 0, 0, SEEDS},
    {100, 10, 5, 1.75, 1.4, 0, SEEDS},  {100, 50, 0, 67.7, 0.95, 0, SEEDS},
    {100, 50, 1, 2.12, 0.8, 0, SEEDS},  {100, 50, 5, 0.55, 1.0, 0, SEEDS},
};

static unsigned missed;

static double megabits(uint64_t bytes, nsec time)
{
    return (double)bytes * 8e3 / (double)time;
}

/* A number, and its bar: is it reached? */
static void print_beside(double value, double bar)
{
    bool fails = value < bar;
    missed += fails;
    if (bar > 0)
        printf(" %6.2f %c %6.2f", value, fails ? '<' : '|', bar);
    else
        printf(" %6.2f  %7s", value, "");
}

/* ---- What the models say, in Mbit/s. ---- */

static double link_rate(const struct bench_cell *cell)
{
    return cell->rate * (double)SEGMENT / (SEGMENT + BOTTLENECK_HEADERS) *
           (1 - cell->loss / 100);
}

static double round_trip(const struct bench_cell *cell)
{
    double bits = 8 * (SEGMENT + BOTTLENECK_HEADERS);
    return 2e-3 * cell->delay + bits / cell->rate / 1e6;
}

static double mathis(const struct bench_cell *cell)
{
    double p = cell->loss / 100;
    double line = SEGMENT * 8 / round_trip(cell) * sqrt(1.5 / p) / 1e6;
    return fmin(line, link_rate(cell));
}

static double padhye(const struct bench_cell *cell)
{
    double p = cell->loss / 100, rtt = round_trip(cell), timeout = rtt + 0.2;
    double often = fmin(1, 3 * sqrt(3 * p / 8));
    double line =
        SEGMENT * 8 / 1e6 /
        (rtt * sqrt(2 * p / 3) + timeout * often * p * (1 + 32 * p * p));
    return fmin(line, SHARE * link_rate(cell));
}

/* Of a transfer of so many bytes, when the window doubles until the link is
 * full. */
static double with_slow_start(const struct bench_cell *cell, uint64_t size)
{
    double rtt = round_trip(cell), full = link_rate(cell);
    double bits = full * 1e6 * rtt, first = CONTROLLER_FIRST * SEGMENT * 8;
    double rounds = fmax(0, log2(bits / first));
    double seconds = rtt * rounds + ((double)size * 8 - bits) / (full * 1e6);
    return (double)size * 8e-6 / fmax(seconds, (double)size * 8e-6 / full);
}

/* ---- One cell. ---- */

static struct bottleneck *open_cell(const struct bench_cell *cell,
                                    uint64_t seed)
{
    uint64_t rate = cell->rate * (uint64_t)1000000;
    size_t product = rate / 8 * 2 * cell->delay / 1000;
    struct bottleneck_link link = {.rate = rate,
                                   .delay = cell->delay * MSEC,
                                   .queue = MAX(product, 15000),
                                   .loss = (unsigned)lround(cell->loss * 1e4)};
    return bottleneck_new(link, 1, seed);
}

/* Medians over the seeds. */
struct goodput {
    double goodput, wire;
};

static struct goodput run_cell(const struct bench_cell *cell,
                               controller_maker *maker, uint64_t size,
                               nsec patience)
{
    g_autoptr(stats) goodput = stats_new(), wire = stats_new();
    for (uint64_t seed = 1; seed <= cell->seeds; seed++) {
        struct bottleneck *scene = open_cell(cell, seed);
        bottleneck_send(scene, 1, maker, size);
        bottleneck_run(scene, patience);
        uint64_t arrived = bottleneck_arrived(scene, 1);
        stats_add(goodput, megabits(arrived, bottleneck_time(scene)));
        stats_add(wire, (double)bottleneck_carried(scene, 1) / (double)arrived *
                            (1 - cell->loss / 100));
        bottleneck_free(scene);
    }
    return (struct goodput){stats_percentile(goodput, 0.5),
                            stats_percentile(wire, 0.5)};
}

static double bar_of(const struct bench_cell *cell, bool is_newreno)
{
    if (cell->loss == 0)
        return SHARE * with_slow_start(cell, 20000000);
    double bar = padhye(cell);
    bool line = cell->delay == 10 && cell->loss >= 1 && cell->loss <= 5;
    if (is_newreno && line)
        bar = fmax(fmax(bar, MATHIS * mathis(cell)), cell->at_least);
    return bar;
}

static double bar_beside_peers(const struct bench_cell *cell)
{
    double bar = cell->cubic * cell->fair;
    return cell->delay == 50 && cell->loss > 0
               ? fmin(bar, MATHIS * mathis(cell))
               : bar;
}

static void judge_cell(const struct bench_cell *cell, controller_maker *maker)
{
    bool is_newreno = maker == newreno_new;
    struct goodput whole = run_cell(cell, maker, 20000000, FOREVER);
    printf("%4u %6u %5.1f  %-8s", cell->rate, cell->delay, cell->loss,
           is_newreno ? "NewReno" : "CUBIC");
    print_beside(whole.goodput, bar_of(cell, is_newreno));
    struct goodput peers = cell->rate == 10
                               ? run_cell(cell, maker, 5000000, 12 * SEC)
                               : run_cell(cell, maker, 20000000, 10 * SEC);
    print_beside(peers.goodput, bar_beside_peers(cell));
    missed += whole.wire > WIRE;
    printf("  %6.3f%s\n", whole.wire, whole.wire > WIRE ? " > 1.06" : "");
    fflush(stdout);
}

static void judge_cells(void)
{
    printf("Mbit/s of data, medians over seeds\n"
           "rate  delay  loss            20 MB   at least  as the peers     "
           "   wire\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) {
        judge_cell(&cells[i], newreno_new);
        judge_cell(&cells[i], cubic_new);
    }
}

/* ---- A path that trembles. ---- */

/* Each way takes up to so much longer, and the queue holds a round trip. */
static void judge_trembling(nsec tremble, controller_maker *maker)
{
    struct bottleneck_link link = {
        .rate = 150000000, .delay = 10 * MSEC, .tremble = tremble};
    link.queue = link.rate / 8 * (2 * link.delay + tremble) / SEC;
    g_autoptr(stats) goodput = stats_new();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct bottleneck *scene = bottleneck_new(link, 1, seed);
        bottleneck_send(scene, 1, maker, 20000000);
        bottleneck_run(scene, FOREVER);
        stats_add(goodput, megabits(20000000, bottleneck_time(scene)));
        bottleneck_free(scene);
    }
    printf("  by up to %2u ms, %-8s", (unsigned)(tremble / MSEC),
           maker == newreno_new ? "NewReno" : "CUBIC");
    print_beside(stats_percentile(goodput, 0.5), 0.6 * (double)link.rate / 1e6);
    printf("\n");
}

/* ---- Two flows, and the dark. ---- */

static const struct bottleneck_link shared = {
    .rate = 10000000, .delay = 10 * MSEC, .queue = 25000};

/* The second begins 2 s later; what counts is from 10 s to 30 s. */
static void judge_pair(controller_maker *first, controller_maker *second,
                       const char *names, double jain_bar)
{
    g_autoptr(stats) jain = stats_new(), part = stats_new();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct bottleneck *scene = bottleneck_new(shared, 2, seed);
        bottleneck_send(scene, 1, first, 1000000000);
        bottleneck_run(scene, 2 * SEC);
        bottleneck_send(scene, 2, second, 1000000000);
        bottleneck_run(scene, 8 * SEC);
        double a = -(double)bottleneck_arrived(scene, 1);
        double b = -(double)bottleneck_arrived(scene, 2);
        bottleneck_run(scene, 20 * SEC);
        a += (double)bottleneck_arrived(scene, 1);
        b += (double)bottleneck_arrived(scene, 2);
        stats_add(jain, (a + b) * (a + b) / 2 / (a * a + b * b));
        stats_add(part, a / (a + b));
        bottleneck_free(scene);
    }
    printf("  %-18s the first has %2.0f %%, Jain", names,
           100 * stats_percentile(part, 0.5));
    print_beside(stats_percentile(jain, 0.5), jain_bar);
    printf("\n");
}

/* From the end of a black-out of a second until something arrives. */
static nsec stall_after(nsec start, nsec delay)
{
    struct bottleneck_link link = shared;
    link.delay = delay;
    struct bottleneck *scene = bottleneck_new(link, 1, start);
    bottleneck_send(scene, 1, newreno_new, 1000000000);
    bottleneck_run(scene, start);
    bottleneck_darken(scene, true);
    bottleneck_run(scene, SEC);
    bottleneck_darken(scene, false);
    nsec end = bottleneck_time(scene);
    uint64_t before = bottleneck_arrived(scene, 1);
    while (bottleneck_arrived(scene, 1) == before)
        bottleneck_run(scene, MSEC);
    nsec stall = bottleneck_time(scene) - end;
    bottleneck_free(scene);
    return stall;
}

static void judge_darkness(nsec delay)
{
    nsec longest = 0;
    for (nsec i = 0; i < DARK; i++) {
        nsec stall = stall_after(2 * SEC + i * 7 * MSEC, delay);
        longest = MAX(longest, stall);
    }
    missed += longest > STALL;
    printf("  one way %2u ms: goes on after %.3f s at the longest%s\n",
           (unsigned)(delay / MSEC), (double)longest / 1e9,
           longest > STALL ? ", too long" : "");
}

int main(void)
{
    judge_cells();
    printf("Each way of 10 ms trembles, 150 Mbit/s, 20 MB\n");
    judge_trembling(10 * MSEC, newreno_new);
    judge_trembling(10 * MSEC, cubic_new);
    judge_trembling(20 * MSEC, newreno_new);
    judge_trembling(20 * MSEC, cubic_new);
    printf("Two flows, 10 Mbit/s, 10 ms one way, from 10 s to 30 s\n");
    judge_pair(newreno_new, newreno_new, "NewReno, NewReno", 0.95);
    judge_pair(cubic_new, cubic_new, "CUBIC, CUBIC", 0.95);
    judge_pair(newreno_new, cubic_new, "NewReno, CUBIC", 0);
    printf("A black-out of a second, at %d moments\n", DARK);
    judge_darkness(MSEC);
    judge_darkness(10 * MSEC);
    judge_darkness(50 * MSEC);
    printf("%u bars missed\n", missed);
    return missed > 0;
}
