/*
 * The caller's wait, and the work's end, for the same jobs by call and by
 * message, while the worker is slow for a while. In virtual time.
 *
 * The model is Lindley's recursion: a job waits for what was left of those
 * before it when the last one came, less the time since:
 *
 *     wait(n + 1) = max(0, wait(n) + work(n) - every)
 *
 *     measure_handover [--part=K/N]    // all rows, or every N-th from the K-th
 */
#include "04-queues/handover/handover_scene.h"
#include "common/judge/part.h"
#include <stdio.h>

enum { STEP = 10 };

static double ms(nsec span)
{
    return (double)span / MSEC;
}

int main(int argc, char **argv)
{
    static struct handover_job calls[HANDOVER_JOBS], messages[HANDOVER_JOBS];
    struct part part;
    int status = part_read(argc, argv, &part);
    nsec wait = 0;
    if (status != 0)
        return status;
    handover_by_call(calls);
    handover_by_message(messages);
    printf("# virtual time\n"
           "# s\tmodel\tcall\tkept\tdone\n"
           "# claim: |call - model| <= 3\n"
           "# claim: kept <= 7\n"
           "# claim: |done - model| <= 10\n");
    for (unsigned i = 0; i < HANDOVER_JOBS; i++) {
        nsec work = handover_work(i);
        if (i % STEP == 0 && part_has(part, i / STEP))
            printf("%.1f\t%.1f\t%.1f\t%.1f\t%.1f\n",
                   (double)(i * HANDOVER_EVERY) / SEC, ms(wait + work),
                   ms(calls[i].free), ms(messages[i].free),
                   ms(messages[i].done));
        wait = wait + work > HANDOVER_EVERY ? wait + work - HANDOVER_EVERY : 0;
    }
    return 0;
}
