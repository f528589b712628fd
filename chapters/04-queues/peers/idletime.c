#include "04-queues/peers/idletime.h"
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#define LITTLE 0.1

/* Who waits for a disk leaves its processor idle, too. */
double idletime_seconds(void)
{
    unsigned long long idle = 0, waiting = 0;
    g_autofree char *text = NULL;
    if (g_file_get_contents("/proc/stat", &text, NULL, NULL))
        sscanf(text, "cpu %*u %*u %*u %llu %llu", &idle, &waiting);
    return (double)(idle + waiting) / (double)sysconf(_SC_CLK_TCK);
}

double idletime_share(double idle, double seconds)
{
    return idle / seconds / (double)sysconf(_SC_NPROCESSORS_ONLN);
}

bool idletime_is_short(double share)
{
    return share < LITTLE;
}
