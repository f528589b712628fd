/*
 * One failure, as data for figures/00-failure.svg: the counter that answers reads
 * before it knows (counter.mistakes), with which this program is linked, in the
 * smallest storm that shows it. It takes --part=K/N, as all such programs do, and
 * always prints the whole.
 */
#include "common/spacetime/spacetime.h"
#include "common/storm/failure.h"
#include "common/toys/counter_scene.h"
#include "common/world/complain.h"
#include <stdlib.h>

static const char text[] = "storm counter\n"
                           "nodes 3\n"
                           "until 7ms\n"
                           "core 1 3\n"
                           "at 1ms ask 2 add\n"
                           "at 6ms crash 1 for 1ms\n"
                           "at 6ms ask 3 read\n";

int main(void)
{
    struct ordeal_report report;
    struct storm *storm = storm_read(text, NULL);
    char *trace = failure_trace(&counter_subject, storm, &report);
    if (!report.id)
        return complain(FAILED, "nothing broke: is the mistake planted?");
    printf("# virtual time\n");
    spacetime_table(stdout, trace);
    ordeal_report_clear(&report);
    storm_free(storm);
    free(trace);
    return 0;
}
