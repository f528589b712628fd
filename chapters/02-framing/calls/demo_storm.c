/*
 * A server has room for more than it is asked. For three seconds it is asked for
 * too much, and then for as little as before. With clients that simply try again
 * it does not come back. In virtual time: the same seed, the same storm.
 */
#include "02-framing/calls/shop_scene.h"
#include "common/world/complain.h"
#include <stdio.h>

enum {
    SECONDS = 18,
    CALM = 650, /* What is offered, in 1/1000 .. */
    RUSH = 1500,
    FROM = 4, /* .. and from this second on for three. */
    TO = 6,
    EACH = 50 /* That much goodput is one sign. */
};

static unsigned offered_in(unsigned second)
{
    return second >= FROM && second <= TO ? RUSH : CALM;
}

/* What the next second brings, in 1/1000 of what the server can serve. */
static unsigned next_second(struct sim *sim, unsigned second)
{
    uint64_t before = shop_good(sim);
    shop_offer(sim, offered_in(second));
    sim_run(sim, second * SEC);
    return (unsigned)((shop_good(sim) - before) * 1000 * SHOP_SERVICE / SEC);
}

static void print_bar(unsigned good)
{
    unsigned most = 1000 / EACH;
    for (unsigned i = 0; i < most; i++)
        putchar(i < (good + EACH / 2) / EACH ? '#' : ' ');
    printf(" %3u %%", good / 10);
}

int main(int argc, char **argv)
{
    static const struct shop_manner again = {.wait = SHOP_SPAN / 10,
                                             .longest = SHOP_SPAN};
    static const struct shop_manner wise = {.wait = SHOP_SPAN / 10,
                                            .longest = SHOP_SPAN,
                                            .keys = true,
                                            .drops = true};
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    printf("A server, of whose work %d %% are asked; for three seconds, %d %%. "
           "Goodput is\nwhat it answers in time, of what it could. On the left "
           "clients try again, and\nback off; on the right calls have keys, "
           "too, and the server drops what it\ncannot do in time.\n\n",
           CALM / 10, RUSH / 10);
    printf("second  offered  %-28s%s\n", "tries again", "and keys, and drops");
    struct sim *left = shop_open(1, CALM, &again);
    struct sim *right = shop_open(1, CALM, &wise);
    for (unsigned second = 1; second <= SECONDS; second++) {
        printf("%6u  %5u %%  ", second, offered_in(second) / 10);
        print_bar(next_second(left, second));
        printf("  ");
        print_bar(next_second(right, second));
        printf("\n");
    }
    printf("\nOn the left %llu requests were served, %llu of them in time; on "
           "the right %llu\nand %llu.\n",
           (unsigned long long)shop_served(left),
           (unsigned long long)shop_good(left),
           (unsigned long long)shop_served(right),
           (unsigned long long)shop_good(right));
    sim_free(left);
    sim_free(right);
    return 0;
}
