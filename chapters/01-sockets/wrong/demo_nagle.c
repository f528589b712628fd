/*
 * Two rules, each good alone, and together a stop of 40 ms: exchange.h says
 * which. Ten exchanges are drawn as they happened, one line each. Then the two
 * cures: an option, and the better one, which is to write once what belongs
 * together.
 */
#include "01-sockets/wrong/exchange.h"
#include "common/world/complain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 10, WIDTH = 40 }; /* Characters of the time line. */

struct run {
    struct exchange_times exchanges[COUNT];
    unsigned packets;
};

static double milliseconds(nsec time)
{
    return (double)time / (double)MSEC;
}

static struct run run_way(unsigned writes, bool nodelay)
{
    struct run run;
    struct exchange_way way = {writes, nodelay};
    if (exchange_run(&way, run.exchanges, COUNT, &run.packets) < 0)
        exit(complain(FAILED, "TCP on 127.0.0.1: %s", g_strerror(errno)));
    return run;
}

static nsec total(const struct run *run)
{
    return run->exchanges[COUNT - 1].ended;
}

static unsigned held(const struct run *run)
{
    unsigned count = 0;
    for (int i = 0; i < COUNT; i++)
        count += run->exchanges[i].held > 0;
    return count;
}

/* ---- The stair. ---- */

/* From its beginning to its end, where the whole line is @p whole. */
static void draw(const struct exchange_times *exchange, nsec whole)
{
    char line[WIDTH + 1];
    size_t from = (size_t)(exchange->began * (WIDTH - 1) / whole);
    size_t to = (size_t)(exchange->ended * (WIDTH - 1) / whole);
    memset(line, ' ', to);
    memset(line + from, '-', to - from);
    line[to] = '|';
    printf("%.*s\n", (int)to + 1, line);
}

static void draw_stair(const struct run *run)
{
    printf("  exchange     held       took   0 ms%*.0f ms\n", WIDTH - 7,
           milliseconds(total(run)));
    for (int i = 0; i < COUNT; i++) {
        const struct exchange_times *exchange = &run->exchanges[i];
        printf("  %8d %3zu bytes %7.2f ms   ", i + 1, exchange->held,
               milliseconds(exchange->ended - exchange->began));
        draw(exchange, total(run));
    }
}

/* ---- The cures. ---- */

static void print_run(const char *name, const struct run *run)
{
    printf("  %-24s %9.3f ms    %2u of %d held back    %2u packets\n", name,
           milliseconds(total(run)), held(run), COUNT, run->packets);
}

int main(void)
{
    struct run stair = run_way(2, false);
    struct run nodelay = run_way(2, true);
    struct run single = run_way(1, false);
    printf("A client asks, and waits for the answer, ten times. It writes the "
           "header, %d\nbytes, then the body, %d. How many of them does its "
           "kernel hold back?\n\n",
           EXCHANGE_HEADER, EXCHANGE_BODY);
    draw_stair(&stair);
    printf("\nThe client's kernel sends no second small packet until the "
           "first is acknowledged\n(Nagle, RFC 896). The server's waits at "
           "least %.0f ms for an answer that carries\nthe acknowledgment (RFC "
           "1122, 4.2.3.2). So each waits for the other; but not\nwhere Linux "
           "acknowledges at once, as while a connection is new: %u of the "
           "ten.\n\n",
           milliseconds(EXCHANGE_DELAY), COUNT - held(&stair));
    print_run("header, body", &stair);
    print_run("the same, TCP_NODELAY", &nodelay);
    print_run("both in one write", &single);
    printf("\nOne write, or writev, is the better cure: no option, and one "
           "packet for both.\n");
    return 0;
}
