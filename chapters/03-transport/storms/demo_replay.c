/*
 * Transfers that fail, on purpose: the stop-and-wait that sends again only
 * when it is asked to, in storms, until one of them breaks its promise. That
 * storm is made as small as it can be, drawn, and kept, to be seen again.
 */
#include "03-transport/storms/arq_scene.h"
#include "common/storm/main.h"
#include "common/world/complain.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc == 1)
        printf("Stop-and-wait with NAKs and no timer, in one storm after "
               "another. Each message\nshould arrive once; the judge looks "
               "on.\n\n");
    int status = storm_main(argc, argv, &nak_subject);
    return argc == 1 && status == FAILED ? 0 : status; /* It was to break. */
}
