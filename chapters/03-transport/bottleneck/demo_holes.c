/*
 * Ten segments, of which one in the midst is lost, and later a last one: what
 * does a receiver say that misses something, and how does the sender know? In
 * virtual time, drawn.
 */
#include "03-transport/flow.h"
#include "03-transport/newreno.h"
#include "common/spacetime/lanes.h"
#include "common/world/complain.h"
#include "common/world/sim_faults.h"

enum {
    PIECE = 100,
    PIECES = 10,
    FIFTH = 4 * PIECE, /* The number of its first byte. */
    LAST = PIECES * PIECE,
    NONE = LAST + 1,
    ROOM = 1 << 16
};

#define WAY   (10 * MSEC)
#define QUIET (100 * MSEC) /* Then one more is sent. */

/* One end. */
struct hole_party {
    struct env *env;
    struct flow *flow;
};

/* ---- What is lost, and what a segment says. ---- */

/* The fifth segment is lost, and the one behind the tenth, the first time. */
static struct sim_fate decide(void *self, const struct sim_message *message)
{
    uint32_t *victim = self;
    struct segment segment;
    struct sim_fate fate = {.delay = WAY};
    if (segment_of(message->bytes, &segment) && segment.size > 0 &&
        segment.seq == *victim) {
        fate.lost = true;
        *victim = *victim < LAST ? LAST : NONE;
    }
    return fate;
}

static void describe(GString *text, GBytes *message)
{
    struct segment segment;
    if (!segment_of(message, &segment))
        return;
    if (segment.size > 0) {
        g_string_append_printf(text, "packet %u: %u-%u", segment.packet,
                               segment.seq,
                               segment.seq + (uint32_t)segment.size - 1);
        return;
    }
    g_string_append_printf(text, "have 0-%u", segment.ack - 1);
    for (unsigned i = 0; i < segment.ranges; i++)
        g_string_append_printf(text, ", %u-%u", segment.range[i].first,
                               segment.range[i].end - 1);
}

/* ---- The two ends. ---- */

static void send_segment(void *self, struct segment *segment)
{
    struct hole_party *party = self;
    g_autoptr(GBytes) bytes = segment_bytes(segment);
    env_send(party->env, 3 - party->env->id, bytes);
}

static void take_all(void *self)
{
    struct hole_party *party = self;
    uint8_t data[ROOM];
    while (flow_take(party->flow, data, sizeof data) > 0)
        continue;
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct hole_party *party = self;
    struct segment segment;
    (void)from;
    if (segment_of(message, &segment))
        flow_on_segment(party->flow, &segment);
}

static void open_party(struct hole_party *party, struct env *env)
{
    struct flow_options options = {.window = ROOM,
                                   .segment = PIECE,
                                   .outgoing = ROOM,
                                   .incoming = ROOM,
                                   .floor = 10 * MSEC,
                                   .rtt = 2 * WAY,
                                   .controller = newreno_new(PIECE)};
    *party = (struct hole_party){.env = env};
    party->flow = flow_new(
        env, options, (struct flow_owner){send_segment, take_all, NULL, party});
    env_bind(env, on_message, party);
}

/* What happened, as a trace. */
static char *run(void)
{
    static const uint8_t bytes[LAST];
    uint32_t victim = FIFTH;
    struct hole_party parties[2];
    struct sim *sim = sim_new(2, 1, (struct sim_weather){0});
    char *trace = NULL;
    size_t size;
    FILE *file = open_memstream(&trace, &size);
    sim_set_watch(sim, (struct sim_watch){.decide = decide,
                                          .describe = describe,
                                          .self = &victim});
    sim_trace(sim, file);
    for (node_id id = 1; id <= 2; id++)
        open_party(&parties[id - 1], sim_env(sim, id));
    flow_push(parties[0].flow, bytes, sizeof bytes);
    sim_run(sim, QUIET);
    flow_push(parties[0].flow, bytes, PIECE);
    sim_run(sim, 2 * QUIET);
    sim_trace(sim, NULL);
    fclose(file);
    for (unsigned i = 0; i < 2; i++)
        flow_free(parties[i].flow);
    sim_free(sim);
    return trace;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    printf("Node 1 sends ten segments of %d bytes to node 2, and %d ms later "
           "one more. The\nfifth is lost, and the last. The way takes %d "
           "ms.\n\n",
           PIECE, (int)(QUIET / MSEC), (int)(WAY / MSEC));
    g_autofree char *trace = run();
    lanes_draw(stdout, trace, 0);
    printf("\nNode 2 never says what it misses: of the last segment it does "
           "not know that\nthere was one. It says what it has. Node 1 "
           "concludes: packet 5 is lost, since\nthree later ones have come. Of "
           "the last it hears nothing, so it asks, with the\nsame bytes: a "
           "tail probe. What is sent again has a new number; so it is known\n"
           "which of the two arrived.\n");
    return 0;
}
