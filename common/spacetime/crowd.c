#include "common/spacetime/crowd.h"
#include <glib.h>
#include <math.h>

static const double apart = 6, near = 9; /* Dots; and what they disturb. */

struct dot {
    double x, y, weight;
};

struct crowd {
    GArray *dots;
};

struct crowd *crowd_new(void)
{
    struct crowd *crowd = g_new(struct crowd, 1);
    crowd->dots = g_array_new(FALSE, FALSE, sizeof(struct dot));
    return crowd;
}

static unsigned dots_of(struct stroke stroke)
{
    double length = hypot(stroke.x2 - stroke.x, stroke.y2 - stroke.y);
    return 1 + (unsigned)(length / apart);
}

static struct dot dot_of(struct stroke stroke, unsigned index)
{
    double part = (double)index / dots_of(stroke);
    return (struct dot){.x = stroke.x + part * (stroke.x2 - stroke.x),
                        .y = stroke.y + part * (stroke.y2 - stroke.y)};
}

void crowd_line(struct crowd *crowd, struct stroke stroke, double weight)
{
    for (unsigned i = 0; i <= dots_of(stroke); i++) {
        struct dot dot = dot_of(stroke, i);
        dot.weight = weight;
        g_array_append_val(crowd->dots, dot);
    }
}

static double cost_at(const struct crowd *crowd, struct dot place)
{
    double cost = 0;
    for (unsigned i = 0; i < crowd->dots->len; i++) {
        struct dot dot = g_array_index(crowd->dots, struct dot, i);
        if (fabs(dot.x - place.x) < near && fabs(dot.y - place.y) < near)
            cost = fmax(cost, dot.weight);
    }
    return cost;
}

double crowd_cost(const struct crowd *crowd, struct stroke stroke)
{
    double cost = 0;
    for (unsigned i = 0; i <= dots_of(stroke); i++)
        cost += cost_at(crowd, dot_of(stroke, i));
    return cost;
}

void crowd_free(struct crowd *crowd)
{
    g_array_unref(crowd->dots);
    g_free(crowd);
}
