/*
 * What becomes of a server to which more is offered than it can serve? In
 * virtual time: goodput over offered load, in the last half of a minute, when
 * clients try once; when they try again after a tenth of their deadline; when
 * they back off; and when what waits already waits once, and the server drops
 * what it cannot serve in time.
 *
 * The model is the best that can be had: min(offered, 1).
 *
 *     measure_storm [--part=K/N]    // all rows, or every N-th from the K-th
 */
#include "02-framing/calls/shop_scene.h"
#include "common/judge/part.h"
#include <stdio.h>

enum { RUNS = 3, STEP = 100, LAST = 2000 }; /* Of load, in 1/1000. */

static const struct shop_manner manners[] = {
    {.wait = SHOP_SPAN, .longest = SHOP_SPAN},
    {.wait = SHOP_SPAN / 10, .longest = SHOP_SPAN / 10},
    {.wait = SHOP_SPAN / 10, .longest = SHOP_SPAN},
    {.wait = SHOP_SPAN / 10, .longest = SHOP_SPAN, .keys = true},
    {.wait = SHOP_SPAN / 10, .longest = SHOP_SPAN, .keys = true, .drops = true},
};

/* In shares of what the server can serve. */
static double goodput_of(unsigned offered, const struct shop_manner *manner)
{
    uint64_t good = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct sim *sim = shop_open(seed, offered, manner);
        sim_run(sim, 30 * SEC);
        good -= shop_good(sim);
        sim_run(sim, 60 * SEC);
        good += shop_good(sim);
        sim_free(sim);
    }
    return (double)good / RUNS / (double)(30 * SEC / SHOP_SERVICE);
}

int main(int argc, char **argv)
{
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: %d runs of a minute a row\n", RUNS);
    printf("# offered\tmodel\tonce\tagain\tbackoff\tkeys\tdrops\n"
           "# claim: again / model >= 0.95 for offered <= 0.6\n"
           "# claim: again <= 0.05 for offered >= 0.8\n"
           "# claim: backoff <= 0.05 for offered >= 0.8\n"
           "# claim: once / model >= 0.95 for offered <= 0.9\n"
           "# claim: once <= 0.05 for offered >= 1.1\n"
           "# claim: keys / model >= 0.95 for offered <= 1\n"
           "# claim: drops / model >= 0.95\n");
    unsigned row = 0;
    for (unsigned offered = STEP; offered <= LAST; offered += STEP) {
        if (!part_has(part, row++))
            continue;
        printf("%.1f\t%.1f", offered / 1000.0, MIN(offered / 1000.0, 1));
        for (unsigned i = 0; i < G_N_ELEMENTS(manners); i++)
            printf("\t%.3f", goodput_of(offered, &manners[i]));
        printf("\n");
    }
    return 0;
}
