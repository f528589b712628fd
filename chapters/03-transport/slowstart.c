/*
 * In slow start twice as much is sent as arrives. When that is more than the
 * path carries, a queue grows, and with it the round trips:
 *
 *     round trip           ........   the window stays, and so does the queue:
 *                        .'           it was the queue
 *         late        .'|
 *     - - - - - - - .'- | - - - - -   the least of the round before, and more
 *     .............'    a row
 *
 *                    .    .
 *                   ' |  ' |          one is shorter than the row: it was not
 *     - - - - - - -'- |.'- |- - - -
 *     ............'        '.......
 *
 * RFC 9406 takes the least of a round in place of a row, which is late where
 * segments leave one after the other (pacing.h): a round begins with the
 * shortest queue it has. And it lets the window grow by a quarter of what
 * arrives while it is in doubt; five such rounds make it three times as large,
 * which is more than most queues hold.
 */
#include "03-transport/slowstart.h"

static nsec tolerance(nsec least)
{
    return CLAMP(least / 8, 4 * MSEC, 16 * MSEC);
}

static void begin_round(struct slowstart *slowstart, nsec now)
{
    slowstart->before = slowstart->least;
    slowstart->least = 0;
    slowstart->begin = now;
    slowstart->held += slowstart->held > 0;
}

/* RFC 9406, 4.2, conservative slow start: was it the path? */
static void doubt(struct slowstart *slowstart, nsec rtt)
{
    if (rtt < slowstart->row)
        slowstart->late = slowstart->held = 0;
}

static void look(struct slowstart *slowstart, nsec rtt)
{
    bool late = slowstart->before > 0 &&
                rtt >= slowstart->before + tolerance(slowstart->before);
    if (slowstart->late == 0 || rtt < slowstart->row)
        slowstart->row = rtt;
    slowstart->late = late ? slowstart->late + 1 : 0;
    slowstart->held = slowstart->late >= SLOWSTART_LATE;
}

void slowstart_sample(struct slowstart *slowstart,
                      struct controller *controller, nsec now, nsec rtt)
{
    if (controller->window >= controller->threshold) {
        *slowstart = (struct slowstart){0};
        return;
    }
    if (now - rtt >= slowstart->begin)
        begin_round(slowstart, now);
    if (slowstart->least == 0 || rtt < slowstart->least)
        slowstart->least = rtt;
    if (slowstart->held > 0)
        doubt(slowstart, rtt);
    else
        look(slowstart, rtt);
    if (slowstart->held > SLOWSTART_ROUNDS) {
        controller->threshold = controller->window;
        *slowstart = (struct slowstart){0};
    }
}

bool slowstart_holds(const struct slowstart *slowstart)
{
    return slowstart->held > 0;
}
