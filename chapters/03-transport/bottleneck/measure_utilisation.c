/*
 * What share of a long line does a protocol use? In virtual time: a line that
 * holds N = 201 frames in a round trip, and loses some of them.
 *
 * The formulas: per frame that gets through, the line is used for one time T,
 * and for each try that fails, so much time passes as the sender needs to see
 * it.
 *
 *     stop-and-wait   N + p / (1 - p) N, the timer being one round trip
 *     Go-Back-N       1 + p / (1 - p) N: the book's, a loss costs a round trip
 *                     1 + p (2 N - 1) + p p / (1 - p) N: ours, whose timer
 * begins
 *                     again with each ack, the last of which comes a round trip
 *                     after the lost frame was sent
 *
 * Selective repeat loses nothing but the lost frames, 1 - p, if its window lets
 * it: but it stops at W frames beyond the oldest that is missing. What that
 * costs no short formula tells; so the line is a model: an ideal sender, told
 * of each loss one round trip after it sent the frame, which it sends again
 * before anything new.
 *
 *     measure_utilisation [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "03-transport/bottleneck/pipeline_scene.h"
#include "common/judge/part.h"
#include "common/world/dice.h"
#include <stdio.h>
#include <string.h>

enum {
    TRIP = 201, /* Frames in a round trip: 1 + 2 a. */
    SLACK = 3,  /* Frames whose ack waits for the next. */
    FRAMES = 100000,
    MODEL = 1000000,
    SPAN = 4096 /* Above every window. */
};

static const nsec frame = MSEC, way = 100 * MSEC;

/* ---- Formulas. ---- */

static double wait_of(double p)
{
    return 1 / (TRIP + p / (1 - p) * TRIP);
}

static double book_of(double p)
{
    return 1 / (1 + p / (1 - p) * TRIP);
}

static double back_of(double p)
{
    return 1 / (1 + p * (2 * TRIP - 1) + p * p / (1 - p) * TRIP);
}

/* ---- The ideal selective repeat. ---- */

struct repeater {
    uint64_t base, next; /* The oldest that is missing; the next new. */
    uint64_t line[TRIP]; /* What was sent in this slot. */
    bool sent[TRIP];     /* Was anything? */
    bool here[SPAN];     /* Has arrived, from base on. */
    uint64_t lost[SPAN]; /* Known to be lost: a queue. */
    unsigned first, count;
};

/* What was sent a round trip ago is heard of. */
static void hear(struct repeater *ideal, unsigned slot, bool lost)
{
    uint64_t number = ideal->line[slot];
    if (!ideal->sent[slot])
        return;
    if (lost)
        ideal->lost[(ideal->first + ideal->count++) % SPAN] = number;
    else
        ideal->here[number % SPAN] = true;
    while (ideal->here[ideal->base % SPAN])
        ideal->here[ideal->base++ % SPAN] = false;
}

/* The lost first, then what is new, in the window. */
static void fill(struct repeater *ideal, unsigned slot, unsigned window)
{
    ideal->sent[slot] = true;
    if (ideal->count > 0) {
        ideal->line[slot] = ideal->lost[ideal->first++ % SPAN];
        ideal->first %= SPAN;
        ideal->count--;
    } else if (ideal->next < ideal->base + window) {
        ideal->line[slot] = ideal->next++;
    } else {
        ideal->sent[slot] = false;
    }
}

static double ideal_of(unsigned loss, unsigned window)
{
    static struct repeater ideal;
    memset(&ideal, 0, sizeof ideal);
    for (unsigned time = 0; time < MODEL; time++) {
        struct dice dice = dice_at(loss, window, time);
        hear(&ideal, time % TRIP, dice_roll(&dice) % 1000000 < loss);
        fill(&ideal, time % TRIP, window);
    }
    return (double)ideal.base / MODEL;
}

/* ---- Measured: the share of the line that brings something new. ---- */

static double share_of(struct pipeline *scene, nsec time)
{
    pipeline_run(scene, 20 * SEC);
    uint64_t before = pipeline_arrived(scene);
    pipeline_run(scene, time);
    double frames = (double)(pipeline_arrived(scene) - before);
    pipeline_free(scene);
    return frames / ((double)time / (double)frame);
}

static struct pipeline *line_of(unsigned loss)
{
    return pipeline_new(
        (struct pipeline_line){.frame = frame, .way = way, .loss = loss}, loss);
}

static double measure_wait(unsigned loss)
{
    struct pipeline *scene = line_of(loss);
    pipeline_arq(scene, TRIP * frame + USEC);
    return share_of(scene, FRAMES * TRIP / 10 * frame);
}

static double measure_back(unsigned loss)
{
    struct pipeline *scene = line_of(loss);
    pipeline_gobackn(scene, TRIP, TRIP * frame + USEC);
    return share_of(scene, 10 * FRAMES * frame);
}

static double measure_flow(unsigned loss, unsigned window)
{
    struct pipeline *scene = line_of(loss);
    pipeline_flow(scene, TRIP + SLACK, window);
    return share_of(scene, FRAMES * frame);
}

/* ---- Rows. ---- */

static unsigned print_losses(struct part part, unsigned row)
{
    static const unsigned losses[] = {1000,  2000,  3000,  5000,  10000,
                                      20000, 30000, 50000, 100000};
    printf("# loss\twait_model\twait\tbook\tback_model\tback\tone_model\tone\t"
           "four_model\tfour\n"
           "# claim: |wait - wait_model| / wait_model <= 0.03\n"
           "# claim: |back - back_model| / back_model <= 0.05\n"
           "# claim: back <= book\n"
           "# claim: |one - one_model| / one_model <= 0.1\n"
           "# claim: four / (1 - loss) >= 0.94\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(losses); i++) {
        unsigned loss = losses[i];
        double p = loss / 1e6;
        if (!part_has(part, row++))
            continue;
        printf("%.3f\t%.5f\t%.5f\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\n",
               p, wait_of(p), measure_wait(loss), book_of(p), back_of(p),
               measure_back(loss), ideal_of(loss, TRIP),
               measure_flow(loss, TRIP), ideal_of(loss, 4 * TRIP),
               measure_flow(loss, 4 * TRIP));
        fflush(stdout);
    }
    return row;
}

static void print_windows(struct part part, unsigned row)
{
    static const unsigned losses[] = {10000, 50000, 100000};
    static const unsigned quarters[] = {2, 4, 6, 8, 10, 12, 16, 20, 24};
    printf("\n\n# loss\twindow\tmodel\tmeasured\n"
           "# claim: |measured - model| / model <= 0.1\n"
           "# claim: measured <= window * (1 - loss) + 0.01\n"
           "# claim: measured / (1 - loss) <= 0.62 for window == 1\n"
           "# claim: measured / (1 - loss) >= 0.97 for window >= 4\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(losses); i++)
        for (unsigned j = 0; j < G_N_ELEMENTS(quarters); j++) {
            unsigned window = TRIP * quarters[j] / 4;
            if (!part_has(part, row++))
                continue;
            printf("%.2f\t%.2f\t%.4f\t%.4f\n", losses[i] / 1e6,
                   quarters[j] / 4.0, ideal_of(losses[i], window),
                   measure_flow(losses[i], window));
            fflush(stdout);
        }
}

int main(int argc, char **argv)
{
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: a frame takes 1 ms, and 100 ms on its way\n");
    print_windows(part, print_losses(part, 0));
    return 0;
}
