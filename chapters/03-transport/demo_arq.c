/*
 * A file crosses a link that loses packets, in three ways side by side:
 * stop-and-wait, Go-Back-N, and the variant that sends again only when asked.
 * In virtual time: the same seed, the same losses. On a terminal it is shown as
 * fast as it would happen.
 */
#include "03-transport/reliable.h"
#include "common/world/complain.h"
#include "common/world/sim.h"
#include <stdio.h>
#include <unistd.h>

enum { MESSAGES = 30, SIZE = 1000, LOSS = 50, BAR = 15, ROWS = 100 };
#define WAY  (10 * MSEC)
#define STEP (50 * MSEC)
#define HOUR (3600 * SEC)

/* One way to get it across, in a world of its own. */
struct crossing {
    const char *name;
    const struct reliable *kind;
    struct sim *sim;
    struct env toll[3]; /* Below the layers of nodes 1 and 2: they count. */
    void *layers[3];
    uint64_t packets, bytes; /* Put on the link, both ways. */
    unsigned arrived;
    nsec took; /* 0: not all has arrived. */
};

/* ---- A crossing. ---- */

static struct crossing *crossing_of(struct env *toll)
{
    struct env *first = toll - toll->id; /* toll[0]. */
    return (struct crossing *)((char *)first -
                               G_STRUCT_OFFSET(struct crossing, toll));
}

static void count_and_send(struct env *env, node_id to, GBytes *packet)
{
    struct crossing *crossing = crossing_of(env);
    crossing->packets++;
    crossing->bytes += g_bytes_get_size(packet);
    env_send(env->below, to, packet);
}

static void forward(void *self, node_id from, GBytes *packet)
{
    env_deliver(self, from, packet);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct crossing *crossing = self;
    (void)from, (void)message;
    if (++crossing->arrived == MESSAGES)
        crossing->took = sim_time(crossing->sim);
}

static void raise_layer(struct crossing *crossing, node_id id)
{
    static const struct env_ops ops = {.send = count_and_send};
    struct env *below = sim_env(crossing->sim, id);
    struct env *toll = &crossing->toll[id];
    *toll = (struct env){
        .ops = &ops, .below = below, .id = id, .most = below->most};
    env_bind(below, forward, toll);
    crossing->layers[id] = crossing->kind->raise(toll);
}

static void begin(struct crossing *crossing, uint64_t seed)
{
    static const char data[SIZE];
    g_autoptr(GBytes) message = g_bytes_new_static(data, SIZE);
    crossing->sim = sim_new(
        2, seed,
        (struct sim_weather){.loss = LOSS, .delay_min = WAY, .delay_max = WAY});
    raise_layer(crossing, 1);
    raise_layer(crossing, 2);
    env_bind(crossing->kind->env(crossing->layers[2]), on_message, crossing);
    for (int i = 0; i < MESSAGES; i++)
        env_send(crossing->kind->env(crossing->layers[1]), 2, message);
}

static void end(struct crossing *crossing)
{
    for (node_id id = 1; id <= 2; id++)
        crossing->kind->lower(crossing->layers[id]);
    sim_free(crossing->sim);
}

/* ---- What is seen. ---- */

static void print_row(const char *time, const struct crossing *crossings,
                      int count)
{
    printf("  %8s", time);
    for (int i = 0; i < count; i++) {
        printf("  ");
        for (unsigned sign = 1; sign <= BAR; sign++)
            putchar(crossings[i].arrived * BAR >= sign * MESSAGES ? '#' : ' ');
        printf("%4u", crossings[i].arrived);
    }
    printf("\n");
    fflush(stdout);
}

static bool all_but_the_last_are_over(const struct crossing *crossings,
                                      int count)
{
    for (int i = 0; i + 1 < count; i++)
        if (crossings[i].took == 0)
            return false;
    return true;
}

/* A row for each step, and one for what an hour more brings. */
static void run(struct crossing *crossings, int count)
{
    printf("  %8s", "time");
    for (int i = 0; i < count; i++)
        printf("  %*s", i + 1 < count ? -BAR - 4 : 0, crossings[i].name);
    printf("\n");
    for (unsigned row = 1;
         row <= ROWS && !all_but_the_last_are_over(crossings, count); row++) {
        g_autofree char *time =
            g_strdup_printf("%.2f s", (double)(row * STEP) / (double)SEC);
        if (isatty(STDOUT_FILENO))
            g_usleep(STEP / USEC);
        for (int i = 0; i < count; i++)
            sim_run(crossings[i].sim, row * STEP);
        print_row(time, crossings, count);
    }
    for (int i = 0; i < count; i++)
        sim_run(crossings[i].sim, HOUR);
    print_row("1 hour", crossings, count);
}

static void print_cost(const struct crossing *crossing)
{
    uint64_t again = crossing->kind->repeats(crossing->layers[1]);
    double put = (double)crossing->bytes / 1000;
    printf("  %-18s", crossing->name);
    if (crossing->took > 0)
        printf("%8.2f s", (double)crossing->took / (double)SEC);
    else
        printf("%10s", "never");
    printf("%10d%10d%10.1f kB\n", (int)again, (int)crossing->packets, put);
}

int main(int argc, char **argv)
{
    guint64 seed = 5;
    if (argc > 2 || (argc == 2 && !g_ascii_string_to_unsigned(
                                      argv[1], 10, 0, UINT64_MAX, &seed, NULL)))
        return complain(USAGE, "the only argument is a seed, a number");
    struct crossing crossings[] = {
        {.name = "stop-and-wait", .kind = &reliable_arq},
        {.name = "Go-Back-N, N is 8", .kind = &reliable_gobackn},
        {.name = "only when asked", .kind = &reliable_nak}};
    int count = G_N_ELEMENTS(crossings);
    printf("A file of %d kB, in %d messages, crosses a link of 10 ms each way "
           "that loses\n%d %% of all packets (seed %" G_GUINT64_FORMAT
           "). How much of it has arrived?\n\n",
           MESSAGES * SIZE / 1000, MESSAGES, LOSS / 10, seed);
    for (int i = 0; i < count; i++)
        begin(&crossings[i], seed);
    run(crossings, count);
    printf("\n  %-18s%10s%10s%10s%13s\n", "", "took", "again", "packets",
           "on the link");
    for (int i = 0; i < count; i++)
        print_cost(&crossings[i]);
    printf(
        "\nStop-and-wait needs a round trip for each message: %.2f s when "
        "nothing is lost.\nGo-Back-N has eight on their way, and sends all of "
        "them again when one is lost.\n",
        (double)(MESSAGES * 2 * WAY) / (double)SEC);
    if (crossings[2].took > 0)
        printf("Who sends only when asked was lucky: nothing was lost.\n");
    else
        printf("Who sends only when asked needs no timer, and waits for ever: "
               "nobody asks for\nwhat he does not know of.\n");
    for (int i = 0; i < count; i++)
        end(&crossings[i]);
    return 0;
}
